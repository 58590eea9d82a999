"""What each rule costs, and how often it was worth it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, func, or_, select

from bridge.domain.model import Action
from bridge.domain.promises import ACKNOWLEDGE
from bridge.store.figures.loop import decided, in_time
from bridge.store.figures.scope import Scope, of_alerts
from bridge.store.schema import alerts, deliveries

CALLING = tuple(one.value for one in (Action.POST, Action.DIRECT, Action.BROADCAST))
"""What somebody notices: an edit, a reply in a thread and a note on the ticket call nobody."""


class Noise(Struct, frozen=True, kw_only=True):
    """Alerts that a rule was a reason of, and what became of them; an alert with two rules counts for both.

    Somebody said of `rated` of them whether they were useful; who differ make one both `useful` and `useless`.
    `pings` are the messages sent about them that call somebody.
    """

    rule: str
    alerts: int
    useful: int
    useless: int
    rated: int
    itself: int
    decided: int
    in_time: int
    pings: int


def by_rule(connection: Connection, scope: Scope, now: datetime) -> list[Noise]:
    """Every rule that was a reason in the period, the most frequent first."""
    found = (
        select(
            alerts.c.number,
            alerts.c.rules,
            alerts.c.useful,
            alerts.c.useless,
            alerts.c.itself,
            decided(ACKNOWLEDGE, now).label("decided"),
            (decided(ACKNOWLEDGE, now) & in_time(ACKNOWLEDGE)).label("in_time"),
        )
        .where(of_alerts(scope))
        .cte("found")
    )
    pinged = (
        select(deliveries.c.alert, func.count().label("pings"))
        .select_from(deliveries.join(found, found.c.number == deliveries.c.alert))
        .where(
            deliveries.c.state == "sent",
            deliveries.c.action.in_(CALLING),
            deliveries.c.storm.is_(None),
        )
        .group_by(deliveries.c.alert)
        .cte("pinged")
    )
    each = (
        select(
            func.unnest(found.c.rules).label("rule"),
            found.c.useful,
            found.c.useless,
            found.c.itself,
            found.c.decided,
            found.c.in_time,
            func.coalesce(pinged.c.pings, 0).label("pings"),
        )
        .select_from(found.outerjoin(pinged, pinged.c.alert == found.c.number))
        .subquery("each")
    )
    many = func.count().label("alerts")
    query = (
        select(
            each.c.rule,
            many,
            func.count().filter(each.c.useful).label("useful"),
            func.count().filter(each.c.useless).label("useless"),
            func.count().filter(or_(each.c.useful, each.c.useless)).label("rated"),
            func.count().filter(each.c.itself).label("itself"),
            func.count().filter(each.c.decided).label("decided"),
            func.count().filter(each.c.in_time).label("in_time"),
            func.sum(each.c.pings).label("pings"),
        )
        .group_by(each.c.rule)
        .order_by(many.desc(), each.c.rule)
    )
    return [
        Noise(**{**row, "pings": int(row["pings"])}) for row in connection.execute(query).mappings()
    ]
