"""How fast a history is played, from file to report: made-up incidents in the shape of a ServiceNow export."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from os import cpu_count
from pathlib import Path
from random import Random
from resource import RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from bridge.insight.backtest.backtest import Asked, backtest
from bridge.insight.backtest.mapping import read_mapping
from bridge.insight.backtest.report_of import Report
from bridge.insight.backtest.sources import files_of, policy_for

CASES = 20_000
SEED = 20310310
MAPPING = Path(__file__).parents[1] / "config" / "examples" / "backtest" / "servicenow.toml"
COLUMNS = (
    "number", "incident_state", "sys_updated_at", "opened_at", "sys_updated_by", "assignment_group",
    "assigned_to", "priority", "caller_id", "contact_type", "category", "location", "made_sla",
)  # fmt: skip

Say = Callable[[str], object]


def run(say: Say) -> dict[str, Any]:
    """Events by second with the rules as they are by default, in one process; and the time of a whole recommendation.

    By the clock on the wall, and by the processor's time of this process alone, which what else runs does not change.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "incidents.csv"
        say(f"writing {CASES:,} cases")
        rows = _write(path)
        say("playing the present rules, in one process")
        before, wall = process_time(), perf_counter()
        plain = _play(path, Asked(recommend=False))
        used, took = process_time() - before, perf_counter() - wall
        say("a whole recommendation")
        jobs = cpu_count() or 1
        wall = perf_counter()
        _play(path, Asked(jobs=jobs))
        return {
            "cases": plain.history.cases,
            "rows": rows,
            "events": plain.history.events,
            "events_per_s": plain.history.events / took,
            "events_per_processor_s": plain.history.events / used,
            "recommendation_s": perf_counter() - wall,
            "recommendation_jobs": jobs,
            "memory_mb": getrusage(RUSAGE_SELF).ru_maxrss / 1024,
        }


def _play(path: Path, asked: Asked) -> Report:
    mapping = read_mapping(MAPPING)
    source = files_of([path], mapping)
    return backtest(source, policy_for(mapping, None, {}), asked, lambda _, __, ___: None)


def _write(path: Path) -> int:
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        rows = [row for number in range(CASES) for row in _incident(number)]
        out.writerows(rows)
    return len(rows)


def _incident(number: int) -> Iterator[tuple[object, ...]]:
    """An incident from New to Closed, some ten rows; whoever is handed on or waits is more often late."""
    random = Random(SEED + number)
    opened = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=5 * number)
    at, team, agent, state = opened, random.randrange(30), random.randrange(200), "New"
    pace = random.lognormvariate(2.2, 1.0)
    rows: list[tuple[str, datetime, int, int]] = []
    for _ in range(random.randint(2, 9)):
        rows.append((state, at, team, agent))
        at += timedelta(hours=min(random.expovariate(1 / pace), 150))
        state = random.choice(("Active", "Active", "Awaiting User Info"))
        if random.random() < 0.25:
            team, agent = random.randrange(30), random.randrange(200)
    rows += [("Resolved", at, team, agent), ("Closed", at + timedelta(hours=120), team, agent)]
    missed = at > opened + timedelta(hours=123)
    for state, when, group, person in rows:
        yield (
            f"{number:07}", state, f"{when:%d/%m/%Y %H:%M}", f"{opened:%d/%m/%Y %H:%M}", person, group,
            person, "3", number % 4000, "Phone", number % 20, number % 50,
            "false" if missed and state == "Closed" else "true",
        )  # fmt: skip
