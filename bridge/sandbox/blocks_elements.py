"""Block elements as Slack checks them: what each may hold, and in which blocks it may stand.

Fields, limits and places: docs.slack.dev/reference/block-kit/block-elements. Where its pages leave a
choice, the stricter reading is taken. Unconfirmed: that multi-selects are refused in `actions` blocks
(their pages name section and input), that options of one menu must differ in their values, and the
wording of faults beyond lengths, counts, types and additional properties.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from bridge.sandbox import blocks_texts as texts
from bridge.sandbox.blocks_texts import Problems, at
from bridge.sandbox.wire import Json

ID_LENGTH = 255
OVERFLOW = 5
"""Entries of an overflow menu. Today's page says "up to five"; earlier ones wanted two at least."""
CHOICES = 10
MENU = 100
_TYPED = 3000

_Check: TypeAlias = Callable[[Json, str], Problems]

_SECTION, _ACTIONS, _INPUT = "section", "actions", "input"
_ANYWHERE = frozenset({_SECTION, _ACTIONS, _INPUT})
_MULTI = frozenset({_SECTION, _INPUT})
_FIELD = frozenset({_INPUT})


def element(value: Any, where: str, block: str) -> Problems:
    """One element in a block of the type `block`."""
    if not isinstance(value, dict):
        yield at("must be an object", where)
        return
    kind = str(value.get("type"))
    if kind not in _ELEMENTS or block not in _ELEMENTS[kind][1]:
        yield at(f"unsupported type: {kind}", f"{where}/type")
        return
    check, _, fields = _ELEMENTS[kind]
    yield from check(value, where)
    if kind != "image":
        yield from texts.length(value.get("action_id"), ID_LENGTH, f"{where}/action_id", least=0)
    if "confirm" in value:
        yield from texts.confirm(value["confirm"], f"{where}/confirm")
    yield from texts.known(value, {"type", *fields.split()}, where)


def image(value: Json, where: str) -> Problems:
    """A picture, as a block or an element."""
    if "slack_file" not in value:
        yield from texts.length(value.get("image_url"), 3000, f"{where}/image_url")
    yield from texts.length(value.get("alt_text"), 2000, f"{where}/alt_text")
    if "title" in value:
        yield from texts.text(value["title"], f"{where}/title", 2000, plain=True)


def _button(value: Json, where: str) -> Problems:
    yield from texts.text(value.get("text"), f"{where}/text", 75, plain=True)
    for name, most in (("value", 2000), ("url", 3000), ("accessibility_label", 75)):
        yield from texts.length(value.get(name), most, f"{where}/{name}", least=0)
    yield from texts.style(value, where)


def _menu(value: Json, where: str) -> Problems:
    if "placeholder" in value:
        yield from texts.text(value["placeholder"], f"{where}/placeholder", 150, plain=True)
    if "max_selected_items" in value and not _is_whole(value["max_selected_items"], 1):
        yield at("must be a number greater than 0", f"{where}/max_selected_items")


def _select(value: Json, where: str) -> Problems:
    yield from _menu(value, where)
    groups = value.get("option_groups")
    if groups is None:
        yield from texts.options(value.get("options"), MENU, f"{where}/options", plain=True)
        found = value.get("options")
    else:
        if "options" in value:
            yield at("options and option_groups exclude one another", where)
        yield from texts.count(groups, MENU, f"{where}/option_groups")
        found = []
        for index, group in enumerate(groups if isinstance(groups, list) else []):
            spot = f"{where}/option_groups/{index}"
            if not isinstance(group, dict):
                yield at("must be an object", spot)
                continue
            yield from texts.text(group.get("label"), f"{spot}/label", 75, plain=True)
            yield from texts.options(group.get("options"), MENU, f"{spot}/options", plain=True)
            found += group.get("options") or []
    yield from _initial(value, found, where)


def _initial(value: Json, options: Any, where: str) -> Problems:
    """What is chosen at first must be one of the options, whole."""
    first = value.get("initial_options", [])
    chosen = [value["initial_option"]] if "initial_option" in value else first
    for one in chosen:
        if one not in (options or []):
            name = "initial_option" if "initial_option" in value else "initial_options"
            yield at(f"{name} must be one of the options", f"{where}/{name}")


