"""Events, the tickets they add up to, and the timers on them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from bridge.domain.model import AnyEvent, Deadline, Severity, Ticket, Unreadable
from bridge.store.schema import answers, deadlines, events, tickets

_event = msgspec.json.Decoder(AnyEvent)
_encode = msgspec.json.Encoder().encode
_NUL = re.compile(
    r"(?<!\\)(?:\\\\)*\\u0000"
)  # and not a backslash that somebody wrote before u0000


class Arrived(msgspec.Struct, frozen=True):
    """An event with its stored form, the time it was received, and the delivery it came in."""

    event: AnyEvent
    body: str
    received_at: datetime
    inbox: int | None = None


def arrive(event: AnyEvent, received_at: datetime, inbox: int | None = None) -> Arrived:
    """An event ready to be stored. Raises Unreadable for text that can't be stored."""
    try:
        body = _encode(event).decode()
    except UnicodeEncodeError as error:
        raise Unreadable("a text holds half a character (a lone surrogate)") from error
    if "\\u0000" in body and _NUL.search(body):
        raise Unreadable("a text holds a NUL character")
    return Arrived(event, body, received_at, inbox)


class Waiting(msgspec.Struct, frozen=True):
    """An event still to be judged, with its number."""

    id: int
    event: AnyEvent


class Claimed(msgspec.Struct, frozen=True):
    """A ticket held by this worker until its transaction ends."""

    id: str
    ticket: Ticket | None
    timers: tuple[Deadline, ...]
    told: dict[str, Severity]


class Judged(msgspec.Struct, frozen=True):
    """What is to be stored of a ticket after judging."""

    ticket: Ticket
    timers: tuple[Deadline, ...]
    told: Mapping[str, Severity]


# Lists of JSON go as binary (%b): as text, each quote and backslash in them would have to be escaped.
_ADD = """
    INSERT INTO events (event, subject, at, received_at, inbox, body)
    SELECT e, s, a, r, i, b::jsonb
    FROM unnest(%(event)b::text[], %(subject)b::text[], %(at)b::timestamptz[],
                %(received)b::timestamptz[], %(inbox)s::bigint[], %(body)b::text[])
         AS new (e, s, a, r, i, b)
    ON CONFLICT (event) DO NOTHING
"""


def add_events(connection: Connection, arrived: Sequence[Arrived]) -> None:
    """Store events still to be judged; one that is known already changes nothing."""
    if arrived:
        connection.exec_driver_sql(
            _ADD,
            {
                "event": [a.event.id for a in arrived],
                "subject": [a.event.subject for a in arrived],
                "at": [a.event.at for a in arrived],
                "received": [a.received_at for a in arrived],
                "inbox": [a.inbox for a in arrived],
                "body": [a.body for a in arrived],
            },
        )


def unjudged(connection: Connection, limit: int) -> list[str]:
    """Subjects that have events waiting, oldest first."""
    query = text("""
        SELECT subject FROM (SELECT id, subject FROM events WHERE NOT judged ORDER BY id LIMIT :many) AS oldest
        GROUP BY subject ORDER BY min(id)
    """)
    return list(connection.execute(query, {"many": limit}).scalars())


def claim(connection: Connection, subjects: Sequence[str]) -> list[Claimed]:
    """Lock those of the subjects' tickets that no other worker holds; make those that are new."""
    connection.execute(
        text("""
            INSERT INTO tickets (id) SELECT s FROM unnest(CAST(:ids AS text[])) AS s
            WHERE NOT EXISTS (SELECT 1 FROM tickets WHERE id = s) ORDER BY s ON CONFLICT DO NOTHING
        """),
        {"ids": list(subjects)},
    )
    rows = connection.execute(
        text("""
            SELECT id, state::text, timers::text, told::text FROM tickets
            WHERE id = ANY(CAST(:ids AS text[])) FOR UPDATE SKIP LOCKED
        """),
        {"ids": list(subjects)},
    )
    return [
        Claimed(
            row.id,
            _ticket.decode(row.state) if row.state else None,
            _timers.decode(row.timers),
            _told.decode(row.told),
        )
        for row in rows
    ]


