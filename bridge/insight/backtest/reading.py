"""Files as rows of text: CSV, plain or compressed, and Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, NoReturn

from msgspec import Struct

from bridge.domain.model import ConfigError
from bridge.insight.backtest.case import Tell

EVERY = 4096
"""So many rows lie between two words about how far we are."""


Row = tuple[str | int, ...] | None
"""The values of the columns that were asked for, "" for a column "", and the hash of the whole row; None for a row with
too few values or too many."""


class Sheet(Struct, frozen=True):
    """A file: its columns, and its rows. A batch of them comes with the bytes of the file that were read up to it."""

    path: Path
    header: tuple[str, ...]
    batches: Callable[[Sequence[str]], Iterator[tuple[int, list[Row]]]]


def sheet(path: Path, delimiter: str = ",", encoding: str = "utf-8-sig") -> Sheet:
    """A file with its header read. Raises ConfigError where it can't be."""
    if path.suffix in (".parquet", ".pq"):
        return _parquet(path)
    try:
        with _opened(path, encoding) as (text, _):
            header = tuple(next(csv.reader(text, delimiter=delimiter), ()))
    except _BROKEN as error:
        _refuse(path, error)
    if not header:
        raise ConfigError(f"{path}: is empty: the first line must name the columns")
    return Sheet(
        path, header, lambda columns: _csv_batches(path, header, columns, delimiter, encoding)
    )


def told(tell: Tell | None, files: Sequence[Path]) -> Callable[[int, int], None]:
    """Tells how many bytes of all files are read, from the number of the file and the bytes of it."""
    sizes = [path.stat().st_size for path in files]
    total = sum(sizes)

    def say(number: int, done: int) -> None:
        if tell is not None:
            tell(min(sum(sizes[:number]) + done, total), total)

    return say


# --- CSV


_BROKEN = (OSError, EOFError, zlib.error, csv.Error, UnicodeError)


class _opened:  # noqa: N801 - it reads as a function
    """The text of a file, and the bytes of it, of which `tell()` says how many are read."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.raw: IO[bytes] = path.open("rb")
        packed = path.suffix == ".gz"
        plain: Any = gzip.GzipFile(fileobj=self.raw) if packed else self.raw
        self.text = io.TextIOWrapper(plain, encoding=encoding, newline="")

    def __enter__(self) -> tuple[io.TextIOWrapper, IO[bytes]]:
        return self.text, self.raw

    def __exit__(self, *_: object) -> None:
        self.text.close()
        self.raw.close()


def _csv_batches(
    path: Path, header: tuple[str, ...], columns: Sequence[str], delimiter: str, encoding: str
) -> Iterator[tuple[int, list[Row]]]:
    wide = len(header)
    pick = itemgetter(*(header.index(column) if column else wide for column in columns))
    with _opened(path, encoding) as (text, raw):
        rows = csv.reader(text, delimiter=delimiter)
        try:
            next(rows)
            while batch := list(islice(rows, EVERY)):
                yield raw.tell(), _picked(batch, wide, pick)
        except _BROKEN as error:
            _refuse(path, error)


def _picked(
    rows: list[list[str]], wide: int, pick: Callable[[list[str]], tuple[str, ...]]
) -> list[Row]:
    found: list[Row] = []
    for row in rows:
        if len(row) == wide:
            mark = hash(tuple(row))
            row.append("")  # what a column "" is
            found.append((*pick(row), mark))
        elif row:
            found.append(None)
    return found


def _refuse(path: Path, error: BaseException) -> NoReturn:
    """In our words: those of the library may quote what stands in the file."""
    match error:
        case UnicodeError():
            why = "is not in the encoding that the mapping says: [file] encoding, cp1252 perhaps"
        case csv.Error():
            why = "is no CSV: look at [file] delimiter, and at quotes that are not closed"
        case FileNotFoundError():
            why = "is not there"
        case OSError(strerror=str() as reason):
            why = f"cannot be read: {reason}"
        case _:
            why = "is damaged or cut off: its end is missing"
    raise ConfigError(f"{path}: {why}") from error


# --- Parquet


def _parquet(path: Path) -> Sheet:
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            f"{path}: to read Parquet install alert-bridge[insight], or export it as CSV"
        ) from error
    try:
        with parquet.ParquetFile(path) as file:
            header = tuple(file.schema_arrow.names)
    except (OSError, ArrowException) as error:
        raise ConfigError(f"{path}: cannot be read as Parquet") from error
    return Sheet(path, header, lambda columns: _parquet_batches(path, columns))


def _parquet_batches(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[Row]]]:
    from pyarrow import ArrowException, parquet  # noqa: PLC0415 - an extra

    size = path.stat().st_size
    done = 0
    try:
        with parquet.ParquetFile(path) as file:
            total = max(file.metadata.num_rows, 1)
            wanted = [name for name in dict.fromkeys(columns) if name]
            for batch in file.iter_batches(EVERY, columns=wanted):
                texts = {name: _texts(batch.column(name)) for name in wanted}
                texts[""] = [""] * batch.num_rows
                done += batch.num_rows
                picked = zip(*(texts[name] for name in columns), strict=True)
                yield size * done // total, [(*row, hash(row)) for row in picked]
    except (OSError, ArrowException) as error:
        raise ConfigError(f"{path}: is damaged") from error


def _texts(column: Any) -> list[str]:
    """A column as text: times in ISO 8601, lists joined by commas, nothing as ""."""
    import pyarrow as pa  # noqa: PLC0415 - an extra
    from pyarrow import compute  # noqa: PLC0415 - an extra

    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        column = compute.binary_join(column, ",")
    found: list[str] = compute.fill_null(column.cast(pa.string()), "").to_pylist()
    return found
