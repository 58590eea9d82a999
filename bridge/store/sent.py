"""Deliveries as programs list them: those of alerts that a viewer may see, the newest first, a page at a time."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, Select, select

from bridge.domain.viewing import Viewer
from bridge.store.case_filter import visible
from bridge.store.schema import alerts, deliveries


class Filter(Struct, frozen=True, kw_only=True):
    """Which deliveries are asked for; what is left out matches everything. `alert` is a number."""

    alert: int | None = None
    state: str = ""
    channel: str = ""
    team: str = ""


class Sent(Struct, frozen=True, kw_only=True):
    """A delivery, and the reference and team of its alert. What it says is no part of it."""

    id: int
    ref: str
    team: str
    channel: str
    action: str
    to: str
    why: str
    state: str
    reason: str
    attempts: int
    not_before: datetime
    created_at: datetime
    tried_at: datetime | None
    sent_at: datetime | None


def page(
    connection: Connection, viewer: Viewer, wanted: Filter, *, limit: int, before: int | None
) -> list[Sent]:
    """The newest, before the one of number `before`."""
    query = _seen(viewer).order_by(deliveries.c.id.desc()).limit(limit)
    for value, column in (
        (wanted.alert, deliveries.c.alert),
        (wanted.state, deliveries.c.state),
        (wanted.channel, deliveries.c.channel),
        (wanted.team, alerts.c.team),
    ):
        if value:
            query = query.where(column == value)
    if before is not None:
        query = query.where(deliveries.c.id < before)
    return [_sent(row) for row in connection.execute(query).mappings()]


def find(connection: Connection, viewer: Viewer, number: int) -> Sent | None:
    """One of them; None if there is none that they may see."""
    row = connection.execute(_seen(viewer).where(deliveries.c.id == number)).mappings().first()
    return _sent(row) if row else None


def _seen(viewer: Viewer) -> Select[tuple[object, ...]]:
    columns = [deliveries.c[name] for name in Sent.__struct_fields__ if name not in ("ref", "team")]
    joined = deliveries.join(alerts, deliveries.c.alert == alerts.c.number)
    return select(*columns, alerts.c.ref, alerts.c.team).select_from(joined).where(visible(viewer))


def _sent(row: object) -> Sent:
    return Sent(**{str(name): value for name, value in row.items()})  # type: ignore[attr-defined]
