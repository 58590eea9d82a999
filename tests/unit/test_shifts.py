"""A figure beside its own past: what is usual, what is not, and how often chance alone says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.model import Measure
from bridge.domain.shifts import ALL, HOUR, HOUR_OF_WEEK, WEEK, WEEKDAY, shifted, standing, usual

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
HOURLY, DAILY, WEEKLY = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


def series(values: Sequence[float], step: timedelta = WEEKLY) -> list[Measure]:
    return [Measure(MONDAY + n * step, value) for n, value in enumerate(values)]


def test_with_fewer_than_eight_figures_nothing_is_said() -> None:
    for many in range(8):
        past = series([10.0] * many)
        assert usual(past, MONDAY + many * WEEKLY, 0.01, UTC) is None
        assert shifted([*past, Measure(MONDAY + many * WEEKLY, 900)], 0.01, 0.3, UTC) is None
    assert usual(series([10.0] * 8), MONDAY + 8 * WEEKLY, 0.01, UTC) is not None


def test_no_figure_at_all_is_no_shift() -> None:
    assert shifted([], 0.01, 0.3, UTC) is None


def test_odd_days_of_the_past_do_not_hide_the_next() -> None:
    values = [100.0, 104, 98, 101, 900, 99, 103, 97, 950, 102, 100, 101]
    found = shifted(series([*values, 300]), 0.002, 0.3, UTC)
    assert found is not None
    assert found.side == 1


def test_both_ways_are_found_and_told_apart() -> None:
    values = [100.0 + n % 5 for n in range(20)]
    for last, side in ((40, -1), (103, None), (180, 1)):
        found = shifted(series([*values, last]), 0.002, 0.3, UTC)
        assert (found.side if found else None) == side


def test_a_change_that_is_too_small_to_matter_is_none_however_sure() -> None:
    values = [100.0 + n % 2 for n in range(30)]
    assert shifted(series([*values, 120]), 0.002, 0.3, UTC) is None
    assert shifted(series([*values, 120]), 0.002, 0.1, UTC) is not None


def test_a_shift_began_with_the_first_figure_of_its_run() -> None:
    found = shifted(series([100.0 + n % 3 for n in range(30)] + [300.0, 310, 290]), 0.01, 0.3, UTC)
    assert found is not None
    assert found.since == MONDAY + 30 * WEEKLY
    assert not found.whole


def test_a_past_that_never_changed_has_room_for_a_little() -> None:
    band = usual(series([50.0] * 20), MONDAY + 20 * WEEKLY, 0.01, UTC)
    assert band is not None
    assert 45 < band.low < 50 < band.high < 55


def test_figures_below_nothing_are_compared_as_they_are() -> None:
    values = [-5.0, 5, -4, 4, -6, 6, 0, 1, -1, 2]
    band = usual(series(values), MONDAY + 10 * WEEKLY, 0.01, UTC)
    assert band is not None
    assert band.low < -6
    assert band.high > 6


def test_the_change_of_nothing_is_all_or_none() -> None:
    band = usual(series([0.0] * 9), MONDAY + 9 * WEEKLY, 0.01, UTC)
    assert band is not None
    assert [band.change(value) for value in (0, 3)] == [0, 1]


# --- seasons


def test_an_hour_is_compared_with_the_same_hour_of_such_days() -> None:
    def busy(n: int) -> float:
        at = MONDAY + n * HOURLY
        return 60.0 + n % 5 if at.weekday() < 5 and 8 <= at.hour < 18 else 2.0 + n % 3

    figures = series([busy(n) for n in range(16 * 24)], HOURLY)
    noon = MONDAY + timedelta(days=16, hours=12)
    night = MONDAY + timedelta(days=16, hours=3)
    at_noon, at_night = (usual(figures, at, 0.001, UTC) for at in (noon, night))
    assert at_noon is not None
    assert at_night is not None
    assert (at_noon.season, at_night.season) == (HOUR, HOUR)
    assert at_noon.side(2) == -1
    assert at_night.side(60) == 1
    assert at_noon.side(62) == at_night.side(2) == 0


def test_with_weeks_enough_it_is_the_same_hour_of_the_week() -> None:
    figures = series([float(n % 168 + 10) for n in range(168 * 6)], HOURLY)
    band = usual(figures, MONDAY + 168 * 6 * HOURLY, 0.01, UTC)
    assert band is not None
    assert (band.season, band.many) == (HOUR_OF_WEEK, 6)


def test_days_are_compared_with_the_same_weekday_weeks_with_the_time_of_the_year() -> None:
    days = series([5.0 if n % 7 > 4 else 80.0 + n % 3 for n in range(70)], DAILY)
    band = usual(days, MONDAY + timedelta(days=75), 0.01, UTC)
    assert band is not None
    assert (band.season, round(band.middle)) == (WEEKDAY, 5)
    weeks = series([300.0 + n % 4 if n % 52 < 3 else 100.0 + n % 4 for n in range(52 * 3)])
    winter = usual(weeks, MONDAY + 52 * 3 * WEEKLY, 0.01, UTC)
    assert winter is not None
    assert winter.season == WEEK
    assert winter.side(300) == 0


def test_a_season_with_too_few_figures_gives_way_to_all() -> None:
    band = usual(series([float(n) for n in range(10, 30)], DAILY), MONDAY + 20 * DAILY, 0.01, UTC)
    assert band is not None
    assert band.season == ALL


def test_the_hour_is_the_one_on_the_wall() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 23, tzinfo=UTC)  # the clocks go forward on the 29th
    figures = [
        Measure(at, 50.0 if (start + n * HOURLY).astimezone(berlin).hour == 9 else 5.0 + n % 2)
        for n in range(14 * 24)
        if (at := start + n * HOURLY)
    ]
    nine = datetime(2026, 4, 6, 9, tzinfo=berlin)
    band = usual(figures, nine.astimezone(UTC), 0.01, berlin)
    assert band is not None
    assert round(band.middle) == 50


# --- false alarms

Draw = Callable[[Random], float]


def poisson(mean: float) -> Draw:
    """Counts of rare events: so many of them fit into one unit of time."""

    def draw(random: Random) -> float:
        many, left = 0, 1.0
        while (left := left - random.expovariate(mean)) > 0:
            many += 1
        return float(many)

    return draw


@pytest.mark.parametrize(
    ("draw", "weeks"),
    [
        (lambda random: random.gauss(100, 10), 10),
        (lambda random: random.gauss(100, 10), 52),
        (poisson(30), 26),
        (poisson(3), 26),
    ],
    ids=["ten weeks", "a year", "counts", "few"],
)
def test_chance_alone_rings_no_more_often_than_was_said(draw: Draw, weeks: int) -> None:
    random, rang, tries = Random(7), 0, 1500
    for _ in range(tries):
        past = series([draw(random) for _ in range(weeks)])
        band = usual(past, MONDAY + weeks * WEEKLY, 0.02, UTC)
        assert band is not None
        rang += band.side(draw(random)) != 0
    assert rang / tries < 0.035


# --- lines that were drawn


def test_what_stands_began_with_its_run() -> None:
    figures = series([1, 9, 1, 9, 9, 9])
    assert standing(figures, lambda value: value > 5) == (MONDAY + 3 * WEEKLY, False)
    assert standing(figures, lambda value: value > 0) == (MONDAY, True)
    assert standing(figures, lambda value: value > 9) is None
