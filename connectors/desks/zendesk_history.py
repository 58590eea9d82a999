"""A Zendesk ticket's whole life as events, from its audits. Pure: records in, events out.

Shapes: developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits and ticket_audit_events;
audits by triggers and bots carry the author -1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import replace

from bridge.domain.model import (
    Answer,
    AnyEvent,
    Contact,
    Opened,
    Party,
    Rated,
    Replied,
    Seen,
)
from connectors import Person
from connectors.desks.zendesk_facts import Turns, change, party, second_of_save

Time = Annotated[datetime, Meta(tz=True)]


class AuditEvent(Struct):
    """A part of an audit; which members there are depends on the type."""

    id: int = 0
    type: str = ""
    public: bool | None = None
    body: Any = None
    author_id: int | None = None
    field_name: str | None = None
    value: Any = None
    previous_value: Any = None
    via: Any = None

    @property
    def is_comment(self) -> bool:
        return self.type in {"Comment", "VoiceComment"}

    @property
    def text(self) -> str:
        return clean(self.body)


class Audit(Struct):
    id: int
    created_at: Time
    author_id: int | None = None
    events: list[AuditEvent] = []
    via: Any = None


class Score(Struct):
    score: str | None = None
    comment: str | None = None


class TicketRecord(Struct):
    id: int
    created_at: Time
    updated_at: Time
    subject: str | None = None
    description: str | None = None
    status: str | None = None
    priority: str | None = None
    type: str | None = None
    requester_id: int | None = None
    submitter_id: int | None = None
    assignee_id: int | None = None
    group_id: int | None = None
    organization_id: int | None = None
    brand_id: int | None = None
    tags: list[str] | None = None
    satisfaction_rating: Score | None = None
    slas: Any = None  # see `zendesk_sla`


def history(
    desk: str, ticket: TicketRecord, audits: list[Audit], people: Mapping[str, Person], us: str
) -> list[AnyEvent]:
    """All that the audits tell, oldest first. `people` are the authors that exist, `us` is our user's id."""
    ordered = sorted(audits, key=lambda audit: (audit.created_at, audit.id))
    return list(_History(desk, ticket, ordered, people, us).events())


FIELDS = {
    "subject": "title",
    "status": "status",
    "priority": "priority",
    "type": "type",
    "group_id": "team",
    "assignee_id": "agent",
    "requester_id": "requester",
    "organization_id": "organisation",
    "brand_id": "brand",
    "tags": "tags",
}
"""What Zendesk calls a thing, and what `Seen` does."""

_LOWER = {"status", "priority", "type"}


def rated(
    desk: str, ticket: str, score: str, comment: str, at: datetime, *, contact: Contact, actor: str
) -> Rated:
    """A satisfaction rating, which is good or bad and may change or get its comment later.

    Its id is the same for the same score and comment, so that a webhook and the history tell it once.
    """
    digest = sha256(comment.encode("utf-8", "replace")).hexdigest()[:12]
    return Rated(
        id=f"{desk}:rating:{ticket}:{score}:{digest}",
        subject=f"{desk}:{ticket}",
        at=at,
        by=Party.CUSTOMER,
        actor=actor,
        answer=Answer(
            id=f"{desk}:rating:{ticket}",
            scale="csat",
            raw=score,
            score=1.0 if score == "good" else 0.0,
            low=0.0,
            high=1.0,
            words=comment,
            contact=contact,
        ),
    )


