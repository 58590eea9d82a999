"""What rules in shadow found beside what live ones rang for, and how those cases came out afterwards."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    cast,
    exists,
    func,
    select,
    true,
    union_all,
)
from sqlalchemy.types import DateTime

from bridge.store.figures.scope import TEST, WHOLE, Lines, Scope, bucket, low, of_alerts
from bridge.store.schema import alerts, ratings, shadows, tickets


class Came(Struct, frozen=True, kw_only=True):
    """What a rule found on a team's cases in a week or month, live or in shadow; a case with two rules counts for both.

    `alerted`: others had rung for the case by then, `later`: others rang afterwards. `adds` are the cases that nobody
    had rung for, each once a rule; `adds_alone` each once for all rules in shadow together. `scored` got a score
    afterwards, `low` a low one; `reopened` came back after being solved; `bad` did either.
    """

    bucket: date
    team: str
    rule: str
    live: bool
    found: int
    alerted: int
    later: int
    adds: int
    adds_alone: int
    scored: int
    low: int
    reopened: int
    bad: int


def came(connection: Connection, scope: Scope, lines: Lines) -> list[Came]:
    """By week or month, team and rule."""
    found = union_all(_live(scope), _in_shadow(scope)).cte("found")
    given = and_(
        ratings.c.subject == found.c.subject,
        ratings.c.question == WHOLE,
        ratings.c.at > found.c.at,
    )
    back = func.jsonb_array_elements_text(
        func.coalesce(tickets.c.state["reopened"], func.jsonb_build_array())
    ).table_valued("value")
    came_back = (
        exists()
        .select_from(tickets.join(back, true()))
        .where(
            tickets.c.id == found.c.subject,
            cast(back.c.value, DateTime(timezone=True)) > found.c.at,
        )
    )
    first = func.row_number().over(
        partition_by=(found.c.subject, found.c.rule, found.c.live, found.c.alerted),
        order_by=found.c.at,
    )
    first_alone = func.row_number().over(
        partition_by=(found.c.subject, found.c.live, found.c.alerted),
        order_by=(found.c.at, found.c.rule),
    )
    each = select(
        found,
        (first == 1).label("first"),
        (first_alone == 1).label("first_alone"),
        exists().where(given, ratings.c.score.is_not(None)).label("scored"),
        exists().where(given, low(lines)).label("low"),
        came_back.label("reopened"),
        exists()
        .where(alerts.c.subject == found.c.subject, alerts.c.opened_at > found.c.at)
        .label("later"),
    ).cte("each")
    when = bucket(each.c.at, scope).label("bucket")
    keys = (when, each.c.team, each.c.rule, each.c.live)
    silent = and_(~each.c.live, ~each.c.alerted)
    many = func.count()
    query = (
        select(
            *keys,
            many.label("found"),
            many.filter(each.c.alerted).label("alerted"),
            many.filter(each.c.later).label("later"),
            many.filter(silent, each.c.first).label("adds"),
            many.filter(silent, each.c.first_alone).label("adds_alone"),
            many.filter(each.c.scored).label("scored"),
            many.filter(each.c.low).label("low"),
            many.filter(each.c.reopened).label("reopened"),
            many.filter(each.c.low | each.c.reopened).label("bad"),
        )
        .group_by(*keys)
        .order_by(*keys)
    )
    return [Came(**row) for row in connection.execute(query).mappings()]


def _live(scope: Scope) -> Select[tuple[object, ...]]:
    return select(
        func.unnest(alerts.c.rules, type_=Text).label("rule"),
        alerts.c.subject,
        alerts.c.opened_at.label("at"),
        alerts.c.team,
        true().label("live"),
        true().label("alerted"),
    ).where(of_alerts(scope))


def _in_shadow(scope: Scope) -> Select[tuple[object, ...]]:
    return select(
        shadows.c.rule,
        shadows.c.subject,
        shadows.c.found_at.label("at"),
        shadows.c.team,
        (~true()).label("live"),
        shadows.c.alerted,
    ).where(of_shadows(scope))


def of_shadows(scope: Scope) -> ColumnElement[bool]:
    """The findings of rules in shadow in the period, of the teams and the employee."""
    mine: ColumnElement[bool] = true()
    if scope.agent:
        mine = shadows.c.subject.in_(select(tickets.c.id).where(tickets.c.agent == scope.agent))
    return and_(
        shadows.c.found_at >= scope.since,
        shadows.c.found_at < scope.until,
        true() if scope.teams is None else shadows.c.team.in_(sorted(scope.teams)),
        mine,
        ~shadows.c.subject.startswith(TEST),
    )
