"""What is said of accounts, by a program or in a file, as changes: each part checked, each fault named by its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from bridge.domain.accounts import FREEMAIL, Change, Stakeholder
from bridge.domain.model import Member
from connectors.reading import Node

MEMBERS = (
    "key",
    "name",
    "tier",
    "team",
    "owner",
    "stakeholders",
    "domains",
    "organisations",
    "deleted",
)
PERSON = ("key", "name", "email", "phone", "slack")
MOST_AT_ONCE = 5000
LONGEST_NAME = 200

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}", re.ASCII)


def changes(body: Node) -> tuple[Change, ...]:
    """The changes in {"accounts": […]}, or in one account alone. Raises Unreadable."""
    many = body.members()["accounts"].found
    rows = [row.members() for row in body["accounts"].items()] if many else [body]
    if len(rows) > MOST_AT_ONCE:
        raise body["accounts"].wrong(f"{MOST_AT_ONCE} accounts at most")
    return once_each(rows)


def once_each(rows: Iterable[Node]) -> tuple[Change, ...]:
    """The change in each row. Raises Unreadable, also for an account that has two of them."""
    found: dict[str, Change] = {}
    for row in rows:
        change = _change(row)
        if change.key in found:
            raise row["key"].wrong("each account once")
        found[change.key] = change
    return tuple(found.values())


def _change(row: Node) -> Change:
    _only(row, MEMBERS)
    key = row["key"].id(need=True)
    if not _KEY.fullmatch(key):
        raise row["key"].wrong("a key in letters, digits, _, . and -, 100 at most")
    if row["deleted"].flag():
        if extra := [name for name in row.value if name not in ("key", "deleted")]:
            raise row[extra[0]].wrong("nothing beside deleted")
        return Change(key=key, deleted=True)
    said: dict[str, Any] = {
        name: _name(row[name]) for name in ("name", "tier", "team") if row[name].found
    }
    if row["owner"].found:
        said["owner"] = _person(row["owner"])
    if row["stakeholders"].found:
        said["stakeholders"] = tuple(_stakeholder(one) for one in row["stakeholders"].items())
    if row["domains"].found:
        said["domains"] = _once(_domain(one) for one in row["domains"].items())
    if row["organisations"].found:
        said["organisations"] = _once(_word(one) for one in row["organisations"].items())
    return Change(key=key, **said)


def _person(node: Node, more: tuple[str, ...] = ()) -> Member:
    """One of ours; text is an e-mail address, null is nobody."""
    if not node:
        return Member()
    if isinstance(node.value, str):
        return Member(email=_email(node))
    _only(node.members(), (*PERSON, *more))
    parts = {name: _name(node[name]) for name in PERSON if name != "email"}
    who = Member(**parts, email=_email(node["email"]))
    if not who:
        raise node.wrong(f"at least one of {', '.join(PERSON)}")
    return who


def _stakeholder(node: Node) -> Stakeholder:
    role = "" if isinstance(node.value, str) else _name(node["role"])
    who = _person(node, ("role",))
    if not who:
        raise node.wrong("somebody")
    return Stakeholder(role=role, who=who)


def _email(node: Node) -> str:
    written = _name(node)
    if written and not re.fullmatch(r"[^@\s]+@[^@\s]+", written):
        raise node.wrong("an e-mail address")
    return written


def _domain(node: Node) -> str:
    """A domain of e-mail addresses, in lower case. Raises Unreadable for one that anybody may have an address of."""
    word = _word(node).removeprefix("@")
    if not _DOMAIN.fullmatch(word):
        raise node.wrong("a domain like acme.example")
    if word in FREEMAIL:
        raise node.wrong("a domain of the company's own: anybody can have an address there")
    return word


def _word(node: Node) -> str:
    word = _name(node).lower()
    if not word:
        raise node.wrong("a name")
    return word


def _name(node: Node) -> str:
    written = node.text()
    if len(written) > LONGEST_NAME or not written.isprintable():
        raise node.wrong(f"{LONGEST_NAME} plain letters at most")
    return written


def _once(words: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _only(node: Node, known: tuple[str, ...]) -> None:
    for name in node.value:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            near = f"{close[0]!r}, perhaps" if close else ", ".join(known)
            raise node[name].wrong(f"another name: {near}")