_ticket = msgspec.json.Decoder(Ticket)
_timers = msgspec.json.Decoder(tuple[Deadline, ...])
_told = msgspec.json.Decoder(dict[str, Severity])


def waiting(connection: Connection, subjects: Sequence[str]) -> dict[str, list[Waiting]]:
    """The waiting events of subjects, each in the order in which they fold."""
    rows = connection.execute(
        text("""
            SELECT id, subject, body::text FROM events
            WHERE NOT judged AND subject = ANY(CAST(:ids AS text[]))
        """),
        {"ids": list(subjects)},
    )
    found: dict[str, list[Waiting]] = {subject: [] for subject in subjects}
    for row in rows:
        found[row.subject].append(Waiting(row.id, _event.decode(row.body)))
    for several in found.values():
        several.sort(key=lambda w: w.event.order)
    return found


def history(connection: Connection, subject: str) -> list[AnyEvent]:
    """All events of a subject that could be folded."""
    query = select(events.c.body).where(events.c.subject == subject, events.c.fault == "")
    rows = connection.execute(query.order_by(events.c.at, events.c.id)).scalars()
    return [msgspec.convert(body, AnyEvent) for body in rows]


_STORE = """
    UPDATE tickets SET state = n.state::jsonb, timers = n.timers::jsonb, told = n.told::jsonb,
                       team = n.team, requester = n.requester, updated_at = n.at
    FROM unnest(%(id)b::text[], %(state)b::text[], %(timers)b::text[], %(told)b::text[],
                %(team)b::text[], %(requester)b::text[], %(at)b::timestamptz[])
         AS n (id, state, timers, told, team, requester, at)
    WHERE tickets.id = n.id
"""


def store(connection: Connection, judged: Sequence[Judged]) -> None:
    """Write tickets back after judging."""
    if judged:
        connection.exec_driver_sql(
            _STORE,
            {
                "id": [j.ticket.id for j in judged],
                "state": [_encode(j.ticket).decode() for j in judged],
                "timers": [_encode(j.timers).decode() for j in judged],
                "told": [_encode(j.told).decode() for j in judged],
                "team": [
                    f"{j.ticket.desk}:{j.ticket.team}" if j.ticket.team else "" for j in judged
                ],
                "requester": [
                    f"{j.ticket.desk}:{j.ticket.requester}" if j.ticket.requester else ""
                    for j in judged
                ],
                "at": [j.ticket.as_of[0] for j in judged],
            },
        )


def judged(connection: Connection, ids: Sequence[int]) -> None:
    """Mark events as judged."""
    if ids:
        connection.execute(
            text("UPDATE events SET judged = true WHERE id = ANY(CAST(:ids AS bigint[]))"),
            {"ids": list(ids)},
        )


def faulty(connection: Connection, ids: Sequence[int], fault: str) -> list[int]:
    """Set events aside that could not be judged; the deliveries (`inbox`) in which they came."""
    rows = connection.execute(
        text("""
            UPDATE events SET judged = true, fault = :fault WHERE id = ANY(CAST(:ids AS bigint[]))
            RETURNING inbox
        """),
        {"ids": list(ids), "fault": fault},
    )
    return [number for number in rows.scalars() if number is not None]


def waiting_before(connection: Connection, before: datetime) -> bool:
    """Whether an event received before a time still waits to be judged."""
    query = select(events.c.received_at).where(~events.c.judged).order_by(events.c.id).limit(1)
    oldest = connection.execute(query).scalar()
    return oldest is not None and oldest < before


