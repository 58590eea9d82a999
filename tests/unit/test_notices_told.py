"""What is told of an alert's change to other programs, and what each answer means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.alerts import Change, Step
from bridge.domain.model import Alert, Finding, Member, Promise, Reason, Severity
from bridge.domain.notice import KINDS, TEST, TYPES, body, data, told
from bridge.work.notices import AGAIN, judged
from bridge.work.publicly import Answer
from tests.pages import rows, section, text

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
UNTOLD = {Change.SAID, Change.REFUSED, Change.OBEYED, Change.DUE_A_LOOK}


def step(change: Change, minute: int = 0) -> Step:
    return Step(change=change, at=NOW + timedelta(minutes=minute), words="She cried.", via="slack")


def test_every_change_is_told_but_those_between_people() -> None:
    assert set(Change) - set(TYPES) == UNTOLD


def test_every_type_is_documented() -> None:
    assert set(rows(section(text("docs/outgoing.md"), "## Types"))) == {*KINDS, TEST}


def test_each_kind_of_change_is_told_once_with_the_last_step_of_it() -> None:
    steps = [
        step(Change.ADDED, 1),
        step(Change.EASED, 2),
        step(Change.SAID),
        step(Change.RAISED, 3),
    ]
    found = [(kind, one.change) for kind, one in told(steps)]
    assert found == [("alert.updated", Change.EASED), ("alert.raised", Change.RAISED)]


def test_a_body_has_what_a_program_needs_and_nothing_of_people() -> None:
    finding = Finding(
        rule="low_score", severity=Severity.HIGH, headline="Anna is furious", since=NOW
    )
    alert = Alert(
        subject="zendesk:1",
        ref="AB-1",
        severity=Severity.HIGH,
        opened_at=NOW,
        changed_at=NOW,
        reasons=(Reason(finding=finding, added_at=NOW),),
        team="Billing",
        customer="zendesk:7",
        owner=Member(name="Mona Berg"),
        done="We called Anna.",
        promises={"contact": Promise(due_at=NOW + timedelta(hours=24))},
    )
    said = body("alert.noted", NOW, data(alert, step(Change.NOTED), {"page": "https://x"}))
    assert said["timestamp"] == "2026-03-10T09:30:00Z"
    alert_said = said["data"]["alert"]
    assert alert_said["goals"]["contact"] == {"due_at": "2026-03-11T09:30:00Z", "met_at": None}
    assert (alert_said["owned"], alert_said["rules"][0]["rule"]) == (True, "low_score")
    assert not [word for word in ("Anna", "Mona", "cried", "zendesk:7") if word in str(said)]


@pytest.mark.parametrize(
    ("status", "taken", "wide"),
    [
        (200, True, False),
        (202, True, False),
        (204, True, False),
        (301, False, True),
        (400, False, False),
        (401, False, True),
        (404, False, True),
        (410, False, True),
        (422, False, False),
        (429, False, True),
        (500, False, True),
        (503, False, True),
    ],
)
def test_only_2xx_is_a_yes(status: int, taken: bool, wide: bool) -> None:
    outcome = judged(Answer(status=status, said="", retry_after=None))
    assert (not outcome.why, outcome.wide) == (taken, wide)


def test_what_fails_is_tried_for_some_three_days() -> None:
    assert timedelta(days=3) < sum(AGAIN, timedelta()) < timedelta(days=3.5)
    assert list(AGAIN) == sorted(AGAIN)
