"""One person in whatever is stored: how they are found in a text, and what stands there instead of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote

from msgspec import Struct

MARK = "erased-"
"""How every mark begins."""

SHORTEST_PHONE = 7
"""Fewer digits than these are no phone number to look for in texts."""

_BETWEEN = "[^0-9A-Za-z]{0,2}"  # what people write between the digits of a number
_BEFORE, _AFTER = r"(?<![\w.%+-])", r"(?![\w-]|\.\w)"


class Person(Struct, frozen=True, kw_only=True, dict=True):
    """Somebody, by all that names them for certain.

    `desk_users` are "<desk>:<id>" of theirs as a customer, `slack` ids of members, `keys` what ladders call them by;
    `phones` are digits alone. `ours`: one of our own people. `mark` is what stands in their place: the same for all
    that is theirs, so that counts stay as they are, and nothing that leads back to them.
    """

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    desk_users: tuple[str, ...] = ()
    slack: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    ours: bool = False
    mark: str = "erased"

    @cached_property
    def loose(self) -> str:
        """A regular expression, for PostgreSQL too, that matches wherever they may be named; "" for none."""
        return "|".join(self._needles(self.names if self.ours else ()))

    @cached_property
    def raw(self) -> str:
        """The same for bytes as PostgreSQL shows them with `encode(…, 'escape')`, and as forms write them."""
        written = [*self.emails, *(quote(email, safe="") for email in self.emails)]
        shown = [re.escape(_escaped(one)) for one in (*written, *self.names) if _whole(one)]
        return "|".join([*shown, *map(_digits, self.phones)])

    def is_in(self, contact: Mapping[str, Any]) -> bool:
        """Whether a contact is theirs: by its address, or its number."""
        email, phone = str(contact.get("email", "")), str(contact.get("phone", ""))
        return email.lower() in self.emails or _only_digits(phone) in self.phones

    def taken_out(self, value: Any, *, names: bool | None = None) -> Any:
        """A JSON value with the mark wherever they are named; words and voice of what has their contact are gone.

        `names`: by name, too; as usual for our own people alone, for a customer may have a namesake.
        """
        named = self.ours if names is None else names
        return self._taken(value, self._found if named else self._found_but_names)

    @cached_property
    def _found(self) -> re.Pattern[str]:
        return self._compiled(self.names)

    @cached_property
    def _found_but_names(self) -> re.Pattern[str]:
        return self._compiled(())

    def _compiled(self, names: Sequence[str]) -> re.Pattern[str]:
        needles = "|".join(self._needles(names)) or r"(?!)"
        return re.compile(f"{_BEFORE}\\+?(?:{needles}){_AFTER}", re.IGNORECASE)

    def _needles(self, names: Sequence[str]) -> Iterator[str]:
        for exact in (*self.emails, *self.slack, *filter(_whole, names)):
            yield re.escape(exact)
        yield from map(_digits, self.phones)

    def _taken(self, value: Any, found: re.Pattern[str]) -> Any:
        match value:
            case str():
                if value in self.desk_users:
                    return f"{value.partition(':')[0]}:{self.mark}"
                return found.sub(self.mark, value)
            case list():
                return [self._taken(one, found) for one in value]
            case dict():
                rest = self._without_words(value)
                return {
                    found.sub(self.mark, name): self.mark
                    if name == "key" and one in self.keys
                    else self._taken(one, found)
                    for name, one in rest.items()
                }
        return value

    def _without_words(self, value: dict[str, Any]) -> dict[str, Any]:
        """What a survey answer or a finding holds but what they said, where it is theirs."""
        contact = value.get("contact")
        if not isinstance(contact, dict) or not self.is_in(contact):
            return value
        rest = {k: v for k, v in value.items() if k not in ("contact", "words", "recording")}
        if "level" in rest:
            rest["level"] = f"{str(rest['level']).partition('|')[0]}|||||"
        return rest


def phone_of(written: str) -> str:
    """A number's digits, however it is written, without zeros before it; "" for what is too short to be one."""
    digits = _only_digits(written)
    return digits if len(digits) >= SHORTEST_PHONE else ""


def _only_digits(written: str) -> str:
    return re.sub(r"\D", "", written).lstrip("0")


def _digits(phone: str) -> str:
    return _BETWEEN.join(phone)


def _whole(name: str) -> bool:
    """Whether a name is more than a word, or an address: a first name alone says of nobody for certain."""
    return "@" in name or "%40" in name or len(name.split()) > 1


def _escaped(written: str) -> str:
    return "".join(chr(b) if b < 128 and b != 92 else f"\\{b:03o}" for b in written.encode())
