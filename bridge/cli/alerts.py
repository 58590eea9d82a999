"""`bridge alerts …`: the cases that need somebody."""

from __future__ import annotations

import getpass

import click

from bridge.cli.shared import AS_JSON, opened, printed, table


@click.group()
def alerts() -> None:
    """The cases that need somebody."""


@alerts.command("list")
@click.option("--limit", default=50, show_default=True)
@AS_JSON
def alerts_list(limit: int, as_json: bool) -> None:
    """The newest alerts, with what became of them."""
    from bridge.store import alerts as store

    with opened() as bridge, bridge.engine.begin() as connection:
        found = store.listing(connection, limit)
    table(
        [
            {
                "ref": alert.ref,
                "subject": alert.subject,
                "severity": alert.severity.name.lower(),
                "state": alert.state.value,
                "team": alert.team,
                "opened": alert.opened_at.isoformat(timespec="seconds"),
                "acknowledged": alert.acknowledged_by,
                "reason": alert.ended or (alert.standing or alert.reasons)[0].finding.headline,
            }
            for alert in found
        ],
        as_json,
        empty="No alert yet.",
    )


@alerts.command("acknowledge")
@click.argument("ref")
@click.option("--by", default=getpass.getuser, help="Your name, as the team knows it.")
@AS_JSON
def alerts_acknowledge(ref: str, by: str, as_json: bool) -> None:
    """Say that somebody has the alert REF in hand: its channel is told, and no more reminders come."""
    from bridge.domain.model import Press
    from bridge.work.press import press

    with opened() as bridge:
        alert = press(bridge, ref, Press.ACKNOWLEDGE, by)
    if as_json:
        printed({"acknowledged": alert.ref, "by": by})
    else:
        click.echo(f"{alert.ref} is acknowledged by {by}", err=True)
