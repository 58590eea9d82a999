"""Events, the tickets they add up to, and the timers on them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from bridge.domain.model import AnyEvent, Deadline, Severity, Ticket, Unreadable
from bridge.store import ratings
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
    INSERT INTO events (event, subject, at, received_at, inbox, judged, body)
    SELECT e, s, a, r, i, %(judged)s::boolean, b::jsonb
    FROM unnest(%(event)b::text[], %(subject)b::text[], %(at)b::timestamptz[],
                %(received)b::timestamptz[], %(inbox)s::bigint[], %(body)b::text[])
         AS new (e, s, a, r, i, b)
    ON CONFLICT (event) DO NOTHING
"""


def add_events(connection: Connection, arrived: Sequence[Arrived], *, judged: bool = False) -> int:
    """Store events still to be judged; one that is known already changes nothing. How many were new.

    With `judged` they wait for nobody: they count once a later event has the whole history folded.
    """
    if not arrived:
        return 0
    return connection.exec_driver_sql(
        _ADD,
        {
            "event": [a.event.id for a in arrived],
            "subject": [a.event.subject for a in arrived],
            "at": [a.event.at for a in arrived],
            "received": [a.received_at for a in arrived],
            "inbox": [a.inbox for a in arrived],
            "judged": judged,
            "body": [a.body for a in arrived],
        },
    ).rowcount


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
                       team = n.team, requester = n.requester, updated_at = n.at,
                       opened_at = n.opened, agent = n.agent
    FROM unnest(%(id)b::text[], %(state)b::text[], %(timers)b::text[], %(told)b::text[],
                %(team)b::text[], %(requester)b::text[], %(at)b::timestamptz[],
                %(opened)b::timestamptz[], %(agent)b::text[])
         AS n (id, state, timers, told, team, requester, at, opened, agent)
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
                "opened": [j.ticket.opened_at for j in judged],
                "agent": [
                    f"{j.ticket.desk}:{j.ticket.agent}" if j.ticket.agent else "" for j in judged
                ],
            },
        )
        ratings.keep(connection, [j.ticket for j in judged])


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


class Overdue(msgspec.Struct, frozen=True):
    """A ticket with timers whose time has come."""

    ticket: Ticket
    timers: tuple[Deadline, ...]


def due_desks(connection: Connection, now: datetime) -> list[str]:
    """The desks that have timers whose time has come. One look at the index where there are none."""
    found: list[str] = []
    while True:
        query = text("""
            SELECT split_part(subject, ':', 1) FROM deadlines
            WHERE due_at <= :now AND split_part(subject, ':', 1) <> ALL(CAST(:found AS text[]))
            ORDER BY due_at LIMIT 1
        """)
        desk = connection.execute(query, {"now": now, "found": found}).scalar()
        if desk is None:
            return found
        found.append(desk)


def overdue(
    connection: Connection, desk: str, now: datetime, limit: int, but: Collection[str] = ()
) -> list[Overdue]:
    """Tickets of a desk, but for some, that have timers whose time has come, the oldest first."""
    rows = connection.execute(
        text("""
            WITH first AS (
                SELECT subject, min(due_at) AS due_at FROM (
                    SELECT subject, due_at FROM deadlines
                    WHERE due_at <= :now AND split_part(subject, ':', 1) = :desk
                      AND subject <> ALL(CAST(:but AS text[]))
                    ORDER BY due_at LIMIT :many) AS oldest
                GROUP BY subject)
            SELECT state::text, timers::text FROM tickets JOIN first ON id = subject
            WHERE state IS NOT NULL ORDER BY due_at
        """),
        {"now": now, "desk": desk, "many": limit, "but": list(but)},
    )
    return [
        Overdue(
            _ticket.decode(row.state),
            tuple(timer for timer in _timers.decode(row.timers) if timer.due_at <= now),
        )
        for row in rows
    ]


