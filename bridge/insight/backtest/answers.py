"""Files with a row for each answer to a survey: what was asked for, when somebody answered, and the score."""

from __future__ import annotations

from typing import Any

from bridge.domain.model import (
    AnyEvent,
    Category,
    Opened,
    Party,
    Rated,
    Replied,
)
from bridge.insight.backtest.building import Common, Records, Save, tags
from bridge.insight.backtest.case import Found
from bridge.insight.backtest.life import Life
from bridge.insight.backtest.records import (
    AT,
    NUMBER,
    OPENED,
    PRIORITY,
    RESPONDED,
    TAGS,
    TEXT,
)


class Answers(Common):
    """A case is what was reported, who responded and when, and what the customer said of it in the end."""

    def life(self, records: Records, found: Found | None = None) -> Life:
        """What became of the case: solved when somebody responded, ended with the last answer."""
        first = records[0]
        life = Life(opened=first[OPENED] if first[OPENED] is not None else first[AT])
        for record in records:
            responded = record[RESPONDED]
            if responded is not None and responded < life.opened:
                if found is not None:
                    found.flaw("a response before the report: left out", record[NUMBER])
            elif responded is not None:
                life.become(responded, Category.SOLVED)
            self.scored(life, self._answered(record), record, found)
        last = self._answered(records[-1])
        life.become(last, Category.SOLVED)
        life.ended = last
        return life

    def events(self, subject: str, records: Records) -> tuple[AnyEvent, ...]:
        """What was reported, each response, each answer."""
        first = records[0]
        told: list[tuple[int, int, Any]] = []
        for record in records:
            responded = record[RESPONDED]
            if responded is not None and (first[OPENED] is None or responded >= first[OPENED]):
                told.append((responded, 0, record))
            told.append((self._answered(record), 1, record))
        told.sort(key=lambda one: one[:2])
        events: list[AnyEvent] = []
        if first[OPENED] is not None:
            events.append(self._opened(subject, first))
        for at, answered, record in told:
            by = Party.CUSTOMER if answered else Party.AGENT
            actor = self.requester(record) if answered else self.actor(record)
            made = Save(events, subject, self.moment[at], by, actor, record[NUMBER])
            if answered:
                answer = self.answer(subject, record, record[TEXT])
                if answer.score is not None or answer.words:
                    made.add(Rated, answer=answer, seen=self.seen(record))
            else:
                made.add(Replied, public=True, seen=self.seen(record))
        return tuple(events)

    def _opened(self, subject: str, first: Any) -> AnyEvent:
        """Who will see to it isn't known yet."""
        return Opened(
            id=f"{subject}:opened",
            subject=subject,
            at=self.moment[first[OPENED]],
            by=Party.CUSTOMER,
            actor=self.requester(first),
            seen=self.asker(
                first,
                facts=self.facts(first) or None,
                priority=first[PRIORITY].lower() or None,
                tags=tags(first[TAGS]) or None,
            ),
        )

    def _answered(self, record: Any) -> int:
        """When the answer was given: after what it is an answer to, whatever the file says."""
        times: tuple[int | None, ...] = (record[AT], record[OPENED], record[RESPONDED])
        return max(time for time in times if time is not None)
