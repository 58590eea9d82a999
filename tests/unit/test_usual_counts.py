"""What a count by the hour usually is, and what is told from chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from bridge.domain.surges import (
    TESTS,
    WEEKS,
    Forecast,
    Usual,
    chance,
    forecast,
    line,
    usual,
)
from bridge.domain.windows import DAY, HOUR, WEEK, day_of, hour_of, slot, window_end

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
HOURLY = timedelta(hours=1)


def past(weeks: float, many: int = 2, **at: int) -> dict[datetime, int]:
    """So many in each hour of some weeks before a Monday; with `hour`, in that hour of the day alone."""
    begin = MONDAY - timedelta(weeks=weeks)
    hours = (begin + n * HOURLY for n in range(int(weeks * WEEK)))
    return {one: many for one in hours if not at or one.hour == at["hour"]}


def made(counts: dict[datetime, int], weeks: float = WEEKS) -> Forecast:
    found = forecast(counts, MONDAY - timedelta(weeks=weeks), MONDAY, UTC)
    assert found is not None
    return found


def test_an_even_past_makes_the_same_expected_of_every_hour_and_day() -> None:
    found = made(past(WEEKS))
    assert np.allclose(found.hours, 2, rtol=0.02)
    assert np.allclose(found.days, 48, rtol=0.02)


def test_an_hour_of_the_day_is_compared_with_its_like() -> None:
    found = made(past(WEEKS, 9, hour=14))
    at_two = found.of(HOUR, MONDAY + 14 * HOURLY, UTC)
    at_three = found.of(HOUR, MONDAY + 15 * HOURLY, UTC)
    assert 7 < at_two.mean < 10
    assert at_three.mean < 1.5


def test_a_day_of_the_week_is_compared_with_its_like() -> None:
    counts = {at: many for at, many in past(WEEKS, 6).items() if at.weekday() == 1}
    found = made(counts)
    assert found.of(DAY, MONDAY + timedelta(days=1), UTC).mean > 130
    assert found.of(DAY, MONDAY + timedelta(days=3), UTC).mean < 15


def test_less_than_three_days_tell_nothing() -> None:
    assert forecast(past(0.4), MONDAY - timedelta(hours=67), MONDAY, UTC) is None


def test_with_a_short_past_more_is_needed() -> None:
    at = MONDAY + 14 * HOURLY
    lines = [line(made(past(w), w).of(HOUR, at, UTC), 20, 0.1) for w in (0.5, 1, 2, 8)]
    assert lines == sorted(lines, reverse=True)
    assert lines[0] > 2 * lines[-1]


def test_counts_that_vary_make_more_needed() -> None:
    even = past(WEEKS, 10)
    random = np.random.default_rng(7)
    varied = {at: int(random.poisson(random.gamma(2, 5))) for at in even}
    at = MONDAY + 14 * HOURLY
    calm, wild = (line(made(counts).of(HOUR, at, UTC), 20, 0.1) for counts in (even, varied))
    assert wild > 1.5 * calm


def test_a_surge_of_the_past_does_not_become_usual() -> None:
    counts = past(WEEKS)
    counts[MONDAY - timedelta(weeks=2) + 14 * HOURLY] = 90
    at = MONDAY + 14 * HOURLY
    assert made(counts).of(HOUR, at, UTC).mean < 2.5


def test_a_level_that_has_risen_is_followed() -> None:
    counts = past(WEEKS)
    for at in past(1):
        counts[at] = 6
    assert made(counts).of(HOUR, MONDAY + 14 * HOURLY, UTC).mean > 3.5


def test_a_subject_without_any_past_of_its_own_is_expected_to_have_none() -> None:
    found = made({}).of(HOUR, MONDAY, UTC)
    assert found.mean < 0.01
    assert chance(5, found, 20) < 1e-4


def test_the_chance_is_that_of_all_windows_of_a_week() -> None:
    expected = Usual(3.0, 8.0)
    alone, among = chance(19, expected, 1), chance(19, expected, 100)
    assert among == min(1.0, 100 * alone)
    needed = line(expected, 100, 0.1)
    assert chance(needed, expected, 100) <= 0.1 < chance(needed - 1, expected, 100)
    assert TESTS == 175


def test_many_series_are_reckoned_at_once_as_one_by_one() -> None:
    random = np.random.default_rng(3)
    many = random.poisson(2.0, (4, WEEKS, WEEK)).astype(float)
    together = usual(many)
    for number in range(4):
        alone = usual(many[number])
        assert np.allclose(together.hours[number], alone.hours)
        assert np.allclose(together.days_size[number], alone.days_size)


def test_quiet_weeks_ring_no_more_often_than_stated() -> None:
    """Counts that follow Poisson's law, in 500 weeks of one series: at 1 in 1,000 some 84 hours would be allowed."""
    random = np.random.default_rng(11)
    weeks = random.poisson(2.0, (500, WEEKS + 1, WEEK)).astype(float)
    found = usual(weeks[:, :WEEKS])
    rang = sum(
        weeks[n, WEEKS, h] >= line(Usual(found.hours[n, h], found.hours_size[n, h]), 1, 0.175)
        for n in range(0, 500, 25)
        for h in range(WEEK)
    )
    assert rang <= 10, "of 3,360 hours"


# --- windows


def test_windows_follow_the_clock_on_the_wall() -> None:
    at = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)  # Sunday 0:30 in Berlin, which has 23 hours
    assert hour_of(at) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    begins = day_of(at, BERLIN)
    assert begins == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert window_end(DAY, begins, BERLIN) == datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert window_end(HOUR, begins, BERLIN) == begins + HOURLY
    assert slot(at, BERLIN) % WEEK == 6 * 24


def test_monday_midnight_is_the_first_hour_of_the_week() -> None:
    assert slot(MONDAY, UTC) % WEEK == 0
