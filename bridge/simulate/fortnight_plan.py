"""Who has to be told of an alert that nobody takes, and when: worked out from the configuration's text alone.

The arithmetic is the scenario's own, a walk from minute to minute, and shares nothing with what it is held against.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bridge.simulate.fortnight_people import PEOPLE, START, UNITS, Away, Person, Unit, there

CONFIG = Path(__file__).with_name("fortnight.toml")
MINUTE = timedelta(minutes=1)
LAST = START + timedelta(days=42)
"""Calendars are known up to here, from the first day on."""

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def lasting(written: str) -> timedelta:
    """A duration as the configuration has it: "1h30m"."""
    parts = re.findall(r"(\d+)([dhms])", written)
    return timedelta(seconds=sum(int(many) * _UNITS[unit] for many, unit in parts))


class Minutes:
    """A calendar: whether each minute is open, from the first day to `LAST`."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        zone, spans = ZoneInfo(table["zone"]), _spans(table["week"])
        self._open = bytearray()
        at = START
        while at < LAST:
            local = at.astimezone(zone)
            clock = local.hour * 60 + local.minute
            self._open.append(any(a <= clock < b for a, b in spans[local.weekday()]))
            at += MINUTE

    def holds(self, at: datetime) -> bool:
        """Whether it is open at that moment."""
        return bool(self._open[(at - START) // MINUTE])

    def next_open(self, at: datetime) -> datetime:
        """That moment if it is open then, else the next opening."""
        while not self.holds(at):
            at = _next_minute(at)
        return at

    def after(self, at: datetime, work: timedelta) -> datetime:
        """When so much open time has passed since `at`."""
        while True:
            end = _next_minute(at)
            if self.holds(at):
                if at + work <= end:
                    return at + work
                work -= end - at
            at = end


def _spans(week: Mapping[str, str | list[str]]) -> list[list[tuple[int, int]]]:
    """Minutes of the day from which to which it is open, by weekday."""
    spans: list[list[tuple[int, int]]] = [[] for _ in _WEEK]
    for days, written in week.items():
        first, _, last = days.partition("-")
        for span in [written] if isinstance(written, str) else written:
            opens, closes = ([int(n) for n in clock.split(":")] for clock in span.split("-"))
            for day in range(_WEEK.index(first), _WEEK.index(last or first) + 1):
                spans[day].append((opens[0] * 60 + opens[1], closes[0] * 60 + closes[1]))
    return spans


def _next_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) + MINUTE


@dataclass(frozen=True)
class Call:
    """A step of a ladder: `who` is told `by` these mediums at `at`, unless somebody has taken the alert before."""

    at: datetime
    who: Person
    by: tuple[str, ...]


class Rules:
    """What the configuration says of ladders and quiet hours; `away` is who is on holiday."""

    def __init__(self, away: Iterable[Away], config: Path = CONFIG) -> None:
        said = tomllib.loads(config.read_text("utf-8").replace("{smtp_port}", "25"))
        self.away = tuple(away)
        self.calendars = {name: Minutes(table) for name, table in said["calendars"].items()}
        self.promised = lasting(said["goals"]["first_response"]["target"]["urgent"])
        self._ladders = said["ladders"]
        self._loud = said["quiet"]["unless"]

    def disturbs(self, unit: Unit, severity: str, at: datetime) -> bool:
        """Whether it is quiet in the team at that moment, and the alert no reason to break that."""
        return severity != self._loud and not self.calendars[unit.awake].holds(at)

    def calls(
        self, unit: Unit, severity: str, opened: datetime, owner: Person | None = None
    ) -> list[Call]:
        """The steps of an alert that opens at `opened`, in their order, with those held by quiet hours at their end."""
        found: list[Call] = []
        for step in self._ladders[unit.ladder or "default"]["steps"]:
            wait = lasting(step["after"])
            working = step.get("hours") == "working"
            due = self.calendars[unit.calendar].after(opened, wait) if working else opened + wait
            meant = _meant(step["who"], unit, owner)
            if meant is not None:
                who = there(meant, due, self.away)
                found.append(Call(due, who, tuple(step.get("by", ("slack",)))))
        told: set[str] = set()
        once = []
        for call in sorted(found, key=lambda call: call.at):
            if call.who.key not in told:
                told.add(call.who.key)
                once.append(self._let_through(unit, severity, call))
        return once

    def _let_through(self, unit: Unit, severity: str, call: Call) -> Call:
        if not self.disturbs(unit, severity, call.at):
            return call
        return Call(self.calendars[unit.awake].next_open(call.at), call.who, call.by)


def _meant(who: str, unit: Unit, owner: Person | None) -> Person | None:
    """Whom a step names, holidays apart."""
    if who in PEOPLE:
        return PEOPLE[who]
    if who == "owner" and owner is not None:
        return owner
    higher: Unit | None = unit
    for _ in range(int(who.partition("+")[2] or 0)):
        higher = UNITS.get(higher.parent) if higher else None
    return PEOPLE[higher.manager] if higher else None


def utc(moment: datetime) -> datetime:
    """The same moment in UTC, to the second."""
    return moment.astimezone(UTC).replace(microsecond=0)
