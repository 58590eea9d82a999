"""The clocks of Jira Service Management's own service levels, as an issue's fields or the service desk show them. Pure.

Shapes: developer.atlassian.com/cloud/jira/service-desk/rest, GET request/{id}/sla; the same object is the value of a
custom field of the issue. A service level that has stopped has completed cycles only and is no clock. How an SLA stands
is worked out by Jira after a change is saved, so a webhook may still tell how it stood before. Unconfirmed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bridge.domain.model import Unreadable, VendorClock
from connectors.plain import plain
from connectors.reading import Node

SLA_GOALS = {"time to first response": "first_response", "time to resolution": "resolution"}
"""Which goal of ours a service level of Jira's is, by its name in lower case: the two that a new project has."""

_LONGEST_NAME = 200
_MOST = 20  # clocks on an issue
_LONGEST = 10**12  # milliseconds, some 30 years: what is longer is no time


def clocks(values: Iterable[Any]) -> tuple[VendorClock, ...] | None:
    """The clocks that run or are paused among these values, by name; None where none of them is a service level."""
    levels = [level for value in values if (level := _level(value))]
    if not levels:
        return None
    running = [clock for level in levels if (clock := _clock(level))]
    return tuple(sorted(running, key=lambda clock: clock.name)[:_MOST])


def _level(value: Any) -> dict[str, Any]:
    """The value if it is a service level: a name, and cycles of either kind."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return {}
    cycles = isinstance(value.get("completedCycles"), list)
    return value if cycles or isinstance(value.get("ongoingCycle"), dict) else {}


def _clock(level: dict[str, Any]) -> VendorClock | None:
    """The cycle that goes on. `remainingTime` falls below zero once it is missed: `elapsed` then exceeds `target`.

    The breach comes at `breachTime`, within the calendar's hours or not. A paused cycle has none that means something.
    """
    cycle, name = level.get("ongoingCycle"), plain(level["name"], _LONGEST_NAME)
    if not isinstance(cycle, dict) or not name:
        return None
    paused = cycle.get("paused") is True
    return VendorClock(
        name=name,
        paused=paused,
        breach_at=None if paused else _moment(cycle.get("breachTime")),
        started_at=_moment(cycle.get("startTime")),
        target=_span(cycle.get("goalDuration")),
        elapsed=_span(cycle.get("elapsedTime")),
    )


def _moment(value: Any) -> datetime | None:
    """A moment of the service desk's, which is told in up to four forms, none of them for certain."""
    if not isinstance(value, dict):
        return None
    for form in ("epochMillis", "iso8601", "jira"):
        try:
            if told := Node(value.get(form), form).time():
                return told
        except Unreadable:
            continue
    return None


def _span(value: Any) -> timedelta | None:
    millis = value.get("millis") if isinstance(value, dict) else None
    if isinstance(millis, bool) or not isinstance(millis, int | float):
        return None
    return timedelta(milliseconds=millis) if abs(millis) <= _LONGEST else None
