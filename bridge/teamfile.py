"""Teams, people and absences as a TOML file: seeds an empty database, and goes in and out by `bridge teams`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from msgspec import Struct, ValidationError, convert
from msgspec.structs import asdict, fields

from bridge.domain.ladders import MANAGER, OWNER
from bridge.domain.model import ConfigError, Member, Team
from bridge.domain.people import Absence, Roster

_TEAM = tuple(f.name for f in fields(Team) if f.name != "name")
_PERSON = tuple(f.name for f in fields(Member) if f.name != "key")
_ABSENCE = ("member", "deputy", "from", "to")
TABLES = ("teams", "people", "absences")


class Contents(Struct, frozen=True, kw_only=True):
    """All that stands in a file; `tables` are those that it speaks of: what it says nothing of stays as it is."""

    teams: tuple[Team, ...] = ()
    members: tuple[Member, ...] = ()
    absences: tuple[Absence, ...] = ()
    tables: tuple[str, ...] = TABLES


def read(path: Path) -> list[Team]:
    """The teams in a file. Raises ConfigError that names the team, the key, and the way out."""
    return list(read_all(path).teams)


def read_all(path: Path, zone: Callable[[], tzinfo] = lambda: UTC) -> Contents:
    """Teams, people and absences in a file. Raises ConfigError that names the table, the key, and the way out.

    Dates and times without a zone of their own are local to `zone`, which is asked for only where there are such.
    """
    return read_text(text_of(path), str(path), zone)


def read_text(text: str, name: str, zone: Callable[[], tzinfo] = lambda: UTC) -> Contents:
    """The same of a text; errors begin with `name`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: {error}") from error
    return _File(name, zone).contents(raw)


