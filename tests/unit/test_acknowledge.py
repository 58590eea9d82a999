"""Somebody has an alert in hand: it is said, and nobody is reminded any more; what is graver is told all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bridge.domain.alerts import Change, acknowledge, reconcile
from bridge.domain.model import (
    Action,
    Alert,
    Finding,
    Party,
    Press,
    Pressed,
    Reason,
    Severity,
    Team,
    Ticket,
)
from bridge.domain.routing import DEFAULT_ROUTES, Plan, plan

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
CASE = Ticket(id="zendesk:1", as_of=(NOON, 0, ""))


def found(stage: str, severity: Severity = Severity.HIGH) -> Finding:
    return Finding(
        rule="first_response",
        severity=severity,
        headline=f"It waits ({stage})",
        since=NOON,
        level=stage,
        stage=stage,
    )


def alert(stage: str = "breach", severity: Severity = Severity.HIGH) -> Alert:
    return Alert(
        subject=CASE.id,
        ref="AB-1",
        number=1,
        severity=severity,
        opened_at=NOON,
        changed_at=NOON,
        reasons=(Reason(finding=found(stage, severity), added_at=NOON),),
    )


def pressed(ref: str = "AB-1", who: str = "Mona") -> Pressed:
    return Pressed(
        id="pressed",
        subject=CASE.id,
        at=NOON + timedelta(minutes=5),
        by=Party.AGENT,
        alert=ref,
        action=Press.ACKNOWLEDGE,
        who=who,
    )


def test_whoever_acknowledges_first_has_it() -> None:
    taken, steps = acknowledge(alert(), pressed())
    assert taken is not None
    assert [step.change for step in steps] == [Change.ACKNOWLEDGED]
    assert (taken.acknowledged_by, taken.acknowledged_at) == ("Mona", NOON + timedelta(minutes=5))
    assert acknowledge(taken, pressed(who="Nils")) == (taken, ())


def test_an_alert_that_is_over_or_another_is_left_alone() -> None:
    assert acknowledge(None, pressed()) == (None, ())
    assert acknowledge(alert(), pressed("AB-2")) == (alert(), ())


def test_no_reminder_comes_after_it_but_what_is_graver_does() -> None:
    later = NOON + timedelta(hours=9)
    taken, _ = acknowledge(alert(), pressed())
    assert reconcile(taken, CASE, [found("nag2")], {}, later) == (taken, ())
    reminded, steps = reconcile(alert(), CASE, [found("nag2")], {}, later)
    assert [step.change for step in steps] == [Change.REMINDED]
    warned, _ = acknowledge(alert("warn", Severity.WARNING), pressed())
    raised, steps = reconcile(warned, CASE, [found("breach")], {}, later)
    assert Change.RAISED in [step.change for step in steps]
    assert raised is not None
    assert raised.acknowledged_by == "Mona"
    assert reminded is not None


def test_the_channel_is_told_in_the_thread_and_the_message_is_kept_current() -> None:
    taken, steps = acknowledge(alert(), pressed())
    assert taken is not None
    facts = Plan(
        Team(name="A", slack_channel="C1"), DEFAULT_ROUTES, "zendesk", frozenset({"slack"})
    )
    told = [d for d in plan(taken, CASE, steps, facts) if d.channel == "slack"]
    assert [d.action for d in told] == [Action.EDIT, Action.REPLY]
    assert "Acknowledged by Mona" in told[1].text
