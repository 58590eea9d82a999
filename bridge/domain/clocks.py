"""Which clocks run on a ticket, how far they are, and when their timers ring. Pure.

A clock is worked out anew from the ticket each time: nothing is patched. A stage that is reached counts once its timer
has rung (`Ticket.rung`), for only then the ticket was read afresh; till then there is a timer for it, be it overdue.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bridge.domain.goals import BREACH, GOALS, NAG, WARN, Goal, VendorSlas
from bridge.domain.hours import Hours
from bridge.domain.model import Clock, Deadline, Due, Rung, Stage, Ticket, VendorClock
from bridge.domain.ticket import fold

if TYPE_CHECKING:
    from bridge.domain.judge import Policy

_ZERO = timedelta()


def clocks(ticket: Ticket, policy: Policy) -> tuple[Clock, ...]:
    """The clocks that run or pause on the ticket; none on one whose history is not known yet."""
    if not ticket.live or not ticket.whole:
        return ()
    promises = _promises(ticket, policy)
    vendor = policy.vendors.get(ticket.desk) if ticket.clocks else None
    theirs = _theirs(ticket, promises, vendor) if vendor else {}
    if vendor and not vendor.win:
        promised = {goal.name for goal, _ in promises if goal.target(ticket) is not None}
        theirs = {goal: clock for goal, clock in theirs.items() if goal not in promised}
    ours = _ours(ticket, policy, promises)
    return (*(clock for clock in ours if clock.goal not in theirs), *theirs.values())


def used(clock: Clock, hours: Hours, now: datetime) -> timedelta:
    """Working time that has passed on the clock at `now`; a vendor's clock passes as its breach comes nearer."""
    if clock.source:
        return clock.target - (clock.due[-1] - now) if clock.due else clock.elapsed
    if clock.running_since is None:
        return clock.elapsed
    return clock.elapsed + hours.between(clock.running_since, now)


def reached(clock: Clock, now: datetime) -> Stage | None:
    """The highest stage that the clock has reached at `now`, told or not."""
    found = None
    if clock.due:
        for stage, due in zip(clock.stages, clock.due, strict=True):
            if due <= now:
                found = stage
        return found
    for stage in clock.stages:
        if clock.elapsed >= stage.need:
            found = stage
    return found


def rung(ticket: Ticket, clock: Clock) -> Rung | None:
    """How far the timers of this clock have rung; None for not at all since it began."""
    last = ticket.rung.get(clock.goal)
    if last is None:
        return None
    if last.started_at is None:
        return last if clock.started_at <= last.due_at else None
    return last if last.started_at == clock.started_at else None


def standing(ticket: Ticket, clock: Clock, now: datetime) -> tuple[str, Rung] | None:
    """The stage whose timer has rung and that still holds, aloud; "nag1", "nag2"… after the breach."""
    last, stage = rung(ticket, clock), reached(clock, now)
    if last is None or last.quiet or stage is None:
        return None
    if stage.name == BREACH and _far(clock, last) >= stage.need:
        return last.stage, last
    held = [
        one.name for one in clock.stages if one.need <= stage.need and _has_rung(clock, one, last)
    ]
    return (held[-1], last) if held else None


def missed_at(ticket: Ticket, clock: Clock, now: datetime) -> datetime | None:
    """Since when the clock's target has passed; None while it has not. Of a paused clock, when its timer rang."""
    if clock.due:
        return clock.due[-1] if clock.due[-1] <= now else None
    if clock.elapsed < clock.target:
        return None
    last = rung(ticket, clock)
    return last.due_at if last else now


def deadlines(
    ticket: Ticket, running: tuple[Clock, ...], hours: Hours, now: datetime
) -> tuple[Deadline, ...]:
    """The timers still to ring, those included whose time has come already."""
    return tuple(
        Deadline(clock.goal, stage.name, due, clock.started_at, stage.need)
        for clock in running
        if clock.due
        for stage, due in _ahead(clock, rung(ticket, clock), hours, now)
    )


def overdue(ticket: Ticket, running: tuple[Clock, ...], now: datetime) -> tuple[Due, ...]:
    """What has been reached at `now` and not rung, as events that tell nobody, none before the ticket's last."""
    found = []
    for clock in running:
        stage, last = reached(clock, now), rung(ticket, clock)
        if stage and not _has_rung(clock, stage, last):
            rings = due(ticket.id, _deadline(clock, stage, now), quiet=True)
            found.append(replace(rings, at=max(rings.at, ticket.as_of[0])))
    return tuple(found)


