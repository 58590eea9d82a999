"""Webhooks to be sent: waiting -> sending -> sent, or failed. The order of each alert's is kept for each endpoint.

One is under way at a time for each endpoint, so that a slow one holds up nobody else. It is marked `sending` before
the attempt and `sent` after it: after a crash it is sent again, with the same id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, text, update

from bridge.store.schema import alerts, notices

WAITING, SENDING, SENT, FAILED = "waiting", "sending", "sent", "failed"
STATES = (WAITING, SENDING, SENT, FAILED)
MARKER = "msg_"
CUT_OFF = "the attempt was cut off"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as it is kept. `marker` is its id in every attempt, `change` the type of its body."""

    id: int
    endpoint: int
    marker: str
    alert: int
    change: str
    body: dict[str, Any]
    state: str
    reason: str
    not_before: datetime
    attempts: int
    tried_at: datetime | None
    created_at: datetime
    sent_at: datetime | None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook in a list, with its alert's reference."""

    notice: Notice
    ref: str


def add(
    connection: Connection,
    planned: Sequence[tuple[int, int, str, dict[str, Any]]],
    now: datetime,
) -> list[int]:
    """Keep what is to be sent, as (endpoint, alert, change, body), in this order; which endpoints wait for it."""
    if not planned:
        return []
    connection.execute(
        insert(notices),
        [
            {
                "endpoint": endpoint,
                "marker": MARKER + token_hex(12),
                "alert": alert,
                "change": change,
                "body": body,
                "not_before": now,
                "created_at": now,
            }
            for endpoint, alert, change, body in planned
        ],
    )
    return sorted({endpoint for endpoint, *_ in planned})


_FIRST = """
    n.endpoint = e.id AND n.state = 'waiting' AND NOT EXISTS (
        SELECT 1 FROM notices AS f
        WHERE f.alert = n.alert AND f.endpoint = n.endpoint AND f.id < n.id AND f.state = 'waiting')
"""
"""Whether a notice `n` to an endpoint `e` waits, and is the first of its alert's that do."""

_FREE = """
    e.enabled AND (e.paused_until IS NULL OR e.paused_until <= :now)
    AND NOT EXISTS (SELECT 1 FROM notices AS u WHERE u.endpoint = e.id AND u.state = 'sending')
"""
"""Whether an endpoint `e` may be called."""


def due(connection: Connection, now: datetime) -> list[int]:
    """Endpoints that have something to be sent now."""
    query = text(f"""
        SELECT id FROM endpoints AS e WHERE {_FREE}
        AND EXISTS (SELECT 1 FROM notices AS n WHERE {_FIRST} AND n.not_before <= :now) ORDER BY id
    """)  # noqa: S608 - constants
    return list(connection.execute(query, {"now": now}).scalars())


def next_due(connection: Connection) -> datetime | None:
    """When the next of all may be sent; None if there is none."""
    found: datetime | None = connection.execute(
        text(f"""
            SELECT min(greatest(e.paused_until, (SELECT min(n.not_before) FROM notices AS n WHERE {_FIRST})))
            FROM endpoints AS e WHERE e.enabled
            AND EXISTS (SELECT 1 FROM notices AS n WHERE n.endpoint = e.id AND n.state = 'waiting')
        """)  # noqa: S608 - a constant
    ).scalar()
    return found


def take(connection: Connection, endpoint: int, now: datetime) -> Notice | None:
    """Mark the endpoint's next as being sent: the oldest that is due and the first of its alert's.

    None if there is none, while one is under way, and while the endpoint is paused or disabled.
    """
    connection.execute(
        text("SELECT 1 FROM endpoints WHERE id = :one FOR NO KEY UPDATE"), {"one": endpoint}
    )
    row = (
        connection.execute(
            text(f"""
                UPDATE notices SET state = 'sending', attempts = attempts + 1, tried_at = :now
                WHERE id = (
                    SELECT n.id FROM endpoints AS e JOIN notices AS n ON {_FIRST}
                    WHERE e.id = :one AND {_FREE} AND n.not_before <= :now ORDER BY n.id LIMIT 1)
                RETURNING *
            """),  # noqa: S608 - a constant
            {"one": endpoint, "now": now},
        )
        .mappings()
        .first()
    )
    return Notice(**row) if row else None


def sent(connection: Connection, number: int, now: datetime) -> None:
    """It was taken."""
    _set(connection, number, state=SENT, reason="", sent_at=now)


