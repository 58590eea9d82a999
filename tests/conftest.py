"""One PostgreSQL for all tests, and a database of its own for each test that asks for one."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from werkzeug.routing import Rule

from bridge import embedded
from bridge.store import connect, migrate

TEMPLATE = "migrated"
END_OURS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user
"""


def pytest_configure() -> None:
    """A session that is told to stop takes its PostgreSQL with it."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: at the end all would wait for them."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def named(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compile each template and each route once, not once for each application that a test makes."""
    templates = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": templates}
    compiled: dict[Hashable, Any] = {}
    compile_anew = Rule._compile_builder

    def compile_builder(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compile_anew(rule, append_unknown)
        key = (rule.rule, *rule._trace, append_unknown)
        if key not in compiled:
            compiled[key] = compile_anew(rule, append_unknown)
        return compiled[key]

    Rule._compile_builder = compile_builder  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL whose database `migrated` has our tables; its URL."""
    with embedded.temporary_postgres() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(named(url, TEMPLATE))
        yield url


@pytest.fixture(scope="session")
def names() -> Iterator[str]:
    """Names for databases, never the same twice."""
    return (f"test_{number}" for number in count(1))


@contextmanager
def databases(server: str, names: Iterator[str]) -> Iterator[Callable[..., str]]:
    """Makes a database, with our tables or (`empty=True`) without; it is gone with the block."""
    made: list[str] = []

    def make(*, empty: bool = False) -> str:
        name = next(names)
        template = "template1" if empty else TEMPLATE
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        made.append(name)
        return named(server, name)

    yield make
    with psycopg.connect(server, autocommit=True) as connection:
        for name in made:
            # Not by force: that would also have to end a vacuum of the server's own, which we may not.
            connection.execute(END_OURS, [name])
            connection.execute(f"DROP DATABASE {name}")


@pytest.fixture
def database(server: str, names: Iterator[str]) -> Iterator[Callable[..., str]]:
    """Makes databases that are gone after the test."""
    with databases(server, names) as make:
        yield make


@pytest.fixture
def url(database: Callable[..., str]) -> str:
    """A database with our tables and nothing in them."""
    return database()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Connections to a database with our tables and nothing in them."""
    made = connect(url, pool=8)
    yield made
    made.dispose()
