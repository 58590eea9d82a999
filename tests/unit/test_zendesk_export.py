"""Zendesk's export of ticket events: what each part of a save means, in whichever shape it comes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bridge.domain.model import (
    AnyEvent,
    Assigned,
    Gone,
    Opened,
    Party,
    PriorityChanged,
    Replied,
    StatusChanged,
    Tagged,
    Touched,
)
from connectors import Person
from connectors.desks.zendesk_export import events
from connectors.desks.zendesk_shapes import SaveRecord

AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SECOND = 1795255200
ANNA = Person(id="1", name="Anna")
BEN = Person(id="2", name="Ben", staff=True)


def save(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": 70,
        "ticket_id": 12,
        "timestamp": SECOND,
        "created_at": "2026-11-21T10:00:00Z",
        "updater_id": 2,
        "via": "Web form",
        "event_type": "Audit",
        "child_events": list(parts),
    } | more


def change(number: int, before: Any, **field: Any) -> dict[str, Any]:
    return {"id": number, "via": "Web form", "via_reference_id": None} | {
        "event_type": "Change",
        "previous_value": before,
        **field,
    }


def create(number: int, **field: Any) -> dict[str, Any]:
    return {"id": number, "via": "Web form", "event_type": "Create", **field}


def comment(number: int, body: str, author: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": "Comment",
        "event_type": "Comment",
        "author_id": author,
        "body": body,
        "public": True,
        "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": "2026-11-21T10:00:00Z",
    } | more


def told(*records: dict[str, Any], **requesters: str) -> list[AnyEvent]:
    known = {key.removeprefix("t"): who for key, who in requesters.items()}
    shaped = msgspec.convert(list(records), list[SaveRecord], strict=False)
    return events("zendesk", "5", shaped, {"1": ANNA, "2": BEN}, known)


BIRTH = save(
    comment(80, "Help", author=1),
    create(81, subject="Invoice"),
    create(82, status="new"),
    create(83, requester_id=1),
    create(84, tags=["vip"]),
    create(85, group_id=None),
    change(86, None, via="Rule", priority="HIGH"),
    updater_id=1,
    via="Mail",
)


def test_a_ticket_is_opened_with_what_it_was_at_creation() -> None:
    opened, raised = told(BIRTH)
    assert isinstance(opened, Opened)
    assert (opened.id, opened.at, opened.by, opened.text) == (
        "zendesk:opened:12",
        AT,
        Party.CUSTOMER,
        "Help",
    )
    seen = opened.seen
    assert seen is not None
    assert (seen.opened_at, seen.title, seen.status, seen.requester) == (AT, "Invoice", "new", "1")
    assert (seen.tags, seen.team, seen.agent, seen.priority) == (("vip",), "", None, "")
    assert isinstance(raised, PriorityChanged)
    assert (raised.priority, raised.by) == ("high", Party.SYSTEM)


def test_a_ticket_opened_by_an_agent_for_a_customer() -> None:
    (opened,) = told(save(create(82, status="new"), create(83, requester_id="1")))
    assert isinstance(opened, Opened)
    assert (opened.by, opened.actor, opened.text) == (Party.AGENT, "2", "")


@pytest.mark.parametrize(
    ("part", "kind", "unique"),
    [
        (change(9, "new", status="open"), StatusChanged, f"status:12:open:{SECOND}"),
        (change(9, None, priority="urgent"), PriorityChanged, f"priority:12:urgent:{SECOND}"),
        (change(9, "3", group_id=4), Assigned, f"team:12:4:{SECOND}"),
        (change(9, 3, assignee_id=None), Assigned, f"agent:12::{SECOND}"),
        (change(9, "open", status="deleted"), Gone, f"gone:12:deleted:{SECOND}"),
        (change(9, "deleted", status="open"), Gone, f"gone:12:back:{SECOND}"),
        (change(9, "Old", subject="New"), Touched, "audit:70:9"),
        (create(9, organization_id=6), Touched, "audit:70:9"),
    ],
)
def test_a_change_is_an_event(part: dict[str, Any], kind: type, unique: str) -> None:
    (event,) = told(save(part))
    assert isinstance(event, kind)
    assert event.id == f"zendesk:{unique}"
    assert (event.subject, event.at, event.by, event.actor) == (
        "zendesk:12",
        AT,
        Party.AGENT,
        "2",
    )
    assert event.save == str(SECOND)


@pytest.mark.parametrize(
    "tags",
    [
        {"tags": ["b", "a"], "added_tags": ["b"], "removed_tags": ["c"], "previous_value": None},
        {"tags": ["a", "b"], "previous_value": ["c", "a"]},
        {"tags": "a b", "previous_value": "a c"},
        {"added_tags": ["b"], "removed_tags": ["c"]},
    ],
)
def test_tags_come_in_many_shapes(tags: dict[str, Any]) -> None:
    (event,) = told(save({"id": 9, "event_type": "Change", **tags}))
    assert isinstance(event, Tagged)
    assert (event.added, event.removed) == (("b",), ("c",))
    assert event.id == told(save(change(9, ["a", "c"], tags=["a", "b"])))[0].id


@pytest.mark.parametrize(
    "part",
    [
        change(9, "open", status="OPEN"),
        change(9, "4", group_id=4),
        change(9, ["a"], tags=["a"], added_tags=[], removed_tags=[]),
        change(9, None, custom_ticket_fields={"77": "x"}),
        {"id": 9, "event_type": "Notification", "subject": "You wrote"},
        {"id": 9},
        {},
    ],
)
def test_what_changes_nothing_of_ours_is_nothing(part: dict[str, Any]) -> None:
    assert told(save(part)) == []


@pytest.mark.parametrize(
    ("author", "more", "by"),
    [
        (1, {}, Party.CUSTOMER),
        (2, {}, Party.AGENT),
        (2, {"requester": "2"}, Party.CUSTOMER),
        (5, {}, Party.BRIDGE),
        (9, {}, Party.AGENT),
        (-1, {}, Party.SYSTEM),
        (2, {"via": "Rule"}, Party.SYSTEM),
        (2, {"via": {"channel": "rule"}}, Party.SYSTEM),
        (2, {"via": None}, Party.AGENT),
    ],
)
def test_who_wrote(author: int, more: dict[str, Any], by: Party) -> None:
    requester = more.pop("requester", "1")
    (event,) = told(save(comment(80, "Hm", author, **more)), t12=requester)
    assert isinstance(event, Replied)
    assert (event.id, event.by, event.actor) == ("zendesk:comment:80", by, str(author))


def test_a_note_is_internal_and_texts_can_be_stored() -> None:
    (note,) = told(save(comment(80, "a\0b", public=False, author_id=None)))
    assert isinstance(note, Replied)
    assert (note.public, note.text, note.actor, note.ref) == (False, "ab", "2", "80")


def test_a_comment_that_is_left_out_has_to_be_read() -> None:
    left_out = {"id": 9, "event_type": "Comment", "comment_present": True, "comment_public": True}
    (event,) = told(save(left_out))
    assert isinstance(event, Touched)
    assert event.read
    assert told(save(left_out, comment(80, "Hm")))[0].id == "zendesk:comment:80"


@pytest.mark.parametrize(
    ("part", "read"),
    [
        ({"id": 9, "event_type": "SatisfactionRating", "score": "bad", "body": ""}, True),
        (change(9, "offered", satisfaction_score="bad"), True),
        (change(9, "unoffered", satisfaction_score="offered"), False),
    ],
)
def test_a_rating_has_to_be_read(part: dict[str, Any], read: bool) -> None:
    found = told(save(part))
    assert [isinstance(event, Touched) and event.read for event in found] == [True] * read


def test_saves_are_told_in_the_order_of_time_and_one_second_counts_on() -> None:
    first = save(change(9, "new", status="open"), comment(80, "a"), id=71)
    second = save(comment(81, "b"), id=72)
    other = save(comment(82, "c"), id=73, ticket_id=13)
    sooner = save(comment(83, "d"), id=99, created_at=None, timestamp=SECOND - 60)
    found = told(second, other, first, sooner)
    assert [(event.id, event.seq) for event in found] == [
        ("zendesk:comment:83", 0),
        (f"zendesk:status:12:open:{SECOND}", 0),
        ("zendesk:comment:80", 1),
        ("zendesk:comment:81", 2),
        ("zendesk:comment:82", 0),
    ]


def test_a_save_without_a_time_is_left_out() -> None:
    assert told(save(comment(80, "a"), created_at=None, timestamp=0)) == []
