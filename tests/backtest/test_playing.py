"""Playing a case finds what judging in earnest finds, and a sweep finds what each value would find by itself."""

from __future__ import annotations

from datetime import timedelta
from math import inf, isinf

import pytest

from bridge.domain.judge import Policy, replay
from bridge.domain.model import Answer, Rated, Severity, StatusChanged
from bridge.insight.backtest.case import Case
from bridge.insight.backtest.grid import HOURS, as_configured, whole_grid
from bridge.insight.backtest.pasting import asked, policy_of, toml
from bridge.insight.backtest.plan import Variant
from bridge.insight.backtest.playing import play
from tests.backtest.lives import DEADLINE, HOUR, POLICY, lives

LATEST = timedelta(days=400)


def first_by_replay(case: Case, policy: Policy) -> dict[str, float]:
    """Hours until each rule first found what people are told of, as `bridge.domain.judge` plays a history."""
    found: dict[str, float] = {}
    told = (Severity.WARNING, Severity.HIGH, Severity.CRITICAL)
    for judgement in replay(case.events, policy, case.opened_at + LATEST):
        now = judgement.ticket.as_of[0]
        for finding in (*judgement.findings, *judgement.shadows):
            if finding.severity in told:
                hours = (now - case.opened_at).total_seconds() / 3600
                found.setdefault(finding.rule, hours)
    return found


def test_a_case_is_judged_as_in_earnest() -> None:
    plan = as_configured(POLICY)
    for case in lives(200):
        played = play(case, plan)
        expected = first_by_replay(case, plan.policy)
        by_rule = {one.rule: at for one, at in zip(plan.variants, played.first, strict=True)}
        assert by_rule == {one.rule: expected.get(one.rule, inf) for one in plan.variants}, case.id


def test_reminders_do_not_ring_for_ever() -> None:
    case = lives(1)[0]
    waiting = Case(id=case.id, opened_at=case.opened_at, events=case.events[:1], outcomes={})
    plan = as_configured(POLICY)
    assert plan.variants[0].rule == "first_response"
    assert play(waiting, plan).first[0] == 6.0


def test_a_rule_in_shadow_is_played_and_marked() -> None:
    tells = {one.rule: one.tells for one in as_configured(POLICY).variants}
    assert tells["handoffs"]
    assert not tells["ping_pong"]


GRID = whole_grid(POLICY, {})
BY_DEADLINE = whole_grid(POLICY, {"default": DEADLINE})
SOME = [n for n, one in enumerate(GRID.variants) if one.tunable][::7]


@pytest.mark.parametrize("column", SOME, ids=lambda n: f"{GRID.variants[n].rule}-{n}")
def test_a_sweep_finds_what_each_value_finds_by_itself(column: int) -> None:
    variant = GRID.variants[column]
    alone = _alone(variant, {})
    for case in lives(60, seed=2):
        swept = play(case, GRID).first[column]
        assert _first(case, alone, variant) == pytest.approx(swept), case.id


WARNINGS = [
    n
    for n, one in enumerate(BY_DEADLINE.variants)
    if one.tunable and not (one.share and one.value == 1.0)  # which would be the deadline itself
][::9]


@pytest.mark.parametrize("column", WARNINGS, ids=lambda n: f"{BY_DEADLINE.variants[n].rule}-{n}")
def test_before_the_deadline_alone_is_what_the_grid_leaves_after_cutting(column: int) -> None:
    variant = BY_DEADLINE.variants[column]
    alone = _alone(variant, {"default": DEADLINE})
    for case in filter(_never_reopened, lives(100, seed=3)):
        swept = play(case, BY_DEADLINE).first[column]
        expected = swept if swept < DEADLINE / HOUR else inf
        assert _first(case, alone, variant) == pytest.approx(expected), case.id


def _never_reopened(case: Case) -> bool:
    """The clock of a goal stands still while a case is solved, and a deadline of the past does not."""
    return not any(isinstance(e, StatusChanged) and e.status == "solved" for e in case.events)


def _alone(variant: Variant, deadlines: dict[str, timedelta]) -> Policy:
    """The policy that says this alone, read as it would be pasted into bridge.toml."""
    return policy_of(toml(asked([variant], POLICY, [], deadlines)), POLICY)


def _first(case: Case, policy: Policy, variant: Variant) -> float:
    plan = as_configured(policy)
    column = next(n for n, one in enumerate(plan.variants) if one.rule == variant.rule)
    return play(case, plan).first[column]


def test_every_target_of_the_grid_is_a_stage() -> None:
    goal = next(one for one in GRID.policy.goals if one.name == "first_response")
    needs = [stage.need for stage in goal.stages(goal.targets[""])]
    assert needs == [hours * HOUR for hours in HOURS]


def test_events_of_one_moment_are_judged_together() -> None:
    """There and back within one moment is no ping-pong that anybody saw."""
    case = lives(1)[0]
    score = Answer(id="1", score=0.0, raw="1", low=1, high=5)
    better = Answer(id="1", score=1.0, raw="5", low=1, high=5)
    at = case.opened_at + HOUR
    events = (
        case.events[0],
        Rated(id="a", subject=case.id, at=at, answer=score),
        Rated(id="b", subject=case.id, at=at, seq=1, answer=better),
    )
    column = next(n for n, one in enumerate(GRID.variants) if one.rule == "low_score")
    changed = Case(id=case.id, opened_at=case.opened_at, events=events, outcomes={})
    assert isinf(play(changed, GRID).first[column])
    bad = Case(id=case.id, opened_at=case.opened_at, events=events[:2], outcomes={})
    assert play(bad, GRID).first[column] == 1.0
