"""Fold events into tickets. Pure: the same events, in whatever order they came, make the same ticket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from bridge.domain.model import (
    Answer,
    AnyEvent,
    Assigned,
    Category,
    Contact,
    Gone,
    Handoff,
    Opened,
    Party,
    Phase,
    PriorityChanged,
    Rated,
    Replied,
    Seen,
    StatusChanged,
    Tagged,
    Ticket,
)

STATUSES: Mapping[str, Category] = {
    "new": Category.NEW,
    "open": Category.OPEN,
    "pending": Category.PENDING,
    "hold": Category.HOLD,
    "on-hold": Category.HOLD,
    "solved": Category.SOLVED,
    "closed": Category.CLOSED,
}
"""Zendesk's own statuses; a desk's `statuses` setting adds the custom ones. An unknown status counts as open."""


def fold_all(
    events: Iterable[AnyEvent], statuses: Mapping[str, Category] = STATUSES
) -> Ticket | None:
    """The ticket that all its events make, in any order and with any repeats; None for no event."""
    ticket: Ticket | None = None
    seen: set[str] = set()
    for event in sorted(events, key=lambda e: e.order):
        if event.id not in seen:
            seen.add(event.id)
            ticket = fold(ticket, event, statuses)
    return ticket


def late(ticket: Ticket | None, event: AnyEvent) -> bool:
    """Whether the event belongs before what is folded already, so that the ticket has to be refolded."""
    return ticket is not None and event.order <= ticket.as_of


def fold(
    ticket: Ticket | None, event: AnyEvent, statuses: Mapping[str, Category] = STATUSES
) -> Ticket:
    """The ticket after `event`, which must be later than all in it: by (at, seq, id)."""
    if ticket is None:
        ticket = Ticket(id=event.subject, as_of=event.order)
    changes: dict[str, Any] = {"as_of": event.order}
    effect = _EFFECTS.get(type(event))
    if effect is not None:
        effect(ticket, event, changes)
    if event.seen is not None:
        _see(ticket, event, event.seen, statuses, changes)
    if isinstance(event, StatusChanged):
        _status(ticket, event.status, event.at, statuses, changes)
    elif isinstance(event, Assigned):
        if len(changes) > 1:
            ticket, changes = replace(ticket, **changes), {}
        _assign(ticket, event.team, event.agent, event, changes)
    return replace(ticket, **changes) if changes else ticket


def _open(ticket: Ticket, event: Opened, changes: dict[str, Any]) -> None:
    changes["opened_at"] = event.at
    if event.by is Party.CUSTOMER:
        changes["waiting_since"] = ticket.waiting_since or event.at
        changes["customer_at"] = event.at
        changes["customer_messages"] = ticket.customer_messages + 1


def _reply(ticket: Ticket, event: Replied, changes: dict[str, Any]) -> None:
    if event.by is Party.CUSTOMER:
        if event.public:
            changes["customer_at"] = event.at
            changes["customer_messages"] = ticket.customer_messages + 1
            if ticket.waiting_since is None:
                changes["waiting_since"] = event.at
    elif event.by is Party.AGENT:
        if event.public:
            changes["waiting_since"] = None
            changes["last_reply_at"] = event.at
            changes["last_reply_by"] = event.actor
            changes["public_replies"] = ticket.public_replies + 1
            if ticket.first_reply_at is None:
                changes["first_reply_at"] = event.at
                changes["first_reply_by"] = event.actor
        else:
            changes["internal_at"] = event.at
            changes["internal_by"] = event.actor
            changes["internal_notes"] = ticket.internal_notes + 1


def _rate(ticket: Ticket, event: Rated, changes: dict[str, Any]) -> None:
    changes["answers"] = _upsert(ticket.answers, event.answer, event.at)


def _tag(ticket: Ticket, event: Tagged, changes: dict[str, Any]) -> None:
    kept = [t for t in ticket.tags if t not in event.removed]
    changes["tags"] = (*kept, *(t for t in event.added if t not in kept))


def _prioritise(_: Ticket, event: PriorityChanged, changes: dict[str, Any]) -> None:
    changes["priority"] = event.priority


def _go(_: Ticket, event: Gone, changes: dict[str, Any]) -> None:
    why = f"merged into {event.into}" if event.into else event.why
    changes["gone"] = "" if event.back else why


_EFFECTS: dict[type, Callable[[Ticket, Any, dict[str, Any]], None]] = {
    Opened: _open,
    Replied: _reply,
    Rated: _rate,
    Tagged: _tag,
    PriorityChanged: _prioritise,
    Gone: _go,
}


def _see(
    ticket: Ticket,
    event: AnyEvent,
    seen: Seen,
    statuses: Mapping[str, Category],
    changes: dict[str, Any],
) -> None:
    """Take over what was reported; what the event itself changed goes before."""
    if seen.opened_at is not None and ticket.opened_at is None:
        changes.setdefault("opened_at", seen.opened_at)
    for name in ("title", "priority", "type", "requester", "organisation", "brand", "tags"):
        value = getattr(seen, name)
        if value is not None and value != getattr(ticket, name):
            changes.setdefault(name, value)
    if seen.status is not None:
        _status(ticket, seen.status, event.at, statuses, changes)
    if seen.team is not None or seen.agent is not None:
        _assign(ticket, seen.team, seen.agent, event, changes)


def _status(
    ticket: Ticket,
    word: str,
    at: datetime,
    statuses: Mapping[str, Category],
    changes: dict[str, Any],
) -> None:
    phases: tuple[Phase, ...] = changes.get("phases", ticket.phases)
    if word == changes.get("status", ticket.status) and phases:
        return
    changes["status"] = word
    category = statuses.get(word, Category.OPEN)
    if not phases:
        opened = changes.get("opened_at", ticket.opened_at)
        changes["phases"] = (Phase(opened or at, category),)
    elif category is not phases[-1].category:
        changes["phases"] = (*phases, Phase(at, category))
        if category.live and not phases[-1].category.live:
            changes["reopened"] = (*ticket.reopened, at)
    if not category.live:
        changes["waiting_since"] = None


def _assign(
    ticket: Ticket,
    team: str | None,
    agent: str | None,
    event: AnyEvent,
    changes: dict[str, Any],
) -> None:
    """Set team and agent, and count a handoff: from somebody to somebody else, once for one save."""
    moved = replaced = None
    if team is not None and team != ticket.team:
        changes["team"] = team
        if team:
            source = ticket.last_team
            changes["last_team"] = team
            changes["last_agent"] = ""
            if source and source != team:
                moved = Handoff(event.at, "team", source, team, event.save)
    if agent is not None and agent != ticket.agent:
        changes["agent"] = agent
        if agent:
            source = changes.get("last_agent", ticket.last_agent)
            changes["last_agent"] = agent
            if source and source != agent:
                replaced = Handoff(event.at, "agent", source, agent, event.save)
    handoff = moved or replaced
    if handoff is None:
        return
    last = ticket.handoffs[-1] if ticket.handoffs else None
    if last and (last.save == event.save if event.save else last.at == event.at):
        if moved and last.of == "agent":
            changes["handoffs"] = (*ticket.handoffs[:-1], moved)
            return
        if replaced:
            return
    changes["handoffs"] = (*ticket.handoffs, handoff)


def _upsert(answers: tuple[Answer, ...], new: Answer, at: datetime) -> tuple[Answer, ...]:
    """The answers with `new` joined to what is known of it: what it leaves out, stays."""
    for i, old in enumerate(answers):
        if old.id == new.id:
            scored = new.score is not None
            joined = Answer(
                id=new.id,
                score=new.score if scored else old.score,
                raw=new.raw if scored else old.raw,
                scale=new.scale if scored else old.scale,
                low=new.low if scored else old.low,
                high=new.high if scored else old.high,
                words=new.words or old.words,
                resolved=old.resolved if new.resolved is None else new.resolved,
                contact=Contact(
                    name=new.contact.name or old.contact.name,
                    email=new.contact.email or old.contact.email,
                    phone=new.contact.phone or old.contact.phone,
                ),
                recording=new.recording or old.recording,
                at=at,
            )
            return (*answers[:i], joined, *answers[i + 1 :])
    return (*answers, replace(new, at=at))
