"""What the thread of an alert says of each step, and what is said so loudly that somebody looks. Knows no vendor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from bridge.domain.alerts import Change, Step
from bridge.domain.model import Alert

BY_PEOPLE = {
    Change.ACKNOWLEDGED: "has it in hand",
    Change.ATTEMPTED: "tried to reach the customer",
    Change.CONTACTED: "contacted the customer",
    Change.RESOLVED: "resolved it",
    Change.COMPLETED: "completed the report",
    Change.COACHED: "gave the coaching that it called for",
    Change.REOPENED: "opened it again",
    Change.SNOOZED: "wants to be asked again later",
    Change.NOTED: "noted",
    Change.USEFUL: "says that it was useful",
    Change.USELESS: "says that it was not useful",
}
"""What somebody did, behind their name."""

GOALS = {
    "acknowledge": "take it in hand",
    "contact": "contact the customer",
    "resolve": "resolve it",
    "close": "write down the cause and close it",
}
"""What is to be done for each goal of the loop."""


class Call(Struct, frozen=True):
    """Something that somebody has to notice, `until` what is done makes it moot (see `Delivery.calls`)."""

    why: str
    text: str
    until: str
    by_name: bool = True


def call(alert: Alert, step: Step) -> Call | None:
    """What is said in the channel for all to see; None for a step that calls nobody."""
    said = _CALLS.get(step.change)
    if said is None or (step.change is Change.REOPENED and step.who):
        return None
    return said(alert, step)


def reply(alert: Alert, step: Step) -> str:
    """What the thread says of a step that calls nobody; "" for nothing."""
    if said := _REPLIES.get(step.change):
        return said(alert, step)
    if step.change not in BY_PEOPLE:
        return ""
    who = str(step.who) or "The customer"
    return f"{who} {BY_PEOPLE[step.change]}" + (f": {step.words}" if step.words else ".")


def goal(alert: Alert, step: Step) -> str:
    """A goal that is near or missed."""
    what = GOALS.get(step.goal, step.goal)
    promise = alert.promises.get(step.goal)
    if promise is None:  # opened again in between, when it was no goal any more
        return f"{step.change.value.capitalize()}: {what}."
    due = f"{promise.due_at:%Y-%m-%d %H:%M} UTC"
    return (
        f"To do by {due}: {what}."
        if step.change is Change.NEAR
        else f"Missed, was due {due}: {what}."
    )


def waited(alert: Alert, at: datetime) -> str:
    """How long nobody has taken it: " for 1 h 30 min"; "" for less than a minute."""
    minutes = max(0, int((at - (alert.reopened_at or alert.opened_at)).total_seconds() // 60))
    hours, left = divmod(minutes, 60)
    parts = [f"{many} {unit}" for many, unit in ((hours, "h"), (left, "min")) if many]
    return " for " + " ".join(parts) if parts else ""


def _nobody(alert: Alert, at: datetime) -> str:
    return f"Nobody has taken this in hand{waited(alert, at)}"


def _rise(step: Step) -> str:
    if step.rise is None:
        return "nobody"
    return f"{step.rise.who} ({step.rise.role})" if step.rise.role else str(step.rise.who)


def _headline(_: Alert, step: Step) -> str:
    return step.finding.headline if step.finding else ""


_REPLIES: Mapping[Change, Callable[[Alert, Step], str]] = {
    Change.ENDED: lambda alert, _: f"Resolved itself: {alert.ended}.",
    Change.ADDED: lambda alert, step: f"A further reason: {_headline(alert, step)}",
    Change.NEARED: _headline,
    Change.ACKNOWLEDGED: lambda _, step: f"Acknowledged by {step.who}: no more reminders.",
    Change.ASSIGNED: lambda _, step: f"{step.who} gave it to {', '.join(map(str, step.people))}.",
    Change.JOINED: lambda _, step: f"{step.who} added {', '.join(map(str, step.people))}.",
    Change.ASKED: lambda *_: "The customer is asked whether it was put right.",
    Change.HEARD: lambda _, step: f"The customer answered: {step.words}",
    Change.CHECKED: lambda _, step: f"What became of the customer, {step.words}",
}

_CALLS: Mapping[Change, Callable[[Alert, Step], Call]] = {
    Change.RAISED: lambda alert, step: Call(
        "the severity was raised",
        f"Now {alert.severity.name.lower()}: {_headline(alert, step)}",
        "resolve",
    ),
    Change.REMINDED: lambda alert, step: Call(
        "a reminder", f"Still open: {_headline(alert, step)}", "acknowledge"
    ),
    Change.ESCALATED: lambda alert, step: Call(
        "escalated",
        f"{_nobody(alert, step.at)}: {_rise(step)} is told.",
        "acknowledge",
        by_name=False,
    ),
    Change.NAGGED: lambda alert, step: Call(
        "a reminder", f"{_nobody(alert, step.at)}.", "acknowledge"
    ),
    Change.REOPENED: lambda _, step: Call(
        "opened again", f"Opened again: {step.words}.", "acknowledge"
    ),
    Change.WOKEN: lambda *_: Call("the snooze is over", "The snooze is over.", "resolve"),
    Change.NEAR: lambda alert, step: Call(step.change.value, goal(alert, step), step.goal),
    Change.MISSED: lambda alert, step: Call(step.change.value, goal(alert, step), step.goal),
}
