"""What counted and what did not, said so that people can check it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.account import Counted, Skipped, account
from bridge.domain.hours import Hours, parse_spans, parse_week

BERLIN, SYDNEY = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Sydney")
OFFICE = parse_week({"mon-fri": ["08:30-12:30", "13:00-17:30"]})
NIGHTS = parse_week({"fri": "22:00-06:00"})
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Christmas:
    def __contains__(self, day: date, /) -> bool:
        return (day.month, day.day) in {(12, 25), (12, 26)}

    def name(self, day: date) -> str:
        return "Weihnachten" if day in self else ""


def told(hours: Hours, start: datetime, end: datetime) -> list[str]:
    """Each line in the local time of the hours."""
    lines = []
    for line in account(hours, start, end):
        if isinstance(line, Skipped):
            lines.append(f"{line.day:%a %d} {line.why}")
        else:
            opens, closes = (at.astimezone(hours.zone) for at in (line.opens, line.closes))
            notes = "".join(f", {note}" for note in line.notes)
            lines.append(f"{opens:%a %d} {opens:%H:%M}-{closes:%H:%M}{notes}")
    return lines


def there(zone: ZoneInfo, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=zone)  # type: ignore[misc,arg-type]


def test_windows_and_the_days_between_them_are_told_in_order() -> None:
    special = {date(2026, 12, 24): parse_spans("08:00-12:00"), date(2026, 12, 29): ()}
    off = frozenset({date(2026, 12, 28)})
    hours = Hours(BERLIN, OFFICE, off, "office", holidays=Christmas(), special=special)
    start = there(BERLIN, 2026, 12, 23, 15)
    assert told(hours, start, hours.add(start, 8 * HOUR)) == [
        "Wed 23 15:00-17:30",
        "Thu 24 08:00-12:00, special hours",
        "Fri 25 public holiday (Weihnachten)",
        "Sat 26 weekend, public holiday (Weihnachten)",
        "Sun 27 weekend",
        "Mon 28 day off",
        "Tue 29 closed as a special day",
        "Wed 30 08:30-10:00",
    ]


def test_a_working_day_that_was_over_or_did_not_begin_is_told() -> None:
    hours = Hours(BERLIN, OFFICE)
    friday, monday = there(BERLIN, 2026, 3, 6, 18), there(BERLIN, 2026, 3, 9, 8)
    assert told(hours, friday, monday) == [
        "Fri 06 over",
        "Sat 07 weekend",
        "Sun 08 weekend",
        "Mon 09 not open yet",
    ]
    assert told(hours, monday - HOUR, monday) == ["Mon 09 not open yet"]


def test_a_day_of_the_week_without_hours_is_no_working_day() -> None:
    hours = Hours(BERLIN, parse_week({"tue": "09:00-17:00"}))
    assert told(hours, there(BERLIN, 2026, 3, 9), there(BERLIN, 2026, 3, 10)) == [
        "Mon 09 no working day"
    ]


def test_a_night_shift_stands_under_the_day_it_begins() -> None:
    hours = Hours(BERLIN, NIGHTS)
    start = there(BERLIN, 2026, 3, 6, 23)
    assert told(hours, start, start + DAY) == ["Fri 06 23:00-06:00", "Sat 07 weekend"]


def test_a_window_over_many_days_is_told_once() -> None:
    hours = Hours(BERLIN, holidays=Christmas())
    start = there(BERLIN, 2026, 12, 21, 12)
    assert told(hours, start, start + 7 * DAY) == [
        "Mon 21 12:00-00:00",
        "Fri 25 public holiday (Weihnachten)",
        "Sat 26 public holiday (Weihnachten)",
        "Sun 27 00:00-12:00",
    ]


def test_a_night_in_which_the_clocks_change_is_marked() -> None:
    hours = Hours(BERLIN, parse_week({"sat": "22:00-06:00"}))
    start = there(BERLIN, 2026, 3, 28, 20)
    [night, _] = account(hours, start, start + DAY)
    assert isinstance(night, Counted)
    assert (night.length, night.notes) == (7 * HOUR, ("the clocks change",))


def test_who_is_at_work_is_told_where_hours_take_turns() -> None:
    sydney = Hours(SYDNEY, parse_week({"mon-fri": "09:00-19:30"}), name="apac")
    berlin = Hours(BERLIN, OFFICE, name="emea", holidays=Christmas())
    sun = Hours(BERLIN, name="sun", follow=(Hours(SYDNEY, follow=(sydney,)), berlin))
    start = there(BERLIN, 2026, 12, 24, 0)
    assert told(sun, start, start + 1.5 * DAY) == [
        "Thu 24 00:00-12:30, apac + emea",
        "Thu 24 13:00-17:30, emea",
        "Thu 24 23:00-09:30, apac",
        "Fri 25 public holiday (Weihnachten)",
    ]
    assert {line.calendar for line in account(sun, start, start + 4 * DAY) if isinstance(line, Skipped)} == {
        "apac",
        "emea",
    }  # fmt: skip


def test_no_time_has_nothing_to_tell() -> None:
    saturday = there(BERLIN, 2026, 3, 7, 12)
    assert account(Hours(BERLIN, OFFICE), saturday, saturday) == []
    assert account(Hours(BERLIN, OFFICE), saturday, saturday - DAY) == []


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
def test_the_ends_of_the_calendar_can_be_told(zone: str) -> None:
    hours = Hours(ZoneInfo(zone), parse_week({"mon-sun": "22:00-21:00"}))
    for start in (datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 30, tzinfo=UTC)):
        assert account(hours, start, start + 2 * DAY)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.sampled_from([OFFICE, NIGHTS, {}]),
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.timedeltas(timedelta(), 60 * DAY),
)
def test_what_is_counted_adds_up_and_every_day_is_accounted_for(
    week: dict[int, tuple[tuple[object, object], ...]], start: datetime, length: timedelta
) -> None:
    hours = Hours(BERLIN, week, holidays=Christmas())  # type: ignore[arg-type]
    end = start + length
    lines = account(hours, start, end)
    counted = [line for line in lines if isinstance(line, Counted)]
    assert sum((line.length for line in counted), timedelta()) == hours.between(start, end)
    skipped = {line.day for line in lines if isinstance(line, Skipped)}
    day = start
    while day < end:
        local = day.astimezone(BERLIN).date()
        open_at_all = any(
            line.opens.astimezone(BERLIN).date() <= local <= line.closes.astimezone(BERLIN).date()
            for line in counted
        )
        assert open_at_all or local in skipped
        day += DAY
