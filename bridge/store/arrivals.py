"""Webhooks as an admin looks after them: what can't be read first, and what became of each."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, func, select, text

from bridge.store.inbox import UNREADABLE, WAITING
from bridge.store.schema import alerts, events, inbox

MOST_EVENTS = 100
REST = "rest"


class Shown(Struct, frozen=True, kw_only=True):
    """A webhook without what it says."""

    id: int
    source: str
    received_at: datetime
    state: str
    reason: str
    size: int  # bytes


class After(Struct, frozen=True, array_like=True):
    """Where a page begins: with what is older than this one, of the unreadable ones or of the rest."""

    part: str
    id: int


class Told(Struct, frozen=True, kw_only=True):
    """An event that a webhook told of, and the alert of its ticket that it may have concerned, "" for none."""

    kind: str
    subject: str
    at: datetime
    judged: bool
    fault: str
    ref: str


class Heard(Struct, frozen=True, kw_only=True):
    """How it goes with a source. `oldest`: since when the first webhook waits that wasn't read yet."""

    source: str
    last_at: datetime | None
    lately: int
    unreadable: int
    waiting: int
    oldest: datetime | None


def page(
    connection: Connection,
    *,
    source: str = "",
    state: str = "",
    after: After | None = None,
    limit: int = 50,
) -> tuple[list[Shown], After | None]:
    """Webhooks, the newest first, those that can't be read before all others; and where the next page begins."""
    parts = [state] if state else [UNREADABLE, REST]
    if after is not None:
        parts = parts[parts.index(after.part) :] if after.part in parts else []
    found: list[Shown] = []
    for part in parts:
        query = select(
            *(inbox.c[name] for name in ("id", "source", "received_at", "state", "reason")),
            func.length(inbox.c.body).label("size"),
        )
        query = query.where(inbox.c.state != UNREADABLE if part == REST else inbox.c.state == part)
        if source:
            query = query.where(inbox.c.source == source)
        if after is not None and after.part == part:
            query = query.where(inbox.c.id < after.id)
        query = query.order_by(inbox.c.id.desc()).limit(limit + 1 - len(found))
        found += [Shown(**dict(row)) for row in connection.execute(query).mappings()]
        if len(found) > limit:
            last = found[limit - 1]
            return found[:limit], After(last.state if last.state in parts else REST, last.id)
    return found, None


def became(connection: Connection, number: int) -> list[Told]:
    """The events that a webhook told of, in their order."""
    alert = (
        select(alerts.c.ref)
        .where(alerts.c.subject == events.c.subject)
        .where(func.coalesce(alerts.c.ended_at, events.c.received_at) >= events.c.received_at)
        .order_by(alerts.c.number)
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(
            events.c.body["kind"].astext.label("kind"),
            *(events.c[name] for name in ("subject", "at", "judged", "fault")),
            func.coalesce(alert, "").label("ref"),
        )
        .where(events.c.inbox == number)
        .order_by(events.c.id)
        .limit(MOST_EVENTS)
    )
    return [Told(**dict(row)) for row in connection.execute(query).mappings()]


def unreadable_of(connection: Connection, source: str) -> list[int]:
    """The webhooks of a source that can't be read."""
    query = select(inbox.c.id).where(inbox.c.state == UNREADABLE, inbox.c.source == source)
    return list(connection.execute(query.order_by(inbox.c.id)).scalars())


def unreadable(connection: Connection) -> dict[str, int]:
    """How many webhooks of each source can't be read, be it configured or not."""
    return _counted(connection, inbox.c.state == UNREADABLE)


def heard(connection: Connection, names: Collection[str], since: datetime) -> dict[str, Heard]:
    """How it goes with these sources; `lately` counts from `since` on."""
    last = {
        row.name: row.received_at
        for row in connection.execute(
            text("""
                SELECT name, received_at FROM unnest(CAST(:names AS text[])) AS name,
                LATERAL (SELECT received_at FROM inbox WHERE source = name ORDER BY id DESC LIMIT 1) AS one
            """),
            {"names": sorted(names)},
        )
    }
    lately = _counted(connection, inbox.c.received_at >= since)
    unreadable = _counted(connection, inbox.c.state == UNREADABLE)
    waits = select(inbox.c.source, func.count(), func.min(inbox.c.received_at)).where(
        inbox.c.state == WAITING
    )
    waiting = {
        row[0]: (row[1], row[2]) for row in connection.execute(waits.group_by(inbox.c.source))
    }
    return {
        name: Heard(
            source=name,
            last_at=last.get(name),
            lately=lately.get(name, 0),
            unreadable=unreadable.get(name, 0),
            waiting=waiting.get(name, (0, None))[0],
            oldest=waiting.get(name, (0, None))[1],
        )
        for name in names
    }


def _counted(connection: Connection, which: object) -> dict[str, int]:
    query = select(inbox.c.source, func.count()).where(which).group_by(inbox.c.source)  # type: ignore[arg-type]
    return {row[0]: row[1] for row in connection.execute(query)}