def set_timers(
    connection: Connection,
    gone: Collection[tuple[str, Deadline]],
    new: Collection[tuple[str, Deadline]],
) -> None:
    """Take timers off and put timers on."""
    if gone:
        connection.execute(
            text("""
                DELETE FROM deadlines USING unnest(
                    CAST(:s AS text[]), CAST(:g AS text[]), CAST(:st AS text[])) AS old (s, g, st)
                WHERE subject = old.s AND goal = old.g AND stage = old.st
            """),
            _columns(gone),
        )
    if new:
        connection.execute(
            text("""
                INSERT INTO deadlines (subject, goal, stage, due_at)
                SELECT * FROM unnest(CAST(:s AS text[]), CAST(:g AS text[]), CAST(:st AS text[]),
                                     CAST(:due AS timestamptz[]))
                ON CONFLICT (subject, goal, stage) DO UPDATE SET due_at = excluded.due_at
            """),
            _columns(new),
        )


def _columns(timers: Collection[tuple[str, Deadline]]) -> dict[str, list[Any]]:
    return {
        "s": [subject for subject, _ in timers],
        "g": [timer.goal for _, timer in timers],
        "st": [timer.stage for _, timer in timers],
        "due": [timer.due_at for _, timer in timers],
    }


def take_due(connection: Connection, now: datetime, limit: int) -> list[tuple[str, Deadline]]:
    """Take off the timers that are due, oldest first, passing over those that another takes."""
    rows = connection.execute(
        text("""
            DELETE FROM deadlines WHERE ctid IN (
                SELECT ctid FROM deadlines WHERE due_at <= :now
                ORDER BY due_at LIMIT :many FOR UPDATE SKIP LOCKED)
            RETURNING subject, goal, stage, due_at
        """),
        {"now": now, "many": limit},
    )
    return [(row.subject, Deadline(row.goal, row.stage, row.due_at)) for row in rows]


def next_due(connection: Connection) -> datetime | None:
    """When the next timer rings."""
    query = select(deadlines.c.due_at).order_by(deadlines.c.due_at).limit(1)
    due: datetime | None = connection.execute(query).scalar()
    return due


def find(connection: Connection, subject: str) -> Ticket | None:
    """A ticket as it was last judged."""
    state = connection.execute(select(tickets.c.state).where(tickets.c.id == subject)).scalar()
    return msgspec.convert(state, Ticket) if state else None


def newest_of(connection: Connection, requesters: Iterable[str], since: datetime) -> str | None:
    """The newest ticket of any of these customers ("<desk>:<user>") since a time."""
    query = (
        select(tickets.c.id)
        .where(tickets.c.requester.in_(list(requesters)), tickets.c.updated_at >= since)
        .order_by(tickets.c.updated_at.desc())
        .limit(1)
    )
    found: str | None = connection.execute(query).scalar()
    return found


def groups_seen(connection: Connection) -> dict[str, int]:
    """The helpdesk groups that tickets are in, with how many."""
    rows = connection.execute(
        text(
            "SELECT team, count(*) AS many FROM tickets WHERE team <> '' GROUP BY team ORDER BY 2 DESC"
        )
    )
    return {row.team: row.many for row in rows}


def forget_events(connection: Connection, before: datetime, limit: int = 5000) -> int:
    """Delete judged events older than a time. How many there were."""
    old = select(events.c.id).where(events.c.received_at < before, events.c.judged).limit(limit)
    return connection.execute(delete(events).where(events.c.id.in_(old))).rowcount


def subjects_of(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The subjects that survey answers were bound to before."""
    if not ids:
        return {}
    query = select(answers).where(answers.c.answer.in_(ids))
    return {row.answer: row.subject for row in connection.execute(query)}


def bind(connection: Connection, bound: Mapping[str, str]) -> None:
    """Remember which subject each answer belongs to."""
    if bound:
        rows = [{"answer": a, "subject": s} for a, s in bound.items()]
        connection.execute(insert(answers).on_conflict_do_nothing(), rows)
