"""Helpdesk SLA: a service level of the helpdesk's own, that is no goal of ours, is at risk or missed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.model import Finding
from bridge.domain.rules import Timed


@dataclass(frozen=True, kw_only=True)
class HelpdeskSla(Timed):
    """A clock of the helpdesk's own breaches; each of several is a reason of its own.

    >>> own = VendorClock(name="Time to approval", breach_at=ago(hours=1), target=timedelta(hours=4))
    >>> example(HelpdeskSla(), opened_at=ago(hours=9), clocks=(own,))
    ['Time to approval: missed after 5 h; goal 4 h']
    >>> example(HelpdeskSla(), opened_at=ago(hours=9), clocks=(VendorClock(name="It", paused=True),))
    []
    """

    name: ClassVar[str] = "helpdesk_sla"
    playbook: ClassVar[str] = (
        "Look at the service level in the helpdesk, and at what stops its clock."
    )

    def check(self, moment: Moment) -> Iterable[Finding]:
        found: list[Finding] = []
        for goal in moment.clocks:
            if goal.startswith("sla:"):
                name = goal.removeprefix("sla:").replace("{", "(").replace("}", ")")
                found += self.late(
                    moment,
                    goal,
                    waits=f"{name}: missed after {{time}}",
                    soon=f"{name}:",
                    fix="what stops the helpdesk's clock",
                    about=goal,
                )
        return found
