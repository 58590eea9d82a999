"""What can be pressed in Slack: buttons and menus, with the ids that the answering side goes by.

A button's `action_id` says what to do and its `value` is the alert's reference; an option of the menu has both in its
value ("snooze AB-1A2B3C4D").
"""

from __future__ import annotations

from bridge.domain.model import Message, Press
from connectors.channels.slack_parts import LONGEST_REF, Block, actions
from connectors.plain import plain

SHOW = "show"
MORE = "more"
BUTTONS = {
    Press.ACKNOWLEDGE: ("acknowledge", "Acknowledge"),
    Press.CONTACT: ("contact", "Contacted…"),
    Press.RESOLVE: ("resolve", "Resolve…"),
}
OPTIONS = {
    Press.SNOOZE: ("snooze", "Snooze…"),
    Press.ASSIGN: ("assign", "Assign to…"),
    Press.ADD: ("add", "Add people…"),
    Press.NOTE: ("note", "Add note…"),
    Press.COACH: ("coach", "Coaching was given…"),
    Press.REOPEN: ("reopen", "Open again"),
    Press.USEFUL: ("useful", "Useful"),
    Press.USELESS: ("useless", "Not useful"),
}
_OPEN = "Open"
_MOST_OPTIONS = 5  # docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element


def offers(message: Message) -> list[Block]:
    """Everything that can be done about the alert; [] where the message offers nothing.

    A menu holds five options: where there are more, the story is opened by a button instead.
    """
    buttons = _buttons(message)
    options = [_option(*OPTIONS[press], message) for press in OPTIONS if press in message.offers]
    if not (buttons or options) or not _ref(message):
        return []
    if 0 < len(options) < _MOST_OPTIONS:
        options.append(_option(SHOW, _OPEN, message))
    else:
        buttons.append(_button(SHOW, _OPEN, message))
    first, others = options[:_MOST_OPTIONS], options[_MOST_OPTIONS:]
    drawn = [actions(buttons + _menu(first))]
    return [*drawn, actions(_menu(others))] if others else drawn


def calls(message: Message) -> list[Block]:
    """The buttons alone, for a message that calls somebody to act."""
    buttons = _buttons(message)
    return [actions(buttons)] if buttons and _ref(message) else []


def row_buttons(message: Message) -> list[Block]:
    """The buttons of an alert in a list, and one to open its story."""
    if not _ref(message):
        return []
    return [actions([*_buttons(message), _button(SHOW, _OPEN, message)])]


def _buttons(message: Message) -> list[Block]:
    return [_button(*BUTTONS[press], message) for press in BUTTONS if press in message.offers]


def _button(action: str, label: str, message: Message) -> Block:
    button: Block = {
        "type": "button",
        "action_id": action,
        "text": _label(label),
        "value": _ref(message),
    }
    return button | ({"style": "primary"} if action == "acknowledge" else {})


def _menu(options: list[Block]) -> list[Block]:
    return [{"type": "overflow", "action_id": MORE, "options": options}] if options else []


def _option(what: str, label: str, message: Message) -> Block:
    return {"text": _label(label), "value": f"{what} {_ref(message)}"}


def _label(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def _ref(message: Message) -> str:
    return plain(message.ref, LONGEST_REF)
