"""The forms that open on a click in Slack. Pure: each gives the view to hand to views.open.

`callback_id` says what is being done, `private_metadata` for which alert and from which channel, as JSON:
{"ref": "AB-1A2B3C4D", "channel": "C0123ABCD"}. The `block_id` of an input is the field, its `action_id` always "value".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from bridge.domain.model import Coaching, Message, Outcome
from connectors.channels.slack_blocks import alert_blocks
from connectors.channels.slack_parts import (
    LONGEST_REF,
    Block,
    View,
    context,
    header,
    line,
    plain_text,
    ref_line,
    rich,
    run,
    said,
    size,
    title,
)
from connectors.plain import plain

VALUE = "value"
"""The `action_id` of every input."""

HOW = ("phone", "e-mail", "ticket", "chat", "visit")
"""By what a customer can have been contacted."""

_LONGEST_WORDS = 3000  # docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
_MOST_CAUSES = 100  # of one menu
_LONGEST_OPTION = 75
_LONGEST_VALUE = 150
_MOST_PEOPLE = 20
_LONGEST_LINE = 400
_STORY_ROOM = 20_000  # of the 250 kB that Slack takes for a view: nobody reads more

_OUTCOMES = {
    Outcome.RECOVERED: "Recovered: the customer is content again",
    Outcome.NOT_RECOVERED: "Not recovered",
    Outcome.UNREACHABLE: "Unreachable: the customer couldn't be reached",
    Outcome.NOT_JUSTIFIED: "Not justified: nothing had gone wrong",
}
_COACHING = {
    Coaching.NOT_NEEDED: "Not needed",
    Coaching.NEEDED: "Needed: somebody should talk to whoever handled it",
    Coaching.DONE: "Done",
}


def contact(ref: str, channel: str = "", headline: str = "") -> View:
    """How the customer was contacted: `how`, `reached` ("yes" or "no"), `words`.

    `channel` is where the button was pressed; `headline` says on top what it is about.
    """
    inputs = [
        _input("how", "How did you try?", _select((how, how.capitalize()) for how in HOW)),
        _input(
            "reached",
            "Did you reach them?",
            _radio((("yes", "Yes"), ("no", "No, I will try again")), first="yes"),
        ),
        _input("words", "What was said?", _words(), optional=True),
    ]
    return _form(_Where("contact", ref, channel), "Customer contacted", "Save", inputs, headline)


def resolve(ref: str, causes: Sequence[str], channel: str = "", headline: str = "") -> View:
    """How the case came out: `outcome`, `cause`, `words` (what was done), `coaching`, `coaching_words`.

    A menu holds a hundred causes, and the value of each at most 150 characters: what is longer isn't offered.
    Without any the field `cause` is left out.
    """
    outcomes = _select((one.value, _OUTCOMES[one]) for one in Outcome)
    coaching = _radio(
        ((one.value, _COACHING[one]) for one in Coaching), first=Coaching.NOT_NEEDED.value
    )
    inputs = [_input("outcome", "How did it come out?", outcomes)]
    if offered := _causes(causes):
        inputs.append(_input("cause", "What was the cause?", _select(offered)))
    inputs += [
        _input("words", "What was done?", _words()),
        _input("coaching", "Is coaching needed?", coaching),
        _input("coaching_words", "Coaching on what?", _words(), optional=True),
    ]
    return _form(_Where("resolve", ref, channel), "Resolve the alert", "Resolve", inputs, headline)


def snooze(ref: str, now: datetime, channel: str = "", headline: str = "") -> View:
    """When to be asked again: `until` (proposed: the next full hour but one), `words`."""
    proposed = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
    picker = {
        "type": "datetimepicker",
        "action_id": VALUE,
        "initial_date_time": int(proposed.timestamp()),
    }
    inputs = [
        _input("until", "Ask me again at", picker),
        _input("words", "Why?", _words(), optional=True),
    ]
    return _form(_Where("snooze", ref, channel), "Snooze the alert", "Snooze", inputs, headline)


def assign(ref: str, channel: str = "", headline: str = "") -> View:
    """Who is to have it: `person`."""
    picker = {"type": "users_select", "action_id": VALUE}
    inputs = [_input("person", "Who takes it?", picker)]
    return _form(_Where("assign", ref, channel), "Assign the alert", "Assign", inputs, headline)


def add(ref: str, channel: str = "", headline: str = "") -> View:
    """Who else is to be on it: `people`."""
    picker = {
        "type": "multi_users_select",
        "action_id": VALUE,
        "max_selected_items": _MOST_PEOPLE,
    }
    inputs = [_input("people", "Who else should know?", picker)]
    return _form(_Where("add", ref, channel), "Add people", "Add", inputs, headline)


def note(ref: str, channel: str = "", headline: str = "") -> View:
    """A note for the alert's story: `words`. It is shown to nobody outside."""
    inputs = [_input("words", "Note", _words(), hint="For the alert's story; no customer sees it.")]
    return _form(_Where("note", ref, channel), "Add a note", "Save", inputs, headline)


