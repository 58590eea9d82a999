"""What somebody means to touch, found in what they see: a message, a whisper, a modal, a home tab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bridge.sandbox import slack_inputs
from bridge.sandbox.slack_inputs import Impossible
from bridge.sandbox.slack_records import Message
from bridge.sandbox.slack_views import View
from bridge.sandbox.slack_workspace import Workspace
from bridge.sandbox.wire import Json

_MENUS = {"overflow", "static_select", "radio_buttons"}

Wanted: TypeAlias = Callable[[Json], Json | None]
"""What the action says besides the element's own fields; None for another element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Somebody's finger over a button or the entry of a menu."""

    user: str
    place: str
    """The ts of a message or the id of a view."""
    what: str
    """In words."""
    wanted: Wanted
    channel: str | None = None
    """Where the message is, if several have this ts."""
    version: int | None = None
    """The state of the message that the person still looks at, 0 the first; None for the present one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What was found there."""

    block: Json
    element: Json
    more: Json
    view: View | None = None
    message: Message | None = None
    blocks: list[Json]
    """All blocks of the message or view, as the person sees them."""


def button(action_id: str, value: str | None) -> Wanted:
    """The button with this action_id, and this value where one is given."""

    def wanted(element: Json) -> Json | None:
        if element["type"] != "button" or element.get("action_id") != action_id:
            return None
        return {} if value is None or element.get("value") == value else None

    return wanted


def entry(option_value: str, action_id: str | None) -> Wanted:
    """The entry of a menu with this value."""

    def wanted(element: Json) -> Json | None:
        if element["type"] not in _MENUS or action_id not in {None, element.get("action_id")}:
            return None
        for option in slack_inputs.options(element):
            if option.get("value") == option_value:
                return {"selected_option": {"text": option["text"], "value": option["value"]}}
        return None

    return wanted


def find(slack: Workspace, aim: Aim) -> Touched:
    """What the person touches. Raises Impossible where there is no such thing, or more than one."""
    view = slack.views.find(aim.place)
    if view is not None and view.user != aim.user:
        raise Impossible(f"{aim.user} does not see the view {aim.place}")
    found = _in_view(view, aim) if view is not None else _in_messages(slack, aim)
    if not found:
        raise Impossible(f"there is no {aim.what} in {aim.place}")
    if len(found) > 1:
        raise Impossible(f"there are several of {aim.what} in {aim.place}: say which")
    return found[0]


def _in_view(view: View, aim: Aim) -> list[Touched]:
    blocks = view.blocks
    return [
        Touched(block=block, element=element, more=more, view=view, blocks=blocks)
        for block, element in slack_inputs.elements(blocks)
        if (more := aim.wanted(element)) is not None
    ]


def _in_messages(slack: Workspace, aim: Aim) -> list[Touched]:
    """In any message with this ts: channels have their own, but seldom the same button in both."""
    seen = [one for one in slack.seen(aim.user, aim.place) if aim.channel in {None, one.channel}]
    if not seen:
        raise Impossible(f"{aim.user} sees no message {aim.place}")
    found = []
    for message in seen:
        looked = message.blocks if aim.version is None else message.versions[aim.version].blocks
        blocks = slack_inputs.numbered(looked)
        found += [
            Touched(block=block, element=element, more=more, message=message, blocks=blocks)
            for block, element in slack_inputs.elements(blocks)
            if (more := aim.wanted(element)) is not None
        ]
    return found
