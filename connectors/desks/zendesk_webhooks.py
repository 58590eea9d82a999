"""Zendesk's webhooks: subscribed events, and triggers with a body of ours.

Both are signed alike (https://developer.zendesk.com/documentation/webhooks/verifying/): base64 of HMAC-SHA256 over
the timestamp header and the raw body. The timestamp is that of the attempt, so a late attempt is not a replay.
A webhook is of one of the two kinds for life (https://support.zendesk.com/hc/en-us/articles/4408839108378).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

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
from connectors.desks.zendesk_facts import change_id, gone_id, tags_value
from connectors.desks.zendesk_history import clean, rated
from connectors.desks.zendesk_report import (
    Report,
    an_id,
    automatic,
    party_of,
    rendered,
    report_of,
    seen_of,
    status_of,
)
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
        report = report_of(self.desk, decode(incoming.body).members())
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
            rendered(body[n]).id() for n in ("ticket", "actor", "requester")
        )
        if not ticket:
            raise Unreadable("ticket: expected a string or a number, got nothing")
        event = body["event"].id(need=True)
        at = rendered(body["updated_at"]).time() or incoming.received_at
        unique = incoming.headers.get(_INVOCATION) or f"{ticket}:{event}:{at.isoformat()}"
        rated = event == "satisfaction.rated"
        yield Touched(
            id=f"{self.desk}:trigger:{Node(unique, _INVOCATION).id(need=True)}",
            subject=f"{self.desk}:{ticket}",
            at=at,
            by=Party.CUSTOMER if rated else party_of(actor, requester),
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


# --- events --------------------------------------------------------------------------------------


def _current(report: Report, field: str) -> Node:
    """What was changed to; from the report where the event doesn't say. Raises Unreadable if neither does."""
    current, reported = report.event["current"], report.detail[field]
    if current.found or not reported.found:
        if not current.found:
            raise current.wrong("the new value")
        return current
    return reported


def _facts(report: Report, **others: Any) -> dict[str, Any]:
    """What all events have in common, with other words for some of it."""
    return {
        "id": report.id,
        "subject": f"{report.desk}:{report.ticket}",
        "at": report.at,
        "seq": report.seq,
        "save": str(report.second),
        "by": party_of(report.actor, report.requester),
        "actor": report.actor,
        "seen": seen_of(report),
    } | others


def _changed(report: Report, what: str, value: str) -> dict[str, Any]:
    """What a change has in common with others, by the id that it has in an audit and an export as well."""
    return _facts(report, id=change_id(report.desk, what, report.ticket, value, report.second))


def _gone(report: Report, why: str, **others: Any) -> Gone:
    unique = gone_id(report.desk, report.ticket, why, report.second)
    facts = _facts(report, id=unique, **others)
    return Gone(**facts, back=True) if why == "back" else Gone(**facts, why=why)


def _touched(report: Report) -> AnyEvent:
    """Any change without an event of ours, and every ticket event that Zendesk may yet invent."""
    return Touched(**_facts(report))


def _to_be_read(report: Report) -> AnyEvent:
    """A change that the delivery doesn't tell in full."""
    return Touched(**_facts(report), read=True)


def _rated(report: Report) -> AnyEvent:
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
    return msgspec.structs.replace(
        rating, seq=report.seq, save=str(report.second), seen=seen_of(report)
    )


def _opened(report: Report) -> AnyEvent:
    """By the customer if either who saved it or who submitted it is the requester. A ticket opens once."""
    submitter = report.detail["submitter_id"].id()
    actor = report.actor or submitter
    if report.requester and report.requester == submitter:
        actor = submitter
    by = party_of(actor, report.requester)
    unique = f"{report.desk}:opened:{report.ticket}"
    return Opened(
        **_facts(report, id=unique, by=by, actor=actor), text=report.detail["description"].text()
    )


def _commented(report: Report) -> AnyEvent:
    """The id is the comment's, so that the same comment read from the helpdesk is the same event."""
    comment = report.event["comment"].members()
    ref = comment["id"].id()
    author = comment["author"]["id"].id() or comment["author_id"].id() or report.actor
    by = party_of(author, report.requester, staff=comment["author"]["is_staff"].flag())
    public = comment["is_public"].flag()
    return Replied(
        **_facts(
            report, id=f"{report.desk}:comment:{ref}" if ref else report.id, by=by, actor=author
        ),
        public=by is Party.CUSTOMER if public is None else public,
        text=comment["body"].text(),
        ref=ref,
    )


def _messaged(report: Report) -> AnyEvent:
    """A chat message; all that is reported of the ticket is its id. Bots are of the type system."""
    actor, message = report.event["actor"], report.event["message"].members()
    who, ref = actor["id"].id(), message["id"].id()
    by = {"end_user": Party.CUSTOMER, "agent": Party.AGENT}.get(actor["type"].word(), Party.SYSTEM)
    return Replied(
        **_facts(
            report,
            id=f"{report.desk}:message:{ref}" if ref else report.id,
            by=Party.SYSTEM if who and automatic(who) else by,
            actor=who,
        ),
        public=True,
        text=message["body"].text(),
        ref=ref,
    )


def _status_changed(report: Report) -> AnyEvent:
    node = _current(report, "status")
    if status := status_of(node):
        return StatusChanged(**_changed(report, "status", status), status=status)
    raise node.wrong("a status")


def _priority_changed(report: Report) -> AnyEvent:
    priority = _current(report, "priority").word()
    return PriorityChanged(**_changed(report, "priority", priority), priority=priority)


def _agent_changed(report: Report) -> AnyEvent:
    agent = an_id(_current(report, "assignee_id")) or ""
    return Assigned(**_changed(report, "agent", agent), agent=agent)


def _group_changed(report: Report) -> AnyEvent:
    team = an_id(_current(report, "group_id")) or ""
    return Assigned(**_changed(report, "team", team), team=team)


def _tagged(report: Report) -> AnyEvent:
    """The lists are called tags_added and tags_removed. Unconfirmed: without them, the lists before and after tell."""
    event = report.event
    added, removed = event["tags_added"].tags(), event["tags_removed"].tags()
    if not (event["tags_added"].found or event["tags_removed"].found):
        if not (event["current"].found and event["previous"].found):
            return _to_be_read(report)
        now, before = event["current"].tags(), event["previous"].tags()
        added = tuple(tag for tag in now if tag not in before)
        removed = tuple(tag for tag in before if tag not in now)
    facts = _changed(report, "tags", tags_value(added, removed))
    return Tagged(**facts, added=added, removed=removed)


def _merged(report: Report) -> AnyEvent:
    """The name of the ticket it went into is unconfirmed; without it the ticket is gone all the same."""
    return _gone(report, "merged", into=report.event["target_ticket_id"].id())


def _deleted(report: Report) -> AnyEvent:
    return _gone(report, "deleted")


def _scrubbed(report: Report) -> AnyEvent:
    """Deleted for good: what is still reported are placeholders for what was there."""
    return _gone(report, "deleted", seen=None)


def _spam(report: Report) -> AnyEvent:
    return _gone(report, "spam")


def _undeleted(report: Report) -> AnyEvent:
    return _gone(report, "back")


# https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events
_READERS: dict[str, Callable[[Report], AnyEvent]] = {
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
