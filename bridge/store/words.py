"""Taking words out of rows that stay: events, tickets, alerts with their stories, and what was told of them.

It goes in rounds, a batch at a time: a bookmark says how far the last one came. So a batch costs the same however many
rows there are, and a row that got words once more is come by again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, text, update

from bridge.domain import wordless
from bridge.domain.alerts import Step
from bridge.domain.model import Action, Alert, AlertState, AnyEvent, Ticket
from bridge.store import errands
from bridge.store.schema import alerts, deliveries, notices, story

_TASK = "words"
_event = msgspec.json.Decoder(AnyEvent)
_ticket = msgspec.json.Decoder(Ticket)
_encode = msgspec.json.Encoder().encode

_EVENTS = """
    SELECT id, received_at, body::text FROM events WHERE id > :after ORDER BY id LIMIT :many
"""
_TICKETS = """
    WITH next AS (SELECT id FROM tickets WHERE id > :after ORDER BY id LIMIT :many)
    SELECT id, updated_at < :before AND NOT EXISTS (
               SELECT 1 FROM alerts WHERE alerts.subject = tickets.id AND alerts.state <> 'resolved') AS old,
           CASE WHEN updated_at < :before THEN state::text END AS state
    FROM tickets WHERE id IN (SELECT id FROM next) ORDER BY id FOR UPDATE
"""
_SAVE = """
    UPDATE {table} SET {column} = new.value::jsonb
    FROM unnest(%(id)b::{kind}[], %(value)b::text[]) AS new (id, value) WHERE {table}.{key} = new.id
"""


def from_events(connection: Connection, before: datetime, limit: int) -> bool:
    """Take the words out of the next events that were received before a time; whether there may be more."""
    after = int(errands.bookmark(connection, _TASK, "events") or 0)
    rows = connection.execute(text(_EVENTS), {"after": after, "many": limit}).all()
    old = [row for row in rows if row.received_at < before]
    save_events(connection, {row.id: _event.decode(row.body) for row in old})
    if old:
        errands.set_bookmark(connection, _TASK, "events", str(old[-1].id))
    return len(old) == limit


def from_tickets(connection: Connection, before: datetime, limit: int) -> bool:
    """Take the words out of those of the next tickets on which nothing happened since a time, unless an alert is open.

    Whether there are more in this round.
    """
    after = errands.bookmark(connection, _TASK, "tickets")
    given = {"after": after, "many": limit, "before": before}
    rows = connection.execute(text(_TICKETS), given).all()
    save_tickets(connection, [_ticket.decode(row.state) for row in rows if row.old and row.state])
    more = len(rows) == limit
    errands.set_bookmark(connection, _TASK, "tickets", rows[-1].id if more else "")
    return more


def from_alerts(connection: Connection, before: datetime, limit: int) -> bool:
    """Take the words out of those of the next alerts that were over before a time; whether there are more."""
    after = int(errands.bookmark(connection, _TASK, "alerts") or 0)
    query = select(alerts.c.number, alerts.c.state, alerts.c.ended_at, alerts.c.body)
    query = query.where(alerts.c.number > after).order_by(alerts.c.number).limit(limit)
    rows = connection.execute(query.with_for_update()).all()
    over = [r for r in rows if r.state == AlertState.RESOLVED.value and r.ended_at < before]
    save_alerts(connection, {r.number: msgspec.convert(r.body, Alert) for r in over})
    from_stories(connection, [row.number for row in over])
    more = len(rows) == limit
    errands.set_bookmark(connection, _TASK, "alerts", str(rows[-1].number) if more else "")
    return more


# --- what holds words


def save_events(connection: Connection, found: Mapping[int, AnyEvent]) -> int:
    """Write events, by number, without words; how many had some."""
    bare = {number: wordless.event(event) for number, event in found.items()}
    return _save(connection, "events", {n: e for n, e in bare.items() if e != found[n]})


def save_tickets(connection: Connection, found: Collection[Ticket]) -> int:
    """Write tickets, which are locked, without words; how many had some."""
    bare = {ticket.id: wordless.ticket(ticket) for ticket in found}
    return _save(connection, "tickets", {t.id: bare[t.id] for t in found if bare[t.id] != t})


def save_alerts(connection: Connection, found: Mapping[int, Alert]) -> int:
    """Write alerts, which are locked, by number, without words; how many had some."""
    bare = {number: wordless.alert(alert) for number, alert in found.items()}
    return _save(connection, "alerts", {n: a for n, a in bare.items() if a != found[n]})


def from_stories(connection: Connection, numbers: Sequence[int]) -> dict[str, int]:
    """Take words out of the stories of alerts and of all that was told of them; how many rows had some, by table."""
    query = select(story).where(story.c.alert == func.any(list(numbers)))
    changed = {}
    for row in connection.execute(query).mappings():
        kept = {**row["detail"], "change": row["what"], "at": row["at"].isoformat()}
        step = msgspec.convert(kept, Step)
        if (bare := wordless.step(step)) != step:
            told = msgspec.to_builtins(bare)
            changed[row["id"]] = {k: v for k, v in told.items() if k not in ("change", "at")}
    of_alerts = deliveries.c.alert == func.any(list(numbers))
    texts = update(deliveries).where(of_alerts, deliveries.c.text != "").values(text="")
    asked = update(deliveries).where(
        of_alerts,
        deliveries.c.action == Action.FOLLOW_UP.value,
        deliveries.c.channel == "email",
        deliveries.c.to != "",
    )
    sent = connection.execute(texts).rowcount
    sent += connection.execute(asked.values(to="", reason="")).rowcount
    gone = notices.delete().where(notices.c.alert == func.any(list(numbers)))
    return {
        "story": _save(connection, "story", changed),
        "deliveries": sent,
        "notices": connection.execute(gone).rowcount,
    }


_KEYS = {
    "events": ("id", "body", "bigint"),
    "tickets": ("id", "state", "text"),
    "alerts": ("number", "body", "bigint"),
    "story": ("id", "detail", "bigint"),
}


def _save(connection: Connection, table: str, values: Mapping[Any, Any]) -> int:
    if not values:
        return 0
    key, column, kind = _KEYS[table]
    query = _SAVE.format(table=table, key=key, column=column, kind=kind)
    given = {"id": list(values), "value": [_encode(value).decode() for value in values.values()]}
    return connection.exec_driver_sql(query, given).rowcount
