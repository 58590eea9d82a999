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
        for answer in moment.ticket.answers:
            line = self.nps_at_or_below if answer.scale == "nps" else self.at_or_below
            if answer.score is not None and answer.score <= line:
                yield self._finding(answer, answer.score, moment)

    def _finding(self, answer: Answer, score: float, moment: Moment) -> Finding:
        width = (answer.high or 0) - (answer.low or 0)
        grave = score <= self.grave_at_or_below and width > 1
        scale = f" on a scale of {answer.low:g} to {answer.high:g}" if width > 1 else ""
        return Finding(
            rule=self.name,
            severity=self.grave if grave else self.severity,
            headline=f"The customer rated {answer.raw}{scale}",
            since=answer.at or moment.now,
            level=f"{score:.3f}|{answer.words}|{answer.recording}",
            fix="contact with the customer",
            **telling(answer),
        )
