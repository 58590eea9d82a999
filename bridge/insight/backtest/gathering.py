"""Rows gathered into cases, however they are mixed, in bounded memory.

Rows are kept in memory by their case until there are many, then laid into one of many files by the hash of the case; in
the end one file after the other is read, and each holds all that there is of its cases.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import msgspec

Record = tuple[str | int | None, ...]
"""A row as far as it is needed. See `bridge.insight.backtest.records`."""

IN_MEMORY = 150_000
"""So many rows are kept at once: some hundred bytes each."""

LETTERS = 40_000_000
"""So many letters of free text."""

PARTS = 128
"""So many files: of ten million rows one holds some eighty thousand."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[str, list[Record]]]).decode


@contextmanager
def without_collector() -> Iterator[None]:
    """Nothing that is read holds itself, so looking for such rings, again and again, is for nothing."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


class Gathered:
    """Cases by their key. Use it as a context: its files are gone afterwards."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self.in_memory = in_memory
        self.held: dict[str, list[Record]] = {}
        self._rows = self._letters = 0
        self._folder: TemporaryDirectory[str] | None = None

    def __enter__(self) -> Gathered:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def add(self, case: str, record: Record, letters: int) -> None:
        """One more row of a case, with so many letters of free text."""
        held = self.held
        if case in held:
            held[case].append(record)
        else:
            held[case] = [record]
        self._rows += 1
        self._letters += letters
        if self._rows >= self.in_memory or self._letters >= LETTERS:
            self._lay()

    def cases(self) -> Iterator[tuple[str, list[Record]]]:
        """Every case with its rows, in the order in which they came. May be asked for again and again."""
        if self._folder is None:
            for case, records in self.held.items():
                yield case, list(records)
            return
        if self.held:
            self._lay()
        for path in sorted(Path(self._folder.name).iterdir()):
            together: dict[str, list[Record]] = {}
            for some in _chunks(path):
                for case, records in some:
                    together.setdefault(case, []).extend(records)
            yield from together.items()

    def _lay(self) -> None:
        """Lay all that is held into the files."""
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="backtest-")
        parts: dict[int, list[tuple[str, list[Record]]]] = {}
        for case, records in self.held.items():
            parts.setdefault(crc32(case.encode()) % PARTS, []).append((case, records))
        for number, some in parts.items():
            packed = _encode(some)
            with (Path(self._folder.name) / f"{number:03}").open("ab") as file:
                file.write(len(packed).to_bytes(8, "big"))
                file.write(packed)
        self.held = {}
        self._rows = self._letters = 0


def _chunks(path: Path) -> Iterator[list[tuple[str, list[Record]]]]:
    with path.open("rb") as file:
        while size := file.read(8):
            yield _decode(file.read(int.from_bytes(size, "big")))
