"""One person's data erased, and counted: what was about them loses its words, what names them gets a mark instead.

Rows that figures are reckoned from stay, and so do webhooks as they came, without what stood in them: so that the same
one doesn't come in once more. Within one transaction; a second time there is nothing left to do.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    Column,
    Connection,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql import ColumnElement

from bridge.domain.forgetting import Person
from bridge.domain.model import Action
from bridge.store import deliveries as states
from bridge.store import inbox as inboxes
from bridge.store.erased import Erased
from bridge.store.schema import (
    absences,
    alerts,
    deliveries,
    errands,
    idempotency,
    inbox,
    login_tries,
    members,
    notices,
    people,
    silenced,
    teams,
    tickets,
    users,
)
from bridge.store.traces import Theirs, rows_of, tables

ERASED = "erased: its sender, or whom it was about, was forgotten"
_ROWS = (people, users, members, absences, silenced, login_tries, errands, idempotency)
"""Tables whose rows go as a whole, where they are theirs or name them."""

_OWN_WAY = ("inbox", "teams", *(table.name for table in _ROWS))


class Message(Struct, frozen=True, kw_only=True):
    """Something that has been sent, and can't be called back from here. `ts` is Slack's name of it."""

    alert: str
    channel: str
    to: str
    action: str
    ts: str = ""
    at: str = ""


def out_of_reach(connection: Connection, who: Person, own: Theirs) -> list[Message]:
    """What was sent about them, or to them, oldest first."""
    about = deliveries.c.alert == func.any(list(own.alerts))
    addresses = [*who.emails, *who.slack, *(f"+{phone}" for phone in who.phones)]
    query = (
        select(deliveries, alerts.c.ref)
        .join(alerts, alerts.c.number == deliveries.c.alert)
        .where(
            or_(about, func.lower(deliveries.c.to).in_([one.lower() for one in addresses])),
            deliveries.c.sent_at.is_not(None),
            deliveries.c.action.not_in([Action.TAG.value, Action.UNTAG.value, Action.EDIT.value]),
        )
        .order_by(deliveries.c.id)
    )
    return [_message(row) for row in connection.execute(query).mappings()]


def still_needed(connection: Connection, who: Person) -> list[str]:
    """What of our own people's part keeps their names, because alerts would reach nobody without them."""
    query = select(teams.c.name).where(_leads(who)).order_by(teams.c.name)
    return [f"team {name}: its manager" for name in connection.execute(query).scalars()]


def erase(connection: Connection, who: Person, own: Theirs) -> Counter[str]:
    """Erase it all; how many rows of each table were deleted or changed."""
    many: Counter[str] = Counter()
    # First, so that nobody else works on them: whoever judges a ticket locks it before all else.
    held = select(tickets.c.id).where(tickets.c.id.in_(own.subjects)).order_by(tickets.c.id)
    connection.execute(held.with_for_update())
    many["inbox"] += _empty_inbox(connection, who, own)
    _stop_sending(connection, who)
    gone = [(table, rows_of(table, who, own)) for table in _ROWS]
    gone += [(notices, notices.c.alert.in_(own.alerts)), (errands, errands.c.key.in_(own.subjects))]
    for table, which in gone:
        many[table.name] += connection.execute(delete(table).where(which)).rowcount
    for table in tables():
        if table.name not in _OWN_WAY:
            many[table.name] += _changed(connection, table, who, own)
    return +many


# --- parts


def _empty_inbox(connection: Connection, who: Person, own: Theirs) -> int:
    full = or_(inbox.c.body != b"", inbox.c.fetched.is_not(None))
    emptied = update(inbox).where(rows_of(inbox, who, own), full)
    values: dict[str, Any] = {"body": b"", "fetched": None, "headers": {}, "url": ""}
    done = emptied.values(**values, state=inboxes.READ, reason=ERASED)
    return connection.execute(done).rowcount


def _stop_sending(connection: Connection, who: Person) -> None:
    """What waits to be sent to them isn't any more."""
    if not who.loose:
        return
    to_them = cast(deliveries.c.to, Text).op("~*")(who.loose)
    stopped = update(deliveries).where(to_them, deliveries.c.state == states.WAITING)
    connection.execute(stopped.values(state=states.HELD, reason=ERASED))


def _changed(connection: Connection, table: Table, who: Person, own: Theirs) -> int:
    """Take their words out, and put the mark in the place of their names, wherever it may stand; how many rows."""
    keys = list(table.primary_key.columns)
    fixed = {c.name for c in table.columns if c.primary_key or c.foreign_keys}
    free = [c for c in table.columns if c.name not in fixed and _holds_text(c)]
    if not free:
        return 0
    many = 0
    query = select(table).where(rows_of(table, who, own)).with_for_update()
    for row in connection.execute(query).mappings().all():
        erased = Erased(table.name, dict(row), who, own)
        new = {c.name: erased.value(c.name) for c in free}
        changed = {name: value for name, value in new.items() if value != row[name]}
        if changed:
            same = and_(*(key == row[key.name] for key in keys))
            many += connection.execute(update(table).where(same).values(changed)).rowcount
    return many


def _holds_text(column: Column[Any]) -> bool:
    kind = column.type.item_type if isinstance(column.type, ARRAY) else column.type
    return isinstance(kind, Text | JSONB)


def _leads(who: Person) -> ColumnElement[bool]:
    by_name = and_(teams.c.manager.in_(who.keys), teams.c.manager != "")
    return or_(func.lower(teams.c.manager_email).in_(who.emails), by_name)


def _message(row: Any) -> Message:
    receipt = row["receipt"] or {}
    return Message(
        alert=row["ref"],
        channel=str(row["channel"]),
        to=str(receipt.get("to") or row["to"]),
        action=str(row["action"]),
        ts=str(receipt.get("ref", "")) if row["channel"] == "slack" else "",
        at=row["sent_at"].isoformat(timespec="seconds"),
    )
