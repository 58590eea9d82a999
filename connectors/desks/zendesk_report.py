"""What a Zendesk event says, in whichever wrapper it came: the ticket's report and the change beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import Struct

from bridge.domain.model import Party, Seen
from connectors.desks.zendesk_facts import second_of_save
from connectors.reading import Node, fingerprint

_PREFIX = "zen:event-type"

# Statuses that only event deliveries know; the REST API calls an archived ticket closed. Unconfirmed.
_STATUSES = {"archived": "closed"}

# Which report about the ticket an event makes stale.
_STALE: dict[str, tuple[str, ...]] = {
    "status_changed": ("status",),
    "custom_status_changed": ("status",),
    "priority_changed": ("priority",),
    "agent_assignment_changed": ("agent",),
    "group_assignment_changed": ("team",),
    "tags_changed": ("tags",),
    "merged": ("status",),
    "soft_deleted": ("status",),
    "marked_as_spam": ("status",),
    "undeleted": ("status",),
}


class Report(Struct, frozen=True, kw_only=True):
    """One event about one ticket. `second` is the epoch second of the save it is about."""

    id: str
    name: str  # "status_changed"
    desk: str
    ticket: str
    at: datetime
    second: int
    seq: int
    actor: str
    requester: str
    detail: Node
    event: Node


def report_of(desk: str, body: Node) -> Report | None:
    """The event in its wrapper; None if it isn't about a ticket.

    Besides the webhook's own wrapper there are those of Amazon EventBridge and of integration flows, with ids as
    numbers, words in lower case and event names for people
    (https://developer.zendesk.com/api-reference/amazon-eventbridge/tickets/).
    """
    for wrapper in ("detail", "input"):
        if isinstance(body.value.get(wrapper), dict) and "ticket_event" in body.value[wrapper]:
            return _bridged(desk, body, body[wrapper]["ticket_event"].members())
    kind = body["type"].word()
    if not kind.startswith(_PREFIX):
        raise body["type"].wrong(f"an event type that begins with {_PREFIX}")
    about, _, name = kind[len(_PREFIX) + 1 :].partition(".")
    if about not in ("ticket", "messaging_ticket"):
        return None
    detail, event = body["detail"].members(), body["event"]
    ticket = detail["id"].id() or Node(_tail(body["subject"]), "subject").id()
    if not ticket:
        raise detail["id"].wrong("a string or a number")
    at = body["time"].time() or detail["updated_at"].time()
    if not at:
        raise body["time"].wrong("a time")
    return Report(
        id=f"{desk}:{body['id'].id(need=True)}",
        name=f"{about}.{name}" if about == "messaging_ticket" else name,
        desk=desk,
        ticket=ticket,
        at=at,
        second=second_of_save(at, detail["updated_at"].time()),
        seq=_position(event["meta"]["sequence"]["position"]),
        actor=detail["actor_id"].id(),
        requester=detail["requester_id"].id(),
        detail=detail,
        event=event,
    )


def _bridged(desk: str, body: Node, event: Node) -> Report:
    meta, ticket = event["meta"], event["ticket"].members()
    at = meta["occurred_at"].time() or body["time"].time()
    if not at:
        raise meta["occurred_at"].wrong("a time")
    name = event["type"].word().replace(" ", "_").removeprefix("ticket_")
    return Report(
        id=f"{desk}:{body['id'].id() or fingerprint(event.value)}",
        name="comment_added" if name == "comment_created" else name,
        desk=desk,
        ticket=ticket["id"].id(need=True),
        at=at,
        second=second_of_save(at, ticket["updated_at"].time()),
        seq=_position(meta["sequence"]["position"]),
        actor=meta["actor_id"].id(),
        requester=ticket["requester_id"].id(),
        detail=ticket,
        event=event,
    )


def _tail(node: Node) -> str:
    """ "4711" of "zen:ticket:4711"."""
    return node.text().rpartition(":")[2]


def _position(node: Node) -> int:
    return int(min(max(node.number() or 0, 0), 2**31 - 1))


def rendered(node: Node) -> Node:
    """A value out of a template; nothing where the placeholder was left as it is."""
    return Node(None, node.path) if "{{" in str(node.value) else node


# --- people and the ticket ----------------------------------------------------------------------


def automatic(actor: str) -> bool:
    """Ids of triggers, bots and the system itself: -1, 0, "zd:answerBot", or none at all."""
    return not actor or actor == "0" or actor.startswith(("-", "zd:"))


def party_of(actor: str, requester: str, *, staff: bool | None = None) -> Party:
    if automatic(actor) and (actor or staff is None):
        return Party.SYSTEM
    if staff is None:
        return Party.CUSTOMER if actor == requester else Party.AGENT
    return Party.AGENT if staff else Party.CUSTOMER


def an_id(node: Node) -> str | None:
    """An id in a report: None if not reported, "" for nobody, which Zendesk writes as null, "" or "0"."""
    if not node.found:
        return None
    return "" if (value := node.id()) == "0" else value


def _word(node: Node) -> str | None:
    return node.word() if node.found else None


def status_of(node: Node) -> str | None:
    word = _word(node) or None
    return _STATUSES.get(word, word) if word else None


def seen_of(report: Report) -> Seen | None:
    detail = report.detail
    seen = Seen(
        opened_at=detail["created_at"].time(),
        title=detail["subject"].text() if detail["subject"].found else None,
        status=status_of(detail["status"]),
        priority=_word(detail["priority"]),
        type=_word(detail["type"]),
        team=an_id(detail["group_id"]),
        agent=an_id(detail["assignee_id"]),
        requester=an_id(detail["requester_id"]),
        organisation=an_id(detail["organization_id"]),
        brand=an_id(detail["brand_id"]),
        tags=detail["tags"].tags() if detail["tags"].found else None,
    )
    stale = dict.fromkeys(_STALE.get(report.name, ()))
    seen = msgspec.structs.replace(seen, **stale, **_corrected(report))
    return seen if seen != Seen() else None


def _corrected(report: Report) -> dict[str, str | None]:
    """What the event says about a thing that the report tells too, but perhaps later."""
    current = report.event["current"]
    if report.name not in _TOLD or not current.found:
        return {}
    field, read = _TOLD[report.name]
    return {field: read(current)}


_TOLD: dict[str, tuple[str, Callable[[Node], str | None]]] = {
    "subject_changed": ("title", Node.text),
    "type_changed": ("type", Node.word),
    "requester_changed": ("requester", an_id),
    "organization_changed": ("organisation", an_id),
    "brand_changed": ("brand", an_id),
}
