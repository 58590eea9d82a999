"""Fold events into tickets. Pure: the same events, in whatever order they came, make the same ticket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from bridge.domain.goals import WARN
from bridge.domain.model import (
    AboutAlert,
    Answer,
    AnyEvent,
    Assigned,
    Category,
    Contact,
    Due,
    Event,
    Gone,
    Handoff,
    Measure,
    Measured,
    Opened,
    Party,
    Phase,
    PriorityChanged,
    Rated,
    Read,
    Replied,
    Rung,
    Said,
    Seen,
    Shift,
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
    "archived": Category.CLOSED,
    "deleted": Category.CLOSED,
    "scrubbed": Category.CLOSED,
}
"""Zendesk's own statuses. A desk's kind has its own, its `statuses` setting adds to them."""

LAST_SAID = 5
"""So many messages of either side are kept with the ticket, for their words."""

LONGEST_SAID = 2000
"""Characters of a message that are kept."""

LAST_MEASURES = 400
"""So many figures of a metric are kept with its subject."""


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
    if isinstance(event, AboutAlert):
        return False
    return ticket is not None and event.order <= ticket.as_of


def fold(
    ticket: Ticket | None, event: AnyEvent, statuses: Mapping[str, Category] = STATUSES
) -> Ticket:
    """The ticket after `event`, which must be later than all in it: by (at, seq, id)."""
    if ticket is None:
        ticket = Ticket(id=event.subject, as_of=event.order)
    if isinstance(event, AboutAlert):
        return ticket
    changes: dict[str, Any] = {"as_of": event.order}
    if not isinstance(event, Due | Rated) and (not ticket.known_at or event.at > ticket.known_at):
        changes["known_at"] = event.at
    effect = _EFFECTS.get(type(event))
    if effect is not None:
        effect(ticket, event, changes)
    status = means = team = agent = None
    if event.seen is not None:
        _see(ticket, event.seen, changes)
        status, means = event.seen.status, event.seen.means
        team, agent = event.seen.team, event.seen.agent
        if event.seen.weak:
            status = None if ticket.phases else status
            team, agent = (None if ticket.team else team), (None if ticket.agent else agent)
        status, team, agent = (
            None if _overtaken(ticket, event, name) else value
            for name, value in (("status", status), ("team", team), ("agent", agent))
        )
    if isinstance(event, StatusChanged):
        status, means = event.status, event.means
        changes["set_at"] = ticket.set_at | {"status": event.at}
    elif isinstance(event, Assigned):
        told = {"team": event.team, "agent": event.agent}
        team = team if event.team is None else event.team
        agent = agent if event.agent is None else event.agent
        set_now = {name: event.at for name, value in told.items() if value is not None}
        changes["set_at"] = ticket.set_at | set_now
    if status is not None:
        category = statuses.get(status) or means or Category.OPEN
        _status(ticket, status, category, event, changes)
    if team is not None or agent is not None:
        _assign(ticket, team, agent, event, changes)
    return replace(ticket, **changes)


def _overtaken(ticket: Ticket, event: AnyEvent, name: str) -> bool:
    """Whether an event of its own told a thing within the second that a report beside another event speaks of.

    Some sources tell times in whole seconds, so which of the two came first can't be known: the report gives way.
    """
    told = ticket.set_at.get(name)
    if told is None or isinstance(event, Read):
        return False
    return event.at.replace(microsecond=0) <= told


def _open(ticket: Ticket, event: Opened, changes: dict[str, Any]) -> None:
    changes["opened_at"] = event.at
    changes["whole"] = True
    if event.by is Party.CUSTOMER:
        changes["waiting_since"] = ticket.waiting_since or event.at
        changes["customer_at"] = event.at
        changes["customer_messages"] = ticket.customer_messages + 1
        changes["messages"] = _said(ticket.messages, event, event.id, event.text)


def _reply(ticket: Ticket, event: Replied, changes: dict[str, Any]) -> None:
    own = bool(event.actor) and event.actor == ticket.requester  # staff can be customers themselves
    if event.by is Party.CUSTOMER or (own and event.by is Party.AGENT and event.public):
        if event.public:
            changes["customer_at"] = event.at
            changes["customer_messages"] = ticket.customer_messages + 1
            changes["messages"] = _said(ticket.messages, event, event.ref or event.id, event.text)
            if ticket.waiting_since is None:
                changes["waiting_since"] = event.at
    elif event.by is Party.AGENT:
        if event.public:
            changes["waiting_since"] = None
            changes["last_reply_at"] = event.at
            changes["last_reply_by"] = event.actor
            changes["public_replies"] = ticket.public_replies + 1
            changes["updates"] = _said(ticket.updates, event, event.ref or event.id, event.text)
            if ticket.first_reply_at is None:
                changes["first_reply_at"] = event.at
                changes["first_reply_by"] = event.actor
        else:
            changes["internal_at"] = event.at
            changes["internal_by"] = event.actor
            changes["internal_notes"] = ticket.internal_notes + 1


def _said(before: tuple[Said, ...], event: Event, ref: str, text: str) -> tuple[Said, ...]:
    """The messages with a new one; one without words is none."""
    if not text.strip():
        return before
    return (*before, Said(event.at, event.actor, ref, text[:LONGEST_SAID]))[-LAST_SAID:]


def _measure(ticket: Ticket, event: Measured, changes: dict[str, Any]) -> None:
    """Keep the newest figures; one of the same moment takes the place of the earlier."""
    figure = Measure(event.at, event.value, event.of, event.usual, event.chance)
    known = ticket.measures.get(event.metric, ())
    if known and known[-1].at == event.at:
        known = known[:-1]
    changes["measures"] = ticket.measures | {event.metric: (*known, figure)[-LAST_MEASURES:]}
    if event.team:
        changes["team"] = event.team


def _rate(ticket: Ticket, event: Rated, changes: dict[str, Any]) -> None:
    changes["answers"] = _upsert(ticket.answers, event.answer, event.at)


def _tag(ticket: Ticket, event: Tagged, changes: dict[str, Any]) -> None:
    kept = [t for t in ticket.tags if t not in event.removed]
    changes["tags"] = tuple(dict.fromkeys((*kept, *event.added)))


def _prioritise(_: Ticket, event: PriorityChanged, changes: dict[str, Any]) -> None:
    changes["priority"] = event.priority


def _go(_: Ticket, event: Gone, changes: dict[str, Any]) -> None:
    why = f"merged into {event.into}" if event.into else event.why
    changes["gone"] = "" if event.back else why


def _know(_: Ticket, __: Read, changes: dict[str, Any]) -> None:
    changes["whole"] = True


def _ring(ticket: Ticket, event: Due, changes: dict[str, Any]) -> None:
    """Remember how far the goal's timers have rung; a lower stage that is told later changes nothing."""
    last = ticket.rung.get(event.goal)
    if last and _further(last, event):
        return
    changes["rung"] = ticket.rung | {
        event.goal: Rung(
            stage=event.stage,
            due_at=event.at,
            started_at=event.started_at,
            need=event.need,
            late=event.late,
            confirmed=event.confirmed,
            quiet=event.quiet,
        )
    }


