"""Records as events: what all kinds of files have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from bridge.domain.model import Answer, AnyEvent, Category, Event, Party, Seen
from bridge.domain.ticket import STATUSES
from bridge.insight.backtest.case import Found
from bridge.insight.backtest.life import Life
from bridge.insight.backtest.mapping import Mapping
from bridge.insight.backtest.records import (
    ACCOUNT,
    ACTOR,
    AGENT,
    AT,
    FACTS,
    NUMBER,
    OPENED,
    PRIORITY,
    REQUESTER,
    SCORE,
    STATE,
    TAGS,
    TEAM,
    Layout,
)
from bridge.insight.backtest.remembering import Remembered
from bridge.insight.backtest.sections import RowTest
from bridge.insight.backtest.times import moments

Records = Sequence[Any]
Test = Callable[[Any, Any], bool]
"""Whether something is said of a record, given the first one of its case."""


class Builder(Protocol):
    """Makes the events of a case from its records, which are in order."""

    def life(self, records: Records, found: Found | None = None) -> Life:
        """What became of the case; `found` counts what can't be read of it."""

    def events(self, subject: str, records: Records) -> tuple[AnyEvent, ...]:
        """Its events, in the order in which they are folded."""


class Common:
    """What the mapping says of every row."""

    def __init__(self, mapping: Mapping, shape: Layout) -> None:
        self.mapping = mapping
        self.names = shape.facts
        self.facts_end = FACTS + len(shape.facts)
        self.moment = moments()
        self.reply = test(mapping.replies, shape)
        self.note = test(mapping.notes, shape)
        self.customer = test(mapping.customer, shape)
        self.robot = test(mapping.robots, shape)
        self.same_ids = mapping.customer.when == "the requester"
        self.meaning = Remembered(self._meaning)
        self.score = Remembered(self._score)

    def _meaning(self, word: str) -> Category:
        """What a state means: as the mapping says, else Zendesk's own, else open."""
        low = word.lower()
        return self.mapping.states.get(low) or STATUSES.get(low, Category.OPEN)

    def judge_state(self, record: Any, found: Found) -> None:
        """Count a state that the mapping does not name."""
        states = self.mapping.states
        if states and record[STATE] and record[STATE].lower() not in states:
            found.flaw("a state that [states] does not name: taken as open", record[NUMBER])

    def _score(self, text: str) -> float | None:
        """A score on the scale 0..1; None for none that can be read, or off the scale."""
        scores = self.mapping.scores
        value = scores.words.get(text)
        if value is None:
            try:
                value = float(text)
            except ValueError:
                return None
        return self.mapping.normal(value) if scores.low <= value <= scores.high else None

    def scored(self, life: Life, at: int, record: Any, found: Found | None) -> None:
        """Note the score of a record, if it has one."""
        text = record[SCORE]
        if not text:
            return
        score = self.score[text]
        if score is not None:
            life.scores.append((at, score))
        elif found is not None:
            found.flaw("a score that can't be read, or off the scale", record[NUMBER])

    def answer(self, subject: str, record: Any, words: str) -> Answer:
        """What a record says as a survey answer."""
        scores = self.mapping.scores
        return Answer(
            id=f"{subject}:{record[NUMBER]}",
            score=self.score[record[SCORE]],
            raw=record[SCORE],
            scale="number",
            low=scores.low,
            high=scores.high,
            words=words,
        )

    def party(self, record: Any, first: Any) -> Party:
        """Who a record is by."""
        if self.customer is not None and self.customer(record, first):
            return Party.CUSTOMER
        if self.robot is not None and self.robot(record, first):
            return Party.SYSTEM
        return Party.AGENT

    def actor(self, record: Any) -> str:
        """Who did it; where nobody is named, whoever has the case."""
        name: str = record[ACTOR] or record[AGENT]
        return name

    def requester(self, record: Any) -> str:
        """The customer. Unless the mapping says that they may be actors too, their ids are none of the actors'."""
        name: str = record[REQUESTER]
        return name if self.same_ids or not name else f"customer:{name}"

    def facts(self, record: Any) -> dict[str, str]:
        """The facts that are there."""
        told = zip(self.names, record[FACTS : self.facts_end], strict=True)
        return {name: value for name, value in told if value}

    def asker(self, record: Any, **known: Any) -> Seen:
        """Who the case is about, and what else is known of it."""
        return Seen(
            requester=self.requester(record) or None, organisation=record[ACCOUNT] or None, **known
        )

    def seen(self, record: Any) -> Seen:
        """All that a record tells of how the case stands."""
        word = record[STATE]
        return self.asker(
            record,
            status=word.lower() or None,
            means=self.meaning[word] if word else None,
            priority=record[PRIORITY].lower() or None,
            team=record[TEAM] or None,
            agent=record[AGENT] or None,
            tags=tags(record[TAGS]) or None,
            facts=self.facts(record) or None,
        )


def tags(text: str) -> tuple[str, ...]:
    """Tags that are parted by commas, semicolons or spaces."""
    return tuple(dict.fromkeys(tag for tag in re.split(r"[,;\s]+", text) if tag))


def test(asked: RowTest, shape: Layout) -> Test | None:  # noqa: PLR0911 - one for each kind
    """A test of the mapping as a function; None for never."""
    match asked.when:
        case "never":
            return None
        case "every row":
            return lambda record, first: True  # noqa: ARG005 - one of many
        case "after the first row":
            return lambda record, first: record is not first
        case "another actor":
            return lambda record, first: record[ACTOR] != first[ACTOR]
        case "the requester":
            return lambda record, first: bool(record[ACTOR]) and record[ACTOR] == first[REQUESTER]
        case "state":
            place = STATE
        case "column":
            place = shape.places[asked.column]
    wanted = frozenset(word.lower() for word in asked.values or asked.other_than)
    if asked.values:
        return lambda record, _: record[place].lower() in wanted
    return lambda record, _: bool(record[place]) and record[place].lower() not in wanted


def opening(first: Any) -> int:
    """When a case was opened: never after its first row."""
    opened: int | None = first[OPENED]
    at: int = first[AT]
    return min(opened, at) if opened is not None else at


class Save:
    """Makes the events of one row, which are one save."""

    __slots__ = ("actor", "at", "by", "events", "save", "subject")

    def __init__(  # noqa: PLR0917 - one for each row: names would cost a tenth of the time
        self,
        events: list[AnyEvent],
        subject: str,
        at: datetime,
        by: Party,
        actor: str,
        save: int | str,
    ) -> None:
        self.events, self.subject, self.at = events, subject, at
        self.by, self.actor, self.save = by, actor, str(save)

    def add(self, kind: type[Event], **told: Any) -> None:
        """One more event."""
        seq = len(self.events)
        event: Any = kind(
            id=f"{self.subject}:{seq}",
            subject=self.subject,
            at=self.at,
            seq=seq,
            save=self.save,
            by=self.by,
            actor=self.actor,
            **told,
        )
        self.events.append(event)
