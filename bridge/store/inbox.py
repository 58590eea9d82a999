"""Webhooks as they came. Kept before the vendor is answered, read afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select, text, update

from bridge.store.schema import events, inbox

WAITING, READ, UNREADABLE = "waiting", "read", "unreadable"
MATCHING, FETCHING = "matching", "fetching"  # a vendor is asked first
STATES = (WAITING, READ, MATCHING, FETCHING, UNREADABLE)


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery to be kept."""

    source: str
    delivery: str
    received_at: datetime
    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class Kept(Received, frozen=True, kw_only=True):
    """A delivery as it is kept."""

    id: int
    state: str
    reason: str = ""
    fetched: bytes | None = None  # what the vendor gave when asked; None if it wasn't


# The lists go as binary (%b): as text, each quote and backslash in them would have to be escaped.
_ADD = """
    INSERT INTO inbox (source, delivery, received_at, method, url, headers, body)
    SELECT s, d, r, m, u, h::jsonb, b
    FROM unnest(%(source)b::text[], %(delivery)b::text[], %(at)b::timestamptz[], %(method)b::text[],
                %(url)b::text[], %(headers)b::text[], %(body)b::bytea[]) AS new (s, d, r, m, u, h, b)
    ON CONFLICT (source, delivery) DO NOTHING
    RETURNING source, delivery
"""


def add(connection: Connection, rows: Sequence[Received]) -> list[bool]:
    """Keep deliveries; for each, whether it is new. A repeat changes nothing."""
    added = connection.exec_driver_sql(
        _ADD,
        {
            "source": [r.source for r in rows],
            "delivery": [r.delivery for r in rows],
            "at": [r.received_at for r in rows],
            "method": [r.method for r in rows],
            "url": [r.url for r in rows],
            "headers": [msgspec.json.encode(r.headers).decode() for r in rows],
            "body": [r.body for r in rows],
        },
    )
    left = {(row.source, row.delivery) for row in added}
    new = []
    for row in rows:
        key = (row.source, row.delivery)
        new.append(key in left)
        left.discard(key)
    return new


_LOCK = 7266305


def in_turn(connection: Connection) -> bool:
    """Whether nobody else reads what must be read in the order in which it came, until this transaction ends."""
    taken: bool = connection.execute(
        text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}
    ).scalar_one()
    return taken


def take(connection: Connection, limit: int, but: Sequence[str] = ()) -> list[Kept]:
    """The oldest waiting deliveries that no other worker holds, locked; those of some sources left where they are."""
    query = (
        select(inbox)
        .where(inbox.c.state == WAITING, inbox.c.source.not_in(but))
        .order_by(inbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_kept(row) for row in connection.execute(query).mappings()]


def settle(connection: Connection, ids: Sequence[int], state: str, reason: str = "") -> None:
    """Say what became of deliveries."""
    if ids:
        connection.execute(
            update(inbox)
            .where(inbox.c.id == func.any(list(ids)))
            .values(state=state, reason=reason)
        )


def keep_fetched(connection: Connection, number: int, fetched: bytes) -> None:
    """Keep what a vendor gave for a delivery, and let it be read."""
    connection.execute(
        update(inbox).where(inbox.c.id == number).values(fetched=fetched, state=WAITING, reason="")
    )


def listing(connection: Connection, state: str | None, limit: int) -> list[Kept]:
    """The newest deliveries, of one state or of all."""
    query = select(inbox).order_by(inbox.c.id.desc()).limit(limit)
    if state:
        query = query.where(inbox.c.state == state)
    return [_kept(row) for row in connection.execute(query).mappings()]


def find(connection: Connection, number: int) -> Kept | None:
    """One delivery."""
    row = connection.execute(select(inbox).where(inbox.c.id == number)).mappings().first()
    return _kept(row) if row else None


def replay(connection: Connection, ids: Iterable[int] | None) -> int:
    """Let deliveries be read, and fetched, again: these, or all that are unreadable. How many there were.

    Their events that could not be judged for a fault of ours are judged again.
    """
    query = update(inbox).values(state=WAITING, reason="", fetched=None).returning(inbox.c.id)
    chosen = inbox.c.state == UNREADABLE if ids is None else inbox.c.id == func.any(list(ids))
    again = list(connection.execute(query.where(chosen)).scalars())
    faulty = (events.c.inbox == func.any(again)) & (events.c.fault != "")
    connection.execute(update(events).where(faulty).values(judged=False, fault=""))
    return len(again)


def forget(connection: Connection, before: datetime, limit: int = 5000) -> int:
    """Delete deliveries received before a time, that wait for nothing, of the `limit` oldest. How many there were."""
    first = select(inbox.c.id).order_by(inbox.c.id).limit(limit).subquery()
    old = (inbox.c.received_at < before) & inbox.c.state.in_((READ, UNREADABLE))
    gone = delete(inbox).where(inbox.c.id.in_(select(first.c.id)), old)
    return connection.execute(gone).rowcount


def waiting_since(connection: Connection, before: datetime) -> bool:
    """Whether a delivery received before a time still waits."""
    query = (
        select(inbox.c.received_at).where(inbox.c.state == WAITING).order_by(inbox.c.id).limit(1)
    )
    oldest = connection.execute(query).scalar()
    return oldest is not None and oldest < before


def _kept(row: Any) -> Kept:
    return Kept(**row)
