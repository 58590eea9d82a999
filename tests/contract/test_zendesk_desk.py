"""Zendesk: notes that are never public, tags that leave others alone, and a ticket's history."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bridge.domain.model import (
    Action,
    AnyEvent,
    Assigned,
    ConfigError,
    Opened,
    Party,
    Rated,
    Read,
    Replied,
    StatusChanged,
    Tagged,
    Touched,
    Undeliverable,
)
from bridge.domain.ticket import fold_all
from bridge.sandbox import Fault, Sandbox
from connectors import Unsearchable
from connectors.desks.zendesk import Zendesk
from connectors.desks.zendesk_note import note_text
from connectors.desks.zendesk_token import host, mint
from connectors.http import session
from tests.contract.messages import LINE, MESSAGE, SINCE, dispatch, nasty
from tests.contract.wire import Asked, Said, Vendor

PAYLOADS = Path(__file__).parents[3] / "shared/payloads"


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Tokens:
    """Gives a token, and a new one when told that it was refused."""

    tokens: list[str]
    renewed: int = field(default=0)

    def __call__(self, renew: bool) -> str:
        if renew:
            self.renewed += 1
            if len(self.tokens) > 1:
                self.tokens.pop(0)
        return self.tokens[0]


@dataclass(frozen=True)
class World:
    sandbox: Sandbox
    clock: Clock
    desk: Zendesk
    anna: int
    """A customer."""
    ben: int
    """An agent."""
    us: int
    billing: int
    ticket: int

    @property
    def key(self) -> str:
        return str(self.ticket)


@pytest.fixture
def world() -> Iterator[World]:
    clock = Clock()
    with Sandbox(clock) as sandbox:
        zendesk = sandbox.zendesk
        us = zendesk.add_agent("Alert Bridge", "bridge@example.com")
        zendesk.add_token("good", us)
        anna = zendesk.add_customer("Anna Weber", "anna@example.com", "+4930123456")
        ben = zendesk.add_agent("Ben Ito", "ben@example.com")
        billing = zendesk.add_group("Billing")
        ticket = zendesk.open_ticket(anna, "Invoice is wrong", "Please help", tags=["vip"])
        clock.forward(minutes=30)
        desk = Zendesk(
            name="zendesk",
            subdomain="demo",
            base_url=sandbox.zendesk_url,
            user_id=str(us),
            token=lambda _: "good",
        )
        yield World(sandbox, clock, desk, anna, ben, us, billing, ticket)


def at(vendor: Vendor, **more: Any) -> Zendesk:
    given: dict[str, Any] = {"name": "zendesk", "subdomain": "demo", "token": lambda _: "good"}
    return Zendesk(base_url=vendor.url, **given | more)


# -- notes --


def test_a_note_is_internal(world: World) -> None:
    receipt = world.desk.send(dispatch(Action.NOTE, world.key))
    zendesk = world.sandbox.zendesk
    assert [text for _, text in zendesk.public_view(world.ticket)] == ["Please help"]
    ((_, note),) = zendesk.notes(world.ticket)
    assert note == note_text(MESSAGE, "d-4f9a2c")
    audit = zendesk.tickets[world.ticket].audits[-1]
    assert audit["metadata"]["custom"] == {"bridge": "d-4f9a2c"}
    comment = next(event["id"] for event in audit["events"] if event["type"] == "Comment")
    assert receipt.ref == str(comment)
    assert receipt.own == (f"audit:{audit['id']}", f"comment:{comment}")
    assert receipt.remark == ""


def note_audit(public: bool = False) -> Said:
    comment = {"id": 9, "type": "Comment", "public": public, "body": "… d-4f9a2c"}
    events = [{"id": 8, "type": "Change", "field_name": "tags"}, comment]
    return Said.of(
        {
            "ticket": {"id": 1},
            "audit": {"id": 7, "created_at": "2026-11-21T10:00:00Z", "events": events},
        }
    )


@pytest.mark.parametrize("message", [MESSAGE, nasty()])
def test_the_wire_says_that_a_note_is_not_public(message: Any) -> None:
    with Vendor(note_audit()) as vendor:
        receipt = at(vendor).send(dispatch(Action.NOTE, "12", message))
    (asked,) = vendor.asked
    assert (asked.method, asked.path) == ("PUT", "/api/v2/tickets/12.json")
    comment = asked.json["ticket"].pop("comment")
    assert comment.pop("public") is False
    assert set(comment) == {"body"}
    assert asked.json["ticket"]["metadata"] == {"bridge": "d-4f9a2c"}
    assert set(asked.json["ticket"]) == {"id", "comment", "metadata"}
    assert receipt.own == ("audit:7", "comment:9")


def test_a_note_that_became_public_is_remarked_on() -> None:
    with Vendor(note_audit(public=True)) as vendor:
        assert "public" in at(vendor).send(dispatch(Action.NOTE, "12")).remark


@pytest.mark.parametrize("lost", [True, False])
def test_after_an_ambiguous_failure_the_note_is_looked_for(world: World, lost: bool) -> None:
    before = world.clock.at - timedelta(minutes=1)
    note = dispatch(Action.NOTE, world.key, marker="d-77")
    assert world.desk.find(note, before) is None
    fault = Fault.timeout_after_applying() if lost else Fault.reset_before()
    world.sandbox.faults = lambda *_: fault
    with pytest.raises(Undeliverable) as failure:
        world.desk.send(note)
    assert failure.value.unsure
    world.sandbox.faults = lambda *_: None
    found = world.desk.find(note, before)
    assert (found is not None) is lost
    if found:
        assert found.own[-1] == f"comment:{found.ref}"
        assert found.own[0].startswith("audit:")
        assert world.desk.find(dispatch(Action.NOTE, world.key, marker="d-78"), before) is None


def comments(*bodies: str, **more: Any) -> dict[str, Any]:
    made = [
        {
            "id": n,
            "body": body,
            "public": False,
            "author_id": 5,
            "created_at": "2026-11-21T10:00:00Z",
        }
        | more
        for n, body in enumerate(bodies, 1)
    ]
    return {"comments": made, "meta": {"has_more": False}}


@pytest.mark.parametrize(
    ("page", "found"),
    [
        (comments("x", "… d-4f9a2c"), "2"),
        (comments("x", metadata={"custom": {"bridge": "d-4f9a2c"}}), "1"),
        (comments("… d-4f9a2c", public=True), None),
        (comments("… d-4f9a2c", author_id=6), None),
        (comments(), None),
    ],
)
def test_only_an_internal_comment_of_ours_counts(page: dict[str, Any], found: str | None) -> None:
    with Vendor(Said.of(page)) as vendor:
        receipt = at(vendor, user_id="5").find(dispatch(Action.NOTE, "12"), SINCE)
    assert (receipt.ref if receipt else None) == found
    assert "sort=-created_at" in vendor.asked[0].path


@pytest.mark.parametrize("ascending", [True, False])
def test_old_comments_are_not_read_and_too_many_are_unsearchable(ascending: bool) -> None:
    def says(_: Asked) -> Said:
        page = comments("a", "b")
        old, new = "2026-11-21T08:00:00Z", "2026-11-21T10:00:00Z"
        times = (old, old.replace("08", "09")) if ascending else (new, old)
        for comment, time in zip(page["comments"], times, strict=True):
            comment["created_at"] = time
        page["meta"]["has_more"] = True
        page["links"] = {"next": f"https://elsewhere.example/x?page%5Bafter%5D={len(vendor.asked)}"}
        return Said.of(page)

    with Vendor(says) as vendor:
        desk = at(vendor)
        if ascending:
            with pytest.raises(Unsearchable):
                desk.find(dispatch(Action.NOTE, "12"), SINCE)
        else:
            assert desk.find(dispatch(Action.NOTE, "12"), SINCE) is None
    assert len(vendor.asked) == (3 if ascending else 1)


# -- the text of a note --


def test_a_note_says_what_an_agent_needs() -> None:
    assert note_text(MESSAGE, "d-1") == (
        "Alert Bridge · High: Anna rated her ticket 1 of 5\n"
        "Since 21 Nov 2026, 09:30 UTC · Team Billing\n"
        "  Score: 1 of 5\n"
        "  Answered: 4 minutes ago\n"
        "The customer's words:\n"
        "> Nobody called me back.\n"
        "> I want to speak to a manager!\n"
        "Listen: https://calls.example.com/r/1.mp3\n"
        "What would put it right: Call her today, then say in the ticket what was agreed.\n"
        "Playbook: https://wiki.example.com/low-score\n"
        "Told: #billing-alerts, Mona (manager)\n"
        "Discussed at: https://demo.slack.com/archives/C1/p1\n"
        "Ref AB-12 · d-1"
    )


def test_a_note_tells_several_reasons_and_those_that_are_gone() -> None:
    gone = msgspec.structs.replace(LINE, headline="Waits for two hours", gone=True)
    other = msgspec.structs.replace(LINE, headline="Handed on 3 times", words="", facts=())
    text = note_text(msgspec.structs.replace(MESSAGE, lines=(LINE, other, gone), resolved=True))
    assert text.startswith("Alert Bridge · Resolved: ")
    assert "• High: Handed on 3 times" in text
    assert "No longer so: Waits for two hours" in text


@pytest.mark.parametrize("message", [nasty(), nasty(resolved=True), nasty(lines=())])
def test_a_hostile_note_is_tamed(message: Any) -> None:
    text = note_text(message, "d-1")
    assert len(text) < 3000
    text.encode()
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200f\u202a-\u202e\u2028\u2066-\u2069]", text
    )
    assert not re.search(r"\{\{|\{%|!\[|javascript:", text)
    *above, last = text.split("\n")
    assert last.startswith("Ref ")
    assert last.endswith(" · d-1")
    ours: tuple[str, ...] = (
        "Alert Bridge · ",
        "Since ",
        "• ",
        "  ",
        "> ",
        ">",
        "The customer's words:",
        "Listen: ",
    )
    ours += ("What would ", "Playbook: ", "No longer so: ", "Told: ", "Please note: ", "…")
    assert all(line.startswith(ours) for line in above)


# -- tags --


def test_tags_are_added_and_taken_off_and_others_left_alone(world: World) -> None:
    zendesk = world.sandbox.zendesk
    tag = dispatch(Action.TAG, world.key, tags=("alert_high", "vip"))
    assert world.desk.find(tag, SINCE) is None
    world.desk.send(tag)
    assert set(zendesk.tickets[world.ticket].tags) == {"vip", "alert_high"}
    assert world.desk.find(tag, SINCE)
    untag = dispatch(Action.UNTAG, world.key, tags=("alert_high", "never_there"))
    assert world.desk.find(untag, SINCE) is None
    world.desk.send(untag)
    assert zendesk.tickets[world.ticket].tags == ("vip",)
    assert world.desk.find(untag, SINCE)


def test_tags_cost_one_look_and_one_write() -> None:
    with Vendor(Said.of({"tags": ["vip"]})) as vendor:
        at(vendor).send(dispatch(Action.TAG, "12", tags=("a", "b", "vip")))
        at(vendor).send(dispatch(Action.UNTAG, "12", tags=("vip", "c")))
    path = "/api/v2/tickets/12/tags.json"
    assert {one.path for one in vendor.asked} == {path}
    assert [one.method for one in vendor.asked] == ["GET", "PUT", "GET", "DELETE"]
    assert vendor.asked[1].json == {"tags": ["a", "b"]}
    assert vendor.asked[3].json == {"tags": ["vip"]}


def test_tags_that_are_as_wanted_are_not_written(world: World) -> None:
    saved = len(world.sandbox.zendesk.tickets[world.ticket].audits)
    world.desk.send(dispatch(Action.TAG, world.key, tags=("vip",)))
    world.desk.send(dispatch(Action.UNTAG, world.key, tags=("alert_high",)))
    assert len(world.sandbox.zendesk.tickets[world.ticket].audits) == saved


# -- refusals --


def test_a_ticket_that_is_gone(world: World) -> None:
    for key in ("999", "999999999999999999"):
        with pytest.raises(Undeliverable, match=f"ticket {key} does not exist any more") as failure:
            world.desk.send(dispatch(Action.NOTE, key))
        assert failure.value.retry_after is None
        assert not failure.value.wide
    with pytest.raises(Undeliverable, match="does not exist any more"):
        world.desk.history("999")


def test_a_closed_ticket(world: World) -> None:
    world.sandbox.zendesk.close(world.ticket)
    for sent in (
        dispatch(Action.NOTE, world.key),
        dispatch(Action.TAG, world.key, tags=("alert_high",)),
    ):
        with pytest.raises(Undeliverable, match=f"ticket {world.key} is closed") as failure:
            world.desk.send(sent)
        assert failure.value.retry_after is None


@pytest.mark.parametrize("key", ["", "abc", "12/../13", "-1", "1.5", "²", "9" * 30])
def test_what_is_no_ticket_is_not_asked_for(key: str) -> None:
    with Vendor() as vendor:
        for call in (
            lambda: at(vendor).send(dispatch(Action.NOTE, key)),
            lambda: at(vendor).find(dispatch(Action.NOTE, key), SINCE),
            lambda: at(vendor).history(key),
        ):
            with pytest.raises(Undeliverable, match="is no ticket of zendesk"):
                call()
    assert not vendor.asked


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            403,
            {"error": {"title": "Forbidden", "message": "No access"}},
            "403: Forbidden: No access",
        ),
        (
            400,
            {"error": "TooManyValues", "description": "Too many"},
            "400: TooManyValues: Too many",
        ),
        (
            422,
            {"error": "RecordInvalid", "details": {"priority": [{"description": "is odd"}]}},
            "422: RecordInvalid: is odd",
        ),
        (404, {"error": "InvalidEndpoint", "description": "Not found"}, "InvalidEndpoint"),
        (409, {"error": "UpdateConflict"}, "409: UpdateConflict"),
        (500, "Anna's words in a page", "500"),
    ],
)
def test_the_vendors_own_reason_is_told(status: int, body: object, words: str) -> None:
    with Vendor(Said.of(body, status)) as vendor, pytest.raises(Undeliverable) as failure:
        at(vendor).send(dispatch(Action.NOTE, "12"))
    assert words in str(failure.value)
    assert "Anna" not in str(failure.value)
    assert "ticket 12" in str(failure.value)


def test_a_redirect_is_not_followed() -> None:
    with (
        Vendor() as elsewhere,
        Vendor(Said.of({}, 302, Location=elsewhere.url)) as vendor,
        pytest.raises(Undeliverable, match="302"),
    ):
        at(vendor).send(dispatch(Action.NOTE, "12"))
    assert len(vendor.asked) == 1
    assert not elsewhere.asked


# -- tokens --


def test_a_refused_token_is_renewed_once(world: World) -> None:
    tokens = Tokens(["expired", "good"])
    desk = Zendesk(
        name="zendesk", subdomain="demo", base_url=world.sandbox.zendesk_url, token=tokens
    )
    desk.send(dispatch(Action.NOTE, world.key))
    assert tokens.renewed == 1
    assert len(world.sandbox.zendesk.notes(world.ticket)) == 1


def test_a_token_that_stays_refused_needs_an_admin() -> None:
    tokens = Tokens(["bad"])
    answer = Said.of({"error": "Couldn't authenticate you"}, 401)
    with Vendor(answer) as vendor, pytest.raises(Undeliverable, match="token") as failure:
        at(vendor, token=tokens).send(dispatch(Action.NOTE, "12"))
    assert (tokens.renewed, len(vendor.asked)) == (1, 2)
    assert failure.value.wide
    assert failure.value.retry_after is None


def test_a_token_is_minted(world: World) -> None:
    world.sandbox.zendesk.add_client("bridge", "hush", world.us)
    http = session(base_urls={host("demo"): world.sandbox.zendesk_url})
    token = mint(http, "demo", "bridge", "hush")
    assert token.expires_in == 1800
    assert token.access_token not in repr(token)
    desk = Zendesk(
        name="zendesk",
        subdomain="demo",
        base_url=world.sandbox.zendesk_url,
        token=lambda _: token.access_token,
    )
    assert desk.me().id == str(world.us)


def test_a_token_is_refused_in_words_without_the_secret(world: World) -> None:
    http = session(base_urls={host("demo"): world.sandbox.zendesk_url})
    with pytest.raises(Undeliverable, match="invalid_client") as failure:
        mint(http, "demo", "bridge", "hush")
    assert failure.value.wide
    assert "hush" not in str(failure.value)
    for answer in (b"{}", b"[]", b'{"access_token": "a b"}', b"<html>"):
        with Vendor(Said(200, answer)) as vendor, pytest.raises(Undeliverable, match="no token"):
            mint(session(base_urls={host("demo"): vendor.url}), "demo", "bridge", "hush")
    with Vendor(Said.of({}, 429, Retry_After="9")) as vendor, pytest.raises(Undeliverable) as later:
        mint(session(base_urls={host("demo"): vendor.url}), "demo", "bridge", "hush")
    assert later.value.retry_after == timedelta(seconds=9)


@pytest.mark.parametrize("subdomain", ["", "acme.zendesk.com", "https://acme", "a/b", "-a", "Acme"])
def test_a_subdomain_is_a_word(subdomain: str) -> None:
    with pytest.raises(ConfigError, match="subdomain"):
        Zendesk(name="zendesk", subdomain=subdomain, token=lambda _: "good")


# -- people --


def test_people_are_known(world: World) -> None:
    desk = world.desk
    assert desk.me().name == "Alert Bridge"
    found = desk.people([str(world.ben), str(world.anna), "17", "nobody", str(world.ben)])
    assert [(one.name, one.staff) for one in found] == [("Anna Weber", False), ("Ben Ito", True)]
    assert desk.people([]) == []
    assert desk.groups() == {str(world.billing): "Billing"}
    assert desk.ticket_url("12") == "https://demo.zendesk.com/agent/tickets/12"


@pytest.mark.parametrize(
    ("email", "phone", "found"),
    [
        ("ANNA@example.com", "", ["Anna Weber"]),
        ("", "+49 30 123456", []),  # the stand-in finds a number only as it is kept
        ("", "+4930123456", ["Anna Weber"]),
        ("anna@example.com", "+4930123456", ["Anna Weber"]),
        ("ben@example.com", "", []),
        ("anna", "", []),
        ("", "", []),
        ('" role:admin', '"', []),
    ],
)
def test_customers_are_found_by_their_address(
    world: World, email: str, phone: str, found: list[str]
) -> None:
    assert [one.name for one in world.desk.find_people(email, phone)] == found


def test_an_anonymous_user_is_nobody() -> None:
    """Recorded from the vendor: a bad token, and yet 200."""
    answer = Said.of({"user": {"name": "Anonymous user"}})
    with Vendor(answer) as vendor, pytest.raises(Undeliverable, match="Anonymous user") as failure:
        at(vendor).me()
    assert failure.value.wide
    assert failure.value.retry_after is None


def test_many_people_are_asked_for_in_hundreds() -> None:
    with Vendor(Said.of({"users": []})) as vendor:
        assert at(vendor).people(str(n) for n in range(250)) == []
    assert len(vendor.asked) == 3


# -- history --


def kinds(events: list[AnyEvent]) -> list[type]:
    return [type(event) for event in events]


def test_a_life_is_told(world: World) -> None:
    zendesk, clock, ticket = world.sandbox.zendesk, world.clock, world.ticket
    zendesk.assign(ticket, world.ben, group=world.billing, assignee=world.ben)
    clock.forward(minutes=5)
    zendesk.reply(ticket, world.ben, "Looking into it")
    clock.forward(minutes=5)
    zendesk.reply(ticket, world.anna, "Still waiting\ud83d\x00"[:-2])
    clock.forward(minutes=5)
    world.desk.send(dispatch(Action.NOTE, world.key))
    world.desk.send(dispatch(Action.TAG, world.key, tags=("alert_high",)))
    clock.forward(minutes=5)
    zendesk.set_priority(ticket, world.ben, "urgent")
    zendesk.solve(ticket, world.ben, "Done")
    clock.forward(minutes=5)
    zendesk.rate(ticket, "bad", "Not done at all")

    events = world.desk.history(world.key)
    opened = events[0]
    assert isinstance(opened, Opened)
    assert (opened.by, opened.text) == (Party.CUSTOMER, "Please help")
    seen = opened.seen
    assert seen is not None
    assert (seen.title, seen.status, seen.team, seen.agent) == ("Invoice is wrong", "new", "", "")
    assert (seen.requester, seen.tags, seen.priority) == (str(world.anna), ("vip",), "")
    replies = [event for event in events if isinstance(event, Replied)]
    assert [(one.by, one.public) for one in replies] == [
        (Party.AGENT, True),
        (Party.CUSTOMER, True),
        (Party.BRIDGE, False),
        (Party.AGENT, True),
    ]
    assert replies[0].id == f"zendesk:comment:{replies[0].ref}"
    assert [e.status for e in events if isinstance(e, StatusChanged)][-1] == "solved"
    assigned = [event for event in events if isinstance(event, Assigned)]
    assert {event.save for event in assigned} == {assigned[0].save}
    assert next(e.team for e in assigned if e.team is not None) == str(world.billing)
    assert next(e.agent for e in assigned if e.agent is not None) == str(world.ben)
    tagged = [event for event in events if isinstance(event, Tagged)]
    assert [(one.added, one.by) for one in tagged] == [(("alert_high",), Party.BRIDGE)]
    *_, rating, read = events
    assert isinstance(rating, Rated)
    assert rating.at == clock.at
    assert isinstance(read, Read)
    assert read.seen is not None
    assert (read.seen.status, read.seen.priority) == ("solved", "urgent")
    assert (read.seen.team, read.seen.agent) == (str(world.billing), str(world.ben))
    assert read.seen.clocks is None
    assert (rating.answer.raw, rating.answer.score) == ("bad", 0.0)
    assert rating.answer.words == "Not done at all"
    assert rating.answer.contact.email == "anna@example.com"
    assert re.fullmatch(rf"zendesk:rating:{ticket}:bad:[0-9a-f]{{12}}", rating.id)
    assert not [event for event in events if isinstance(event, Touched)]
    assert len({event.id for event in events}) == len(events)
    assert [event.order for event in events] == sorted(event.order for event in events)
    assert world.desk.history(world.key) == events


def test_all_pages_of_audits_are_read(world: World) -> None:
    for n in range(130):
        world.sandbox.zendesk.note(world.ticket, world.ben, f"Note {n}")
    replies = [e for e in world.desk.history(world.key) if isinstance(e, Replied)]
    assert [one.text for one in replies] == [f"Note {n}" for n in range(130)]


def told(ticket: dict[str, Any], audits: list[dict[str, Any]], **more: Any) -> list[AnyEvent]:
    """The history of a ticket with these records, but for its last event: that it was read."""
    *events, last = whole(ticket, audits, **more)
    assert isinstance(last, Read)
    return events


def whole(ticket: dict[str, Any], audits: list[dict[str, Any]], **more: Any) -> list[AnyEvent]:
    """The history of a ticket with these records."""
    base = {"id": 12, "created_at": "2026-11-21T09:00:00Z", "updated_at": "2026-11-21T11:00:00Z"}

    def says(asked: Asked) -> Said:
        if "audits" in asked.path:
            return Said.of({"audits": audits, "next_page": None, "count": len(audits)})
        if "users" in asked.path:
            users = [{"id": 1, "name": "Anna", "role": "end-user"}, {"id": 3, "role": "end-user"}]
            return Said.of({"users": [*users, {"id": 2, "role": "agent"}]})
        return Said.of({"ticket": base | ticket})

    with Vendor(says) as vendor:
        return at(vendor, **more).history("12")


def audit(number: int, author: int | None, *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "created_at": f"2026-11-21T09:{number:02}:00Z",
        "author_id": author,
        "events": list(events),
        "via": {"channel": "web"},
    } | more


def change(number: int, name: str, value: Any, before: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": "Change",
        "field_name": name,
        "value": value,
        "previous_value": before,
    } | more


RULE = {"channel": "rule", "source": {"rel": "trigger"}}


def test_who_did_what() -> None:
    events = told(
        {"requester_id": 1, "submitter_id": 1, "status": "open", "description": "Help"},
        [
            audit(
                1,
                1,
                {"id": 10, "type": "Comment", "public": True, "body": "Help", "author_id": 1},
                {"id": 11, "type": "Create", "field_name": "status", "value": "new"},
                change(12, "status", "open", "new", via=RULE),
            ),
            audit(2, 3, {"id": 20, "type": "Comment", "public": True, "body": "Me too"}),
            audit(3, 2, {"id": 30, "type": "Comment", "public": False, "body": "Hm"}),
            audit(4, -1, {"id": 40, "type": "Comment", "public": True, "body": "I am a bot"}),
            audit(5, 5, {"id": 50, "type": "Comment", "public": False, "body": "Ours"}),
            audit(6, 9, {"id": 60, "type": "Comment", "public": True, "body": "Deleted user"}),
            audit(7, None, {"id": 70, "type": "VoiceComment", "public": True}),
        ],
        user_id="5",
    )
    assert [event.by.value for event in events] == [
        *("customer", "system", "customer", "agent", "system", "bridge", "agent", "system")
    ]
    assert events[1].id == "zendesk:status:12:open:1795251660"
    assert events[1].save == events[0].save == "1795251660"
    assert events[0].id == "zendesk:opened:12"


def test_an_agent_opens_for_a_customer() -> None:
    (opened,) = told(
        {"requester_id": 1, "submitter_id": 2, "status": "new"},
        [
            audit(
                1,
                2,
                {
                    "id": 10,
                    "type": "Comment",
                    "public": False,
                    "body": "She called",
                    "author_id": 2,
                },
                {"id": 11, "type": "Create", "field_name": "requester_id", "value": "1"},
            )
        ],
    )
    assert (opened.by, opened.actor) == (Party.AGENT, "2")


def test_what_a_ticket_was_at_first_is_worked_out_backwards() -> None:
    events = told(
        {"status": "hold", "group_id": 8, "tags": ["a", "c"], "priority": "HIGH", "subject": "S"},
        [
            audit(1, 1, {"id": 10, "type": "Create", "field_name": "status", "value": "new"}),
            audit(2, 2, change(20, "group_id", "8", "7"), change(21, "status", "hold", "new")),
            audit(3, 2, change(30, "tags", ["a", "c"], ["a", "b"]), change(31, "777", "x", None)),
        ],
    )
    seen = events[0].seen
    assert seen is not None
    assert (seen.status, seen.team, seen.tags, seen.priority) == ("new", "7", ("a", "b"), "high")
    assert kinds(events) == [Opened, Assigned, StatusChanged, Tagged]
    assert isinstance(events[3], Tagged)
    assert (events[3].added, events[3].removed) == (("c",), ("b",))


def test_other_changes_are_seen() -> None:
    events = told(
        {"subject": "New", "status": "open", "requester_id": 3, "description": "Help"},
        [audit(1, 2, change(10, "subject", "New", "Old"), change(11, "status", "open", "new"))],
    )
    assert kinds(events) == [Opened, Touched, StatusChanged]
    assert events[1].id == "zendesk:audit:1:10"
    assert events[1].seen is not None
    assert events[1].seen.title == "New"


def test_a_read_ticket_is_the_truth_also_where_its_audits_do_not_add_up() -> None:
    ticket = {"subject": "New", "status": "solved", "requester_id": 3, "description": "Help"}
    audits = [audit(1, 2, change(11, "status", "open", "new"))]
    *_, read = events = whole(ticket, audits)
    assert isinstance(read, Read)
    assert read.at == datetime(2026, 11, 21, 11, 0, 0, 999_999, tzinfo=UTC)
    assert re.fullmatch(r"zendesk:read:12:1795258800:[0-9a-f]{8}", read.id)
    assert read == whole(ticket, audits)[-1]
    assert read.id != whole(ticket | {"status": "closed"}, audits)[-1].id
    folded = fold_all(events)
    assert folded is not None
    assert (folded.status, folded.title, folded.whole) == ("solved", "New", True)


def test_that_a_ticket_was_read_comes_after_all_in_the_same_second() -> None:
    now = {"updated_at": "2026-11-21T09:01:00Z", "status": "open"}
    first = {"id": 10, "type": "Comment", "public": True, "body": "Hm", "author_id": 1}
    *events, read = whole(now, [audit(1, 1, first, change(11, "status", "open", "new"))])
    assert [event.seq for event in events] == [0, 0, 1]
    assert all(event.order < read.order for event in events)
    assert read.seq == 2
    late = whole(now, [audit(1, 1, first), audit(7, 2, first | {"id": 70})])
    assert late[-1].order == max(event.order for event in late)


def test_the_bin_ends_a_ticket_until_it_comes_back() -> None:
    events = told(
        {"status": "open"},
        [
            audit(2, 2, change(20, "status", "deleted", "open")),
            audit(3, 2, change(30, "status", "open", "deleted")),
        ],
    )
    assert [event.id for event in events[1:]] == [
        "zendesk:gone:12:deleted:1795251720",
        "zendesk:gone:12:back:1795251780",
    ]
    gone, back = fold_all(events[:2]), fold_all(events)
    assert gone is not None
    assert back is not None
    assert (gone.gone, back.gone, back.status) == ("deleted", "", "open")


def test_a_change_that_adds_and_removes_tags_is_one_fact_in_any_order() -> None:
    both = [
        told({"tags": now}, [audit(2, 2, change(20, "tags", now, before))])[1].id
        for now, before in ((["a", "c", "d"], ["a", "b"]), (["d", "c", "a"], ["b", "a"]))
    ]
    assert both[0] == both[1]
    assert re.fullmatch(r"zendesk:tags:12:[0-9a-f]{12}:1795251720", both[0])


@pytest.mark.parametrize("score", ["offered", "unoffered", None])
def test_what_is_not_rated_is_no_rating(score: str | None) -> None:
    assert kinds(told({"satisfaction_rating": {"score": score}}, [])) == [Opened]


def test_a_rating_without_a_comment() -> None:
    *_, rating = told({"requester_id": 1, "satisfaction_rating": {"score": "good"}}, [])
    assert isinstance(rating, Rated)
    assert (rating.answer.score, rating.answer.words, rating.by) == (1.0, "", Party.CUSTOMER)
    assert rating.answer.contact.name == "Anna"


def test_texts_can_be_stored() -> None:
    broken = {"id": 10, "type": "Comment", "public": True, "body": "a\x00b \ud83d c"}
    opened, reply = told({"subject": "x\x00\ud83d"}, [audit(1, 1, broken)])
    assert isinstance(reply, Replied)
    assert reply.text == "ab ? c"
    assert opened.seen is not None
    assert opened.seen.title == "x?"


@pytest.mark.skipif(not PAYLOADS.exists(), reason="the recorded answers aren't here")
def test_recorded_audits_are_understood() -> None:
    recorded = json.loads((PAYLOADS / "zendesk__audits_full__das.json").read_text())
    shown = json.loads((PAYLOADS / "zendesk__ticket_private_comments__das.json").read_text())
    events = told(shown["ticket"], recorded["audits"])
    assert isinstance(events[0], Opened)
    assert events[0].seen is not None
    assert (events[0].seen.status, events[0].seen.team) == ("hold", "360001378759")
    assert sum(isinstance(event, Replied) for event in events) == 5
    assert all(event.by is Party.SYSTEM for event in events if isinstance(event, Assigned))


# -- threads --


def test_one_desk_serves_many_threads(world: World) -> None:
    tickets = [world.sandbox.zendesk.open_ticket(world.anna, f"T{n}", "x") for n in range(24)]
    errors: list[Undeliverable] = []

    def work(ticket: int) -> None:
        try:
            world.desk.send(dispatch(Action.NOTE, str(ticket), marker=f"d-{ticket}"))
        except Undeliverable as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(ticket,)) for ticket in tickets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    for ticket in tickets:
        ((_, note),) = world.sandbox.zendesk.notes(ticket)
        assert note.endswith(f" · d-{ticket}")
