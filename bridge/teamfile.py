"""Teams as a TOML file: seeds an empty database, and goes in and out by `bridge teams`."""

from __future__ import annotations

import json
import tomllib
from difflib import get_close_matches
from pathlib import Path

from msgspec import ValidationError, convert
from msgspec.structs import asdict, fields

from bridge.domain.model import ConfigError, Team

_KEYS = [f.name for f in fields(Team) if f.name != "name"]


def read(path: Path) -> list[Team]:
    """The teams in a file. Raises ConfigError that names the team, the key, and the way out."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    tables = raw.get("teams")
    if not isinstance(tables, dict) or set(raw) != {"teams"}:
        raise ConfigError(f"{path}: write each team as [teams.<name>], and nothing else")
    found = [_team(path, name, table) for name, table in tables.items()]
    names = {team.name for team in found}
    groups: dict[str, str] = {}
    for team in found:
        if team.parent and team.parent not in names:
            raise ConfigError(
                f"{path}: teams.{team.name}.parent: no team is called {team.parent!r}"
            )
        for group in team.groups:
            if group in groups:
                raise ConfigError(
                    f"{path}: teams.{team.name}.groups: {group} is {groups[group]}'s already"
                )
            groups[group] = team.name
    return found


def _team(path: Path, name: str, table: object) -> Team:
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: teams.{name}: must be a table: [teams.{name}]")
    for key in table:
        if key not in _KEYS:
            close = get_close_matches(key, _KEYS, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}?" if close else "known are: " + ", ".join(_KEYS)
            raise ConfigError(f"{path}: teams.{name}.{key}: not known; {hint}")
    try:
        team = convert({"name": name, **table}, Team)
    except ValidationError as error:
        raise ConfigError(f"{path}: teams.{name}: {error}") from error
    for group in team.groups:
        if not all(group.partition(":")):
            raise ConfigError(
                f'{path}: teams.{name}.groups: {group!r} must be "<desk>:<group id>", like "zendesk:360001"'
            )
    return team


def write(teams: list[Team]) -> str:
    """The teams as the text of a file that `read` takes."""
    lines = []
    for team in teams:
        lines.append(f"[teams.{_key(team.name)}]")
        values = {k: v for k, v in asdict(team).items() if k != "name" and v}
        lines += [f"{key} = {_quoted(value)}" for key, value in values.items()]
        lines.append("")
    return "\n".join(lines)


def _key(name: str) -> str:
    bare = all(c.isascii() and (c.isalnum() or c in "-_") for c in name)
    return name if name and bare else _quoted(name)


def _quoted(value: object) -> str:
    """A text, or a list of them, as TOML has it: like JSON, but for one control character more."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
