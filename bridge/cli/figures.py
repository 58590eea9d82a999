"""`bridge figures`: the figures of the pages under Insight, for people, programs and spreadsheets."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from bridge.cli.shared import AS_JSON, opened, printed

if TYPE_CHECKING:
    from bridge.insight.choice import Choice
    from bridge.insight.tables import Table
    from bridge.work.bridge import Bridge

REPORTS = (
    "response",
    "causes",
    "satisfaction",
    "effect",
    "levels",
    "coaching",
    "rules",
    "shadow",
    "recovery",
)
PERIODS = ("30d", "90d", "12m", "own")
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("report", type=click.Choice(REPORTS), required=False)
@click.option(
    "--period", type=click.Choice(PERIODS), default="90d", show_default=True, help="How far back."
)
@click.option("--since", type=_DAY, help="The first day, with --period own.")
@click.option("--until", type=_DAY, help="The last day, with --period own.")
@click.option("--team", default="", help="Of this team and all below; every team if left out.")
@click.option("--agent", default="", help="Of this employee's tickets: <desk>:<id>.")
@click.option(
    "--changed", type=_DAY, help="Effect: compare answers from this day on with those before it."
)
@click.option("--table", "only", default="", help="Only the table of this name.")
@AS_JSON
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
def figures(
    *,
    report: str | None,
    period: str,
    since: datetime | None,
    until: datetime | None,
    team: str,
    agent: str,
    changed: datetime | None,
    only: str,
    as_json: bool,
    as_csv: bool,
) -> None:
    """How the loop is kept and whether it helps: one REPORT, or all. Days are those of the default calendar's zone."""
    from bridge.insight.reports import REPORTS as ALL

    with opened() as bridge:
        choice = _choice(
            bridge,
            period=period,
            since=since,
            until=until,
            team=team,
            agent=agent,
            changed=changed,
        )
        with bridge.engine.begin() as connection:
            found = {
                name: [
                    table
                    for table in ALL[name](connection, choice, bridge.now())
                    if only in ("", table.name)
                ]
                for name in ([report] if report else REPORTS)
            }
    if only and not any(found.values()):
        raise click.ClickException(f"no table {only!r}: --json without --table names them all")
    if as_json:
        _print_json(choice, found)
    elif as_csv:
        _print_csv([table for tables in found.values() for table in tables])
    else:
        for tables in found.values():
            for table in tables:
                _print(table)


def _choice(
    bridge: Bridge,
    *,
    period: str,
    since: datetime | None,
    until: datetime | None,
    team: str,
    agent: str,
    changed: datetime | None,
) -> Choice:
    from bridge.insight import periods
    from bridge.insight.choice import Choice as Made
    from bridge.store import people

    with bridge.engine.begin() as connection:
        roster = people.roster(connection)
    if team and team not in {one.name for one in roster.teams}:
        raise click.ClickException(f"no team {team!r}: `bridge teams list` has them all")
    return Made(
        period=periods.period(
            period,
            bridge.now(),
            bridge.settings.hours.zone,
            first=since.date() if since else None,
            last=until.date() if until else None,
        ),
        roster=roster,
        settings=bridge.settings,
        team=team,
        agent=agent,
        changed=changed.date() if changed else None,
    )


def _print_json(choice: Choice, found: dict[str, list[Table]]) -> None:
    from bridge.insight.tables import records

    period = choice.period
    printed(
        {
            "since": period.since.isoformat(),
            "until": period.until.isoformat(),
            "zone": period.zone.key,
            "step": period.step,
            "team": choice.team,
            "agent": choice.agent,
            "reports": {
                name: {table.name: records(table) for table in tables}
                for name, tables in found.items()
            },
        }
    )


def _print_csv(tables: list[Table]) -> None:
    """One after the other; several each below its name, with an empty line between."""
    from bridge.insight.tables import as_csv

    for place, table in enumerate(tables):
        if len(tables) > 1:
            click.echo(f"{chr(10) if place else ''}# {table.name}")
        click.echo(as_csv(table).replace("\r\n", "\n"), nl=False)


def _print(table: Table) -> None:
    from rich.console import Console
    from rich.table import Table as Drawn

    from bridge.insight.tables import records

    console = Console()
    drawn = Drawn(
        title=table.name.replace("_", " "), title_justify="left", box=None, header_style="bold"
    )
    for column in table.columns:
        drawn.add_column(column.name.replace("_", " "), overflow="fold")
    for record in records(table):
        drawn.add_row(*("–" if value is None else str(value) for value in record.values()))
    console.print(drawn if table else f"{table.name.replace('_', ' ')}: nothing in this period")
    console.print()
