"""Zendesk's webhooks: subscribed events, and triggers with a body of ours.

Both are signed alike (https://developer.zendesk.com/documentation/webhooks/verifying/): base64 of HMAC-SHA256 over
the timestamp header and the raw body. The timestamp is that of the attempt, so a late attempt is not a replay.
A webhook is of one of the two kinds for life (https://support.zendesk.com/hc/en-us/articles/4408839108378).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from bridge.domain.model import (
    AnyEvent,
    Assigned,
    Contact,
    Forged,
    Gone,
    Opened,
    Party,
    PriorityChanged,
    Replied,
    Seen,
    StatusChanged,
    Tagged,
    Touched,
    Unreadable,
)
from connectors import Incoming, Response
from connectors.desks.zendesk_history import clean, rated
from connectors.reading import Node, decode, fingerprint, only_post
from connectors.signing import check_age, check_signature, header, iso_time

# The public secret of test requests sent before a webhook exists. Unconfirmed; refusing it costs nothing.
TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105

# The body of a trigger's or an automation's webhook (JSON, POST): ids and codes only, for a quote in a free text
# would break the JSON. Statuses and ratings are rendered as words of the reader's language, and a group may have
# changed again by the time it is rendered, so these are read from the helpdesk.
# {{ticket.requester.id}} and {{ticket.id}} as digits are unconfirmed: a placeholder left empty or unrendered is
# taken for unknown, all but the ticket's.
TEMPLATE = """\
{
  "bridge": 1,
  "event": "ticket.updated",
  "ticket": "{{ticket.id}}",
  "updated_at": "{{ticket.updated_at_with_timestamp}}",
  "actor": "{{current_user.id}}",
  "requester": "{{ticket.requester.id}}"
}
"""

# The same for a trigger on "satisfaction": the rating itself is read from the helpdesk.
SATISFACTION_TEMPLATE = TEMPLATE.replace('"ticket.updated"', '"satisfaction.rated"')

_INVOCATION = "x-zendesk-webhook-invocation-id"
_KEEPS = (
    _INVOCATION,
    "x-zendesk-account-id",
    "x-zendesk-webhook-id",
    "x-zendesk-webhook-signature-timestamp",
)
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


class _Report(Struct, frozen=True, kw_only=True):
    """One event about one ticket, in whichever wrapper it came."""

    id: str
    name: str  # "status_changed"
    desk: str
    ticket: str
    at: datetime
    seq: int
    save: str
    actor: str
    requester: str
    detail: Node
    event: Node


@dataclass(frozen=True, kw_only=True)
class ZendeskEvents:
    """A webhook subscribed to ticket events. `desk` is the name of the helpdesk its tickets live in."""

    kind: ClassVar[str] = "zendesk"
    signed: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = _KEEPS
    setup: ClassVar[str] = """\
`bridge setup zendesk` does all this for you. By hand, in the Admin Center of Zendesk:
1. Apps and integrations > Webhooks > Create webhook > Zendesk events; choose all ticket events.
2. Endpoint URL: {url}
   Request method POST, request format JSON, no authentication.
3. Open the webhook, "Reveal secret" under Signing secret, and put it into the variable {variable}.
"""

    name: str
    desk: str = "zendesk"

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless one of the webhook's signing secrets proves the request."""
        _verify(incoming, secrets)

    def identify(self, incoming: Incoming) -> str:
        """The invocation's id, which all its attempts share; the event's id where the header is missing.

        Two webhooks subscribed to one event make two deliveries: their events have the same id.
        """
        if given := incoming.headers.get(_INVOCATION, ""):
            return Node(given, _INVOCATION).id(need=True)
        return decode(incoming.body).members()["id"].id(need=True)

    def answer(self, incoming: Incoming) -> Response | None:
        """Zendesk doesn't probe."""
        return only_post(incoming)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The event in the delivery; none for events about users, organisations and the like."""
        report = _report(self.desk, decode(incoming.body).members())
        if report:
            yield _READERS.get(report.name, _touched)(report)


@dataclass(frozen=True, kw_only=True)
class ZendeskTrigger:
    """A webhook called by a trigger or an automation with TEMPLATE or SATISFACTION_TEMPLATE as its body."""

    kind: ClassVar[str] = "zendesk-trigger"
    signed: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = _KEEPS
    setup: ClassVar[str] = """\
