"""Working time, by example and by law."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bridge.domain.hours import ROUND_THE_CLOCK, Hours, Span, parse_week

LONDON = ZoneInfo("Europe/London")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
UTC_ZONE = ZoneInfo("UTC")

NINE_TO_FIVE = parse_week({"mon-fri": ["09:00-17:00"]})
LUNCH = parse_week({"mon-fri": ["08:00-12:00", "13:30-18:00"]})
NIGHTS = parse_week({"mon-sun": ["22:00-06:00"]})
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def open_that_day(zone: ZoneInfo, week: Mapping[int, tuple[Span, ...]], day: date) -> timedelta:
    """Open time from local midnight to local midnight."""
    midnight = datetime.combine(day, time(), zone)
    return Hours(zone, week).between(midnight, midnight + DAY)


# Examples: an ordinary week


def test_friday_afternoon_rolls_to_monday() -> None:
    hours = Hours(UTC_ZONE, NINE_TO_FIVE)
    assert hours.add(utc(2026, 1, 30, 16, 30), HOUR) == utc(2026, 2, 2, 9, 30)


def test_lunch_and_a_holiday_do_not_count() -> None:
    hours = Hours(UTC_ZONE, LUNCH, frozenset({date(2026, 2, 2)}))
    assert hours.add(utc(2026, 1, 30, 17, 30), 5 * HOUR) == utc(2026, 2, 3, 14)


def test_work_that_fills_the_day_is_done_at_its_close_not_next_morning() -> None:
    hours = Hours(UTC_ZONE, NINE_TO_FIVE)
    assert hours.add(utc(2026, 1, 28, 9), 8 * HOUR) == utc(2026, 1, 28, 17)
    assert hours.add(utc(2026, 1, 28, 9), 8 * HOUR + MINUTE) == utc(2026, 1, 29, 9, 1)


def test_no_work_is_done_at_once_even_when_closed() -> None:
    sunday = utc(2026, 2, 1, 12)
    assert Hours(UTC_ZONE, NINE_TO_FIVE).add(sunday, timedelta()) == sunday


def test_between_counts_only_open_time_and_never_less_than_none() -> None:
    hours = Hours(UTC_ZONE, LUNCH)
    assert hours.between(utc(2026, 1, 30, 11), utc(2026, 2, 2, 9)) == 6.5 * HOUR
    assert hours.between(utc(2026, 2, 2, 9), utc(2026, 1, 30, 11)) == timedelta()


def test_a_window_holds_its_opening_but_not_its_close() -> None:
    hours = Hours(UTC_ZONE, NINE_TO_FIVE)
    assert [hours.is_open(utc(2026, 1, 30, h, m)) for h, m in ((8, 59), (9, 0), (16, 59))] == [
        False,
        True,
        True,
    ]
    assert not hours.is_open(utc(2026, 1, 30, 17))


def test_next_open_is_now_when_open_else_the_next_opening() -> None:
    hours = Hours(UTC_ZONE, NINE_TO_FIVE)
    assert hours.next_open(utc(2026, 1, 30, 10)) == utc(2026, 1, 30, 10)
    assert hours.next_open(utc(2026, 1, 30, 17)) == utc(2026, 2, 2, 9)


def test_results_are_in_utc_whatever_the_zone_asked_in() -> None:
    start = datetime(2026, 7, 1, 10, tzinfo=BERLIN)
    found = Hours(NEW_YORK, NINE_TO_FIVE).add(start, HOUR)
    assert (found, found.tzinfo) == (utc(2026, 7, 1, 14), UTC)


def test_windows_begin_at_the_start_and_come_in_order() -> None:
    found = list(islice(Hours(UTC_ZONE, LUNCH).windows(utc(2026, 1, 30, 9)), 3))
    assert found == [
        (utc(2026, 1, 30, 9), utc(2026, 1, 30, 12)),
        (utc(2026, 1, 30, 13, 30), utc(2026, 1, 30, 18)),
        (utc(2026, 2, 2, 8), utc(2026, 2, 2, 12)),
    ]


# Examples: nights, overlaps and whole days


def test_a_night_shift_goes_over_midnight_and_belongs_to_the_day_it_begins() -> None:
    hours = Hours(UTC_ZONE, parse_week({"fri": ["22:00-06:00"]}), frozenset({date(2026, 2, 7)}))
    assert hours.between(utc(2026, 2, 6), utc(2026, 2, 8)) == 8 * HOUR  # Saturday is off: no matter
    assert hours.is_open(utc(2026, 2, 7, 5))


def test_overlapping_and_adjoining_spans_are_one_window() -> None:
    week = parse_week(
        {"mon": ["22:00-06:00"], "tue": ["05:00-13:00", "06:00-07:00", "13:00-14:00"]}
    )
    hours = Hours(UTC_ZONE, week)
    assert next(hours.windows(utc(2026, 2, 2))) == (utc(2026, 2, 2, 22), utc(2026, 2, 3, 14))
    assert hours.between(utc(2026, 2, 2), utc(2026, 2, 9)) == 16 * HOUR


def test_an_end_of_midnight_and_a_whole_day() -> None:
    assert open_that_day(UTC_ZONE, {0: ((time(18), time()),)}, date(2026, 2, 2)) == 6 * HOUR
    eight_to_eight = Hours(UTC_ZONE, {0: ((time(8), time(8)),)})
    assert next(eight_to_eight.windows(utc(2026, 2, 1))) == (utc(2026, 2, 2, 8), utc(2026, 2, 3, 8))


@pytest.mark.parametrize("week", [{}, ROUND_THE_CLOCK, parse_week({"mon-sun": "00:00-24:00"})])
def test_round_the_clock_is_plain_arithmetic(week: Mapping[int, tuple[Span, ...]]) -> None:
    hours, start = Hours(BERLIN, week), utc(2026, 3, 28, 12)
    assert hours.add(start, 400 * DAY) == start + 400 * DAY
    assert hours.between(start, start + 400 * DAY) == 400 * DAY
    assert hours.is_open(start)
    assert hours.next_open(start) == start
    assert list(hours.windows(start)) == [(start, utc(2200, 1, 1))]


def test_days_off_close_round_the_clock_hours_too_from_local_midnight_to_midnight() -> None:
    hours = Hours(BERLIN, days_off=frozenset({date(2026, 12, 25)}))
    assert hours.add(utc(2026, 12, 24, 22), 2 * HOUR) == utc(2026, 12, 26, 0)
    assert list(hours.windows(utc(2026, 12, 1))) == [
        (utc(2026, 12, 1), utc(2026, 12, 24, 23)),
        (utc(2026, 12, 25, 23), utc(2200, 1, 1)),
    ]


# Examples: clocks that change


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        (BERLIN, date(2026, 3, 29), 5 * HOUR),
        (BERLIN, date(2026, 10, 25), 7 * HOUR),
        (NEW_YORK, date(2026, 3, 8), 5 * HOUR),
        (NEW_YORK, date(2026, 11, 1), 7 * HOUR),
        (LORD_HOWE, date(2026, 10, 4), 5.5 * HOUR),
        (LORD_HOWE, date(2026, 4, 5), 6.5 * HOUR),
    ],
)
def test_a_night_is_shorter_or_longer_when_clocks_change(
    zone: ZoneInfo, day: date, length: timedelta
) -> None:
    assert open_that_day(zone, {6: ((time(), time(6)),)}, day) == length


@pytest.mark.parametrize(
    ("span", "window"),
    [
        ("01:00-02:30", ((0, 0), (1, 0))),  # closes when 02:00 becomes 03:00
        ("02:30-04:00", ((1, 0), (2, 0))),  # opens then
        ("02:30-03:15", ((1, 0), (1, 15))),
    ],
)
def test_a_time_that_is_skipped_is_the_moment_of_the_change(
    span: str, window: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    hours = Hours(BERLIN, parse_week({"sun": span}))
    opens, closes = window
    assert next(hours.windows(utc(2026, 3, 28))) == (
        utc(2026, 3, 29, *opens),
        utc(2026, 3, 29, *closes),
    )


def test_a_span_that_is_skipped_whole_is_not_open_that_day() -> None:
    hours = Hours(BERLIN, parse_week({"sun": "02:10-02:50"}))
    assert next(hours.windows(utc(2026, 3, 28))) == (utc(2026, 4, 5, 0, 10), utc(2026, 4, 5, 0, 50))


def test_a_time_that_comes_twice_is_its_first_coming() -> None:
    early, late = (Hours(BERLIN, parse_week({"sun": s})) for s in ("01:00-02:30", "02:30-04:00"))
    day = utc(2026, 10, 24)
    assert next(early.windows(day)) == (utc(2026, 10, 24, 23), utc(2026, 10, 25, 0, 30))
    assert next(late.windows(day)) == (utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 3))


def test_a_date_that_a_zone_left_out() -> None:
    apia = Hours(ZoneInfo("Pacific/Apia"), parse_week({"mon-sun": "09:00-17:00"}))
    local = [o.astimezone(apia.zone).day for o, _ in islice(apia.windows(utc(2011, 12, 29, 10)), 3)]
    assert local == [29, 31, 1]  # 30 December 2011 never was


# Examples: what is refused


@pytest.mark.parametrize("hours", [Hours(UTC_ZONE), Hours(UTC_ZONE, NINE_TO_FIVE)])
def test_a_naive_datetime_is_refused_by_name(hours: Hours) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    aware = utc(2026, 1, 1)
    with pytest.raises(ValueError, match=r"^start must be a datetime with a time zone"):
        hours.add(naive, HOUR)
    with pytest.raises(ValueError, match=r"^end must"):
        hours.between(aware, naive)
    with pytest.raises(ValueError, match=r"^at must"):
        hours.is_open(naive)
    with pytest.raises(ValueError, match=r"^start must"):
        hours.between(naive, aware)
    with pytest.raises(ValueError, match=r"^start must"):
        hours.windows(naive)
    with pytest.raises(ValueError, match=r"^at must"):
        hours.next_open(naive)


@pytest.mark.parametrize("at", [utc(1, 1, 1), utc(1969, 12, 31, 23, 59), utc(2200, 1, 2)])
def test_a_moment_out_of_range_is_refused(at: datetime) -> None:
    with pytest.raises(ValueError, match="start must lie in the years 1970 to 2199"):
        Hours(UTC_ZONE, NINE_TO_FIVE).add(at, HOUR)


def test_negative_work_is_refused() -> None:
    with pytest.raises(ValueError, match="work must not be negative"):
        Hours(UTC_ZONE, NINE_TO_FIVE).add(utc(2026, 1, 1), -HOUR)


@pytest.mark.parametrize(
    "hours", [Hours(BERLIN, name="de"), Hours(BERLIN, NINE_TO_FIVE, name="de")]
)
def test_more_work_than_there_is_time_is_refused(hours: Hours) -> None:
    start = utc(2026, 1, 1)
    left = hours.between(start, utc(2200, 1, 1))
    assert hours.between(start, hours.add(start, left)) == left
    with pytest.raises(ValueError, match=r"hours de .* look at the week and the days off"):
        hours.add(start, left + timedelta(microseconds=1))


def test_hours_that_never_open_say_so() -> None:
    with pytest.raises(ValueError, match=r"hours idle .*never open"):
        Hours(UTC_ZONE, {0: ()}, name="idle")
    off = frozenset(date(1969, 12, 1) + n * DAY for n in range(231 * 366))
    hours = Hours(UTC_ZONE, NINE_TO_FIVE, off)
    for ask in (hours.next_open, lambda at: hours.add(at, HOUR)):
        with pytest.raises(ValueError, match=re.escape("open for 0:00:00 from 2026-01-01")):
            ask(utc(2026, 1, 1))
    assert list(hours.windows(utc(2026, 1, 1))) == []
    assert hours.between(utc(2026, 1, 1), utc(2027, 1, 1)) == timedelta()
    assert not hours.is_open(utc(2026, 1, 1))


@pytest.mark.parametrize(
    ("week", "says"),
    [
        ({7: ((time(9), time(17)),)}, "0 .Monday. to 6"),
        ({0: ((time(9, tzinfo=UTC), time(17)),)}, "local"),
    ],
)
def test_an_impossible_week_is_refused(week: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Hours(UTC_ZONE, week)


# The value and its index


def test_hours_are_values() -> None:
    mine, same = (Hours(BERLIN, NINE_TO_FIVE, frozenset({date(2026, 1, 1)}), "de") for _ in "12")
    mine.add(utc(2026, 1, 1), HOUR)
    assert mine == same
    assert {mine: 1}[same] == 1
    assert mine != Hours(BERLIN, LUNCH, frozenset({date(2026, 1, 1)}), "de")
    for twin in (pickle.loads(pickle.dumps(mine)), copy.deepcopy(mine)):
        assert twin == mine


def test_a_week_changed_afterwards_changes_nothing() -> None:
    week = dict(NINE_TO_FIVE)
    hours = Hours(UTC_ZONE, week)
    week.clear()
    assert not hours.is_open(utc(2026, 2, 1))


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    asked = Hours(LONDON, LUNCH)
    for year in (2026, 1970, 2199, 2000, 2150):
        start = utc(year, 6, 15, 3)
        fresh = Hours(LONDON, LUNCH)
        assert asked.add(start, 100 * HOUR) == fresh.add(start, 100 * HOUR)
        assert list(islice(asked.windows(start), 9)) == list(islice(fresh.windows(start), 9))


def test_windows_go_on_to_the_end_of_the_calendar() -> None:
    hours = Hours(UTC_ZONE, {1: ((time(22), time(6)),)})  # 31 December 2199 is a Tuesday
    last = list(hours.windows(utc(2190, 1, 1)))[-1]
    assert last == (utc(2199, 12, 31, 22), utc(2200, 1, 1))
    assert list(hours.windows(utc(2200, 1, 1))) == []
    assert list(Hours(UTC_ZONE, {2: ((time(9), time(17)),)}).windows(utc(2199, 12, 27))) == []


def test_threads_may_share_hours() -> None:
    shared = Hours(BERLIN, LUNCH)
    starts = [utc(1980 + n % 60, 1 + n % 12, 5, 7) for n in range(400)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda at: shared.add(at, 50 * HOUR), starts))
    alone = Hours(BERLIN, LUNCH)
    assert found == [alone.add(at, 50 * HOUR) for at in starts]


# Laws

ZONES = st.sampled_from(
    [UTC_ZONE, BERLIN, LONDON, NEW_YORK, LORD_HOWE]
    + [
        ZoneInfo(z)
        for z in ("Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "America/Havana")
    ]
)
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from((0, 1, 15, 30, 59)))
WEEKS = st.dictionaries(
    st.integers(0, 6), st.lists(st.tuples(TIMES, TIMES), max_size=3).map(tuple), max_size=7
).filter(lambda week: not week or any(b.hour - a.hour > 3 for day in week.values() for a, b in day))
NEAR_CHANGES = st.sampled_from(
    [
        *(utc(2026, 3, 8), utc(2026, 3, 29), utc(2026, 4, 5), utc(2026, 10, 4)),
        *(utc(2026, 10, 25), utc(2026, 11, 1), utc(2011, 12, 30), utc(2025, 12, 31)),
    ]
)
STARTS = st.builds(
    lambda at, before: at - before, NEAR_CHANGES, st.timedeltas(-2 * DAY, 5 * DAY)
) | st.datetimes(datetime(1995, 1, 1), datetime(2045, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
WORKS = st.timedeltas(timedelta(), 30 * HOUR) | st.timedeltas(timedelta(), 40 * DAY)


@st.composite
def any_hours(draw: st.DrawFn) -> Hours:
    first = draw(NEAR_CHANGES).date()
    off = draw(st.frozensets(st.integers(-7, 7), max_size=3))
    return Hours(draw(ZONES), draw(WEEKS), frozenset(first + n * DAY for n in off))


def slow_windows(hours: Hours, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Walk minute by minute, with a clock on the wall that is never turned back."""
    spans = []
    day = start.astimezone(hours.zone).date() - 3 * DAY
    while day <= end.date() + 2 * DAY:
        week = hours.week or ROUND_THE_CLOCK
        for opens, closes in () if day in hours.days_off else week.get(day.weekday(), ()):
            until = day if closes > opens else day + DAY
            spans.append((datetime.combine(day, opens), datetime.combine(until, closes)))
        day += DAY
    found: list[tuple[datetime, datetime]] = []
    at = (start - DAY).replace(second=0, microsecond=0)
    wall = datetime.min  # noqa: DTZ901
    while at < end:
        wall = max(wall, at.astimezone(hours.zone).replace(tzinfo=None))
        a, b = max(at, start), min(at + MINUTE, end)
        if a < b and any(opens <= wall < closes for opens, closes in spans):
            if found and found[-1][1] == a:
                found[-1] = found[-1][0], b
            else:
                found.append((a, b))
        at += MINUTE
    return found


