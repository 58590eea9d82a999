"""Survey answers of cases, summed up by all in which two groups of them may differ."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Text, case, func, literal, select

from bridge.store.figures.satisfaction import of_cases
from bridge.store.figures.scope import WHOLE, Lines, Scope, low, theirs
from bridge.store.schema import alerts, ratings, tickets

AGES = (
    ("under a day", timedelta(days=1)),
    ("1 to 3 days", timedelta(days=3)),
    ("3 to 7 days", timedelta(days=7)),
)
OLDER, UNKNOWN = "over 7 days", "not known"
"""How old a case was when its customer answered."""


class Cell(Struct, frozen=True, kw_only=True):
    """Answers that are alike: of a helpdesk group, a priority, a scale, an age, and before or `after` a moment.

    `alerted`: an alert had opened before the customer answered. `total` and `squares` are the sums of the scores (0..1)
    and of their squares.
    """

    alerted: bool
    after: bool
    team: str
    priority: str
    scale: str
    age: str
    many: int
    low: int
    satisfied: int
    total: float
    squares: float


def cells(
    connection: Connection, scope: Scope, lines: Lines, satisfied: float, split: datetime | None
) -> list[Cell]:
    """The answers as a whole with a score, of cases; without a `split` all of them are before it."""
    old = ratings.c.at - tickets.c.opened_at
    age = case(
        (tickets.c.opened_at.is_(None), UNKNOWN),
        *((old < length, name) for name, length in AGES),
        else_=OLDER,
    )
    columns: tuple[Any, ...] = (
        (ratings.c.at >= split if split else literal(False)).label("after"),
        tickets.c.team,
        func.coalesce(tickets.c.state["priority"].astext, "").label("priority"),
        ratings.c.scale,
        age.cast(Text).label("age"),
        low(lines).label("low"),
    )
    found = of_cases(scope, *columns).where(ratings.c.question == WHOLE).cte("found")
    keys = (
        found.c.alerted,
        found.c.after,
        found.c.team,
        found.c.priority,
        found.c.scale,
        found.c.age,
    )
    query = (
        select(
            *keys,
            func.count().label("many"),
            func.count().filter(found.c.low).label("low"),
            func.count().filter(found.c.score >= satisfied).label("satisfied"),
            func.sum(found.c.score).label("total"),
            func.sum(found.c.score * found.c.score).label("squares"),
        )
        .group_by(*keys)
        .order_by(*keys)
    )
    return [Cell(**row) for row in connection.execute(query).mappings()]


def began(connection: Connection, scope: Scope) -> list[tuple[str, datetime]]:
    """The rules whose first alert, of these teams, lies within the period, and when that opened; the newest first."""
    each = select(func.unnest(alerts.c.rules).label("rule"), alerts.c.opened_at).where(
        theirs(scope)
    )
    found = each.subquery("each")
    first = func.min(found.c.opened_at).label("first")
    query = (
        select(found.c.rule, first)
        .group_by(found.c.rule)
        .having(first >= scope.since, first < scope.until)
        .order_by(first.desc(), found.c.rule)
    )
    return [(row.rule, row.first) for row in connection.execute(query)]
