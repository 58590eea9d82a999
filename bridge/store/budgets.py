"""What is left of each limit of each vendor's account: a row a limit, shared by all processes.

The table is unlogged: spending costs no flush to disk, and after a crash of the database every bucket is full again,
which the vendor's next answer puts right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from bridge.store.schema import budgets


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A limit as it stands; see `connectors.budget.Bucket`, whose fields these are."""

    account: str
    name: str
    given: int
    many: int
    per: timedelta
    tokens: float
    filled_at: datetime
    told: tuple[datetime, ...]
    refused: int
    refused_at: datetime | None


def lock(connection: Connection, account: str, names: Collection[str]) -> list[Row]:
    """These limits of an account, those that there are, until the transaction ends.

    They are locked in the order of their names, so that nobody deadlocks.
    """
    query = (
        select(budgets)
        .where(budgets.c.account == account, budgets.c.name.in_(names))
        .order_by(budgets.c.name)
        .with_for_update()
    )
    return [_row(**found) for found in connection.execute(query).mappings()]


def add(connection: Connection, rows: Iterable[Row]) -> None:
    """Let there be these limits; those that there are stay as they are.

    In a transaction of its own: who held a lock could wait for somebody who waits for it.
    """
    ordered = sorted(rows, key=lambda row: (row.account, row.name))
    connection.execute(insert(budgets).on_conflict_do_nothing(), [_values(row) for row in ordered])


_CHANGES = (*("given", "many", "per", "tokens", "filled_at"), *("told", "refused", "refused_at"))
_SAVE = (
    update(budgets)
    .where(budgets.c.account == bindparam("of"), budgets.c.name == bindparam("called"))
    .values({name: bindparam(name) for name in _CHANGES})
)


def save(connection: Connection, rows: Iterable[Row]) -> None:
    """Keep limits that are locked."""
    named = [_values(row) for row in rows]
    for values in named:
        values |= {"of": values.pop("account"), "called": values.pop("name")}
    connection.execute(_SAVE, named)


def listing(connection: Connection) -> list[Row]:
    """Every limit that was spent from lately."""
    query = select(budgets).order_by(budgets.c.account, budgets.c.name)
    return [_row(**found) for found in connection.execute(query).mappings()]


def forget(connection: Connection, before: datetime) -> int:
    """Delete limits that nobody has used for so long that they were full before `before`; how many."""
    full = (
        select(budgets.c.account, budgets.c.name)
        .where(budgets.c.filled_at + budgets.c.per < before)
        .with_for_update(skip_locked=True)
    )
    key = tuple_(budgets.c.account, budgets.c.name)
    return connection.execute(delete(budgets).where(key.in_(full))).rowcount


def _row(*, told: list[datetime], **values: Any) -> Row:
    return Row(told=tuple(told), **values)


def _values(row: Row) -> dict[str, Any]:
    return msgspec.structs.asdict(row) | {"told": list(row.told)}
