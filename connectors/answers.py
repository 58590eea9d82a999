"""What a customer said in a survey, and the event it makes: all that is the same whoever asked.

A survey source finds the parts in its vendor's payload; here they become a score, words and a `Rated`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from bridge.domain.model import Answer, Contact, Party, Rated, Seen, Unreadable
from connectors import Source
from connectors.reading import Node, subject
from connectors.scores import Score, check_scale, normalise

_NO_CONTACT = Contact()


class Grade(NamedTuple):
    """A score, the customer's own value it was made of, and the name of its scale (a key of RANGES)."""

    score: Score = Score(None)
    raw: str = ""
    scale: str = ""


class Said(Struct, frozen=True, kw_only=True):
    """What the customer said, as far as it is known. False where that is nothing, which no answer is made of.

    `resolved` is whether the problem is; None if the customer was not asked or didn't say. `questions` are the scores
    of further questions, in 0..1, by name; alone they make no answer.
    """

    grade: Grade = Grade()
    words: str = ""
    resolved: bool | None = None
    questions: Mapping[str, float] = {}

    def __bool__(self) -> bool:
        return self.grade.score.score is not None or bool(self.words) or self.resolved is not None


def rated(
    source: Source,
    said: Said,
    *,
    event: str,
    answer: str,
    at: datetime,
    ticket: str = "",
    contact: Contact = _NO_CONTACT,
    recording: str = "",
    actor: str = "",
    seq: int = 0,
    seen: Seen | None = None,
) -> Rated:
    """The event that a customer answered, or changed or completed an answer.

    `answer` is the answer's id at the source, the same over repeats and changes, `event` that of this one
    change. `ticket` is what the survey says about its ticket: without one the answer is a case of its own.
    A scale is told only where there is a score on it.
    """
    score, raw, scale = said.grade
    return Rated(
        id=f"{source.name}:{event}",
        subject=subject(source.name, source.desk, ticket, answer),
        at=at,
        seq=seq,
        by=Party.CUSTOMER,
        actor=actor,
        seen=seen,
        answer=Answer(
            id=f"{source.name}:{answer}",
            score=score.score,
            raw=raw,
            scale=scale if score.score is not None else "",
            low=score.low,
            high=score.high,
            questions=dict(said.questions),
            words=said.words,
            resolved=said.resolved,
            contact=contact,
            recording=recording,
        ),
    )


def grade(
    given: object,
    *,
    scale: str,
    low: float | None = None,
    high: float | None = None,
    words: Mapping[str, float] | None = None,
    where: str = "",
) -> Grade:
    """What was given, on the scale, as `normalise` has it.

    Raises Unreadable; `where` is the path of what was given, for the error to name where it may be one of several.

    >>> grade(" 4 ", scale="csat")
    Grade(score=Score(score=0.75, low=1, high=5), raw='4', scale='csat')
    """
    try:
        score = normalise(given, scale=scale, low=low, high=high, words=words)
    except Unreadable as error:
        raise Unreadable(f"{where}: {error}" if where else str(error)) from None
    raw = str(given).lower() if isinstance(given, bool) else Node(given).text()
    return Grade(score, raw, scale)


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """Settings of a source that doesn't know what a number means: its scale, and the worst and the best value."""

    scale: str = "csat"
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Raise ConfigError for a scale that could never work."""
        check_scale(self.scale, self.low, self.high)

    def grade(
        self,
        given: object,
        *,
        scale: str = "",
        words: Mapping[str, float] | None = None,
        where: str = "",
    ) -> Grade:
        """What was given, on the scale of the settings, or on another with their ends. Raises Unreadable."""
        named = scale or self.scale
        return grade(given, scale=named, low=self.low, high=self.high, words=words, where=where)


@dataclass(frozen=True, kw_only=True)
class Linked:
    """Settings of a source whose survey learns from its link who answers: the names under which it hands that on."""

    ticket_field: str = "ticket_id"
    name_field: str = "name"
    email_field: str = "email"
    phone_field: str = "phone"


def names(question: Node, *members: str) -> set[str]:
    """All that a setting may call a question by, from these of its members; never "". Raises Unreadable."""
    return {question[member].text() for member in members} - {""}


def written(texts: Iterable[Node]) -> str:
    """Several texts as one, each on lines of its own; those that were left empty are left out."""
    return "\n".join(filter(None, (text.text() for text in texts)))


def full_name(first: Node, last: Node) -> str:
    """A person's name, of which either part may be missing."""
    return f"{first.text()} {last.text()}".strip()


def first_value(listed: Node) -> str:
    """The first that isn't empty in a list of objects with a `value`, as vendors list e-mail addresses; "" for none."""
    return next(filter(None, (one["value"].text() for one in listed.items())), "")
