"""What commands share: the database, our instance on it, and how things are printed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bridge.work.bridge import Bridge
    from connectors import Found

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


VIA = "command line"
"""From where a change came, to the audit log."""


def login() -> str:
    """Who runs the command, by the name they have on this computer: for the audit log."""
    from getpass import getuser

    try:
        return getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return VIA


@contextmanager
def stored() -> Iterator[str]:
    """DATABASE_URL, or the embedded database for as long as it is needed."""
    from bridge.settings import database_url

    if url := database_url(os.environ):
        yield url
        return
    from bridge.embedded import embedded_postgres

    with embedded_postgres() as url:
        yield url


def need_database() -> None:
    """Refuse to go on without DATABASE_URL."""
    from bridge.settings import database_url

    if not database_url(os.environ):
        raise click.ClickException(
            "DATABASE_URL is not set. `bridge run` starts the embedded database for its processes;"
            " a process started alone needs DATABASE_URL"
        )


@contextmanager
def opened() -> Iterator[Bridge]:
    """Our instance, on a database whose tables are up to date."""
    from sqlalchemy.exc import OperationalError

    from bridge.settings import load
    from bridge.store import pending
    from bridge.work.bridge import Bridge as Made

    settings = load(os.environ)
    with stored() as url:
        made = Made(settings, url)
        try:
            with made.engine.connect() as connection:
                if pending(connection):
                    raise click.ClickException("the tables are not up to date: `bridge migrate`")
            yield made
        except OperationalError as error:
            raise click.ClickException(
                f"the database does not answer ({type(error.orig).__name__}): look at DATABASE_URL"
            ) from error
        finally:
            made.close()


def printed(value: Any) -> None:
    """For programs: JSON in one line."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


def findings(found: Iterable[Found], as_json: bool) -> bool:
    """Tell what was looked at, with the next step where something is wrong; whether all is well."""
    listed = list(found)
    if as_json:
        printed([{"ok": f.ok, "what": f.what, "fix": f.fix} for f in listed])
    else:
        for f in listed:
            mark = click.style("ok  ", fg="green") if f.ok else click.style("fix ", fg="red")
            click.echo(f"{mark} {f.what}" + (f"\n     -> {f.fix}" if f.fix else ""))
    return all(f.ok for f in listed)


def table(rows: list[dict[str, Any]], as_json: bool, empty: str) -> None:
    """Rows as a table for people, as JSON for programs."""
    if as_json:
        printed(rows)
        return
    if not rows:
        click.echo(empty, err=True)
        return
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=None, header_style="bold")
    for name in rows[0]:
        drawn.add_column(name, overflow="fold")
    for row in rows:
        drawn.add_row(*(str(value) for value in row.values()))
    Console().print(drawn)
