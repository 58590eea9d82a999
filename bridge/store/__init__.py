"""The only SQL. Every function takes a connection and says in its name what it does; a transaction is the caller's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url

from bridge.domain.model import ConfigError

STATEMENT_TIMEOUT_MS = 30_000
CUT_OFF_MS = 15_000
"""So long without a word from the database's machine, the connection is given up."""


def connect(url: str, *, pool: int = 5, connect_timeout: int = 5) -> Engine:
    """An engine for `postgresql://…`; `pool` connections at most. Raises ConfigError for another kind."""
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise ConfigError("DATABASE_URL must be postgresql://…: no other database is supported")
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=pool,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=8,
        hide_parameters=True,  # an error's words go to the log, and what customers wrote does not
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
        connect_args={
            "connect_timeout": connect_timeout,
            "tcp_user_timeout": CUT_OFF_MS,
            "application_name": "alert-bridge",
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC",
            "prepare_threshold": 3,
        },
    )


def raw(connection: Connection) -> Any:
    """The psycopg connection beneath, for deferring jobs inside the same transaction."""
    return connection.connection.driver_connection


def migrate(url: str) -> None:
    """Bring the database's tables up to date; harmless when they are, and when two do it at once."""
    engine = connect(url, pool=1)
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7266302)")
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def pending(connection: Connection) -> bool:
    """Whether migrations are still to be run."""
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() != head


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
