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
    """A survey answer says that the problem is not resolved, whatever the score."""

    name: ClassVar[str] = "not_resolved"
    playbook: ClassVar[str] = "Reopen the case with an owner, and tell the customer so."
    severity: Severity = Severity.HIGH

    def check(self, moment: Moment) -> Iterable[Finding]:
        for answer in moment.ticket.answers:
            if answer.resolved is False:
                yield Finding(
                    rule=self.name,
                    severity=self.severity,
                    headline="The customer says the problem is not resolved",
                    since=answer.at or moment.now,
                    level=f"{answer.words}|{answer.recording}",
                    fix="solving the problem, as the customer sees it",
                    **telling(answer),
                )
