"""Goals: which clocks run on a ticket, when each warns and breaches, and when it pauses. Pure.

| goal            | starts                                  | stops                                |
|-----------------|-----------------------------------------|--------------------------------------|
| first_response  | a customer opens the ticket, or writes  | the first public answer of an agent  |
| next_reply      | a customer writes after the first answer| a public answer of an agent          |
| periodic_update | each public answer of an agent          | never: the next answer starts it anew|
| resolution      | the ticket is opened                    | never: elapsed time is kept on reopen|

All stop while the ticket is solved, closed or gone, and pause in the goal's `pause` categories.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

from msgspec import Struct

from bridge.domain.hours import Hours
from bridge.domain.model import Category, Clock, Deadline, Ticket

GOALS = ("first_response", "next_reply", "periodic_update", "resolution")
BREACH = "breach"
_ZERO = timedelta()


class Goal(Struct, frozen=True, kw_only=True):
    """What is promised. `targets` are working time by priority, "" for all others; without one no clock runs.

    `teams` holds other targets for a helpdesk's group ("zendesk:17"). `warn` are shares of the target
    in 0..1, in rising order, at which to warn.
    """

    name: str
    targets: Mapping[str, timedelta]
    teams: Mapping[str, Mapping[str, timedelta]] = {}
    warn: tuple[float, ...] = ()
    pause: frozenset[Category] = frozenset({Category.PENDING, Category.HOLD})

    @property
    def stages(self) -> tuple[tuple[str, float], ...]:
        """Name and share of each stage: "warn" or "warn1", "warn2"…, then "breach"."""
        return _stages(self.warn)

    def target(self, ticket: Ticket) -> timedelta | None:
        """Working time promised for this ticket; None for no promise."""
        own = self.teams.get(f"{ticket.desk}:{ticket.team}", {}) if self.teams else {}
        for targets in (own, self.targets):
            for priority in (ticket.priority, ""):
                if priority in targets:
                    return targets[priority]
        return None


def clocks(ticket: Ticket, goals: tuple[Goal, ...], hours: Hours) -> tuple[Clock, ...]:
    """The clocks that run or pause on the ticket."""
    if not ticket.live:
        return ()
    running = []
    for goal in goals:
        start = _start(goal.name, ticket)
        target = goal.target(ticket) if start else None
        if start and target is not None:
            running.append(_clock(goal, ticket, start, target, hours))
    return tuple(running)


def deadlines(running: tuple[Clock, ...], now: datetime) -> tuple[Deadline, ...]:
    """The timers still to ring, later than `now`."""
    return tuple(
        Deadline(clock.goal, name, due)
        for clock in running
        for (name, _), due in zip(clock.stages, clock.due, strict=False)
        if due > now
    )


def used(clock: Clock, hours: Hours, now: datetime) -> timedelta:
    """Working time that has passed on the clock at `now`."""
    if clock.running_since is None:
        return clock.elapsed
    return clock.elapsed + hours.between(clock.running_since, now)


@cache
def _stages(warn: tuple[float, ...]) -> tuple[tuple[str, float], ...]:
    names = ("warn",) if len(warn) == 1 else tuple(f"warn{n}" for n in range(1, len(warn) + 1))
    return (*zip(names, warn, strict=True), (BREACH, 1.0))


@cache
def _still(pause: frozenset[Category]) -> tuple[Category, ...]:
    """The categories in which a clock stands still: a solved ticket's do too, and go on if it is reopened."""
    return tuple(c for c in Category if c in pause or not c.live)


def _start(goal: str, ticket: Ticket) -> datetime | None:
    match goal:
        case "first_response":
            return None if ticket.first_reply_at else ticket.waiting_since
        case "next_reply":
            return ticket.waiting_since if ticket.first_reply_at else None
        case "periodic_update":
            return ticket.last_reply_at
        case "resolution":
            return ticket.opened_at
    raise ValueError(f"no goal is called {goal!r}: there are {', '.join(GOALS)}")


def _clock(goal: Goal, ticket: Ticket, start: datetime, target: timedelta, hours: Hours) -> Clock:
    elapsed, since = _elapsed(goal, ticket, start, hours)
    stages = goal.stages
    due: tuple[datetime, ...] = ()
    if since is not None:
        due = tuple([hours.add(since, max(target * share - elapsed, _ZERO)) for _, share in stages])
    return Clock(
        goal=goal.name,
        started_at=start,
        target=target,
        elapsed=elapsed,
        running_since=since,
        stages=stages,
        due=due,
    )


def _elapsed(
    goal: Goal, ticket: Ticket, start: datetime, hours: Hours
) -> tuple[timedelta, datetime | None]:
    """Working time used up in earlier spans, and since when the clock runs; None while it pauses."""
    stills = _still(goal.pause)
    total = _ZERO
    since: datetime | None = start
    for phase in ticket.phases:
        still = phase.category in stills
        if phase.at <= start:
            since = None if still else start
        elif still and since is not None:
            total += hours.between(since, phase.at)
            since = None
        elif not still and since is None:
            since = phase.at
    return total, since
