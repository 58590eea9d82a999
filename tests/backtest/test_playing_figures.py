"""Figures of rules and sets, counted by hand beside them."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from math import inf
from random import Random

import numpy as np
import pytest
from msgspec.structs import replace

from bridge.insight.backtest.album import Album, Binder, Sheet, sheet
from bridge.insight.backtest.case import Case, Outcome
from bridge.insight.backtest.drift import months, slices
from bridge.insight.backtest.grid import as_configured
from bridge.insight.backtest.playing import Played, play
from bridge.insight.backtest.reckoning import Scene, figures, lift, managers, parts
from bridge.insight.intervals import share
from tests.backtest.lives import BEGAN, HOUR, POLICY, lives

DAY = timedelta(days=1)


def case(number: int, *, bad: bool | None, at: float = 100.0, team: str = "") -> Case:
    """One of the cases, a day after the one before; bad after so many hours."""
    opened = BEGAN + number * DAY
    told = Outcome(bad=bad, at=opened + at * HOUR if bad else None)
    facts = {"team": team} if team else {}
    return Case(
        id=f"case:{number}",
        opened_at=opened,
        events=(),
        outcomes={"missed": told},
        closed_at=opened + 200 * HOUR,
        facts=facts,
    )


def album(cases: list[Case], first: list[list[float]]) -> Album:
    """The cases, with the hours at which each variant held in each."""
    return bound([sheet(cases, [[Played(None, one)] for one in first])], len(first[0]))


def bound(pages: list[Sheet], variants: int, until: datetime | None = None) -> Album:
    with closing(Binder(variants)) as binder:
        for page in pages:
            binder.add(page)
        return binder.album(until)


def scene(cases: list[Case], first: list[list[float]], split: int = 0) -> Scene:
    return Scene(album=album(cases, first), outcome="missed", split=split)


HISTORY = [case(0, bad=True), case(1, bad=True), case(2, bad=False), case(3, bad=True), case(4, bad=False)]  # fmt: skip


def test_only_what_came_before_counts() -> None:
    """Alerted in time, at the very moment, in vain, never, never."""
    seen = scene(HISTORY, [[40.0], [100.0], [5.0], [inf], [inf]])
    found = figures(seen, seen.first([0]), seen.whole)
    assert (found.cases, found.bad, found.alerted, found.hits, found.late) == (5, 3, 3, 1, 1)
    assert found.precision == share(1, 3)
    assert found.recall == share(1, 3)
    assert found.rate == share(3, 5)
    assert found.lead == 60.0
    assert found.life == pytest.approx(0.2)


def test_a_case_without_a_known_end_is_in_no_figure() -> None:
    seen = scene([*HISTORY, case(5, bad=None)], [[1.0]] * 6)
    found = parts(seen, seen.first([0]))
    assert found.whole.cases == 5


def test_where_no_instant_is_known_any_alert_counts_and_no_lead_is_told() -> None:
    told = replace(HISTORY[0], outcomes={"missed": Outcome(bad=True)})
    seen = scene([told], [[50.0]])
    found = figures(seen, seen.first([0]), seen.whole)
    assert found.hits == 1
    assert found.lead is None


def test_a_set_alerts_once() -> None:
    seen = scene(HISTORY, [[40.0, 10.0], [inf, inf], [inf, 5.0], [inf, inf], [inf, inf]])
    assert list(seen.first([0, 1])) == [10.0, inf, 5.0, inf, inf]
    assert figures(seen, seen.first([0, 1]), seen.whole).lead == 90.0


def test_nothing_is_known_of_what_comes_after_the_history() -> None:
    page = sheet(HISTORY, [[Played(None, [30.0])] for _ in HISTORY])
    first = bound([page], 1, BEGAN + 4 * DAY).first[0]
    assert list(first) == [30.0, 30.0, 30.0, inf, inf]


def test_sheets_in_any_order_make_the_same_album() -> None:
    plan = as_configured(POLICY)
    cases = lives(40)
    pages = [sheet(some, [[play(c, plan)] for c in some]) for some in (cases[:15], cases[15:])]
    albums = [bound(order, len(plan.variants)) for order in (pages, pages[::-1])]
    one, other = albums
    assert np.array_equal(one.first, other.first)
    assert np.array_equal(one.opened, other.opened)
    rows = np.arange(40)
    hours = np.full(40, 50.0, np.float32)
    names = [[a.teams[t] for t in a.team_at(rows, hours)] for a in albums]
    assert names[0] == names[1]


def test_the_team_that_had_the_case_is_pinged() -> None:
    plan = as_configured(POLICY)
    cases = lives(60)
    played = [play(c, plan) for c in cases]
    made = bound([sheet(cases, [[one] for one in played])], len(plan.variants))
    hours = np.full(60, 30.0, np.float32)
    found = [made.teams[t] for t in made.team_at(np.arange(60), hours)]
    for team, told, one in zip(found, cases, played, strict=True):
        assert one.ticket is not None
        shifts = [s for s in one.ticket.shifts if s.at <= told.opened_at + 30 * HOUR]
        assert team == shifts[-1].team
    counted = managers(made, hours)
    assert sum(manager.alerts for manager in counted) == 60
    assert counted[0].busiest_day >= 1


def test_lift_and_its_interval_hold_what_drawing_again_finds() -> None:
    """A thousand times the cases were drawn again: 95 % of the lifts lie about where the interval says."""
    random = Random(7)
    cases = [(n % 5 == 0, n % 5 == 0 or n % 7 == 0) for n in range(700)]
    drawn = []
    for _ in range(1000):
        some = random.choices(cases, k=700)
        bad = sum(b for b, _ in some)
        alerted = sum(a for _, a in some)
        hits = sum(b and a for b, a in some)
        drawn.append(hits * 700 / (alerted * bad))
    drawn.sort()
    found = lift(140, sum(a for _, a in cases), 140, 700)
    assert found is not None
    assert found.low == pytest.approx(drawn[25], rel=0.03)
    assert found.high == pytest.approx(drawn[974], rel=0.03)


def test_lift_of_nothing_is_none() -> None:
    assert lift(0, 10, 20, 100) is None


def test_months_and_slices_part_the_cases() -> None:
    cases = [case(n, bad=n % 2 == 0, team="a" if n % 3 else "b") for n in range(120)]
    seen = scene(cases, [[10.0] if n % 4 == 0 else [inf] for n in range(120)])
    found = months(seen, seen.first([0]), None)
    assert [one.month for one in found] == ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"]
    assert sum(one.present.cases for one in found) == 120
    kinds = slices(seen, seen.first([0]), seen.first([0]))
    assert {(one.by, one.value, one.present.cases) for one in kinds} == {
        ("team", "a", 80),
        ("team", "b", 40),
    }