def text_of(path: Path) -> str:
    """What stands in a file. Raises ConfigError."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        why = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise ConfigError(f"{path}: {why}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: {error}: save it as UTF-8") from error


def moment(value: object, zone: tzinfo, *, last: bool = False) -> datetime:
    """A date or a time as TOML or people write it, in UTC; the start of a date, or with `last` its end.

    Without a zone of its own it is local to `zone`. Raises ValueError.
    """
    found = value
    if isinstance(value, str):
        try:
            found = date.fromisoformat(value) if len(value) <= 10 else datetime.fromisoformat(value)
        except ValueError:
            found = None
    try:
        if isinstance(found, datetime):
            return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
        if isinstance(found, date):
            day = found + timedelta(days=1) if last else found
            return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value!s} is too far away") from error
    raise ValueError(f"{value!r} is no date: write it as 2026-12-24, or 2026-12-24T12:00:00")


class _File:
    """Reads one file; complains with its name."""

    def __init__(self, name: str, zone: Callable[[], tzinfo]) -> None:
        self.name = name
        self.zone = zone

    def contents(self, raw: Mapping[str, Any]) -> Contents:
        tables = raw.get("teams")
        if not isinstance(tables, dict) or not set(raw) <= set(TABLES):
            self.fail("write each team as [teams.<name>], and nothing else but people and absences")
        teams = tuple(self.team(name, table) for name, table in tables.items())
        self.teams_agree(teams)
        people = raw.get("people", {})
        if not isinstance(people, dict):
            self.fail("people: must be tables: [people.<key>]")
        members = tuple(self.member(key, table) for key, table in people.items())
        if len({member.key.casefold() for member in members}) < len(members):
            self.fail("people: two keys differ in their case alone; name everybody once")
        absences = raw.get("absences", [])
        if not isinstance(absences, list):
            self.fail("absences: write each as [[absences]]")
        roster = Roster(teams, members)
        away = tuple(self.absence(n, one, roster) for n, one in enumerate(absences, 1))
        return Contents(teams=teams, members=members, absences=away)

    def team(self, name: str, table: object) -> Team:
        where = f"teams.{name}"
        team: Team = self.made(Team, where, table, _TEAM, name=name)
        for group in team.groups:
            if not all(group.partition(":")):
                self.fail(
                    f'{where}.groups: {group!r} must be "<desk>:<group id>", like "zendesk:360001"'
                )
        return team

    def teams_agree(self, teams: Iterable[Team]) -> None:
        names = {team.name for team in teams}
        groups: dict[str, str] = {}
        for team in teams:
            if team.parent and team.parent not in names:
                self.fail(f"teams.{team.name}.parent: no team is called {team.parent!r}")
            for group in team.groups:
                if group in groups:
                    self.fail(f"teams.{team.name}.groups: {group} is {groups[group]}'s already")
                groups[group] = team.name

    def member(self, key: str, table: object) -> Member:
        where = f"people.{key}"
        if not key.strip() or key in (OWNER, MANAGER) or key.startswith(f"{MANAGER}+"):
            self.fail(f"{where}: means something else to a ladder; choose another key")
        member: Member = self.made(Member, where, table, _PERSON, key=key)
        return member

    def absence(self, number: int, table: object, roster: Roster) -> Absence:
        where = f"absences.{number}"
        if not isinstance(table, dict):
            self.fail(f"{where}: write it as [[absences]]")
        self.only(where, table, _ABSENCE)
        for key in ("member", "from", "to"):
            if key not in table:
                self.fail(f"{where}.{key}: is missing")
        for key in ("member", "deputy"):
            who = table.get(key, "")
            if not isinstance(who, str):
                self.fail(f"{where}.{key}: must be the key of one of [people], or a manager")
            if key in table and roster.named(who) is None:
                known = [m.key for m in (*roster.members, *map(roster.manager, roster.teams))]
                hint = _hint(who, [name for name in known if name])
                self.fail(f"{where}.{key}: nobody is called {who!r}{hint}")
        begin = self.moment(where, table, "from")
        end = self.moment(where, table, "to")
        if end <= begin:
            self.fail(f"{where}.to: is not after `from`")
        return Absence(
            member=table["member"], deputy=table.get("deputy", ""), starts_at=begin, ends_at=end
        )

    def moment(self, where: str, table: Mapping[str, object], key: str) -> datetime:
        try:
            return moment(table[key], self.zone(), last=key == "to")
        except ValueError as error:
            self.fail(f"{where}.{key}: {error}")

    def made(
        self, cls: Any, where: str, table: object, allowed: Sequence[str], **given: str
    ) -> Any:
        if not isinstance(table, dict):
            self.fail(f"{where}: must be a table: [{where}]")
        self.only(where, table, allowed)
        try:
            return convert({**given, **table}, cls)
        except ValidationError as error:
            self.fail(f"{where}: {error}")

    def only(self, where: str, table: Mapping[str, object], allowed: Sequence[str]) -> None:
        for key in table:
            if key not in allowed:
                close = get_close_matches(key, allowed, n=1, cutoff=0.5)
                hint = (
                    f"did you mean {close[0]!r}?" if close else "known are: " + ", ".join(allowed)
                )
                self.fail(f"{where}.{key}: not known; {hint}")

    def fail(self, why: str) -> NoReturn:
        raise ConfigError(f"{self.name}: {why}")


def _hint(word: str, known: Sequence[str]) -> str:
    if close := get_close_matches(word, known, n=1, cutoff=0.5):
        return f"; did you mean {close[0]!r}?"
    return "; known are: " + ", ".join(known) if known else ""


def write(
    teams: Iterable[Team], members: Iterable[Member] = (), absences: Iterable[Absence] = ()
) -> str:
    """All that is given as the text of a file that `read_all` takes, whatever its zone."""
    lines = []
    for team in teams:
        lines += _table(f"[teams.{_key(team.name)}]", asdict(team), _TEAM)
    for member in members:
        lines += _table(f"[people.{_key(member.key)}]", asdict(member), _PERSON)
    for absence in absences:
        lines += _table("[[absences]]", asdict(absence), ("member", "deputy"))[:-1]
        lines += [f"from = {_moment(absence.starts_at)}", f"to = {_moment(absence.ends_at)}", ""]
    return "\n".join(lines)


def _table(header: str, values: Mapping[str, object], keys: Sequence[str]) -> list[str]:
    return [header, *(f"{key} = {_quoted(values[key])}" for key in keys if values[key]), ""]


def _key(name: str) -> str:
    bare = all(c.isascii() and (c.isalnum() or c in "-_") for c in name)
    return name if name and bare else _quoted(name)


def _quoted(value: object) -> str:
    """A text, or a list of them, as TOML has it: like JSON, but for one control character more."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _moment(at: datetime) -> str:
    """A date and time as TOML has it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
