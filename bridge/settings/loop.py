"""What is configured of closing the loop: ladders, goals, quiet hours, storms and the digest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from bridge.domain.goals import Lead
from bridge.domain.ladders import BY, DEFAULT_LADDER, MANAGER, Ladder, Step, above
from bridge.domain.model import Severity
from bridge.domain.promises import Targets
from bridge.settings.sections import Duration, Section, duration, lead

if TYPE_CHECKING:
    from bridge.settings.reader import Reader

NONE = "none"
OFF = "off"
MOST_CAUSES = 100
"""Options that a Slack menu holds: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element"""
LONGEST_CAUSE = 75
"""Characters of a Slack option: https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""

CAUSES = (
    "slow answer",
    "wrong answer",
    "unclear answer",
    "handoffs",
    "tone",
    "product defect",
    "outage",
    "billing",
    "delivery",
    "expectations",
    "other",
)
"""Why customers were let down, unless the configuration has its own words."""

_LEVELS = {severity.name.lower(): severity for severity in Severity}
_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def local_hour(written: str) -> time | None:
    """The hour of a digest as people write it, "08:00"; None for "off". Raises ValueError for anything else."""
    if written == OFF:
        return None
    if (found := _HOUR.fullmatch(written)) is None:
        raise ValueError(f'{written!r} is no hour of the day: write it as "08:00", or "off"')
    return time(int(found[1]), int(found[2]))


def _perhaps(value: object) -> timedelta | None:
    return None if value == NONE else duration(value)


def _lasting(length: timedelta | None) -> timedelta | None:
    if length is not None and not length:
        raise ValueError("must be longer than nothing")
    return length


def _warning(value: object) -> Lead | None:
    return None if value == NONE else lead(value)


def _by_severity(value: object) -> dict[Severity, timedelta]:
    """One target for all, or by severity with a "default"; "none" for no promise."""
    said = value if isinstance(value, dict) else {"default": value}
    for name in said:
        if name not in _LEVELS and name != "default":
            known = ", ".join((*_LEVELS, "default"))
            raise ValueError(f"{name!r} is no severity; known are: {known}")
    usual = said.get("default", NONE)
    lengths = {level: _perhaps(said.get(name, usual)) for name, level in _LEVELS.items()}
    return {level: length for level, length in lengths.items() if length is not None}


def _severity(value: object) -> Severity:
    if value not in _LEVELS:
        raise ValueError(f"{value!r} is no severity; known are: {', '.join(_LEVELS)}")
    return _LEVELS[str(value)]


def _hour(value: object) -> time | None:
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is no hour of the day: write it as "08:00", or "off"')
    return local_hour(value)


def _causes(said: tuple[str, ...]) -> tuple[str, ...]:
    for cause in said:
        if not cause.strip() or len(cause) > LONGEST_CAUSE:
            raise ValueError(f"{cause!r}: a cause has 1 to {LONGEST_CAUSE} characters")
    if not 1 <= len({cause.casefold() for cause in said}) == len(said) <= MOST_CAUSES:
        raise ValueError(f"name 1 to {MOST_CAUSES} causes, each once")
    return said


def _rising(months: tuple[int, ...]) -> tuple[int, ...]:
    if list(months) != sorted(set(months)):
        raise ValueError("must be in rising order, each once: [3, 6, 12]")
    return months


def _who(value: object) -> object:
    if not isinstance(value, str) or not value.strip():
        raise ValueError('must be "owner", "manager", "manager+1", or a member\'s key')
    if value.startswith(f"{MANAGER}+") and above(value) is None:
        raise ValueError(f'{value!r}: write the team above as "manager+1", the next "manager+2"')
    return value


def _by(value: object) -> object:
    said = (value,) if isinstance(value, str) else value
    if not isinstance(said, list | tuple) or not said or any(one not in BY for one in said):
        raise ValueError(f"must be a list with any of {', '.join(BY)}")
    return tuple(said)


Perhaps = Annotated[timedelta | None, BeforeValidator(_perhaps)]
"""A duration, or "none"."""

Month = Annotated[int, Field(ge=1, le=60, strict=True)]
Counted = Literal["clock", "working"]
"""What times are counted in: hours of the clock, or of the team's calendar."""


class Loop(Section):
    """The goals of the loop, and what is asked when it closes and afterwards."""

    acknowledge: Perhaps = timedelta(minutes=30)
    contact: Annotated[Mapping[Severity, timedelta], BeforeValidator(_by_severity)] = {
        Severity.INFO: timedelta(hours=24),
        Severity.WARNING: timedelta(hours=24),
        Severity.HIGH: timedelta(hours=24),
        Severity.CRITICAL: timedelta(hours=1),
    }
    resolve: Perhaps = timedelta(days=4)
    close: Perhaps = timedelta(days=7)
    warn: Annotated[timedelta | float | None, BeforeValidator(_warning)] = 0.75
    hours: Counted = "clock"
    causes: Annotated[tuple[str, ...], AfterValidator(_causes)] = CAUSES
    follow_up_after: Perhaps = timedelta(days=1)  # the customer is asked; None for never
    check_after: Annotated[tuple[Month, ...], AfterValidator(_rising)] = (3, 6, 12)

    @property
    def targets(self) -> Targets:
        """The goals alone."""
        return Targets(
            acknowledge=self.acknowledge,
            contact=self.contact,
            resolve=self.resolve,
            close=self.close,
            warn=self.warn,
            hours=self.hours,
        )


class Quiet(Section):
    """What interrupts people outside of the hours in which their team is awake."""

    unless: Annotated[Severity, BeforeValidator(_severity)] = Severity.CRITICAL


class Storm(Section):
    """When alerts come too fast for a channel to be told one by one."""

    many: Annotated[int, Field(ge=1)] = 20
    per: Annotated[Duration, AfterValidator(_lasting)] = timedelta(minutes=1)
    sms: Annotated[int, Field(ge=0)] = 3  # the most to one phone within an hour


class DigestPlan(Section):
    """The daily digest: at which local hour, what is sent when there is nothing to tell, and how."""

    at: Annotated[time | None, BeforeValidator(_hour)] = time(8)  # None: none is sent
    empty: Literal["say", "skip"] = "say"
    open_days: bool = True  # only on days on which the calendar opens
    by: tuple[Literal["email", "slack"], ...] = ("email", "slack")


class StepSection(Section):
    """A step of a ladder."""

    who: Annotated[str, BeforeValidator(_who)]
    after: Duration
    hours: Counted = "clock"
    by: Annotated[tuple[str, ...], BeforeValidator(_by)] = ("slack",)


class LadderSection(Section):
    """Who is told next, and when."""

    steps: list[dict[str, Any]]
    nag: Annotated[Perhaps, AfterValidator(_lasting)] = None


def read_ladders(
    reader: Reader, tables: Iterable[tuple[str, Mapping[str, Any]]]
) -> dict[str, Ladder]:
    """All ladders by name, with the default one. Raises ConfigError."""
    found = {DEFAULT_LADDER.name: DEFAULT_LADDER}
    for name, table in tables:
        section = reader.section(LadderSection, ("ladders", name), table)
        where = ("ladders", name, "steps")
        steps = [reader.section(StepSection, where, step) for step in section.steps]
        found[name] = Ladder(
            name=name,
            steps=tuple(Step(**dict(step)) for step in steps),
            nag=section.nag,
        )
    return found
