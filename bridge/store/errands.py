"""What is to be asked of a vendor: a row until it is done, put off on our own clock while the vendor is away.

An errand is wanted once however often it is asked for; what asks again while it is under way has it done again. A
standing errand (a poll) stays, and comes back. One that is under way is put off by a lease, so that it is taken up
again if its process dies.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from bridge.store.schema import bookmarks, errands


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to ask. `key` says of whom or what, `attempts` counts this one, `cursor` is from where to go on."""

    task: str
    key: str
    not_before: datetime
    attempts: int
    wanted: int
    cursor: str
    reason: str


def want(connection: Connection, task: str, keys: Sequence[str], now: datetime) -> None:
    """Have something asked; one that waits, or is under way, is asked for once more."""
    if not keys:
        return
    query = insert(errands).on_conflict_do_update(
        index_elements=["task", "key"], set_={"wanted": errands.c.wanted + 1}
    )
    rows = [{"task": task, "key": key, "not_before": now} for key in sorted(set(keys))]
    connection.execute(query, rows)


def take(
    connection: Connection, task: str, key: str, now: datetime, lease: timedelta
) -> Errand | None:
    """Begin an errand; None if it is not due: done, put off, or under way."""
    query = (
        update(errands)
        .where(errands.c.task == task, errands.c.key == key, errands.c.not_before <= now)
        .values(attempts=errands.c.attempts + 1, not_before=now + lease)
        .returning(errands)
    )
    row = connection.execute(query).mappings().first()
    return Errand(**row) if row else None


def done(connection: Connection, errand: Errand, now: datetime) -> bool:
    """End an errand. Whether it is to be done again, for it was asked for while it was under way."""
    mine = (errands.c.task == errand.task) & (errands.c.key == errand.key)
    ended = connection.execute(delete(errands).where(mine, errands.c.wanted == errand.wanted))
    if ended.rowcount:
        return False
    again = update(errands).where(mine).values(not_before=now, attempts=0, reason="")
    return bool(connection.execute(again).rowcount)


def put_off(connection: Connection, errand: Errand, until: datetime, reason: str) -> None:
    """Try again later, and say why."""
    _set(connection, errand, not_before=until, reason=reason)


def come_back(
    connection: Connection, errand: Errand, at: datetime, cursor: str, reason: str = ""
) -> None:
    """A standing errand has been done up to `cursor`, and is due again at a time; `reason`: why it got no further."""
    _set(connection, errand, not_before=at, cursor=cursor, attempts=0, reason=reason)


def _set(connection: Connection, errand: Errand, **values: object) -> None:
    mine = (errands.c.task == errand.task) & (errands.c.key == errand.key)
    connection.execute(update(errands).where(mine).values(**values))


def stand(connection: Connection, task: str, keys: Collection[str], now: datetime) -> None:
    """Let there be these standing errands of a task and no others; those that there are stay as they are."""
    connection.execute(
        delete(errands).where(errands.c.task == task, errands.c.key != func.all(list(keys)))
    )
    if keys:
        query = insert(errands).on_conflict_do_nothing()
        connection.execute(query, [{"task": task, "key": k, "not_before": now} for k in keys])


def restart(connection: Connection, task: str, key: str, now: datetime) -> None:
    """Have an errand that is under way begin again from the start."""
    mine = (errands.c.task == task) & (errands.c.key == key)
    connection.execute(update(errands).where(mine).values(cursor="", not_before=now))


def due(connection: Connection, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Errands whose time has come, as (task, key)."""
    query = (
        select(errands.c.task, errands.c.key)
        .where(errands.c.not_before <= now)
        .order_by(errands.c.not_before)
        .limit(limit)
    )
    return [(row.task, row.key) for row in connection.execute(query)]


def next_due(connection: Connection) -> datetime | None:
    """When the next errand is due; None if there is none."""
    return connection.execute(select(func.min(errands.c.not_before))).scalar()


def find(connection: Connection, wanted: Collection[tuple[str, str]]) -> list[Errand]:
    """These errands as they stand, those that there are."""
    query = select(errands).where(tuple_(errands.c.task, errands.c.key).in_(list(wanted)))
    return [Errand(**row) for row in connection.execute(query).mappings()]


def bookmark(connection: Connection, task: str, key: str) -> str:
    """Where long work that a person started broke off; "" for the beginning."""
    query = select(bookmarks.c.cursor).where(bookmarks.c.task == task, bookmarks.c.key == key)
    return connection.execute(query).scalar() or ""


def set_bookmark(connection: Connection, task: str, key: str, cursor: str) -> None:
    """Remember how far long work has come; "" once it is done."""
    mine = (bookmarks.c.task == task) & (bookmarks.c.key == key)
    connection.execute(delete(bookmarks).where(mine))
    if cursor:
        connection.execute(insert(bookmarks).values(task=task, key=key, cursor=cursor))
