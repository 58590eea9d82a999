"""An account of working time: the windows that count, and why the days between them do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bridge.domain.hours import Hours

_DAY = timedelta(days=1)
_WEEKEND = (5, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Open time that counts, from `opens` to `closes`, in UTC; `notes` say what is unusual about it."""

    opens: datetime
    closes: datetime
    notes: tuple[str, ...] = ()

    @property
    def length(self) -> timedelta:
        """How much of it counts: all."""
        return self.closes - self.opens


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A day, in the zone of its calendar, on which nothing that counts begins."""

    day: date
    why: str
    calendar: str


def account(hours: Hours, start: datetime, end: datetime) -> list[Counted | Skipped]:
    """Account for the time from `start` to `end`, in order.

    What is counted adds up to `hours.between(start, end)`. Of hours that follow others, each is accounted for.
    Raises `ValueError` for a moment without a time zone, or out of range.
    """
    lines: list[tuple[datetime, Counted | Skipped]] = [
        (line.opens, line) for line in _counted(hours, start, end)
    ]
    for each in _followed(hours):
        for line in _skipped(each, start, end) if start < end else ():
            begins = datetime.combine(line.day, time(), each.zone)
            lines.append((begins.astimezone(UTC), line))
    return [line for _, line in sorted(lines, key=lambda one: one[0])]


def _counted(hours: Hours, start: datetime, end: datetime) -> Iterator[Counted]:
    for opens, closes in hours.windows(start):
        if opens >= end:
            return
        until = min(closes, end)
        yield Counted(opens=opens, closes=until, notes=tuple(_notes(hours, opens, until)))


def _notes(hours: Hours, opens: datetime, closes: datetime) -> Iterator[str]:
    if hours.follow:
        at_work = (each for each in _followed(hours) if each.between(opens, closes))
        yield " + ".join(dict.fromkeys(each.name for each in at_work))
    there = opens.astimezone(hours.zone)
    if there.date() in hours.special:
        yield "special hours"
    if there.utcoffset() != closes.astimezone(hours.zone).utcoffset():
        yield "the clocks change"


def _followed(hours: Hours) -> Iterator[Hours]:
    """The hours that have spans of their own: these, or all that they follow."""
    if not hours.follow:
        yield hours
    for each in hours.follow:
        yield from _followed(each)


def _skipped(hours: Hours, start: datetime, end: datetime) -> Iterator[Skipped]:
    opened = {line.opens.astimezone(hours.zone).date() for line in _counted(hours, start, end)}
    day = start.astimezone(hours.zone).date()
    last = (end - timedelta(microseconds=1)).astimezone(hours.zone).date()
    while day <= last:
        why = ", ".join(_reasons(hours, day))
        if not why and day not in opened and not _goes_on(hours, day, start):
            following = next(hours.windows(start), None)
            later = following and following[0].astimezone(hours.zone).date() == day
            why = "not open yet" if later or day > start.astimezone(hours.zone).date() else "over"
        if why:
            yield Skipped(day=day, why=why, calendar=hours.name)
        day += _DAY


def _reasons(hours: Hours, day: date) -> Iterator[str]:
    """Why nothing opens on a day; nothing where something does."""
    if hours.spans(day):
        return
    if day in hours.special:
        yield "closed as a special day"
        return
    if hours.week and not hours.week.get(day.weekday()):
        yield "weekend" if day.weekday() in _WEEKEND else "no working day"
    if day in hours.days_off:
        yield "day off"
    if hours.holidays is not None and day in hours.holidays:
        yield f"public holiday ({hours.holidays.name(day)})"


def _goes_on(hours: Hours, day: date, start: datetime) -> bool:
    """Tell whether a window that opened earlier is still open when the day begins."""
    return hours.is_open(max(datetime.combine(day, time(), hours.zone), start))
