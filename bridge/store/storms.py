"""Storms: where alerts come too fast to be told one by one, one summary tells them all, with pages in its thread.

A delivery that joins a storm waits, with the storm's number, until it stands on a page; then it is held, with the
summary as its receipt. So its lane keeps its order, and what is not written yet is never taken for told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects.postgresql import insert

from bridge.domain.model import Action, Alert, Receipt
from bridge.store.deliveries import FAILED, HELD, SENDING, WAITING, Row
from bridge.store.schema import alerts, deliveries, storms


class Shown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message of a storm: its summary, or a page of its thread.

    `begun`: it was begun to be posted, and how that came out isn't known while `ref` is "". `drawn` changes with what
    it shows. `rows` are the deliveries on the page.
    """

    ref: str = ""
    to: str = ""
    begun: bool = False
    drawn: str = ""
    rows: tuple[int, ...] = ()


class Storm(msgspec.Struct, frozen=True, kw_only=True):
    """A storm in a channel at an address."""

    id: int
    channel: str
    to: str
    began_at: datetime
    ended_at: datetime | None
    summary: Shown
    pages: tuple[Shown, ...]


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that joined a storm, and its alert."""

    id: int
    state: str
    tried_at: datetime
    alert: Alert


# --- who joins


def ahead(connection: Connection, row: Row, now: datetime, per: timedelta) -> int:
    """How many posts to its address come before this one, of those sent within `per` or due within it."""
    query = text("""
        SELECT
            (SELECT count(*) FROM deliveries WHERE channel = :channel AND "to" = :to
             AND state = 'sent' AND action IN ('post', 'direct') AND action = 'post' AND sent_at > :since)
          + (SELECT count(*) FROM deliveries WHERE channel = :channel AND "to" = :to
             AND state IN ('waiting', 'sending') AND storm IS NULL AND id < :number
             AND action = 'post' AND not_before <= :soon)
    """)
    wanted: dict[str, Any] = {"channel": row.channel, "to": row.to, "number": row.id}
    wanted |= {"since": now - per, "soon": now + per}
    return int(connection.execute(query, wanted).scalar_one())


def going_on(connection: Connection, channel: str, to: str) -> Storm | None:
    """The storm at this address, which doesn't end before this transaction does."""
    query = (
        select(storms)
        .where(storms.c.channel == channel, storms.c.to == to, storms.c.ended_at.is_(None))
        .with_for_update(read=True, key_share=True)
    )
    row = connection.execute(query).mappings().first()
    return _storm(row) if row else None


def begin(connection: Connection, channel: str, to: str, now: datetime) -> int:
    """Let there be a storm at this address; its number."""
    values = {"channel": channel, "to": to, "began_at": now}
    while True:
        query = insert(storms).values(values).on_conflict_do_nothing().returning(storms.c.id)
        number: int | None = connection.execute(query).scalar()
        if number is not None:
            return number
        if other := going_on(connection, channel, to):
            return other.id


def of_delivery(connection: Connection, number: int) -> int | None:
    """The storm that a delivery has joined; None for none."""
    query = select(deliveries.c.storm).where(deliveries.c.id == number)
    found: int | None = connection.execute(query).scalar()
    return found


def of_alert(connection: Connection, alert: int, channel: str) -> int | None:
    """The storm in whose list an alert is told; None where it has a message of its own."""
    query = select(deliveries.c.storm).where(
        deliveries.c.alert == alert,
        deliveries.c.channel == channel,
        deliveries.c.action == Action.POST.value,
        deliveries.c.storm.is_not(None),
        deliveries.c.state.in_((WAITING, HELD)),
    )
    found: int | None = connection.execute(query).scalar()
    return found


def join(connection: Connection, storm: int, row: Row, until: datetime, reason: str) -> None:
    """Leave a delivery that was taken to a storm. If it isn't told there by `until`, it is looked at again.

    It was not attempted, and counts no attempt.
    """
    waits = {"state": WAITING, "not_before": until, "reason": reason, "attempts": row.attempts - 1}
    _set(connection, row.id, storm=storm, **waits)


def leave(connection: Connection, number: int) -> None:
    """A delivery is told by itself after all."""
    _set(connection, number, storm=None)


# --- what is told


def find(connection: Connection, number: int) -> Storm | None:
    """One storm."""
    row = connection.execute(select(storms).where(storms.c.id == number)).mappings().first()
    return _storm(row) if row else None


def joined(connection: Connection, number: int) -> list[Joined]:
    """All that joined a storm, in order."""
    query = (
        select(
            deliveries.c.id,
            deliveries.c.state,
            deliveries.c.tried_at,
            deliveries.c.alert,
            alerts.c.body,
        )
        .join(alerts, alerts.c.number == deliveries.c.alert)
        .where(deliveries.c.storm == number)
        .order_by(deliveries.c.id)
    )
    return [
        Joined(
            id=row.id,
            state=row.state,
            tried_at=row.tried_at,
            alert=replace(msgspec.convert(row.body, Alert), number=row.alert),
        )
        for row in connection.execute(query)
    ]


