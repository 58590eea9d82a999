"""Ping-pong: the ticket went back to the team it came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding
from bridge.domain.rules import Counted, Warns


@dataclass(frozen=True, kw_only=True)
class PingPong(Counted, Warns):
    """A live ticket went from one team to another and straight back, `at_least` times.

    >>> there, back = Handoff(ago(hours=2), "team", "1", "2"), Handoff(ago(hours=1), "team", "2", "1")
    >>> example(PingPong(), handoffs=[there, back])
    ['Went back to the team it came from']
    >>> example(PingPong(), handoffs=[there])
    []
    """

    name: ClassVar[str] = "ping_pong"
    playbook: ClassVar[str] = "Get both teams on one call and settle whose it is."

    def check(self, moment: Moment) -> Iterable[Finding]:
        if len(moment.ticket.handoffs) < 2 or not moment.ticket.live:
            return ()
        hops = [h for h in moment.ticket.handoffs if h.of == "team"]
        back = [b for a, b in pairwise(hops) if b.target == a.source]
        if len(back) < self.at_least or self.too_late(moment, back[self.at_least - 1].at):
            return ()
        finding = Finding(
            rule=self.name,
            severity=self.severity,
            headline="Went back to the team it came from"
            + (f", {len(back)} times" if len(back) > 1 else ""),
            since=back[self.at_least - 1].at,
            occurrence=str(len(back) // self.at_least),
            level=str(len(back)),
            fix="one team that keeps it",
        )
        return (finding,)
