"""An alert as a letter to one person: plain text, and HTML that reads on a phone, by day and by night.

The HTML has no script, no picture and no style sheet, and no colours but those that stand on white and on black.
Jinja escapes all of it; only what is surely a web address becomes a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from msgspec import Struct

from bridge.domain.model import Contact, Goalpost, Line, Message, Severity
from connectors import Letter
from connectors.plain import plain, web, when

_MOST_REASONS = 10
_MOST_FACTS = 8
_WORDS = 1200
_LEAST_WORDS = 300
_ROOM = (
    4000  # for the words of all reasons; mailboxes cut off what comes after 102 kB (unconfirmed)
)
_COLOURS = {
    Severity.INFO: "#3b7dd8",
    Severity.WARNING: "#c98a00",
    Severity.HIGH: "#e0641b",
    Severity.CRITICAL: "#d8322f",
}
_RESOLVED = "#2e9e5b"


class _Link(Struct, frozen=True):
    """Words, and where they lead; "" for nowhere."""

    words: str
    url: str = ""


class _Reason(Struct, frozen=True, kw_only=True):
    """A reason as it is shown."""

    headline: str  # "" for a lone one that the title tells already
    facts: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    fix: str
    playbook: _Link
    recording: _Link


class _Case(Struct, frozen=True, kw_only=True):
    """All that either form shows: short enough, on lines of its own, not escaped yet."""

    title: str
    colour: str
    subject: _Link
    text: tuple[str, ...]  # why this person is told: "Nobody has taken this in hand."
    about: tuple[tuple[str, str], ...]
    reasons: tuple[_Reason, ...]
    gone: tuple[str, ...]
    untold: int
    goals: tuple[tuple[str, str], ...]
    next: str
    told: str
    remark: str
    link: str
    ref: str


def letter_of(message: Message, to: str, marker: str) -> Letter:
    """The alert as it stands, for the one at the address `to`."""
    case = _case(message)
    topic = "What became of the customer?" if message.asks else case.title
    return Letter(
        to=to,
        subject=f"{topic} ({case.subject.words})",
        text="\n".join(_text(case)),
        html=_template().render(case=case),
        marker=marker,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("connectors.channels"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("alert.html")


def _case(message: Message) -> _Case:
    standing = [line for line in message.lines if not line.gone]
    gone = [line for line in message.lines if line.gone]
    told = standing[:_MOST_REASONS]
    alone = len(standing) == 1 and standing[0].headline == message.headline
    room = max(_LEAST_WORDS, min(_WORDS, _ROOM // max(len(told), 1)))
    return _Case(
        title=_title(message),
        colour=_RESOLVED if message.resolved else _COLOURS[message.severity],
        subject=_Link(plain(message.subject, 100) or "Case", web(message.url)),
        about=tuple(_about(message)),
        text=_lines(message.text, _WORDS),
        reasons=tuple(_reason(line, room, alone=alone) for line in told),
        gone=tuple(plain(line.headline, 200) for line in gone[:_MOST_REASONS]),
        untold=len(standing[_MOST_REASONS:]) + len(gone[_MOST_REASONS:]),
        goals=tuple(_goal(goal) for goal in message.goals[:_MOST_FACTS]),
        next=_next(message.next) if not message.resolved else "",
        told=plain(", ".join(message.told), 300),
        remark=plain(message.remark, 300),
        link=web(message.link),
        ref=plain(message.ref, 60),
    )


def _title(message: Message) -> str:
    word = "Resolved" if message.resolved else message.severity.name.capitalize()
    headline = plain(message.headline, 250)
    if message.resolved and headline.casefold().startswith(word.casefold()):
        return headline
    return f"{word}: {headline}"


def _about(message: Message) -> Iterator[tuple[str, str]]:
    told = (
        ("Title", message.title),
        ("Customer", _who(message.customer)),
        ("Team", message.team),
        ("Manager", message.manager),
        ("In hand of", message.owner),
        ("Outcome", message.outcome),
    )
    yield "Since", when(message.since)
    yield from ((label, plain(text, 250)) for label, text in told if plain(text))


def _who(contact: Contact) -> str:
    parts = (contact.name, contact.email, contact.phone)
    return " · ".join(plain(part, 120) for part in parts if plain(part))


def _reason(line: Line, room: int, *, alone: bool) -> _Reason:
    facts = ((plain(label, 60), plain(value, 240)) for label, value in line.facts[:_MOST_FACTS])
    return _Reason(
        headline="" if alone else f"{line.severity.name.capitalize()}: {plain(line.headline, 300)}",
        facts=tuple(facts),
        words=_lines(line.words, room),
        fix=plain(line.fix, 400),
        playbook=_Link(plain(line.playbook, 400), web(line.playbook)),
        recording=_Link(plain(line.recording, 400), web(line.recording)),
    )


def _lines(text: str, limit: int) -> tuple[str, ...]:
    said = plain(text, limit, lines=True)
    return tuple(said.split("\n")) if said else ()


def _goal(goal: Goalpost) -> tuple[str, str]:
    state = "done" if goal.met else "missed" if goal.missed else "due"
    return plain(goal.what, 100), f"{state}, {when(goal.due_at)}"


def _next(told: tuple[str, datetime] | None) -> str:
    return f"{plain(told[0], 100)}, {when(told[1])}, unless somebody takes it" if told else ""


# --- the plain text ------------------------------------------------------------------------------


def _text(case: _Case) -> Iterator[str]:
    yield case.title
    if case.text:
        yield from (*case.text, "")
    yield from _labelled([("", case.subject.words), ("", case.subject.url), *case.about])
    for reason in case.reasons:
        yield from ("", *filter(None, [reason.headline]))
        yield from (f"  {one}" for one in _labelled(reason.facts))
        if reason.words:
            yield from ("The customer's words:", *(f"> {one}".rstrip() for one in reason.words))
        advice = (
            ("What would put it right", reason.fix),
            ("Playbook", reason.playbook.words),
            ("Listen", reason.recording.url),
        )
        yield from _labelled(advice)
    if case.gone:
        yield from ("", *(f"No longer so: {one}" for one in case.gone))
    if case.untold:
        yield f"and {case.untold} more"
    last = (("Told next", case.next), ("Told", case.told), ("Discussed at", case.link))
    yield from ("", *_labelled((*case.goals, *last, ("Please note", case.remark))))
    yield from ("", f"Ref {case.ref} · Alert Bridge")


def _labelled(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f"{label}: {text}" if label else text for label, text in pairs if text)
