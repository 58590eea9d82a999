"""A rule in shadow is judged like any other and tells nobody; what it would have told stands beside the live rules."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.model import Severity
from bridge.domain.rules import begins_in_shadow, rules
from bridge.insight.shadow import lately
from bridge.insight.tables import records
from bridge.store import shadows
from bridge.work import whatif
from bridge.work.keeping import tidy
from tests.flow.conftest import Command, Office, Opens

SHADOW = """
[rules.handoffs]
shadow = true
at_least = 2

[rules.reopened]
shadow = true
at_least = 1
"""
OTHERS = "".join(
    f"\n[rules.{name}]\nenabled = false\n" for name, cls in rules().items() if begins_in_shadow(cls)
)
"""No rule is in shadow but those that a test puts there."""


@pytest.fixture
def office(open_office: Opens) -> Office:
    """Two rules are in shadow; all others are live."""
    return open_office(lambda policy: policy + SHADOW + OTHERS)


def kept(office: Office) -> list[shadows.Shadow]:
    """What nobody was told of, oldest first."""
    since, until = office.now - timedelta(days=400), office.now + timedelta(days=1)
    with office.world.bridge.engine.begin() as connection:
        return shadows.newest(connection, since, until, None, 100)[::-1]


def rules_of(office: Office) -> set[str]:
    return {reason.finding.rule for alert in office.alerts() for reason in alert.reasons}


def test_nobody_is_told_and_it_is_kept_once(office: Office) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.solve(ticket)
    office.ask(ticket, words="It is back.")
    office.ask(ticket, words="Hello?")
    [found] = kept(office)
    assert (found.rule, found.subject, found.team) == ("reopened", f"zendesk:{ticket}", "Billing")
    assert (found.severity, found.alerted, found.gone_at) == (Severity.WARNING, False, None)
    assert found.headline == "Reopened"
    assert office.alerts() == []
    assert (office.posts(), office.notes(ticket), office.tags(ticket)) == ([], [], set())


def test_it_says_when_it_no_longer_held(office: Office) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.solve(ticket)
    office.ask(ticket)
    office.solve(ticket)
    [found] = kept(office)
    assert found.gone_at is not None
    assert found.gone_at > found.found_at


def test_it_says_whether_others_had_rung_by_then(office: Office) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.rate(ticket, score=1)
    office.solve(ticket)
    office.ask(ticket)
    assert rules_of(office) == {"low_score"}
    assert [(found.rule, found.alerted) for found in kept(office)] == [("reopened", True)]


def test_a_live_rule_keeps_no_shadows(open_office: Opens) -> None:
    office = open_office(lambda policy: policy + OTHERS)
    ticket = office.open()
    office.answer(ticket)
    office.rate(ticket, score=1)
    assert kept(office) == []


def lines(office: Office, table: str) -> list[dict[str, Any]]:
    """A table of what was found in the last week."""
    bridge = office.world.bridge
    with bridge.engine.begin() as connection:
        found = lately(connection, bridge.settings, office.now, 7)
    return [dict(record) for one in found.tables if one.name == table for record in records(one)]


def test_what_would_have_been_told_stands_beside_what_was(office: Office) -> None:
    back, poor = office.open(), office.open(who="Omar")
    for ticket in (back, poor):
        office.answer(ticket)
    office.solve(back)
    office.ask(back, words="It is back.")
    office.later(days=1)
    office.rate(back, score=5)
    office.rate(poor, score=1)
    rows = {row["rule"]: row for row in lines(office, "shadow_rules")}
    shadow = rows["reopened"]
    assert (shadow["told"], shadow["found"], shadow["adds"]) == ("in shadow", 1, 1)
    assert (shadow["share_bad_after"], shadow["share_alerted_before"]) == (0, 0)
    assert rows["low_score"]["told"] == "live"
    assert rows["low_score"]["adds"] is None
    [team] = lines(office, "shadow_teams")
    assert (team["team"], team["found"], team["adds"]) == ("Billing", 1, 1)
    [week] = [row for row in lines(office, "shadow_weeks") if row["reopened"]]
    assert week["live"] > 0


def test_a_low_score_afterwards_counts_for_it(office: Office) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.solve(ticket)
    office.ask(ticket)
    office.solve(ticket)
    office.rate(ticket, score=1)
    [row] = [row for row in lines(office, "shadow_rules") if row["rule"] == "reopened"]
    assert (row["low_after"], row["reopened_after"], row["share_bad_after"]) == (1, 0, 1)
    assert (row["share_alerted_before"], row["share_alerted_later"]) == (0, 1)


def test_a_later_reopening_counts_for_it_too(office: Office) -> None:
    ticket = office.open()
    office.answer(ticket)
    for _ in range(2):
        office.solve(ticket)
        office.ask(ticket)
    [row] = [row for row in lines(office, "shadow_rules") if row["rule"] == "reopened"]
    assert (row["low_after"], row["reopened_after"]) == (0, 1)


def test_the_command_line_says_what_is_in_shadow(office: Office, command: Command) -> None:
    told = json.loads(command(office, "shadows", "--days", "7", "--json"))
    assert told == {
        "days": 7,
        "in_shadow": ["handoffs", "reopened"],
        "shadow_rules": [],
        "shadow_weeks": told["shadow_weeks"],
        "shadow_teams": [],
        "newest": [],
    }
    assert "In shadow: handoffs, reopened" in command(office, "shadows")


def test_what_if_it_told(office: Office, command: Command) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.solve(ticket)
    office.ask(ticket)
    bridge = office.world.bridge
    values = {"shadow": False}
    rules = whatif.changed_rules(bridge.settings.rules, "reopened", values)
    in_shadow = whatif.changed_shadow(bridge.settings.in_shadow, "reopened", values)
    found = whatif.compare(bridge, whatif.with_rules(rules, in_shadow), 30)
    assert found.alerts == whatif.Both(0, 1)
    assert found.by_rule == {"reopened": whatif.Both(0, 1)}
    assert "it is true or false" in command(office, "whatif", "reopened", "shadow=7", code=1)
    told = command(office, "whatif", "reopened", "at_least=2")
    assert "reopened is in shadow, and tells nobody: add shadow=false" in told


def test_old_ones_are_forgotten(office: Office) -> None:
    ticket = office.open()
    office.answer(ticket)
    office.solve(ticket)
    office.ask(ticket)
    assert len(kept(office)) == 1
    office.world.clock.move(office.now + timedelta(days=399))
    tidy(office.world.bridge)
    assert len(kept(office)) == 1
    office.world.clock.move(office.now + timedelta(days=2))
    tidy(office.world.bridge)
    assert kept(office) == []
