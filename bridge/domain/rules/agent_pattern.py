"""Agent pattern: several low scores or thin updates around one agent, more than among others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding
from bridge.domain.patterns import Pattern, shared

_WORDS = {
    "low_share": "{bad:.0f} of {of:.0f} answers about the work of {name} are low",
    "thin_share": "{bad:.0f} of {of:.0f} updates by {name} are thin",
}


@dataclass(frozen=True, kw_only=True)
class AgentPattern(Pattern):
    """Within thirty days, far more of an agent's answers were low, or of their updates thin, than of others'.

    >>> low = Measure(NOW, 9, 20, 2.4, 0.01)
    >>> example(AgentPattern(), id="agent:zendesk:7", name="Ben", measures={"low_share": (low,)})
    ['9 of 20 answers about the work of Ben are low']
    >>> busy = Measure(NOW, 30, 250, 29.0, 1.0)
    >>> example(AgentPattern(), id="agent:zendesk:7", name="Ben", measures={"low_share": (busy,)})
    []
    """

    name: ClassVar[str] = "agent_pattern"
    playbook: ClassVar[str] = (
        "Read two or three of these cases together with the agent, and agree on one thing to try."
    )
    begins_in_shadow: ClassVar[bool] = True

    def check(self, moment: Moment) -> Iterable[Finding]:
        ticket = moment.ticket
        if ticket.desk != "agent":
            return
        for metric, words in _WORDS.items():
            if found := self.standing(ticket.measures.get(metric, ())):
                bad, of = found.now.value, found.now.of or 0
                yield Finding(
                    rule=self.name,
                    severity=self.severity,
                    headline=words.format(bad=bad, of=of, name=ticket.name or ticket.key),
                    since=found.since,
                    about=metric,
                    occurrence=found.since.isoformat(),
                    level=f"{bad:.0f}/{of:.0f}",
                    facts=(*shared(found.now), *cases_of(moment, metric)),
                    fix="coaching, and a share as others have",
                )


def cases_of(moment: Moment, metric: str) -> tuple[tuple[str, str], ...]:
    """The newest cases that count, as they were told beside the figure."""
    told = moment.ticket.facts.get(metric, "")
    return (("Newest", told),) if told else ()
