"""All that stands in the database, whatever the table: what is to be gone must stand nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from bridge.work.bridge import Bridge

_TABLES = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name
"""
_BYTES = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = :table AND data_type = 'bytea'
"""


def rows(bridge: Bridge) -> Iterator[tuple[str, str]]:
    """Each row of each table, as (table, row in words); bytes are shown as text."""
    with bridge.engine.begin() as connection:
        for table in connection.execute(text(_TABLES)).scalars().all():
            blobs = connection.execute(text(_BYTES), {"table": table}).scalars().all()
            shown = "".join(f" || ' ' || coalesce(encode(t.\"{b}\", 'escape'), '')" for b in blobs)
            for row in connection.execute(text(f'SELECT t::text{shown} FROM "{table}" AS t')):
                yield table, row[0]


def where(bridge: Bridge, *words: str) -> dict[str, list[str]]:
    """The tables in which any of the words stands, in any case, with the rows."""
    found: dict[str, list[str]] = {}
    for table, row in rows(bridge):
        if any(word.lower() in row.lower() for word in words):
            found.setdefault(table, []).append(row)
    return found
