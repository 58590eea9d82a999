"""The one question that customers are asked in public: by its own call, once, and known as ours afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.domain.model import Action, Receipt, Undeliverable
from bridge.sandbox import Fault, Sandbox
from connectors import Unsearchable
from connectors.desks.jsm import JiraServiceManagement
from connectors.desks.zendesk import Zendesk
from tests.contract.messages import dispatch
from tests.contract.wire import Asked, Said, Vendor

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=1)
MARKER = "4f9a2c11d05e77ab"
TEXT = "Hello,\n\nplease tell us:\n\nhttps://alerts.example.com/followup/a-b_c.d/\n\nThank you."


@dataclass(frozen=True)
class Desk:
    """One of the two desks on the sandbox, with a request by Anna."""

    sandbox: Sandbox
    desk: Any
    key: str
    seen: Callable[[], list[tuple[str, str]]]
    notes: Callable[[], list[tuple[str, str]]]


@contextmanager
def on_zendesk(sandbox: Sandbox) -> Iterator[Desk]:
    zendesk = sandbox.zendesk
    us = zendesk.add_agent("Alert Bridge", "bridge@example.com")
    zendesk.add_token("good", us)
    anna = zendesk.add_customer("Anna Weber", "anna@example.com")
    ticket = zendesk.open_ticket(anna, "Invoice is wrong", "Please help")
    desk = Zendesk(
        name="zendesk",
        subdomain="demo",
        base_url=sandbox.zendesk_url,
        user_id=str(us),
        token=lambda _: "good",
    )
    yield Desk(
        sandbox,
        desk,
        str(ticket),
        lambda: zendesk.public_view(ticket),
        lambda: zendesk.notes(ticket),
    )


@contextmanager
def on_jira(sandbox: Sandbox) -> Iterator[Desk]:
    jira = sandbox.jira
    jira.add_project("HELP", "Support")
    us = jira.add_agent("Alert Bridge", "bridge@example.com")
    jira.add_token("good", us)
    anna = jira.add_customer("Anna Weber", "anna@example.com")
    issue = jira.open_request(anna, "Invoice is wrong", "Please help", "HELP")
    desk = JiraServiceManagement(
        name="jsm",
        site="demo",
        user="bridge@example.com",
        base_url=sandbox.jira_url,
        user_id=us,
        token=lambda _: "good",
    )
    yield Desk(sandbox, desk, issue, lambda: jira.public_view(issue), lambda: jira.notes(issue))


@pytest.fixture(params=[on_zendesk, on_jira], ids=["Zendesk", "Jira"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with Sandbox(lambda: NOW) as sandbox, request.param(sandbox) as made:
        yield made


def test_the_customer_reads_the_question_and_nothing_else_of_ours(desk: Desk) -> None:
    receipt = desk.desk.ask(desk.key, TEXT, MARKER)

    assert [words for _, words in desk.seen()] == ["Please help", f"{TEXT}\n\nRef {MARKER}"]
    assert desk.notes() == []
    assert receipt.own[-1] == f"comment:{receipt.ref}"
    assert receipt.to == desk.key
    assert receipt.remark == ""


@pytest.mark.parametrize("applied", [True, False], ids=["asked", "not asked"])
def test_after_a_lost_answer_the_question_is_looked_for(desk: Desk, applied: bool) -> None:
    fault = Fault.timeout_after_applying() if applied else Fault.reset_before()
    desk.sandbox.faults = lambda *_: fault
    with pytest.raises(Undeliverable) as failure:
        desk.desk.ask(desk.key, TEXT, MARKER)
    assert failure.value.unsure
    desk.sandbox.faults = lambda *_: None

    found = desk.desk.asked(desk.key, MARKER, BEFORE)
    assert (found is not None) is applied
    assert desk.desk.asked(desk.key, "another", BEFORE) is None
    assert len(desk.seen()) == 1 + applied


def test_what_is_found_is_what_was_written(desk: Desk) -> None:
    receipt = desk.desk.ask(desk.key, TEXT, MARKER)
    assert desk.desk.asked(desk.key, MARKER, BEFORE) == receipt


def test_a_note_with_the_marker_is_no_question_and_the_other_way_round(desk: Desk) -> None:
    desk.desk.send(dispatch(Action.NOTE, desk.key, marker=MARKER))
    assert desk.desk.asked(desk.key, MARKER, BEFORE) is None

    desk.desk.ask(desk.key, TEXT, "11aa22bb33cc44dd")
    question = dispatch(Action.NOTE, desk.key, marker="11aa22bb33cc44dd")
    assert desk.desk.find(question, BEFORE) is None


def test_no_ticket_is_asked_that_is_none(desk: Desk) -> None:
    for key in ("", "12/../13", "x"):
        with pytest.raises(Undeliverable, match="no ticket"):
            desk.desk.ask(key, TEXT, MARKER)
        with pytest.raises(Undeliverable, match="no ticket"):
            desk.desk.asked(key, MARKER, BEFORE)


def test_a_ticket_that_is_not_there_is_asked_nothing(desk: Desk) -> None:
    with pytest.raises(Undeliverable) as failure:
        desk.desk.ask("99999", TEXT, MARKER)
    assert failure.value.retry_after is None
    assert not failure.value.wide


# --- on the wire


def zendesk_at(vendor: Vendor) -> Zendesk:
    return Zendesk(name="zendesk", subdomain="demo", base_url=vendor.url, token=lambda _: "good")


def jira_at(vendor: Vendor) -> JiraServiceManagement:
    return JiraServiceManagement(
        name="jsm", site="acme", base_url=vendor.url, token=lambda _: "good"
    )


def updated(*events: dict[str, Any]) -> Said:
    audit = {"id": 7, "created_at": "2026-11-21T10:00:00Z", "events": list(events)}
    return Said.of({"ticket": {"id": 12}, "audit": audit})


def test_zendesk_is_told_that_it_is_public_and_nothing_but_the_question() -> None:
    with Vendor(updated({"id": 9, "type": "Comment", "public": True, "body": MARKER})) as vendor:
        receipt = zendesk_at(vendor).ask("12", TEXT, MARKER)
    (asked,) = vendor.asked
    assert (asked.method, asked.path) == ("PUT", "/api/v2/tickets/12.json")
    comment = {"body": f"{TEXT}\n\nRef {MARKER}", "public": True}
    assert asked.json == {"ticket": {"comment": comment, "metadata": {"bridge": MARKER}}}
    assert receipt == Receipt("9", "12", ("audit:7", "comment:9"))


def test_jira_is_told_that_it_is_public_and_nothing_but_the_question() -> None:
    with Vendor(Said.of({"id": "501", "body": TEXT, "public": True}, 201)) as vendor:
        receipt = jira_at(vendor).ask("10002", TEXT, MARKER)
    (asked,) = vendor.asked
    assert (asked.method, asked.path) == ("POST", "/rest/servicedeskapi/request/10002/comment")
    assert asked.json == {"body": f"{TEXT}\n\nRef {MARKER}", "public": True}
    assert receipt == Receipt("501", "10002", ("comment:501",))


def test_a_question_that_is_kept_from_the_customer_is_remarked_on() -> None:
    with Vendor(updated({"id": 9, "type": "Comment", "public": False, "body": "x"})) as vendor:
        assert "keeps" in zendesk_at(vendor).ask("12", TEXT, MARKER).remark
    with Vendor(Said.of({"id": "501", "public": False}, 201)) as vendor:
        assert "keeps" in jira_at(vendor).ask("10002", TEXT, MARKER).remark


def test_an_answer_without_a_comment_leaves_it_open_whether_it_was_asked() -> None:
    for ask, said in ((zendesk_at, updated()), (jira_at, Said.of({"public": True}, 201))):
        with Vendor(said) as vendor, pytest.raises(Undeliverable) as failure:
            ask(vendor).ask("12", TEXT, MARKER)
        assert failure.value.unsure


def test_jira_writes_to_nobody_where_there_is_no_customer() -> None:
    no_request = Said.of({"errorMessage": "The request does not exist"}, 404)
    with Vendor(no_request) as vendor, pytest.raises(Undeliverable, match="nobody") as failure:
        jira_at(vendor).ask("10002", TEXT, MARKER)
    assert failure.value.retry_after is None
    assert {re.sub(r"\?.*", "", asked.path) for asked in vendor.asked} == {
        "/rest/servicedeskapi/request/10002/comment"
    }


# --- too many comments to look through


def zendesk_pages(asked: Asked) -> Said:
    """Pages without an end, each with one comment that is newer than what is looked for."""
    number = len(asked.path)
    comment = {"id": number, "created_at": "2026-11-21T10:00:00Z", "public": True, "body": "Hi"}
    links = {"next": f"https://demo.zendesk.com/x?page[after]={'a' * number}"}
    return Said.of({"comments": [comment], "meta": {"has_more": True}, "links": links})


def jira_pages(_: Asked) -> Said:
    comment = {"id": "1", "created": "2026-11-21T10:00:00.000+0000", "body": "Hi"}
    return Said.of({"comments": [comment], "total": 10_000})


def test_where_it_cannot_be_known_that_is_said() -> None:
    for made, says in ((zendesk_at, zendesk_pages), (jira_at, jira_pages)):
        with Vendor(says) as vendor, pytest.raises(Unsearchable):
            made(vendor).asked("12", MARKER, BEFORE)
        assert len(vendor.asked) == 3


def test_it_is_not_looked_further_back_than_need_be() -> None:
    for made, says in ((zendesk_at, zendesk_pages), (jira_at, jira_pages)):
        with Vendor(says) as vendor:
            assert made(vendor).asked("12", MARKER, NOW + timedelta(hours=1)) is None
        assert len(vendor.asked) == 1
