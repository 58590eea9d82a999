"""Columns that tell the future are refused or warned about."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.domain.model import ConfigError
from tests.backtest.histories import DESK, at, read, written

HEAD = (
    "case", "time", "who", "team", "agent", "state", "priority", "done", "code", "moves", "late",
)  # fmt: skip
OUTCOME = """
[outcomes.late]
kind = "column"
column = "late"
values = ["yes"]
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Sixty cases, half of them late. `done` and `code` stand on every row; `moves` is counted in the end."""
    rows = []
    for n in range(60):
        late = n % 2 == 0
        ends = at(days=n, hours=30 if late else 3)
        for hours, state in ((0, "new"), (1, "open"), (30 if late else 3, "closed")):
            over = state == "closed"
            rows.append(
                (
                    f"c{n}", at(days=n, hours=hours), "ana", "T1", "", state, "high", ends,
                    f"{'slow' if late else 'fast'}-{n % 3}", n % 4 + 1 if over else 0,
                    "yes" if late and over else "no",
                )
            )  # fmt: skip
    return written(tmp_path, [HEAD, *rows])


def test_a_moment_that_is_written_in_afterwards_is_refused(log: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"facts\.solved: 'done' holds a moment that is later than"
    ):
        read(log, DESK + '[facts]\nsolved = "done"\n')
    with pytest.raises(ConfigError, match=r"columns\.agent: 'done' holds a moment"):
        read(log, DESK.replace('agent = "agent"', 'agent = "done"'))
    allowed = '[facts]\npromised = "done"\n[leaks]\nallowed = ["done"]\n'
    assert len(read(log, DESK + allowed)[0]) == 60


def test_a_time_that_is_the_case_s_is_refused(log: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"columns\.time: 'done' is the same on every row of 60 of 60"
    ):
        read(log, DESK.replace('time = "time"', 'time = "done"'))
    with pytest.raises(
        ConfigError, match=r"columns\.opened: 'done' is later than the first row in 60"
    ):
        read(log, DESK.replace('time = "time"', 'time = "time"\nopened = "done"'))


def test_a_value_that_foretells_the_outcome_is_warned_about(log: Path) -> None:
    _, found = read(log, DESK + '[facts]\ncode = "code"\n' + OUTCOME)
    [warning] = found.warnings
    assert warning.startswith(
        "facts.code: 'code' tells on the first row already how 'late' comes out, in 100.0%"
    )
    _, found = read(log, DESK + '[facts]\ncode = "code"\n[leaks]\nallowed = "code"\n' + OUTCOME)
    assert found.warnings == []


def test_a_figure_that_is_counted_in_the_end_is_warned_about(log: Path) -> None:
    _, found = read(log, DESK + '[facts]\nmoves = "moves"\n')
    [warning] = found.warnings
    assert warning.startswith(
        "facts.moves: 'moves' changes only on the last row, in 60 of 60 cases"
    )


def test_a_column_that_is_called_after_the_end_is_warned_about(log: Path) -> None:
    told = log.read_text("utf-8").replace(",code,", ",closed_code,", 1)
    log.write_text(told, "utf-8")
    _, found = read(log, DESK + '[facts]\ncode = "closed_code"\n')
    [warning] = found.warnings
    assert warning.startswith("facts.code: 'closed_code' is called after the end of a case")


def test_some_may_be_solved_at_once_and_the_column_is_refused_all_the_same(tmp_path: Path) -> None:
    rows = [
        (
            f"c{n}",
            at(days=n, hours=h),
            "ana",
            "",
            "",
            "open",
            "",
            at(days=n, hours=n % 16),
            "",
            0,
            "",
        )
        for n in range(400)
        for h in (0, 1)
    ]
    with pytest.raises(
        ConfigError, match="'done' holds a moment that is later than the first row in 375 of 400"
    ):
        read(written(tmp_path, [HEAD, *rows]), DESK + '[facts]\nsolved = "done"\n')


def test_honest_columns_are_let_through(log: Path) -> None:
    cases, found = read(log, DESK + OUTCOME)
    assert found.warnings == []
    assert sum(case.outcomes["late"].bad is True for case in cases) == 30
