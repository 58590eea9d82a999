"""Requests into Structs: what is not known is refused, and every field that is wrong is named, with the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo, fields, replace

from bridge.web.api.problems import FieldError, invalid, wrong

S = TypeVar("S", bound=Struct)

NO_NUL = r"^[^\u0000]*$"
"""PostgreSQL keeps any text but one with a NUL."""

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)]
Words = Annotated[str, Meta(max_length=5000, pattern=NO_NUL)]
Moment = Annotated[datetime, Meta(tz=True)]

_WHERE = re.compile(r" - at `\$\.?([^`]*)`$")


def convert(given: Mapping[str, Any], into: type[S], place: str) -> S:
    """What was given, as a Struct. Texts stand for numbers where `place` isn't the body. Raises Problem."""
    strict = place == "body"
    known = {one.encode_name: one for one in fields(into)}
    errors = [
        *(_unknown(name, known, place) for name in given if name not in known),
        *(
            _missing(one, place)
            for name, one in known.items()
            if one.required and name not in given
        ),
    ]
    for name, one in known.items():
        if name in given:
            errors += _checked(given[name], one, place, strict=strict)
    if errors:
        raise invalid(*errors)
    made = msgspec.convert(dict(given), into, strict=strict)
    return _in_utc(made, place)


def decode(body: bytes, into: type[S]) -> S:
    """A body, as a Struct. Raises Problem."""
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = str(error).partition(":")[0]
        raise invalid(wrong("", f"no valid JSON ({why})", "Send one JSON object.")) from None
    if not isinstance(given, dict):
        raise invalid(wrong("", "not a JSON object", "Send one JSON object: {…}."))
    return convert(given, into, "body")


def say(one: FieldInfo) -> str:
    """What a field is, in the words of its declaration."""
    return next((found.description for found in metas(one.type) if found.description), "")


def metas(kind: Any) -> Iterator[Meta]:
    """All that is said of a type beside it, and of those within, the outer first."""
    parts = get_args(kind)
    yield from (part for part in parts if isinstance(part, Meta))
    for part in parts:
        if not isinstance(part, Meta):
            yield from metas(part)


def _checked(value: Any, one: FieldInfo, place: str, *, strict: bool) -> Iterator[FieldError]:
    try:
        msgspec.convert(value, one.type, strict=strict)
    except msgspec.ValidationError as error:
        told = str(error)
        inner = _WHERE.search(told)
        name = one.encode_name + (inner[1] if inner else "")
        yield wrong(
            name, _plain(_WHERE.sub("", told)), say(one) or "Look at the documentation.", place
        )


def _plain(told: str) -> str:
    """msgspec's words without its marks."""
    if "matching regex" in told:
        return "holds a character, or has a form, that is not allowed"
    return told.replace("`", "")


def _unknown(name: str, known: Mapping[str, FieldInfo], place: str) -> FieldError:
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    listed = ", ".join(known) or "none"
    way = f"Did you mean {close[0]}?" if close else f"Leave it out; known are: {listed}."
    return wrong(name[:100], "not known", way, place)


def _missing(one: FieldInfo, place: str) -> FieldError:
    return wrong(one.encode_name, "is missing", say(one) or "Add it.", place)


def _in_utc(made: S, place: str) -> S:
    """With every moment in UTC. One so near the end of time that UTC has none is refused."""
    moments = {}
    for one in fields(made):
        value = getattr(made, one.name)
        if isinstance(value, datetime):
            try:
                moments[one.name] = value.astimezone(UTC)
            except OverflowError:
                fix = "Choose a time between the years 1 and 9999, in UTC."
                raise invalid(wrong(one.encode_name, "out of range", fix, place)) from None
    return replace(made, **moments) if moments else made
