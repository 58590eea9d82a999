"""Deliveries as an admin looks after them: what failed and what is held first, and why; and what is given up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, Select, and_, exists, func, select, text, tuple_, update

from bridge.store.deliveries import FAILED, HELD, SENDING, SENT, WAITING
from bridge.store.schema import alerts, deliveries

DROPPED = "dropped"
STATES = (FAILED, HELD, WAITING, SENDING, SENT, DROPPED)
TROUBLED = (FAILED, HELD)
"""What is looked at first, in this order."""

MOST_AT_ONCE = 1000


class Shown(Struct, frozen=True, kw_only=True):
    """A delivery with its alert's reference and team. `behind`: others of its lane go before it."""

    id: int
    ref: str
    subject: str
    team: str
    channel: str
    action: str
    to: str
    why: str
    state: str
    reason: str
    not_before: datetime
    attempts: int
    tried_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    behind: bool


class After(Struct, frozen=True, array_like=True):
    """Where a page begins: with what is older than this one, of its state, and all of the states after it."""

    state: str
    id: int


class Reason(Struct, frozen=True, kw_only=True):
    """Why deliveries of a channel failed, and how many."""

    channel: str
    reason: str
    many: int


def page(
    connection: Connection,
    states: Sequence[str],
    channel: str = "",
    after: After | None = None,
    limit: int = 50,
) -> tuple[list[Shown], After | None]:
    """Deliveries of these states, state by state and the newest first; and where the next page begins, if any."""
    left = list(states)
    if after is not None:
        left = left[left.index(after.state) :] if after.state in left else []
    found: list[Shown] = []
    for state in left:
        query = _shown().where(deliveries.c.state == state)
        if channel:
            query = query.where(deliveries.c.channel == channel)
        if after is not None and after.state == state:
            query = query.where(deliveries.c.id < after.id)
        query = query.order_by(deliveries.c.id.desc()).limit(limit + 1 - len(found))
        found += [Shown(**dict(row)) for row in connection.execute(query).mappings()]
        if len(found) > limit:
            last = found[limit - 1]
            return found[:limit], After(last.state, last.id)
    return found, None


def find(connection: Connection, ids: Collection[int]) -> list[Shown]:
    """These deliveries."""
    query = _shown().where(deliveries.c.id.in_(ids)).order_by(deliveries.c.id)
    return [Shown(**dict(row)) for row in connection.execute(query).mappings()]


def counts(connection: Connection) -> dict[str, int]:
    """How many there are of each state that is looked after: failed, waiting, being sent."""
    query = (
        select(deliveries.c.state, func.count())
        .where(deliveries.c.state.in_((FAILED, WAITING, SENDING)))
        .group_by(deliveries.c.state)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def reasons(connection: Connection, limit: int = 20) -> list[Reason]:
    """Why deliveries failed, the most frequent first."""
    many = func.count().label("many")
    query = (
        select(deliveries.c.channel, deliveries.c.reason, many)
        .where(deliveries.c.state == FAILED)
        .group_by(deliveries.c.channel, deliveries.c.reason)
        .order_by(many.desc(), deliveries.c.channel, deliveries.c.reason)
        .limit(limit)
    )
    return [Reason(**dict(row)) for row in connection.execute(query).mappings()]


def failed_for(connection: Connection, channel: str, reason: str) -> list[int]:
    """The oldest deliveries of a channel that failed for a reason."""
    query = (
        select(deliveries.c.id)
        .where(
            deliveries.c.state == FAILED,
            deliveries.c.channel == channel,
            deliveries.c.reason == reason,
        )
        .order_by(deliveries.c.id)
        .limit(MOST_AT_ONCE)
    )
    return list(connection.execute(query).scalars())


def drop(connection: Connection, ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """Give deliveries up for good, but not what is being sent or was: those given up, and what waited behind them."""
    chosen = deliveries.c.id.in_(list(ids)) & deliveries.c.state.in_((FAILED, HELD, WAITING))
    gone = connection.execute(
        update(deliveries)
        .where(chosen)
        .values(state=DROPPED)
        .returning(deliveries.c.id, deliveries.c.alert, deliveries.c.channel)
    ).all()
    lanes = sorted({(row.alert, row.channel) for row in gone})
    behind = select(deliveries.c.id).where(
        tuple_(deliveries.c.alert, deliveries.c.channel).in_(lanes), deliveries.c.state == WAITING
    )
    waiting = list(connection.execute(behind.order_by(deliveries.c.id)).scalars()) if lanes else []
    return sorted(row.id for row in gone), waiting


def noted(row: Shown) -> dict[str, str]:
    """What of a delivery goes into the audit log: nothing that it says."""
    return {
        "alert": row.ref,
        "channel": row.channel,
        "action": row.action,
        "state": row.state,
        "reason": row.reason,
    }


class Health(Struct, frozen=True, kw_only=True):
    """How it goes with a channel: when something was last sent, why the last attempt failed, and what is left."""

    channel: str
    sent_at: datetime | None
    failed_at: datetime | None
    trouble: str
    waiting: int
    held: int
    failed: int


def health(connection: Connection, since: datetime) -> list[Health]:
    """How it goes with each channel, by what was planned since a time."""
    rows = connection.execute(
        text("""
            WITH lately AS MATERIALIZED (
                SELECT channel, state, reason, sent_at, tried_at FROM deliveries
                WHERE created_at >= :since OR state IN ('waiting', 'failed')
            ), trouble AS (
                SELECT DISTINCT ON (channel) channel, reason, tried_at FROM lately
                WHERE tried_at IS NOT NULL AND (state = 'failed'
                      OR (state = 'waiting' AND reason <> '' AND NOT starts_with(reason, 'held back: ')))
                ORDER BY channel, tried_at DESC
            )
            SELECT l.channel, max(l.sent_at) AS sent_at, max(t.tried_at) AS failed_at,
                   coalesce(max(t.reason), '') AS trouble,
                   count(*) FILTER (WHERE l.state = 'waiting') AS waiting,
                   count(*) FILTER (WHERE l.state = 'held') AS held,
                   count(*) FILTER (WHERE l.state = 'failed') AS failed
            FROM lately AS l LEFT JOIN trouble AS t ON t.channel = l.channel
            GROUP BY l.channel ORDER BY l.channel
        """),
        {"since": since},
    )
    return [Health(**row) for row in rows.mappings()]


def _shown() -> Select[tuple[object, ...]]:
    ahead = deliveries.alias("ahead")
    alone = deliveries.c.action.in_(("direct", "whisper"))
    before = exists().where(
        and_(
            ahead.c.alert == deliveries.c.alert,
            ahead.c.channel == deliveries.c.channel,
            ahead.c.id < deliveries.c.id,
            ahead.c.state.in_((WAITING, SENDING)),
            ahead.c.action.not_in(("direct", "whisper")),
        )
    )
    names = ("id", "channel", "action", "to", "why", "state", "reason", "not_before")
    more = ("attempts", "tried_at", "created_at", "sent_at")
    query: Select[tuple[object, ...]] = select(
        *(deliveries.c[name] for name in (*names, *more)),
        alerts.c.ref,
        alerts.c.subject,
        alerts.c.team,
        and_(deliveries.c.state == WAITING, ~alone, before).label("behind"),
    ).join(alerts, alerts.c.number == deliveries.c.alert)
    return query
