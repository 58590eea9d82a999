"""Every clock on a ticket in words: what is promised, how far it is, and why it runs, pauses or doesn't."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bridge.domain.clocks import begins, clocks, deadlines, rung, used
from bridge.domain.judge import Policy
from bridge.domain.model import Clock, ConfigError, Ticket
from bridge.domain.rules import lasting
from bridge.store import errands, tickets
from bridge.work.bridge import Bridge
from bridge.work.queue import PAST, READ


def explain(bridge: Bridge, wanted: str) -> dict[str, Any]:
    """The ticket in a sentence (`ticket`), and its `clocks`, one row for each goal. Raises ConfigError if unknown."""
    now = bridge.now()
    with bridge.engine.begin() as connection:
        ticket = _find(bridge, connection, wanted)
        policy = bridge.policy(bridge.teams(connection))
        waits = errands.find(connection, [(task, ticket.id) for task in (READ, PAST)])
    running = {clock.goal: clock for clock in clocks(ticket, policy)}
    if ticket.live and not ticket.whole:
        why = f": {waits[0].reason}" if waits and waits[0].reason else ""
        unknown = f"unknown: its history has not been read yet{why}"
        rows = [_silent(goal.name, unknown) for goal in policy.goals]
    else:
        names = dict.fromkeys([*(goal.name for goal in policy.goals), *running])
        rows = [
            _row(ticket, running[name], policy, now)
            if name in running
            else _silent(name, _why_not(ticket, name))
            for name in names
        ]
    return {"ticket": _sentence(ticket, policy, now), "clocks": rows}


def _find(bridge: Bridge, connection: Connection, wanted: str) -> Ticket:
    subjects = [wanted] if ":" in wanted else [f"{d}:{wanted}" for d in bridge.settings.desks]
    found = list(tickets.find_all(connection, subjects).values())
    if not found and ":" not in wanted:
        found = tickets.named(connection, wanted)
    if not found:
        raise ConfigError(f"no ticket {wanted!r} is known: write it as zendesk:4711 or HELP-12")
    if len(found) > 1:
        several = ", ".join(ticket.id for ticket in found)
        raise ConfigError(f"{wanted!r} may be {several}: say which")
    return found[0]


def _sentence(ticket: Ticket, policy: Policy, now: datetime) -> str:
    hours = policy.hours_of(ticket)
    name = f"{ticket.id} ({ticket.name})" if ticket.name else ticket.id
    state = ticket.gone or ticket.status or "no status known"
    work = "at work now" if hours.is_open(now) else f"opens {_moment(hours.next_open(now))}"
    return f"{name}: {state}; priority {ticket.priority or 'none'}; hours {hours.name}, {work}"


def _row(ticket: Ticket, clock: Clock, policy: Policy, now: datetime) -> dict[str, str]:
    hours = policy.hours_of(ticket)
    ahead = deadlines(ticket, (clock,), hours, now)
    told = rung(ticket, clock)
    paused = clock.running_since is None
    since = f"since {_moment(clock.started_at)}"
    return {
        "goal": clock.goal,
        "state": "paused" if paused else "runs",
        "target": lasting(clock.target) if clock.target else "",
        "elapsed": _elapsed(used(clock, hours, now)),
        "next": f"{ahead[0].stage} {_moment(ahead[0].due_at)}" if ahead else "",
        "breach": _moment(clock.due[-1]) if clock.due else "",
        "rung": f"{told.stage} {_moment(told.due_at)}" if told else "",
        "why": ", ".join(filter(None, (since, _whose(clock), _still(ticket) if paused else ""))),
    }


def _silent(goal: str, why: str) -> dict[str, str]:
    empty = dict.fromkeys(("target", "elapsed", "next", "breach", "rung"), "")
    return {"goal": goal, "state": "-", **empty, "why": why}


def _whose(clock: Clock) -> str:
    if clock.source:
        return f"{clock.source}'s own clock"
    return f"policy {clock.policy}" if clock.policy else ""


def _still(ticket: Ticket) -> str:
    return f"{ticket.status} since {_moment(ticket.phases[-1].at)}" if ticket.phases else ""


def _why_not(ticket: Ticket, goal: str) -> str:
    """Why no clock of the goal is on the ticket."""
    if ticket.gone:
        return f"the ticket was {ticket.gone}"
    if not ticket.live:
        return f"the ticket is {ticket.category.value}"
    if begins(goal, ticket) is not None:
        return "nothing is promised for such a ticket"
    if goal == "first_response" and ticket.first_reply_at:
        return f"answered {_moment(ticket.first_reply_at)}"
    if goal == "periodic_update" or (goal == "next_reply" and not ticket.first_reply_at):
        return "begins with the first answer"
    return "the customer waits for no answer"


def _elapsed(passed: timedelta) -> str:
    return lasting(passed) if passed > timedelta() else "0 min"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