@settings(max_examples=40, deadline=None)
@given(any_hours(), STARTS, st.timedeltas(MINUTE, 3 * DAY))
def test_same_as_a_walk_minute_by_minute(hours: Hours, start: datetime, length: timedelta) -> None:
    end = start + length
    slow = slow_windows(hours, start, end)
    fast = []
    for opens, closes in hours.windows(start):
        if opens >= end:
            break
        fast.append((opens, min(closes, end)))
    total = sum((b - a for a, b in slow), timedelta())
    assert fast == slow
    assert hours.between(start, end) == total
    assert hours.is_open(start) == (bool(slow) and slow[0][0] == start)
    if slow:
        assert hours.next_open(start) == slow[0][0]
        assert hours.add(start, total) == slow[-1][1]


@settings(deadline=None)
@given(any_hours(), STARTS, WORKS)
def test_add_and_between_are_inverse(hours: Hours, start: datetime, work: timedelta) -> None:
    end = hours.add(start, work)
    assert end >= start
    assert hours.between(start, end) == work


@settings(deadline=None)
@given(any_hours(), STARTS, WORKS)
def test_add_finds_the_first_such_moment(hours: Hours, start: datetime, work: timedelta) -> None:
    end = hours.add(start, work)
    if end > start:
        assert hours.between(start, end - timedelta(microseconds=1)) < work


