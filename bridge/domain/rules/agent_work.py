"""Agent work: the ticket has been worked on for too long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding
from bridge.domain.rules import Timed


@dataclass(frozen=True, kw_only=True)
class AgentWork(Timed):
    """The goal `agent_work` is at risk or breached.

    >>> example(AgentWork(), opened_at=ago(hours=2))
    ['With the agents for 2 h; goal 1 h']
    >>> example(AgentWork(), opened_at=ago(minutes=30))
    []
    """

    name: ClassVar[str] = "agent_work"
    playbook: ClassVar[str] = (
        "Sit down with the agent: find out what is missing, and whether somebody else has it."
    )

    def check(self, moment: Moment) -> Iterable[Finding]:
        return self.late(
            moment,
            "agent_work",
            waits="With the agents for {time}",
            soon="End of the agents' time",
            fix="solving the ticket, or handing it to somebody who can",
        )
