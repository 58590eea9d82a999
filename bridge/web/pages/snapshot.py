"""Several questions to the database at one moment, whatever the worker does between them."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sqlalchemy import Connection

from bridge.web.pages.here import bridge


def snapshot() -> AbstractContextManager[Connection]:
    """A transaction that only reads, and sees everything as it stood when it began.

    What somebody did is either still on its way or done: read one after the other in a common transaction, it can be
    done in between, and would be seen as neither.
    """
    return bridge().engine.execution_options(isolation_level="REPEATABLE READ").begin()
