"""Reopened: the ticket was solved and came back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding
from bridge.domain.rules import Counted, Warns, moment_in_words


@dataclass(frozen=True, kw_only=True)
class Reopened(Counted, Warns):
    """A live ticket was reopened `at_least` times. Once is common: many customers only say thanks.

    >>> example(Reopened(), reopened=[ago(hours=5), ago(hours=1)])
    ['Reopened 2 times']
    >>> example(Reopened(), reopened=[ago(hours=1)])
    []
    """

    name: ClassVar[str] = "reopened"
    playbook: ClassVar[str] = "Read the case from the start: what was solved was not the problem."
    at_least: int = 2

    def check(self, moment: Moment) -> Iterable[Finding]:
        times = moment.ticket.reopened
        if len(times) < self.at_least or not moment.ticket.live:
            return ()
        if self.too_late(moment, times[self.at_least - 1]):
            return ()
        finding = Finding(
            rule=self.name,
            severity=self.severity,
            headline="Reopened" + (f" {len(times)} times" if len(times) > 1 else ""),
            since=times[self.at_least - 1],
            occurrence=str(len(times)),
            level=str(len(times)),
            facts=(("Last reopened", moment_in_words(times[-1])),),
            fix="a solution that the customer agrees to",
        )
        return (finding,)
