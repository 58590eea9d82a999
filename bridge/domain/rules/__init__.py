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

from bridge.domain.clocks import missed_at, standing, used
from bridge.domain.goals import BREACH, NAG, WARN
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


def begins_in_shadow(rule: object) -> bool:
    """Whether a rule, or its class, tells nobody unless the configuration says that it may."""
    return bool(getattr(rule, "begins_in_shadow", False))


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
class Warns:
    """What rules have in common that may be kept to warnings, no obituaries.

    `early`: nothing is told that began only after the goal `resolution` was breached. Without that goal, all is.
    """

    early: bool = False

    def too_late(self, moment: Moment, began: datetime) -> bool:
        """Whether what began then came too late to be told."""
        clock = moment.clocks.get("resolution") if self.early else None
        missed = missed_at(moment.ticket, clock, moment.now) if clock else None
        return missed is not None and missed <= began


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What the rules that count have in common: from how many on, and how grave that is."""

    at_least: int = 1
    severity: Severity = Severity.WARNING

    def __post_init__(self) -> None:
        if self.at_least < 1:
            raise ValueError(f"at_least must be 1 or more, not {self.at_least}")


@dataclass(frozen=True, kw_only=True)
class Timed(Warns):
    """What the rules about clocks have in common: graver stages of one goal, and what they say.

    A severity of None means that nobody is told at that stage. `with_handoffs`: only where the case has changed hands
    at least so often; `at_risk_with_handoffs` asks the same of warnings alone.
    """

    name: ClassVar[str]
    at_risk: Severity | None = Severity.WARNING
    breached: Severity | None = Severity.HIGH
    with_handoffs: int = 0
    at_risk_with_handoffs: int = 0

    def __post_init__(self) -> None:
        for name in ("with_handoffs", "at_risk_with_handoffs"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be 0 or more, not {getattr(self, name)}")

    def late(
        self, moment: Moment, goal: str, *, waits: str, soon: str, fix: str, about: str = ""
    ) -> tuple[Finding, ...]:
        """The finding for the stage that the goal's clock has reached, or none.

        `waits` says what has been waited for ("Waiting {time} for a first answer"), `soon` what is
        due soon.
        """
        clock = moment.clocks.get(goal)
        if clock is None or len(moment.ticket.handoffs) < self.with_handoffs:
            return ()
        found = standing(moment.ticket, clock, moment.now)
        if found is None:
            return ()
        stage, rung = found
        over = stage == BREACH or stage.startswith(NAG)
        severity = self.breached if over else self.at_risk
        if severity is None or (not over and not self._at_risk(moment)):
            return ()
        if self.early and self.too_late(moment, self._began(moment, clock, rung)):
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

    def _at_risk(self, moment: Moment) -> bool:
        return len(moment.ticket.handoffs) >= max(self.with_handoffs, self.at_risk_with_handoffs)

    def _began(self, moment: Moment, clock: Clock, rung: Rung) -> datetime:
        """When the first of the stages that are told was reached, with as many handoffs as it needs."""
        handoffs = moment.ticket.handoffs
        ways = [(-1, self.with_handoffs)]
        if self.at_risk is not None and self._at_risk(moment):
            ways.append((0, max(self.with_handoffs, self.at_risk_with_handoffs)))
        warned = rung.stage.startswith(WARN)
        found = []
        for stage, many in ways:
            reached = clock.due[stage] if clock.due else rung.due_at
            if not (warned and stage == -1):
                reached = min(reached, rung.due_at)
            found.append(max(reached, handoffs[many - 1].at) if many else reached)
        return min(found)


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
