"""First response: a customer waits too long for the first answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding
from bridge.domain.rules import Timed


@dataclass(frozen=True, kw_only=True)
class FirstResponse(Timed):
    """The goal `first_response` is at risk or breached.

    >>> example(FirstResponse(), waiting_since=ago(hours=2))
    ['Waiting 2 h for a first answer; goal 1 h']
    >>> example(FirstResponse(), waiting_since=ago(minutes=30))
    []
    """

    name: ClassVar[str] = "first_response"
    playbook: ClassVar[str] = "Have somebody answer now, if only to say when the next word comes."

    def check(self, moment: Moment) -> Iterable[Finding]:
        return self.late(
            moment,
            "first_response",
            waits="Waiting {time} for a first answer",
            soon="First answer",
            fix="a public answer to the customer",
        )
