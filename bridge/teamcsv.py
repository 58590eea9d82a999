"""Teams, or people, as a table: a row each, the columns named in the first line. Goes in and out by spreadsheets.

Columns that a file doesn't have stay as they are, so that one with names and channels alone sets the channels. The
groups of a team stand in one cell, with spaces between them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import asdict, fields, replace

from bridge.domain.model import Member, Team
from bridge.domain.people import Roster
from bridge.settings import Settings
from bridge.teamcheck import N_, Mistake, Mistakes, disagreements, faults, person_faults, tidied
from bridge.teamfile import Contents

TEAM = tuple(field.name for field in fields(Team))
PERSON = tuple(field.name for field in fields(Member))
DELIMITERS = ",;\t"

_RISKY = ("=", "@", "-", "+", "\t", "\r")
T = TypeVar("T", Team, Member)


def read(text: str, settings: Settings, roster: Roster, *, prune: bool = False) -> Contents:
    """The teams in a table, or the people where a column is called "key". Raises Mistakes: all of them at once.

    With `prune` what isn't in the table will be deleted, so that nothing in it may name that.
    """
    rows = _rows(text)
    number, head = next(rows, (1, []))
    columns = [name.strip().casefold() for name in head]
    if "key" in columns:
        people = _Table(PERSON, "key", {one.key: one for one in roster.members}, _new_member)
        people.read(columns, rows, number, person_faults)
        people.done()
        return Contents(members=tuple(people.found.values()), tables=("people",))
    known = {team.name: team for team in roster.teams}
    teams = _Table(TEAM, "name", known, _new_team)
    teams.read(columns, rows, number, lambda one, before: faults(settings, one, before))
    whole = ({} if prune else known) | teams.found
    for one in disagreements(whole.values()):
        if line := teams.lines.get(one.whose):
            teams.wrong.append(_placed(one, line))
    teams.done()
    return Contents(teams=tuple(teams.found.values()), tables=("teams",))


def write_teams(teams: Iterable[Team]) -> str:
    """Teams as a table that `read` takes."""
    return _written(TEAM, teams)


def write_people(members: Iterable[Member]) -> str:
    """People as a table that `read` takes."""
    return _written(PERSON, members)


class _Table(Generic[T]):
    """Reads rows of one kind; what is wrong is gathered, with the line it stands in."""

    def __init__(
        self, known: Sequence[str], key: str, before: Mapping[str, T], new: Callable[[str], T]
    ) -> None:
        self.known, self.key = known, key
        self.before: Mapping[str, T] = before
        self.new: Callable[[str], T] = new
        self.found: dict[str, T] = {}
        self.lines: dict[str, int] = {}
        self.wrong: list[Mistake] = []

    def read(
        self,
        columns: Sequence[str],
        rows: Iterable[tuple[int, list[str]]],
        first: int,
        check: Callable[[T, T | None], list[Mistake]],
    ) -> None:
        if self._head(columns, first):
            return
        for line, cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(columns):
                given = {"many": str(len(cells)), "columns": str(len(columns))}
                why = N_(
                    "has %(many)s cells, and there are %(columns)s columns; put quotes around commas"
                )
                self.wrong.append(Mistake(field="", why=why, given=given, line=line))
                continue
            values = {c: _plain(c, cell) for c, cell in zip(columns, cells, strict=False)}
            name = str(values.get(self.key, ""))
            before = self.before.get(name)
            one = replace(before or self.new(name), **values)
            self.wrong += [_placed(wrong, line) for wrong in check(one, before)]
            if name in self.found:
                why = N_("%(name)s stands in line %(first)s already")
                given = {"name": repr(name), "first": str(self.lines[name])}
                self.wrong.append(Mistake(field=self.key, why=why, given=given, line=line))
                continue
            self.found[name], self.lines[name] = one, line

    def _head(self, columns: Sequence[str], line: int) -> bool:
        """Whether the first line can't be worked with."""
        for name in dict.fromkeys(columns):
            if name not in self.known:
                given = {"known": ", ".join(self.known)}
                why, way = N_("no column is called so"), N_("known are: %(known)s")
                wrong = Mistake(field=name or "?", why=why, given=given, way=way, line=line)
                self.wrong.append(wrong)
            elif columns.count(name) > 1:
                wrong = Mistake(field=name, why=N_("is the name of two columns"), line=line)
                self.wrong.append(wrong)
        if self.key not in columns:
            given = {"columns": ", ".join(self.known)}
            why = N_("is missing: name the columns in the first line, like %(columns)s")
            self.wrong.append(Mistake(field=self.key, why=why, given=given, line=line))
        return bool(self.wrong)

    def done(self) -> None:
        if self.wrong:
            raise Mistakes(sorted(self.wrong, key=lambda one: one.line))


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows with the line that each begins in. Raises Mistakes where a quote is never closed."""
    text = text.removeprefix("\ufeff")
    head = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begin = 1
    try:
        for cells in reader:
            if cells:
                yield begin, cells
            begin = reader.line_num + 1
    except csv.Error as error:
        why = N_("can't be read: a quote is opened and not closed, or closed too soon")
        raise Mistakes([Mistake(field="", why=why, line=begin)]) from error


def _plain(column: str, cell: str) -> Any:
    if cell[:1] == "'" and cell[1:2] in _RISKY:
        cell = cell[1:]
    return tuple(cell.split()) if column == "groups" else tidied(column, cell)


def _written(columns: Sequence[str], found: Iterable[Struct]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for one in found:
        values = asdict(one)
        writer.writerow(_cell(column, values[column]) for column in columns)
    return out.getvalue()


def _cell(column: str, value: Any) -> str:
    """A cell that no spreadsheet takes for a formula; phone numbers stay readable."""
    text = " ".join(value) if column == "groups" else str(value)
    harmless = column.endswith("phone") and text[1:].isdecimal()
    return f"'{text}" if text.startswith(_RISKY) and not harmless else text


def _placed(one: Mistake, line: int) -> Mistake:
    return replace(one, line=line)


def _new_team(name: str) -> Team:
    return Team(name=name)


def _new_member(key: str) -> Member:
    return Member(key=key)
