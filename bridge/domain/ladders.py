"""Ladders: who is told next, and when, unless somebody takes an alert in hand. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from bridge.domain.hours import Hours
from bridge.domain.model import Member, Rise, Team
from bridge.domain.people import Roster

OWNER = "owner"
MANAGER = "manager"
CLOCK = "clock"
WORKING = "working"
BY = ("slack", "sms", "email")
"""How somebody can be told by a step."""

_ABOVE = re.compile(rf"{MANAGER}\+([1-9][0-9]?)")


class Step(Struct, frozen=True, kw_only=True):
    """A step of a ladder: `who` is told so long `after` the alert opened.

    `who` is "owner" (who has the alert or is to have it, else the manager), "manager" (of the alert's team),
    "manager+1" (of the team above it), and so on, or a member's key. `hours` says what `after` is counted in: "clock",
    or "working" for the team's own. `by` are any of `BY`.
    """

    who: str
    after: timedelta
    hours: str = CLOCK
    by: tuple[str, ...] = ("slack",)


class Ladder(Struct, frozen=True, kw_only=True):
    """The steps, and how long after the last of them, and then again and again, there is a reminder; None for none."""

    name: str
    steps: tuple[Step, ...]
    nag: timedelta | None = None


DEFAULT_LADDER = Ladder(
    name="default",
    steps=(
        Step(who=MANAGER, after=timedelta(minutes=30)),
        Step(who=f"{MANAGER}+1", after=timedelta(hours=2)),
    ),
    nag=timedelta(hours=1),
)
"""Everybody's, unless the configuration has another with its name."""


def above(who: str) -> int | None:
    """How many teams above the alert's own the manager is whom a step names; None where it names none."""
    if who == MANAGER:
        return 0
    found = _ABOVE.fullmatch(who)
    return int(found[1]) if found else None


def climb(  # noqa: PLR0917 - whose ladder, for whom, from when
    ladder: Ladder, team: Team, roster: Roster, hours: Hours, owner: Member, at: datetime
) -> tuple[Rise, ...]:
    """The ladder of an alert that opens at `at`, as planned: in the order of time, everybody once.

    `hours` are the team's. Who is away when their step is due is stood in for. A step that finds nobody is left out,
    and so is one that finds whom an earlier one has told. Raises ValueError where working time never comes.
    """
    planned = []
    for step in ladder.steps:
        due = hours.add(at, step.after) if step.hours == WORKING else at + step.after
        who, role = _meant(step.who, team, roster, owner)
        there = roster.present(who, due)
        if there is not who:
            role = f"for {who}, {role}"
        planned.append(Rise(at=due, who=there, role=role, by=step.by))
    return tuple(_once(sorted((r for r in planned if r.who), key=lambda rise: rise.at)))


def _meant(who: str, team: Team, roster: Roster, owner: Member) -> tuple[Member, str]:
    """Whom a step means, and who that is to the alert; an empty member for nobody."""
    if who == OWNER and owner:
        return owner, OWNER
    up = 0 if who == OWNER else above(who)
    if up is None:
        return roster.named(who) or Member(), who
    higher = roster.above(team, up)
    return (roster.manager(higher), f"manager of {higher.name}") if higher else (Member(), "")


def _once(rises: Iterable[Rise]) -> Iterator[Rise]:
    """Everybody where they come first."""
    told: list[Member] = []
    for rise in rises:
        if not any(rise.who == one or rise.who.same(one) for one in told):
            told.append(rise.who)
            yield rise
