"""Rows that are older than they are to be kept, but for webhooks and events, which see to it themselves.

A batch is looked for along an index; for most tables that of the rows' numbers, for the lowest are the oldest.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Table, delete, func, select, tuple_
from sqlalchemy.sql import ColumnElement

from bridge.domain.model import AlertState
from bridge.store import deliveries as states
from bridge.store import errands
from bridge.store.schema import absences, alerts, audit, deliveries, mutes, people, storms

_TASK = "keep"
_OPEN = (states.WAITING, states.SENDING)


def forget_deliveries(connection: Connection, before: datetime, limit: int) -> bool:
    """Delete those of the next deliveries that are older than a time, have ended, and are of an alert that is over.

    Whether there may be more in this round. Those of alerts that stay open are passed over, however many they are.
    """
    after = int(errands.bookmark(connection, _TASK, "deliveries") or 0)
    query = select(deliveries.c.id, deliveries.c.created_at).where(deliveries.c.id > after)
    rows = connection.execute(query.order_by(deliveries.c.id).limit(limit)).all()
    over = select(alerts.c.number).where(alerts.c.state == AlertState.RESOLVED.value)
    gone = delete(deliveries).where(
        deliveries.c.id == func.any([row.id for row in rows if row.created_at < before]),
        deliveries.c.state.not_in(_OPEN),
        deliveries.c.alert.in_(over),
    )
    connection.execute(gone)
    more = len(rows) == limit and rows[-1].created_at < before
    errands.set_bookmark(connection, _TASK, "deliveries", str(rows[-1].id) if more else "")
    return more


def forget_storms(connection: Connection, before: datetime, limit: int) -> int:
    """Delete storms that were over before a time; how many."""
    return _oldest(connection, storms, storms.c.ended_at < before, limit)


def forget_audit(connection: Connection, before: datetime, limit: int) -> int:
    """Delete what was written into the audit log before a time; how many."""
    return _oldest(connection, audit, audit.c.at < before, limit)


def forget_people(connection: Connection, before: datetime, limit: int) -> int:
    """Delete users of helpdesks, and of Slack, that were not read since; how many. Whoever is needed is read again."""
    old = select(people.c.desk, people.c.id).where(people.c.read_at < before)
    found = old.order_by(people.c.read_at).limit(limit)
    key = tuple_(people.c.desk, people.c.id)
    return connection.execute(delete(people).where(key.in_(found))).rowcount


def forget_past(connection: Connection, before: datetime, limit: int) -> int:
    """Delete absences and mutes that were over before a time; how many."""
    many = 0
    for table in (absences, mutes):
        old = select(table.c.id).where(table.c.ends_at < before)
        first = old.order_by(table.c.ends_at).limit(limit)
        many += connection.execute(delete(table).where(table.c.id.in_(first))).rowcount
    return many


def _oldest(connection: Connection, table: Table, old: ColumnElement[bool], limit: int) -> int:
    """Delete those that are old of the `limit` rows with the lowest numbers."""
    first = select(table.c.id).order_by(table.c.id).limit(limit).subquery()
    gone = delete(table).where(table.c.id.in_(select(first.c.id)), old)
    return connection.execute(gone).rowcount
