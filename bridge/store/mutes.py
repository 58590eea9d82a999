"""Mutes and maintenance windows, and which alerts wait because of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, insert, select, text, update

from bridge.domain.hush import MAINTENANCE, MUTED, Mute
from bridge.domain.model import Alert
from bridge.store.schema import mutes

LONG = timedelta(days=1)
"""A mute that has run for so long may have been forgotten."""


def add(connection: Connection, mute: Mute) -> Mute:
    """Keep a mute; it gets its number."""
    values = msgspec.structs.asdict(mute)
    del values["id"]
    number = connection.execute(insert(mutes).values(values).returning(mutes.c.id)).scalar_one()
    return replace(mute, id=number)


def current(connection: Connection, now: datetime) -> list[Mute]:
    """Those that run now, oldest first."""
    query = select(mutes).where(mutes.c.ends_at > now, mutes.c.starts_at <= now)
    return [_mute(row) for row in connection.execute(query.order_by(mutes.c.id)).mappings()]


def listing(connection: Connection, now: datetime, *, over: bool = False) -> list[Mute]:
    """Those that run or are still to come, by their end; with `over` the past ones as well."""
    query = select(mutes).order_by(mutes.c.ends_at, mutes.c.id)
    if not over:
        query = query.where(mutes.c.ends_at > now)
    return [_mute(row) for row in connection.execute(query).mappings()]


def end(connection: Connection, number: int, at: datetime) -> Mute | None:
    """Let a mute end at a time, or never begin; as it was before, None if there is none that isn't over."""
    query = select(mutes).where(mutes.c.id == number, mutes.c.ends_at > at).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    values = {"ends_at": at, "starts_at": min(row["starts_at"], at)}
    connection.execute(update(mutes).where(mutes.c.id == number).values(values))
    return _mute(row)


def to_remind(connection: Connection, now: datetime) -> list[Mute]:
    """Mutes whose end is near, or that have run for `LONG`, and that nobody was reminded of since."""
    query = (
        select(mutes).where(mutes.c.ends_at > now, mutes.c.starts_at <= now).order_by(mutes.c.id)
    )
    found = [(_mute(row), row["reminded_at"]) for row in connection.execute(query).mappings()]
    return [mute for mute, at in found if _forgotten(mute, at, now)]


def _forgotten(mute: Mute, reminded_at: datetime | None, now: datetime) -> bool:
    passed = [at for at in (mute.near, mute.starts_at + LONG) if at <= now]
    return bool(passed) and (reminded_at is None or reminded_at < max(passed))


def reminded(connection: Connection, number: int, now: datetime) -> None:
    """People were reminded of it."""
    connection.execute(update(mutes).where(mutes.c.id == number).values(reminded_at=now))


def waiting_alerts(connection: Connection, now: datetime) -> list[Alert]:
    """Alerts with a message that calls for somebody and waits because of a mute."""
    query = text("""
        SELECT number, body FROM alerts WHERE number IN (
            SELECT alert FROM deliveries WHERE state = 'waiting' AND calls <> '' AND not_before > :now
            AND (reason LIKE '%' || :muted || '%' OR reason LIKE '%' || :maintenance || '%'))
        ORDER BY number
    """)
    words = {"now": now, "muted": MUTED, "maintenance": MAINTENANCE}
    rows = connection.execute(query, words)
    return [replace(msgspec.convert(row.body, Alert), number=row.number) for row in rows]


def release(connection: Connection, alerts: Sequence[int], now: datetime) -> list[int]:
    """Look again, now, at the messages of these alerts that wait because of a mute; their ids."""
    query = text("""
        UPDATE deliveries SET not_before = :now WHERE alert = ANY(CAST(:alerts AS bigint[]))
        AND state = 'waiting' AND calls <> '' AND not_before > :now
        AND (reason LIKE '%' || :muted || '%' OR reason LIKE '%' || :maintenance || '%')
        RETURNING id
    """)
    words = {"now": now, "alerts": list(alerts), "muted": MUTED, "maintenance": MAINTENANCE}
    return sorted(connection.execute(query, words).scalars())


def _mute(row: Any) -> Mute:
    kept = {field: row[field] for field in Mute.__struct_fields__}
    return Mute(**kept | {name: str(kept[name]) for name in ("team", "rule", "subject")})
