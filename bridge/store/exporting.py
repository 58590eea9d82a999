"""All that is stored about one person, as it stands: rows by table. Secrets are left out."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from bridge.domain.forgetting import Person
from bridge.store.traces import SECRET, Theirs, rows_of, tables


def export(connection: Connection, who: Person, own: Theirs) -> dict[str, list[dict[str, Any]]]:
    """The rows that are theirs or name them, ready for JSON; tables that have none are left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in tables():
        columns = [c for c in table.columns if c.name not in SECRET.get(table.name, ())]
        query = select(*columns).where(rows_of(table, who, own)).order_by(*table.primary_key)
        rows = [
            {name: _shown(value) for name, value in row.items()}
            for row in connection.execute(query).mappings()
        ]
        if rows:
            found[table.name] = rows
    return found


def _shown(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return msgspec.to_builtins(value)
