"""Everything sent, to be sent, or held. Order within a lane (an alert's messages in one channel) is kept.

A delivery goes waiting -> sending -> sent, or failed. It is marked `sending` before the attempt and
`sent` after it, so that after a crash we know what may have been carried out: such a one comes back
as waiting and `unsure`, and is looked for before it is sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from bridge.domain.model import Action, Delivery, Receipt
from bridge.store.schema import deliveries, own_writes

WAITING, SENDING, SENT, HELD, FAILED = "waiting", "sending", "sent", "held", "failed"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery as it is kept."""

    id: int
    alert: int
    channel: str
    action: Action
    to: str
    why: str
    text: str
    tags: tuple[str, ...]
    marker: str
    state: str
    reason: str
    not_before: datetime
    attempts: int
    unsure: bool
    tried_at: datetime | None
    receipt: Receipt | None
    created_at: datetime
    sent_at: datetime | None


def add(
    connection: Connection, planned: Sequence[tuple[int, Delivery]], now: datetime
) -> list[int]:
    """Keep what is planned for alerts (by number), in this order; the ids of those that are to be sent.

    An edit that waits already covers a new one.
    """
    if not planned:
        return []
    query = (
        insert(deliveries).on_conflict_do_nothing().returning(deliveries.c.id, deliveries.c.state)
    )
    added = connection.execute(
        query,
        [
            {
                "alert": alert,
                "channel": delivery.channel,
                "action": delivery.action.value,
                "to": delivery.to,
                "why": delivery.why,
                "text": delivery.text,
                "tags": list(delivery.tags),
                "marker": token_hex(8),
                "state": HELD if delivery.held else WAITING,
                "reason": delivery.held,
                "not_before": delivery.not_before or now,
                "created_at": now,
            }
            for alert, delivery in planned
        ],
    )
    return [row.id for row in added if row.state == WAITING]


def take(connection: Connection, number: int, now: datetime) -> Row | None:
    """Mark a delivery as being sent; None if it is not its turn: not due, under way, done, or not first in its lane."""
    row = (
        connection.execute(select(deliveries).where(deliveries.c.id == number).with_for_update())
        .mappings()
        .first()
    )
    if row is None or row["state"] != WAITING or row["not_before"] > now:
        return None
    if _ahead(connection, number, row["alert"], row["channel"]):
        return None
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == number)
        .values(state=SENDING, attempts=deliveries.c.attempts + 1, tried_at=now)
    )
    taken = dict(row) | {"state": SENDING, "attempts": row["attempts"] + 1, "tried_at": now}
    return _row(taken)


def _ahead(connection: Connection, number: int, alert: int, channel: str) -> bool:
    earlier = (
        select(deliveries.c.id)
        .where(
            deliveries.c.alert == alert,
            deliveries.c.channel == channel,
            deliveries.c.id < number,
            deliveries.c.state.in_((WAITING, SENDING)),
        )
        .limit(1)
    )
    return connection.execute(earlier).first() is not None


def posted(connection: Connection, alert: int, channel: str) -> Receipt | None:
    """The receipt of an alert's first message in a channel; None if there is none."""
    query = select(deliveries.c.receipt).where(
        deliveries.c.alert == alert,
        deliveries.c.channel == channel,
        deliveries.c.action == Action.POST.value,
        deliveries.c.state == SENT,
    )
    receipt = connection.execute(query).scalar()
    return msgspec.convert(receipt, Receipt) if receipt else None


def mediums(connection: Connection, numbers: Sequence[int]) -> dict[int, set[str]]:
    """The channels in which alerts have, or will have, messages of their own, by alert."""
    found: dict[int, set[str]] = {number: set() for number in numbers}
    if found:
        query = select(deliveries.c.alert, deliveries.c.channel).where(
            deliveries.c.alert == func.any(list(numbers)),
            deliveries.c.action.in_((Action.POST.value, Action.NOTE.value)),
        )
        for row in connection.execute(query):
            found[row.alert].add(row.channel)
    return found


def of_alert(connection: Connection, alert: int) -> list[Row]:
    """An alert's deliveries, in order."""
    query = select(deliveries).where(deliveries.c.alert == alert).order_by(deliveries.c.id)
    return [_row(row) for row in connection.execute(query).mappings()]


