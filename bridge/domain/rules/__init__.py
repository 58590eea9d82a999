"""The rules: one small file each, found by looking into this folder. A new file is a new rule.

Each shows in its docstring when it fires and when not, in the words of `bridge.domain.example`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from inspect import getmembers, isclass
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import astuple

from bridge.domain.clocks import standing, used
from bridge.domain.goals import BREACH, NAG
from bridge.domain.model import Answer, Clock, Finding, Rung, Severity

if TYPE_CHECKING:
    from bridge.domain.judge import Moment


@cache
def rules() -> dict[str, Any]:
    """Every rule class, by its name."""
    found: dict[str, Any] = {}
    for info in iter_modules(__path__, __name__ + "."):
        module = import_module(info.name)
        for _, cls in getmembers(module, isclass):
            name = vars(cls).get("name")
            if cls.__module__ == module.__name__ and isinstance(name, str):
                found[name] = cls
    return found


def lasting(duration: timedelta) -> str:
    """A duration as people say it: "50 min", "2 h 10 min", "26 h", "3 d 4 h"."""
    minutes = max(round(duration.total_seconds() / 60), 0)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        days, hours = divmod(hours, 24)
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours >= 10 or (hours and not minutes):
        return f"{hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def moment_in_words(at: datetime) -> str:
    """A moment in a fact, in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What the rules that count have in common: from how many on, and how grave that is."""

    at_least: int = 1
    severity: Severity = Severity.WARNING

    def __post_init__(self) -> None:
        if self.at_least < 1:
            raise ValueError(f"at_least must be 1 or more, not {self.at_least}")


@dataclass(frozen=True, kw_only=True)
class Timed:
    """What the rules about clocks have in common: graver stages of one goal, and what they say.

    A severity of None means that nobody is told at that stage.
    """

    name: ClassVar[str]
    at_risk: Severity | None = Severity.WARNING
    breached: Severity | None = Severity.HIGH

    def late(
        self, moment: Moment, goal: str, *, waits: str, soon: str, fix: str, about: str = ""
    ) -> tuple[Finding, ...]:
        """The finding for the stage that the goal's clock has reached, or none.

        `waits` says what has been waited for ("Waiting {time} for a first answer"), `soon` what is
        due soon.
        """
        clock = moment.clocks.get(goal)
        found = standing(moment.ticket, clock, moment.now) if clock else None
        if clock is None or found is None:
            return ()
        stage, rung = found
        over = stage == BREACH or stage.startswith(NAG)
        severity = self.breached if over else self.at_risk
        if severity is None:
            return ()
        passed = used(clock, moment.hours, moment.now)
        if not over:
            words = f"{soon} due in {lasting(clock.target - passed)}"
        elif clock.target:
            words = waits.format(time=lasting(passed))
        else:
            words = waits.format(time=lasting(moment.now - clock.started_at))
        promise = f"; goal {lasting(clock.target)}" if clock.target else ""
        urgency = f"; priority {moment.ticket.priority}" if moment.ticket.priority else ""
        return (
            Finding(
                rule=self.name,
                severity=severity,
                headline=f"{words}{promise}{urgency}",
                since=clock.started_at,
                about=about,
                occurrence=f"{clock.started_at.isoformat()}+{clock.target.total_seconds():.0f}",
                level=stage,
                stage=stage,
                facts=tuple(_clock_facts(clock, rung, passed)),
                fix=fix,
            ),
        )


def _clock_facts(clock: Clock, rung: Rung, passed: timedelta) -> Iterator[tuple[str, str]]:
    """What a manager should know of the clock: above all where the alert is late, or not sure."""
    yield "Since", moment_in_words(clock.started_at)
    if clock.source:
        yield "Clock", f"{clock.source}'s own"
    if clock.target:
        yield "Working time used", f"{lasting(passed)} of {lasting(clock.target)}"
    if clock.policy:
        yield "Policy", clock.policy
    if rung.late:
        yield "Rung late", rung.late
    if not rung.confirmed:
        yield "Not confirmed", "the helpdesk could not be asked whether this still holds"


def telling(answer: Answer) -> dict[str, Any]:
    """What a finding about a survey answer carries along."""
    parts = (answer.raw, answer.words, answer.recording, *astuple(answer.contact))
    return {
        "about": answer.id,
        "level": "|".join(parts),
        "words": answer.words,
        "contact": answer.contact,
        "recording": answer.recording,
    }