`bridge setup zendesk` does all this for you. By hand, in the Admin Center of Zendesk:
1. Apps and integrations > Webhooks > Create webhook > Trigger or automation.
2. Endpoint URL: {url}
   Request method POST, request format JSON, no authentication.
3. Open the webhook, "Reveal secret" under Signing secret, and put it into the variable {variable}.
4. Objects and rules > Triggers > Add trigger: when the satisfaction changes, notify the webhook. Its body
   stands in docs/setup-zendesk.md.
"""

    name: str
    desk: str = "zendesk"

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless one of the webhook's signing secrets proves the request."""
        _verify(incoming, secrets)

    def identify(self, incoming: Incoming) -> str:
        """The invocation's id, which all its attempts share; a digest of the body where the header is missing."""
        if given := incoming.headers.get(_INVOCATION, ""):
            return Node(given, _INVOCATION).id(need=True)
        return fingerprint(incoming.body)

    def answer(self, incoming: Incoming) -> Response | None:
        """Zendesk doesn't probe."""
        return only_post(incoming)

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """That something about a ticket changed; what, has to be read from the helpdesk.

        The ticket's time is rendered to the minute, and an automation doesn't touch it at all, so only the
        invocation tells two changes apart.
        """
        body = decode(incoming.body).members()
        if body["bridge"].id() != "1":
            raise Unreadable("bridge: expected 1: the webhook's body is not our template")
        ticket, actor, requester = (
            _rendered(body[n]).id() for n in ("ticket", "actor", "requester")
        )
        if not ticket:
            raise Unreadable("ticket: expected a string or a number, got nothing")
        event = body["event"].id(need=True)
        at = _rendered(body["updated_at"]).time() or incoming.received_at
        unique = incoming.headers.get(_INVOCATION) or f"{ticket}:{event}:{at.isoformat()}"
        rated = event == "satisfaction.rated"
        yield Touched(
            id=f"{self.desk}:trigger:{Node(unique, _INVOCATION).id(need=True)}",
            subject=f"{self.desk}:{ticket}",
            at=at,
            by=Party.CUSTOMER if rated else _party(actor, requester),
            actor=actor,
            seen=Seen(requester=requester) if requester else None,
            read=True,
        )


def _verify(incoming: Incoming, secrets: Sequence[str]) -> None:
    good = [secret for secret in secrets if secret.strip() != TEST_SECRET]
    if secrets and not good:
        raise Forged("the configured secret is the vendor's public test secret")
    given = header(incoming, "X-Zendesk-Webhook-Signature")
    stamp = header(incoming, "X-Zendesk-Webhook-Signature-Timestamp")
    sent_at = iso_time(stamp)
    check_signature(given, stamp.encode() + incoming.body, good, encoding="base64")
    check_age(sent_at, incoming)


# --- wrappers ------------------------------------------------------------------------------------


def _report(desk: str, body: Node) -> _Report | None:
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
    sequence = event["meta"]["sequence"]
    ticket = detail["id"].id() or Node(_tail(body["subject"]), "subject").id()
    if not ticket:
        raise detail["id"].wrong("a string or a number")
    at = body["time"].time() or detail["updated_at"].time()
    if not at:
        raise body["time"].wrong("a time")
    return _Report(
        id=f"{desk}:{body['id'].id(need=True)}",
        name=f"{about}.{name}" if about == "messaging_ticket" else name,
        desk=desk,
        ticket=ticket,
        at=at,
        seq=_position(sequence["position"]),
        save=sequence["id"].id(),
        actor=detail["actor_id"].id(),
        requester=detail["requester_id"].id(),
        detail=detail,
        event=event,
    )


