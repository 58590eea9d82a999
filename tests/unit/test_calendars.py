"""Public holidays, special days, calendars that take turns: as hours, and as the file says them."""

from __future__ import annotations

import copy
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.hours import Hours, parse_spans, parse_week
from bridge.domain.model import ConfigError
from bridge.settings import parse
from bridge.settings.public_holidays import PublicHolidays

BERLIN, LONDON, NEW_YORK, UTC_ZONE = (
    ZoneInfo(name) for name in ("Europe/Berlin", "Europe/London", "America/New_York", "UTC")
)
NINE_TO_FIVE = parse_week({"mon-fri": ["09:00-17:00"]})
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEKS = [NINE_TO_FIVE, parse_week({"mon-sun": "22:00-06:00"}), parse_week({"sun": "01:30-02:30"})]
SHIFTS = st.builds(
    Hours,
    st.sampled_from([BERLIN, LONDON, NEW_YORK, ZoneInfo("Australia/Lord_Howe")]),
    st.sampled_from(WEEKS),
    st.frozensets(st.dates(date(2025, 6, 1), date(2027, 6, 1)), max_size=3),
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def calendars(text: str) -> dict[str, Hours]:
    return dict(parse(text, {}, "bridge.toml").calendars)


def why(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, {}, "bridge.toml")
    return str(caught.value)


# Hours


class Fridays:
    """Holidays that note which days were asked about."""

    def __init__(self) -> None:
        self.asked: list[date] = []

    def __contains__(self, day: date, /) -> bool:
        self.asked.append(day)
        return day.weekday() == 4

    def name(self, day: date) -> str:
        return "Friday" if day.weekday() == 4 else ""


def test_nothing_opens_on_a_holiday() -> None:
    hours = Hours(UTC_ZONE, NINE_TO_FIVE, holidays=Fridays())
    assert hours.add(utc(2026, 1, 29, 16), 2 * HOUR) == utc(2026, 2, 2, 10)
    around_the_clock = Hours(UTC_ZONE, holidays=Fridays())
    assert around_the_clock.between(utc(2026, 1, 26), utc(2026, 2, 2)) == 6 * DAY


def test_holidays_are_asked_for_only_where_it_matters_and_once() -> None:
    known = Fridays()
    hours = Hours(UTC_ZONE, NINE_TO_FIVE, frozenset({date(2026, 1, 27)}), holidays=known)
    assert known.asked == []
    for hour in range(9, 17):
        hours.add(utc(2026, 1, 28, hour), HOUR)
    assert len(set(known.asked)) == len(known.asked)
    assert {day.year for day in known.asked} <= {2024, 2025, 2026, 2027, 2028}
    assert not {day for day in known.asked if day.weekday() > 4}
    assert date(2026, 1, 27) not in known.asked


def test_a_special_day_has_hours_of_its_own_whatever_it_is() -> None:
    special = {
        date(2026, 1, 30): parse_spans("08:00-12:00"),  # a holiday
        date(2026, 2, 1): parse_spans(["10:00-11:00", "14:00-15:00"]),  # a Sunday
        date(2026, 2, 2): (),
    }
    hours = Hours(UTC_ZONE, NINE_TO_FIVE, holidays=Fridays(), special=special)
    assert list(islice(hours.windows(utc(2026, 1, 30)), 4)) == [
        (utc(2026, 1, 30, 8), utc(2026, 1, 30, 12)),
        (utc(2026, 2, 1, 10), utc(2026, 2, 1, 11)),
        (utc(2026, 2, 1, 14), utc(2026, 2, 1, 15)),
        (utc(2026, 2, 3, 9), utc(2026, 2, 3, 17)),
    ]


def test_a_special_day_shortens_round_the_clock() -> None:
    hours = Hours(UTC_ZONE, special={date(2026, 1, 30): parse_spans("08:00-12:00")})
    assert hours.between(utc(2026, 1, 29), utc(2026, 2, 1)) == 52 * HOUR


def test_a_day_off_that_is_special_too_is_refused() -> None:
    day = date(2026, 1, 30)
    with pytest.raises(ValueError, match=r"hours de .*2026-01-30 is a day off and has special"):
        Hours(BERLIN, NINE_TO_FIVE, frozenset({day}), "de", special={day: ()})


def the_sun() -> Hours:
    """Sydney 22:00 to 06:00 UTC, London 09:00 to 17:00, New York 14:00 to 22:00, in winter."""
    zones = (ZoneInfo("Australia/Sydney"), LONDON, NEW_YORK)
    return Hours(
        LONDON,
        name="sun",
        follow=tuple(Hours(zone, NINE_TO_FIVE, name=str(zone)) for zone in zones),
    )


def test_hours_that_take_turns_are_open_when_any_is_and_count_once() -> None:
    sun = the_sun()
    monday = utc(2026, 1, 26)
    assert list(islice(sun.windows(monday), 3)) == [
        (monday, utc(2026, 1, 26, 6)),
        (utc(2026, 1, 26, 9), utc(2026, 1, 27, 6)),
        (utc(2026, 1, 27, 9), utc(2026, 1, 28, 6)),
    ]
    assert sun.between(monday, utc(2026, 1, 31)) == (6 + 4 * 21 + 13) * HOUR
    assert sun.add(utc(2026, 1, 26, 5), 2 * HOUR) == utc(2026, 1, 26, 10)
    assert sun.is_open(utc(2026, 1, 26, 20))
    assert not sun.is_open(utc(2026, 1, 26, 8))
    assert sun.next_open(utc(2026, 1, 31, 12)) == utc(2026, 2, 1, 22)


def test_hours_may_follow_hours_that_follow() -> None:
    sun = the_sun()
    again = Hours(BERLIN, follow=(sun, Hours(UTC_ZONE, parse_week({"sat": "10:00-11:00"}))))
    weekend = utc(2026, 1, 30, 22), utc(2026, 2, 1, 22)
    assert (sun.between(*weekend), again.between(*weekend)) == (timedelta(), HOUR)


def test_following_round_the_clock_is_round_the_clock() -> None:
    always = copy.deepcopy(Hours(UTC_ZONE))
    sun = Hours(UTC_ZONE, follow=(the_sun(), always))
    assert list(sun.windows(utc(2026, 1, 1))) == [(utc(2026, 1, 1), utc(2200, 1, 1))]


@pytest.mark.parametrize(
    "own",
    [
        {"week": NINE_TO_FIVE},
        {"days_off": frozenset({date(2026, 1, 1)})},
        {"holidays": Fridays()},
        {"special": {date(2026, 1, 1): ()}},
    ],
)
def test_hours_that_follow_have_none_of_their_own(own: Any) -> None:
    with pytest.raises(ValueError, match="hours that follow others have none of their own"):
        Hours(LONDON, follow=(the_sun(),), **own)


def test_hours_with_holidays_and_turns_are_values() -> None:
    holidays, special = PublicHolidays(("DE-BY",)), {date(2026, 1, 1): ()}
    for make in (the_sun, lambda: Hours(BERLIN, holidays=holidays, special=special)):
        mine = make()
        mine.add(utc(2026, 1, 1), HOUR)
        assert mine == make()
        assert {mine: 1}[make()] == 1
        assert mine != Hours(BERLIN)
        assert pickle.loads(pickle.dumps(mine)) == mine == copy.deepcopy(mine)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(SHIFTS, min_size=1, max_size=3),
    st.timedeltas(timedelta(), 700 * DAY),
    st.timedeltas(MINUTE, 9 * DAY),
)
def test_taking_turns_is_the_union_of_all_windows(
    parts: list[Hours], since: timedelta, length: timedelta
) -> None:
    start = utc(2025, 6, 1) + since
    end = start + length
    together = Hours(UTC_ZONE, follow=tuple(parts))
    edges = {start, end}
    for hours in (*parts, together):
        for window in hours.windows(start):
            if window[0] >= end:
                break
            edges |= {window[0], min(window[1], end)}
    total = timedelta()
    for a, b in pairwise(sorted(edges)):
        is_open = any(hours.is_open(a) for hours in parts)
        assert together.is_open(a) == is_open
        total += (b - a) * is_open
    assert together.between(start, end) == total


