"""The lock that only one clock holds, for as long as its connection to the database lives."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bridge.store import connect

_KEY = 7266303  # next to that of the migrations
_GONE_AFTER = """
    SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 2;
    SET idle_session_timeout = 0
"""


class Lead:
    """A session-wide advisory lock on a connection of its own.

    PostgreSQL lets go of it when the connection ends: at once if the process is killed, within some seven seconds if
    its machine is cut off. A pooler between us and the database must keep sessions together.
    """

    def __init__(self, url: str) -> None:
        self._engine = connect(url, pool=1).execution_options(isolation_level="AUTOCOMMIT")
        self._connection = self._engine.connect()
        self._connection.exec_driver_sql(_GONE_AFTER)

    def take(self) -> bool:
        """Take the lead if nobody has it; whether we have it now."""
        query = text("SELECT pg_try_advisory_lock(:key)")
        return bool(self._connection.execute(query, {"key": _KEY}).scalar())

    def held(self) -> bool:
        """Whether the connection that holds the lock still lives: a new one in its place would not hold it."""
        if self._connection.invalidated:
            return False
        try:
            self._connection.exec_driver_sql("SELECT 1")
        except DBAPIError:
            return False
        return True

    def close(self) -> None:
        """Let go."""
        self._connection.close()
        self._engine.dispose()
