"""Rules that are kept to cases with handoffs, and to warnings before the deadline."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.clocks import clocks, ring
from bridge.domain.example import NOW, Handoff, Ticket, ago
from bridge.domain.goals import Goal
from bridge.domain.hours import Hours
from bridge.domain.judge import Policy, Rule, judge
from bridge.domain.model import Severity
from bridge.domain.rules.first_response import FirstResponse
from bridge.domain.rules.handoffs import Handoffs
from bridge.domain.rules.reopened import Reopened
from bridge.domain.rules.stale_update import StaleUpdate

HOUR = timedelta(hours=1)


def found(rule: Rule, *, deadline: float, **ticket: Any) -> list[str]:
    """What the rule finds; its goal warns after an hour and is breached after two, the deadline comes after so many."""
    goals = (
        Goal(name="first_response", targets={"": 2 * HOUR}, warn=(0.5,)),
        Goal(name="periodic_update", targets={"": 2 * HOUR}, warn=(0.5,)),
        Goal(name="resolution", targets={"": deadline * HOUR}, pause=frozenset()),
    )
    policy = Policy(rules=(rule,), goals=goals, hours=Hours(NOW.tzinfo))  # type: ignore[arg-type]
    case = Ticket(id="zendesk:1", as_of=(NOW, 0, ""), whole=True, **ticket)
    case = ring(case, clocks(case, policy), NOW)
    return [finding.stage or finding.rule for finding in judge(case, policy, NOW).findings]


def hands(*hours_ago: float) -> tuple[Handoff, ...]:
    return tuple(Handoff(ago(hours=h), "team", f"{n}", f"{n + 1}") for n, h in enumerate(hours_ago))


@pytest.mark.parametrize(
    ("waited", "handoffs", "stages"),
    [(1.5, 0, []), (1.5, 1, []), (1.5, 2, ["warn"]), (3, 0, []), (3, 1, ["breach"])],
)
def test_a_breach_asks_for_one_handoff_and_a_warning_for_two(
    waited: float, handoffs: int, stages: list[str]
) -> None:
    rule = FirstResponse(with_handoffs=1, at_risk_with_handoffs=2)
    ticket: dict[str, Any] = {"waiting_since": ago(hours=waited), "opened_at": ago(hours=waited)}
    assert found(rule, deadline=99, handoffs=hands(*[0.5] * handoffs), **ticket) == stages


@pytest.mark.parametrize("many", ["with_handoffs", "at_risk_with_handoffs"])
def test_fewer_handoffs_than_none_are_refused(many: str) -> None:
    with pytest.raises(ValueError, match=many):
        FirstResponse(**{many: -1})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("deadline", "told"),
    [(0.9, []), (1.0, []), (1.1, ["breach"]), (9, ["breach"])],
    ids=["missed before the warning", "missed with it", "missed after it", "still to come"],
)
def test_what_begins_after_the_deadline_is_not_told(deadline: float, told: list[str]) -> None:
    """Waiting since three hours: the warning came after one, the breach after two."""
    ticket: dict[str, Any] = {"waiting_since": ago(hours=3), "opened_at": ago(hours=3)}
    assert found(FirstResponse(early=True), deadline=deadline, **ticket) == told
    assert found(FirstResponse(), deadline=deadline, **ticket) == ["breach"]


def test_of_what_is_not_told_nothing_begins() -> None:
    """A warning that nobody heard was none: the breach came after the deadline."""
    ticket: dict[str, Any] = {"last_reply_at": ago(hours=3), "opened_at": ago(hours=3)}
    assert found(StaleUpdate(early=True), deadline=1.5, **ticket) == []
    warned = StaleUpdate(early=True, at_risk=Severity.WARNING)
    assert found(warned, deadline=1.5, **ticket) == ["breach"]


def test_the_handoff_that_was_missing_may_come_too_late() -> None:
    ticket: dict[str, Any] = {"waiting_since": ago(hours=3), "opened_at": ago(hours=3)}
    rule = FirstResponse(early=True, with_handoffs=1)
    assert found(rule, deadline=2.5, handoffs=hands(0.2), **ticket) == []
    assert found(rule, deadline=2.5, handoffs=hands(0.8), **ticket) == ["breach"]


def test_counts_are_early_or_late_as_well() -> None:
    ticket: dict[str, Any] = {"opened_at": ago(hours=3)}
    moves = hands(2.5, 2.0, 0.5)
    assert found(Handoffs(at_least=2, early=True), deadline=2, handoffs=moves, **ticket)
    assert not found(Handoffs(at_least=3, early=True), deadline=2, handoffs=moves, **ticket)
    again = (ago(hours=0.5),)
    assert not found(Reopened(at_least=1, early=True), deadline=2, reopened=again, **ticket)
    assert found(Reopened(at_least=1, early=True), deadline=9, reopened=again, **ticket)


def test_without_the_goal_all_is_told() -> None:
    ticket: dict[str, Any] = {"waiting_since": ago(hours=3)}  # nobody knows when it was opened
    assert found(FirstResponse(early=True), deadline=1, **ticket) == ["breach"]


def test_handoffs_between_teams_alone() -> None:
    moves = (*hands(2, 1), Handoff(ago(hours=0.5), "agent", "a", "b"))
    ticket: dict[str, Any] = {"opened_at": ago(hours=3), "handoffs": moves}
    assert found(Handoffs(), deadline=9, **ticket)
    assert not found(Handoffs(teams_only=True), deadline=9, **ticket)
    assert found(Handoffs(teams_only=True, at_least=2), deadline=9, **ticket)