def due(
    subject: str, timer: Deadline, *, late: str = "", confirmed: bool = True, quiet: bool = False
) -> Due:
    """The event that a timer rang."""
    return Due(
        id=f"due:{subject}:{timer.goal}:{timer.stage}:{timer.due_at.isoformat()}",
        subject=subject,
        at=timer.due_at,
        goal=timer.goal,
        stage=timer.stage,
        started_at=timer.started_at,
        need=timer.need,
        late=late,
        confirmed=confirmed,
        quiet=quiet,
    )


# --- ours ----------------------------------------------------------------------------------------


def _promises(ticket: Ticket, policy: Policy) -> list[tuple[Goal, str]]:
    """What is promised for the ticket, each with the name of the policy that says so, "" for none."""
    special = next((one for one in policy.policies if one.match.holds(ticket)), None)
    if special is None:
        return [(goal, "") for goal in policy.goals]
    own = special.goals
    return [
        (own[goal.name], special.name) if goal.name in own else (goal, "") for goal in policy.goals
    ]


def _ours(ticket: Ticket, policy: Policy, promises: list[tuple[Goal, str]]) -> list[Clock]:
    running = []
    for goal, name in promises:
        start = begins(goal.name, ticket)
        if start is not None and (target := goal.target(ticket)) is not None:
            running.append(_clock(goal, ticket, start, target, policy, name=name))
    return running


def begins(goal: str, ticket: Ticket) -> datetime | None:
    """Since when the clock of a goal counts; None where nothing is owed. Raises ValueError for no goal of ours."""
    match goal:
        case "first_response":
            return None if ticket.first_reply_at else ticket.waiting_since
        case "next_reply":
            return ticket.waiting_since if ticket.first_reply_at else None
        case "periodic_update":
            if ticket.last_reply_at and ticket.reopened:
                return max(ticket.last_reply_at, ticket.reopened[-1])
            return ticket.last_reply_at
        case "requester_wait" | "agent_work" | "resolution":
            return ticket.opened_at
    raise ValueError(f"no goal is called {goal!r}")


def _clock(
    goal: Goal, ticket: Ticket, start: datetime, target: timedelta, policy: Policy, *, name: str
) -> Clock:
    elapsed, since = _elapsed(goal, ticket, start, policy)
    stages = goal.stages(target)
    moments: tuple[datetime, ...] = ()
    if since is not None:
        hours = policy.hours_of(ticket)
        moments = tuple([hours.add(since, max(s.need - elapsed, _ZERO)) for s in stages])
    return Clock(
        goal=goal.name,
        started_at=start,
        target=target,
        elapsed=elapsed,
        running_since=since,
        stages=stages,
        due=moments,
        nag=goal.nag,
        policy=name,
    )


def _elapsed(
    goal: Goal, ticket: Ticket, start: datetime, policy: Policy
) -> tuple[timedelta, datetime | None]:
    """Working time used up in earlier spans, and since when the clock runs; None while it pauses.

    It runs on from the moment when the ticket came to the team it is with: what went before was counted by the hours of
    those who had it then.
    """
    stills = goal.still
    total = _ZERO
    since: datetime | None = start
    for phase in ticket.phases:
        still = phase.category in stills
        if phase.at <= start:
            since = None if still else start
        elif still and since is not None:
            total += _worked(ticket, policy, since, phase.at)
            since = None
        elif not still and since is None:
            since = phase.at
    if since is not None and ticket.shifts and since < (came := ticket.shifts[-1].at):
        total += _worked(ticket, policy, since, came)
        since = came
    return total, since


def _worked(ticket: Ticket, policy: Policy, start: datetime, end: datetime) -> timedelta:
    """Working time between two moments, each part by the hours of the team that had the ticket."""
    shifts = ticket.shifts
    if len(shifts) < 2:
        return policy.hours_of(ticket).between(start, end)
    total = _ZERO
    for number, shift in enumerate(shifts):
        first = start if number == 0 else max(start, shift.at)
        last = end if number + 1 == len(shifts) else min(end, shifts[number + 1].at)
        if first < last:
            total += policy.hours_at(ticket.desk, shift.team).between(first, last)
    return total


# --- the helpdesk's own --------------------------------------------------------------------------