def take_timers(
    connection: Connection, timers: Collection[tuple[str, Deadline]]
) -> list[tuple[str, Deadline]]:
    """Take timers off; those that still stood as given, and that nobody else takes or changes at this moment."""
    rows = connection.execute(
        text("""
            DELETE FROM deadlines WHERE ctid IN (
                SELECT d.ctid FROM deadlines AS d JOIN unnest(
                    CAST(:s AS text[]), CAST(:g AS text[]), CAST(:st AS text[]),
                    CAST(:due AS timestamptz[])) AS w (s, g, st, due)
                ON subject = s AND goal = g AND stage = st AND due_at = due FOR UPDATE OF d SKIP LOCKED)
            RETURNING subject, goal, stage
        """),
        _columns(timers),
    )
    wanted = {(subject, timer.goal, timer.stage): timer for subject, timer in timers}
    return [(r.subject, wanted[r.subject, r.goal, r.stage]) for r in rows]


def next_due(connection: Connection, now: datetime) -> datetime | None:
    """When the next timer rings after `now`."""
    query = select(deadlines.c.due_at).where(deadlines.c.due_at > now)
    due: datetime | None = connection.execute(query.order_by(deadlines.c.due_at).limit(1)).scalar()
    return due


def known(connection: Connection, ids: Collection[str]) -> set[str]:
    """Those of the event ids that are stored."""
    if not ids:
        return set()
    query = select(events.c.event).where(events.c.event == func.any(list(ids)))
    return set(connection.execute(query).scalars())


def find(connection: Connection, subject: str) -> Ticket | None:
    """A ticket as it was last judged."""
    state = connection.execute(select(tickets.c.state).where(tickets.c.id == subject)).scalar()
    return msgspec.convert(state, Ticket) if state else None


def find_all(connection: Connection, subjects: Collection[str]) -> dict[str, Ticket]:
    """Tickets as they were last judged, those that there are."""
    query = text(
        "SELECT id, state::text FROM tickets WHERE id = ANY(CAST(:ids AS text[])) AND state IS NOT NULL"
    )
    rows = connection.execute(query, {"ids": list(subjects)}) if subjects else ()
    return {row.id: _ticket.decode(row.state) for row in rows}


def following(connection: Connection, after: str, limit: int) -> list[str]:
    """The next tickets in the order of their names."""
    query = select(tickets.c.id).where(tickets.c.id > after, tickets.c.state.is_not(None))
    return list(connection.execute(query.order_by(tickets.c.id).limit(limit)).scalars())


def named(connection: Connection, name: str, limit: int = 5) -> list[Ticket]:
    """Tickets that people call so ("HELP-12"), the newest first. Looks through all: for people, not for programs."""
    query = text("""
        SELECT state::text FROM tickets WHERE upper(state->>'name') = upper(:name)
        ORDER BY updated_at DESC LIMIT :many
    """)
    rows = connection.execute(query, {"name": name, "many": limit}).scalars()
    return [_ticket.decode(state) for state in rows]


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


def touched_of(connection: Connection, requester: str, since: datetime) -> list[str]:
    """The tickets of a customer ("<desk>:<user>") on which something happened since a time."""
    query = select(tickets.c.id).where(
        tickets.c.requester == requester, tickets.c.updated_at >= since
    )
    return list(connection.execute(query.order_by(tickets.c.id)).scalars())


def groups_seen(connection: Connection) -> dict[str, int]:
    """The helpdesk groups that tickets are in, with how many."""
    rows = connection.execute(
        text(
            "SELECT team, count(*) AS many FROM tickets WHERE team <> '' GROUP BY team ORDER BY 2 DESC"
        )
    )
    return {row.team: row.many for row in rows}


def forget_events(connection: Connection, before: datetime, limit: int = 5000) -> int:
    """Delete judged events older than a time, of the `limit` oldest. How many there were."""
    first = select(events.c.id).order_by(events.c.id).limit(limit).subquery()
    old = (events.c.received_at < before) & events.c.judged
    gone = delete(events).where(events.c.id.in_(select(first.c.id)), old)
    return connection.execute(gone).rowcount


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
