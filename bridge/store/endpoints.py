"""Who is called by webhook when an alert changes. No secret is kept: it is derived from the salt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select, update

from bridge.store.schema import endpoints

BOTH = timedelta(hours=24)
"""How long an endpoint's last secret is signed with besides a new one."""


class Endpoint(Struct, frozen=True, kw_only=True):
    """An address that is called. No `changes` are all changes, no `teams` all teams.

    `failing_since` is when the first of `failures` attempts in a row failed; none is made before `paused_until`.
    `trouble` says why it fails, or why it was disabled.
    """

    id: int
    url: str
    note: str
    changes: tuple[str, ...]
    teams: tuple[str, ...]
    salt: str
    old_salt: str
    rotated_at: datetime | None
    enabled: bool
    by: str
    created_at: datetime
    failing_since: datetime | None
    failures: int
    paused_until: datetime | None
    trouble: str

    def wants(self, change: str, team: str) -> bool:
        """Whether it is to be told of such a change of a team's alert."""
        return (not self.changes or change in self.changes) and (
            not self.teams or team in self.teams
        )

    def salts(self, now: datetime) -> tuple[str, ...]:
        """What its secrets are made from, the newest first: two for a day after a change."""
        if self.old_salt and self.rotated_at and now - self.rotated_at < BOTH:
            return self.salt, self.old_salt
        return (self.salt,)


def add(
    connection: Connection,
    url: str,
    now: datetime,
    *,
    note: str = "",
    changes: Sequence[str] = (),
    teams: Sequence[str] = (),
    by: str = "",
) -> Endpoint:
    """Keep a new one, with a salt of its own."""
    query = insert(endpoints).values(
        url=url,
        note=note,
        changes=sorted(set(changes)),
        teams=sorted(set(teams)),
        salt=token_hex(16),
        by=by,
        created_at=now,
    )
    return _endpoint(connection.execute(query.returning(endpoints)).mappings().one())


def listing(connection: Connection) -> list[Endpoint]:
    """All of them, oldest first."""
    rows = connection.execute(select(endpoints).order_by(endpoints.c.id)).mappings()
    return [_endpoint(row) for row in rows]


def listening(connection: Connection) -> list[Endpoint]:
    """Those that are enabled."""
    query = select(endpoints).where(endpoints.c.enabled).order_by(endpoints.c.id)
    return [_endpoint(row) for row in connection.execute(query).mappings()]


def find(connection: Connection, number: int) -> Endpoint | None:
    """One of them."""
    row = connection.execute(select(endpoints).where(endpoints.c.id == number)).mappings().first()
    return _endpoint(row) if row else None


def change(
    connection: Connection, number: int, *, note: str, changes: Sequence[str], teams: Sequence[str]
) -> None:
    """What it is called about from now on."""
    values = {"note": note, "changes": sorted(set(changes)), "teams": sorted(set(teams))}
    _set(connection, number, **values)


def rotate(connection: Connection, number: int, now: datetime) -> None:
    """Give it a new secret; the last one is good for a day more."""
    _set(
        connection, number, old_salt=endpoints.c.salt, salt=token_hex(16), rotated_at=now
    )  # the right side is what was before


def enable(connection: Connection, number: int) -> None:
    """Call it again from now on, as if it had never failed."""
    _set(connection, number, enabled=True, **_WELL)


def disable(connection: Connection, number: int, trouble: str = "") -> None:
    """Call it no more; `trouble` says why, if nobody wanted it."""
    _set(connection, number, enabled=False, trouble=trouble, paused_until=None)


def succeeded(connection: Connection, number: int) -> None:
    """It took a webhook."""
    connection.execute(
        update(endpoints)
        .where(endpoints.c.id == number, endpoints.c.failing_since.is_not(None))
        .values(**_WELL)
    )


def failed(
    connection: Connection, endpoint: Endpoint, now: datetime, until: datetime, why: str
) -> None:
    """It can't be reached, or doesn't do its work: it is left alone until then."""
    _set(
        connection,
        endpoint.id,
        failing_since=endpoint.failing_since or now,
        failures=endpoint.failures + 1,
        paused_until=until,
        trouble=why,
    )


def remove(connection: Connection, number: int) -> None:
    """Delete it, with all that it was sent or is to be."""
    connection.execute(delete(endpoints).where(endpoints.c.id == number))


_WELL: dict[str, Any] = {"failing_since": None, "failures": 0, "paused_until": None, "trouble": ""}


def _set(connection: Connection, number: int, **values: Any) -> None:
    connection.execute(update(endpoints).where(endpoints.c.id == number).values(**values))


def _endpoint(row: Any) -> Endpoint:
    values = dict(row)
    return Endpoint(
        **{**values, "changes": tuple(values["changes"]), "teams": tuple(values["teams"])}
    )