def _theirs(
    ticket: Ticket, promises: list[tuple[Goal, str]], vendor: VendorSlas
) -> dict[str, Clock]:
    """By goal; of two that are one goal of ours, the one that breaches first."""
    usual = {goal.name: goal for goal, _ in promises}
    found: dict[str, Clock] = {}
    for own in ticket.clocks:
        goal = vendor.goals.get(own.name.casefold(), f"sla:{own.name}")
        clock = _vendor_clock(ticket, own, usual.get(goal) or Goal(name=goal))
        if clock and (goal not in found or _sooner(clock, found[goal])):
            found[goal] = clock
    return found


def _sooner(one: Clock, other: Clock) -> bool:
    return bool(one.due) and (not other.due or one.due[-1] < other.due[-1])


def _vendor_clock(ticket: Ticket, own: VendorClock, goal: Goal) -> Clock | None:
    """A helpdesk's clock as one like ours. Its hours are not known to us: a warning comes by the wall clock."""
    started = own.started_at or (begins(goal.name, ticket) if goal.name in GOALS else None)
    started = started or ticket.opened_at or own.breach_at
    if started is None:
        return None
    runs_to = None if own.paused else own.breach_at
    stages = goal.stages(own.target)
    clock = Clock(
        goal=goal.name,
        started_at=started,
        target=own.target or _ZERO,
        elapsed=(own.elapsed or _ZERO) if own.target else timedelta.min,
        running_since=started if runs_to else None,
        stages=stages,
        due=tuple([runs_to + (s.need - stages[-1].need) for s in stages]) if runs_to else (),
        nag=goal.nag,
        source=ticket.desk,
    )
    last = rung(ticket, clock)
    if last is None or runs_to:
        return clock
    # A paused clock may not say how far it is: as far as it has rung, at least.
    return replace(clock, elapsed=max(clock.elapsed, _far(clock, last)))


# --- timers --------------------------------------------------------------------------------------


def _ahead(
    clock: Clock, last: Rung | None, hours: Hours, now: datetime
) -> Iterator[tuple[Stage, datetime]]:
    """What of a running clock has not rung yet, and when it is due."""
    for stage, moment in zip(clock.stages, clock.due, strict=True):
        # What has rung and is still to come was put off: it rings again.
        if moment > now or not _has_rung(clock, stage, last):
            yield stage, moment
    told = _has_rung(clock, clock.stages[-1], last) and clock.due[-1] <= now
    if last and told and clock.nag and not last.quiet:
        yield _next_nag(clock, clock.nag, last, hours, now)


def _has_rung(clock: Clock, stage: Stage, last: Rung | None) -> bool:
    """Whether the stage needs no timer any more: no warning rings after a breach, and no warning is a breach."""
    if last is None:
        return False
    over = not last.stage.startswith(WARN)
    if over != (stage.name == BREACH):
        return over
    return stage.need <= _far(clock, last)


def _far(clock: Clock, last: Rung) -> timedelta:
    """How far the timers have rung; earlier versions stored no more than the name of the stage."""
    if last.need is not None:
        return last.need
    return next((s.need for s in clock.stages if s.name == last.stage), timedelta.min)


def _next_nag(
    clock: Clock, nag: timedelta, last: Rung, hours: Hours, now: datetime
) -> tuple[Stage, datetime]:
    """The reminder that is next: of several whose time has passed the last one, none right after a late ring."""
    breach = clock.stages[-1].need
    told = (max(_far(clock, last), used(clock, hours, last.due_at)) - breach) // nag
    passed = (used(clock, hours, now) - breach) // nag
    number = passed if told < passed and not last.late else passed + 1
    stage = Stage(f"{NAG}{number}", breach + number * nag)
    return stage, _moment(clock, stage, hours)


def _moment(clock: Clock, stage: Stage, hours: Hours) -> datetime:
    if clock.source or clock.running_since is None:
        return clock.due[-1] + (stage.need - clock.stages[-1].need)
    return hours.add(clock.running_since, max(stage.need - clock.elapsed, _ZERO))


def _deadline(clock: Clock, stage: Stage, now: datetime) -> Deadline:
    moments = dict(zip(clock.stages, clock.due, strict=True)) if clock.due else {}
    return Deadline(clock.goal, stage.name, moments.get(stage, now), clock.started_at, stage.need)


def ring(ticket: Ticket, running: tuple[Clock, ...], now: datetime) -> Ticket:
    """The ticket as if every timer whose time has come had rung."""
    for event in overdue(ticket, running, now):
        ticket = fold(ticket, replace(event, quiet=False))
    return ticket
