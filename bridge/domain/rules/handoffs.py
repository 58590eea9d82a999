"""Handoffs: the ticket went through too many hands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding
from bridge.domain.rules import Counted, Warns


@dataclass(frozen=True, kw_only=True)
class Handoffs(Counted, Warns):
    """A live ticket changed team or agent `at_least` times; told again at twice, three times as many.

    `teams_only`: from one agent to another of the same team does not count.

    >>> moves = [Handoff(ago(hours=h), "team", f"{h}", f"{h - 1}") for h in (3, 2, 1)]
    >>> example(Handoffs(), handoffs=moves)
    ['Handed over 3 times']
    >>> example(Handoffs(), handoffs=moves[:2])
    []
    """

    name: ClassVar[str] = "handoffs"
    playbook: ClassVar[str] = "Name one owner who keeps the case to the end."
    at_least: int = 3
    teams_only: bool = False

    def check(self, moment: Moment) -> Iterable[Finding]:
        handoffs = moment.ticket.handoffs
        if self.teams_only:
            handoffs = tuple(h for h in handoffs if h.of == "team")
        if len(handoffs) < self.at_least or not moment.ticket.live:
            return ()
        if self.too_late(moment, handoffs[self.at_least - 1].at):
            return ()
        teams = sum(h.of == "team" for h in handoffs)
        finding = Finding(
            rule=self.name,
            severity=self.severity,
            headline=f"Handed over {len(handoffs)} times",
            since=handoffs[self.at_least - 1].at,
            occurrence=str(len(handoffs) // self.at_least),
            level=str(len(handoffs)),
            facts=(
                ("Between teams", str(teams)),
                ("Between agents", str(len(handoffs) - teams)),
            ),
            fix="one owner until it is solved",
        )
        return (finding,)
