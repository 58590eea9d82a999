"""How much waits, at a cost that doesn't grow with what is done: for `bridge status`."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, func, select, text

from bridge.store.inbox import UNREADABLE, WAITING
from bridge.store.schema import deadlines, deliveries, errands, events, inbox

EXACT = 10_000
"""More timers than these are estimated, by what the database last knew of the table's size."""


class Inbox(Struct, frozen=True):
    """Webhooks that wait to be read, since when the first of them does, and those that can't be read."""

    waiting: int
    oldest: datetime | None
    unreadable: int


class Deliveries(Struct, frozen=True):
    """What waits to be sent, how much of it is due, and what failed for good."""

    waiting: int
    due: int
    failed: int


class Timers(Struct, frozen=True):
    """How many timers are set (`about`: estimated), how many should have rung, and when the next will."""

    set: int
    about: bool
    overdue: int
    next: datetime | None


class Errands(Struct, frozen=True, kw_only=True):
    """What is asked of vendors, by task: how often, when next, and why the last that was put off was.

    `cursors` tell how far the standing ones have come, by their key.
    """

    task: str
    many: int
    next: datetime
    reason: str
    cursors: dict[str, str]


def in_the_inbox(connection: Connection) -> Inbox:
    """Webhooks that are not read yet."""
    waiting = inbox.c.state == WAITING
    oldest = select(inbox.c.received_at).where(waiting).order_by(inbox.c.id).limit(1)
    return Inbox(
        _count(connection, waiting),
        connection.execute(oldest).scalar(),
        _count(connection, inbox.c.state == UNREADABLE),
    )


def unjudged(connection: Connection) -> int:
    """Events that were not looked at yet."""
    return _count(connection, ~events.c.judged)


def to_be_sent(connection: Connection, now: datetime) -> Deliveries:
    """Deliveries that are not done."""
    waiting = deliveries.c.state == "waiting"
    return Deliveries(
        _count(connection, waiting),
        _count(connection, waiting & (deliveries.c.not_before <= now)),
        _count(connection, deliveries.c.state == "failed"),
    )


def to_ring(connection: Connection, now: datetime) -> Timers:
    """Timers on all tickets."""
    first = select(text("1")).select_from(deadlines).limit(EXACT).subquery()
    many = connection.execute(select(func.count()).select_from(first)).scalar_one()
    if many == EXACT:
        size = text("SELECT reltuples::bigint FROM pg_class WHERE oid = 'deadlines'::regclass")
        many = max(many, connection.execute(size).scalar_one())
    coming = select(func.min(deadlines.c.due_at)).where(deadlines.c.due_at > now)
    return Timers(
        many,
        many >= EXACT,
        _count(connection, deadlines.c.due_at <= now),
        connection.execute(coming).scalar(),
    )


def to_be_asked(connection: Connection) -> list[Errands]:
    """Errands by task."""
    why = func.array_agg(errands.c.reason).filter(errands.c.reason != "")
    standing = func.jsonb_object_agg(errands.c.key, errands.c.cursor).filter(errands.c.cursor != "")
    query = (
        select(
            errands.c.task,
            func.count().label("many"),
            func.min(errands.c.not_before).label("next"),
            func.coalesce(why[1], "").label("reason"),
            standing.label("cursors"),
        )
        .group_by(errands.c.task)
        .order_by(errands.c.task)
    )
    return [
        Errands(task=r.task, many=r.many, next=r.next, reason=r.reason, cursors=r.cursors or {})
        for r in connection.execute(query)
    ]


def _count(connection: Connection, which: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).where(which)).scalar_one()
