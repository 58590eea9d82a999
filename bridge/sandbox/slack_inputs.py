"""What people can touch in blocks, and what filled-in fields look like on the wire (`state.values`).

Shapes: docs.slack.dev/reference/interaction-payloads/view_submission-payload and the pages of the
block elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from bridge.sandbox.wire import Json

_HOLDS = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
"""By element: where its state says what is chosen, and where the block says what is chosen at first."""

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WEB = re.compile(r"https?://\S+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d\d:\d\d")


class Impossible(Exception):
    """A person could not do this: there is no such button or field, or Slack itself does not let it through."""


def numbered(blocks: Iterable[Json]) -> list[Json]:
    """The blocks with a block_id each: Slack gives one to a block that has none."""
    return [{"block_id": f"b{index}"} | block for index, block in enumerate(blocks)]


def elements(blocks: Iterable[Json]) -> Iterator[tuple[Json, Json]]:
    """What can be touched, each with its block."""
    for block in blocks:
        found = [block.get("accessory"), block.get("element")]
        if block["type"] == "actions":
            found += block["elements"]
        yield from ((block, one) for one in found if one and one["type"] != "image")


def options(element: Json) -> list[Json]:
    """What can be chosen from it."""
    groups = element.get("option_groups") or [element]
    return [option for group in groups for option in group.get("options", [])]


def initial_values(blocks: Iterable[Json]) -> Json:
    """The state of a view that nobody has touched: each field with what it starts with."""
    values: Json = {}
    for block, element in elements(blocks):
        kind = element["type"]
        if kind in _HOLDS:
            member, first = _HOLDS[kind]
            nothing: list[Any] | None = [] if member.endswith("s") else None
            state = {"type": kind, member: element.get(first, nothing)}
            values.setdefault(block["block_id"], {})[_action(element)] = state
    return values


def choose(values: Json, block: Json, element: Json, chosen: Json) -> None:
    """Keep in the state what was chosen in a menu that keeps it; an overflow menu does not."""
    if chosen and element["type"] in _HOLDS:
        values[block["block_id"]][_action(element)] = {"type": element["type"], **chosen}


def filled(blocks: Iterable[Json], values: Json, entered: Json, people: Iterable[str]) -> Json:
    """The state after `entered` ({block_id: value}) was put into the fields that have the state `values`.

    A value is the text, the option's value, the ids of people or channels, a date, a time or epoch
    seconds; a list where several can be chosen; None empties the field. Raises Impossible for fields
    that are not there, for what cannot be entered, and for required fields that stay empty.
    """
    fields = {
        block["block_id"]: (block, element)
        for block, element in elements(blocks)
        if element["type"] in _HOLDS
    }
    if unknown := sorted(entered.keys() - fields.keys()):
        raise Impossible(f"no field {', '.join(unknown)}: there are {', '.join(fields) or 'none'}")
    known = set(people)
    result: Json = {block: dict(states) for block, states in values.items()}
    for name in entered:
        element = fields[name][1]
        kind, action = element["type"], _action(element)
        member = _HOLDS[kind][0]
        result[name][action] = {"type": kind, member: _chosen(name, element, entered[name], known)}
    for name, (block, element) in fields.items():
        kind, action = element["type"], _action(element)
        required = block["type"] == "input" and not block.get("optional", False)
        if required and result[name][action][_HOLDS[kind][0]] in (None, "", []):
            raise Impossible(f"{name} is required")
    return result


def _chosen(name: str, element: Json, value: Any, people: set[str]) -> Any:
    kind = element["type"]
    if _HOLDS[kind][0].endswith("s"):
        chosen = [] if value is None else list(value)
        if len(chosen) > element.get("max_selected_items", len(chosen)):
            raise Impossible(f"{name} takes at most {element['max_selected_items']}")
        return [_one(name, element, each, people) for each in chosen]
    return None if value is None or value == "" else _one(name, element, value, people)


def _one(name: str, element: Json, value: Any, people: set[str]) -> Any:
    kind = element["type"]
    if "static_select" in kind or kind in {"radio_buttons", "checkboxes"}:
        known = {option["value"]: option for option in options(element)}
        if value not in known:
            raise Impossible(f"{name} has no option {value!r}: there are {', '.join(known)}")
        return {"text": known[value]["text"], "value": value}
    if kind == "datetimepicker":
        if not isinstance(value, int) or not 10**9 <= value < 10**10:
            raise Impossible(f"{name} takes epoch seconds, ten digits")
        return value
    if not isinstance(value, str):
        raise Impossible(f"{name} takes text")
    if "users_select" in kind and value not in people:
        raise Impossible(f"{name}: there is nobody with the id {value}")
    return _written(name, element, value)


def _written(name: str, element: Json, value: str) -> str:
    patterns = {
        "email_text_input": _ADDRESS,
        "url_text_input": _WEB,
        "number_input": _NUMBER,
        "datepicker": _DAY,
        "timepicker": _TIME,
    }
    pattern = patterns.get(element["type"])
    if pattern is not None and not pattern.fullmatch(value):
        raise Impossible(f"{name} does not take {value!r}")
    if element["type"] == "plain_text_input":
        if len(value) > element.get("max_length", 3000):
            raise Impossible(f"{name} is too long")
        if len(value) < element.get("min_length", 0):
            raise Impossible(f"{name} is too short")
    return value


def _action(element: Json) -> str:
    return str(element.get("action_id", "unnamed"))
