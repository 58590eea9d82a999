"""A ticket is judged by its state, the policy and the time: nothing else."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from bridge.domain.goals import Goal
from bridge.domain.judge import Policy, judge, replay
from bridge.domain.model import AnyEvent, Category
from bridge.domain.rules import rules
from bridge.domain.ticket import STATUSES
from tests.stories import (
    NINE_TO_FIVE,
    ROUND_THE_CLOCK,
    agent_answered,
    at,
    became,
    customer_wrote,
    moved,
    opened,
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


def test_nothing_is_wrong_with_a_young_ticket() -> None:
    judgement = judge(ticket(opened("09:00")), POLICY, at("09:30"))
    assert [c.goal for c in judgement.clocks] == ["first_response"]
    assert judgement.findings == ()


def test_time_alone_makes_it_worse() -> None:
    case = ticket(opened("09:00"))
    found = [judge(case, POLICY, at(now)).findings for now in ("09:59", "10:00", "11:00")]
    assert [[f.level for f in findings] for findings in found] == [[], ["warn"], ["breach"]]


def test_several_things_can_be_wrong_at_once() -> None:
    case = ticket(opened("09:00"), rated("09:10", score=0.0, resolved=False))
    found = judge(case, POLICY, at("12:00")).findings
    assert [f.rule for f in found] == ["first_response", "low_score", "not_resolved"]


def test_the_team_that_has_it_brings_its_hours() -> None:
    case = ticket(opened("20:00"))
    assert judge(case, POLICY, at("23:00")).findings == ()
    taken = ticket(opened("20:00"), moved("20:01", team="17"))
    assert judge(taken, POLICY, at("23:00")).findings


def test_a_history_is_judged_event_by_event_at_the_events_own_time() -> None:
    other = customer_wrote("09:30", subject="zendesk:2")
    history: list[AnyEvent] = [
        agent_answered("11:30"),
        opened("09:00"),
        other,
        became("11:00", "parked"),
    ]
    told = list(replay([*history, *history], POLICY))
    assert [(j.ticket.id, j.ticket.as_of[0]) for j in told] == [
        ("zendesk:1", at("09:00")),
        ("zendesk:2", at("09:30")),
        ("zendesk:1", at("11:00")),
        ("zendesk:1", at("11:30")),
    ]
    assert [[f.level for f in j.findings] for j in told] == [[], [], ["breach"], []]
    assert told[2].ticket.category is Category.HOLD


def test_a_desk_without_statuses_of_its_own_has_zendesks() -> None:
    plain = replace(POLICY, statuses={})
    assert plain.statuses_of("jsm:1") is STATUSES
    assert POLICY.statuses_of("zendesk:1")["parked"] is Category.HOLD
