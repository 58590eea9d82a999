"""How the loop was kept: goals met, customers who were unhappy answered, and whether they say that it helped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select, tuple_

from bridge.domain.alerts import Change
from bridge.domain.promises import ACKNOWLEDGE, CLOSE, CONTACT, RESOLVE
from bridge.store.figures.scope import WHOLE, Lines, Scope, bucket, of_alerts, rated, unhappy
from bridge.store.schema import alerts, deliveries, ratings, story

MET: Mapping[str, ColumnElement[Any]] = {
    ACKNOWLEDGE: alerts.c.acknowledged_at,
    CONTACT: alerts.c.contacted_at,
    RESOLVE: alerts.c.ended_at,
    CLOSE: alerts.c.closed_at,
}
"""When each goal was reached."""


class Goal(Struct, frozen=True, kw_only=True):
    """How a goal was kept: of `decided` alerts, `in_time` within it; `running` are still in time to be.

    `median` and `p90` are how long it took where it was reached, in time or not.
    """

    decided: int = 0
    in_time: int = 0
    running: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None


class Kept(Struct, frozen=True, kw_only=True):
    """The alerts that opened in a bucket, None for the whole period, and how each goal was kept."""

    bucket: date | None
    alerts: int
    goals: dict[str, Goal]


class Answered(Struct, frozen=True, kw_only=True):
    """Customers who said that it wasn't good, those who were contacted since, and how soon that was."""

    bucket: date | None
    unhappy: int
    answered: int
    median: timedelta | None


class Followed(Struct, frozen=True, kw_only=True):
    """Of the alerts that opened: where the customer was asked whether it helped, answered, and said that it did."""

    bucket: date | None
    asked: int
    heard: int
    helped: int


def decided(goal: str, now: datetime) -> ColumnElement[bool]:
    """Whether an alert tells if the goal was kept.

    Not one without that goal, nor one that resolved itself before. What is resolved without having been in hand, or
    without a contact, missed that goal at once; closed it may still be in time.
    """
    by, met = alerts.c[f"{goal}_by"], MET[goal]
    over = by <= now if goal == CLOSE else or_(by <= now, alerts.c.state == "resolved")
    return and_(
        by.is_not(None), or_(met.is_not(None), ~alerts.c.itself), or_(met.is_not(None), over)
    )


def in_time(goal: str) -> ColumnElement[bool]:
    """Whether the goal was reached when it was promised."""
    return MET[goal] <= alerts.c[f"{goal}_by"]


def goals(connection: Connection, scope: Scope, now: datetime) -> list[Kept]:
    """By bucket, and in total: the total is the last."""
    when = bucket(alerts.c.opened_at, scope)
    begun = func.coalesce(alerts.c.reopened_at, alerts.c.opened_at)
    columns: list[ColumnElement[Any]] = []
    for name, met in MET.items():
        is_decided = decided(name, now)
        took = case((is_decided, func.date_part("epoch", met - begun)))
        live = alerts.c.state != "resolved"
        running = and_(alerts.c[f"{name}_by"] > now, met.is_(None))
        if name != CLOSE:  # what is resolved may still be closed in time; nothing else may
            running = and_(running, live)
        columns += [
            func.count().filter(is_decided).label(f"{name}_decided"),
            func.count().filter(is_decided, in_time(name)).label(f"{name}_in_time"),
            func.count().filter(running).label(f"{name}_running"),
            func.percentile_cont([0.5, 0.9]).within_group(took).label(f"{name}_took"),
        ]
    query = (
        select(when.label("bucket"), func.count().label("alerts"), *columns)
        .where(of_alerts(scope))
        .group_by(func.grouping_sets(tuple_(when), tuple_()))
        .order_by(when)
    )
    return [_kept(dict(row)) for row in connection.execute(query).mappings()]


def _kept(row: Mapping[str, Any]) -> Kept:
    def goal(name: str) -> Goal:
        took = row[f"{name}_took"] or (None, None)
        return Goal(
            decided=row[f"{name}_decided"],
            in_time=row[f"{name}_in_time"],
            running=row[f"{name}_running"],
            median=span(took[0]),
            p90=span(took[1]),
        )

    return Kept(
        bucket=row["bucket"], alerts=row["alerts"], goals={name: goal(name) for name in MET}
    )


def span(seconds: float | None) -> timedelta | None:
    """Seconds as a length of time."""
    return None if seconds is None else timedelta(seconds=float(seconds))


def first_contact() -> ColumnElement[Any]:
    """When somebody first contacted the customer of a rating after it was given; None where nobody did."""
    return (
        select(func.min(story.c.at))
        .select_from(alerts.join(story, story.c.alert == alerts.c.number))
        .where(
            alerts.c.subject == ratings.c.subject,
            story.c.what == Change.CONTACTED.value,
            story.c.at >= ratings.c.at,
        )
        .scalar_subquery()
    )


def answered(connection: Connection, scope: Scope, lines: Lines) -> list[Answered]:
    """By bucket of the answer, and in total: the total is the last."""
    when = bucket(ratings.c.at, scope)
    said = (
        rated(scope, when.label("bucket"), ratings.c.at, first_contact().label("contact"))
        .where(ratings.c.question == WHOLE, unhappy(lines))
        .cte("said")
    )
    waited = func.date_part("epoch", said.c.contact - said.c.at)
    query = (
        select(
            said.c.bucket,
            func.count().label("unhappy"),
            func.count(said.c.contact).label("answered"),
            func.percentile_cont(0.5).within_group(waited).label("median"),
        )
        .group_by(func.grouping_sets(tuple_(said.c.bucket), tuple_()))
        .order_by(said.c.bucket)
    )
    return [
        Answered(
            bucket=row.bucket, unhappy=row.unhappy, answered=row.answered, median=span(row.median)
        )
        for row in connection.execute(query)
    ]


def followed(connection: Connection, scope: Scope) -> list[Followed]:
    """By bucket of the alert, and in total: the total is the last. Who answered had been asked."""
    when = bucket(alerts.c.opened_at, scope)
    sent = exists().where(
        deliveries.c.alert == alerts.c.number,
        deliveries.c.state == "sent",
        deliveries.c.action == "follow up",
    )
    found = (
        select(when.label("bucket"), alerts.c.better, sent.label("sent"))
        .where(of_alerts(scope))
        .cte("found")
    )
    query = (
        select(
            found.c.bucket,
            func.count().filter(or_(found.c.sent, found.c.better.is_not(None))).label("asked"),
            func.count(found.c.better).label("heard"),
            func.count().filter(found.c.better).label("helped"),
        )
        .group_by(func.grouping_sets(tuple_(found.c.bucket), tuple_()))
        .order_by(found.c.bucket)
    )
    return [
        Followed(bucket=row.bucket, asked=row.asked, heard=row.heard, helped=row.helped)
        for row in connection.execute(query)
    ]
