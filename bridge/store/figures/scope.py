"""Which alerts, tickets and answers figures are about: of when, of which teams, of which employee."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Select, and_, case, func, literal_column, or_, select, true
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import Date, DateTime

from bridge.store.schema import alerts, ratings, tickets

ANSWER = "answer:"
TEST = "test:"
WHOLE = ""
"""The question that stands for a survey answer as a whole; see `store.ratings`."""


class Scope(Struct, frozen=True, kw_only=True):
    """What is counted: from `since` until before `until`, in weeks (from Monday) or months of `zone`.

    `teams` are names, None for every team. Tickets are known by their helpdesk's `groups`; where `rest` holds, those in
    none of the `mapped` groups count as well: they are the default team's. `sources` are those whose answers without
    a ticket count. `agent` is "<desk>:<id>", "" for everybody.
    """

    since: datetime
    until: datetime
    zone: str = "UTC"
    step: Literal["week", "month"] = "week"
    teams: frozenset[str] | None = None
    groups: frozenset[str] = frozenset()
    mapped: frozenset[str] = frozenset()
    rest: bool = False
    sources: frozenset[str] = frozenset()
    agent: str = ""


class Lines(Struct, frozen=True):
    """At or below which a score is a low one: on any scale, and on that of NPS, which has its own."""

    usual: float = 0.4
    nps: float = 0.6


def of_alerts(scope: Scope) -> ColumnElement[bool]:
    """The alerts that opened in the period."""
    return and_(
        alerts.c.opened_at >= scope.since,
        alerts.c.opened_at < scope.until,
        theirs(scope),
    )


def theirs(scope: Scope) -> ColumnElement[bool]:
    """The alerts of the teams and of the employee, of whatever time. Tests of the wiring never count."""
    named = true() if scope.teams is None else alerts.c.team.in_(sorted(scope.teams))
    mine: ColumnElement[bool] = true()
    if scope.agent:
        mine = alerts.c.subject.in_(select(tickets.c.id).where(tickets.c.agent == scope.agent))
    return and_(named, mine, ~alerts.c.subject.startswith(TEST))


def of_tickets(scope: Scope) -> ColumnElement[bool]:
    """The tickets that were opened in the period."""
    return and_(
        tickets.c.opened_at >= scope.since,
        tickets.c.opened_at < scope.until,
        grouped(scope),
        tickets.c.agent == scope.agent if scope.agent else true(),
    )


def of_ratings(scope: Scope) -> ColumnElement[bool]:
    """The answers that were given in the period, joined to their tickets."""
    team: ColumnElement[bool] = true()
    if scope.teams is not None:
        source = func.split_part(ratings.c.subject, ":", 2)
        alone = ratings.c.subject.startswith(ANSWER)
        team = case((alone, source.in_(sorted(scope.sources))), else_=grouped(scope))
    return and_(
        ratings.c.at >= scope.since,
        ratings.c.at < scope.until,
        team,
        tickets.c.agent == scope.agent if scope.agent else true(),
        ~ratings.c.subject.startswith(TEST),
    )


def grouped(scope: Scope) -> ColumnElement[bool]:
    """The tickets of the scope's teams, by their helpdesk groups."""
    if scope.teams is None:
        return true()
    named = tickets.c.team.in_(sorted(scope.groups))
    return or_(named, tickets.c.team.not_in(sorted(scope.mapped))) if scope.rest else named


def rated(scope: Scope, *columns: Any) -> Select[Any]:
    """A query over the answers of the scope, with their tickets."""
    joined = ratings.join(tickets, tickets.c.id == ratings.c.subject)
    return select(*columns).select_from(joined).where(of_ratings(scope))


def bucket(at: ColumnElement[Any], scope: Scope) -> ColumnElement[date]:
    """The first day of the week or the month of the scope that a column's moment lies in.

    The weeks are cut here, once, and each row is put into one by a search: asking each row for its local time takes
    several times as long.
    """
    starts = starts_of(scope)
    zone = ZoneInfo(scope.zone)
    days = ",".join(f"'{day:%Y-%m-%d}'" for day in starts)
    moments = ",".join(f"'{datetime.combine(day, time(), zone).isoformat()}'" for day in starts)
    # Written into the query, not handed in: what is selected and what is grouped by have to be the same.
    found: ColumnElement[date] = literal_column(
        f"(ARRAY[{days}]::date[])[width_bucket({at}, ARRAY[{moments}]::timestamptz[])]", Date
    )
    return found


def starts_of(scope: Scope) -> tuple[date, ...]:
    """The first days of all weeks or months that the scope touches."""
    zone = ZoneInfo(scope.zone)
    day, last = (moment.astimezone(zone).date() for moment in (scope.since, scope.until))
    found = [day - timedelta(days=day.weekday()) if scope.step == "week" else day.replace(day=1)]
    while (following := _following(found[-1], scope)) <= last:
        found.append(following)
    return tuple(found)


def _following(day: date, scope: Scope) -> date:
    if scope.step == "week":
        return day + timedelta(days=7)
    return (day + timedelta(days=31)).replace(day=1)


def local(at: ColumnElement[Any], scope: Scope) -> ColumnElement[datetime]:
    """A moment as the clocks of the scope's zone show it."""
    return func.timezone(_word(scope.zone), at, type_=DateTime)


def _word(word: str) -> ColumnElement[str]:
    quoted: ColumnElement[str] = literal_column("'" + word.replace("'", "") + "'")
    return quoted


def low(lines: Lines) -> ColumnElement[bool]:
    """Whether a score is a low one."""
    line = case((ratings.c.scale == "nps", lines.nps), else_=lines.usual)
    return ratings.c.score <= line


def unhappy(lines: Lines) -> ColumnElement[bool]:
    """Whether the customer said that it wasn't good: a low score, or a problem that isn't resolved."""
    return or_(func.coalesce(low(lines), False), ratings.c.resolved.is_(False))
