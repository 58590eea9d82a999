"""Next reply: a customer wrote again and waits too long for an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding
from bridge.domain.rules import Timed


@dataclass(frozen=True, kw_only=True)
class NextReply(Timed):
    """The goal `next_reply` is at risk or breached.

    >>> example(NextReply(), waiting_since=ago(hours=2), first_reply_at=ago(hours=9))
    ["The customer's last message has waited 2 h for an answer; goal 1 h"]
    >>> example(NextReply(), waiting_since=ago(minutes=30), first_reply_at=ago(hours=9))
    []
    """

    name: ClassVar[str] = "next_reply"
    playbook: ClassVar[str] = "Answer the customer's last message, or say who will and when."

    def check(self, moment: Moment) -> Iterable[Finding]:
        return self.late(
            moment,
            "next_reply",
            waits="The customer's last message has waited {time} for an answer",
            soon="Next reply",
            fix="a public answer to the customer",
        )
