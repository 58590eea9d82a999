"""Alerts and their stories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, func, insert, select, update

from bridge.domain.alerts import Step
from bridge.domain.model import Alert, AlertState
from bridge.store.schema import alerts, story


def live(connection: Connection, subjects: Sequence[str]) -> dict[str, Alert]:
    """The live alerts of subjects."""
    query = select(alerts.c.number, alerts.c.body).where(
        alerts.c.subject == func.any(list(subjects)), alerts.c.state != AlertState.RESOLVED.value
    )
    return {a.subject: a for a in (_alert(row) for row in connection.execute(query))}


def find(connection: Connection, number: int) -> Alert | None:
    """One alert."""
    query = select(alerts.c.number, alerts.c.body).where(alerts.c.number == number)
    row = connection.execute(query).first()
    return _alert(row) if row else None


def listing(connection: Connection, limit: int) -> list[Alert]:
    """The newest alerts."""
    query = select(alerts.c.number, alerts.c.body).order_by(alerts.c.number.desc()).limit(limit)
    return [_alert(row) for row in connection.execute(query)]


def save(connection: Connection, alert: Alert, steps: Sequence[Step]) -> Alert:
    """Write an alert and add to its story; a new one gets its number."""
    values = {
        "ref": alert.ref,
        "subject": alert.subject,
        "state": alert.state.value,
        "severity": int(alert.severity),
        "team": alert.team,
        "opened_at": alert.opened_at,
        "changed_at": alert.changed_at,
        "ended_at": alert.ended_at,
        "body": msgspec.to_builtins(alert),
    }
    if alert.number:
        connection.execute(update(alerts).where(alerts.c.number == alert.number).values(values))
    else:
        query = insert(alerts).values(values).returning(alerts.c.number)
        alert = replace(alert, number=connection.execute(query).scalar_one())
    connection.execute(
        insert(story),
        [
            {
                "alert": alert.number,
                "at": alert.changed_at,
                "what": step.change.value,
                "detail": msgspec.to_builtins(step.finding) if step.finding else {},
            }
            for step in steps
        ],
    )
    return alert


def _alert(row: Any) -> Alert:
    return replace(msgspec.convert(row.body, Alert), number=row.number)
