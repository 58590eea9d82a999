"""Resolution time: the ticket takes too long to solve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding
from bridge.domain.rules import Timed


@dataclass(frozen=True, kw_only=True)
class ResolutionTime(Timed):
    """The goal `resolution` is at risk or breached.

    >>> example(ResolutionTime(), opened_at=ago(hours=2))
    ['Unsolved after 2 h; goal 1 h']
    >>> example(ResolutionTime(), opened_at=ago(minutes=30))
    []
    """

    name: ClassVar[str] = "resolution_time"
    playbook: ClassVar[str] = "Ask what blocks it, and bring in whoever can unblock it."

    def check(self, moment: Moment) -> Iterable[Finding]:
        return self.late(
            moment,
            "resolution",
            waits="Unsolved after {time}",
            soon="Resolution",
            fix="solving the ticket",
        )
