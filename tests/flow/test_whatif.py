"""The past is lived through again exactly as it was; under other values it tells what would have differed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from bridge.domain.model import Alert, Press
from bridge.store import whatif as past
from bridge.work import whatif
from bridge.work.again import live_again
from bridge.work.press import press
from tests.flow.conftest import Command, Office, Opens
from tests.flow.loop_desk import LoopOffice, loop_office

RULE = "low_score"
NEXT_REPLY = """
[goals.next_reply]
target = { default = "4h" }
warn = [0.75]
nag = "1h"
"""


@pytest.fixture(scope="module")
def eventful(open_shared: Opens) -> LoopOffice:
    """Days in which clocks breach, people act, customers rate, tickets come back, and alerts are opened again."""
    office = loop_office(open_shared, lambda policy: policy + NEXT_REPLY)
    waits = office.open(about="Nobody answers")
    office.later(hours=3, minutes=30)  # warned
    office.later(hours=1)  # breached, and told again
    office.answer(waits)
    office.ask(waits)
    office.later(hours=6)
    office.answer(waits)
    rated = office.rated(score=1, who="Omar")
    act(office, Press.ACKNOWLEDGE, rated)
    office.later(hours=2)
    act(office, Press.RESOLVE, rated)
    act(office, Press.REOPEN, rated)
    office.later(days=1)
    act(office, Press.RESOLVE, rated)
    good = office.rated(score=3)
    office.solve(good)
    office.ask(good, words="It broke again")
    office.solve(good)
    office.ask(good, words="And again")
    for team in ("Support", "Billing", "Support", "Billing"):
        office.hand(good, team)
    office.solve(good)
    office.rate(good, score=1, words="Awful")
    office.later(days=9)
    return office


def act(office: Office, action: Press, ticket: int) -> None:
    """Somebody does something about the newest alert of a ticket."""
    office.later(seconds=1)
    alert = [one for one in office.alerts() if one.subject == f"zendesk:{ticket}"][-1]
    said: dict[str, Any] = {"cause": "other", "words": "done"} if action is Press.RESOLVE else {}
    press(office.world.bridge, alert.ref, action, alert.owner, **said)
    office.later(seconds=4)


def told(alerts: Sequence[Alert]) -> list[tuple[Any, ...]]:
    """What of alerts has to be the same."""
    return [
        (
            alert.ref,
            alert.subject,
            alert.team,
            alert.opened_at,
            alert.severity,
            alert.state,
            alert.ended_at,
            alert.reopened,
            sorted((r.finding.rule, r.finding.headline, r.added_at) for r in alert.reasons),
        )
        for alert in alerts
    ]


def lived(office: Office) -> list[Alert]:
    """All alerts, with the present policy, as the past comes to when it is lived through again."""
    bridge, found = office.world.bridge, []
    with bridge.engine.begin() as connection:
        facts = whatif.facts_of(bridge, connection, bridge.now())
        tickets = past.touched(connection, bridge.now() - timedelta(days=30), None, 100)
        subjects = [one.subject for one in tickets]
        heard, real = past.heard(connection, subjects), past.alerts_of(connection, subjects)
        for subject in subjects:
            found += live_again(bridge, facts, heard[subject], real[subject], bridge.now()).alerts
    return found


def test_the_past_lived_through_again_is_what_it_really_was(eventful: LoopOffice) -> None:
    real = eventful.alerts()
    assert len(real) >= 4
    assert {r.finding.rule for a in real for r in a.reasons} >= {
        "first_response",
        "next_reply",
        "low_score",
        "handoffs",
        "ping_pong",
        "reopened",
    }
    assert sorted(told(lived(eventful))) == sorted(told(real))


def test_the_same_values_change_nothing(eventful: LoopOffice) -> None:
    found = compared(eventful, {"severity": "high"})
    assert (found.judged, found.faults) == (found.total, 0)
    assert found.whole
    assert found.alerts == whatif.Both(len(eventful.alerts()), len(eventful.alerts()))
    assert found.really == len(eventful.alerts())
    assert (found.many_added, found.many_dropped) == (0, 0)


def compared(office: Office, values: dict[str, Any], **bounds: Any) -> whatif.Comparison:
    bridge = office.world.bridge
    rules = whatif.changed_rules(bridge.settings.rules, RULE, values)
    return whatif.compare(bridge, whatif.with_rules(rules), 30, bounds=whatif.Bounds(**bounds))


def test_a_higher_line_adds_the_cases_below_it(office: Office) -> None:
    fine = office.open()
    office.answer(fine)
    office.rate(fine, score=3)
    office.solve(fine)
    office.ask(fine, words="It is back")
    poor = office.open(who="Omar")
    office.answer(poor)
    office.rate(poor, score=2)
    found = compared(office, {"at_or_below": 0.5})
    [case] = found.added
    assert case.subject == f"zendesk:{fine}"
    assert case.headline == "The customer rated 3 on a scale of 1 to 5"
    assert (case.team, case.ref) == ("Billing", "")
    assert case.reopened
    assert not case.low_score
    assert found.alerts == whatif.Both(1, 2)
    assert found.by_rule == {"low_score": whatif.Both(1, 2)}
    assert found.teams == {"Billing": whatif.Both(1, 2)}
    [(monday, both)] = found.weeks.items()
    assert (monday.weekday(), both) == (0, whatif.Both(1, 2))
    assert found.bad_added == 1


def test_a_rule_that_is_off_drops_its_cases(office: Office) -> None:
    poor = office.open(who="Omar")
    office.answer(poor)
    office.rate(poor, score=2)
    [alert] = office.alerts()
    found = compared(office, {"enabled": False})
    [case] = found.dropped
    assert (case.ref, case.subject) == (alert.ref, f"zendesk:{poor}")
    assert (found.many_dropped, found.alerts) == (1, whatif.Both(1, 0))


def test_a_rule_that_is_off_can_be_tried(open_office: Opens) -> None:
    office = open_office(lambda policy: policy + "\n[rules.low_score]\nenabled = false\n")
    poor = office.open(who="Omar")
    office.answer(poor)
    office.rate(poor, score=2)
    assert office.alerts() == []
    assert compared(office, {"enabled": True}).alerts == whatif.Both(0, 1)


def test_timers_ring_for_a_severity_that_was_off(office: Office) -> None:
    """Nobody was told at the warning; with a severity for it they would have been, an hour before the breach."""
    rules = whatif.changed_rules(
        office.world.bridge.settings.rules, "first_response", {"at_risk": "off"}
    )
    ticket = office.open()
    office.later(hours=3, minutes=30)
    office.answer(ticket)
    found = whatif.compare(office.world.bridge, whatif.with_rules(rules), 7)
    assert (found.alerts, found.many_dropped) == (whatif.Both(1, 0), 1)


def test_it_ends_when_it_is_told_to_with_the_newest_first(office: Office) -> None:
    for who in ("Anna", "Omar", "Anna"):
        ticket = office.open(who=who)
        office.answer(ticket)
        office.rate(ticket, score=2)
    found = compared(office, {"enabled": False}, tickets=2)
    assert (found.judged, found.total, found.whole) == (2, 3, False)
    assert [case.subject for case in found.dropped] == ["zendesk:3", "zendesk:2"]
    assert compared(office, {"enabled": False}, seconds=0.0).judged == 0


def test_how_far_it_is_is_told(office: Office) -> None:
    for who in ("Anna", "Omar"):
        office.open(who=who)
    steps: list[tuple[int, int]] = []
    whatif.compare(
        office.world.bridge, lambda policy: policy, 7, tell=lambda *far: steps.append(far)
    )
    assert steps == [(1, 2), (2, 2)]


def test_what_lies_before_the_time_asked_for_is_known_but_not_counted(office: Office) -> None:
    poor = office.open()
    office.answer(poor)
    office.rate(poor, score=2)
    office.later(days=8)
    office.ask(poor)
    bridge = office.world.bridge
    found = whatif.compare(bridge, lambda policy: policy, 7)
    assert (found.judged, found.alerts.now) == (1, 0)
    assert whatif.compare(bridge, lambda policy: policy, 30).alerts.now == 1


def test_other_goals_are_lived_through_as_well(office: Office) -> None:
    ticket = office.open()
    office.later(hours=2)
    office.answer(ticket)
    shorter = timedelta(hours=1)
    found = whatif.compare(
        office.world.bridge,
        lambda policy: replace(
            policy, goals=tuple(replace(goal, targets={"": shorter}) for goal in policy.goals)
        ),
        7,
    )
    assert found.alerts == whatif.Both(0, 1)


def test_one_looks_at_the_past_at_a_time(office: Office) -> None:
    bridge = office.world.bridge
    with bridge.engine.begin() as connection:
        assert past.alone(connection)
        with pytest.raises(whatif.Busy):
            compared(office, {"at_or_below": 0.5})
    assert compared(office, {"at_or_below": 0.5}).total == 0


def test_nothing_is_written(eventful: LoopOffice) -> None:
    bridge = eventful.world.bridge
    count = text(
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM deliveries),"
        " (SELECT count(*) FROM alerts), (SELECT max(updated_at) FROM tickets)"
    )
    with bridge.engine.begin() as connection:
        before = connection.execute(count).one()
    compared(eventful, {"at_or_below": 0.9})
    with bridge.engine.begin() as connection:
        assert connection.execute(count).one() == before


@pytest.mark.parametrize(
    ("values", "field", "why"),
    [
        ({"at_or_below": "much"}, "at_or_below", "valid number"),
        ({"severity": "loud"}, "severity", "'loud' is not known"),
        ({"at_or_bellow": 0.5}, "at_or_bellow", "did you mean 'at_or_below'?"),
        ({"enabled": "perhaps"}, "enabled", "must be a bool"),
    ],
)
def test_what_the_configuration_would_not_take_is_refused_by_name(
    office: Office, values: dict[str, Any], field: str, why: str
) -> None:
    with pytest.raises(whatif.Refused) as refused:
        compared(office, values)
    assert refused.value.field == field
    assert why in refused.value.why


def test_a_rule_that_is_unknown_is_refused(office: Office) -> None:
    with pytest.raises(whatif.Refused, match="did you mean 'low_score'"):
        whatif.changed_rules(office.world.bridge.settings.rules, "low_scores", {"severity": "high"})


def test_the_command_tells_it_to_people_and_to_programs(
    open_office: Opens, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command goes by the real clock, so this office was open yesterday."""
    yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    monkeypatch.setitem(open_office.__globals__, "START", yesterday)
    office = open_office()
    poor = office.open()
    office.answer(poor)
    office.rate(poor, score=3)
    shown = command(office, "whatif", RULE, "at_or_below=0.5")
    assert "judged 1 of 1 tickets" in shown
    assert "1 case added" in shown
    assert "The customer rated 3" in shown
    raw = command(office, "whatif", RULE, "at_or_below=0.5", "--json")
    read = json.loads(raw[raw.index("{") :])
    assert read["alerts"] == {"now": 0, "then": 1}
    assert read["by_rule"] == {"low_score": {"now": 0, "then": 1}}
    wrong = command(office, "whatif", RULE, "at_or_below=x", code=1)
    assert "at_or_below: Input should be a valid number" in wrong
    assert "KEY=VALUE" in command(office, "whatif", RULE, "at_or_below", code=2)
