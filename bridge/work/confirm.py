"""Before a timer rings, its ticket is read afresh from the helpdesk: many at once, and more only where that disagrees.

What happened meanwhile becomes events and the ticket is judged again; a timer that then still stands rings. Nobody is
spared an alert because a helpdesk is away: after a grace the timer rings all the same, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.clocks import due
from bridge.domain.model import AnyEvent, Deadline, Gone, Read, Undeliverable
from bridge.store import pulse, tickets
from bridge.work.bridge import Bridge
from bridge.work.faults import Fault, guarded
from bridge.work.lookup import clocks_moved, settled, store_found
from bridge.work.queue import DRAIN, wake
from connectors import Desk, State

BATCH = 100
LATE = timedelta(minutes=5)  # from when on an alert says that it is late
PATIENCE = 60.0  # seconds of work before another errand gets its turn
AGAIN = timedelta(seconds=10)
HELD_BACK = timedelta(minutes=2)  # a helpdesk may tell a sweep of a change only so much later
_SHORTEST = timedelta(seconds=1)
_DECISIVE = ("status", "priority", "team", "agent")  # what clocks and policies go by

log = structlog.get_logger()


class Away(Struct, frozen=True):
    """The helpdesk gave no answer: when to ask again, and why."""

    after: timedelta
    why: str


def confirm(bridge: Bridge, name: str) -> Away | None:
    """Ring the due timers of a desk's tickets that still stand; None once there are none left to ask about."""
    until = monotonic() + PATIENCE
    seen: set[str] = set()  # what of these still stands, the next tick finds
    while monotonic() < until:
        with bridge.engine.begin() as connection:
            found = tickets.overdue(connection, name, bridge.now(), BATCH, but=seen)
        if not found:
            return None
        seen |= {one.ticket.id for one in found}
        if name not in bridge.desks:
            _ring(bridge, found, confirmed=False)
            continue
        asked = guarded(lambda found=found: _attempt(bridge, name, found), confirm=name)  # type: ignore[misc]
        if isinstance(asked, Fault):
            asked = Undeliverable(asked, retry_after=AGAIN)
        if isinstance(asked, Undeliverable):
            return _away(bridge, name, asked)
        same = [told.of for told in asked.told if not _news(bridge, told)]
        _ring(bridge, [*asked.agreed, *same], confirmed=True)
        _ring(bridge, asked.unreadable, confirmed=False)
        if sum(len(one.timers) for one in found) < BATCH:
            return None  # what falls due from now on is asked about together, by the next tick
    return Away(timedelta(), "more are due")


class _Told(Struct, frozen=True):
    """What the desk told of a ticket, be it new or not; `other`: it shows the ticket otherwise than we do."""

    of: tickets.Overdue
    events: list[AnyEvent]
    other: bool


class _Asked(Struct):
    """What was told of some tickets; those of which all is known; and those that can't be read, whatever is tried."""

    told: list[_Told] = []
    agreed: list[tickets.Overdue] = []
    unreadable: list[tickets.Overdue] = []


def _attempt(bridge: Bridge, name: str, found: Sequence[tickets.Overdue]) -> _Asked | Undeliverable:
    try:
        return _ask(bridge, name, found)
    except Undeliverable as error:
        return error


def _ask(bridge: Bridge, name: str, found: Sequence[tickets.Overdue]) -> _Asked:
    """Compare the tickets with what we know of them. Raises Undeliverable if the desk may answer later.

    Of a ticket that changed since the last sweep the history is read even if its last change is known: an earlier one
    may have been lost.
    """
    desk, now, every = bridge.desks[name], bridge.now(), bridge.settings.desks[name].sweep
    states = {state.key: state for state in desk.states([one.ticket.key for one in found])}
    asked = _Asked()
    for one in found:
        state = states[one.ticket.key]
        other = _otherwise(state, one)
        if state.gone:
            asked.told.append(_Told(one, [_gone(one.ticket.id, state, now)], other=True))
        elif other or _newer(state, one) or _unswept(state, every, now):
            history = guarded(lambda one=one: _history(desk, one), subject=one.ticket.id)  # type: ignore[misc]
            if isinstance(history, list):
                asked.told.append(_Told(one, settled(history, now), other))
            elif isinstance(history, Undeliverable) and _passes(history):
                raise history
            else:
                asked.unreadable.append(one)
        elif moved := clocks_moved(one.ticket, state, now):
            asked.told.append(_Told(one, [moved], other=True))
        else:
            asked.agreed.append(one)
    return asked