# Public holidays


def test_a_region_has_its_countrys_holidays_and_its_own() -> None:
    germany, bavaria = PublicHolidays(("DE",)), PublicHolidays(("DE-BY",))
    unity, kings = date(2026, 10, 3), date(2026, 1, 6)
    assert unity in germany
    assert kings not in germany
    assert {unity, kings} <= {day for day in (unity, kings) if day in bavaria}
    assert bavaria.name(kings) == "Heilige Drei Könige"
    assert germany.name(kings) == ""


def test_of_several_regions_a_holiday_of_any_counts() -> None:
    both = PublicHolidays(("AT", "US-CA"))
    assert date(2026, 10, 26) in both  # Austria's national day
    assert date(2026, 3, 31) in both  # a day of California alone
    assert date(2026, 10, 27) not in both
    assert both.name(date(2026, 1, 1)) == "Neujahr, New Year's Day"


def test_where_a_holiday_is_moved_from_a_weekend_both_days_are_holidays() -> None:
    england = PublicHolidays(("GB-ENG",))
    assert [day for day in range(24, 32) if date(2027, 12, day) in england] == [25, 26, 27, 28]


def test_names_do_not_depend_on_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en_US")
    assert PublicHolidays(("DE",)).name(date(2033, 12, 25)) == "Erster Weihnachtstag"


def test_a_year_that_is_not_known_has_no_holidays_and_nobody_is_warned() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for year in (1970, 2026, 2199):
            PublicHolidays(("IN",)).name(date(year, 1, 26))
        assert date(2199, 12, 25) not in PublicHolidays(("DE",))


