"""Files with a row for each update: all values as they were then, or only those that were changed."""

from __future__ import annotations

from typing import Any

from bridge.domain.model import (
    AnyEvent,
    Assigned,
    Opened,
    Party,
    PriorityChanged,
    Rated,
    Replied,
    Seen,
    StatusChanged,
    Tagged,
    Touched,
)
from bridge.insight.backtest.building import Common, Records, Save, opening, tags
from bridge.insight.backtest.case import Found
from bridge.insight.backtest.life import Life
from bridge.insight.backtest.mapping import Mapping
from bridge.insight.backtest.records import (
    ACTOR,
    AGENT,
    AT,
    FACTS,
    NUMBER,
    PRIORITY,
    SCORE,
    STATE,
    TAGS,
    TEAM,
    TEXT,
    Layout,
)


class Snapshots(Common):
    """Differences between consecutive rows become events. With `sparse`, an empty value is as it was before."""

    def __init__(self, mapping: Mapping, shape: Layout, *, sparse: bool) -> None:
        super().__init__(mapping, shape)
        self.sparse = sparse
        self.others = self.customer is not None or self.robot is not None

    def life(self, records: Records, found: Found | None = None) -> Life:
        """What became of the case."""
        first = records[0]
        life = Life(opened=opening(first))
        word = score = ""
        for record in records:
            if record[STATE] and record[STATE] != word:
                word = record[STATE]
                life.become(record[AT], self.meaning[word])
                if found is not None:
                    self.judge_state(record, found)
            if record[SCORE] and record[SCORE] != score:
                score = record[SCORE]
                self.scored(life, record[AT], record, found)
        return life

    def events(self, subject: str, records: Records) -> tuple[AnyEvent, ...]:
        """The opening, then what changed from row to row; a row on which nothing did is a touch."""
        first = records[0]
        events = self._opening(subject, first)
        before = list(first)
        for record in records[1:] if len(records) > 1 else ():
            self._row(events, subject, record, before, first)
        return tuple(events)

    def _opening(self, subject: str, first: Any) -> list[AnyEvent]:
        """What the first row tells was so from its time on; the opening may have been before."""
        opened, at = opening(first), first[AT]
        by = self.party(first, first)
        replied = by is not Party.CUSTOMER and bool(self.reply and self.reply(first, first))
        noted = bool(self.note and self.note(first, first))
        early = opened < at
        spoken = "" if replied or noted or first[SCORE] else first[TEXT]
        whole = self.seen(first)
        seen = self.asker(first) if early else whole
        events: list[AnyEvent] = [
            Opened(
                id=f"{subject}:0",
                subject=subject,
                at=self.moment[opened],
                by=Party.CUSTOMER,
                actor=self.requester(first),
                text=spoken,
                seen=seen,
            )
        ]
        made = Save(events, subject, self.moment[at], by, self.actor(first), first[NUMBER])
        if early:
            made.add(Touched, seen=whole)
        if replied or noted:
            made.add(Replied, public=replied, text="" if first[SCORE] else first[TEXT])
        if first[SCORE]:
            self._rate(made, first)
        return events

    def _row(
        self, events: list[AnyEvent], subject: str, record: Any, before: list[Any], first: Any
    ) -> None:
        """Events of one row; `before` is what was known, and is brought up to date."""
        by = self.party(record, first) if self.others else Party.AGENT
        actor = record[ACTOR] or record[AGENT]
        made = Save(events, subject, self.moment[record[AT]], by, actor, record[NUMBER])
        many = len(events)
        sparse = self.sparse
        if record[TEAM] != before[TEAM] or record[AGENT] != before[AGENT]:
            team = _changed(record, before, TEAM, sparse=sparse)
            agent = _changed(record, before, AGENT, sparse=sparse)
            if team is not None or agent is not None:
                made.add(Assigned, team=team, agent=agent)
        if record[PRIORITY] != before[PRIORITY]:
            priority = _changed(record, before, PRIORITY, sparse=sparse)
            if priority is not None:
                made.add(PriorityChanged, priority=priority.lower())
        if record[TAGS] != before[TAGS]:
            old = tags(before[TAGS])
            new = _changed(record, before, TAGS, sparse=sparse)
            if new is not None:
                now = tags(new)
                added = tuple(tag for tag in now if tag not in old)
                removed = tuple(tag for tag in old if tag not in now)
                made.add(Tagged, added=added, removed=removed)
        scored = bool(record[SCORE]) and record[SCORE] != before[SCORE]
        spoken = "" if scored else record[TEXT]
        if self.reply is not None and self.reply(record, first):
            made.add(Replied, public=True, text=spoken)
        elif self.note is not None and self.note(record, first):
            made.add(Replied, public=False, text=spoken)
        word = record[STATE]
        if word and word != before[STATE]:
            before[STATE] = word
            made.add(StatusChanged, status=word.lower(), means=self.meaning[word])
        if scored:
            before[SCORE] = record[SCORE]
            self._rate(made, record)
        facts = self._new_facts(record, before) if self.names else None
        if facts or len(events) == many:
            made.add(Touched, seen=Seen(facts=facts) if facts else None)

    def _new_facts(self, record: Any, before: list[Any]) -> dict[str, str] | None:
        end = self.facts_end
        if record[FACTS:end] == before[FACTS:end]:
            return None
        new = {}
        for place, name in enumerate(self.names, FACTS):
            value = _changed(record, before, place, sparse=self.sparse)
            if value is not None:
                new[name] = value
        return new

    def _rate(self, made: Save, record: Any) -> None:
        answer = self.answer(made.subject, record, record[TEXT])
        if answer.score is not None or answer.words:
            made.by = Party.CUSTOMER
            made.add(Rated, answer=answer)


def _changed(record: Any, before: list[Any], place: int, *, sparse: bool) -> str | None:
    """The new value; None where it is as before, and then still is."""
    value: str = record[place]
    if value == before[place] or (sparse and not value):
        return None
    before[place] = value
    return value
