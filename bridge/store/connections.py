"""Who is at work, and how far the doors to vendors have come: workers, tokens, and what is asked again and again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection, select, text

from bridge.store.schema import errands, tokens


class Workers(Struct, frozen=True):
    """How many workers there are, and how long ago the last of them was heard of; None for never."""

    many: int
    silent: timedelta | None


class Standing(Struct, frozen=True, kw_only=True):
    """What is asked of a vendor again and again: when next, how far it has come, and why it got no further."""

    task: str
    key: str
    not_before: datetime
    attempts: int
    cursor: str
    reason: str


def workers(connection: Connection) -> Workers:
    """The queue's workers, by the database's own clock."""
    row = connection.execute(
        text("SELECT count(*), clock_timestamp() - max(last_heartbeat) FROM procrastinate_workers")
    ).one()
    return Workers(row[0], row[1])


def standing(connection: Connection, tasks: Collection[str]) -> dict[tuple[str, str], Standing]:
    """The errands of these tasks, by task and key."""
    names = ("task", "key", "not_before", "attempts", "cursor", "reason")
    query = select(*(errands.c[name] for name in names)).where(errands.c.task.in_(tasks))
    rows = [Standing(**dict(row)) for row in connection.execute(query).mappings()]
    return {(row.task, row.key): row for row in rows}


def expiries(connection: Connection) -> dict[str, datetime]:
    """When the tokens that were minted end, by account; the tokens themselves stay where they are."""
    query = select(tokens.c.account, tokens.c.expires_at).where(tokens.c.expires_at.is_not(None))
    return {row.account: row.expires_at for row in connection.execute(query)}
