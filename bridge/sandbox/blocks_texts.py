"""The small things that Block Kit is made of: texts, lengths, options, confirmations.

Limits: docs.slack.dev/reference/block-kit/composition-objects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, TypeAlias

from bridge.sandbox.wire import Json

Problems: TypeAlias = Iterator[str]

OPTION_TEXT = 75
OPTION_VALUE = 150
"""docs.slack.dev and the SDK say 150; documentation of earlier years said 75."""


def text(value: Any, where: str, most: int, *, plain: bool = False) -> Problems:
    """A text object of at most `most` characters."""
    kinds = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
    if not isinstance(value, dict):
        yield at("missing required field: text", where)
    elif value.get("type") not in kinds:
        yield at(f"must be one of: {', '.join(sorted(kinds))}", f"{where}/type")
    else:
        yield from length(value.get("text"), most, f"{where}/text")
        own = {"emoji"} if value["type"] == "plain_text" else {"verbatim"}
        yield from known(value, {"type", "text"} | own, where)


def length(value: Any, most: int, where: str, *, least: int = 1) -> Problems:
    """A string of `least` to `most` characters; it may be absent when `least` is 0."""
    if value is None and not least:
        return
    if not isinstance(value, str):
        yield at("must be a string", where)
    elif len(value) > most:
        yield at(f"must be less than {most + 1} characters", where)
    elif len(value) < least:
        yield at(f"must be more than {least - 1} characters", where)


def count(items: Any, most: int, where: str, *, least: int = 1) -> Problems:
    """A list of `least` to `most` things."""
    if not isinstance(items, list):
        yield at("must be an array", where)
    elif len(items) > most:
        yield at(f"no more than {most} items allowed", where)
    elif len(items) < least:
        yield at(f"must have at least {least} items", where)


def known(value: Json, names: Collection[str], where: str) -> Problems:
    """Slack refuses what it does not know instead of leaving it aside."""
    for name in sorted(value.keys() - set(names)):
        yield at(f"invalid additional property: {name}", where)


def options(found: Any, most: int, where: str, *, plain: bool, url: bool = False) -> Problems:
    """Options to choose from, each with a value of its own."""
    yield from count(found, most, where)
    if not isinstance(found, list):
        return
    values: set[str] = set()
    for index, option in enumerate(found):
        spot = f"{where}/{index}"
        if not isinstance(option, dict):
            yield at("must be an object", spot)
            continue
        yield from text(option.get("text"), f"{spot}/text", OPTION_TEXT, plain=plain)
        yield from length(option.get("value"), OPTION_VALUE, f"{spot}/value")
        if "description" in option:
            yield from text(option["description"], f"{spot}/description", 75, plain=plain)
        if url:
            yield from length(option.get("url"), 3000, f"{spot}/url", least=0)
        yield from known(
            option, {"text", "value", "description"} | ({"url"} if url else set()), spot
        )
        value = str(option.get("value"))
        if value in values:
            yield at(f"option value {value} already exists", f"{spot}/value")
        values.add(value)


def confirm(value: Any, where: str) -> Problems:
    """The question before a button acts."""
    if not isinstance(value, dict):
        yield at("must be an object", where)
        return
    for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        yield from text(value.get(name), f"{where}/{name}", most, plain=name != "text")
    yield from style(value, where)
    yield from known(value, {"title", "text", "confirm", "deny", "style"}, where)


def style(value: Json, where: str) -> Problems:
    """The colour of a button: the usual one is said by leaving it out."""
    if value.get("style", "primary") not in {"primary", "danger"}:
        yield at("must be a valid enum value", f"{where}/style")


def at(what: str, where: str) -> str:
    """A fault as Slack words it, without its `[ERROR]`."""
    return f"{what} [json-pointer:{where}]"
