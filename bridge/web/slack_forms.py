"""The forms that clicks in Slack open, and what is wrong with what somebody filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from bridge.domain.alerts import Change
from bridge.domain.model import Alert, Press, Pressed
from bridge.domain.presses import offered, press
from bridge.settings import Settings
from connectors.channels import slack_modals
from connectors.channels.slack_parts import View
from connectors.people.slack_payload import MODALS

LONGEST_SNOOZE = timedelta(days=90)

FIRST = {
    "contact": "how",
    "resolve": "outcome",
    "snooze": "until",
    "assign": "person",
    "add": "people",
    "note": "words",
    "coach": "words",
}
"""The field of each form under which it is said why the whole can't be done."""


def form(what: str, alert: Alert, channel: str, settings: Settings, now: datetime) -> View:
    """The form for `what` ("contact", "snooze"), to be opened in `channel` ("" elsewhere)."""
    ref = alert.ref
    about = alert.standing[0].finding.headline if alert.standing else ""
    drawn: Mapping[str, Callable[[], View]] = {
        "contact": lambda: slack_modals.contact(ref, channel, about),
        "resolve": lambda: slack_modals.resolve(ref, settings.loop.causes, channel, about),
        "snooze": lambda: slack_modals.snooze(ref, now, channel, about),
        "assign": lambda: slack_modals.assign(ref, channel, about),
        "add": lambda: slack_modals.add(ref, channel, about),
        "note": lambda: slack_modals.note(ref, channel, about),
        "coach": lambda: slack_modals.coach(ref, channel, about),
    }
    return drawn[what]()


def hindrance(what: str, alert: Alert, asked: Pressed) -> str:
    """Why no form is opened for who asked, whatever they would fill in; "" if nothing hinders it."""
    if MODALS[what] in offered(alert):
        return ""
    action = Press.COACH if what == "coach" else Press.ACKNOWLEDGE  # both say how it stands
    return _refusal(alert, replace(asked, action=action)) or "That can't be done about it any more."


def complaints(what: str, alert: Alert, pressed: Pressed, now: datetime) -> dict[str, str]:
    """What is wrong with what was filled in, by field; {} if nothing is."""
    found = {
        field: words
        for field, given, words in _NEEDED.get(pressed.action, ())
        if not given(pressed)
    }
    if pressed.until and pressed.until <= now:
        found["until"] = "Choose a time in the future."
    elif pressed.until and pressed.until > now + LONGEST_SNOOZE:
        found["until"] = f"Choose a time within the next {LONGEST_SNOOZE.days} days."
    if not found and (refusal := _refusal(alert, pressed)):
        found[FIRST[what]] = refusal
    return found


_Need = tuple[str, Callable[[Pressed], object], str]

_NEEDED: Mapping[Press, Sequence[_Need]] = {
    Press.CONTACT: [("how", lambda it: it.how, "Choose how you tried.")],
    Press.RESOLVE: [
        ("outcome", lambda it: it.outcome, "Choose how it came out."),
        ("cause", lambda it: it.cause, "Choose what the cause was."),
        ("words", lambda it: it.words, "Write what was done."),
    ],
    Press.SNOOZE: [("until", lambda it: it.until, "Choose until when.")],
    Press.ASSIGN: [("person", lambda it: it.people, "Choose who takes it.")],
    Press.ADD: [("people", lambda it: it.people, "Choose at least one person.")],
    Press.NOTE: [("words", lambda it: it.words, "Write something.")],
}
"""What each form has to say: the field, what is there if it was filled in, and what is told if it wasn't."""


def _refusal(alert: Alert, pressed: Pressed) -> str:
    _, steps = press(alert, pressed)
    return next((step.words for step in steps if step.change is Change.REFUSED), "")
