"""What was learned of customers' words, version by version: at most one is used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, func, insert, select, update

from bridge.store.schema import wordings

USED, REFUSED, OLD = "used", "refused", "old"


class Version(Struct, frozen=True, kw_only=True):
    """A version without its body. `state`: used, refused (no better than the cold start), or old."""

    name: str
    made_at: datetime
    state: str
    figures: dict[str, Any]


def keep(
    connection: Connection,
    name: str,
    made_at: datetime,
    body: bytes,
    figures: Mapping[str, Any],
    *,
    use: bool,
) -> None:
    """Keep a version; it takes the place of the one that is used, or is kept as refused."""
    if use:
        forget(connection)
    connection.execute(
        insert(wordings).values(
            name=name,
            made_at=made_at,
            state=USED if use else REFUSED,
            figures=dict(figures),
            body=body,
        )
    )


def used_name(connection: Connection) -> str | None:
    """The name of the version that is used: quick, to see whether it changed."""
    found: str | None = connection.scalar(select(wordings.c.name).where(wordings.c.state == USED))
    return found


def used(connection: Connection) -> bytes | None:
    """The body of the version that is used, for `bridge.domain.text.Learned.from_body`; None for the cold start."""
    found: bytes | None = connection.scalar(select(wordings.c.body).where(wordings.c.state == USED))
    return found


def body(connection: Connection, name: str) -> bytes | None:
    """The body of a version."""
    found: bytes | None = connection.scalar(select(wordings.c.body).where(wordings.c.name == name))
    return found


def versions(connection: Connection) -> list[Version]:
    """All versions, the newest first."""
    columns = (wordings.c.name, wordings.c.made_at, wordings.c.state, wordings.c.figures)
    rows = connection.execute(select(*columns).order_by(wordings.c.id.desc())).mappings()
    return [Version(**row) for row in rows]


def last_made(connection: Connection) -> datetime | None:
    """When something was learned last, whether it is used or not."""
    found: datetime | None = connection.scalar(select(func.max(wordings.c.made_at)))
    return found


def free_name(connection: Connection, now: datetime) -> str:
    """A name for what is learned now: its day, and a number from the second of a day on."""
    day = f"learned-{now:%Y-%m-%d}"
    taken = set(connection.scalars(select(wordings.c.name).where(wordings.c.name.startswith(day))))
    number = 1
    while (name := day if number == 1 else f"{day}.{number}") in taken:
        number += 1
    return name


def use(connection: Connection, name: str) -> bool:
    """Let this version judge from now on; whether there is such a one."""
    known = connection.scalar(select(wordings.c.id).where(wordings.c.name == name))
    if known is None:
        return False
    forget(connection)
    connection.execute(update(wordings).where(wordings.c.id == known).values(state=USED))
    return True


def forget(connection: Connection) -> bool:
    """Let the cold start judge from now on; whether anything else did. What was learned stays as old."""
    query = update(wordings).where(wordings.c.state == USED).values(state=OLD)
    return connection.execute(query).rowcount > 0
