"""Small histories that tests write down, and what they become."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bridge.insight.backtest.cases import Case, Found, cases
from bridge.insight.backtest.mapping import Mapping, parse_mapping, read_mapping

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "config" / "examples" / "backtest"
SHARED = ROOT.parent / "shared" / "data"
BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)

DESK = """
[columns]
case = "case"
time = "time"
actor = "who"
team = "team"
agent = "agent"
state = "state"
priority = "priority"

[states]
new = "new"
open = "open"
waiting = "pending"
solved = "solved"
closed = "closed"
"""
"""A mapping that tests add to."""


def example(name: str) -> Mapping:
    """A mapping of config/examples/backtest."""
    return read_mapping(EXAMPLES / f"{name}.toml")


def after(**passed: float) -> datetime:
    """A moment so long after it all began."""
    return BEGAN + timedelta(**passed)


def at(**passed: float) -> str:
    """Such a moment as a file writes it."""
    return after(**passed).isoformat()


def written(folder: Path, rows: Iterable[Sequence[object]], name: str = "log.csv") -> Path:
    """A CSV file, packed where its name says so; the first row names the columns."""
    told = io.StringIO()
    csv.writer(told).writerows(rows)
    data = told.getvalue().encode()
    path = folder / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def read(path: Path, mapping: Mapping | str) -> tuple[list[Case], Found]:
    """The cases of a file, by their ids, and what was met with."""
    found = Found()
    told = parse_mapping(mapping) if isinstance(mapping, str) else mapping
    return sorted(cases([path], told, found=found), key=lambda case: case.id), found
