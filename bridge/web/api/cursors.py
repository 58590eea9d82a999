"""Where a page of a list begins, as a word that means nothing to others, and holds for the list it came from alone."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from bridge.web.api.problems import Problem, invalid, wrong

T = TypeVar("T")

Cursor = Annotated[
    str,
    Meta(
        max_length=500,
        pattern="^[A-Za-z0-9_-]*$",
        description="`next` of the page before, with the same filters. Leave it out for the first page.",
    ),
]
Limit = Annotated[int, Meta(ge=1, le=200, description="How many at most: 1 to 200.")]


def written(place: object, asked: Struct) -> str:
    """The cursor of a place in the list that `asked` asks for."""
    told = msgspec.json.encode([_list(asked), place])
    return urlsafe_b64encode(told).decode().rstrip("=")


def read(cursor: str, place: type[T], asked: Struct) -> T | None:
    """The place that a cursor stands for, None for "". Raises Problem for one that is none of this list's.

    `place` may be any type that msgspec reads.
    """
    if not cursor:
        return None
    try:
        told = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        of, raw = msgspec.json.decode(told, type=tuple[str, msgspec.Raw])
        found = msgspec.json.decode(raw, type=place)
    except (ValueError, msgspec.MsgspecError):
        raise _unknown() from None
    if of != _list(asked):
        raise _unknown()
    return found


def _list(asked: Struct) -> str:
    """What tells one list from another: all that was asked for, but where it begins and how long it is."""
    plain = {
        name: value
        for name, value in msgspec.structs.asdict(asked).items()
        if name not in ("cursor", "limit")
    }
    return sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()[:12]


def _unknown() -> Problem:
    fix = "Send `next` of the page before with the filters that it was asked with, or leave it out."
    return invalid(wrong("cursor", "no cursor of this list", fix, "query"))
