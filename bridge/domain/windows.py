"""The windows in which is counted: clock hours, and days by the clock on the wall. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

HOUR, DAY = "hour", "day"

WEEK = 168
"""Hours of a week, from Monday 0:00 on, in the zone of the working hours."""


def hour_of(at: datetime) -> datetime:
    """The clock hour in which a moment lies."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(at: datetime, zone: tzinfo) -> datetime:
    """When the local day of a moment began, in UTC."""
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def window_end(window: str, begins: datetime, zone: tzinfo) -> datetime:
    """When a window is over that begins then: an hour later, or the next local midnight."""
    if window == HOUR:
        return begins + timedelta(hours=1)
    return day_of(begins + timedelta(hours=36), zone)


def slot(at: datetime, zone: tzinfo) -> int:
    """The local hour of a moment as a number; modulo 168 it is the hour of the week."""
    local = at.astimezone(zone)
    return (local.date().toordinal() - 1) * 24 + local.hour
