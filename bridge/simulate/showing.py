"""How a scenario is run and shown in a terminal: how far it is, its figures at the end, and what was wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import text

from bridge.store import connect


def hurry(url: str) -> None:
    """Don't wait for the disk at each commit: nobody minds if a crash costs the last ones."""
    engine = connect(url, pool=1)
    with engine.begin() as connection:
        name = connection.execute(text("SELECT quote_ident(current_database())")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    engine.dispose()


@contextmanager
def progress_bar(console: Console) -> Iterator[Progress]:
    """How far the scenario is, and how long it has taken."""
    columns = (TextColumn("{task.description:>9}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        yield progress


def show_figures(console: Console, title: str, rows: Iterable[tuple[str, object]]) -> None:
    """A line for each figure."""
    table = Table(title=title, show_header=False, box=None)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, value in rows:
        table.add_row(name, str(value))
    console.print(table)


def show_trouble(console: Console, trouble: Iterable[str]) -> None:
    """What went wrong, in words."""
    for words in trouble:
        console.print(f"[red]{words}[/red]", highlight=False)
