"""Everything sent, to be sent, or held. Order within a lane (an alert's messages in one channel) is kept.

What goes to one person alone (direct, whisper) is in no lane: it waits for nothing, and nothing waits for it. Nor
does anything wait for a call in the thread that is held back: till it may go, the message is kept current.

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
from sqlalchemy import Connection, and_, case, func, not_, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from bridge.domain.model import Action, Delivery, Receipt
from bridge.store.schema import deliveries, own_writes

WAITING, SENDING, SENT, HELD, FAILED = "waiting", "sending", "sent", "held", "failed"

_ALONE = (Action.DIRECT, Action.WHISPER)
_FIRST = """
    (d.action IN ('direct', 'whisper') OR NOT EXISTS (
        SELECT 1 FROM deliveries AS e WHERE e.alert = d.alert AND e.channel = d.channel AND e.id < d.id
        AND e.state IN ('waiting', 'sending') AND e.action NOT IN ('direct', 'whisper')
        AND NOT (e.action = 'broadcast' AND e.state = 'waiting' AND starts_with(e.reason, 'held back: '))))
"""
"""Whether a delivery `d` is the first in its lane."""


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
    calls: str = ""
    mention: str = ""

    @property
    def was_held(self) -> bool:
        """Whether it waited because something held it back, and not because an attempt failed."""
        return self.reason.startswith(HELD_BACK)


def add(
    connection: Connection, planned: Sequence[tuple[int, Delivery]], now: datetime
) -> list[int]:
    """Keep what is planned for alerts (by number), in this order; the ids of those that are to be sent.

    An edit that waits already covers a new one: nobody can take it until this transaction ends, and what it says
    then is what has become of the alert by this one.
    """
    if not planned:
        return []
    edited = sorted({number for number, delivery in planned if delivery.action is Action.EDIT})
    if edited:
        waiting = select(deliveries.c.id).where(
            deliveries.c.alert == func.any(edited),
            deliveries.c.state == WAITING,
            deliveries.c.action == Action.EDIT.value,
        )
        connection.execute(waiting.order_by(deliveries.c.id).with_for_update())
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
                "calls": delivery.calls,
                "mention": delivery.mention,
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
    """Mark a delivery as being sent; None if it is not its turn: not due, under way, done, or not first in its lane.

    The `reason` that is given back is the one for which it waited until now.
    """
    row = (
        connection.execute(select(deliveries).where(deliveries.c.id == number).with_for_update())
        .mappings()
        .first()
    )
    if row is None or row["state"] != WAITING or row["not_before"] > now:
        return None
    alone = Action(row["action"]) in _ALONE
    if not alone and _ahead(connection, number, row["alert"], row["channel"]):
        return None
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == number)
        .values(state=SENDING, reason="", attempts=deliveries.c.attempts + 1, tried_at=now)
    )
    taken = dict(row) | {
        "state": SENDING,
        "attempts": row["attempts"] + 1,
        "tried_at": now,
    }
    return _row(taken)


def _ahead(connection: Connection, number: int, alert: int, channel: str) -> bool:
    earlier = (
        select(deliveries.c.id)
        .where(
            deliveries.c.alert == alert,
            deliveries.c.channel == channel,
            deliveries.c.id < number,
            deliveries.c.state.in_((WAITING, SENDING)),
            deliveries.c.action.not_in([action.value for action in _ALONE]),
            not_(
                and_(
                    deliveries.c.action == Action.BROADCAST.value,
                    deliveries.c.state == WAITING,
                    deliveries.c.reason.startswith(HELD_BACK),
                )
            ),
        )
        .limit(1)
    )
    return connection.execute(earlier).first() is not None


def posted(connection: Connection, alert: int, channel: str) -> Receipt | None:
    """The receipt of an alert's first message in a channel; None if there is none.

    One that a storm's summary tells is held, with the summary as its receipt: what follows goes to its thread.
    """
    query = select(deliveries.c.receipt).where(
        deliveries.c.alert == alert,
        deliveries.c.channel == channel,
        deliveries.c.action == Action.POST.value,
        deliveries.c.state.in_((SENT, HELD)),
        deliveries.c.receipt.is_not(None),
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
            state=case(
                (or_(*(deliveries.c.reason.like(f"{word}%") for word in LOST)), FAILED), else_=SENT
            ),
            receipt=msgspec.to_builtins(receipt),
            reason=receipt.remark or deliveries.c.reason,
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
        text(f"""
            SELECT id FROM deliveries AS d WHERE state = 'waiting' AND not_before <= :now
            AND {_FIRST} ORDER BY not_before, id LIMIT :many
        """),  # noqa: S608 - a constant
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
        text(f"""
            SELECT min(not_before) FROM deliveries AS d WHERE state = 'waiting' AND {_FIRST}
        """)  # noqa: S608 - a constant
    ).scalar()
    return found


def listing(connection: Connection, state: str | None, limit: int) -> list[Row]:
    """The newest deliveries, of one state or of all."""
    query = select(deliveries).order_by(deliveries.c.id.desc()).limit(limit)
    if state:
        query = query.where(deliveries.c.state == state)
    return [_row(row) for row in connection.execute(query).mappings()]


def reported(connection: Connection, marker: str, status: str, code: str) -> None:
    """Keep what a vendor says later of what it took: a message that was not delivered has failed after all.

    That is final, whatever is said out of order afterwards. It may be said before the attempt has ended.
    """
    lost = status in LOST
    reason = " ".join(part for part in (status, code and f"({code})") if part)
    row = deliveries.c
    connection.execute(
        update(deliveries)
        .where(row.marker == marker, row.state.in_((SENDING, SENT)))
        .where(row.reason.not_like(f"{LOST[0]}%"), row.reason.not_like(f"{LOST[1]}%"))
        .values(
            reason=reason,
            state=case((row.state == SENDING, SENDING), else_=FAILED if lost else SENT),
        )
    )


LOST = ("undelivered", "failed")
"""How Twilio calls what did not arrive: twilio.com/docs/messaging/api/message-resource#message-status-values"""


