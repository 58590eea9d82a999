"""Store what became of alerts, with their timers, and plan who is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex

import structlog
from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.alerts import Change, Step
from bridge.domain.loop import Loop, begin
from bridge.domain.metrics import KINDS
from bridge.domain.model import Alert, Contact, Delivery, Severity, Team, Ticket
from bridge.domain.routing import IN_PRIVATE, TICKET, Plan, plan
from bridge.domain.timers import timers
from bridge.domain.viewing import private
from bridge.store import alerts, deliveries, teams
from bridge.work.accounts import with_people
from bridge.work.bridge import Bridge, team_named
from bridge.work.following import Changed, Facts
from bridge.work.incident import let_go
from bridge.work.notify import notify
from bridge.work.queue import CHECK, ask, wake_deliveries

log = structlog.get_logger()


def tell(
    bridge: Bridge, connection: Connection, facts: Facts, changes: Sequence[tuple[Ticket, Changed]]
) -> None:
    """Store what became of alerts, and plan who is told."""
    if not changes:
        return
    changes = with_people(bridge, connection, facts, changes)
    numbers = [changed.after.number for _, changed in changes if changed.after.number]
    posted = deliveries.mediums(connection, numbers)
    loops = [_loop_of(bridge, facts, ticket, changed.after) for ticket, changed in changes]
    begun = [
        (_begun(changed.after, ticket, loop, facts.now), changed.steps)
        for (ticket, changed), loop in zip(changes, loops, strict=True)
    ]
    saved = alerts.save(connection, begun)
    _set_timers(connection, [(c.before, a) for (_, c), a in zip(changes, saved, strict=True)])
    planned, looks = [], []
    for (ticket, changed), alert, loop in zip(changes, saved, loops, strict=True):
        desk, steps = ticket.desk if ticket.desk in bridge.settings.desks else "", changed.steps
        mediums = posted.get(alert.number, ())
        known = Plan(
            loop,
            IN_PRIVATE if private(ticket.id) else bridge.routes(loop.team),
            desk,
            frozenset(TICKET if medium == desk else medium for medium in mediums),
            _customer(connection, ticket, steps),
            frozenset(bridge.channels),
        )
        planned += [(alert.number, d) for d in _planned(bridge, alert, ticket, steps, known)]
        looks += [f"{alert.number}:{s.words}" for s in steps if s.change is Change.DUE_A_LOOK]
        log.info(
            "alert",
            alert=alert.number,
            subject=alert.subject,
            steps=[s.change.value for s in steps],
            severity=alert.severity.name,
        )
    happened = [(a, t, c.steps) for (t, c), a in zip(changes, saved, strict=True)]
    notify(bridge, connection, happened)
    ask(connection, CHECK, looks, facts.now)
    wake_deliveries(connection, deliveries.add(connection, planned, bridge.now()))
    # What is graver now may have to ring where it was held back till the morning.
    raised = [
        alert.number
        for (_, changed), alert in zip(changes, saved, strict=True)
        if any(step.change is Change.RAISED for step in changed.steps)
    ]
    wake_deliveries(connection, deliveries.release(connection, raised, bridge.now()))
    let_go(bridge, connection, saved)


def _planned(
    bridge: Bridge, alert: Alert, ticket: Ticket, steps: tuple[Step, ...], known: Plan
) -> list[Delivery]:
    """Who is told: on the ticket all of it, elsewhere what may be shown there."""
    whole = plan(alert, ticket, steps, known)
    hide = bridge.redaction
    if not hide:
        return list(whole)
    told = tuple(hide.step(step) for step in steps)
    outside = plan(hide.alert(alert), hide.ticket(ticket), told, known)
    return [
        inside if inside.channel in bridge.desks else shown
        for inside, shown in zip(whole, outside, strict=True)
    ]


def _set_timers(connection: Connection, changed: Sequence[tuple[Alert | None, Alert]]) -> None:
    gone: list[tuple[int, str]] = []
    new: list[tuple[int, str, datetime]] = []
    for before, alert in changed:
        had = timers(before) if before is not None else {}
        has = timers(alert)
        gone += [(alert.number, name) for name in had if name not in has]
        new += [(alert.number, name, at) for name, at in has.items() if had.get(name) != at]
    alerts.set_timers(connection, gone, new)


def _customer(connection: Connection, ticket: Ticket, steps: Sequence[Step]) -> Contact:
    """How to reach the customer, where they are to be asked something."""
    if not ticket.requester or not any(step.change is Change.ASKED for step in steps):
        return Contact()
    known = teams.person(connection, ticket.desk, ticket.requester)
    return known.contact if known else Contact()


def _loop_of(bridge: Bridge, facts: Facts, ticket: Ticket, alert: Alert) -> Loop:
    """How the alert is followed: by the team that it has for life."""
    known = list(facts.roster.teams)
    team = team_named(alert.team, known) if alert.team else team_of(bridge, ticket, known)
    loop = facts.loops.get(team.name) or bridge.loop(team, facts.roster)
    # Nobody else is to hear of what concerns one agent: no ladder, no reminder in the channel.
    return replace(loop, quiet=frozenset(Severity)) if private(ticket.id) else loop


def _begun(alert: Alert, ticket: Ticket, loop: Loop, now: datetime) -> Alert:
    """A new alert with its reference, its team, and all that is planned for it; one that is known as it is."""
    if alert.number:
        return alert
    customer = f"{ticket.desk}:{ticket.requester}" if ticket.requester else ""
    named = replace(alert, ref=f"AB-{token_hex(4).upper()}", team=loop.team.name, customer=customer)
    return begin(named, loop, now) if named.live else named


def team_of(bridge: Bridge, ticket: Ticket, known: Sequence[Team]) -> Team:
    """The team responsible: of the ticket's group, of the source an answer came from, or the default.

    What is no ticket says itself which team of ours answers for it.
    """
    group = f"{ticket.desk}:{ticket.team}"
    name = bridge.settings.default_team
    if ticket.desk == "answer":
        setting = bridge.settings.sources.get(ticket.key.partition(":")[0])
        name = (setting and setting.team) or name
    elif ticket.desk in KINDS:
        said = ticket.team or (ticket.key if ticket.desk == "team" else "")
        name = next((t.name for t in known if t.name == said), name)
    else:
        name = next((t.name for t in known if group in t.groups), name)
    return team_named(name, known)
