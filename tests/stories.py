"""What happened to ticket zendesk:1 in the week of Monday, 2 March 2026 (UTC), in few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from bridge.domain.goals import Goal
from bridge.domain.hours import Hours, parse_week
from bridge.domain.judge import Policy
from bridge.domain.model import (
    Answer,
    AnyEvent,
    Assigned,
    Due,
    Gone,
    Opened,
    Party,
    PriorityChanged,
    Rated,
    Read,
    Replied,
    Seen,
    StatusChanged,
    Tagged,
    Ticket,
    Touched,
)
from bridge.domain.ticket import STATUSES, fold_all

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ROUND_THE_CLOCK = Hours(ZoneInfo("UTC"))
NINE_TO_FIVE = Hours(ZoneInfo("UTC"), parse_week({"mon-fri": "09:00-17:00"}))

_numbers = count(1)


def at(when: str) -> datetime:
    """A moment: "09:30" is on Monday, "tue 09:30" the day after."""
    day, _, clock = when.rpartition(" ")
    hour, minute = clock.split(":")
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    return monday + timedelta(DAYS.index(day or "mon"), hours=int(hour), minutes=int(minute))


def _told(when: str, by: Party, more: dict[str, Any]) -> dict[str, Any]:
    """Of two events at one time, the one written first in a test comes first."""
    number = next(_numbers)
    named = {"id": f"e{number}", "subject": "zendesk:1", "at": at(when), "seq": number, "by": by}
    return named | more


def opened(when: str, by: Party = Party.CUSTOMER, **more: Any) -> Opened:
    return Opened(**_told(when, by, more))


def customer_wrote(when: str, **more: Any) -> Replied:
    return Replied(public=True, **_told(when, Party.CUSTOMER, more))


def agent_answered(when: str, **more: Any) -> Replied:
    return Replied(public=True, **_told(when, Party.AGENT, {"actor": "7", **more}))


def agent_noted(when: str, **more: Any) -> Replied:
    return Replied(public=False, **_told(when, Party.AGENT, {"actor": "7", **more}))


def became(when: str, status: str, **more: Any) -> StatusChanged:
    return StatusChanged(status=status, **_told(when, Party.AGENT, more))


def ranked(when: str, priority: str, **more: Any) -> PriorityChanged:
    return PriorityChanged(priority=priority, **_told(when, Party.AGENT, more))


def moved(when: str, *, team: str | None = None, agent: str | None = None, **more: Any) -> Assigned:
    return Assigned(team=team, agent=agent, **_told(when, Party.AGENT, more))


def rated(when: str, **answer: Any) -> Rated:
    return Rated(answer=Answer(**{"id": "csat", **answer}), **_told(when, Party.CUSTOMER, {}))


def gone(when: str, **more: Any) -> Gone:
    return Gone(**_told(when, Party.AGENT, more))


def reported(when: str, *, save: str = "", **seen: Any) -> Touched:
    return Touched(seen=Seen(**seen), **_told(when, Party.SYSTEM, {"save": save}))


def tagged(when: str, *added: str, removed: tuple[str, ...] = (), **more: Any) -> Tagged:
    return Tagged(added=added, removed=removed, **_told(when, Party.AGENT, more))


def read(when: str, **more: Any) -> Read:
    return Read(**_told(when, Party.SYSTEM, more))


def rang(when: str, goal: str, stage: str, **more: Any) -> Due:
    return Due(goal=goal, stage=stage, **_told(when, Party.SYSTEM, more))


def ticket(*events: AnyEvent, statuses: Any = STATUSES) -> Ticket:
    """The ticket that these events make."""
    made = fold_all(events, statuses)
    assert made is not None
    return made


def promising(*goals: Goal, hours: Hours = NINE_TO_FIVE, **more: Any) -> Policy:
    """A policy of promises alone, without rules."""
    return Policy(rules=(), goals=goals, hours=hours, **more)
