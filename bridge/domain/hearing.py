"""What customers wrote or said on a ticket, text by text, as rules about words look at it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from msgspec import Struct

from bridge.domain.judge import Moment
from bridge.domain.rules import telling
from bridge.domain.text.languages import LANGUAGES, Language
from bridge.domain.text.phrases import Phrases


class Heard(Struct, frozen=True):
    """A text of a customer's. `comment`: on the ticket, not in a survey. `carried` is what a finding takes along."""

    text: str
    at: datetime
    comment: bool
    carried: dict[str, Any]


def heard(moment: Moment) -> Iterator[Heard]:
    """Survey verbatims and what was transcribed of calls, always; public comments while the ticket is live."""
    for answer in moment.ticket.answers:
        if answer.words.strip():
            yield Heard(answer.words, answer.at or moment.now, False, telling(answer))
    if moment.ticket.live:
        for said in moment.ticket.messages:
            carried = {"about": f"message:{said.ref}", "words": said.text}
            yield Heard(said.text, said.at, True, carried)


@dataclass(frozen=True, kw_only=True)
class Listening:
    """What rules that look for phrases have in common: the phrases by language, () for those that are built in.

    "refund" stands for "refunds" and "refunded" too, "cancel*" for all words that begin so. `also` are further ones in
    any language, `never` those that are not looked for; `languages` are those that are listened for.
    """

    languages: tuple[str, ...] = tuple(LANGUAGES)
    en: tuple[str, ...] = ()
    de: tuple[str, ...] = ()
    fr: tuple[str, ...] = ()
    es: tuple[str, ...] = ()
    nl: tuple[str, ...] = ()
    it: tuple[str, ...] = ()
    pt: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.languages:
            if name not in LANGUAGES:
                raise ValueError(f"languages are {', '.join(LANGUAGES)}, not {name!r}")
        for phrase in (*(p for name in LANGUAGES for p in getattr(self, name)), *self.also):
            if not any(character.isalnum() for character in phrase):
                raise ValueError(f"{phrase!r} is no word and no phrase")

    def phrases(self, built_in: Callable[[Language], tuple[str, ...]]) -> Phrases:
        """What is looked for."""
        return _made(self, built_in)


@cache
def _made(listening: Listening, built_in: Callable[[Language], tuple[str, ...]]) -> Phrases:
    """Made once for each way to listen."""
    chosen = {
        name: getattr(listening, name) or built_in(LANGUAGES[name]) for name in listening.languages
    }
    wanted = chosen | {"": listening.also}
    never = {phrase.casefold() for phrase in listening.never}
    return Phrases(
        {name: [p for p in listed if p.casefold() not in never] for name, listed in wanted.items()}
    )
