"""Zendesk's own service levels beside a ticket: what runs, waits, is over, and how long there is left."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from bridge.sandbox import Sandbox
from bridge.sandbox.zendesk_slas import METRICS, SlaPolicy

from .conftest import Clock, People

API = "https://demo.zendesk.com/api/v2"
REPLIES = SlaPolicy(
    title="Replies", targets={"high": {"first_reply_time": 60, "next_reply_time": 240}}
)
UPDATES = SlaPolicy(
    title="Updates",
    targets={"high": {"periodic_update_time": 60, "pausable_update_time": 60}},
)
WORK = SlaPolicy(
    title="Work", targets={"high": {"requester_wait_time": 600, "agent_work_time": 600}}
)


@pytest.fixture
def desk(sandbox: Sandbox, session: requests.Session, people: People) -> requests.Session:
    session.headers["Authorization"] = "Bearer static"
    return session


@pytest.fixture
def ticket(sandbox: Sandbox, people: People) -> int:
    return sandbox.zendesk.open_ticket(people.anna, "Invoice wrong", "I paid twice", None, "high")


def shown(desk: requests.Session, ticket: int) -> dict[str, dict[str, Any]]:
    """The clocks beside the ticket, by metric, as one read and as many at once."""
    one = desk.get(f"{API}/tickets/{ticket}.json?include=slas,users", timeout=5).json()
    many = desk.get(f"{API}/tickets/show_many.json?ids={ticket}&include=slas", timeout=5).json()
    assert many["tickets"][0]["slas"] == one["ticket"]["slas"]
    metrics = one["ticket"]["slas"]["policy_metrics"]
    return {metric.pop("metric"): metric for metric in metrics}


def test_nothing_without_being_asked_or_without_a_policy(
    desk: requests.Session, sandbox: Sandbox, ticket: int
) -> None:
    assert shown(desk, ticket) == {}
    plain = desk.get(f"{API}/tickets/{ticket}.json", timeout=5).json()["ticket"]
    assert "slas" not in plain


def test_nothing_without_a_priority(
    desk: requests.Session, sandbox: Sandbox, people: People
) -> None:
    sandbox.zendesk.sla_policies = [REPLIES, WORK]
    ticket = sandbox.zendesk.open_ticket(people.anna, "Help", "?")
    assert shown(desk, ticket) == {}
    sandbox.zendesk.set_priority(ticket, people.ben, "high")
    assert set(shown(desk, ticket)) == {"first_reply_time"}


def test_the_first_policy_with_targets_for_the_priority_counts(
    desk: requests.Session, sandbox: Sandbox, ticket: int
) -> None:
    other = SlaPolicy(title="Other", targets={"urgent": dict.fromkeys(METRICS, 1)})
    sandbox.zendesk.sla_policies = [other, REPLIES, WORK]
    assert set(shown(desk, ticket)) == {"first_reply_time"}


def test_a_first_reply_that_is_awaited_missed_and_given(
    desk: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
) -> None:
    sandbox.zendesk.sla_policies = [REPLIES]
    due = "2026-11-21T11:00:00Z"
    assert shown(desk, ticket)["first_reply_time"] == {
        "breach_at": due,
        "stage": "active",
        "minutes": 60,
    }
    clock.forward(minutes=75)
    sandbox.zendesk.note(ticket, people.ben, "A note is no reply")
    missed = shown(desk, ticket)["first_reply_time"]
    assert missed == {"breach_at": due, "stage": "active", "minutes": -15}
    sandbox.zendesk.reply(ticket, people.ben, "Sorry!")
    assert shown(desk, ticket)["first_reply_time"] == {"breach_at": due, "stage": "achieved"}


def test_the_next_reply_runs_from_the_oldest_question(
    desk: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
) -> None:
    sandbox.zendesk.sla_policies = [REPLIES]
    sandbox.zendesk.reply(ticket, people.ben, "Which one?")
    assert set(shown(desk, ticket)) == {"first_reply_time"}
    clock.forward(hours=1)
    sandbox.zendesk.reply(ticket, people.anna, "The second")
    clock.forward(hours=1)
    sandbox.zendesk.reply(ticket, people.anna, "Hello?")
    clocks = shown(desk, ticket)
    assert clocks["first_reply_time"]["stage"] == "achieved"
    assert clocks["next_reply_time"] == {
        "breach_at": "2026-11-21T15:00:00Z",
        "stage": "active",
        "hours": 3,
    }


def test_updates_begin_again_with_each_reply_and_one_kind_waits(
    desk: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
) -> None:
    sandbox.zendesk.sla_policies = [UPDATES]
    assert shown(desk, ticket) == {}
    sandbox.zendesk.reply(ticket, people.ben, "We look into it")
    clock.forward(minutes=30)
    sandbox.zendesk.reply(ticket, people.ben, "Still looking")
    clock.forward(minutes=10)
    sandbox.zendesk.set_status(ticket, people.ben, "pending")
    clock.forward(minutes=5)
    clocks = shown(desk, ticket)
    assert clocks["periodic_update_time"] == {
        "breach_at": "2026-11-21T11:30:00Z",
        "stage": "active",
        "minutes": 45,
    }
    assert clocks["pausable_update_time"] == {"breach_at": None, "stage": "paused", "minutes": 50}
    sandbox.zendesk.set_status(ticket, people.ben, "open")
    assert shown(desk, ticket)["pausable_update_time"]["breach_at"] == "2026-11-21T11:35:00Z"


def test_work_waits_on_hold_and_the_requester_does_not(
    desk: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
) -> None:
    sandbox.zendesk.sla_policies = [WORK]
    clock.forward(hours=1)
    sandbox.zendesk.set_status(ticket, people.ben, "hold")
    clock.forward(hours=2)
    clocks = shown(desk, ticket)
    assert clocks["requester_wait_time"]["breach_at"] == "2026-11-21T20:00:00Z"
    assert clocks["agent_work_time"] == {"breach_at": None, "stage": "paused", "hours": 9}
    sandbox.zendesk.set_status(ticket, people.ben, "pending")
    assert {one["stage"] for one in shown(desk, ticket).values()} == {"paused"}


def test_solving_ends_all_and_reopening_goes_on_with_work(
    desk: requests.Session, sandbox: Sandbox, ticket: int, people: People, clock: Clock
) -> None:
    targets = {**REPLIES.targets["high"], **UPDATES.targets["high"], **WORK.targets["high"]}
    sandbox.zendesk.sla_policies = [SlaPolicy(title="All", targets={"high": targets})]
    sandbox.zendesk.reply(ticket, people.ben, "We look into it")
    clock.forward(hours=1)
    sandbox.zendesk.reply(ticket, people.anna, "And?")
    sandbox.zendesk.solve(ticket, people.ben, "Refunded")
    assert {name: one["stage"] for name, one in shown(desk, ticket).items()} == dict.fromkeys(
        METRICS, "achieved"
    )
    clock.forward(days=1)
    sandbox.zendesk.reply(ticket, people.anna, "It did not arrive")
    clocks = shown(desk, ticket)
    running = {name for name, one in clocks.items() if one["stage"] == "active"}
    assert running == {"next_reply_time", "requester_wait_time", "agent_work_time"}
    assert clocks["agent_work_time"]["hours"] == 9
    assert clocks["agent_work_time"]["breach_at"] == "2026-11-22T20:00:00Z"


def test_a_new_priority_brings_its_target(
    desk: requests.Session, sandbox: Sandbox, ticket: int, people: People
) -> None:
    targets = {"high": {"agent_work_time": 600}, "low": {"agent_work_time": 10_000}}
    sandbox.zendesk.sla_policies = [SlaPolicy(title="All", targets=targets)]
    assert shown(desk, ticket)["agent_work_time"]["hours"] == 10
    sandbox.zendesk.set_priority(ticket, people.ben, "low")
    assert shown(desk, ticket)["agent_work_time"] == {
        "breach_at": "2026-11-28T08:40:00Z",
        "stage": "active",
        "days": 6,
    }
    sandbox.zendesk.set_priority(ticket, people.ben, "urgent")
    assert shown(desk, ticket) == {}
