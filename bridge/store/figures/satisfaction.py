"""Satisfaction of cases that had an alert before the customer answered, and of all others."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, exists, func

from bridge.store.figures.scope import ANSWER, WHOLE, Scope, bucket, rated
from bridge.store.schema import alerts, ratings, tickets


class Group(Struct, frozen=True, kw_only=True):
    """The scores of a question in one of both groups: 0 is worst, 1 is best.

    `variance` is that of a sample, None for a single score. `satisfied` are those at or above the line.
    """

    question: str
    alerted: bool
    bucket: date | None = None
    many: int = 0
    mean: float = 0.0
    variance: float | None = None
    satisfied: int = 0


class Mixed(Struct, frozen=True, kw_only=True):
    """How many scores of a group come from one helpdesk group and one scale."""

    alerted: bool
    team: str
    scale: str
    many: int


def _alerted() -> ColumnElement[bool]:
    """Whether the case had an alert when the customer answered: one that the answer itself caused came later."""
    return exists().where(alerts.c.subject == ratings.c.subject, alerts.c.opened_at < ratings.c.at)


def of_cases(scope: Scope, *columns: Any) -> Any:
    """Scores of tickets: an answer without one is no case that could have been alerted before."""
    found = rated(scope, *columns, ratings.c.score, _alerted().label("alerted"))
    return found.where(ratings.c.score.is_not(None), ~ratings.c.subject.startswith(ANSWER))


def groups(connection: Connection, scope: Scope, satisfied: float) -> list[Group]:
    """By question, each group on its own, over the whole period."""
    found = of_cases(scope, ratings.c.question).cte("found")
    return _summed(connection, found, (found.c.question,), satisfied)


def over_time(connection: Connection, scope: Scope, satisfied: float) -> list[Group]:
    """The answers as a whole, by bucket."""
    when = bucket(ratings.c.at, scope).label("bucket")
    whole = of_cases(scope, ratings.c.question, when).where(ratings.c.question == WHOLE)
    found = whole.cte("found")
    return _summed(connection, found, (found.c.question, found.c.bucket), satisfied)


def _summed(
    connection: Connection, found: Any, by: tuple[ColumnElement[Any], ...], satisfied: float
) -> list[Group]:
    keys = (*by, found.c.alerted)
    query = (
        found.select()
        .with_only_columns(
            *keys,
            func.count().label("many"),
            func.avg(found.c.score).label("mean"),
            func.var_samp(found.c.score).label("variance"),
            func.count().filter(found.c.score >= satisfied).label("satisfied"),
        )
        .group_by(*keys)
        .order_by(*keys)
    )
    return [Group(**row) for row in connection.execute(query).mappings()]


def mixed(connection: Connection, scope: Scope) -> list[Mixed]:
    """What each group is made of, to see whether both can be compared."""
    found = (
        of_cases(scope, tickets.c.team, ratings.c.scale)
        .where(ratings.c.question == WHOLE)
        .cte("found")
    )
    keys = (found.c.alerted, found.c.team, found.c.scale)
    query = found.select().with_only_columns(*keys, func.count().label("many")).group_by(*keys)
    return [Mixed(**row) for row in connection.execute(query).mappings()]
