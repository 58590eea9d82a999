"""Who is told next, and when, as it is planned when an alert opens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.hours import Hours, parse_week
from bridge.domain.ladders import DEFAULT_LADDER, Ladder, Step, above, climb
from bridge.domain.model import Member, Rise, Team
from bridge.domain.people import Absence, Roster

FRIDAY = datetime(2026, 7, 3, 16, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OFFICE = Hours(ZoneInfo("UTC"), parse_week({"mon-fri": "09:00-17:00"}))
OLA = Member(key="ola", name="Ola Example", slack="U0OLA")
SUPPORT = Team(name="Support", parent="EMEA", manager="Ana Example", manager_slack="U0ANA")
EMEA = Team(name="EMEA", manager="Dana Example", manager_slack="U0DANA")
ANA, DANA = SUPPORT.responsible, EMEA.responsible
BEN = Member(key="ben", name="Ben Example", slack="U0BEN")
PEOPLE = Roster((SUPPORT, EMEA), (OLA, BEN))


def step(who: str, after: timedelta, hours: str = "clock", *by: str) -> Step:
    return Step(who=who, after=after, hours=hours, by=by or ("slack",))


def climbed(
    *steps: Step, owner: Member = OLA, team: Team = SUPPORT, roster: Roster = PEOPLE
) -> tuple[Rise, ...]:
    return climb(Ladder(name="test", steps=steps), team, roster, OFFICE, owner, FRIDAY)


def told(rises: tuple[Rise, ...]) -> list[tuple[str, str, timedelta]]:
    return [(rise.who.name, rise.role, rise.at - FRIDAY) for rise in rises]


def test_it_goes_from_the_owner_to_the_managers_above() -> None:
    rises = climbed(
        step("owner", 30 * MINUTE),
        step("manager", HOUR),
        step("manager+1", 2 * HOUR, "clock", "sms"),
    )
    assert told(rises) == [
        ("Ola Example", "owner", 30 * MINUTE),
        ("Ana Example", "manager of Support", HOUR),
        ("Dana Example", "manager of EMEA", 2 * HOUR),
    ]
    assert rises[-1] == Rise(at=FRIDAY + 2 * HOUR, who=DANA, role="manager of EMEA", by=("sms",))


def test_working_hours_pass_only_while_the_team_works() -> None:
    on_monday = FRIDAY.replace(day=6, hour=10)
    [rise] = climbed(step("manager", 2 * HOUR, "working"))
    assert rise.at == on_monday
    [rise] = climbed(step("manager", 2 * HOUR))
    assert rise.at == FRIDAY + 2 * HOUR


def test_steps_are_in_the_order_of_time_whatever_their_hours() -> None:
    rises = climbed(step("manager", 2 * HOUR, "working"), step("manager+1", 3 * HOUR))
    assert [rise.who for rise in rises] == [DANA, ANA]


def test_the_manager_is_told_first_where_nobody_has_it() -> None:
    rises = climbed(step("owner", 30 * MINUTE), step("manager", HOUR), owner=Member())
    assert told(rises) == [("Ana Example", "manager of Support", 30 * MINUTE)]


def test_nobody_is_told_twice() -> None:
    rises = climbed(
        step("owner", HOUR), step("manager", 2 * HOUR), step("ben", 3 * HOUR), owner=ANA
    )
    assert told(rises) == [
        ("Ana Example", "owner", HOUR),
        ("Ben Example", "ben", 3 * HOUR),
    ]


def test_the_same_number_is_not_called_twice() -> None:
    phone = Team(name="Night", parent="Support", manager_phone="+4930111")
    rises = climbed(step("owner", HOUR), step("manager", 2 * HOUR), owner=Member(), team=phone)
    assert [rise.at for rise in rises] == [FRIDAY + HOUR]


def test_a_step_that_finds_nobody_is_left_out() -> None:
    alone = Team(name="Alone")
    steps = (
        step("owner", HOUR),
        step("manager", HOUR),
        step("manager+1", HOUR),
        step("gone", HOUR),
    )
    assert climbed(*steps, owner=Member(), team=alone) == ()


def test_who_is_away_when_their_step_is_due_is_stood_in_for() -> None:
    away = Absence(
        member="Ana Example", deputy="ben", starts_at=FRIDAY + HOUR, ends_at=FRIDAY + DAY
    )
    roster = Roster((SUPPORT, EMEA), (OLA, BEN), (away,))
    [before] = climbed(step("manager", 59 * MINUTE), roster=roster)
    assert (before.who, before.role) == (ANA, "manager of Support")
    [during] = climbed(step("manager", HOUR), roster=roster)
    assert (during.who, during.role) == (BEN, "for Ana Example, manager of Support")


def test_a_deputy_who_was_told_already_is_not_told_again() -> None:
    away = Absence(member="Ana Example", deputy="ola", starts_at=FRIDAY, ends_at=FRIDAY + DAY)
    roster = Roster((SUPPORT, EMEA), (OLA,), (away,))
    rises = climbed(step("owner", HOUR), step("manager", 2 * HOUR), roster=roster)
    assert [rise.who for rise in rises] == [OLA]


def test_without_a_word_the_manager_and_the_one_above_are_told() -> None:
    rises = climb(DEFAULT_LADDER, SUPPORT, PEOPLE, OFFICE, OLA, FRIDAY)
    assert [(rise.who, rise.at - FRIDAY) for rise in rises] == [
        (ANA, 30 * MINUTE),
        (DANA, 2 * HOUR),
    ]
    assert DEFAULT_LADDER.nag == HOUR


@pytest.mark.parametrize(
    ("who", "up"),
    [
        ("manager", 0),
        ("manager+1", 1),
        ("manager+12", 12),
        ("manager+0", None),
        ("manager+", None),
        ("manager+x", None),
        ("owner", None),
        ("ben", None),
    ],
)
def test_how_far_above_a_manager_is(who: str, up: int | None) -> None:
    assert above(who) == up