def test_threads_may_share_holidays() -> None:
    days = [date(2026, 1, 1) + n * DAY for n in range(-9000, 9000, 30)]
    shared, alone = PublicHolidays(("FR", "PL")), PublicHolidays(("PL", "FR"))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda day: day in shared, days))
    assert found == [day in alone for day in days]


# The file


def test_a_calendar_may_have_holidays_days_off_and_special_days() -> None:
    office = calendars(
        """
        [calendars.office]
        zone = "Europe/Berlin"
        week = { mon-fri = "09:00-17:00" }
        holidays = "DE-BY"
        days_off = ["2026-12-28"]
        special = { "2026-12-24" = ["08:00-12:00"], "2026-12-27" = "10:00-11:00" }
        """
    )["office"]
    assert office.between(utc(2026, 12, 24), utc(2026, 12, 29)) == 5 * HOUR
    assert office.add(utc(2026, 12, 23, 15), 6 * HOUR) == utc(2026, 12, 27, 10)


def test_holidays_may_be_of_several_regions() -> None:
    text = '[calendars.office]\nzone = "UTC"\nholidays = ["DE-BY", "AT", "US-CA", "US"]\n'
    assert calendars(text)["office"].holidays == PublicHolidays(("DE-BY", "AT", "US-CA", "US"))


FOLLOWED = """
[calendars.sun]
follow = ["apac", "west"]
[calendars.west]
follow = ["emea", "amer"]
[calendars.apac]
zone = "Australia/Sydney"
week = { mon-fri = "09:00-17:00" }
[calendars.emea]
zone = "Europe/London"
week = { mon-fri = "09:00-17:00" }
holidays = "GB-ENG"
[calendars.amer]
zone = "America/New_York"
week = { mon-fri = "09:00-17:00" }
"""


def test_a_calendar_follows_others_wherever_they_stand() -> None:
    found = calendars(FOLLOWED)
    assert list(found) == ["sun", "west", "apac", "emea", "amer"]
    sun = found["sun"]
    assert (sun.name, sun.zone.key) == ("sun", "Australia/Sydney")
    assert sun.between(utc(2026, 1, 26), utc(2026, 1, 27)) == 21 * HOUR
    assert sun.between(utc(2026, 12, 25), utc(2026, 12, 26)) == (6 + 8) * HOUR  # without London


@pytest.mark.parametrize(
    ("lines", "line", "where", "words"),
    [
        ('zone = "UTC"\nholidays = "DE-BYY"', 3, "holidays", "did you mean 'DE-BY'?"),
        ('zone = "UTC"\nholidays = "DE-Bayrn"', 3, "holidays", "did you mean 'DE-Bayern'?"),
        ('zone = "UTC"\nholidays = "DE-"', 3, "holidays", "it has BB, BE, BW"),
        ('zone = "UTC"\nholidays = "MC-BY"', 3, "holidays", "it has no parts"),
        ('zone = "UTC"\nholidays = ["AT", "D"]', 3, "holidays", "near are "),
        ('zone = "UTC"\nholidays = "dE"', 3, "holidays", "near are DE"),
        ('zone = "UTC"\nholidays = "Germany"', 3, "holidays", "no country's code"),
        ('zone = "UTC"\nholidays = ""', 3, "holidays", "write it as DE, US-CA or GB-ENG"),
        ('zone = "UTC"\nspecial = { "2026-12-24" = "8-12" }', 3, "special", "'8-12' is no span"),
        ('zone = "UTC"\nspecial = { "24.12." = "08:00-12:00" }', 3, "special", "date"),
        (
            'zone = "UTC"\ndays_off = ["2026-12-24"]\nspecial = { "2026-12-24" = [] }',
            4,
            "special",
            "2026-12-24 is in days_off as well",
        ),
        ('zone = "Europe"', 2, "zone", "'Europe' is not known"),
        ('zone = "Europe/Berlim"', 2, "zone", "did you mean 'Europe/Berlin'?"),
        ('zone = "../UTC"', 2, "zone", "is not known"),
        ('week = { mon = "09:00-17:00" }', 1, "", "zone is missing"),
        ("follow = []", 2, "follow", "is empty"),
        ('follow = ["offise"]\n[calendars.office]\nzone = "UTC"', 2, "follow", "'office'?"),
        ('follow = ["mine"]', 2, "follow", "goes round in a circle: mine -> mine"),
        (
            'follow = ["b"]\n[calendars.b]\nfollow = ["c"]\n[calendars.c]\nfollow = ["mine"]',
            6,
            "follow",
            "goes round in a circle: mine -> b -> c -> mine",
        ),
        ('zone = "UTC"\nfollow = ["mine"]', 2, "zone", "leave it out"),
        ('follow = ["mine"]\nholidays = "AT"', 3, "holidays", "leave it out"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_explained(
    lines: str, line: int, where: str, words: str
) -> None:
    said = why(f"[calendars.mine]\n{lines}\n")
    assert said.startswith(f"bridge.toml:{line}: calendars.")
    assert where in said.split(": ")[1]
    assert words in said
