"""Agent pattern: several low scores or thin updates around one agent, more than among others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.patterns import Pattern


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
    desk: ClassVar[str] = "agent"
    says: ClassVar[Mapping[str, str]] = {
        "low_share": "{bad:.0f} of {of:.0f} answers about the work of {name} are low",
        "thin_share": "{bad:.0f} of {of:.0f} updates by {name} are thin",
    }
    fix: ClassVar[str] = "coaching, and a share as others have"
