"""Accounts in a file: CSV from a spreadsheet, TOML or JSON; and as a table that such a file takes.

A column, or a member, that isn't there leaves what is known as it is; an empty cell empties it.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bridge.domain.accounts import Account, Change
from bridge.domain.model import ConfigError, Member, Unreadable
from connectors.feeds.account_rows import MEMBERS, changes, once_each
from connectors.reading import Node, decode

CSV, TOML, JSON = "csv", "toml", "json"
_DELIMITERS = ",;\t"
_SEVERAL = re.compile(r"\s*[;\n]\s*")
_PERSON = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^<>]+)>")
_RISKY = ("=", "@", "-", "+", "\t", "\r")
_TOML_HEAD = re.compile(r"^\s*\[+\s*accounts\b", re.MULTILINE)


def form_of(path: Path) -> str:
    """Which kind of file it is, by what it is called. Raises ConfigError."""
    form = path.suffix.lower().removeprefix(".")
    if form not in (CSV, TOML, JSON):
        raise ConfigError(f"{path.name}: call it .csv, .toml or .json, for what it is")
    return form


def guessed(text: str) -> str:
    """Which kind of text it is, by how it begins."""
    if text.lstrip().startswith(("{", "[{")):
        return JSON
    return TOML if _TOML_HEAD.search(text) else CSV


def read(text: str, form: str) -> tuple[Change, ...]:
    """What the text says of accounts. Raises ConfigError, naming the line or the member."""
    try:
        return _read(text, form)
    except Unreadable as error:
        raise ConfigError(str(error)) from None


def _read(text: str, form: str) -> tuple[Change, ...]:
    if form == JSON:
        return changes(decode(text.encode("utf-8", "replace")))
    if form == CSV:
        return once_each(_rows(text))
    try:
        found = tomllib.loads(text).get("accounts", {})
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(error)) from error
    if not isinstance(found, dict):
        return changes(Node({"accounts": found}))
    return once_each(
        Node({"key": key, **Node(table, f"accounts.{key}").members().value}, f"accounts.{key}")
        for key, table in found.items()
    )


# --- tables


def _rows(text: str) -> Iterator[Node]:
    """Each line under the names of its columns."""
    lines = text.removeprefix("\ufeff").splitlines()
    head = next((line for line in lines if line.strip()), "")
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)
    columns: list[str] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            columns = [cell.strip().casefold() for cell in cells]
            _check(columns)
            continue
        where = f"line {reader.line_num}"
        if len(cells) > len(columns):
            raise ConfigError(f"{where}: has more cells than the first line has columns")
        row = dict(zip(columns, (_plain(cell) for cell in cells), strict=False))
        yield Node({name: _value(name, cell) for name, cell in row.items()}, where)
    if not columns:
        _check(columns)


def _check(columns: list[str]) -> None:
    if "key" not in columns:
        raise ConfigError("the first line names the columns: key, and any of " + ", ".join(MEMBERS))
    for name in columns:
        if name not in MEMBERS:
            raise ConfigError(f"no column is called {name!r}: there are {', '.join(MEMBERS)}")
        if columns.count(name) > 1:
            raise ConfigError(f"two columns are called {name!r}")


def _plain(cell: str) -> str:
    """A cell without the mark that keeps spreadsheets from taking it for a formula."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _RISKY else cell


def _value(name: str, cell: str) -> Any:
    """What a cell holds: several things with semicolons between; a person as "Name <e-mail>" or by e-mail."""
    several = [part for part in _SEVERAL.split(cell) if part]
    if name in ("domains", "organisations"):
        return several
    if name == "owner":
        return _person(cell) if cell else None
    if name == "stakeholders":
        return [_stakeholder(part) for part in several]
    return cell


def _person(cell: str) -> dict[str, str]:
    if found := _PERSON.fullmatch(cell):
        return {"name": found["name"].strip(), "email": found["email"].strip()}
    return {"email": cell}


def _stakeholder(part: str) -> dict[str, str]:
    role, colon, who = part.partition(":")
    return {"role": role.strip(), **_person(who.strip())} if colon else _person(part)


def write(accounts: Iterable[Account]) -> str:
    """Accounts as a table that `read` takes. Of people it has names and e-mail addresses."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(MEMBERS[:-1])
    for one in accounts:
        cells = (
            one.key,
            one.name,
            one.tier,
            one.team,
            _written(one.owner),
            "; ".join(f"{who.role}:{_written(who.who)}" for who in one.stakeholders),
            "; ".join(one.domains),
            "; ".join(one.organisations),
        )
        writer.writerow([f"'{cell}" if cell.startswith(_RISKY) else cell for cell in cells])
    return out.getvalue()


def _written(who: Member) -> str:
    return f"{who.name} <{who.email}>" if who.name and who.email else who.email
