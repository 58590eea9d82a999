"""The words of the domain are values: what is stored is exactly what is judged."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from bridge.domain.alerts import reconcile
from bridge.domain.model import (
    Alert,
    AnyEvent,
    Contact,
    Due,
    Finding,
    Seen,
    Severity,
    Tagged,
    Ticket,
    Undeliverable,
)
from tests.stories import (
    agent_answered,
    at,
    became,
    gone,
    moved,
    opened,
    ranked,
    rated,
    reported,
    ticket,
)

HISTORY: tuple[AnyEvent, ...] = (
    opened("09:00", seen=Seen(status="new", tags=("a",), team="", opened_at=at("08:59"))),
    agent_answered("09:10", text="Hello", ref="c1", save="s1"),
    became("09:10", "solved", save="s1"),
    became("09:20", "open"),
    ranked("09:30", "urgent"),
    moved("09:40", team="T1", agent="A1"),
    moved("09:50", team="T2", agent=""),
    reported("10:00", title="Broken"),
    gone("10:10", into="17"),
    gone("10:20", back=True),
    rated("10:30", score=0.0, raw="0", resolved=False, contact=Contact(name="Ana")),
    Tagged(id="t", subject="zendesk:1", at=at("10:40"), added=("b",), removed=("a",)),
    Due(id="d", subject="zendesk:1", at=at("10:50"), goal="resolution", stage="breach"),
)


@pytest.mark.parametrize("event", HISTORY, ids=lambda e: type(e).__name__)
def test_an_event_comes_back_as_it_was(event: AnyEvent) -> None:
    stored = msgspec.json.encode(event)
    assert msgspec.json.decode(stored, type=AnyEvent) == event


def test_a_ticket_and_an_alert_come_back_as_they_were() -> None:
    made = ticket(*HISTORY)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Ticket) == made
    found = Finding(rule="slow", severity=Severity.HIGH, headline="Slow", since=at("09:00"))
    alert, _ = reconcile(None, made, [found], {}, at("11:00"))
    assert msgspec.json.decode(msgspec.json.encode(alert), type=Alert) == alert


def test_a_contact_is_something_or_nothing() -> None:
    assert not Contact()
    assert Contact(phone="+1")


def test_what_could_not_be_sent_says_whether_to_try_again() -> None:
    never = Undeliverable("no such channel")
    assert (str(never), never.retry_after, never.unsure, never.wide) == (
        "no such channel",
        None,
        False,
        False,
    )
    later = Undeliverable("busy", retry_after=timedelta(seconds=3), unsure=True, wide=True)
    assert (later.retry_after, later.unsure, later.wide) == (timedelta(seconds=3), True, True)