class _History:
    """One reading of the audits, which keeps what the ticket has become so far."""

    def __init__(
        self,
        desk: str,
        ticket: TicketRecord,
        audits: list[Audit],
        people: Mapping[str, Person],
        us: str,
    ) -> None:
        self._desk, self._ticket, self._audits = desk, ticket, audits
        self._people, self._us = people, us
        self._subject = f"{desk}:{ticket.id}"
        self._turns = Turns()
        first = audits[0] if audits else None
        opening = first and any(event.type == "Create" for event in first.events)
        self._opening = first if opening else None
        self._state = self._at_creation()

    def events(self) -> Iterator[AnyEvent]:
        """Oldest first."""
        yield self._opened()
        for audit in self._audits:
            for index, event in enumerate(audit.events):
                if event.is_comment and not self._opens(audit, event):
                    yield self._replied(audit, event)
                elif self._changes(audit, event):
                    yield from self._changed(audit, event, event.id or index)
        yield from self._rated()

    def _opened(self) -> Opened:
        opening, ticket = self._opening, self._ticket
        comment = next((one for one in opening.events if one.is_comment), None) if opening else None
        author = comment.author_id if comment else None
        if author is None:
            author = ticket.submitter_id or ticket.requester_id
        return Opened(
            id=f"{self._desk}:opened:{ticket.id}",
            subject=self._subject,
            at=utc(ticket.created_at),
            seq=self._turns.next(self._subject, utc(ticket.created_at)),
            save=str(second_of_save(opening.created_at)) if opening else "",
            by=self._party(author, None),
            actor=actor_id(author),
            text=comment.text if comment else clean(ticket.description),
            seen=Seen(opened_at=utc(ticket.created_at), **self._state),
        )

    def _replied(self, audit: Audit, event: AuditEvent) -> Replied:
        return Replied(
            id=f"{self._desk}:comment:{event.id}",
            public=bool(event.public),
            text=event.text,
            ref=str(event.id),
            **self._common(audit, event),
        )

    def _changed(self, audit: Audit, event: AuditEvent, number: int) -> Iterator[AnyEvent]:
        name = FIELDS[event.field_name or ""]
        now, before = value(event.field_name, event.value), self._state[name]
        if now != before:
            self._state[name] = now
            unique = f"{self._desk}:audit:{audit.id}:{number}"
            yield change(name, now, before, unique, self._common(audit, event))

    def _rated(self) -> Iterator[AnyEvent]:
        rating = self._ticket.satisfaction_rating
        if rating is None or rating.score not in {"good", "bad"}:
            return
        times = [
            utc(audit.created_at)
            for audit in self._audits
            for event in audit.events
            if event.type == "SatisfactionRating"
            or (event.field_name or "").startswith("satisfaction_")
        ]
        requester = str(self._ticket.requester_id)
        person = self._people.get(requester)
        contact = Contact(person.name, person.email, person.phone) if person else Contact()
        at = max(times, default=utc(self._ticket.updated_at))
        words = clean(rating.comment)
        ticket, score = str(self._ticket.id), rating.score
        event = rated(self._desk, ticket, score, words, at, contact=contact, actor=requester)
        yield replace(event, seq=self._turns.next(self._subject, at))

    # -- small things --

    def _at_creation(self) -> dict[str, Any]:
        """What the ticket was at first: as created, else as before its first change, else as now."""
        first = current(self._ticket)
        before: dict[str, Any] = {}
        created: dict[str, Any] = {}
        for audit in self._audits:
            for event in audit.events:
                if event.field_name not in FIELDS:
                    continue
                name = FIELDS[event.field_name]
                if event.type == "Create" and audit is self._opening:
                    created.setdefault(name, value(event.field_name, event.value))
                elif event.type in {"Create", "Change"}:
                    before.setdefault(name, value(event.field_name, event.previous_value))
        return first | before | created

    def _opens(self, audit: Audit, event: AuditEvent) -> bool:
        """Is this the comment that is the ticket's description?"""
        if audit is not self._opening:
            return False
        return event is next(one for one in audit.events if one.is_comment)

    def _changes(self, audit: Audit, event: AuditEvent) -> bool:
        if event.field_name not in FIELDS:
            return False
        return event.type == "Change" or (event.type == "Create" and audit is not self._opening)

    def _common(self, audit: Audit, event: AuditEvent) -> dict[str, Any]:
        author = audit.author_id if event.author_id is None else event.author_id
        return {
            "subject": self._subject,
            "at": utc(audit.created_at),
            "seq": self._turns.next(self._subject, utc(audit.created_at)),
            "save": str(second_of_save(audit.created_at)),
            "by": self._party(author, event.via or audit.via),
            "actor": actor_id(author),
        }

    def _party(self, author: int | None, via: Any) -> Party:
        requester = str(self._ticket.requester_id)
        return party(author, via, us=self._us, people=self._people, requester=requester)


def current(ticket: TicketRecord) -> dict[str, Any]:
    """All that is tracked of a ticket, by what `Seen` calls it."""
    return {seen: value(name, getattr(ticket, name)) for name, seen in FIELDS.items()}


def value(name: str | None, raw: Any) -> Any:
    """What stands in a field of that name: tags as a tuple, all else as text, "" for nothing."""
    if name == "tags":
        listed = raw.split() if isinstance(raw, str) else raw
        return tuple(clean(tag) for tag in listed) if isinstance(listed, list) else ()
    text = "" if raw is None else clean(str(raw))
    return text.lower() if name in _LOWER else text


def actor_id(author: int | None) -> str:
    """Who it was as an event says it; "" if nobody is named."""
    return "" if author is None else str(author)


def utc(moment: datetime) -> datetime:
    """The same moment in UTC."""
    return moment.astimezone(UTC)


def clean(text: Any) -> str:
    """Text that any database takes: no NUL, no half characters."""
    if not isinstance(text, str):
        return ""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
