"""How quickly alerts of a span were answered, against their goals: by one look at the table."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, Connection, and_, func, or_, select
from sqlalchemy.sql import ColumnElement

from bridge.domain.viewing import Viewer
from bridge.store.case_filter import visible
from bridge.store.schema import alerts


class Goal(Struct, frozen=True, kw_only=True):
    """How a goal fared: of so many alerts, met in time, met late or missed; the rest is open. `median` of those met."""

    name: str
    many: int
    in_time: int
    missed: int
    median: timedelta | None


class Response(Struct, frozen=True, kw_only=True):
    """What became of the alerts that opened in a span."""

    opened: int
    resolved: int
    itself: int
    useful: int
    useless: int
    goals: tuple[Goal, ...]


_GOALS = (
    ("acknowledge", alerts.c.acknowledged_at, alerts.c.acknowledge_by),
    ("contact", alerts.c.contacted_at, alerts.c.contact_by),
    ("resolve", alerts.c.ended_at, alerts.c.resolve_by),
    ("close", alerts.c.closed_at, alerts.c.close_by),
)


def response(
    connection: Connection, viewer: Viewer, since: datetime, now: datetime, team: str = ""
) -> Response:
    """How it went with the alerts that a viewer may see and that opened from `since` on."""
    wanted = and_(alerts.c.opened_at >= since, visible(viewer))
    if team:
        wanted = and_(wanted, alerts.c.team == team)
    many = func.count()
    columns: list[ColumnElement[Any]] = [
        many.label("opened"),
        many.filter(alerts.c.ended_at.is_not(None)).label("resolved"),
        many.filter(alerts.c.itself).label("itself"),
        many.filter(alerts.c.useful).label("useful"),
        many.filter(alerts.c.useless).label("useless"),
    ]
    for name, done, by in _GOALS:
        columns += _of_goal(name, done, by, now)
    row = connection.execute(select(*columns).where(wanted)).one()._mapping
    return Response(
        **{name: row[name] for name in ("opened", "resolved", "itself", "useful", "useless")},
        goals=tuple(
            Goal(
                name=name,
                **{part: row[f"{name}_{part}"] for part in ("many", "in_time", "missed", "median")},
            )
            for name, _, _ in _GOALS
        ),
    )


def _of_goal(
    name: str, done: Column[datetime], by: Column[datetime], now: datetime
) -> list[ColumnElement[Any]]:
    many = func.count()
    promised = by.is_not(None)
    over = or_(and_(done.is_(None), by <= now, alerts.c.ended_at.is_(None)), done > by)
    if name == "close":
        over = or_(and_(done.is_(None), by <= now), done > by)
    took = func.percentile_cont(0.5).within_group(done - alerts.c.opened_at)
    return [
        many.filter(promised).label(f"{name}_many"),
        many.filter(promised, done <= by).label(f"{name}_in_time"),
        many.filter(promised, over).label(f"{name}_missed"),
        took.filter(done.is_not(None)).label(f"{name}_median"),
    ]