def _bridged(desk: str, body: Node, event: Node) -> _Report:
    meta, ticket = event["meta"], event["ticket"].members()
    at = meta["occurred_at"].time() or body["time"].time()
    if not at:
        raise meta["occurred_at"].wrong("a time")
    name = event["type"].word().replace(" ", "_").removeprefix("ticket_")
    return _Report(
        id=f"{desk}:{body['id'].id() or fingerprint(event.value)}",
        name="comment_added" if name == "comment_created" else name,
        desk=desk,
        ticket=ticket["id"].id(need=True),
        at=at,
        seq=_position(meta["sequence"]["position"]),
        save=meta["sequence"]["id"].id(),
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


def _rendered(node: Node) -> Node:
    """A value out of a template; nothing where the placeholder was left as it is."""
    return Node(None, node.path) if "{{" in str(node.value) else node


# --- people and the ticket ----------------------------------------------------------------------


def _automatic(actor: str) -> bool:
    """Ids of triggers, bots and the system itself: -1, 0, "zd:answerBot", or none at all."""
    return not actor or actor == "0" or actor.startswith(("-", "zd:"))


def _party(actor: str, requester: str, *, staff: bool | None = None) -> Party:
    if _automatic(actor) and (actor or staff is None):
        return Party.SYSTEM
    if staff is None:
        return Party.CUSTOMER if actor == requester else Party.AGENT
    return Party.AGENT if staff else Party.CUSTOMER


def _id(node: Node) -> str | None:
    """An id in a report: None if not reported, "" for nobody, which Zendesk writes as null, "" or "0"."""
    if not node.found:
        return None
    return "" if (value := node.id()) == "0" else value


def _word(node: Node) -> str | None:
    return node.word() if node.found else None


def _status(node: Node) -> str | None:
    word = _word(node) or None
    return _STATUSES.get(word, word) if word else None


def _seen(report: _Report) -> Seen | None:
    detail = report.detail
    seen = Seen(
        opened_at=detail["created_at"].time(),
        title=detail["subject"].text() if detail["subject"].found else None,
        status=_status(detail["status"]),
        priority=_word(detail["priority"]),
        type=_word(detail["type"]),
        team=_id(detail["group_id"]),
        agent=_id(detail["assignee_id"]),
        requester=_id(detail["requester_id"]),
        organisation=_id(detail["organization_id"]),
        brand=_id(detail["brand_id"]),
        tags=detail["tags"].tags() if detail["tags"].found else None,
    )
    stale = dict.fromkeys(_STALE.get(report.name, ()))
    seen = msgspec.structs.replace(seen, **stale, **_corrected(report))
    return seen if seen != Seen() else None


def _corrected(report: _Report) -> dict[str, str | None]:
    """What the event says about a thing that the report tells too, but perhaps later."""
    current = report.event["current"]
    if report.name not in _TOLD or not current.found:
        return {}
    field, read = _TOLD[report.name]
    return {field: read(current)}


_TOLD: dict[str, tuple[str, Callable[[Node], str | None]]] = {
    "subject_changed": ("title", Node.text),
    "type_changed": ("type", Node.word),
    "requester_changed": ("requester", _id),
    "organization_changed": ("organisation", _id),
    "brand_changed": ("brand", _id),
}


# --- events --------------------------------------------------------------------------------------


def _current(report: _Report, field: str) -> Node:
    """What was changed to; from the report where the event doesn't say. Raises Unreadable if neither does."""
    current, reported = report.event["current"], report.detail[field]
    if current.found or not reported.found:
        if not current.found:
            raise current.wrong("the new value")
        return current
    return reported


def _facts(report: _Report, **others: Any) -> dict[str, Any]:
    """What all events have in common, with other words for some of it."""
    return {
        "id": report.id,
        "subject": f"{report.desk}:{report.ticket}",
        "at": report.at,
        "seq": report.seq,
        "save": report.save,
        "by": _party(report.actor, report.requester),
        "actor": report.actor,
        "seen": _seen(report),
    } | others


def _touched(report: _Report) -> AnyEvent:
    """Any change without an event of ours, and every ticket event that Zendesk may yet invent."""
    return Touched(**_facts(report))


def _to_be_read(report: _Report) -> AnyEvent:
    """A change that the delivery doesn't tell in full."""
    return Touched(**_facts(report), read=True)


def _rated(report: _Report) -> AnyEvent:
    """A satisfaction rating; its id is that of the same rating read from the helpdesk.

    That the score is "GOOD" or "BAD" in satisfaction_score, beside the comment, is unconfirmed: what looks
    otherwise is read from the helpdesk.
    """
    given = report.event["satisfaction_score"].value
    score = given.get("score") if isinstance(given, dict) else None
    word = score.lower().removesuffix("_with_comment") if isinstance(score, str) else ""
    if word not in ("good", "bad"):
        return _to_be_read(report)
    rating = rated(
        report.desk,
        report.ticket,
        word,
        clean(given.get("comment")),
        report.at,
        contact=Contact(),
        actor=report.requester,
    )
    return msgspec.structs.replace(rating, seq=report.seq, save=report.save, seen=_seen(report))


def _opened(report: _Report) -> AnyEvent:
    """By the customer if either who saved it or who submitted it is the requester. A ticket opens once."""
    submitter = report.detail["submitter_id"].id()
    actor = report.actor or submitter
    if report.requester and report.requester == submitter:
        actor = submitter
    by = _party(actor, report.requester)
    unique = f"{report.desk}:opened:{report.ticket}"
    return Opened(
        **_facts(report, id=unique, by=by, actor=actor), text=report.detail["description"].text()
    )


def _commented(report: _Report) -> AnyEvent:
    """The id is the comment's, so that the same comment read from the helpdesk is the same event."""
    comment = report.event["comment"].members()
    ref = comment["id"].id()
    author = comment["author"]["id"].id() or comment["author_id"].id() or report.actor
    by = _party(author, report.requester, staff=comment["author"]["is_staff"].flag())
    public = comment["is_public"].flag()
    return Replied(
        **_facts(
            report, id=f"{report.desk}:comment:{ref}" if ref else report.id, by=by, actor=author
        ),
        public=by is Party.CUSTOMER if public is None else public,
        text=comment["body"].text(),
        ref=ref,
    )


def _messaged(report: _Report) -> AnyEvent:
    """A chat message; all that is reported of the ticket is its id. Bots are of the type system."""
    actor, message = report.event["actor"], report.event["message"].members()
    who, ref = actor["id"].id(), message["id"].id()
    by = {"end_user": Party.CUSTOMER, "agent": Party.AGENT}.get(actor["type"].word(), Party.SYSTEM)
    return Replied(
        **_facts(
            report,
            id=f"{report.desk}:message:{ref}" if ref else report.id,
            by=Party.SYSTEM if who and _automatic(who) else by,
            actor=who,
        ),
        public=True,
        text=message["body"].text(),
        ref=ref,
    )


def _status_changed(report: _Report) -> AnyEvent:
    node = _current(report, "status")
    if status := _status(node):
        return StatusChanged(**_facts(report), status=status)
    raise node.wrong("a status")


def _priority_changed(report: _Report) -> AnyEvent:
    return PriorityChanged(**_facts(report), priority=_current(report, "priority").word())


def _agent_changed(report: _Report) -> AnyEvent:
    return Assigned(**_facts(report), agent=_id(_current(report, "assignee_id")))


def _group_changed(report: _Report) -> AnyEvent:
    return Assigned(**_facts(report), team=_id(_current(report, "group_id")))


def _tagged(report: _Report) -> AnyEvent:
    """The lists are called tags_added and tags_removed. Unconfirmed: without them, the lists before and after tell."""
    event = report.event
    added, removed = event["tags_added"], event["tags_removed"]
    if added.found or removed.found:
        return Tagged(**_facts(report), added=added.tags(), removed=removed.tags())
    if event["current"].found and event["previous"].found:
        now, before = event["current"].tags(), event["previous"].tags()
        return Tagged(
            **_facts(report),
            added=tuple(tag for tag in now if tag not in before),
            removed=tuple(tag for tag in before if tag not in now),
        )
    return _to_be_read(report)


def _merged(report: _Report) -> AnyEvent:
    """The name of the ticket it went into is unconfirmed; without it the ticket is gone all the same."""
    into = report.event["target_ticket_id"].id()
    return Gone(**_facts(report), why="merged", into=into)


def _deleted(report: _Report) -> AnyEvent:
    return Gone(**_facts(report), why="deleted")


def _scrubbed(report: _Report) -> AnyEvent:
    """Deleted for good: what is still reported are placeholders for what was there."""
    return Gone(**_facts(report, seen=None), why="deleted")


def _spam(report: _Report) -> AnyEvent:
    return Gone(**_facts(report), why="spam")


def _undeleted(report: _Report) -> AnyEvent:
    return Gone(**_facts(report), back=True)


# https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events
_READERS: dict[str, Callable[[_Report], AnyEvent]] = {
    "created": _opened,
    "comment_added": _commented,
    "comment_made_private": _to_be_read,
    "messaging_ticket.message_added": _messaged,
    "status_changed": _status_changed,
    "priority_changed": _priority_changed,
    "agent_assignment_changed": _agent_changed,
    "group_assignment_changed": _group_changed,
    "tags_changed": _tagged,
    "merged": _merged,
    "soft_deleted": _deleted,
    "permanently_deleted": _scrubbed,
    "marked_as_spam": _spam,
    "undeleted": _undeleted,
    "csat_received": _rated,
}
