"""Reading what vendors send: JSON and forms whose every part may be missing, null or of another type.

All that is wrong comes out as Unreadable and names the field: "detail.id: expected a string or a number, got null".
Texts come out without NUL characters, which PostgreSQL cannot store; ids that hold one are refused.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from bridge.domain.model import Unreadable
from connectors import Incoming, Response

DEEPEST = 64  # levels of nesting; no vendor's payload comes near it
LONGEST_ID = 200

_BOM = b"\xef\xbb\xbf"
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?"
    r"\s*(?:(Z|UTC)|([+-])(\d\d):?(\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_EPOCH = re.compile(r"\d{9,16}(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?", re.ASCII)
_TICKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)

YES = frozenset({"yes", "y", "true", "1", "on", "solved", "resolved"})
NO = frozenset(
    {"no", "n", "false", "0", "off", "unsolved", "unresolved", "not solved", "not resolved"}
)


class Node(Struct, frozen=True):
    """A value in what was sent, and where it stands. `found` is False where there is nothing at all."""

    value: Any
    path: str = ""
    found: bool = True

    def __getitem__(self, key: str) -> Node:
        """The member of that name; of nothing and of null, nothing. Raises Unreadable if this is no object."""
        path = f"{self.path}.{key}" if self.path else key
        if self.value is None:
            return Node(None, path, found=False)
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return Node(self.value.get(key), path, key in self.value)

    def __bool__(self) -> bool:
        """Whether there is something: neither missing nor null nor empty text."""
        return self.value is not None and self.value != ""

    def members(self) -> Node:
        """Itself, if it is an object. Raises Unreadable."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return self

    def items(self) -> Iterator[Node]:
        """The members of a list; nothing and null count as empty. Raises Unreadable."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        for n, value in enumerate(self.value):
            yield Node(value, f"{self.path}[{n}]")

    def id(self, *, need: bool = False) -> str:
        """An id as text, whether it was sent as a string or a number; "" for nothing unless needed.

        Raises Unreadable also for ids longer than 200 characters or with control characters.
        """
        value = self.value
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
            return str(value)
        if isinstance(value, str):
            text = value.strip()
            if len(text) > LONGEST_ID or not text.isprintable():
                raise Unreadable(f"{self.path}: expected an id, got {len(text)} odd characters")
            if text or not need:
                return text
            raise Unreadable(f"{self.path}: expected an id, got an empty string")
        if value is None and not need:
            return ""
        raise self.wrong("a string or a number")

    def text(self) -> str:
        """A text without white space around it and NUL characters in it; "" for nothing. Raises Unreadable."""
        if self.value is None:
            return ""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | float):
            raise self.wrong("a string")
        if isinstance(self.value, int) and abs(self.value) >= 2**63:
            raise Unreadable(f"{self.path}: expected a string, got a number of monstrous size")
        return str(self.value).replace("\x00", "").strip()

    def word(self) -> str:
        """A text in lower case."""
        return self.text().lower()

    def number(self) -> float | None:
        """A finite number, also one sent as text ("4", "4,5"); None for nothing. Raises Unreadable."""
        value = self.value
        if value is None or value == "":
            return None
        if isinstance(value, str):
            plain = value.strip()
            if not _NUMBER.fullmatch(plain):
                raise self.wrong("a number")
            return float(plain.replace(",", "."))
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= 2**63:
            raise self.wrong("a number")
        if not math.isfinite(value):
            raise self.wrong("a number")
        return float(value)

    def flag(self) -> bool | None:
        """Yes or no, also in words; None for nothing. Raises Unreadable."""
        if self.value is None or isinstance(self.value, bool):
            return self.value
        word = self.word()
        if not word:
            return None
        if word in YES or word in NO:
            return word in YES
        raise self.wrong("yes or no")

    def time(self) -> datetime | None:
        """A moment in UTC; None for nothing. Raises Unreadable."""
        if not self:
            return None
        value = self.value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.wrong("a time")
        try:
            return moment(value)
        except Unreadable as error:
            raise Unreadable(f"{self.path}: {error}") from None

    def tags(self) -> tuple[str, ...]:
        """Tags from a list or from one text with spaces between; () for nothing. Raises Unreadable."""
        if isinstance(self.value, str):
            return tuple(self.text().split())
        return tuple(filter(None, (item.text() for item in self.items())))

    def link(self) -> str:
        """A web address; "" for nothing and for any other kind of address."""
        text = self.text()
        return text if re.match(r"https?://[^\s<>\"]+$", text) else ""

    def wrong(self, expected: str) -> Unreadable:
        """The error that something else was expected here."""
        got = _kind(self.value) if self.found else "nothing"
        return Unreadable(f"{self.path or 'the body'}: expected {expected}, got {got}")


def moment(value: str | float) -> datetime:
    """The moment in ISO 8601 text or in seconds or milliseconds since 1970, in UTC. Raises Unreadable.

    Any number of fractional digits is taken and cut to six; the seconds, or the whole time of day, may be missing.
    A time without a zone counts as UTC: that is how the vendors that leave it out mean it.
    """
    text = str(value).strip() if isinstance(value, str) or abs(value) < 2**63 else ""
    try:
        if _EPOCH.fullmatch(text):
            seconds = float(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds >= 1e11 else seconds, UTC)
        if match := _TIME.fullmatch(text):
            year, month, day, hour, minute, second, fraction, _, sign, east, south = match.groups()
            offset = timedelta(hours=int(east or 0), minutes=int(south or 0))
            return datetime(
                int(year),
                int(month),
                int(day),
                int(hour or 0),
                int(minute or 0),
                int(second or 0),
                int((fraction or "")[:6].ljust(6, "0")),
                tzinfo=timezone(-offset if sign == "-" else offset),
            ).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise Unreadable(f"expected a time, got {text[:40]!r}")


def decode(body: bytes) -> Node:
    """JSON in UTF-8, with or without a byte order mark. Raises Unreadable."""
    raw = body.removeprefix(_BOM)
    try:
        value = msgspec.json.decode(raw)
    except RecursionError:
        raise Unreadable(f"the body: nested deeper than {DEEPEST} levels") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"the body: not JSON: {error}") from None
    if raw.count(b"[") + raw.count(b"{") > DEEPEST:
        _check_depth(value)
    return Node(value)


def decode_form(body: bytes) -> Node:
    """A URL-encoded form as a flat object; of a repeated field the first value. Raises Unreadable."""
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=1000
        )
    except ValueError as error:
        raise Unreadable(f"the body: not a form: {error}") from None
    return Node(dict(reversed(pairs)))


def fingerprint(value: Any) -> str:
    """A short digest of a decoded value: the same for the same content in any order of members."""
    plain = value if isinstance(value, bytes) else msgspec.json.encode(value, order="sorted")
    return hashlib.sha256(plain).hexdigest()[:32]


def subject(source: str, desk: str, ticket: str, answer: str) -> str:
    """The subject of a survey answer: the ticket it names, or itself.

    What a survey says about its ticket has often passed through the customer's address bar. What doesn't look
    like a ticket's id ("", "xxxxx", "{{ticket.id}}") is taken for none.
    """
    key = ticket.strip().removeprefix("#")
    if desk and _TICKET.fullmatch(key) and set(key.lower()) != {"x"}:
        return f"{desk}:{key}"
    return f"answer:{source}:{answer}"


def only_post(incoming: Incoming) -> Response | None:
    """The answer of a source whose vendor doesn't probe: a word to whoever opens the address in a browser."""
    if incoming.method == "POST":
        return None
    return Response(status=405, body="This address takes webhooks by POST.\n")


def _check_depth(value: Any) -> None:
    level, deep = [value], 0
    while level:
        deep += 1
        if deep > DEEPEST:
            raise Unreadable(f"the body: nested deeper than {DEEPEST} levels")
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str():
            return f"the string {value[:40]!r}" if value else "an empty string"
        case list():
            return "a list"
    return "an object"