def _overflow(value: Json, where: str) -> Problems:
    found = value.get("options")
    yield from texts.options(found, OVERFLOW, f"{where}/options", plain=True, url=True)


def _choices(value: Json, where: str) -> Problems:
    yield from texts.options(value.get("options"), CHOICES, f"{where}/options", plain=False)
    yield from _initial(value, value.get("options"), where)


def _typed(value: Json, where: str) -> Problems:
    yield from _menu(value, where)
    yield from texts.length(value.get("initial_value"), _TYPED, f"{where}/initial_value", least=0)
    for name, least in (("min_length", 0), ("max_length", 1)):
        if name in value and not _is_whole(value[name], least, _TYPED):
            yield at(f"must be a number from {least} to {_TYPED}", f"{where}/{name}")


def _number(value: Json, where: str) -> Problems:
    yield from _menu(value, where)
    if not isinstance(value.get("is_decimal_allowed"), bool):
        yield at("missing required field: is_decimal_allowed", where)


def _moment(value: Json, where: str) -> Problems:
    first = value.get("initial_date_time")
    if first is not None and not _is_whole(first, 10**9, 10**10 - 1):
        yield at("must be a number of 10 digits", f"{where}/initial_date_time")


def _is_whole(value: Any, least: int, most: float = float("inf")) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


_SELECT = "action_id placeholder confirm focus_on_load"
_WRITTEN = "action_id placeholder initial_value focus_on_load dispatch_action_config"
_SEVERAL = f"{_SELECT} max_selected_items"

_ELEMENTS: dict[str, tuple[_Check, frozenset[str], str]] = {
    "button": (
        _button,
        frozenset({_SECTION, _ACTIONS}),
        "action_id text value url style confirm accessibility_label",
    ),
    "overflow": (_overflow, frozenset({_SECTION, _ACTIONS}), "action_id options confirm"),
    "image": (image, frozenset({_SECTION}), "image_url slack_file alt_text"),
    "static_select": (_select, _ANYWHERE, f"{_SELECT} options option_groups initial_option"),
    "multi_static_select": (
        _select,
        _MULTI,
        f"{_SEVERAL} options option_groups initial_options",
    ),
    "users_select": (_menu, _ANYWHERE, f"{_SELECT} initial_user"),
    "multi_users_select": (_menu, _MULTI, f"{_SEVERAL} initial_users"),
    "conversations_select": (
        _menu,
        _ANYWHERE,
        f"{_SELECT} initial_conversation default_to_current_conversation response_url_enabled filter",
    ),
    "multi_conversations_select": (
        _menu,
        _MULTI,
        f"{_SEVERAL} initial_conversations default_to_current_conversation filter",
    ),
    "channels_select": (_menu, _ANYWHERE, f"{_SELECT} initial_channel response_url_enabled"),
    "multi_channels_select": (_menu, _MULTI, f"{_SEVERAL} initial_channels"),
    "external_select": (_menu, _ANYWHERE, f"{_SELECT} initial_option min_query_length"),
    "multi_external_select": (_menu, _MULTI, f"{_SEVERAL} initial_options min_query_length"),
    "datepicker": (_menu, _ANYWHERE, f"{_SELECT} initial_date"),
    "timepicker": (_menu, _ANYWHERE, f"{_SELECT} initial_time timezone"),
    "datetimepicker": (
        _moment,
        frozenset({_ACTIONS, _INPUT}),
        "action_id confirm focus_on_load initial_date_time",
    ),
    "checkboxes": (
        _choices,
        _ANYWHERE,
        "action_id options initial_options confirm focus_on_load",
    ),
    "radio_buttons": (
        _choices,
        _ANYWHERE,
        "action_id options initial_option confirm focus_on_load",
    ),
    "plain_text_input": (_typed, _FIELD, f"{_WRITTEN} multiline min_length max_length"),
    "number_input": (_number, _FIELD, f"{_WRITTEN} is_decimal_allowed min_value max_value"),
    "email_text_input": (_menu, _FIELD, _WRITTEN),
    "url_text_input": (_menu, _FIELD, _WRITTEN),
}
"""By type: its check, the blocks that it may stand in, its fields."""