HELD_BACK = "held back: "


def wait(connection: Connection, row: Row, reason: str, until: datetime) -> None:
    """Hold a delivery back until then. It was not attempted, and counts no attempt."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == row.id)
        .values(
            state=WAITING,
            reason=HELD_BACK + reason,
            not_before=until,
            attempts=row.attempts - 1,
        )
    )


def release(connection: Connection, alerts: Sequence[int], now: datetime) -> list[int]:
    """Look again, now, at what is held back of these alerts; the ids."""
    query = (
        update(deliveries)
        .where(
            deliveries.c.alert == func.any(list(alerts)),
            deliveries.c.state == WAITING,
            deliveries.c.not_before > now,
            deliveries.c.reason.startswith(HELD_BACK),
        )
        .values(not_before=now)
    )
    return sorted(connection.execute(query.returning(deliveries.c.id)).scalars())


def overtaken(connection: Connection, row: Row) -> bool:
    """Whether a newer delivery waits that calls the same person for the same: one of them is enough."""
    newer = select(deliveries.c.id).where(
        deliveries.c.alert == row.alert,
        deliveries.c.channel == row.channel,
        deliveries.c.action == row.action.value,
        deliveries.c.to == row.to,
        deliveries.c.why == row.why,
        deliveries.c.state == WAITING,
        deliveries.c.id > row.id,
    )
    return connection.execute(newer.limit(1)).first() is not None


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
            deliveries.c.action.not_in([action.value for action in _ALONE]),
        )
        .order_by(deliveries.c.id)
        .limit(1)
    )
    found: int | None = connection.execute(query).scalar()
    return found


def _row(row: Any) -> Row:
    # "to" is a word of SQL's own, for which SQLAlchemy has a kind of str that msgspec does not take.
    return msgspec.convert({str(name): value for name, value in row.items()}, Row)
