"""Run the simulated week: show how far it is, count at the end, and tell how late what was lost came to be known."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

from msgspec import json
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bridge.embedded import temporary_postgres
from bridge.simulate.cases import ZONE
from bridge.simulate.reckoning import Openings, WeekOutcome, calls, reckon
from bridge.simulate.showing import hurry, progress_bar, show_figures, show_trouble
from bridge.simulate.truth import histories
from bridge.simulate.week import AT_END, CONFIG, DAYS, START, TICKETS, people, write
from bridge.simulate.world import world


def run(seed: int, *, tickets: int = TICKETS, days: int = DAYS, as_json: bool) -> int:
    """Run the week, or the first `days` of it; 0 only if nothing was missed, told falsely, or told twice."""
    console = Console(stderr=True)
    with temporary_postgres() as url, progress_bar(console) as progress:
        found = play(url, seed, progress, tickets=tickets, days=days)
    if as_json:
        sys.stdout.write(json.encode(found).decode() + "\n")
    else:
        _tell(found, Console())
    return 0 if found.good else 1


def play(
    url: str,
    seed: int,
    progress: Progress,
    *,
    tickets: int,
    days: int,
    config: Path = CONFIG,
) -> WeekOutcome:
    """Let the week pass on an empty database, and count."""
    began = time.monotonic()
    hurry(url)
    with world(url, config, START, people) as made:
        week = write(made, seed, tickets, days)
        openings = Openings(week)
        task = progress.add_task("", total=(week.end - START).total_seconds())

        def watch() -> None:
            openings.look()
            now = made.clock().astimezone(ZONE)
            passed = (now - START).total_seconds()
            progress.update(task, completed=passed, description=f"{now:%a %H:%M}")

        made.watch = watch
        made.run(week.script, week.end + AT_END, together=timedelta(0))
        asked = calls(week)
        reading = progress.add_task("histories", total=tickets)
        truth = histories(week, lambda: progress.advance(reading))
        return reckon(week, truth, openings.alerts, asked, time.monotonic() - began)


def _tell(found: WeekOutcome, console: Console) -> None:
    calls_made = {desk: sum(routes.values()) for desk, routes in found.api_calls.items()}
    rows: tuple[tuple[str, object], ...] = (
        ("Tickets", found.tickets),
        ("Webhooks", found.webhooks),
        ("Lost", found.lost_webhooks),
        ("Twice or late", found.twice_or_swapped),
        ("Events", f"{found.events}, {found.repaired_events} of them by sweeps and fresh reads"),
        ("API calls", ", ".join(f"{desk} {many}" for desk, many in calls_made.items())),
        ("Alerts", found.alerts),
        ("Over too soon to be told for sure", found.brief),
        ("Missed", found.missed),
        ("False alarms", found.false_alarms),
        ("Duplicates", found.duplicates),
        ("Histories that differ", found.histories_differ),
        ("Shown to a customer", found.leaks),
        ("Took", f"{found.seconds} s"),
    )
    show_figures(console, f"A lossy week (seed {found.seed})", rows)
    console.print(_late(found))
    show_trouble(console, found.trouble)


def _late(found: WeekOutcome) -> Table:
    """How late alerts rang against the truth."""
    some = next(iter(found.late.values()))
    table = Table("How late", *some.bands, "p50", "p99", "most", box=None)
    for name, late in found.late.items():
        counts = [str(many) for many in late.bands.values()]
        table.add_row(name, *counts, *(f"{s:.0f} s" for s in (late.p50, late.p99, late.max)))
    return table
