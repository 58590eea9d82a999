"""Stale update: the customer has heard nothing for too long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding, Severity
from bridge.domain.rules import Timed


@dataclass(frozen=True, kw_only=True)
class StaleUpdate(Timed):
    """The goal `periodic_update` is breached; a warning before it is off unless it has a severity.

    >>> example(StaleUpdate(), last_reply_at=ago(hours=2))
    ['No update to the customer for 2 h; goal 1 h']
    >>> example(StaleUpdate(), last_reply_at=ago(minutes=30))
    []
    """

    name: ClassVar[str] = "stale_update"
    playbook: ClassVar[str] = "Tell the customer where things stand and when they hear more."
    at_risk: Severity | None = None
    breached: Severity | None = Severity.WARNING

    def check(self, moment: Moment) -> Iterable[Finding]:
        return self.late(
            moment,
            "periodic_update",
            waits="No update to the customer for {time}",
            soon="Next update",
            fix="a public update to the customer",
        )