def _further(last: Rung, event: Due) -> bool:
    """Whether one that rang before went further: a breach does than any warning, else it is the working time."""
    if last.started_at != event.started_at:
        return event.started_at is None  # by an earlier version, so before all that tell more
    if last.need is None or event.need is None:
        return False
    before, now = last.stage.startswith(WARN), event.stage.startswith(WARN)
    return last.need > event.need if before == now else now


_EFFECTS: dict[type, Callable[[Ticket, Any, dict[str, Any]], None]] = {
    Opened: _open,
    Replied: _reply,
    Rated: _rate,
    Tagged: _tag,
    PriorityChanged: _prioritise,
    Gone: _go,
    Read: _know,
    Due: _ring,
    Measured: _measure,
}


_SEEN = ("name", "title", "priority", "type", "requester", "organisation", "brand", "tags")


def _see(ticket: Ticket, seen: Seen, changes: dict[str, Any]) -> None:
    """Take over what was reported; what the event itself changed goes before."""
    if seen.opened_at is not None and ticket.opened_at is None:
        changes.setdefault("opened_at", seen.opened_at)
    for name in _SEEN:
        value = getattr(seen, name)
        known = getattr(ticket, name)
        if value is not None and value != known and not (seen.weak and known):
            changes.setdefault(name, value)
    if seen.facts:
        changes["facts"] = ticket.facts | seen.facts
    if seen.clocks is not None:
        changes["clocks"] = seen.clocks


