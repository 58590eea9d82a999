"""What the daily digest is made from, and what of it has gone out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, delete, or_, select

from bridge.domain.model import Alert, AlertState, Coaching
from bridge.store import errands, silenced
from bridge.store.schema import alerts
from bridge.store.schema import silenced as quiet

_TASK = "digest"


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A team's last digest by one medium: of which local day, and when it was drawn up.

    `day` is "" where none was sent yet: what was resolved before `at` is no news.
    """

    day: str = ""
    at: datetime


def material(connection: Connection, team: str, since: datetime) -> list[Alert]:
    """A team's alerts that are live, or changed since then, or still call for coaching; oldest first."""
    query = (
        select(alerts.c.number, alerts.c.body)
        .where(
            alerts.c.team == team,
            or_(
                alerts.c.state != AlertState.RESOLVED.value,
                alerts.c.changed_at > since,
                alerts.c.body["coaching"].astext == Coaching.NEEDED.value,
            ),
        )
        .order_by(alerts.c.number)
    )
    return [_alert(row) for row in connection.execute(query)]


def last_sent(connection: Connection, medium: str, team: str) -> Sent | None:
    """What a team was sent last by a medium; None if it was never looked at."""
    found = errands.bookmark(connection, _TASK, _key(medium, team))
    return msgspec.json.decode(found, type=Sent) if found else None


def keep_sent(connection: Connection, medium: str, team: str, sent: Sent) -> None:
    """Remember what a team was sent."""
    told = msgspec.json.encode(sent).decode()
    errands.set_bookmark(connection, _TASK, _key(medium, team), told)


def unsubscribe(connection: Connection, team: str, address: str, now: datetime) -> None:
    """Send a team's digest to this address no more; harmless twice."""
    where = _key(_TASK, team)
    silenced.silence(connection, where, address.lower(), "wants no more digests", now)


def is_unsubscribed(connection: Connection, team: str, address: str) -> bool:
    """Whether somebody at this address wants no more of a team's digest."""
    return silenced.is_silenced(connection, _key(_TASK, team), address.lower())


def subscribe(connection: Connection, team: str, address: str) -> bool:
    """Send it to them again; whether they had none."""
    theirs = (quiet.c.channel == _key(_TASK, team)) & (quiet.c.to == address.lower())
    return bool(connection.execute(delete(quiet).where(theirs)).rowcount)


def _key(kind: str, team: str) -> str:
    return f"{kind}:{team}"


def _alert(row: Any) -> Alert:
    return replace(msgspec.convert(row.body, Alert), number=row.number)
