"""`bridge surges`: what of a file of complaints would have rung as something bigger, and when."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.shared import AS_JSON, printed

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bridge.domain.rules.surge import Surge
    from bridge.insight.surges import Rang, Report


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--time", "time", required=True, metavar="COLUMN", help="When it was complained.")
@click.option(
    "--topic", required=True, metavar="COLUMN", help="What it is about: a brand, a product."
)
@click.option(
    "--bad",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="Count only rows with this value, or one of several.  [default: every row]",
)
@click.option(
    "--zone", default="UTC", show_default=True, help="Of days, and of times without an offset."
)
@click.option(
    "--false-alarms",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="How many a week may ring by chance, for all topics together.  [default: 0.1]",
)
@click.option(
    "--at-least", type=click.IntRange(min=2), help="The fewest that may ring.  [default: 5]"
)
@AS_JSON
def surges(
    *,
    file: Path,
    time: str,
    topic: str,
    bad: tuple[str, ...],
    zone: str,
    false_alarms: float | None,
    at_least: int | None,
    as_json: bool,
) -> None:
    """Play the complaints of FILE (CSV with a header) in simulated time: what surges when, and when it is over.

    Each topic is counted by the hour and the day, and compared with its own past by the rule that runs live. It needs
    no database, and writes nothing.
    """
    import msgspec

    from bridge.domain.rules.surge import Surge
    from bridge.insight.surges import Columns, report

    pairs = tuple(_pair(one) for one in bad)
    _check_zone(zone)
    given = {"false_alarms_per_week": false_alarms, "at_least": at_least}
    rule = Surge(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    found = report(file, Columns(time=time, topic=topic, bad=pairs), rule, zone)
    if as_json:
        printed(msgspec.to_builtins(found))
    else:
        _show(found, rule, zone)
    sys.exit(0 if found.counted else 1)


def _pair(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not equals or not column:
        raise click.BadParameter(f"{text!r}: write it as COLUMN=VALUE", param_hint="--bad")
    return column, value


def _check_zone(name: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise click.BadParameter(f"{name!r} is no time zone", param_hint="--zone") from error


def _show(found: Report, rule: Surge, zone: str) -> None:
    from zoneinfo import ZoneInfo

    from rich.console import Console
    from rich.table import Table

    screen = Console(highlight=False)
    table = Table(box=None, header_style="bold")
    for name in ("rang", "topic", "how many", "usual", "by chance", "most", "over"):
        table.add_column(name, overflow="fold")
    for one in found.surges:
        table.add_row(*_row(one, ZoneInfo(zone)))
    if found.surges:
        screen.print(table)
    screen.print(
        f"{len(found.surges)} surges of {found.topics} topics among {found.counted} complaints"
        f" ({found.rows} rows); by chance at most {rule.false_alarms_per_week:g} a week"
    )
    for words in found.warnings:
        Console(stderr=True, highlight=False).print(words, style="yellow", markup=False)


def _row(one: Rang, zone: ZoneInfo) -> tuple[str, ...]:
    from bridge.domain.rules.surge import rarely

    closed = one.closed_at
    return (
        f"{one.rang_at.astimezone(zone):%Y-%m-%d %H:%M}",
        one.topic,
        f"{one.many:.0f} in a{'n hour' if one.window == 'hour' else ' day'}",
        f"{one.expected:.1f}",
        rarely(one.chance),
        f"{one.peak:.0f}",
        f"{closed.astimezone(zone):%Y-%m-%d %H:%M}" if closed else "goes on",
    )
