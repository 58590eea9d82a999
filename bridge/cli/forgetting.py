"""`bridge forget` and `bridge export-person`: one person's data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.shared import AS_JSON, opened, printed

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.store.forgetting import Message
    from bridge.work.forgetting import Given, Report


def _somebody(command: Callable[..., None]) -> Callable[..., None]:
    """How a person is named on the command line."""
    number = click.option("--phone", default="", help="By their number instead, +4930123456.")
    user = click.option(
        "--desk-user", default="", help="By the helpdesk's number of them, zendesk:123."
    )
    return click.argument("email", default="")(number(user(command)))


@click.command()
@_somebody
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
@AS_JSON
def forget(email: str, phone: str, desk_user: str, dry_run: bool, as_json: bool) -> None:
    """Erase all that is stored of one person: a customer, or one of ours. Counts and figures stay."""
    from bridge.work.forgetting import forget as erase

    given = _given(email, phone, desk_user)
    with opened() as bridge:
        report = erase(bridge, given, dry_run=dry_run)
    if as_json:
        printed(_plain(report) | {"dry_run": dry_run})
    else:
        _tell(report, "would be erased" if dry_run else "erased")
    sys.exit(1 if report.still_needed else 0)


@click.command("export-person")
@_somebody
def export_person(email: str, phone: str, desk_user: str) -> None:
    """Print all that is stored of one person, as JSON. It holds what others wrote of them, too: mind who gets it."""
    from bridge.work.forgetting import export

    given = _given(email, phone, desk_user)
    with opened() as bridge:
        printed(export(bridge, given))


def _given(email: str, phone: str, desk_user: str) -> Given:
    from bridge.work.forgetting import Given as Named

    return Named(email=email, phone=phone, desk_user=desk_user)


def _plain(report: Report) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(report)
    return found


def _tell(report: Report, done: str) -> None:
    if not report.erased:
        click.echo("Nothing is stored of them.")
    for table, many in report.erased.items():
        click.echo(f"{table}: {many} {'row' if many == 1 else 'rows'} {done}")
    if report.erased:
        click.echo(f"In their place stands {report.person}.")
    if report.updated:
        click.echo(f"Slack: {report.updated} messages about their alerts are brought up to date.")
    if report.out_of_reach:
        click.echo(
            "Out of reach: what was sent stays where it is. Delete it there, if you have to:"
        )
    for message in report.out_of_reach:
        click.echo(f"  {_sent(message)}")
    for what in report.still_needed:
        click.echo(f"Still there: {what}. Name somebody else first, then run this once more.")


def _sent(message: Message) -> str:
    ts = f" ts {message.ts}" if message.ts else ""
    return f"{message.at} {message.channel} {message.to}{ts}: {message.action}, {message.alert}"
