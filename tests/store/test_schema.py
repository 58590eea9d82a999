"""The tables are made by migrations alone, and are what `bridge.store.schema` says they are."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from procrastinate.schema import SchemaManager
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from bridge import store
from bridge.domain.model import ConfigError
from bridge.store import connect, migrate, pending, schema

STORED = Path(store.__file__).parent / "migrations" / "procrastinate_3_10_0.sql"


def test_migrations_make_everything_from_nothing_and_may_be_repeated(
    database: Callable[..., str],
) -> None:
    url = database(empty=True)
    engine = connect(url, pool=1)
    with engine.begin() as connection:
        assert pending(connection)
    migrate(url)
    migrate(url)
    with engine.begin() as connection:
        assert not pending(connection)
        assert connection.execute(text("SELECT count(*) FROM inbox")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar() == 0
    engine.dispose()


def test_two_may_migrate_at_once(database: Callable[..., str]) -> None:
    url = database(empty=True)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(migrate, [url, url])) == [None, None]


def test_the_tables_are_those_of_the_schema(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, *_: not str(name).startswith("procrastinate_"),
        }
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, schema.metadata)
    assert differences == [], "write a migration for what changed in bridge/store/schema"


def test_the_queues_tables_are_those_of_the_installed_procrastinate() -> None:
    assert STORED.read_text("utf-8") == SchemaManager.get_schema(), (
        "Procrastinate has changed its tables: write a migration that runs its own migrations since "
        "3.10.0 (procrastinate/sql/migrations of the installed package), and keep its new schema "
        "beside the old one for this test"
    )


def test_only_postgresql_is_a_database() -> None:
    with pytest.raises(ConfigError, match="no other database is supported"):
        connect("sqlite://")


def test_the_short_name_of_postgresql_will_do(url: str) -> None:
    engine = connect(url.replace("postgresql://", "postgres://"), pool=1)
    with engine.connect() as connection:
        assert connection.execute(text("SHOW timezone")).scalar() == "UTC"
    engine.dispose()


def test_an_error_does_not_quote_what_was_to_be_stored(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(text("SELECT CAST(:words AS integer) / 0"), {"words": 4711})
    assert "4711" not in str(raised.value)
