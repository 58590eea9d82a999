"""`bridge deliveries …`: what was sent, is to be sent, was held or failed."""

from __future__ import annotations

import sys

import click

from bridge.cli.shared import AS_JSON, VIA, login, opened, printed, table


@click.group()
def deliveries() -> None:
    """What was sent, is to be sent, was held or failed."""


@deliveries.command("list")
@click.option(
    "--state", type=click.Choice(["waiting", "sending", "sent", "held", "failed", "dropped"])
)
@click.option("--limit", default=50, show_default=True)
@AS_JSON
def deliveries_list(state: str | None, limit: int, as_json: bool) -> None:
    """The newest deliveries, with the reason where one was held or failed."""
    from bridge.store import deliveries as store

    with opened() as bridge, bridge.engine.begin() as connection:
        rows = store.listing(connection, state, limit)
    table(
        [
            {
                "id": r.id,
                "alert": r.alert,
                "channel": r.channel,
                "action": r.action.value,
                "to": r.to,
                "state": r.state,
                "attempts": r.attempts,
                "next": r.not_before.isoformat(timespec="seconds") if r.state == "waiting" else "",
                "reason": r.reason,
            }
            for r in rows
        ],
        as_json,
        empty="Nothing has been sent yet.",
    )


@deliveries.command("retry")
@click.argument("numbers", type=int, nargs=-1, required=True)
@AS_JSON
def deliveries_retry(numbers: tuple[int, ...], as_json: bool) -> None:
    """Try failed or held deliveries again, now."""
    from bridge.store import deliveries as store
    from bridge.work.queue import wake_deliveries

    with opened() as bridge, bridge.engine.begin() as connection:
        ids = store.retry(connection, numbers, bridge.now())
        wake_deliveries(connection, ids)
    if as_json:
        printed({"retried": ids})
    else:
        click.echo(f"{len(ids)} of {len(numbers)} will be tried again")
    sys.exit(0 if len(ids) == len(numbers) else 1)


@deliveries.command("drop")
@click.argument("numbers", type=int, nargs=-1, required=True)
@AS_JSON
def deliveries_drop(numbers: tuple[int, ...], as_json: bool) -> None:
    """Give up deliveries that failed, are held or wait, for good: what waits behind them goes on."""
    from bridge.store import audit
    from bridge.store import outgoing as store
    from bridge.work.queue import wake_deliveries

    with opened() as bridge, bridge.engine.begin() as connection:
        found = {row.id: row for row in store.find(connection, numbers)}
        ids, behind = store.drop(connection, numbers)
        wake_deliveries(connection, behind)
        for number in ids:
            row = found[number]
            audit.write(
                connection,
                bridge.now(),
                who=login(),
                via=VIA,
                what="delivery dropped",
                object=f"delivery:{number}",
                before=store.noted(row),
                after=store.noted(row) | {"state": store.DROPPED},
            )
    if as_json:
        printed({"dropped": ids})
    else:
        click.echo(f"{len(ids)} of {len(numbers)} dropped")
    sys.exit(0 if len(ids) == len(numbers) else 1)
