"""What admins changed: by whom, when, from where, and what it was before and after. Rows are only added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, insert, or_, select

from bridge.store.schema import audit

MOST = 100


class Entry(Struct, frozen=True, kw_only=True):
    """A change. `what` is "<kind> <verb>" ("team changed"), `object` "<kind>:<name>" ("team:Support")."""

    id: int
    at: datetime
    who: str
    via: str  # "page", "api", "command line"
    what: str
    object: str
    before: Any = None
    after: Any = None


def write(
    connection: Connection,
    at: datetime,
    *,
    who: str,
    via: str,
    what: str,
    object: str,  # noqa: A002 - it is one
    before: Any = None,
    after: Any = None,
) -> None:
    """Add a change, in the transaction that makes it. Structs are kept as what they hold; never hand in a secret."""
    connection.execute(
        insert(audit).values(
            at=at,
            who=who,
            via=via,
            what=what,
            object=object,
            before=msgspec.to_builtins(before),
            after=msgspec.to_builtins(after),
        )
    )


def listing(
    connection: Connection, *, text: str = "", before: int | None = None, limit: int = MOST
) -> list[Entry]:
    """The newest changes; those older than number `before`, and by, of or about `text`."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    if words := text.strip():
        columns = (audit.c.who, audit.c.what, audit.c.object)
        query = query.where(or_(*(c.icontains(words, autoescape=True) for c in columns)))
    return [Entry(**row) for row in connection.execute(query).mappings()]
