"""Comments that label themselves: with a low score, a high one, or one between that says neither."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from bridge.domain.model import BridgeError
from bridge.domain.text.tokens import same
from bridge.insight.backtest.times import Micros, Times, moments


class Comment(Struct, frozen=True, kw_only=True):
    """What a customer wrote, and whether they were unhappy: None where the score says neither.

    Comments of one `group` are judged together, by what was learned of others: "" for no group. `at` where it is known.
    """

    text: str
    unhappy: bool | None
    group: str = ""
    at: datetime | None = None


Label = Callable[[str], bool | None]


def by_score(low: float, high: float) -> Label:
    """Unhappy at `low` or below, happy at `high` or above. A score that is no number is left out as one between."""

    def label(told: str) -> bool | None:
        try:
            score = float(told)
        except ValueError:
            return None
        return True if score <= low else False if score >= high else None

    return label


def by_value(bad: Collection[str]) -> Label:
    """Unhappy where the value is one of these, whatever its case; happy where it is another, neither where empty."""
    wanted = {value.strip().casefold() for value in bad}
    return lambda told: told.strip().casefold() in wanted if told.strip() else None


def read(
    path: Path,
    *,
    text: str,
    score: str,
    label: Label,
    group: str = "",
    time: str = "",
    time_format: str = "iso",
) -> list[Comment]:
    """The comments of a CSV file in UTF-8, in columns of these names; rows without words are left out.

    Times are of `time_format`, as `datetime.strptime` has it, or ISO 8601; in UTC where they name no zone. Raises
    BridgeError for a column that isn't there, a time that can't be read, and a file that is no text.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            for column in filter(None, (text, score, group, time)):
                if column not in (rows.fieldnames or ()):
                    known = ", ".join(rows.fieldnames or ())
                    raise BridgeError(f"{path.name} has no column {column!r}; it has: {known}")
            times = _Moments(time_format)
            return list(_comments(rows, (text, score, group, time), label, times))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BridgeError(f"{path.name} is no CSV file in UTF-8") from error
    except OSError as error:
        raise BridgeError(f"can't read {path.name}: {error.strerror}") from error


def _comments(
    rows: csv.DictReader[str], columns: tuple[str, str, str, str], label: Label, times: _Moments
) -> Iterator[Comment]:
    for row in rows:
        words, score, group, time = ((row[column] or "") if column else "" for column in columns)
        if words.strip():
            at = times.at(time, rows.line_num)
            yield Comment(text=words.strip(), unhappy=label(score), group=group, at=at)


class _Moments:
    """Reads the times of one file."""

    def __init__(self, form: str) -> None:
        self._form = form
        self._read = Times([form], "UTC").since
        self._moments = moments()

    def at(self, told: str, line: int) -> datetime | None:
        """None for nothing. Raises BridgeError for what is no time."""
        if not told.strip():
            return None
        found: Micros | None = self._read[told]
        if found is None:
            form = "2026-03-04T12:00:00+00:00" if self._form == "iso" else self._form
            raise BridgeError(f"line {line}: a time is written as {form}")
        return self._moments[found]


def groups(comments: Sequence[Comment]) -> list[int]:
    """A number for each comment, the same for those that must not be parted: of one group, or of the same words.

    Two that have nothing in common are joined by a third that has something with each.
    """
    parent = list(range(len(comments)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for keys in (_keys(c.group for c in comments), _keys(same(c.text) for c in comments)):
        first: dict[str, int] = {}
        for place, key in keys:
            parent[root(place)] = root(first.setdefault(key, place))
    return [root(place) for place in range(len(comments))]


def _keys(keys: Iterable[str]) -> Iterator[tuple[int, str]]:
    return ((place, key) for place, key in enumerate(keys) if key)
