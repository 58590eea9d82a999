"""`bridge timers` and `bridge import`: the clocks on a ticket, and those on tickets older than the installation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bridge.cli.shared import AS_JSON, opened, printed, table

if TYPE_CHECKING:
    from bridge.work.bridge import Bridge
    from connectors import Past


@click.command()
@click.argument("ticket")
@AS_JSON
def timers(ticket: str, as_json: bool) -> None:
    """Explain every clock on TICKET (zendesk:4711, 4711 or HELP-12): target, elapsed, paused, next warning, why."""
    from bridge.work.explain import explain

    with opened() as bridge:
        told = explain(bridge, ticket)
    if as_json:
        printed(told)
        return
    click.echo(told["ticket"], err=True)
    rows = [{name: value or "-" for name, value in row.items()} for row in told["clocks"]]
    table(rows, as_json, empty="")


@click.command("import")
@click.option("--open", "all_open", is_flag=True, help="All tickets that are open now.")
@click.option("--desk", default="", help="Of this desk only; else of every desk.")
@click.option("--ring-overdue", is_flag=True, help="Tell of what is wrong already, too.")
@click.option("--again", is_flag=True, help="From the beginning, also where one broke off.")
@click.option("--dry-run", is_flag=True, help="Only say what would be read.")
@AS_JSON
def bring_in(
    *, all_open: bool, desk: str, ring_overdue: bool, again: bool, dry_run: bool, as_json: bool
) -> None:
    """Read tickets that are older than the installation, with their history, so that clocks run on them.

    May be broken off and run again: it goes on where it was. What was overdue already rings for nobody, unless
    --ring-overdue is given; what comes due later rings as always.
    """
    if not all_open:
        raise click.UsageError("say which tickets: --open")
    with opened() as bridge:
        names = [desk] if desk else list(bridge.settings.desks)
        if unknown := [name for name in names if name not in bridge.settings.desks]:
            known = ", ".join(bridge.settings.desks) or "none"
            raise click.ClickException(f"no desk is called {unknown[0]!r}; configured: {known}")
        if not names:
            raise click.ClickException(
                "no desk is configured: uncomment [desks.…] in the configuration"
            )
        if dry_run:
            rows: list[dict[str, object]] = [
                {"desk": name, "would": "read all open tickets"} for name in names
            ]
        else:
            rows = [_one(bridge, name, ring=ring_overdue, again=again) for name in names]
    table(rows, as_json, empty="")
    sys.exit(1 if any(row.get("failed") for row in rows) else 0)


def _one(bridge: Bridge, name: str, *, ring: bool, again: bool) -> dict[str, object]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from bridge.domain.model import Undeliverable
    from bridge.work.past import bring_in as bring

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    done, failed, singly = 0, "", 0
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(name, total=None)

        def tell(step: Past) -> None:
            nonlocal done
            done = step.done
            progress.update(bar, completed=step.done, total=step.total or None)

        try:
            singly = bring(bridge, name, tell, ring=ring, again=again)
        except Undeliverable as error:
            failed = f"{error}; run it again later, it goes on from here"
    row: dict[str, object] = {"desk": name, "tickets": done, "one by one": singly}
    return row | ({"failed": failed} if failed else {})
