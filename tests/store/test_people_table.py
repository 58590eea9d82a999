"""People, and who is away: as they were saved, and only what is still to come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, Engine

from bridge.domain.model import Member, Team
from bridge.domain.people import Absence
from bridge.store import people, teams

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ANA = Member(
    key="ana", name="Ana Example", email="ana@example.com", phone="+4930111", slack="U0ANA"
)
BEN = Member(key="ben", slack="U0BEN")
AWAY = Absence(member="ana", deputy="ben", starts_at=NINE, ends_at=NINE + 2 * DAY)
LATER = Absence(member="ben", starts_at=NINE + DAY, ends_at=NINE + 5 * DAY)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


def absences(connection: Connection, since: datetime | None = None) -> list[Absence]:
    return [absence for _, absence in people.all_absences(connection, since=since)]


def test_members_come_back_as_they_were_saved(connection: Connection) -> None:
    people.save_members(connection, [BEN, ANA])
    assert people.all_members(connection) == [ANA, BEN]
    people.save_members(connection, [replace(ANA, phone="")])
    assert people.all_members(connection) == [replace(ANA, phone=""), BEN]


def test_a_removed_member_is_gone(connection: Connection) -> None:
    people.save_members(connection, [ANA, BEN])
    people.remove_members(connection, ["ana", "nobody"])
    assert people.all_members(connection) == [BEN]


def test_absences_come_in_order_and_the_past_can_be_left_out(connection: Connection) -> None:
    people.save_absences(connection, [LATER, AWAY])
    assert absences(connection) == [AWAY, LATER]
    assert absences(connection, NINE - DAY) == [AWAY, LATER]
    assert absences(connection, AWAY.ends_at) == [LATER]
    assert absences(connection, LATER.ends_at) == []


def test_an_absence_that_begins_at_the_same_moment_is_changed(connection: Connection) -> None:
    longer = replace(AWAY, deputy="", ends_at=NINE + 9 * DAY)
    people.save_absences(connection, [AWAY, LATER])
    people.save_absences(connection, [longer])
    assert absences(connection) == [longer, LATER]


def test_an_absence_ends_early(connection: Connection) -> None:
    people.save_absences(connection, [AWAY])
    [(number, _)] = people.all_absences(connection)
    people.end_absence(connection, number, NINE + DAY)
    assert absences(connection) == [replace(AWAY, ends_at=NINE + DAY)]


def test_an_absence_that_has_not_begun_never_was(connection: Connection) -> None:
    people.save_absences(connection, [AWAY, LATER])
    numbers = {absence.member: number for number, absence in people.all_absences(connection)}
    people.end_absence(connection, numbers["ben"], NINE + DAY)
    assert absences(connection) == [AWAY]


def test_an_absence_that_is_over_is_not_made_longer(connection: Connection) -> None:
    people.save_absences(connection, [AWAY])
    [(number, _)] = people.all_absences(connection)
    people.end_absence(connection, number, NINE + 9 * DAY)
    assert absences(connection) == [AWAY]


def test_absences_are_removed_by_number(connection: Connection) -> None:
    people.save_absences(connection, [AWAY, LATER])
    [(number, _), _] = people.all_absences(connection)
    people.remove_absences(connection, [number])
    assert absences(connection) == [LATER]


def test_the_roster_is_everybody_and_who_is_away(connection: Connection) -> None:
    team = Team(name="Support", manager="ana", groups=("zendesk:1",))
    teams.save(connection, [team])
    people.save_members(connection, [ANA, BEN])
    people.save_absences(connection, [AWAY, LATER])
    roster = people.roster(connection)
    assert (roster.teams, roster.members) == ((team,), (ANA, BEN))
    assert roster.absences == (AWAY, LATER)
    assert roster.present(roster.manager(team), NINE) == BEN
    assert people.roster(connection, since=AWAY.ends_at).absences == (LATER,)