def coach(ref: str, channel: str = "", headline: str = "") -> View:
    """That the coaching was given: `words`."""
    inputs = [_input("words", "What was talked about?", _words(), optional=True)]
    return _form(_Where("coach", ref, channel), "Coaching was given", "Save", inputs, headline)


def show(message: Message, story: Sequence[str], channel: str = "") -> View:
    """The alert with its story, oldest line first, to read only; of a long story the newest lines."""
    told: list[Block] = []
    room = _STORY_ROOM
    for words in reversed(story):
        part = line(run(said(words, _LONGEST_LINE, lines=True) or "-"))
        room -= size(part)
        if room < 0:
            break
        told.append(part)
    built = [header(title(message)), *alert_blocks(message), {"type": "divider"}]
    if untold := len(story) - len(told):
        earlier = f"{untold} earlier line{'s' * (untold > 1)} not shown"
        built.append(context([plain_text(earlier)]))
    if told:
        bullets = {"type": "rich_text_list", "style": "bullet", "elements": told[::-1]}
        built.append(rich(bullets))
    where = _Where("show", message.ref, channel)
    return _view(where, "Alert", [*built, ref_line(message.ref)])


# --- parts of forms


class _Where(Struct, frozen=True):
    """What is being done, for which alert, and from which channel."""

    callback: str
    ref: str
    channel: str


def _form(where: _Where, name: str, submit: str, inputs: list[Block], headline: str) -> View:
    about = " · ".join(filter(None, (said(headline, 200), said(where.ref, LONGEST_REF)))) or "-"
    view = _view(where, name, [context([plain_text(about)]), *inputs])
    return view | {"submit": plain_text(submit), "close": plain_text("Cancel")}


def _view(where: _Where, name: str, built: list[Block]) -> View:
    metadata = {
        "ref": plain(where.ref, LONGEST_REF),
        "channel": plain(where.channel, LONGEST_REF),
    }
    return {
        "type": "modal",
        "callback_id": where.callback,
        "private_metadata": json.dumps(metadata),
        "title": plain_text(name),
        "close": plain_text("Close"),
        "blocks": built,
    }


def _input(
    field: str, label: str, element: Block, *, optional: bool = False, hint: str = ""
) -> Block:
    block: Block = {
        "type": "input",
        "block_id": field,
        "label": plain_text(label),
        "element": element,
        "optional": optional,
    }
    return block | ({"hint": plain_text(hint)} if hint else {})


def _words() -> Block:
    return {
        "type": "plain_text_input",
        "action_id": VALUE,
        "multiline": True,
        "max_length": _LONGEST_WORDS,
    }


def _select(options: Iterable[tuple[str, str]]) -> Block:
    return {"type": "static_select", "action_id": VALUE, "options": _options(options)}


def _radio(options: Iterable[tuple[str, str]], *, first: str) -> Block:
    drawn = _options(options)
    chosen = next(option for option in drawn if option["value"] == first)
    return {
        "type": "radio_buttons",
        "action_id": VALUE,
        "options": drawn,
        "initial_option": chosen,
    }


def _options(options: Iterable[tuple[str, str]]) -> list[Block]:
    return [
        {"text": plain_text(said(label, _LONGEST_OPTION)), "value": value}
        for value, label in options
    ]


def _causes(causes: Sequence[str]) -> list[tuple[str, str]]:
    """Each cause once; its value is the cause as it is configured, so that it is known again."""
    fit = [one for one in dict.fromkeys(causes) if plain(one) and len(one) <= _LONGEST_VALUE]
    return [(one, one) for one in fit[:_MOST_CAUSES]]
