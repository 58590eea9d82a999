"""Who is meant by a name, who manages whom, and who stands in while somebody is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bridge.domain.model import Member, Team
from bridge.domain.people import Absence, Roster

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ANA = Member(
    key="ana", name="Ana Example", email="Ana@example.com", phone="+4930111", slack="U0ANA"
)
BEN = Member(key="ben", name="Ben Example", slack="U0BEN")
CLEO = Member(key="cleo", name="Cleo Example", email="cleo@example.com")
SUPPORT = Team(name="Support", parent="EMEA", manager="ana")
EMEA = Team(name="EMEA", parent="World", manager="Dana Example", manager_slack="U0DANA")
WORLD = Team(name="World")
DANA = Member(key="Dana Example", name="Dana Example", slack="U0DANA")


def away(
    member: str, deputy: str = "", begin: datetime = NOON, end: datetime = NOON + DAY
) -> Absence:
    return Absence(member=member, deputy=deputy, starts_at=begin, ends_at=end)


def roster(*absences: Absence) -> Roster:
    return Roster((SUPPORT, EMEA, WORLD), (ANA, BEN, CLEO), absences)


# --- names


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("ana", ANA),
        (" ANA ", ANA),
        ("ana example", ANA),
        ("ana@EXAMPLE.com", ANA),
        ("u0ana", ANA),
        ("Dana Example", DANA),
        ("U0DANA", DANA),
        ("Cleo Example", CLEO),
        ("nobody", None),
        ("", None),
        ("  ", None),
    ],
)
def test_a_person_is_known_by_key_name_address_or_slack_id(name: str, who: Member | None) -> None:
    assert roster().named(name) == who


def test_a_key_goes_before_a_name() -> None:
    twin = Member(key="other", name="ben")
    assert Roster(members=(twin, BEN)).named("ben") == BEN


def test_everybody_is_listed_once() -> None:
    again = Team(name="Billing", manager="ANA")
    assert Roster((SUPPORT, again, EMEA, WORLD), (ANA, BEN)).everybody() == (ANA, DANA, BEN)


def test_two_who_are_only_told_apart_by_their_numbers_are_two() -> None:
    one, two = Member(phone="+4930111"), Member(phone="+4930222")
    rows = tuple(Team(name=m.phone, manager_phone=m.phone) for m in (one, two, two))
    assert Roster(rows).everybody() == (one, two)


# --- managers


def test_what_the_row_of_a_team_leaves_empty_its_manager_has_as_a_member() -> None:
    row = replace(SUPPORT, manager="Ana", manager_phone="+4930999")
    assert roster().manager(row) == replace(ANA, phone="+4930999")


def test_a_manager_may_be_a_member_by_address_and_keeps_the_name_of_the_row() -> None:
    row = Team(name="Night", manager="Cleo at night", manager_email="CLEO@example.com")
    found = roster().manager(row)
    assert (found.key, found.name, found.email) == ("cleo", "Cleo at night", "CLEO@example.com")


def test_a_member_without_a_name_is_called_as_the_row_says() -> None:
    assert Roster(members=(Member(key="ops", slack="C0OPS"),)).manager(
        Team(name="Ops", manager="Ops")
    ) == Member(key="ops", name="Ops", slack="C0OPS")


def test_managers_of_the_teams_above_are_found() -> None:
    people = roster()
    assert people.manager(SUPPORT) == ANA
    assert people.manager(SUPPORT, 1) == DANA
    assert people.above(SUPPORT, 2) == WORLD
    assert people.manager(SUPPORT, 2) == Member()
    assert people.above(SUPPORT, 3) is None
    assert people.above(SUPPORT, 99) is None
    assert people.manager(SUPPORT, 3) == Member()


def test_a_parent_that_is_no_team_is_nobody() -> None:
    assert roster().manager(Team(name="Lost", parent="Nowhere"), 1) == Member()


def test_parents_that_go_round_in_a_ring_end() -> None:
    ring = tuple(
        Team(name=name, parent=parent, manager=name.lower())
        for name, parent in (("A", "B"), ("B", "C"), ("C", "B"))
    )
    people = Roster(ring)
    assert [people.manager(ring[0], up).name for up in range(5)] == ["a", "b", "c", "", ""]


# --- absences


def test_who_is_there_is_told_themselves() -> None:
    assert roster().present(ANA, NOON) is ANA
    assert roster(away("ben", "cleo")).present(ANA, NOON) is ANA


def test_a_deputy_stands_in_from_the_first_moment_to_the_last() -> None:
    people = roster(away("ana", "ben"))
    moment = timedelta(microseconds=1)
    told = [people.present(ANA, NOON + d) for d in (-moment, timedelta(), DAY - moment, DAY)]
    assert told == [ANA, BEN, BEN, ANA]


def test_an_absence_is_found_by_whatever_the_person_is_known() -> None:
    assert roster(away("Ana Example", "U0BEN")).present(Member(slack="U0ANA"), NOON) == BEN
    assert roster(away("Dana Example", "ana")).present(DANA, NOON) == ANA


def test_a_deputy_who_is_away_has_one_too() -> None:
    assert roster(away("ana", "ben"), away("ben", "cleo")).present(ANA, NOON) == CLEO


@pytest.mark.parametrize(
    "absences",
    [
        (away("ana"),),
        (away("ana", "gone"),),
        (away("ana", "ana"),),
        (away("ana", "ben"), away("ben", "ana")),
        (away("ana", "ben"), away("ben", "cleo"), away("cleo", "ben")),
        (away("ana", "ben"), away("ben")),
    ],
)
def test_where_nobody_stands_in_they_are_told_themselves(absences: tuple[Absence, ...]) -> None:
    assert roster(*absences).present(ANA, NOON) == ANA


def test_of_two_deputies_the_one_who_is_there_stands_in() -> None:
    people = roster(away("ana", "ben"), away("ana", "cleo"), away("ben", "ana"))
    assert people.present(ANA, NOON) == CLEO


def test_an_absence_of_somebody_unknown_is_nobodys() -> None:
    people = roster(away("gone", "ben"))
    assert people.present(Member(), NOON) == Member()
    assert people.present(Member(key="gone"), NOON) == Member(key="gone")
    assert people.known_absences() == ()


def test_a_deputy_who_is_not_known_any_more_is_nobody() -> None:
    kept, lost = away("ana", "ben"), away("cleo", "gone")
    assert roster(kept, lost).known_absences() == (kept, away("cleo"))


_who = st.sampled_from(["ana", "ben", "cleo", "Dana Example", "gone", ""])


@given(st.lists(st.tuples(_who, _who), max_size=8))
def test_whoever_stands_in_is_there_themselves(pairs: list[tuple[str, str]]) -> None:
    people = roster(*(away(*pair) for pair in pairs))
    absent = {member for member, _ in pairs}
    for who in (ANA, BEN, CLEO, DANA):
        there = people.present(who, NOON)
        assert there == who or there.key not in absent
