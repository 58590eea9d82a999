"""What is recommended can be pasted into bridge.toml, and means what it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from bridge.domain.model import Severity
from bridge.domain.rules.handoffs import Handoffs
from bridge.domain.rules.stale_update import StaleUpdate
from bridge.insight.backtest.choosing import members
from bridge.insight.backtest.grid import whole_grid
from bridge.insight.backtest.pasting import asked, diff, policy_of, present, sentence, toml
from bridge.insight.backtest.plan import Variant
from bridge.settings import parse
from tests.backtest.lives import HOUR, POLICY

BY_PRIORITY = {"3 - Moderate": 123 * HOUR, "default": timedelta(hours=61, minutes=30)}


def update(hours: int, handoffs: int = 0) -> Variant:
    return Variant(
        rule="stale_update",
        tunable="target",
        value=hours,
        number=hours,
        goal="periodic_update",
        targets={"": hours * HOUR},
        with_handoffs=handoffs,
    )


def test_two_targets_of_one_goal_are_a_breach_and_a_warning() -> None:
    text = toml(asked([update(24, handoffs=3), update(96)], POLICY, [], {}))
    assert text == (
        '[goals.periodic_update]\ntarget = "96h"\nwarn = ["72h"]\n\n'
        '[rules.stale_update]\nat_risk_with_handoffs = 3\nat_risk = "warning"\n'
    )
    policy = policy_of(text, POLICY)
    goal = next(one for one in policy.goals if one.name == "periodic_update")
    assert [stage.need / HOUR for stage in goal.stages(goal.targets[""])] == [24, 96]
    rule = next(one for one in policy.rules if isinstance(one, StaleUpdate))
    assert (rule.at_risk, rule.at_risk_with_handoffs) == (Severity.WARNING, 3)


def test_a_deadline_by_priority_makes_rules_early() -> None:
    tables = asked([update(24)], POLICY, ["handoffs"], BY_PRIORITY)
    text = toml(tables)
    assert 'target = { "3 - Moderate" = "123h", default = "61h30m" }' in text
    assert tables["rules.stale_update"]["early"] is True
    assert tables["rules.resolution_time"] == {"shadow": True}
    policy = policy_of(text, POLICY)
    assert policy.in_shadow == {"ping_pong", "handoffs", "resolution_time"}


@pytest.mark.parametrize("deadlines", [{}, BY_PRIORITY], ids=["hours", "deadlines"])
def test_every_variant_of_the_grid_can_be_pasted(deadlines: dict[str, timedelta]) -> None:
    for member in members(whole_grid(POLICY, deadlines).variants):
        variant = member.variants[0]
        text = toml(asked([variant], POLICY, ["reopened"], deadlines))
        settings = parse(text, {})
        assert variant.rule in {rule.name for rule in settings.rules}
        assert variant.rule not in settings.in_shadow
        assert sentence(variant)


def test_what_is_configured_of_a_rule_stays() -> None:
    policy = replace(POLICY, rules=(Handoffs(at_least=5, severity=Severity.CRITICAL),))
    chosen = Variant(rule="handoffs", tunable="at_least", value=2, fixed={"teams_only": True})
    tables = asked([chosen], policy, [], {})
    assert tables["rules.handoffs"] == {
        "at_least": 2,
        "severity": "critical",
        "teams_only": True,
    }


def test_the_diff_shows_what_changes_alone() -> None:
    tables = asked([update(96)], POLICY, ["handoffs"], {})
    told = diff(present(POLICY, tables), tables)
    assert '-target = "30h"' in told
    assert '+target = "96h"' in told
    assert "+shadow = true" in told
    assert diff(present(POLICY, tables), present(POLICY, tables)) == ""


def test_a_rule_that_is_off_is_turned_on() -> None:
    policy = replace(POLICY, rules=())
    chosen = Variant(rule="handoffs", tunable="at_least", value=4)
    assert policy_of(toml(asked([chosen], policy, [], {})), policy).rules == (Handoffs(at_least=4),)
