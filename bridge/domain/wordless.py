"""Tickets, events, alerts and their stories without what people wrote, and without customers' names and addresses.

What figures are reckoned from stays: scores, times, outcomes, causes, who of ours did what. Pure.
"""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from bridge.domain.alerts import Change, Step
from bridge.domain.model import (
    Alert,
    Answer,
    Contact,
    Event,
    Finding,
    Heard,
    Opened,
    Pressed,
    Rated,
    Replied,
    Seen,
    Ticket,
)
from bridge.domain.saying import BY_PEOPLE

E = TypeVar("E", bound=Event)

WEIGHED = "Weighed most"
"""The fact that names the words because of which a text was found negative."""

FREE = frozenset({*BY_PEOPLE, Change.SAID, Change.HEARD})
"""Changes whose words somebody wrote as they liked; those of others are the bridge's own."""


def answer(given: Answer) -> Answer:
    """A survey answer without words and contact; the scores stay."""
    return replace(given, words="", contact=Contact(), recording="")


def ticket(known: Ticket) -> Ticket:
    """A ticket without title, facts, and what was said on it and in surveys."""
    answers = tuple(map(answer, known.answers))
    return replace(known, title="", facts={}, answers=answers, messages=(), updates=())


def event(happened: E) -> E:
    """An event without what was written, and without the ticket's title and facts beside it."""
    bare: Event = happened
    match happened:
        case Opened() | Replied():
            bare = replace(happened, text="")
        case Pressed() | Heard():
            bare = replace(happened, words="")
        case Rated():
            bare = replace(happened, answer=answer(happened.answer))
    return replace(bare, seen=_seen(bare.seen))  # type: ignore[return-value]


def finding(found: Finding) -> Finding:
    """A finding without the customer's words, voice and contact."""
    bare = replace(found, words="", contact=Contact(), recording="", level=level(found))
    return replace(bare, facts=facts(found))


def facts(found: Finding) -> tuple[tuple[str, str], ...]:
    """The facts of a finding without the one that quotes single words of the customer's."""
    return tuple((name, value) for name, value in found.facts if name != WEIGHED)


def level(found: Finding) -> str:
    """The level of a finding without the words that stand in one about a survey answer."""
    raw, bar, _ = found.level.partition("|")
    return f"{raw}|||||" if bar else raw


def alert(known: Alert) -> Alert:
    """An alert without what anybody wrote about it; who did what, and how it came out, stays."""
    reasons = tuple(replace(r, finding=finding(r.finding)) for r in known.reasons)
    return replace(known, reasons=reasons, done="", better_words="")


def step(told: Step) -> Step:
    """A step of a story without what was written."""
    bare = replace(told, finding=finding(told.finding)) if told.finding else told
    return replace(bare, words=said(bare))


def said(told: Step) -> str:
    """What is left of a step's words: until when it was snoozed, whether it helped, and words of the bridge's own."""
    match told.change:
        case Change.SNOOZED:
            return told.words.partition("; ")[0]
        case Change.HEARD:
            return told.words.partition(": ")[0]
    return "" if told.change in FREE else told.words


def _seen(seen: Seen | None) -> Seen | None:
    return replace(seen, title=None, facts=None) if seen else None
