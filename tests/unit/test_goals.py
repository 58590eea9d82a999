"""What is promised, to whom, and when to warn of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import fields

from bridge.domain.clocks import clocks
from bridge.domain.goals import GOALS, PAUSES, Goal, Match, SlaPolicy
from bridge.domain.model import Category, Clock, Seen, Stage, Ticket
from tests.stories import moved, opened, promising, ranked, reported, tagged, ticket

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OPENED = opened("09:00")

# --- targets -------------------------------------------------------------------------------------


def test_the_closest_promise_counts() -> None:
    promise = Goal(
        name="resolution",
        targets={"": 8 * HOUR, "urgent": 4 * HOUR},
        teams={"zendesk:17": {"urgent": 2 * HOUR}, "zendesk:18": {"": HOUR}},
    )

    def target(team: str, priority: str) -> timedelta | None:
        return promise.target(ticket(moved("09:00", team=team), ranked("09:00", priority)))

    assert target("17", "urgent") == 2 * HOUR
    assert target("17", "low") == 8 * HOUR
    assert target("18", "urgent") == HOUR
    assert target("19", "urgent") == 4 * HOUR


def test_no_target_no_promise() -> None:
    assert Goal(name="resolution", targets={"urgent": HOUR}).target(ticket(OPENED)) is None
    assert Goal(name="resolution").target(ticket(OPENED)) is None


# --- warnings ------------------------------------------------------------------------------------


def stages(target: timedelta | None, *warn: float | timedelta) -> list[tuple[str, timedelta]]:
    found = Goal(name="resolution", warn=warn).stages(target)
    assert all(isinstance(stage, Stage) for stage in found)
    return [(stage.name, stage.need) for stage in found]


def test_stages_are_named_by_how_many_there_are() -> None:
    assert stages(8 * HOUR) == [("breach", 8 * HOUR)]
    assert stages(8 * HOUR, 0.75) == [("warn", 6 * HOUR), ("breach", 8 * HOUR)]
    assert [name for name, _ in stages(8 * HOUR, 0.5, 0.75)] == ["warn1", "warn2", "breach"]


def test_shares_and_times_before_the_breach_mix_and_rise_whatever_their_order() -> None:
    assert stages(8 * HOUR, HOUR, 0.5, 3 * HOUR, 2 * HOUR) == [
        ("warn1", 4 * HOUR),
        ("warn2", 5 * HOUR),
        ("warn3", 6 * HOUR),
        ("warn4", 7 * HOUR),
        ("breach", 8 * HOUR),
    ]


def test_two_warnings_of_one_moment_are_one() -> None:
    assert stages(8 * HOUR, 0.75, 2 * HOUR) == [("warn", 6 * HOUR), ("breach", 8 * HOUR)]


@pytest.mark.parametrize("lead", [HOUR, 2 * HOUR])
def test_a_warning_that_would_come_at_the_start_or_before_it_is_left_out(lead: timedelta) -> None:
    assert stages(HOUR, lead, 15 * MINUTE) == [("warn", 45 * MINUTE), ("breach", HOUR)]


def test_without_a_target_stages_are_counted_back_from_the_breach() -> None:
    zero = timedelta()
    assert stages(None, 0.5) == [("breach", zero)]
    assert stages(None, 0.5, HOUR, 3 * HOUR) == [
        ("warn1", -3 * HOUR),
        ("warn2", -HOUR),
        ("breach", zero),
    ]


# --- pauses --------------------------------------------------------------------------------------


def test_every_goal_has_its_pauses() -> None:
    assert set(PAUSES) == set(GOALS)
    assert {name for name in GOALS if PAUSES[name]} == {
        "periodic_update",
        "requester_wait",
        "agent_work",
        "resolution",
    }


@pytest.mark.parametrize("name", GOALS)
def test_a_solved_ticket_stands_still_whatever_pauses(name: str) -> None:
    ends = {Category.SOLVED, Category.CLOSED}
    assert set(Goal(name=name).still) == PAUSES[name] | ends
    assert set(Goal(name=name, pause=frozenset()).still) == ends
    assert set(Goal(name=name, pause=frozenset({Category.NEW})).still) == {Category.NEW} | ends


# --- policies ------------------------------------------------------------------------------------

CASE = ticket(
    opened(
        "09:00",
        seen=Seen(
            team="17",
            priority="high",
            type="incident",
            organisation="360001",
            brand="360002",
            tags=("gold", "web"),
        ),
    )
)
MEMBERS: dict[str, tuple[str, str]] = {
    # the member: a value that this ticket has, and one that it has not
    "desks": ("zendesk", "jsm"),
    "teams": ("zendesk:17", "jsm:17"),
    "projects": ("17", "HELP"),
    "priorities": ("high", "low"),
    "types": ("incident", "task"),
    "organisations": ("360001", "360003"),
    "brands": ("360002", "360001"),
    "tags": ("gold", "silver"),
}


def match(**members: tuple[str, ...]) -> Match:
    return Match(**{name: frozenset(values) for name, values in members.items()})


def test_every_member_is_tried() -> None:
    assert {field.name for field in fields(Match)} == set(MEMBERS)


@pytest.mark.parametrize("name", MEMBERS)
def test_each_member_matches_by_any_of_its_values(name: str) -> None:
    has, has_not = MEMBERS[name]
    assert match(**{name: (has,)}).holds(CASE)
    assert match(**{name: (has_not, has)}).holds(CASE)
    assert not match(**{name: (has_not,)}).holds(CASE)


@pytest.mark.parametrize("name", MEMBERS)
def test_all_members_must_match(name: str) -> None:
    every = {member: (has,) for member, (has, _) in MEMBERS.items()}
    assert match(**every).holds(CASE)
    assert not match(**{**every, name: (MEMBERS[name][1],)}).holds(CASE)


def test_a_match_that_asks_for_nothing_matches() -> None:
    assert Match().holds(CASE)


def goal(hours: float, name: str = "resolution", **more: Any) -> Goal:
    return Goal(name=name, targets={"": hours * HOUR}, **more)


def special(name: str, goals: dict[str, Goal], **members: tuple[str, ...]) -> SlaPolicy:
    return SlaPolicy(name=name, match=match(**members), goals=goals)


def run(case: Ticket, *policies: SlaPolicy) -> dict[str, Clock]:
    usual = goal(8), goal(2, "first_response")
    return {c.goal: c for c in clocks(case, promising(*usual, policies=policies))}


def test_the_first_policy_that_matches_counts() -> None:
    silver = special("silver", {"resolution": goal(6)}, tags=("silver",))
    gold = special("gold", {"resolution": goal(4)}, tags=("gold",))
    high = special("high", {"resolution": goal(5)}, priorities=("high",))
    found = run(CASE, silver, gold, high)
    assert (found["resolution"].target, found["resolution"].policy) == (4 * HOUR, "gold")
    found = run(CASE, silver, high, gold)
    assert (found["resolution"].target, found["resolution"].policy) == (5 * HOUR, "high")


def test_a_goal_that_the_policy_does_not_name_is_as_always() -> None:
    gold = special("gold", {"resolution": goal(4)}, tags=("gold",))
    silver = special("silver", {"first_response": goal(1)}, tags=("gold",))
    found = run(CASE, gold, silver)["first_response"]
    assert (found.target, found.policy) == (2 * HOUR, "")


def test_no_policy_matches_and_all_is_as_always() -> None:
    found = run(ticket(OPENED), special("gold", {"resolution": goal(4)}, tags=("gold",)))
    assert (found["resolution"].target, found["resolution"].policy) == (8 * HOUR, "")


def test_a_policy_can_promise_nothing() -> None:
    trial = special("trial", {"first_response": Goal(name="first_response")}, tags=("gold",))
    assert list(run(CASE, trial)) == ["resolution"]


def test_a_policy_follows_the_ticket_as_it_is_now() -> None:
    gold = special("gold", {"resolution": goal(4)}, tags=("gold",), brands=("5",))
    case = OPENED, tagged("10:00", "gold"), reported("10:30", brand="5")
    assert run(ticket(*case), gold)["resolution"].target == 4 * HOUR
    fallen = *case, tagged("11:00", removed=("gold",))
    assert run(ticket(*fallen), gold)["resolution"].target == 8 * HOUR
