"""What agents say about an alert from within the ticket: a tag, or an internal note that begins with #alert. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from bridge.domain.model import (
    Alert,
    AnyEvent,
    Coaching,
    Member,
    Outcome,
    Party,
    Press,
    Pressed,
    Replied,
    Tagged,
)

TAGS = {
    "do_alert_ack": Press.ACKNOWLEDGE,
    "do_alert_contacted": Press.CONTACT,
    "do_alert_resolved": Press.RESOLVE,
}
"""Tags (labels) that are commands; each is removed once it was obeyed."""

WORDS = {
    "ack": Press.ACKNOWLEDGE,
    "acknowledge": Press.ACKNOWLEDGE,
    "acknowledged": Press.ACKNOWLEDGE,
    "contacted": Press.CONTACT,
    "contact": Press.CONTACT,
    "tried": Press.CONTACT,
    "resolved": Press.RESOLVE,
    "resolve": Press.RESOLVE,
    "reopen": Press.REOPEN,
    "note": Press.NOTE,
    "coached": Press.COACH,
    "useful": Press.USEFUL,
    "useless": Press.USELESS,
}

_NOTE = re.compile(
    r"\s*#alert\b[ \t:]*(?P<word>[a-z-]*)[ \t:,]*(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_MOST_WORDS = 2000


class Command(Struct, frozen=True):
    """What is to be done; where the words make no sense, `why` says so and nothing is done."""

    pressed: Pressed | None
    why: str = ""
    tag: str = ""  # the tag that it came by


def asks(event: AnyEvent) -> bool:
    """Whether an event may be a command: cheap, for it is asked of every event."""
    match event:
        case Tagged():
            return event.by is not Party.BRIDGE and any(tag in TAGS for tag in event.added)
        case Replied():
            return (
                not event.public
                and event.by not in (Party.CUSTOMER, Party.BRIDGE)
                and _NOTE.match(event.text) is not None
            )
        case _:
            return False


def commands(event: AnyEvent, alert: Alert, who: Member) -> Iterator[Command]:
    """What an event on the ticket asks for of its alert; `who` wrote it."""
    if isinstance(event, Tagged):
        for tag in event.added:
            if tag in TAGS:
                yield Command(_pressed(event, alert, who, TAGS[tag]), tag=tag)
    elif isinstance(event, Replied) and (found := _NOTE.match(event.text)):
        yield _noted(event, alert, who, found["word"].lower(), found["rest"].strip())


def _noted(event: Replied, alert: Alert, who: Member, word: str, rest: str) -> Command:
    action = WORDS.get(word)
    if action is None:
        known = ", ".join(sorted(WORDS))
        return Command(None, why=f"“#alert {word}” is not known; known are: {known}")
    if action is Press.CONTACT:
        reached = word != "tried"
        return Command(_pressed(event, alert, who, action, words=rest, reached=reached))
    if action is not Press.RESOLVE:
        return Command(_pressed(event, alert, who, action, words=rest))
    outcome, rest = _outcome(rest)
    cause, words = _labelled(rest, "cause")
    return Command(_pressed(event, alert, who, action, words=words, outcome=outcome, cause=cause))


def _outcome(text: str) -> tuple[Outcome | None, str]:
    """The outcome that a report begins with, if it does, and the rest."""
    for outcome in sorted(Outcome, key=lambda o: -len(o.value)):
        words = outcome.value.replace(" ", r"[\s_-]*")
        if found := re.match(rf"{words}\b[\s:,.;-]*", text, re.IGNORECASE):
            return outcome, text[found.end() :]
    return None, text


def _labelled(text: str, label: str) -> tuple[str, str]:
    """The value of "cause: slow answer" up to a full stop, a semicolon or the line's end, and the rest."""
    found = re.search(rf"\b{label}\s*:\s*([^.;\n]+)[.;]?\s*", text, re.IGNORECASE)
    if found is None:
        return "", text.strip()
    return found[1].strip(), (text[: found.start()] + text[found.end() :]).strip()


def _pressed(
    event: AnyEvent,
    alert: Alert,
    who: Member,
    action: Press,
    *,
    words: str = "",
    reached: bool = True,
    outcome: Outcome | None = None,
    cause: str = "",
) -> Pressed:
    return Pressed(
        id=f"{event.id}:{action.value}",
        subject=event.subject,
        at=event.at,
        by=event.by,
        actor=event.actor,
        alert=alert.ref,
        action=action,
        who=who,
        via="ticket",
        words=words[:_MOST_WORDS],
        how="ticket" if action is Press.CONTACT and not words else "",
        reached=reached,
        outcome=outcome,
        cause=cause.lower(),
        coaching=Coaching.NOT_NEEDED if action is Press.RESOLVE and outcome else None,
    )
