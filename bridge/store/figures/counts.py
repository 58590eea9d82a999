"""How many: alerts by severity and by cause, tickets and how many of them had an alert, answers and low ones."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, func, select

from bridge.store.figures.scope import (
    WHOLE,
    Lines,
    Scope,
    bucket,
    low,
    of_alerts,
    of_tickets,
    rated,
)
from bridge.store.schema import alerts, ratings, tickets


class Many(Struct, frozen=True, kw_only=True):
    """How many alerts of a part (a severity, a cause) opened in a bucket."""

    bucket: date
    part: Any
    many: int


class Opened(Struct, frozen=True, kw_only=True):
    """Tickets that were opened in a bucket, and how many of them had an alert, then or later."""

    bucket: date
    tickets: int
    alerted: int


class Scored(Struct, frozen=True, kw_only=True):
    """Survey answers with a score that were given in a bucket, and how many of them were low."""

    bucket: date
    answers: int
    low: int


def by_severity(connection: Connection, scope: Scope) -> list[Many]:
    """Alerts by bucket and severity."""
    return _divided(connection, scope, alerts.c.severity)


def by_cause(connection: Connection, scope: Scope) -> list[Many]:
    """Alerts by bucket and the cause that was written down; "" where none is."""
    return _divided(connection, scope, alerts.c.cause)


def _divided(connection: Connection, scope: Scope, by: ColumnElement[Any]) -> list[Many]:
    when = bucket(alerts.c.opened_at, scope).label("bucket")
    query = (
        select(when, by.label("part"), func.count().label("many"))
        .where(of_alerts(scope))
        .group_by(when, by)
        .order_by(when, by)
    )
    return [Many(bucket=r.bucket, part=r.part, many=r.many) for r in connection.execute(query)]


def opened(connection: Connection, scope: Scope) -> list[Opened]:
    """Tickets by bucket."""
    when = bucket(tickets.c.opened_at, scope).label("bucket")
    alerted = select(alerts.c.subject).distinct().subquery("alerted")
    joined = tickets.outerjoin(alerted, alerted.c.subject == tickets.c.id)
    query = (
        select(when, func.count().label("tickets"), func.count(alerted.c.subject).label("alerted"))
        .select_from(joined)
        .where(of_tickets(scope))
        .group_by(when)
        .order_by(when)
    )
    return [
        Opened(bucket=r.bucket, tickets=r.tickets, alerted=r.alerted)
        for r in connection.execute(query)
    ]


def scored(connection: Connection, scope: Scope, lines: Lines) -> list[Scored]:
    """Answers by bucket."""
    when = bucket(ratings.c.at, scope).label("bucket")
    query = (
        rated(
            scope,
            when,
            func.count().label("answers"),
            func.count().filter(low(lines)).label("low"),
        )
        .where(ratings.c.question == WHOLE, ratings.c.score.is_not(None))
        .group_by(when)
        .order_by(when)
    )
    return [
        Scored(bucket=r.bucket, answers=r.answers, low=r.low) for r in connection.execute(query)
    ]
