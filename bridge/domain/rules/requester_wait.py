"""Requester wait: all the time that a customer waited for somebody adds up to too much."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding
from bridge.domain.rules import Timed


@dataclass(frozen=True, kw_only=True)
class RequesterWait(Timed):
    """The goal `requester_wait` is at risk or breached.

    >>> example(RequesterWait(), opened_at=ago(hours=2))
    ['The customer has waited 2 h in all; goal 1 h']
    >>> example(RequesterWait(), opened_at=ago(minutes=30))
    []
    """

    name: ClassVar[str] = "requester_wait"
    playbook: ClassVar[str] = "Ask who holds it up, and tell the customer a time that you can keep."

    def check(self, moment: Moment) -> Iterable[Finding]:
        return self.late(
            moment,
            "requester_wait",
            waits="The customer has waited {time} in all",
            soon="End of the customer's wait",
            fix="solving the ticket, or a question that only the customer can answer",
        )
