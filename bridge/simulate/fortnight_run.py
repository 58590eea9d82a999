"""Run the simulated fortnight: show how far it is, and count at the end."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

from msgspec import json
from rich.console import Console
from rich.progress import Progress

from bridge.embedded import temporary_postgres
from bridge.simulate.fortnight import ALERTS, AT_END, END, write
from bridge.simulate.fortnight_people import START, people
from bridge.simulate.fortnight_plan import CONFIG
from bridge.simulate.fortnight_reckoning import FortnightOutcome, reckon
from bridge.simulate.showing import hurry, progress_bar, show_figures, show_trouble
from bridge.simulate.world import world


def run(seed: int, *, alerts: int = ALERTS, as_json: bool) -> int:
    """Run the fortnight; 0 only if everybody was told when they had to be, and nobody else."""
    with temporary_postgres() as url, progress_bar(Console(stderr=True)) as progress:
        found = play(url, seed, progress, alerts=alerts)
    if as_json:
        sys.stdout.write(json.encode(found).decode() + "\n")
    else:
        _tell(found, Console())
    return 0 if found.good else 1


def play(
    url: str, seed: int, progress: Progress, *, alerts: int, config: Path = CONFIG
) -> FortnightOutcome:
    """Let the fortnight pass on an empty database, and count.

    With another `config` the application is told something else than the reckoning goes by.
    """
    began = time.monotonic()
    hurry(url)
    with world(url, config, START, people) as made:
        fortnight = write(made, seed, alerts)
        task = progress.add_task("", total=(END + AT_END - START).total_seconds())

        def watch() -> None:
            now = made.clock()
            passed = (now - START).total_seconds()
            progress.update(task, completed=passed, description=f"{now:%a %d %H:%M}")

        made.watch = watch
        made.run(fortnight.script, END + AT_END, together=timedelta(0))
        return reckon(fortnight, time.monotonic() - began)


def _tell(found: FortnightOutcome, console: Console) -> None:
    rows: tuple[tuple[str, object], ...] = (
        ("Alerts", found.alerts),
        ("Escalations that had to be", found.planned),
        ("On time", found.on_time),
        ("Early", found.early),
        ("Late", found.late),
        ("Missed", found.missed),
        ("After somebody had it", found.after_acknowledge),
        ("In quiet hours", found.in_quiet_hours),
        ("Customers contacted within 24 h", f"{found.contacted_24h:.0%}"),
        ("Hours to contact, median", found.median_hours_to_contact),
        ("Resolved within 4 days", f"{found.resolved_4d:.0%}"),
        ("Closed within 7 days", f"{found.closed_7d:.0%}"),
        ("Recovered", f"{found.recovered_share:.0%}"),
        ("Took", f"{found.seconds} s"),
    )
    show_figures(console, f"A fortnight (seed {found.seed})", rows)
    show_trouble(console, found.trouble)
