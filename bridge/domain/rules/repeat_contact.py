"""Repeat contact: the same customer opened ticket after ticket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding, Severity
from bridge.domain.rules import lasting, moment_in_words


@dataclass(frozen=True, kw_only=True)
class RepeatContact:
    """The requester of a live ticket opened `at_least` tickets `within` some time, this one the last or among them.

    >>> others = Around(contacts=(ago(days=5), ago(days=2)))
    >>> example(RepeatContact(), others, opened_at=NOW)
    ['3 tickets of the same customer in 7 d']
    >>> example(RepeatContact(), Around(contacts=(ago(days=9), ago(days=2))), opened_at=NOW)
    []
    """

    name: ClassVar[str] = "repeat_contact"
    playbook: ClassVar[str] = (
        "Read their tickets together, give all of them to one agent, and answer the cause."
    )
    begins_in_shadow: ClassVar[bool] = True
    at_least: int = 3
    within: timedelta = timedelta(days=7)
    severity: Severity = Severity.WARNING

    def __post_init__(self) -> None:
        if self.at_least < 2:
            raise ValueError(f"at_least must be 2 or more, not {self.at_least}")
        if self.within <= timedelta():
            raise ValueError("within must be more than nothing")

    def check(self, moment: Moment) -> Iterable[Finding]:
        opened = moment.ticket.opened_at
        if opened is None or not moment.ticket.live:
            return ()
        # Of those that came before: a ticket is not worse because the customer came back after it.
        others = [at for at in moment.around.contacts if opened - self.within < at <= opened]
        many = len(others) + 1
        if many < self.at_least:
            return ()
        return (
            Finding(
                rule=self.name,
                severity=self.severity,
                headline=f"{many} tickets of the same customer in {lasting(self.within)}",
                since=opened,
                facts=(("First of them", moment_in_words(min(others))),),
                fix="one owner for all tickets of this customer",
            ),
        )
