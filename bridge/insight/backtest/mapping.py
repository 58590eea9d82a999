"""How a file tells of cases: the mapping, read from TOML. docs/backtest.md explains every key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Map
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from msgspec import Struct

from bridge.domain.model import Category, ConfigError
from bridge.insight.backtest.sections import (
    ColumnsSection,
    DeskSection,
    FileSection,
    LeaksSection,
    LimitsSection,
    OutcomeSection,
    RowTest,
    ScoresSection,
    words,
)
from bridge.settings.reader import Reader
from bridge.settings.sections import Section

ASPECTS = ("state", "team", "agent", "priority", "tags", "reply", "note", "score", "nothing")
"""What a change of a field may be a change of."""


class Mapping(Struct, frozen=True, kw_only=True):
    """A mapping as it was read. `fail` raises ConfigError for a key of it, with file and line."""

    path: str
    reader: Reader
    file: FileSection
    columns: ColumnsSection
    desk: str = "case"
    states: Map[str, Category] = {}
    changes: Map[str, str] = {}
    replies: RowTest = RowTest()
    notes: RowTest = RowTest()
    customer: RowTest = RowTest()
    robots: RowTest = RowTest()
    scores: ScoresSection = ScoresSection()
    only: Map[str, frozenset[str]] = {}
    facts: Map[str, str] = {}
    deadlines: Map[str, timedelta] = {}
    outcomes: Map[str, OutcomeSection] = {}
    limits: LimitsSection = LimitsSection()
    leaks: LeaksSection = LeaksSection()

    @property
    def statuses(self) -> dict[str, Map[str, Category]]:
        """What the states mean, as `Policy.statuses` wants it."""
        return {self.desk: self.states}

    def fail(self, where: tuple[str, ...], why: str) -> NoReturn:
        """Raises ConfigError that names the file, the line and the key."""
        self.reader.fail(where, why)

    def deadline(self, priority: str) -> timedelta | None:
        """How long after its opening a case of this priority is due; None for no promise."""
        return self.deadlines.get(priority.lower(), self.deadlines.get("default"))

    def normal(self, score: float) -> float:
        """A score on the file's scale as 0..1."""
        return (score - self.scores.low) / (self.scores.high - self.scores.low)


_SINGLE: Map[str, type[Section]] = {
    "file": FileSection,
    "columns": ColumnsSection,
    "replies": RowTest,
    "notes": RowTest,
    "customer": RowTest,
    "robots": RowTest,
    "scores": ScoresSection,
    "limits": LimitsSection,
    "leaks": LeaksSection,
}
TOP = (*_SINGLE, "desk", "states", "changes", "only", "facts", "deadline", "outcomes")


def read_mapping(path: Path) -> Mapping:
    """The mapping in a file. Raises ConfigError that names file, line, key and the way out."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, path: str = "mapping") -> Mapping:
    """The mapping in a text; `path` is what errors call it."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is no TOML: {error}") from error
    reader = Reader(text, path)
    reader.only((), raw, TOP)
    if "columns" not in raw:
        reader.fail(("columns",), "is missing: say which column holds what, at least `case`")
    sections: dict[str, Any] = {
        name: reader.single(cls, raw, name) for name, cls in _SINGLE.items()
    }
    found = Mapping(
        path=path,
        reader=reader,
        desk=reader.single(DeskSection, raw, "desk").name,
        states=_states(reader, raw),
        changes=_changes(reader, raw),
        only=_only(reader, raw),
        facts=_texts(reader, raw, "facts"),
        deadlines=_deadlines(reader, raw),
        outcomes={
            name: reader.section(OutcomeSection, ("outcomes", name), table)
            for name, table in reader.tables(raw, "outcomes")
        },
        **sections,
    )
    _fits(found)
    return found