@settings(deadline=None)
@given(any_hours(), STARTS, WORKS, WORKS)
def test_work_in_two_parts_takes_as_long(
    hours: Hours, start: datetime, one: timedelta, two: timedelta
) -> None:
    assert hours.add(hours.add(start, one), two) == hours.add(start, one + two)


@settings(deadline=None)
@given(any_hours(), STARTS, WORKS, WORKS, WORKS)
def test_later_starts_and_more_work_never_end_earlier(
    hours: Hours, start: datetime, wait: timedelta, work: timedelta, more: timedelta
) -> None:
    end = hours.add(start, work)
    assert hours.add(start, work + more) >= end
    assert hours.add(start + wait, work) >= end


@settings(deadline=None)
@given(any_hours(), STARTS, WORKS, WORKS)
def test_open_time_adds_up_over_a_split(
    hours: Hours, start: datetime, one: timedelta, two: timedelta
) -> None:
    middle, end = start + one, start + one + two
    whole = hours.between(start, end)
    assert hours.between(start, middle) + hours.between(middle, end) == whole
    assert timedelta() <= whole <= end - start


@settings(deadline=None)
@given(any_hours(), STARTS)
def test_windows_are_apart_and_in_order(hours: Hours, start: datetime) -> None:
    assume(hours.week)  # round the clock has its example: the last window is long to look for
    found = list(islice(hours.windows(start), 30))
    assert all(start <= opens < closes for opens, closes in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))
    for opens, closes in found:
        assert hours.is_open(opens)
        assert closes == utc(2200, 1, 1) or not hours.is_open(closes)