def _news(bridge: Bridge, told: _Told) -> bool:
    """Store what was told; whether there is anything new in it. That all was read is no news by itself."""
    with bridge.engine.begin() as connection:
        known = tickets.known(connection, [event.id for event in told.events])
    new = [event for event in told.events if event.id not in known]
    store_found(bridge, told.events)
    return any(told.other or not isinstance(event, Read) for event in new)


def _history(desk: Desk, one: tickets.Overdue) -> list[AnyEvent] | Undeliverable:
    try:
        return desk.history(one.ticket.key)
    except Undeliverable as error:
        return error


def _passes(error: Undeliverable) -> bool:
    """Whether it is the desk that is away, and not this one ticket that can't be read."""
    return error.wide or error.retry_after is not None


def _newer(state: State, one: tickets.Overdue) -> bool:
    """Whether the desk tells of a later change than any that we know, or of none that we can read."""
    known = one.ticket.known_at
    return state.updated_at is None or known is None or state.updated_at > known


def _unswept(state: State, every: timedelta | None, now: datetime) -> bool:
    """Whether the ticket has changed so lately that no sweep can have seen all of it."""
    return every is None or state.updated_at is None or now - state.updated_at < every + HELD_BACK


def _otherwise(state: State, one: tickets.Overdue) -> bool:
    """Whether the desk shows the ticket otherwise than we do, though of no later change: one before it was lost."""
    if state.seen is None:
        return False
    shown = {name: getattr(state.seen, name) for name in _DECISIVE}
    return any(
        value is not None and value != getattr(one.ticket, name) for name, value in shown.items()
    )


def _gone(subject: str, state: State, now: datetime) -> Gone:
    return Gone(id=f"{subject}:gone:{state.gone}", subject=subject, at=now, why=state.gone)


def _away(bridge: Bridge, name: str, error: Undeliverable) -> Away | None:
    """Ring what has waited for the helpdesk long enough; the rest is asked about again, in time for its grace's end."""
    now, grace = bridge.now(), bridge.settings.recovery.grace
    rung: set[str] = set()
    while True:
        with bridge.engine.begin() as connection:
            waited = tickets.overdue(connection, name, now - grace, BATCH, but=rung)
        if not waited:
            break
        _ring(bridge, waited, confirmed=False)
        rung |= {one.ticket.id for one in waited}
    log.warning("not confirmed", desk=name, rung=len(rung), why=str(error))
    with bridge.engine.begin() as connection:
        left = tickets.overdue(connection, name, now, 1)
    if not left:
        return None
    again = min(error.retry_after or AGAIN, _oldest(left[0]) + grace - now)
    return Away(max(again, _SHORTEST), str(error))


def _oldest(one: tickets.Overdue) -> datetime:
    return min(timer.due_at for timer in one.timers)


def _ring(bridge: Bridge, found: Sequence[tickets.Overdue], *, confirmed: bool) -> None:
    """Turn due timers into events; one that was taken off or moved meanwhile does not ring."""
    if not found:
        return
    now = bridge.now()
    wanted = [(one.ticket.id, timer) for one in found for timer in one.timers]
    with bridge.engine.begin() as connection:
        taken = tickets.take_timers(connection, wanted)
        events = [
            due(subject, timer, late=late, confirmed=confirmed)
            for (subject, timer), late in zip(taken, _late(connection, taken, now), strict=True)
        ]
        tickets.add_events(connection, [tickets.arrive(e, now) for e in events])
        wake(connection, DRAIN)


def _late(
    connection: Connection, taken: Sequence[tuple[str, Deadline]], now: datetime
) -> list[str]:
    """Why each timer rings late; "" where it doesn't."""
    if all(now - timer.due_at < LATE for _, timer in taken):
        return [""] * len(taken)
    beat = pulse.last(connection)
    words = []
    for _, timer in taken:
        why = "the bridge was down" if beat and beat.down_at(timer.due_at) else "not known before"
        moment = f"due {timer.due_at:%Y-%m-%d %H:%M} UTC, {why}"
        words.append(moment if now - timer.due_at >= LATE else "")
    return words
