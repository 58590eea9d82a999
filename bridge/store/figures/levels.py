"""Figures by team and by employee: what can be added up over the teams below another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, case, func, select

from bridge.domain.promises import CONTACT, RESOLVE
from bridge.store.figures.loop import decided, first_contact, in_time
from bridge.store.figures.scope import (
    ANSWER,
    WHOLE,
    Lines,
    Scope,
    low,
    of_alerts,
    of_tickets,
    rated,
    unhappy,
)
from bridge.store.schema import alerts, ratings, tickets

By = Literal["team", "agent"]
"""By our team of an alert and by helpdesk group of a ticket, or by employee: "<desk>:<id>"."""


class Sums(Struct, frozen=True, kw_only=True):
    """What was counted; two are added with `+`. `score` is the sum of the scores of `scored` answers."""

    tickets: int = 0
    alerted: int = 0
    alerts: int = 0
    itself: int = 0
    contact_decided: int = 0
    contact_in_time: int = 0
    resolve_decided: int = 0
    resolve_in_time: int = 0
    recovered: int = 0
    outcomes: int = 0
    scored: int = 0
    score: float = 0.0
    satisfied: int = 0
    low: int = 0
    unhappy: int = 0
    answered: int = 0

    def __add__(self, other: Sums) -> Sums:
        return replace(
            self,
            **{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__},
        )


def added(several: Iterable[Sums]) -> Sums:
    """All of them as one."""
    return sum(several, Sums())


def alerted(connection: Connection, scope: Scope, by: By, now: datetime) -> dict[str, Sums]:
    """Alerts that opened, by our team or by employee."""
    source: Any = alerts
    key: ColumnElement[Any] = alerts.c.team
    if by == "agent":
        source = alerts.outerjoin(tickets, tickets.c.id == alerts.c.subject)
        key = func.coalesce(tickets.c.agent, "")
    query = (
        select(
            key.label("key"),
            func.count().label("alerts"),
            func.count().filter(alerts.c.itself).label("itself"),
            func.count().filter(decided(CONTACT, now)).label("contact_decided"),
            func.count().filter(decided(CONTACT, now), in_time(CONTACT)).label("contact_in_time"),
            func.count().filter(decided(RESOLVE, now)).label("resolve_decided"),
            func.count().filter(decided(RESOLVE, now), in_time(RESOLVE)).label("resolve_in_time"),
            func.count().filter(alerts.c.outcome == "recovered").label("recovered"),
            func.count().filter(alerts.c.outcome != "").label("outcomes"),
        )
        .select_from(source)
        .where(of_alerts(scope))
        .group_by(key)
    )
    return _sums(connection, query)


def opened(connection: Connection, scope: Scope, by: By) -> dict[str, Sums]:
    """Tickets that were opened, by helpdesk group ("<desk>:<id>", "" for none) or by employee."""
    key = tickets.c.team if by == "team" else tickets.c.agent
    had = select(alerts.c.subject).distinct().subquery("had")
    query = (
        select(
            key.label("key"),
            func.count().label("tickets"),
            func.count(had.c.subject).label("alerted"),
        )
        .select_from(tickets.outerjoin(had, had.c.subject == tickets.c.id))
        .where(of_tickets(scope))
        .group_by(key)
    )
    return _sums(connection, query)


def rated_by(
    connection: Connection, scope: Scope, by: By, lines: Lines, satisfied: float
) -> dict[str, Sums]:
    """Answers that were given, by helpdesk group or by employee; those without a ticket by "answer:<source>"."""
    source = ANSWER + func.split_part(ratings.c.subject, ":", 2)
    group = case((ratings.c.subject.startswith(ANSWER), source), else_=tickets.c.team)
    found = (
        rated(
            scope,
            (group if by == "team" else tickets.c.agent).label("key"),
            ratings.c.score,
            low(lines).label("low"),
            unhappy(lines).label("unhappy"),
            case((unhappy(lines), first_contact())).label("contact"),
        )
        .where(ratings.c.question == WHOLE)
        .cte("found")
    )
    query = (
        found.select()
        .with_only_columns(
            found.c.key,
            func.count(found.c.score).label("scored"),
            func.coalesce(func.sum(found.c.score), 0.0).label("score"),
            func.count().filter(found.c.score >= satisfied).label("satisfied"),
            func.count().filter(found.c.low).label("low"),
            func.count().filter(found.c.unhappy).label("unhappy"),
            func.count(found.c.contact).label("answered"),
        )
        .group_by(found.c.key)
    )
    return _sums(connection, query)


def _sums(connection: Connection, query: Any) -> dict[str, Sums]:
    rows = connection.execute(query).mappings()
    return {row["key"]: Sums(**{n: v for n, v in row.items() if n != "key"}) for row in rows}