def put_off(connection: Connection, number: int, until: datetime, why: str) -> None:
    """Try it again then."""
    _set(connection, number, state=WAITING, reason=why, not_before=until)


def failed(connection: Connection, number: int, why: str) -> None:
    """Stop trying."""
    _set(connection, number, state=FAILED, reason=why)


def give_up(connection: Connection, endpoint: int, why: str) -> None:
    """Stop trying all that waits for an endpoint."""
    connection.execute(
        update(notices)
        .where(notices.c.endpoint == endpoint, notices.c.state.in_((WAITING, SENDING)))
        .values(state=FAILED, reason=why)
    )


def release(connection: Connection, endpoint: int, now: datetime) -> None:
    """Try all that waits for an endpoint now: what kept it waiting is over."""
    connection.execute(
        update(notices)
        .where(
            notices.c.endpoint == endpoint,
            notices.c.state == WAITING,
            notices.c.not_before > now,
        )
        .values(not_before=now)
    )


def retry(
    connection: Connection, now: datetime, *, endpoint: int | None = None, ids: Sequence[int] = ()
) -> list[int]:
    """Let what failed, or waits, be tried again now: of an endpoint, or these; their numbers.

    Those of endpoints that are disabled stay as they are.
    """
    where = "n.id = ANY(CAST(:ids AS bigint[]))" if endpoint is None else "n.endpoint = :endpoint"
    rows = connection.execute(
        text(f"""
            UPDATE notices AS n SET state = 'waiting', not_before = :now, reason = '', attempts = 0
            FROM endpoints AS e WHERE e.id = n.endpoint AND e.enabled AND n.state IN ('failed', 'waiting')
            AND {where} RETURNING n.id
        """),  # noqa: S608 - one of two constants
        {"now": now, "ids": list(ids)} if endpoint is None else {"now": now, "endpoint": endpoint},
    )
    found = sorted(rows.scalars())
    connection.execute(
        text("""
            UPDATE endpoints SET paused_until = NULL WHERE paused_until IS NOT NULL
            AND id IN (SELECT endpoint FROM notices WHERE id = ANY(CAST(:found AS bigint[])))
        """),
        {"found": found},
    )
    return found


def rescue(connection: Connection, before: datetime) -> int:
    """Bring back those whose attempt began before a time and never ended. How many there were."""
    query = (
        update(notices)
        .where(notices.c.state == SENDING, notices.c.tried_at < before)
        .values(state=WAITING, reason=CUT_OFF)
    )
    return connection.execute(query).rowcount


def listing(
    connection: Connection,
    *,
    endpoint: int | None = None,
    state: str = "",
    before: int | None = None,
    limit: int = 50,
) -> list[Listed]:
    """The newest, of one endpoint or of all, in one state or in any; those older than number `before`."""
    query = (
        select(notices, alerts.c.ref)
        .join(alerts, alerts.c.number == notices.c.alert)
        .order_by(notices.c.id.desc())
        .limit(limit)
    )
    if endpoint is not None:
        query = query.where(notices.c.endpoint == endpoint)
    if state:
        query = query.where(notices.c.state == state)
    if before is not None:
        query = query.where(notices.c.id < before)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [Listed(ref=row.pop("ref"), notice=Notice(**row)) for row in rows]


def counts(connection: Connection) -> dict[int, dict[str, int]]:
    """How many of each endpoint wait, and how many failed."""
    found: dict[int, dict[str, int]] = {}
    for state in (WAITING, FAILED):
        query = (
            select(notices.c.endpoint, func.count())
            .where(notices.c.state == text(f"'{state}'"))  # written out, so that an index serves
            .group_by(notices.c.endpoint)
        )
        for endpoint, many in connection.execute(query):
            found.setdefault(endpoint, {})[state] = many
    return found


def forget(connection: Connection, before: datetime, limit: int = 5000) -> int:
    """Delete those made before a time that wait for nothing. How many there were."""
    old = (
        select(notices.c.id)
        .where(notices.c.created_at < before, notices.c.state.in_((SENT, FAILED)))
        .limit(limit)
    )
    return connection.execute(delete(notices).where(notices.c.id.in_(old))).rowcount


def _set(connection: Connection, number: int, **values: Any) -> None:
    """Only while it is under way: it may have been given up meanwhile."""
    connection.execute(
        update(notices).where(notices.c.id == number, notices.c.state == SENDING).values(**values)
    )