def _status(
    ticket: Ticket,
    word: str,
    category: Category,
    event: AnyEvent,
    changes: dict[str, Any],
) -> None:
    phases = ticket.phases
    if word == ticket.status and phases:
        return
    changes["status"] = word
    if not phases:
        # A status first heard of in a report is taken to be as old as the ticket.
        opened = changes.get("opened_at", ticket.opened_at)
        reported = not isinstance(event, StatusChanged)
        changes["phases"] = (Phase(opened if opened and reported else event.at, category),)
    elif category is not phases[-1].category:
        changes["phases"] = (*phases, Phase(event.at, category))
        if category.live and not phases[-1].category.live:
            changes["reopened"] = (*ticket.reopened, event.at)
    if not category.live:
        changes["waiting_since"] = None


def _assign(
    ticket: Ticket,
    team: str | None,
    agent: str | None,
    event: AnyEvent,
    changes: dict[str, Any],
) -> None:
    """Set team and agent, and count a handoff: from somebody to somebody else, with nobody between or not."""
    handoff: Handoff | None = None
    if team is not None and team != ticket.team:
        changes["team"] = team
        opened = changes.get("opened_at", ticket.opened_at)
        reported = not ticket.shifts and not isinstance(event, Assigned)
        came = opened if reported and opened else event.at
        changes["shifts"] = (*ticket.shifts, Shift(came, team))
        if team and team != ticket.last_team:
            changes["last_team"] = team
            if ticket.last_team:
                changes["last_agent"] = ticket.agent
                handoff = Handoff(event.at, "team", ticket.last_team, team, event.save)
    if agent is not None and agent != ticket.agent:
        changes["agent"] = agent
        source = changes.get("last_agent", ticket.last_agent)
        if agent:
            changes["last_agent"] = agent
            changes["agent_since"] = event.at
            if handoff is None and source and source != agent:
                handoff = Handoff(event.at, "agent", source, agent, event.save)
        elif handoff or _left_behind(ticket, event):
            changes["last_agent"] = ""
    if handoff is not None:
        changes["handoffs"] = _joined(ticket.handoffs, handoff)


def _left_behind(ticket: Ticket, event: AnyEvent) -> bool:
    """Whether the agent who lets go had it before it came to this team: in the same save, or nobody since."""
    last = ticket.handoffs[-1] if ticket.handoffs else None
    if last is None or last.of != "team":
        return False
    return _together(last, event) or (
        ticket.agent_since is not None and ticket.agent_since < last.at
    )


def _together(last: Handoff, next_: Handoff | AnyEvent) -> bool:
    """Whether both come from one save; where a source does not name saves, from one instant."""
    if last.save and next_.save:
        return last.save == next_.save
    return last.at == next_.at


def _joined(handoffs: tuple[Handoff, ...], new: Handoff) -> tuple[Handoff, ...]:
    """The handoffs with `new`; of one save, only what it comes to counts, and a team's before an agent's."""
    if not handoffs or not _together(handoffs[-1], new):
        return (*handoffs, new)
    *earlier, last = handoffs
    if last.of == new.of:
        back = last.source == new.target
        return (*earlier,) if back else (*earlier, replace(new, source=last.source))
    return (*earlier, new) if new.of == "team" else handoffs


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
                questions=old.questions | new.questions,
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
