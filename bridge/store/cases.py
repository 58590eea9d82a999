"""Alerts as pages and programs list them: what a viewer may see, filtered, most urgent first, a page at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import (
    Connection,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.sql import ColumnElement

from bridge.domain.model import Alert, AlertState, Severity
from bridge.domain.viewing import Viewer
from bridge.store.alerts import names
from bridge.store.schema import alerts, people, tickets

NOBODY = "nobody"
MINE = "me"
LIVE = "live"


class Filter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which alerts are asked for; what is left out matches everything.

    `state` is a state, "live" for all but resolved ones, "" for every one. `owner` is "me", "nobody", or a person as
    the list of owners has them. `text` is searched for in the reference, the ticket's number and title, the headlines,
    and the customer's name and address. `since` and `until` are when the alert opened.
    """

    team: str = ""
    rule: str = ""
    severity: Severity | None = None
    state: str = LIVE
    owner: str = ""
    subject: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


class After(Struct, frozen=True, array_like=True):
    """Where a page begins: after this alert. Its parts are what the list is sorted by."""

    resolved: bool
    severity: int
    due_at: datetime | None
    number: int


class Case(Struct, frozen=True, kw_only=True):
    """An alert in a list: with what its ticket is called."""

    alert: Alert
    name: str = ""
    title: str = ""
    due_at: datetime | None = None


class Page(Struct, frozen=True, kw_only=True):
    """Some of the alerts asked for; `after` is where the next page begins, None on the last."""

    cases: tuple[Case, ...]
    after: After | None = None


class Counts(Struct, frozen=True, kw_only=True):
    """How many alerts a filter finds, and how they divide; each division as if it were not filtered by itself."""

    total: int
    severity: dict[int, int]
    state: dict[str, int]
    team: dict[str, int]
    rule: dict[str, int]
    unowned: int
    mine: int
    overdue: int


_over = case((alerts.c.state == AlertState.RESOLVED.value, 1), else_=0)


def page(
    connection: Connection,
    viewer: Viewer,
    wanted: Filter,
    *,
    limit: int = 50,
    after: After | None = None,
) -> Page:
    """The alerts a viewer may see and asks for: live ones first, by severity, the goal due next, and age."""
    live = _only_live(wanted)
    query = select(alerts.c.number, alerts.c.body, alerts.c.due_at, alerts.c.severity).where(
        _matches(viewer, wanted)
    )
    if live:
        query = query.order_by(alerts.c.severity.desc(), alerts.c.due_at, alerts.c.number)
    else:
        query = query.order_by(_over, alerts.c.severity.desc(), alerts.c.due_at, alerts.c.number)
    if after is not None:
        query = query.where(_beyond(after))
    rows = connection.execute(query.limit(limit + 1)).all()
    more, rows = rows[limit:], rows[:limit]
    found = [_alert(row) for row in rows]
    called = _names(connection, [alert.subject for alert in found])
    cases = tuple(
        Case(
            alert=alert,
            name=called.get(alert.subject, ("", ""))[0],
            title=called.get(alert.subject, ("", ""))[1],
            due_at=row.due_at,
        )
        for alert, row in zip(found, rows, strict=True)
    )
    return Page(cases=cases, after=_mark(cases[-1]) if more else None)


def _mark(last: Case) -> After:
    alert = last.alert
    return After(not alert.live, int(alert.severity), last.due_at, alert.number)


def counts(connection: Connection, viewer: Viewer, wanted: Filter, now: datetime) -> Counts:
    """How many there are. A division counts as if it were not filtered by, so that its other choices show."""
    whole = _matches(viewer, wanted)
    total, unowned, overdue = connection.execute(
        select(
            func.count(),
            func.count().filter(alerts.c.owner == ""),
            func.count().filter(alerts.c.due_at <= now),
        ).where(whole)
    ).one()
    mine = connection.execute(
        select(func.count()).where(_matches(viewer, replace(wanted, owner=MINE)))
    ).scalar_one()
    rule = func.unnest(alerts.c.rules).label("rule")
    return Counts(
        total=total,
        severity=_divided(connection, alerts.c.severity, viewer, replace(wanted, severity=None)),
        state=_divided(connection, alerts.c.state, viewer, replace(wanted, state="")),
        team=_divided(connection, alerts.c.team, viewer, replace(wanted, team="")),
        rule=_divided(connection, rule, viewer, replace(wanted, rule="")),
        unowned=unowned,
        mine=mine,
        overdue=overdue,
    )


