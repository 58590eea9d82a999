"""What was before and after, field by field: only what differs, in words that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

NOTHING = "–"
LONGEST = 2000


class Changed(Struct, frozen=True):
    """A field with what it was and what it is; `NOTHING` where it wasn't there, or isn't any more."""

    field: str
    before: str
    after: str


def changes(before: Any, after: Any) -> list[Changed]:
    """The fields that differ, in the order in which they were kept; a value that is no table has no name."""
    old, new = dict(_flat(before)), dict(_flat(after))
    names = dict.fromkeys([*old, *new])
    return [
        Changed(name, _said(old.get(name)), _said(new.get(name)))
        for name in names
        if old.get(name) != new.get(name)
    ]


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Tables within tables as "digest.at"; lists stay whole, for their order may be what changed."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif value is not None:
        yield name, value


def _said(value: Any) -> str:
    match value:
        case None | "" | []:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case str():
            return value[:LONGEST]
        case Mapping():
            told = "; ".join(f"{key}: {_said(inner)}" for key, inner in value.items())
            return told[:LONGEST] or NOTHING
        case Sequence():
            return ", ".join(_said(inner) for inner in value)[:LONGEST]
        case _:
            return str(value)[:LONGEST]