# The configuration file's week


def test_a_week_as_it_is_written() -> None:
    day, night = (time(8), time(12)), (time(22), time(6))
    written = {"Mon-Wed": ["08:00-12:00", "22:00 - 6:00"], "fri, sun": "18:00-24:00", "sat": []}
    assert parse_week(written) == {
        **dict.fromkeys((0, 1, 2), (day, night)),
        **dict.fromkeys((4, 6), ((time(18), time()),)),
        5: (),
    }


def test_a_range_of_days_may_go_over_the_weekend() -> None:
    assert sorted(parse_week({"fri-mon": ["09:00-17:00"]})) == [0, 4, 5, 6]
    assert sorted(parse_week({"mon-mon": ["09:00-17:00"]})) == [0]
    assert parse_week({}) == {}


@pytest.mark.parametrize("days", ["monday", "", "mon-", "-mon", "mon-xyz", "mon,,tue", "0"])
def test_a_day_that_is_none_is_named(days: str) -> None:
    with pytest.raises(ValueError, match=r"is no day: write one of mon, tue, .* or mon-fri"):
        parse_week({days: ["09:00-17:00"]})


@pytest.mark.parametrize(
    "span", ["9-17", "09:00", "09:60-17:00", "24:00-06:00", "09:00-24:01", "25:00-26:00", "", "x"]
)
def test_a_span_that_is_none_is_named(span: str) -> None:
    with pytest.raises(ValueError, match=f"^'{span}' is no span of hours: write it as 09:00-17:00"):
        parse_week({"mon": ["09:00-17:00", span]})


def test_a_day_given_twice_is_named() -> None:
    with pytest.raises(ValueError, match="fri is given twice, again in 'fri,sat'"):
        parse_week({"mon-fri": ["09:00-17:00"], "fri,sat": ["22:00-06:00"]})