def save(connection: Connection, storm: Storm) -> None:
    """Keep what its messages are."""
    values = {
        "receipt": msgspec.to_builtins(storm.summary),
        "pages": msgspec.to_builtins(storm.pages),
    }
    connection.execute(update(storms).where(storms.c.id == storm.id).values(values))


def told(
    connection: Connection, ids: Sequence[int], receipt: Receipt, reason: str, now: datetime
) -> list[int]:
    """These deliveries stand on a page: they are held, with a receipt. Those that follow in their lanes."""
    values = {
        "state": HELD,
        "reason": reason,
        "receipt": msgspec.to_builtins(receipt),
        "sent_at": now,
    }
    return _settle(connection, ids, values)


def lost(connection: Connection, number: int, reason: str) -> list[int]:
    """What joined and isn't told won't be: a person has to look. Those that follow in their lanes."""
    query = select(deliveries.c.id).where(deliveries.c.storm == number)
    ids = connection.execute(query).scalars().all()
    return _settle(connection, ids, {"state": FAILED, "reason": reason, "storm": None})


def end(connection: Connection, number: int, now: datetime, per: timedelta) -> bool:
    """End a storm if all that joined is told and nothing has joined for `per`; whether it has ended."""
    lock = select(storms.c.ended_at, storms.c.began_at).where(storms.c.id == number)
    row = connection.execute(lock.with_for_update()).first()
    if row is None or row.ended_at is not None:
        return True
    all_of_it = joined(connection, number)
    last = max((one.tried_at for one in all_of_it), default=row.began_at)
    if last > now - per or any(one.state in (WAITING, SENDING) for one in all_of_it):
        return False
    close(connection, number, now)
    return True


def close(connection: Connection, number: int, now: datetime) -> None:
    """End a storm."""
    connection.execute(update(storms).where(storms.c.id == number).values(ended_at=now))


# --- messages to a phone


def to_phone(connection: Connection, row: Row, since: datetime, now: datetime) -> int:
    """How many messages a phone has been sent since a time, or is being sent before this one."""
    query = text("""
        SELECT
            (SELECT count(*) FROM deliveries WHERE channel = 'sms' AND "to" = :to
             AND state = 'sent' AND action IN ('post', 'direct') AND sent_at > :since)
          + (SELECT count(*) FROM deliveries WHERE channel = 'sms' AND "to" = :to AND storm IS NULL
             AND (state = 'sending' OR (state = 'waiting' AND id < :number AND not_before <= :now))
             AND state IN ('waiting', 'sending') AND id <> :number)
    """)
    wanted = {"to": row.to, "number": row.id, "since": since, "now": now}
    return int(connection.execute(query, wanted).scalar_one())


def to_person(connection: Connection, row: Row, since: datetime, soon: datetime) -> int:
    """How many messages went to the address of this one alone since then, or are to go before it until `soon`."""
    query = text("""
        SELECT
            (SELECT count(*) FROM deliveries WHERE channel = :channel AND "to" = :to
             AND state = 'sent' AND action IN ('post', 'direct') AND action = 'direct' AND sent_at > :since)
          + (SELECT count(*) FROM deliveries WHERE channel = :channel AND "to" = :to
             AND state IN ('waiting', 'sending') AND storm IS NULL AND id < :number
             AND action = 'direct' AND not_before <= :soon)
    """)
    wanted: dict[str, Any] = {"channel": row.channel, "to": row.to, "number": row.id}
    return int(connection.execute(query, wanted | {"since": since, "soon": soon}).scalar_one())


def further(connection: Connection, row: Row, now: datetime) -> int:
    """How many messages to a phone wait behind this one."""
    query = text("""
        SELECT count(*) FROM deliveries WHERE channel = 'sms' AND "to" = :to AND storm IS NULL
        AND state IN ('waiting', 'sending') AND id > :number AND not_before <= :now
    """)
    wanted = {"to": row.to, "number": row.id, "now": now}
    return int(connection.execute(query, wanted).scalar_one())


def _settle(connection: Connection, ids: Sequence[int], values: dict[str, Any]) -> list[int]:
    query = (
        update(deliveries)
        .where(deliveries.c.id.in_(ids), deliveries.c.state == WAITING)
        .values(**values)
        .returning(deliveries.c.id)
    )
    settled = list(connection.execute(query).scalars())
    following = text("""
        SELECT min(e.id) FROM deliveries AS d JOIN deliveries AS e
        ON e.alert = d.alert AND e.channel = d.channel AND e.id > d.id AND e.state = 'waiting'
        AND e.action NOT IN ('direct', 'whisper')
        WHERE d.id = ANY(CAST(:ids AS bigint[])) GROUP BY d.id
    """)
    return sorted(connection.execute(following, {"ids": settled}).scalars())


def _set(connection: Connection, number: int, **values: Any) -> None:
    connection.execute(update(deliveries).where(deliveries.c.id == number).values(**values))


def _storm(row: Any) -> Storm:
    summary, pages = row["receipt"] or {}, row["pages"]
    return Storm(
        id=row["id"],
        channel=str(row["channel"]),
        to=str(row["to"]),
        began_at=row["began_at"],
        ended_at=row["ended_at"],
        summary=msgspec.convert(summary, Shown),
        pages=msgspec.convert(pages, tuple[Shown, ...]),
    )
