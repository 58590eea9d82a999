"""Alerts as pages and programs list them: what a viewer may see, filtered, a page at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, Select, Text, and_, cast, func, or_, select

from bridge.domain.model import Alert, Contact
from bridge.domain.redaction import Redaction
from bridge.domain.viewing import Viewer
from bridge.store.case_counts import Counts, counts
from bridge.store.case_filter import (
    LIVE,
    MINE,
    NOBODY,
    RESOLVED,
    SOMEBODY,
    Condition,
    Filter,
    matches,
)
from bridge.store.schema import alerts, tickets
from bridge.store.teams import persons

__all__ = [
    "LIVE",
    "MINE",
    "NOBODY",
    "RESOLVED",
    "SOMEBODY",
    "After",
    "Case",
    "Counts",
    "Filter",
    "Page",
    "counts",
    "owners",
    "page",
]

_decode = msgspec.json.Decoder(Alert).decode


class After(Struct, frozen=True, array_like=True):
    """Where a page begins: after this alert. Its parts are what lists are sorted by."""

    severity: int
    due_at: datetime | None
    number: int


class Case(Struct, frozen=True, kw_only=True):
    """An alert in a list: with what its ticket is called, and its customer as far as they are known here."""

    alert: Alert
    name: str = ""
    title: str = ""
    customer: Contact = Contact()
    due_at: datetime | None = None


class Page(Struct, frozen=True, kw_only=True):
    """Some of the alerts asked for; `after` is where the next page begins, None on the last."""

    cases: tuple[Case, ...]
    after: After | None = None


def page(
    connection: Connection,
    viewer: Viewer,
    wanted: Filter,
    *,
    limit: int = 50,
    after: After | None = None,
) -> Page:
    """The alerts a viewer may see and asks for.

    Live ones are sorted by severity, the goal due next, and age; a list that has resolved ones too is newest first.
    """
    query = select(
        alerts.c.number, cast(alerts.c.body, Text).label("body"), alerts.c.due_at, alerts.c.severity
    ).where(matches(viewer, wanted))
    if wanted.only_live:
        query = query.order_by(alerts.c.severity.desc(), alerts.c.due_at, alerts.c.number)
    else:
        query = query.order_by(alerts.c.number.desc())
    if after is not None:
        query = query.where(_beyond(after) if wanted.only_live else alerts.c.number < after.number)
    rows = connection.execute(query.limit(limit + 1)).all()
    more, rows = rows[limit:], rows[:limit]
    last = rows[-1] if more else None
    return Page(
        cases=tuple(_cases(connection, rows, viewer.hides)),
        after=After(last.severity, last.due_at, last.number) if last else None,
    )


def owners(connection: Connection, viewer: Viewer) -> list[str]:
    """Who has live alerts that a viewer may see."""
    query = select(alerts.c.owner).distinct().where(matches(viewer, Filter(owner=SOMEBODY)))
    return list(connection.execute(query.order_by(alerts.c.owner)).scalars())


def _cases(connection: Connection, rows: Any, hide: Redaction) -> list[Case]:
    found = [replace(_decode(row.body), number=row.number) for row in rows]
    called = _names(connection, [alert.subject for alert in found])
    ids = {alert.customer for alert in found if alert.customer}
    known = persons(connection, {(one.partition(":")[0], one.partition(":")[2]) for one in ids})
    made = []
    for alert, row in zip(found, rows, strict=True):
        name, title = called.get(alert.subject, ("", ""))
        desk, _, person = alert.customer.partition(":")
        there = known.get((desk, person))
        told = (reason.finding.contact for reason in alert.reasons)
        customer = there.contact if there else next(filter(None, told), Contact())
        made.append(
            Case(
                alert=hide.alert(alert),
                name=name,
                title=hide.text(title),
                customer=hide.contact(customer),
                due_at=row.due_at,
            )
        )
    return made


def _beyond(after: After) -> Condition:
    """What comes later in the list of live alerts than a place in it."""
    severity, due = after.severity, after.due_at
    same_due = alerts.c.due_at.is_(None) if due is None else alerts.c.due_at == due
    within = and_(same_due, alerts.c.number > after.number)
    if due is not None:
        within = or_(alerts.c.due_at > due, alerts.c.due_at.is_(None), within)
    return or_(alerts.c.severity < severity, and_(alerts.c.severity == severity, within))


def _names(connection: Connection, subjects: list[str]) -> dict[str, tuple[str, str]]:
    query: Select[Any] = select(
        tickets.c.id, tickets.c.state["name"].astext, tickets.c.state["title"].astext
    ).where(tickets.c.id == func.any(subjects))
    return {row[0]: (row[1] or "", row[2] or "") for row in connection.execute(query)}
