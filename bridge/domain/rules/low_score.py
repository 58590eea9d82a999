"""Low score: a customer answered a survey at or below the line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Answer, Finding, Severity
from bridge.domain.rules import telling


@dataclass(frozen=True, kw_only=True)
class LowScore:
    """A survey score, normalised to 0..1, at or below a line; NPS has a line of its own (6 of 10).

    On a scale of more than two values the lowest end is graver.

    >>> example(LowScore(), answers=[Answer(id="1", score=0.25, raw="2", low=1, high=5)])
    ['The customer rated 2 on a scale of 1 to 5']
    >>> example(LowScore(), answers=[Answer(id="1", score=0.75, raw="4", low=1, high=5)])
    []
    """

    name: ClassVar[str] = "low_score"
    playbook: ClassVar[str] = (
        "Contact the customer today: listen first, then say what happens next."
    )
    at_or_below: float = 0.4
    nps_at_or_below: float = 0.6
    grave_at_or_below: float = 0.1
    severity: Severity = Severity.HIGH
    grave: Severity = Severity.CRITICAL

    def check(self, moment: Moment) -> Iterable[Finding]:
        return [
            self._finding(answer, answer.score, moment)
            for answer in moment.ticket.answers
            if answer.score is not None and answer.score <= self.line(answer)
        ]

    def line(self, answer: Answer) -> float:
        """The highest score of an answer on its scale that is low, in 0..1."""
        return self.nps_at_or_below if answer.scale == "nps" else self.at_or_below

    def _finding(self, answer: Answer, score: float, moment: Moment) -> Finding:
        fine, scale = False, ""
        if answer.low is not None and answer.high is not None and answer.high - answer.low > 1:
            fine, scale = True, f" on a scale of {answer.low:g} to {answer.high:g}"
        grave = fine and score <= self.grave_at_or_below
        return Finding(
            rule=self.name,
            severity=self.grave if grave else self.severity,
            headline=f"The customer rated {answer.raw or f'{score:.0%}'}{scale}",
            since=answer.at or moment.now,
            fix="contact with the customer",
            **telling(answer),
        )
