"""Addresses that want no more messages: a phone that answered STOP."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from bridge.store.schema import silenced


def silence(connection: Connection, channel: str, to: str, why: str, now: datetime) -> None:
    """Never write to this address again; what is known of it already stays."""
    values = {"channel": channel, "to": to, "why": why, "since": now}
    connection.execute(insert(silenced).values(values).on_conflict_do_nothing())


def is_silenced(connection: Connection, channel: str, to: str) -> bool:
    """Whether this address wants no more messages."""
    query = select(silenced.c.to).where(silenced.c.channel == channel, silenced.c.to == to)
    return connection.execute(query).first() is not None
