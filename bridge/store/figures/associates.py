"""What coaching is made from: which rules hold on whose tickets, how many of whose updates were thin, what coaching is
open, and the alerts behind it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, func, select

from bridge.domain.model import Coaching, Outcome, Severity
from bridge.domain.signals import UPDATE
from bridge.domain.updates import LINE
from bridge.store.figures.scope import TEST, Scope, grouped, of_alerts, of_tickets, theirs
from bridge.store.schema import alerts, signals, tickets


class Associate(Struct, frozen=True, kw_only=True):
    """An employee ("<desk>:<id>"): tickets opened in the period that are theirs, those with an alert, coaching.

    `open` is coaching that somebody found to be needed and nobody has given yet.
    """

    agent: str
    tickets: int = 0
    alerted: int = 0
    alerts: int = 0
    open: int = 0
    given: int = 0


class Recurring(Struct, frozen=True, kw_only=True):
    """How many alerts on an employee's tickets a rule was a reason of."""

    agent: str
    rule: str
    many: int


class Written(Struct, frozen=True, kw_only=True):
    """How many public updates an employee wrote that were judged, how many were thin, and what most of these lack.

    `lack` is a name of `updates.WEIGHTS`, "" where none was thin; of several equally frequent, the first by name.
    """

    agent: str
    judged: int
    thin: int
    lack: str = ""


class Line(Struct, frozen=True, kw_only=True):
    """An alert as a line of a list: nobody's words are in it."""

    number: int
    ref: str
    subject: str
    team: str
    severity: Severity
    state: str
    opened_at: datetime
    rules: tuple[str, ...]
    coaching: str


_justified = alerts.c.outcome != Outcome.NOT_JUSTIFIED.value
"""What turned out not to be justified is nobody's to learn from."""


def associates(connection: Connection, scope: Scope) -> list[Associate]:
    """Everybody with a ticket or an alert in the period. Alerts that were not justified don't count."""
    had = select(alerts.c.subject).where(_justified).distinct().subquery("had")
    worked = (
        select(
            tickets.c.agent,
            func.count().label("tickets"),
            func.count(had.c.subject).label("alerted"),
        )
        .select_from(tickets.outerjoin(had, had.c.subject == tickets.c.id))
        .where(of_tickets(scope), tickets.c.agent != "")
        .group_by(tickets.c.agent)
    )
    coaching = alerts.c.coaching
    troubled = (
        select(
            tickets.c.agent,
            func.count().label("alerts"),
            func.count().filter(coaching == Coaching.NEEDED.value).label("open"),
            func.count().filter(coaching == Coaching.DONE.value).label("given"),
        )
        .select_from(alerts.join(tickets, tickets.c.id == alerts.c.subject))
        .where(of_alerts(scope), tickets.c.agent != "", _justified)
        .group_by(tickets.c.agent)
    )
    found: dict[str, dict[str, int]] = {}
    for query in (worked, troubled):
        for row in connection.execute(query).mappings():
            found.setdefault(row["agent"], {}).update(
                {name: value for name, value in row.items() if name != "agent"}
            )
    return [Associate(agent=agent, **values) for agent, values in sorted(found.items())]


def recurring(connection: Connection, scope: Scope) -> list[Recurring]:
    """The rules on everybody's tickets, the most frequent first."""
    rule = func.unnest(alerts.c.rules).label("rule")
    found = (
        select(tickets.c.agent, rule)
        .select_from(alerts.join(tickets, tickets.c.id == alerts.c.subject))
        .where(of_alerts(scope), tickets.c.agent != "", _justified)
        .cte("found")
    )
    many = func.count().label("many")
    query = (
        select(found.c.agent, found.c.rule, many)
        .group_by(found.c.agent, found.c.rule)
        .order_by(found.c.agent, many.desc(), found.c.rule)
    )
    return [Recurring(**row) for row in connection.execute(query).mappings()]


def written(connection: Connection, scope: Scope) -> list[Written]:
    """Everybody who wrote an update in the period on a ticket that its teams have now.

    Whoever wrote it counts, not whose ticket it is.
    """
    thin = signals.c.value < LINE
    lack = func.mode().within_group(signals.c.note)
    query = (
        select(
            signals.c.agent,
            func.count().label("judged"),
            func.count().filter(thin).label("thin"),
            func.coalesce(lack.filter(thin), "").label("lack"),
        )
        .select_from(signals.join(tickets, tickets.c.id == signals.c.subject))
        .where(
            signals.c.kind == UPDATE,
            signals.c.at >= scope.since,
            signals.c.at < scope.until,
            grouped(scope),
            signals.c.agent == scope.agent if scope.agent else signals.c.agent != "",
            ~signals.c.subject.startswith(TEST),
        )
        .group_by(signals.c.agent)
        .order_by(signals.c.agent)
    )
    return [Written(**row) for row in connection.execute(query).mappings()]


def lines(
    connection: Connection, scope: Scope, limit: int, before: int | None = None
) -> list[Line]:
    """The alerts of the scope, the newest first; with `before`, those with a lower number."""
    query = (
        select(
            alerts.c.number,
            alerts.c.ref,
            alerts.c.subject,
            alerts.c.team,
            alerts.c.severity,
            alerts.c.state,
            alerts.c.opened_at,
            alerts.c.rules,
            alerts.c.coaching,
        )
        .where(of_alerts(scope))
        .order_by(alerts.c.number.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(alerts.c.number < before)
    return [
        Line(**{**row, "severity": Severity(row["severity"]), "rules": tuple(row["rules"])})
        for row in connection.execute(query).mappings()
    ]


def works_in(connection: Connection, scope: Scope) -> bool:
    """Whether the scope's employee has or had a ticket of its teams, of whatever time."""
    ticket = select(tickets.c.id).where(tickets.c.agent == scope.agent, grouped(scope)).limit(1)
    alert = select(alerts.c.number).where(theirs(scope)).limit(1)
    return any(connection.execute(query).first() is not None for query in (ticket, alert))
