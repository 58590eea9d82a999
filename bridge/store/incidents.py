"""Incidents: live alerts about something bigger, and the alerts of single cases that they gather."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from bridge.domain.model import AlertState
from bridge.store.deliveries import HELD_BACK
from bridge.store.schema import alerts, shadows

SURGE = "surge"


def surging(connection: Connection, subjects: Collection[str] | None = None) -> frozenset[str]:
    """The topics and teams, or those of `subjects`, that surge: an alert is live, or would be but for the shadow."""
    found = followed(connection, [SURGE])
    return found if subjects is None else found & frozenset(subjects)


def followed(connection: Connection, rules: Sequence[str]) -> frozenset[str]:
    """The subjects about which one of these rules has something that stands, told or in shadow."""
    live = select(alerts.c.subject).where(
        alerts.c.state != AlertState.RESOLVED.value, alerts.c.rules.overlap(list(rules))
    )
    silent = select(shadows.c.subject).where(
        shadows.c.gone_at.is_(None), shadows.c.rule.in_(list(rules))
    )
    return frozenset(connection.execute(live.union(silent)).scalars())


def told(connection: Connection) -> frozenset[str]:
    """The topics and teams of which something was told that nobody has judged yet."""
    query = text("""
        SELECT DISTINCT subject FROM events
        WHERE NOT judged AND (subject LIKE 'topic:%' OR subject LIKE 'team:%')
    """)
    return frozenset(connection.execute(query).scalars())


def gathering(connection: Connection, topics: Collection[str]) -> str:
    """The reference of the oldest live alert about a surge of one of these topics; "" for none."""
    query = (
        select(alerts.c.ref)
        .where(
            alerts.c.subject == func.any(sorted(topics)),
            alerts.c.state != AlertState.RESOLVED.value,
            alerts.c.rules.contains([SURGE]),
        )
        .order_by(alerts.c.number)
        .limit(1)
    )
    return connection.execute(query).scalar() or ""


def release(connection: Connection, reason: str, now: datetime) -> list[int]:
    """Look again, now, at what was held back for this reason; the ids."""
    query = text("""
        UPDATE deliveries SET not_before = :now WHERE state = 'waiting' AND not_before > :now
        AND reason = :reason RETURNING id
    """)
    rows = connection.execute(query, {"now": now, "reason": HELD_BACK + reason})
    return sorted(rows.scalars())
