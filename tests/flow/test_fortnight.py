"""A small fortnight on the whole application; and that the reckoning sees whoever is told late, or wrongly, or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from rich.progress import Progress

from bridge.simulate.fortnight import Case, Life
from bridge.simulate.fortnight_people import PEOPLE, UNITS, Away, Person, holidays, there
from bridge.simulate.fortnight_plan import CONFIG, Call, Minutes, Rules, lasting
from bridge.simulate.fortnight_reckoning import Tally, Told, compare, disturbances
from bridge.simulate.fortnight_run import play

AMIRA, DORA, HUGO, INES = (PEOPLE[key] for key in ("amira", "dora", "hugo", "ines"))
NONE: tuple[Away, ...] = ()
RULES = Rules(NONE)
SECOND = timedelta(seconds=1)


def at(day: int, clock: str) -> datetime:
    """A moment of September 2026, of which the 7th is a Monday; UTC."""
    hour, minute = clock.split(":")
    return datetime(2026, 9, day, int(hour), int(minute), tzinfo=UTC)


def case(opened: datetime, taken: datetime | None = None, severity: str = "critical") -> Case:
    """An alert of Support, where the manager is told after 20 minutes, two above her after 2 and 8 hours."""
    return Case(
        unit=UNITS["Support"],
        kind="survey",
        severity=severity,
        customer="Anna",
        email="anna@example.org",
        agent="Support agent 1",
        chance=Random(1),
        lives=[Life(opened, taken=taken)],
        ticket="7",
    )


def told(moment: datetime, who: Person, by: str = "slack") -> Told:
    return Told(moment, who.key, by)


def counted(of: Case, *said: Told) -> tuple[int, dict[str, int]]:
    """How many steps there had to be, and what came of them; what is 0 left out."""
    tally = Tally()
    compare(RULES, of, said, tally)
    return tally.planned, {what: many for what, many in tally.counts.items() if many}


# --- the whole world


@pytest.mark.long
def test_everybody_is_told_when_they_have_to_be_and_nobody_else(url: str) -> None:
    with Progress(disable=True) as progress:
        found = play(url, 3, progress, alerts=30)
    assert found.good, found.trouble
    assert found.alerts == 30
    assert found.on_time == found.planned > 15
    assert 0.3 < found.contacted_24h <= 1
    assert 0.3 < found.closed_7d <= found.resolved_4d + 0.5
    assert found.median_hours_to_contact > 0
    assert 0 < found.recovered_share < 1


@pytest.mark.long
@pytest.mark.parametrize(
    ("said", "instead", "wrong"),
    [
        ('after = "20m"', 'after = "25m"', "late"),
        ('after = "10m"', 'after = "8m"', "early"),
        ('unless = "critical"', 'unless = "info"', "in_quiet_hours"),
        ('who = "dora"', 'who = "nobody"', "missed"),
    ],
)
def test_a_bridge_that_goes_by_another_policy_is_found_out(
    url: str, tmp_path: Path, said: str, instead: str, wrong: str
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(CONFIG.read_text("utf-8").replace(said, instead), "utf-8")
    with Progress(disable=True) as progress:
        found = play(url, 5, progress, alerts=12, config=other)
    assert not found.good
    assert getattr(found, wrong) > 0


# --- what the reckoning says of worlds made by hand

ONE = at(8, "10:00")
IN_TIME = (told(at(8, "10:20"), AMIRA),)
ALL = (
    *IN_TIME,
    told(at(8, "12:00"), HUGO),
    told(at(8, "12:00"), HUGO, "email"),
    told(at(8, "18:00"), INES),
    told(at(8, "18:00"), INES, "sms"),
)


def test_an_alert_that_nobody_takes_goes_all_the_way_up() -> None:
    assert counted(case(ONE), *ALL) == (3, {"on time": 3})


def test_a_few_seconds_are_on_time_and_more_are_late() -> None:
    taken = case(ONE, taken=at(8, "11:00"))
    assert counted(taken, told(at(8, "10:20") + 5 * SECOND, AMIRA)) == (1, {"on time": 1})
    assert counted(taken, told(at(8, "10:20") + 6 * SECOND, AMIRA)) == (1, {"late": 1})


def test_who_is_told_too_soon_is_seen() -> None:
    taken = case(ONE, taken=at(8, "11:00"))
    assert counted(taken, told(at(8, "10:19"), AMIRA)) == (1, {"early": 1})


@pytest.mark.parametrize("left_out", range(len(ALL)))
def test_an_escalation_that_is_missing_by_one_medium_is_missed(left_out: int) -> None:
    said = [one for number, one in enumerate(ALL) if number != left_out]
    assert counted(case(ONE), *said) == (3, {"on time": 2, "missed": 1})


def test_who_is_told_although_somebody_has_it_is_seen() -> None:
    taken = case(ONE, taken=at(8, "11:00"))
    assert counted(taken, *ALL[:2]) == (1, {"on time": 1, "after acknowledge": 1})


def test_so_is_a_reminder_in_the_channel() -> None:
    taken = case(ONE, taken=at(8, "11:00"))
    reminder = Told(at(9, "18:00"), "", "slack")
    assert counted(taken, *IN_TIME, reminder) == (1, {"on time": 1, "after acknowledge": 1})


def test_who_is_told_instead_of_another_is_seen() -> None:
    taken = case(ONE, taken=at(8, "11:00"))
    assert counted(taken, told(at(8, "10:20"), HUGO)) == (1, {"missed": 1, "early": 1})


def test_what_is_opened_again_is_told_again() -> None:
    again = case(ONE, taken=at(8, "10:05"))
    again.lives.append(Life(at(10, "10:00"), AMIRA, taken=at(10, "10:30")))
    assert counted(again, told(at(10, "10:20"), AMIRA)) == (1, {"on time": 1})
    assert counted(again, told(at(9, "10:20"), AMIRA)) == (1, {"early": 1})
    assert counted(again) == (1, {"missed": 1})


# --- quiet hours

LATE = at(8, "21:00")  # 23:00 in Berlin, where the team is awake from 07:00


def test_what_is_not_grave_waits_for_the_morning() -> None:
    (first, *_) = RULES.calls(UNITS["Support"], "high", LATE)
    assert first == Call(at(9, "05:00"), AMIRA, ("slack",))


def test_what_is_grave_does_not() -> None:
    (first, *_) = RULES.calls(UNITS["Support"], "critical", LATE)
    assert first == Call(at(8, "21:20"), AMIRA, ("slack",))


def test_whoever_takes_it_in_the_night_spares_the_others() -> None:
    assert counted(case(LATE, taken=at(9, "04:00"), severity="high")) == (0, {})


def test_a_call_in_the_night_is_seen_unless_it_is_grave() -> None:
    call = [told(at(8, "21:20"), AMIRA)]
    assert len(list(disturbances(RULES, case(LATE, severity="high"), call))) == 1
    assert list(disturbances(RULES, case(LATE), call)) == []
    assert list(disturbances(RULES, case(ONE, severity="high"), IN_TIME)) == []


# --- people


def test_who_is_away_is_stood_in_for_and_nobody_is_told_twice() -> None:
    away = (
        Away("amira", "dora", at(8, "00:00"), at(10, "00:00")),
        Away("hugo", "ines", at(8, "00:00"), at(10, "00:00")),
    )
    calls = Rules(away).calls(UNITS["Support"], "critical", ONE)
    assert [(call.who, call.at) for call in calls] == [
        (DORA, at(8, "10:20")),
        (INES, at(8, "12:00")),
    ]
    assert there(AMIRA, at(10, "00:00"), away) is AMIRA


def test_a_deputy_who_is_away_has_one_too() -> None:
    bruno = PEOPLE["bruno"]
    away = (
        Away("bruno", "amira", at(8, "00:00"), at(10, "00:00")),
        Away("amira", "dora", at(9, "00:00"), at(10, "00:00")),
    )
    assert there(bruno, at(8, "12:00"), away) is AMIRA
    assert there(bruno, at(9, "12:00"), away) is DORA
    round_and_round = (*away, Away("dora", "amira", at(9, "00:00"), at(10, "00:00")))
    assert there(AMIRA, at(9, "12:00"), round_and_round) is AMIRA


def test_holidays_follow_from_the_seed() -> None:
    assert holidays(1) == holidays(1) != holidays(2)


# --- the walk through a calendar


@pytest.mark.parametrize(
    ("start", "work", "end"),
    [
        (at(7, "07:00"), "1h", at(7, "08:00")),  # Monday in Berlin, which opens at 06:30 UTC
        (at(7, "05:00"), "30m", at(7, "07:00")),
        (at(7, "10:00"), "1h", at(7, "11:30")),  # over lunch
        (at(11, "15:00"), "1h", at(14, "07:00")),  # over the weekend
    ],
)
def test_working_time_passes_while_it_is_open(start: datetime, work: str, end: datetime) -> None:
    assert RULES.calendars["berlin"].after(start, lasting(work)) == end


def test_an_opening_belongs_to_it_and_a_closing_does_not() -> None:
    office = Minutes({"zone": "UTC", "week": {"mon-fri": ["09:00-12:00"], "sat": "10:00-11:00"}})
    assert office.holds(at(7, "09:00"))
    assert not office.holds(at(7, "12:00"))
    assert office.next_open(at(11, "12:00")) == at(12, "10:00")
    assert office.next_open(at(12, "11:00")) == at(14, "09:00")
