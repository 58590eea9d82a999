"""Alerts and their stories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, func, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bridge.domain.alerts import Step
from bridge.domain.model import Alert, AlertState, Member
from bridge.domain.promises import ACKNOWLEDGE, CLOSE, CONTACT, RESOLVE
from bridge.store.schema import alert_timers, alerts, story

GOALS = (ACKNOWLEDGE, CONTACT, RESOLVE, CLOSE)
"""The goals of the loop, in the order in which they are due."""


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


def all_named(connection: Connection, refs: Iterable[str]) -> dict[str, Alert]:
    """The alerts with these references."""
    wanted = sorted(set(refs))
    if not wanted:
        return {}
    query = select(alerts.c.number, alerts.c.body).where(alerts.c.ref == func.any(wanted))
    return {a.ref: a for a in (_alert(row) for row in connection.execute(query))}


def listing(connection: Connection, limit: int) -> list[Alert]:
    """The newest alerts."""
    query = select(alerts.c.number, alerts.c.body).order_by(alerts.c.number.desc()).limit(limit)
    return [_alert(row) for row in connection.execute(query)]


def save(connection: Connection, changed: Sequence[tuple[Alert, Sequence[Step]]]) -> list[Alert]:
    """Write alerts, in this order, and add to their stories; new ones get their numbers."""
    if known := [alert for alert, _ in changed if alert.number]:
        # First, for one that ends makes room for one that opens: one at a time is live.
        connection.execute(
            update(alerts).where(alerts.c.number == bindparam("its_number")),
            [_columns(alert) | {"its_number": alert.number} for alert in known],
        )
    new = [alert for alert, _ in changed if not alert.number]
    numbers: dict[str, int] = {}
    if new:
        query = insert(alerts).returning(alerts.c.ref, alerts.c.number)
        added = connection.execute(query, [_columns(alert) for alert in new])
        numbers = {row.ref: row.number for row in added}
    saved = [
        alert if alert.number else replace(alert, number=numbers[alert.ref]) for alert, _ in changed
    ]
    told = [
        {
            "alert": alert.number,
            "at": step.at,
            "what": step.change.value,
            "detail": _detail(step),
        }
        for alert, (_, steps) in zip(saved, changed, strict=True)
        for step in steps
    ]
    if told:
        connection.execute(insert(story), told)
    return saved


class Told(msgspec.Struct, frozen=True):
    """A line of an alert's story."""

    at: datetime
    step: Step


def told_of(connection: Connection, number: int) -> list[Told]:
    """An alert's story, from the beginning."""
    query = (
        select(story.c.at, story.c.what, story.c.detail)
        .where(story.c.alert == number)
        .order_by(story.c.id)
    )
    return [
        Told(
            row.at,
            msgspec.convert({**row.detail, "change": row.what, "at": row.at.isoformat()}, Step),
        )
        for row in connection.execute(query)
    ]


def _detail(step: Step) -> dict[str, Any]:
    """All but when and what, which have columns of their own."""
    kept = msgspec.to_builtins(step)
    return {name: value for name, value in kept.items() if name not in ("change", "at")}


def set_timers(
    connection: Connection,
    gone: Sequence[tuple[int, str]],
    new: Sequence[tuple[int, str, datetime]],
) -> None:
    """Take away timers of alerts, by number and name, and set others."""
    if gone:
        connection.execute(
            alert_timers.delete().where(
                tuple_(alert_timers.c.alert, alert_timers.c.name).in_(list(gone))
            )
        )
    if new:
        query = upsert(alert_timers)
        connection.execute(
            query.on_conflict_do_update(
                index_elements=["alert", "name"], set_={"due_at": query.excluded.due_at}
            ),
            [{"alert": alert, "name": name, "due_at": at} for alert, name, at in new],
        )


class Ran(msgspec.Struct, frozen=True):
    """A timer of an alert that has run out."""

    ref: str
    subject: str
    name: str
    due_at: datetime


def take_timers(connection: Connection, now: datetime, limit: int) -> list[Ran]:
    """Take away the timers of alerts that are due, oldest first: they are the caller's to tell."""
    rows = connection.execute(
        text("""
            WITH due AS (
                SELECT alert, name FROM alert_timers WHERE due_at <= :now
                ORDER BY due_at LIMIT :many FOR UPDATE SKIP LOCKED
            ), gone AS (
                DELETE FROM alert_timers AS t USING due WHERE t.alert = due.alert AND t.name = due.name
                RETURNING t.alert, t.name, t.due_at)
            SELECT a.ref, a.subject, gone.name, gone.due_at FROM gone JOIN alerts AS a ON a.number = gone.alert
            ORDER BY gone.due_at, a.number, gone.name
        """),
        {"now": now, "many": limit},
    )
    return [Ran(*row) for row in rows]


def next_timer(connection: Connection) -> datetime | None:
    """When the next timer of an alert is due."""
    found: datetime | None = connection.execute(select(func.min(alert_timers.c.due_at))).scalar()
    return found


def _columns(alert: Alert) -> dict[str, Any]:
    return {
        "ref": alert.ref,
        "subject": alert.subject,
        "state": alert.state.value,
        "owner": alert.owner.email or alert.owner.slack or alert.owner.key or alert.owner.name,
        "customer": alert.customer,
        "severity": int(alert.severity),
        "team": alert.team,
        "opened_at": alert.opened_at,
        "changed_at": alert.changed_at,
        "ended_at": alert.ended_at,
        "due_at": _due(alert),
        "rules": sorted({reason.finding.rule for reason in alert.reasons}),
        "people": sorted(names(alert.owner, *alert.people)),
        **_figures(alert),
        "body": msgspec.to_builtins(alert),
    }


def _figures(alert: Alert) -> dict[str, Any]:
    """What figures are reckoned from."""
    by = {f"{name}_by": alert.promises.get(name) for name in GOALS}
    return {
        "acknowledged_at": alert.acknowledged_at,
        "contacted_at": alert.contacted_at,
        "closed_at": alert.closed_at,
        "reopened_at": alert.reopened_at,
        **{name: promise.due_at if promise else None for name, promise in by.items()},
        "itself": not alert.live and not alert.resolved_by,
        "useful": bool(alert.useful),
        "useless": bool(alert.useless),
        "outcome": alert.outcome.value if alert.outcome else "",
        "cause": alert.cause,
        "coaching": alert.coaching.value if alert.coaching else "",
        "better": alert.better,
        "checks": msgspec.to_builtins(alert.checks),
        "relations": msgspec.to_builtins(alert.relations),
    }


def names(*people: Member) -> set[str]:
    """All that names somebody of them for certain, in lower case."""
    return {name.lower() for one in people for name in (one.key, one.email, one.slack) if name}


def _due(alert: Alert) -> datetime | None:
    """When the next goal of a live alert is due that was not met yet."""
    if not alert.live:
        return None
    open_ = (p.due_at for name, p in alert.promises.items() if name != "close" and not p.met_at)
    return min(open_, default=None)


def _alert(row: Any) -> Alert:
    return replace(msgspec.convert(row.body, Alert), number=row.number)
