"""What is read to live through the past again: tickets, the newest first, what was told of each, and their alerts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, select, text

from bridge.domain.model import Alert, AnyEvent
from bridge.store.schema import alerts

_LOCK = 7266_307
"""One looks at the past at a time: it keeps a processor busy."""

_TOUCHED = """
    SELECT id, updated_at FROM tickets WHERE updated_at >= :since
    UNION ALL
    SELECT t.id, t.updated_at FROM (SELECT DISTINCT subject FROM alerts WHERE opened_at >= :since) AS a
    JOIN tickets AS t ON t.id = a.subject WHERE t.updated_at < :since
"""
"""Tickets on which something happened, or a timer rang, since a time; and those that were told of later."""

_event = msgspec.json.Decoder(AnyEvent)


class Touched(Struct, frozen=True, array_like=True):
    """A ticket, and when the newest of what it is made of happened."""

    updated_at: datetime
    subject: str


class Heard(Struct, frozen=True):
    """An event, and when we heard of it."""

    received_at: datetime
    event: AnyEvent


def alone(connection: Connection) -> bool:
    """Whether nobody else looks at the past, until this transaction ends: which from now on can't write.

    All that it reads is as it was at one moment. It must be the first that is asked in a transaction.
    """
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    taken: bool = connection.execute(
        text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}
    ).scalar_one()
    return taken


def many(connection: Connection, since: datetime) -> int:
    """How many tickets there are to look at."""
    query = text(f"SELECT count(*) FROM ({_TOUCHED}) AS touched")  # noqa: S608 - a constant
    found: int = connection.execute(query, {"since": since}).scalar_one()
    return found


def touched(
    connection: Connection, since: datetime, after: Touched | None, limit: int
) -> list[Touched]:
    """The next of these tickets, the newest first."""
    beyond = "WHERE (updated_at, id) < (:at, :id)" if after else ""
    query = text(f"""
        SELECT updated_at, id FROM ({_TOUCHED}) AS touched {beyond}
        ORDER BY updated_at DESC, id DESC LIMIT :many
    """)  # noqa: S608 - constants
    given = {"at": after.updated_at, "id": after.subject} if after else {}
    rows = connection.execute(query, {"since": since, "many": limit, **given})
    return [Touched(row.updated_at, row.id) for row in rows]


def heard(connection: Connection, subjects: Collection[str]) -> dict[str, list[Heard]]:
    """All that we were told of tickets, in the order in which we were; not what could not be judged."""
    rows = connection.execute(
        text("""
            SELECT subject, received_at, body::text FROM events
            WHERE subject = ANY(CAST(:ids AS text[])) AND fault = '' ORDER BY id
        """),
        {"ids": list(subjects)},
    )
    found: dict[str, list[Heard]] = {subject: [] for subject in subjects}
    for row in rows:
        found[row.subject].append(Heard(row.received_at, _event.decode(row.body)))
    return found


def alerts_of(connection: Connection, subjects: Sequence[str]) -> dict[str, list[Alert]]:
    """All alerts that tickets have had, oldest first."""
    query = (
        select(alerts.c.number, alerts.c.body)
        .where(alerts.c.subject.in_(subjects))
        .order_by(alerts.c.number)
    )
    found: dict[str, list[Alert]] = {subject: [] for subject in subjects}
    for row in connection.execute(query):
        alert = replace(msgspec.convert(row.body, Alert), number=row.number)
        found[alert.subject].append(alert)
    return found