def sent(connection: Connection, row: Row, receipt: Receipt, now: datetime) -> int | None:
    """Mark a delivery as sent, after the effect; the next in its lane, if any. Ours are remembered as ours."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == row.id)
        .values(
            state=SENT,
            receipt=msgspec.to_builtins(receipt),
            reason=receipt.remark,
            sent_at=now,
            unsure=False,
        )
    )
    remember_own(connection, row.channel, receipt.own)
    return _next(connection, row)


def failed(connection: Connection, row: Row, reason: str) -> int | None:
    """Stop trying: a person has to look. The next in its lane, if any."""
    return _end(connection, row, FAILED, reason)


def held(connection: Connection, row: Row, reason: str) -> int | None:
    """Not sent after all, and why. The next in its lane, if any."""
    return _end(connection, row, HELD, reason)


def _end(connection: Connection, row: Row, state: str, reason: str) -> int | None:
    connection.execute(
        update(deliveries).where(deliveries.c.id == row.id).values(state=state, reason=reason)
    )
    return _next(connection, row)


def put_off(
    connection: Connection, row: Row, reason: str, until: datetime, *, unsure: bool
) -> None:
    """Try again at `until`. An edit that has been overtaken by a newer one is left to that one."""
    other = select(deliveries.c.id).where(
        deliveries.c.alert == row.alert,
        deliveries.c.channel == row.channel,
        deliveries.c.action == Action.EDIT.value,
        deliveries.c.state == WAITING,
        deliveries.c.id != row.id,
    )
    if row.action is Action.EDIT and connection.execute(other).first():
        _end(connection, row, HELD, f"a newer edit takes its place; {reason}")
        return
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == row.id)
        .values(state=WAITING, reason=reason, not_before=until, unsure=unsure)
    )


def put_off_others(connection: Connection, row: Row, until: datetime) -> None:
    """What hinders this delivery hinders all to the same address: none of them before `until`."""
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.channel == row.channel,
            deliveries.c.to == row.to,
            deliveries.c.state == WAITING,
            deliveries.c.not_before < until,
        )
        .values(not_before=until)
    )


def due(connection: Connection, now: datetime, limit: int) -> list[int]:
    """Deliveries that wait, are due and first in their lane, oldest first."""
    rows = connection.execute(
        text("""
            SELECT id FROM deliveries AS d WHERE state = 'waiting' AND not_before <= :now
            AND NOT EXISTS (SELECT 1 FROM deliveries AS e WHERE e.alert = d.alert AND e.channel = d.channel
                            AND e.id < d.id AND e.state IN ('waiting', 'sending'))
            ORDER BY not_before, id LIMIT :many
        """),
        {"now": now, "many": limit},
    )
    return list(rows.scalars())


def rescue(connection: Connection, before: datetime) -> int:
    """Bring back deliveries whose attempt began before a time and never ended: whether they were sent is unsure.

    An edit overtaken by a newer one that waits ends instead, for at most one edit waits in a lane.
    """
    connection.execute(
        text("""
            UPDATE deliveries AS d SET state = 'held', reason = 'cut off; a newer edit takes its place'
            WHERE state = 'sending' AND tried_at < :before AND action = 'edit'
            AND EXISTS (SELECT 1 FROM deliveries AS e WHERE e.alert = d.alert AND e.channel = d.channel
                        AND e.action = 'edit' AND e.state = 'waiting')
        """),
        {"before": before},
    )
    query = (
        update(deliveries)
        .where(deliveries.c.state == SENDING, deliveries.c.tried_at < before)
        .values(state=WAITING, unsure=True, reason="the attempt was cut off")
    )
    return connection.execute(query).rowcount


def next_due(connection: Connection) -> datetime | None:
    """When the next waiting delivery, first in its lane, may be sent."""
    found: datetime | None = connection.execute(
        text("""
            SELECT min(not_before) FROM deliveries AS d WHERE state = 'waiting'
            AND NOT EXISTS (SELECT 1 FROM deliveries AS e WHERE e.alert = d.alert AND e.channel = d.channel
                            AND e.id < d.id AND e.state IN ('waiting', 'sending'))
        """)
    ).scalar()
    return found


def listing(connection: Connection, state: str | None, limit: int) -> list[Row]:
    """The newest deliveries, of one state or of all."""
    query = select(deliveries).order_by(deliveries.c.id.desc()).limit(limit)
    if state:
        query = query.where(deliveries.c.state == state)
    return [_row(row) for row in connection.execute(query).mappings()]


def retry(connection: Connection, ids: Sequence[int], now: datetime) -> list[int]:
    """Let failed or held deliveries be tried again, now; those that were. A waiting edit covers another."""
    rows = connection.execute(
        text("""
            UPDATE deliveries AS d SET state = 'waiting', not_before = :now, reason = '', attempts = 0
            WHERE id = ANY(CAST(:ids AS bigint[])) AND state IN ('failed', 'held', 'waiting')
            AND NOT (action = 'edit' AND state <> 'waiting' AND EXISTS (
                SELECT 1 FROM deliveries AS e WHERE e.alert = d.alert AND e.channel = d.channel
                AND e.action = 'edit' AND e.id <> d.id
                AND (e.state = 'waiting' OR (e.id = ANY(CAST(:ids AS bigint[])) AND e.id > d.id))))
            RETURNING id
        """),
        {"ids": list(ids), "now": now},
    )
    return sorted(rows.scalars())


def ours(connection: Connection, desk: str, refs: Sequence[str]) -> set[str]:
    """Those of a desk's ids that are our own writes."""
    query = select(own_writes.c.ref).where(own_writes.c.desk == desk, own_writes.c.ref.in_(refs))
    return set(connection.execute(query).scalars())


def our_users(connection: Connection) -> dict[str, set[str]]:
    """The users we write as, by desk."""
    query = select(own_writes).where(own_writes.c.ref.startswith("user:"))
    found: dict[str, set[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.desk, set()).add(row.ref.removeprefix("user:"))
    return found


def remember_own(connection: Connection, desk: str, refs: Sequence[str]) -> None:
    """Remember ids as our own."""
    for ref in refs:
        connection.execute(insert(own_writes).values(desk=desk, ref=ref).on_conflict_do_nothing())


def _next(connection: Connection, row: Row) -> int | None:
    query = (
        select(deliveries.c.id)
        .where(
            deliveries.c.alert == row.alert,
            deliveries.c.channel == row.channel,
            deliveries.c.id > row.id,
            deliveries.c.state == WAITING,
        )
        .order_by(deliveries.c.id)
        .limit(1)
    )
    found: int | None = connection.execute(query).scalar()
    return found


def _row(row: Any) -> Row:
    # "to" is a word of SQL's own, for which SQLAlchemy has a kind of str that msgspec does not take.
    return msgspec.convert({str(name): value for name, value in row.items()}, Row)
