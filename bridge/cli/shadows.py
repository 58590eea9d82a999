"""`bridge shadows`: what rules in shadow would have told, beside the live ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bridge.cli.shared import AS_JSON, opened, printed

if TYPE_CHECKING:
    from bridge.insight.shadow import Shadows


@click.command()
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 400), help="How far back."
)
@AS_JSON
def shadows(days: int, as_json: bool) -> None:
    """Say what rules with `shadow = true` found and told nobody: how it came out, and what they would add to a day."""
    from bridge.insight.shadow import lately

    with opened() as bridge, bridge.engine.begin() as connection:
        found = lately(connection, bridge.settings, bridge.now(), days)
    if as_json:
        printed(_told(found, days))
    else:
        _shown(found)


def _told(found: Shadows, days: int) -> dict[str, Any]:
    from msgspec import to_builtins

    from bridge.insight.tables import records

    return {
        "days": days,
        "in_shadow": found.waiting,
        **{table.name: records(table) for table in found.tables},
        "newest": [
            to_builtins(one) | {"severity": one.severity.name.lower()} for one in found.newest
        ],
    }


def _shown(found: Shadows) -> None:
    from rich.console import Console
    from rich.table import Table

    from bridge.insight.tables import records

    console = Console()
    waiting = ", ".join(found.waiting)
    console.print(f"In shadow: {waiting}" if waiting else "No rule is in shadow.", highlight=False)
    for table in (found.rules, found.teams):
        if not table:
            continue
        drawn = Table(title=table.name.replace("_", " "), title_justify="left", box=None)
        for column in table.columns:
            drawn.add_column(column.name.replace("_", " "), overflow="fold")
        for record in records(table):
            drawn.add_row(*("–" if value is None else str(value) for value in record.values()))
        console.print(drawn)
    for one in found.newest:
        named = one.name or one.subject
        anyway = ", alerted before" if one.alerted else ""
        words = f"  {one.found_at:%Y-%m-%d %H:%M}  {named}  {one.team}: {one.headline} ({one.rule}{anyway})"
        console.print(words, markup=False, highlight=False)
