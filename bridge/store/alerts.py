"""Alerts and their stories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, func, insert, select, update

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


def named(connection: Connection, ref: str) -> Alert | None:
    """The alert with a reference."""
    query = select(alerts.c.number, alerts.c.body).where(alerts.c.ref == ref)
    row = connection.execute(query).first()
    return _alert(row) if row else None


def listing(connection: Connection, limit: int) -> list[Alert]:
    """The newest alerts."""
    query = select(alerts.c.number, alerts.c.body).order_by(alerts.c.number.desc()).limit(limit)
    return [_alert(row) for row in connection.execute(query)]


def save(connection: Connection, changed: Sequence[tuple[Alert, Sequence[Step]]]) -> list[Alert]:
    """Write alerts, in this order, and add to their stories; new ones get their numbers."""
    new = [alert for alert, _ in changed if not alert.number]
    numbers: dict[str, int] = {}
    if new:
        query = insert(alerts).returning(alerts.c.ref, alerts.c.number)
        added = connection.execute(query, [_columns(alert) for alert in new])
        numbers = {row.ref: row.number for row in added}
    if known := [alert for alert, _ in changed if alert.number]:
        connection.execute(
            update(alerts).where(alerts.c.number == bindparam("its_number")),
            [_columns(alert) | {"its_number": alert.number} for alert in known],
        )
    saved = [
        alert if alert.number else replace(alert, number=numbers[alert.ref]) for alert, _ in changed
    ]
    told = [
        {
            "alert": alert.number,
            "at": alert.changed_at,
            "what": step.change.value,
            "detail": msgspec.to_builtins(step.finding) if step.finding else {},
        }
        for alert, (_, steps) in zip(saved, changed, strict=True)
        for step in steps
    ]
    if told:
        connection.execute(insert(story), told)
    return saved


def _columns(alert: Alert) -> dict[str, Any]:
    return {
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


def _alert(row: Any) -> Alert:
    return replace(msgspec.convert(row.body, Alert), number=row.number)