def owners(connection: Connection, viewer: Viewer) -> list[str]:
    """Who has live alerts that a viewer may see."""
    query = (
        select(alerts.c.owner)
        .distinct()
        .where(_matches(viewer, Filter()), alerts.c.owner != "")
        .order_by(alerts.c.owner)
    )
    return list(connection.execute(query).scalars())


def _divided(
    connection: Connection, by: ColumnElement[Any], viewer: Viewer, wanted: Filter
) -> dict[Any, int]:
    part = by.label("part")
    query = select(part, func.count().label("many")).where(_matches(viewer, wanted)).group_by(part)
    return {row.part: row.many for row in connection.execute(query)}


def _matches(viewer: Viewer, wanted: Filter) -> ColumnElement[bool]:
    epoch = datetime.min.replace(tzinfo=UTC)
    asked: tuple[tuple[object, ColumnElement[bool]], ...] = (
        (wanted.team, alerts.c.team == wanted.team),
        (wanted.rule, alerts.c.rules.contains([wanted.rule])),
        (wanted.severity, alerts.c.severity == int(wanted.severity or 0)),
        (wanted.subject, alerts.c.subject == wanted.subject),
        (wanted.since, alerts.c.opened_at >= (wanted.since or epoch)),
        (wanted.until, alerts.c.opened_at < (wanted.until or epoch)),
    )
    return and_(
        _visible(viewer),
        _in_state(wanted.state),
        _owned(viewer, wanted.owner),
        *(condition for given, condition in asked if given),
        *([_speaks_of(words)] if (words := wanted.text.strip()) else []),
    )


def _in_state(state: str) -> ColumnElement[bool]:
    live = alerts.c.state != AlertState.RESOLVED.value
    if not state:
        return true()
    if state == LIVE:
        return live
    if state == AlertState.RESOLVED.value:
        return alerts.c.state == state
    return and_(live, alerts.c.state == state)  # so that the index of what is live serves


def _owned(viewer: Viewer, owner: str) -> ColumnElement[bool]:
    if not owner:
        return true()
    if owner == MINE:
        return _theirs(sorted(names(viewer.who)))
    if owner == NOBODY:
        return alerts.c.owner == ""
    return func.lower(alerts.c.owner) == owner.lower()


def _only_live(wanted: Filter) -> bool:
    return wanted.state not in ("", AlertState.RESOLVED.value)


def _visible(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.teams is None:
        return true()
    own = alerts.c.team.in_(sorted(viewer.teams))
    return or_(own, _theirs(sorted(names(viewer.who))))


def _theirs(mine: list[str]) -> ColumnElement[bool]:
    """Those that somebody owns or is on."""
    on: ColumnElement[bool] = alerts.c.people.overlap(mine)
    return on


def _speaks_of(words: str) -> ColumnElement[bool]:
    """A text stands somewhere in what one sees of the alert, in any case."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = f"%{escaped}%"
    of_ticket = select(tickets.c.id).where(
        tickets.c.id == alerts.c.subject,
        or_(
            tickets.c.state["title"].astext.ilike(like), tickets.c.state["name"].astext.ilike(like)
        ),
    )
    customer = select(people.c.id).where(
        alerts.c.customer == people.c.desk + ":" + people.c.id,
        or_(people.c.name.ilike(like), people.c.email.ilike(like)),
    )
    headlines = func.jsonb_path_query_array(alerts.c.body, "$.reasons[*].finding.headline")
    return or_(
        alerts.c.ref.ilike(like),
        alerts.c.subject.ilike(like),
        cast(headlines, Text).ilike(like),
        exists(of_ticket),
        exists(customer),
    )


def _beyond(after: After) -> ColumnElement[bool]:
    """What comes later in the list than a place in it."""
    resolved, severity, due = int(after.resolved), after.severity, after.due_at
    same_due = alerts.c.due_at.is_(None) if due is None else alerts.c.due_at == due
    later = or_(alerts.c.due_at > due, alerts.c.due_at.is_(None)) if due is not None else None
    within = and_(same_due, alerts.c.number > after.number)
    if later is not None:
        within = or_(later, within)
    return or_(
        _over > resolved,
        and_(
            _over == resolved,
            or_(alerts.c.severity < severity, and_(alerts.c.severity == severity, within)),
        ),
    )


def _names(connection: Connection, subjects: list[str]) -> dict[str, tuple[str, str]]:
    query: Select[Any] = select(
        tickets.c.id, tickets.c.state["name"].astext, tickets.c.state["title"].astext
    ).where(tickets.c.id == func.any(subjects))
    return {row[0]: (row[1] or "", row[2] or "") for row in connection.execute(query)}


def _alert(row: Any) -> Alert:
    return replace(msgspec.convert(row.body, Alert), number=row.number)
