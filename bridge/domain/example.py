"""The words in which rules show what they find: in their docstrings, which are run as tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.domain.clocks import clocks, ring
from bridge.domain.goals import GOALS, Goal, VendorSlas
from bridge.domain.hours import Hours
from bridge.domain.judge import NOTHING_AROUND, Around, Policy, Rule, judge
from bridge.domain.model import Answer, Handoff, Measure, Said, Ticket, VendorClock

__all__ = [
    "NOW",
    "Answer",
    "Around",
    "Handoff",
    "Measure",
    "Said",
    "VendorClock",
    "ago",
    "example",
    "timedelta",
]

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def ago(**duration: float) -> datetime:
    """A moment so long before `NOW`, in the words of `timedelta`."""
    return NOW - timedelta(**duration)


def example(rule: Rule, around: Around = NOTHING_AROUND, **ticket: object) -> list[str]:
    """The headlines that the rule finds at `NOW` on a ticket with these fields, all timers rung.

    Work goes round the clock; each goal is an hour, with a warning at three quarters of it.
    """
    targets = {"": timedelta(hours=1)}
    goals = tuple(Goal(name=name, targets=targets, warn=(0.75,)) for name in GOALS)
    vendors = {"zendesk": VendorSlas(win=False, goals={})}
    policy = Policy(rules=(rule,), goals=goals, hours=Hours(ZoneInfo("UTC")), vendors=vendors)
    known = {"id": "zendesk:1", "as_of": (NOW, 0, ""), "whole": True}
    case = Ticket(**{**known, **ticket})  # type: ignore[arg-type]
    case = ring(case, clocks(case, policy), NOW)
    return [finding.headline for finding in judge(case, policy, NOW, around).findings]