def _table(reader: Reader, raw: Map[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = reader.value(raw, name, dict, {})
    return found


def _texts(reader: Reader, raw: Map[str, Any], name: str) -> dict[str, str]:
    table = _table(reader, raw, name)
    return {str(key): reader.value(table, key, str, "", (name,)) for key in table}


def _states(reader: Reader, raw: Map[str, Any]) -> dict[str, Category]:
    meanings = {category.value: category for category in Category}
    found = {}
    for word, meaning in _texts(reader, raw, "states").items():
        if meaning not in meanings:
            reader.fail(("states", word), reader.near(meaning, meanings))
        found[word.lower()] = meanings[meaning]
    return found


def _changes(reader: Reader, raw: Map[str, Any]) -> dict[str, str]:
    found = _texts(reader, raw, "changes")
    for word, aspect in found.items():
        if aspect not in ASPECTS:
            reader.fail(("changes", word), reader.near(aspect, ASPECTS))
    return {word.lower(): aspect for word, aspect in found.items()}


def _only(reader: Reader, raw: Map[str, Any]) -> dict[str, frozenset[str]]:
    found = {}
    for column, values in _table(reader, raw, "only").items():
        told = words(values)
        if not isinstance(told, list | tuple) or not told:
            reader.fail(("only", column), 'must be the values that stay: ["3", "4"]')
        found[column] = frozenset(str(value) for value in told)
    return found


def _deadlines(reader: Reader, raw: Map[str, Any]) -> dict[str, timedelta]:
    table = _table(reader, raw, "deadline")
    return {
        str(key).lower(): reader.duration(("deadline", key), value) for key, value in table.items()
    }


def _fits(mapping: Mapping) -> None:
    """Refuse what can't work, whatever is in the file."""
    columns, rows = mapping.columns, mapping.file.rows
    if rows == "answers":
        if not (columns.score or columns.text):
            mapping.fail(("columns",), 'rows = "answers" need a column score or text')
        if not (columns.time or columns.opened or columns.responded):
            mapping.fail(("columns",), "time is missing: when was the answer given?")
    elif not columns.time:
        mapping.fail(("columns",), "time is missing: when did what the row tells of happen?")
    if columns.responded and rows != "answers":
        mapping.fail(("columns", "responded"), 'only goes with rows = "answers"')
    _fits_changes(mapping)
    for name, test in _tests(mapping):
        if test.when == "state" and not columns.state:
            mapping.fail((name, "when"), "asks for a state, and [columns] has none")
        needed = {"another actor": ("actor",), "the requester": ("actor", "requester")}
        for column in needed.get(test.when, ()):
            if not getattr(columns, column):
                mapping.fail((name, "when"), f"needs a column: {column} in [columns]")
    _fits_outcomes(mapping)


def _fits_changes(mapping: Mapping) -> None:
    columns = mapping.columns
    if mapping.file.rows != "changes":
        for name in ("field", "old", "new"):
            if getattr(columns, name):
                mapping.fail(("columns", name), 'only goes with rows = "changes"')
        return
    for name in ("field", "old", "new"):
        if not getattr(columns, name):
            mapping.fail(("columns",), f'{name} is missing: rows = "changes" are read by it')
    if not mapping.changes:
        mapping.fail(("file", "rows"), 'is "changes": [changes] must say what fields mean')
    for name in ("state", "team", "agent", "priority", "score", "tags"):
        if getattr(columns, name):
            mapping.fail(
                ("columns", name), "in a list of changes this is what it is today: use [changes]"
            )


def _fits_outcomes(mapping: Mapping) -> None:
    columns, desk = mapping.columns, mapping.states
    for name, outcome in mapping.outcomes.items():
        where = ("outcomes", name)
        if outcome.kind == "column":
            for key, column in inputs(mapping):
                if column == outcome.column:
                    mapping.fail(
                        (*where, "column"),
                        f"{column!r} is what came of a case, so it may not be told beforehand: "
                        f"take it out of {'.'.join(key)}",
                    )
            for word in outcome.known:
                if word.lower() not in desk:
                    mapping.fail((*where, "known"), mapping.reader.near(word, desk))
        scored = columns.score or "score" in mapping.changes.values()
        if outcome.kind == "score" and not scored:
            mapping.fail((*where, "kind"), "is about scores, and [columns] has no score")
        if outcome.kind == "deadline" and not mapping.deadlines:
            mapping.fail((*where, "kind"), 'needs a [deadline] table: default = "48h"')
        if outcome.kind == "breached":
            mapping.fail((*where, "kind"), 'is known of our own inbox alone: use "deadline"')
        stateless = not desk and mapping.file.rows != "answers"
        if outcome.kind in ("reopened", "slowest", "deadline") and stateless:
            mapping.fail((*where, "kind"), "needs to know what is solved: fill [states]")


def _tests(mapping: Mapping) -> list[tuple[str, RowTest]]:
    return [(name, getattr(mapping, name)) for name in ("replies", "notes", "customer", "robots")]


def inputs(mapping: Mapping) -> list[tuple[tuple[str, ...], str]]:
    """Every column that rules are told of, with the key that maps it; not those that only say when."""
    told: list[tuple[tuple[str, ...], str]] = [
        (("columns", name), getattr(mapping.columns, name))
        for name in ColumnsSection.model_fields
        if getattr(mapping.columns, name)
    ]
    told += [(("facts", name), column) for name, column in mapping.facts.items()]
    told += [((name, "column"), test.column) for name, test in _tests(mapping) if test.column]
    return told
