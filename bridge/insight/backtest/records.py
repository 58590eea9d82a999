"""Rows of files as records: what is needed of them, at places that are the same whatever the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from bridge.domain.model import ConfigError
from bridge.insight.backtest.case import Found, Tell
from bridge.insight.backtest.gathering import Gathered
from bridge.insight.backtest.mapping import Mapping, inputs
from bridge.insight.backtest.reading import Sheet, sheet, told
from bridge.insight.backtest.times import Times

AT, NUMBER, MARK, OPENED, RESPONDED = range(5)
"""Microseconds of the row, its number, a hash of all of it, and two further times that may be None."""

_NAMED = (
    "actor", "team", "agent", "state", "priority", "text", "score", "requester", "account", "tags",
    "field", "old", "new",
)  # fmt: skip
(
    ACTOR, TEAM, AGENT, STATE, PRIORITY, TEXT, SCORE, REQUESTER, ACCOUNT, TAGS, FIELD, OLD, NEW,
) = range(5, 18)  # fmt: skip
NAMED = {name: 5 + i for i, name in enumerate(_NAMED)}
FACTS = 18
"""From here on facts, then whatever else the mapping asks for by the name of its column."""

LONGEST = 2000
"""Letters of a text that are kept: a ticket keeps no more."""

UNREADABLE = ("a time that can't be read", "no case", "no time", "too few or too many values")
"""Flaws of rows that are left out."""


class Layout(Struct, frozen=True):
    """Where a record has what. `facts` are their names in order, `places` of columns by their names."""

    columns: tuple[str, ...]
    facts: tuple[str, ...]
    places: dict[str, int]


def layout(mapping: Mapping) -> Layout:
    """The columns that are to be read, the case and the times first, and where records have them."""
    columns = mapping.columns
    facts = {"product": columns.product} if columns.product else {}
    facts |= mapping.facts
    extra: dict[str, None] = {}
    tests = (mapping.replies, mapping.notes, mapping.customer, mapping.robots)
    for name in (
        *(test.column for test in tests),
        *mapping.only,
        *(outcome.column for outcome in mapping.outcomes.values()),
    ):
        if name:
            extra[name] = None
    tail = (*facts.values(), *extra)
    places = {name: FACTS + i for i, name in enumerate(tail)}
    named = [getattr(columns, name) for name in _NAMED]
    times = (columns.case, columns.time, columns.opened, columns.responded)
    return Layout((*times, *named, *tail), tuple(facts), places)


def opened_sheets(files: Sequence[Path], mapping: Mapping) -> list[Sheet]:
    """The files, each with every column that the mapping names. Raises ConfigError where one is missing."""
    if not files:
        raise ConfigError("no file to read a history from")
    found = [sheet(path, mapping.file.delimiter, mapping.file.encoding) for path in files]
    wanted = inputs(mapping)
    wanted += [(("only", name), name) for name in mapping.only]
    wanted += [
        (("outcomes", name, "column"), outcome.column)
        for name, outcome in mapping.outcomes.items()
        if outcome.column
    ]
    for one in found:
        for where, column in wanted:
            if column not in one.header:
                near = mapping.reader.near(column, one.header)
                mapping.fail(where, f"{one.path.name} has no such column: {near}")
    return found


def gather(
    files: Sequence[Path],
    mapping: Mapping,
    into: Gathered,
    *,
    shape: Layout,
    times: Times,
    found: Found,
    tell: Tell | None,
) -> None:
    """Read all rows. Those that can't be used are counted in `found`; ConfigError where there are too many."""
    sheets = opened_sheets(files, mapping)
    say = told(tell, files)
    empty = dict.fromkeys(mapping.file.empty, "")
    by_time = bool(mapping.columns.time)
    for number, one in enumerate(sheets):
        for done, rows in one.batches(shape.columns):
            _take(rows, into, times=times, found=found, empty=empty, by_time=by_time)
            say(number, done)
        say(number, one.path.stat().st_size)
    _bearable(mapping, found, UNREADABLE, mapping.limits.unreadable, "unreadable")
    if not found.rows:
        raise ConfigError(f"{', '.join(path.name for path in files)}: there are no rows")


def _take(
    rows: Iterable[tuple[Any, ...] | None],
    into: Gathered,
    *,
    times: Times,
    found: Found,
    empty: dict[str, str],
    by_time: bool,
) -> None:
    add, at_of, since, clean = into.add, times.at, times.since, empty.get
    number = found.rows
    for row in rows:
        number += 1
        if row is None:
            found.flaw("too few or too many values", number)
            continue
        if empty:
            row = tuple(map(clean, row, row))  # noqa: PLW2901 - the same row
        case, time, opened_text, responded_text, *rest = row
        mark = rest.pop()
        at = at_of[time] if time else None
        opened = since[opened_text] if opened_text else None
        responded = at_of[responded_text] if responded_text else None
        unread = (
            (time and at is None)
            or (opened_text and opened is None)
            or (responded_text and responded is None)
        )
        if at is None and not by_time:
            at = responded if responded is not None else opened
        if unread or at is None or not case:
            flaw = "a time that can't be read" if unread else "no time" if case else "no case"
            found.flaw(flaw, number)
            continue
        text = rest[TEXT - 5]
        if len(text) > LONGEST:
            rest[TEXT - 5] = text[:LONGEST]
        add(case, (at, number, mark, opened, responded, *rest), len(text))
    found.rows = number


def ordered(records: list[Any], found: Found | None = None) -> list[Any]:
    """The rows of a case by time, each once; those of one moment as they stood. `found` counts what was wrong.

    A case that is written from its last row to its first is read backwards: that is no disorder.
    """
    if len(records) < 2:
        return records
    if records[0][AT] > records[-1][AT]:
        records.reverse()
    fine = True
    before = records[0]
    for record in records[1:]:
        if record[AT] <= before[AT]:
            if record[AT] < before[AT] and found is not None:
                found.flaw("out of order", record[NUMBER])
            fine = False
        before = record
    if fine:
        return records
    records.sort(key=_at)
    kept: list[Any] = []
    marks: set[int] = set()
    moment = None
    for record in records:
        if record[AT] != moment:
            moment = record[AT]
            marks.clear()
        if record[MARK] in marks:
            if found is not None:
                found.flaw("repeated", record[NUMBER])
            continue
        marks.add(record[MARK])
        kept.append(record)
    return kept


def _at(record: Any) -> int:
    at: int = record[AT]
    return at


def bearable(mapping: Mapping, found: Found) -> None:
    """Raises ConfigError where too many rows are out of order or repeated."""
    _bearable(mapping, found, ("out of order",), mapping.limits.disordered, "disordered")
    _bearable(mapping, found, ("repeated",), mapping.limits.repeated, "repeated")


_WAY_OUT = {
    "unreadable": "look at [file] time and [columns]",
    "disordered": "is [columns] time when the row happened, and [columns] case what it is about?",
    "repeated": "was a part of the file written twice?",
}


def _bearable(mapping: Mapping, found: Found, names: Sequence[str], limit: float, key: str) -> None:
    flaws = {name: found.flaws[name] for name in names if name in found.flaws}
    many = sum(flaw.many for flaw in flaws.values())
    if found.rows and many / found.rows > limit:
        which = "; ".join(
            f"{name} in {flaw.many} (row {', '.join(map(str, flaw.rows))})"
            for name, flaw in flaws.items()
        )
        mapping.fail(
            ("limits", key),
            f"{many} of {found.rows} rows are {key}: {which}. {_WAY_OUT[key]} "
            f"(more than {limit:.0%} is refused)",
        )
