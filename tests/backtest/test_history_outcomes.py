"""What came of a case, when, and what is not known yet."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from bridge.insight.backtest.case import Case
from bridge.insight.backtest.outcomes import slow_from
from tests.backtest.histories import DESK, after, at, read, written

HEAD = ("case", "time", "who", "team", "agent", "state", "priority", "missed")


def log_of(folder: Path, **lives: list[tuple[float, str]]) -> Path:
    """Cases by name, each with hours and states; the last row of all says that it was missed."""
    rows = [
        (name, at(hours=hours), "ana", "", "", state, "", "yes" if state == "closed" else "no")
        for name, life in lives.items()
        for hours, state in life
    ]
    return written(folder, [HEAD, *rows])


def by_key(cases: list[Case]) -> dict[str, Case]:
    return {case.id.partition(":")[2]: case for case in cases}


def test_reopened(tmp_path: Path) -> None:
    log = log_of(
        tmp_path,
        again=[(0, "open"), (1, "solved"), (2, "open"), (3, "solved"), (4, "open"), (5, "closed")],
        once=[(0, "open"), (1, "solved"), (2, "closed")],
        still=[(0, "open")],
    )
    cases = by_key(read(log, DESK + '[outcomes.back]\nkind = "reopened"\n')[0])
    told = {
        name: (case.outcomes["back"].bad, case.outcomes["back"].at) for name, case in cases.items()
    }
    assert told == {"again": (True, after(hours=2)), "once": (False, None), "still": (None, None)}
    assert cases["once"].resolved_at == after(hours=1)
    assert cases["once"].closed_at == after(hours=2)
    assert cases["again"].resolved_at == after(hours=5)


def test_a_deadline_that_passed(tmp_path: Path) -> None:
    log = log_of(
        tmp_path,
        late=[(0, "open"), (5, "closed")],
        in_time=[(0, "open"), (3, "closed")],
        waits=[(0, "open")],
        begun=[(4, "open")],
    )
    more = '[deadline]\ndefault = "4h"\n[outcomes.late]\nkind = "deadline"\n'
    cases = by_key(read(log, DESK + more)[0])
    told = {
        name: (case.outcomes["late"].bad, case.outcomes["late"].at) for name, case in cases.items()
    }
    assert told == {
        "late": (True, after(hours=4)),
        "in_time": (False, None),
        "waits": (True, after(hours=4)),
        "begun": (None, None),
    }
    assert cases["begun"].deadline_at == after(hours=8)


def test_a_column_is_believed_once_it_says_the_last_word(tmp_path: Path) -> None:
    log = log_of(
        tmp_path,
        over=[(0, "open"), (5, "solved"), (9, "closed")],
        solved=[(0, "open"), (5, "solved")],
    )
    outcome = '[outcomes.missed]\nkind = "column"\ncolumn = "missed"\nvalues = ["yes"]\n'
    cases = by_key(read(log, DESK + outcome)[0])
    assert (cases["over"].outcomes["missed"].bad, cases["over"].outcomes["missed"].at) == (
        True,
        after(hours=9),
    )
    assert cases["solved"].outcomes["missed"].bad is None
    cases = by_key(read(log, DESK + outcome + 'known = ["solved", "closed"]\n')[0])
    assert cases["solved"].outcomes["missed"].bad is False
    cases = by_key(read(log, DESK + outcome + '[deadline]\ndefault = "4h"\n')[0])
    assert cases["over"].outcomes["missed"].at == after(hours=4)


@pytest.mark.parametrize(("row", "bad"), [("first", False), ("last", True), ("any", True)])
def test_which_row_a_column_is_asked_of(tmp_path: Path, row: str, bad: bool) -> None:
    outcome = '[outcomes.missed]\nkind = "column"\ncolumn = "missed"\nvalues = ["yes"]\n'
    log = log_of(tmp_path, one=[(0, "open"), (5, "closed")])
    [case], _ = read(log, DESK + outcome + f'row = "{row}"\n')
    assert case.outcomes["missed"].bad is bad


def test_the_slowest_share_becomes_slow_at_the_border(tmp_path: Path) -> None:
    lives = {f"c{n}": [(0.0, "open"), (float(n), "closed")] for n in range(1, 11)}
    log = log_of(tmp_path, **lives, waits=[(0, "open")], young=[(9, "open")])
    cases = by_key(read(log, DESK + '[outcomes.slow]\nkind = "slowest"\nshare = 0.2\n')[0])
    slow = {name for name, case in cases.items() if case.outcomes["slow"].bad}
    assert slow == {"c9", "c10", "waits"}
    assert cases["c9"].outcomes["slow"].at == after(hours=8)
    assert cases["young"].outcomes["slow"].bad is None


@pytest.mark.parametrize(
    ("durations", "share", "slow"),
    [
        ([], 0.1, 0),
        ([5], 0.1, 0),
        ([5], 0.9, 1),
        ([1] * 9 + [7], 0.1, 1),
        ([1] * 8 + [7, 7], 0.1, 2),
        ([3] * 10, 0.1, 0),
    ],
)
def test_of_ties_all_count_or_none(durations: list[int], share: float, slow: int) -> None:
    border = slow_from(array("q", durations), share)
    assert sum(border is not None and one > border for one in durations) == slow


def test_earlier_cases_of_the_same_customer(tmp_path: Path) -> None:
    mapping = DESK.replace('case = "case"', 'case = "case"\nrequester = "customer"')
    rows = [
        (f"{n}", at(hours=n), "ana", "", "", "open", "", who)
        for n, who in enumerate(["omar", "omar", "", "pia", "omar", ""])
    ]
    log = written(tmp_path, [(*HEAD[:-1], "customer"), *rows])
    cases = by_key(read(log, mapping)[0])
    assert cases["4"].contacts == (after(), after(hours=1))
    assert cases["4"].around.contacts == cases["4"].contacts
    assert [cases[n].contacts for n in ("0", "3", "5")] == [(), (), ()]
