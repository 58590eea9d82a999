"""Not resolved: the customer says that the problem is not resolved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding, Severity
from bridge.domain.rules import telling


@dataclass(frozen=True, kw_only=True)
class NotResolved:
    """A survey answer says that the problem is not resolved, whatever the score.

    >>> example(NotResolved(), answers=[Answer(id="1", score=1.0, resolved=False)])
    ['The customer says the problem is not resolved']
    >>> example(NotResolved(), answers=[Answer(id="1", score=0.0)])
    []
    """

    name: ClassVar[str] = "not_resolved"
    playbook: ClassVar[str] = "Reopen the case with an owner, and tell the customer so."
    severity: Severity = Severity.HIGH

    def check(self, moment: Moment) -> Iterable[Finding]:
        return [
            Finding(
                rule=self.name,
                severity=self.severity,
                headline="The customer says the problem is not resolved",
                since=answer.at or moment.now,
                fix="solving the problem, as the customer sees it",
                **telling(answer),
            )
            for answer in moment.ticket.answers
            if answer.resolved is False
        ]
