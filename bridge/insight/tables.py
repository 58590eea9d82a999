"""Figures as tables: one shape for pages, for files and for programs, so that all say the same. Pure."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from enum import Enum
from io import StringIO
from typing import Any

from msgspec import Struct

_HOUR = timedelta(hours=1)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula: https://owasp.org/www-community/attacks/CSV_Injection"""


class Kind(Enum):
    """What a column holds, and how it is written for programs."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"  # 0..1, four digits
    SCORE = "score"  # 0 worst, 1 best; four digits
    CHANGE = "change"  # of shares and scores: -1..1
    RATE = "rate"  # per 100; two digits
    SPAN = "span"  # a timedelta; hours, two digits
    BUCKET = "bucket"  # the first day of a week or a month; None is the total
    MONTH = "month"  # the first day of a month


class Column(Struct, frozen=True):
    """A column by its name, which programs know it by as well."""

    name: str
    kind: Kind


class Row(Struct, frozen=True, kw_only=True):
    """A line. `key` is what it is about where more can be said of it; `faint`: too few to say much."""

    cells: tuple[Any, ...]
    key: str = ""
    faint: bool = False


class Table(Struct, frozen=True, kw_only=True):
    """A table by its name."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rows)

    def column(self, name: str) -> list[Any]:
        """Every cell of a column. Raises ValueError for one that there isn't."""
        at = [one.name for one in self.columns].index(name)
        return [row.cells[at] for row in self.rows]


def table(name: str, columns: Sequence[tuple[str, Kind]], rows: Sequence[Row]) -> Table:
    """A table in few words."""
    return Table(name=name, columns=tuple(Column(*one) for one in columns), rows=tuple(rows))


def plain(value: Any, kind: Kind) -> str | int | float | None:
    """A cell for programs: numbers are numbers, dates ISO 8601, the total of weeks or months is "total"."""
    if value is None:
        return "total" if kind is Kind.BUCKET else None
    if isinstance(value, timedelta):
        return round(value / _HOUR, 2)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return round(value, 2 if kind is Kind.RATE else 4)
    return value if isinstance(value, int) else str(value)


def records(given: Table) -> list[dict[str, str | int | float | None]]:
    """The lines for programs, by the columns' names."""
    return [
        {
            column.name: plain(cell, column.kind)
            for column, cell in zip(given.columns, row.cells, strict=True)
        }
        for row in given.rows
    ]


def as_csv(given: Table) -> str:
    """The same as a file; what a spreadsheet would run as a formula is text there."""
    written = StringIO()
    names = [column.name for column in given.columns]
    made = csv.writer(written, lineterminator="\r\n")
    made.writerow(names)
    for record in records(given):
        made.writerow([_harmless(record[name]) for name in names])
    return written.getvalue()


def _harmless(cell: str | float | None) -> str | float:
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return "" if cell is None else cell


def ratio(part: float, whole: float) -> float | None:
    """A share; None of nothing."""
    return part / whole if whole else None
