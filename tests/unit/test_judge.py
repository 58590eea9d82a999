"""A ticket is judged by its state, the policy and the time: nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bridge.domain.clocks import clocks, ring
from bridge.domain.goals import GOALS, Goal, Match, SlaPolicy
from bridge.domain.judge import Judgement, Policy, judge, replay
from bridge.domain.model import AnyEvent, Category, Finding, Ticket
from bridge.domain.rules import rules
from bridge.domain.ticket import STATUSES, fold
from tests.stories import (
    NINE_TO_FIVE,
    ROUND_THE_CLOCK,
    agent_answered,
    at,
    became,
    customer_wrote,
    moved,
    opened,
    ranked,
    rated,
    ticket,
)

POLICY = Policy(
    rules=tuple(rule() for rule in rules().values()),
    goals=(Goal(name="first_response", targets={"": timedelta(hours=2)}, warn=(0.5,)),),
    hours=NINE_TO_FIVE,
    calendars={"zendesk:17": ROUND_THE_CLOCK},
    statuses={"zendesk": {**STATUSES, "parked": Category.HOLD}},
)


def judged(case: Ticket, now: str) -> tuple[Finding, ...]:
    """What is found once all timers that are due have rung."""
    case = ring(case, clocks(case, POLICY), at(now))
    return judge(case, POLICY, at(now)).findings


def test_nothing_is_wrong_with_a_young_ticket() -> None:
    judgement = judge(ticket(opened("09:00")), POLICY, at("09:30"))
    assert [c.goal for c in judgement.clocks] == ["first_response"]
    assert judgement.findings == ()


def test_time_alone_makes_it_worse() -> None:
    case = ticket(opened("09:00"))
    found = [judged(case, now) for now in ("09:59", "10:00", "11:00")]
    assert [[f.level for f in findings] for findings in found] == [[], ["warn"], ["breach"]]


def test_several_things_can_be_wrong_at_once() -> None:
    case = ticket(opened("09:00"), rated("09:10", score=0.0, resolved=False))
    assert [f.rule for f in judged(case, "12:00")] == [
        "first_response",
        "low_score",
        "not_resolved",
    ]


def test_the_team_that_has_it_brings_its_hours() -> None:
    case = ticket(opened("20:00"))
    assert judged(case, "23:00") == ()
    taken = ticket(opened("20:00"), moved("20:01", team="17"))
    assert judged(taken, "23:00")


def test_the_policy_that_chose_the_target_is_told() -> None:
    goal = Goal(name="first_response", targets={"": timedelta(hours=1)})
    gold = SlaPolicy(name="gold", match=Match(), goals={"first_response": goal})
    case, asked = ticket(opened("09:00")), replace(POLICY, policies=(gold,))
    case = ring(case, clocks(case, asked), at("10:00"))
    [found] = judge(case, asked, at("10:00")).findings
    assert ("Policy", "gold") in found.facts


# --- histories -----------------------------------------------------------------------------------


def moments(told: list[Judgement]) -> list[tuple[str, str, list[str]]]:
    """Of each judgement: of which ticket, when something last happened to it, and the stages that stand."""
    return [
        (j.ticket.id, f"{j.ticket.as_of[0]:%H:%M}", [f.stage for f in j.findings]) for j in told
    ]


def test_a_history_is_judged_after_each_event_and_each_timer_at_its_own_time() -> None:
    other = customer_wrote("09:30", subject="zendesk:2")
    history: list[AnyEvent] = [
        agent_answered("11:30"),
        opened("09:00"),
        other,
        became("11:10", "parked"),
    ]
    told = list(replay([*history, *history], POLICY))
    assert moments(told) == [
        ("zendesk:1", "09:00", []),
        ("zendesk:2", "09:30", []),
        ("zendesk:1", "10:00", ["warn"]),
        ("zendesk:1", "11:00", ["breach"]),
        ("zendesk:1", "11:10", ["breach"]),
        ("zendesk:1", "11:30", []),
    ]
    assert told[4].ticket.category is Category.HOLD


def test_an_answer_at_the_moment_of_the_breach_is_in_time() -> None:
    told = moments(list(replay([opened("09:00"), agent_answered("11:00")], POLICY)))
    assert [stages for _, _, stages in told] == [[], ["warn"], []]


def test_timers_ring_up_to_the_end_that_is_asked_for() -> None:
    def stages(until: str) -> list[list[str]]:
        return [s for _, _, s in moments(list(replay([opened("09:00")], POLICY, at(until))))]

    assert stages("09:59") == [[]]
    assert stages("11:00") == [[], ["warn"], ["breach"]]
    assert [s for _, _, s in moments(list(replay([opened("09:00")], POLICY)))] == [[]]


def test_what_an_event_makes_overdue_rings_at_once() -> None:
    goal = Goal(
        name="first_response", targets={"": timedelta(hours=8), "urgent": timedelta(hours=1)}
    )
    asked = replace(POLICY, goals=(goal,))
    told = list(replay([opened("09:00"), ranked("12:00", "urgent")], asked, at("12:00")))
    assert moments(told) == [
        ("zendesk:1", "09:00", []),
        ("zendesk:1", "12:00", []),
        ("zendesk:1", "12:00", ["breach"]),
    ]


def test_reminders_ring_at_their_own_time_too() -> None:
    goal = Goal(name="first_response", targets={"": timedelta(hours=1)}, nag=timedelta(hours=2))
    told = list(replay([opened("09:00")], replace(POLICY, goals=(goal,)), at("14:30")))
    assert moments(told)[1:] == [
        ("zendesk:1", "10:00", ["breach"]),
        ("zendesk:1", "12:00", ["nag1"]),
        ("zendesk:1", "14:00", ["nag2"]),
    ]


happenings = st.sampled_from(
    ["answers", "writes", "pending", "hold", "open", "solved", "urgent", "low", "17", "18"]
)
days = st.lists(st.tuples(st.integers(0, 150), happenings), max_size=6)
SLAS = replace(
    POLICY,
    goals=tuple(
        Goal(
            name=name,
            targets={"": timedelta(hours=4), "urgent": timedelta(hours=1)},
            teams={"zendesk:18": {"": timedelta(hours=2)}},
            warn=(0.5, timedelta(minutes=20)),
        )
        for name in GOALS
    ),
)


def lived(day: list[tuple[int, str]]) -> list[AnyEvent]:
    now = at("09:00")
    made: list[AnyEvent] = [opened("09:00", seq=0)]
    for number, (later, what) in enumerate(day, 1):
        now += timedelta(minutes=later)
        told: dict[str, Any] = {"at": now, "seq": number, "id": f"e{number}"}
        match what:
            case "answers":
                made.append(agent_answered("09:00", **told))
            case "writes":
                made.append(customer_wrote("09:00", **told))
            case "urgent" | "low":
                made.append(ranked("09:00", what, **told))
            case "17" | "18":
                made.append(moved("09:00", team=what, **told))
            case _:
                made.append(became("09:00", what, **told))
    return made


Wrong = dict[datetime, set[tuple[str, str]]]
"""From when on which stages of which goals stood; only the moments at which that changed."""


def looking_each_minute(events: list[AnyEvent], until: datetime) -> Wrong:
    found: Wrong = {}
    left, now = list(events), events[0].at
    case: Ticket | None = None
    while now <= until:
        while left and left[0].at == now:
            case = fold(case, left.pop(0), SLAS.statuses_of("zendesk:1"))
        assert case is not None
        running = tuple(clock for clock in clocks(case, SLAS) if clock.due)
        case = ring(case, running, now)
        found[now] = {(f.rule, f.stage) for f in judge(case, SLAS, now).findings}
        now += timedelta(minutes=1)
    return changed(found)


def changed(found: Wrong) -> Wrong:
    kept: Wrong = {}
    for moment, wrong in found.items():
        if not kept or wrong != list(kept.values())[-1]:
            kept[moment] = wrong
    return kept


@settings(deadline=None, max_examples=40)
@given(days)
def test_a_replay_finds_what_somebody_finds_who_looks_each_minute(
    day: list[tuple[int, str]],
) -> None:
    events = lived(day)
    until = events[-1].at + timedelta(hours=8)
    told = replay(events, SLAS, until)
    found = {j.ticket.as_of[0]: {(f.rule, f.stage) for f in j.findings} for j in told}
    assert changed(found) == looking_each_minute(events, until)


# --- the rest ------------------------------------------------------------------------------------


def test_a_desk_without_statuses_of_its_own_has_zendesks() -> None:
    plain = replace(POLICY, statuses={})
    assert plain.statuses_of("jsm:1") is STATUSES
    assert POLICY.statuses_of("zendesk:1")["parked"] is Category.HOLD
