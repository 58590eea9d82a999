"""What can be done about an alert, with what each action takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any

from msgspec import Meta, Struct

from bridge.domain.model import Coaching, Member, Outcome, Press
from bridge.domain.people import Roster
from bridge.web.api.problems import invalid, wrong
from bridge.web.api.reading import NO_NUL, Moment, Words

LONGEST_SNOOZE = timedelta(days=90)

Somebody = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=NO_NUL,
        description="A person's key, name, e-mail address or Slack id.",
    ),
]
Note = Annotated[
    str,
    Meta(min_length=1, max_length=5000, pattern=NO_NUL, description="Write something."),
]
Why = Annotated[Words, Meta(description="Why, in up to 5,000 characters.")]


class Acknowledged(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing has to be said."""


class ContactMade(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the customer was reached, or not."""

    reached: Annotated[bool, Meta(description="false for an attempt in vain")] = True
    how: Annotated[
        str, Meta(max_length=50, pattern=NO_NUL, description="phone, e-mail, chat, visit …")
    ] = ""
    words: Annotated[Words, Meta(description="What was said.")] = ""


class Resolved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it came out. An alert that somebody resolved is closed once outcome and cause are told."""

    outcome: Annotated[Outcome, Meta(description="How it came out.")] | None = None
    cause: Annotated[
        str, Meta(max_length=75, pattern=NO_NUL, description="One of the configuration's causes.")
    ] = ""
    words: Annotated[Words, Meta(description="What was done.")] = ""
    coaching: Annotated[Coaching, Meta(description="Whether it calls for coaching.")] | None = None


class Reopened(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is not over."""

    words: Why = ""


class Snoozed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When to be asked about it again."""

    until: Annotated[
        Moment,
        Meta(description="A time with its zone, within the next 90 days: 2026-03-10T14:00:00Z."),
    ]
    words: Why = ""


class Assigned(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who has it from now on."""

    to: Somebody


class Joined(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who else is to be told of it."""

    people: Annotated[
        tuple[Somebody, ...],
        Meta(min_length=1, max_length=20, description="1 to 20 people, as `to` names one."),
    ]


class Noted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note for its story."""

    words: Note


class Said(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message to those who are on it."""

    words: Note


class Coached(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of the coaching."""

    words: Annotated[Words, Meta(description="What came of it.")] = ""


class Useful(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it was good for."""

    words: Annotated[Words, Meta(description="What it was good for.")] = ""


class Useless(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is of no use."""

    words: Why = ""


class Act(Struct, frozen=True, kw_only=True):
    """An action: its body, and what it means."""

    body: type[Struct]
    means: str


ACTS: Mapping[Press, Act] = {
    Press.ACKNOWLEDGE: Act(
        body=Acknowledged,
        means="Say that the key's owner has it in hand: no more reminders, no escalation.",
    ),
    Press.CONTACT: Act(
        body=ContactMade, means="Say that the customer was contacted, or that somebody tried."
    ),
    Press.RESOLVE: Act(
        body=Resolved, means="Resolve it; or say later how an alert that is resolved came out."
    ),
    Press.REOPEN: Act(body=Reopened, means="Open it again."),
    Press.SNOOZE: Act(body=Snoozed, means="Take it in hand, and be asked about it again later."),
    Press.ASSIGN: Act(body=Assigned, means="Give it to somebody."),
    Press.ADD: Act(body=Joined, means="Have further people told of it."),
    Press.NOTE: Act(body=Noted, means="Add a note to its story."),
    Press.SAY: Act(body=Said, means="Say something to those who are on it."),
    Press.COACH: Act(body=Coached, means="Say that the coaching that it called for was given."),
    Press.USEFUL: Act(body=Useful, means="Say that it was of use."),
    Press.USELESS: Act(body=Useless, means="Say that it was of no use."),
}

PATHS: Mapping[Press, str] = {press: press.value.replace(" ", "-") for press in Press}
"""What each is called in addresses."""


def pressed(body: Any, roster: Roster, causes: tuple[str, ...], now: Any) -> dict[str, Any]:
    """The members of `Pressed` that a body says. Raises Problem for people and causes that there are not."""
    match body:
        case Assigned():
            return {"people": (_named(body.to, "to", roster),)}
        case Joined():
            found = (_named(one, f"people[{n}]", roster) for n, one in enumerate(body.people))
            return {"people": tuple(found)}
        case Snoozed():
            if not now < body.until <= now + LONGEST_SNOOZE:
                fix = f"Choose a time within the next {LONGEST_SNOOZE.days} days."
                raise invalid(wrong("until", "not within that time", fix))
        case Resolved() if body.cause and body.cause not in causes:
            fix = f"Known are: {', '.join(causes)}."
            raise invalid(wrong("cause", "not known", fix))
        case Noted() | Said() if not body.words.strip():
            raise invalid(wrong("words", "is empty", "Write something."))
        case _:
            pass
    return {name: getattr(body, name) for name in body.__struct_fields__}


def _named(name: str, field: str, roster: Roster) -> Member:
    if found := roster.named(name):
        return found
    known = sorted({one.name or one.key or one.email for one in roster.everybody()})
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    way = f"Did you mean {close[0]}?" if close else "Name somebody whom the teams know."
    raise invalid(wrong(field, "nobody is called so", way))
