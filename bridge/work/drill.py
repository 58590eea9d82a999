"""A drill: one alert that is marked as a test, told everywhere a team hears of alerts, and ended at once.

It goes the way of all alerts but for its cause: routes, deliveries and channels are those that run in earnest. It has a
subject of its own, so that it never mixes with what is wrong with a real ticket.
"""

from __future__ import annotations

from secrets import token_hex

from msgspec.structs import replace

from bridge.domain.alerts import Change, Step
from bridge.domain.model import (
    Alert,
    AlertState,
    ConfigError,
    Finding,
    Party,
    Reason,
    Seen,
    Severity,
    Team,
    Ticket,
    Touched,
)
from bridge.domain.routing import TICKET, Plan, plan
from bridge.store import alerts, deliveries, people, tickets
from bridge.work.bridge import Bridge
from bridge.work.deliver import deliver
from bridge.work.judging import judge_tickets

RULE = "test"
ENDED = "it was only a test"


def drill(bridge: Bridge, team: str, ticket: str = "") -> list[deliveries.Row]:
    """Send a test alert to a team, and on a ticket ("zendesk:4711") if one is named; what became of each delivery.

    A passing failure is tried again by the worker. Raises ConfigError for a team or a desk that isn't there.
    """
    with bridge.engine.begin() as connection:
        known = {one.name: one for one in bridge.teams(connection)}
    if team not in known:
        raise ConfigError(f"no team is called {team!r}; there are: {', '.join(sorted(known))}")
    desk, _, key = ticket.partition(":")
    if ticket and (desk not in bridge.settings.desks or not key):
        desks = ", ".join(sorted(bridge.settings.desks)) or "none"
        raise ConfigError(f"{ticket!r} is no ticket: write DESK:KEY; desks are: {desks}")
    subject = _subject(bridge)
    finding = Finding(
        rule=RULE,
        severity=max(bridge.routes(known[team]), default=Severity.WARNING),
        headline=f"TEST: this is how team {team} hears of an alert",
        since=subject.as_of[0],
        fix="Nothing: it is only a test and ends by itself.",
    )
    alert = Alert(
        subject=subject.id,
        ref=f"AB-{token_hex(4).upper()}",
        severity=finding.severity,
        opened_at=bridge.now(),
        changed_at=bridge.now(),
        reasons=(Reason(finding=finding, added_at=bridge.now()),),
        team=team,
    )
    told_of = replace(subject, id=ticket) if ticket else subject
    opened = _tell(
        bridge,
        alert,
        told_of,
        known[team],
        Step(change=Change.OPENED, at=bridge.now(), finding=finding),
    )
    now = bridge.now()
    ended = replace(
        opened,
        state=AlertState.RESOLVED,
        changed_at=now,
        ended_at=now,
        ended=ENDED,
        closed_at=now,
        reasons=tuple(replace(reason, gone_at=now) for reason in opened.reasons),
    )
    _tell(bridge, ended, told_of, known[team], Step(change=Change.ENDED, at=now))
    with bridge.engine.begin() as connection:
        return deliveries.of_alert(connection, opened.number)


def _subject(bridge: Bridge) -> Ticket:
    """A subject for one drill, made by an event like any other."""
    now = bridge.now()
    name = f"test:{token_hex(4)}"
    event = Touched(
        id=name, subject=name, at=now, by=Party.BRIDGE, seen=Seen(title="A test of the alerts")
    )
    with bridge.engine.begin() as connection:
        tickets.add_events(connection, [tickets.arrive(event, now)])
    while True:  # a worker may be judging it
        judge_tickets(bridge)
        with bridge.engine.begin() as connection:
            if found := tickets.find(connection, name):
                return found


def _tell(bridge: Bridge, alert: Alert, ticket: Ticket, team: Team, step: Step) -> Alert:
    """Store what became of the alert, and carry out at once what is planned for it."""
    everywhere = {alert.severity: tuple({m for ms in bridge.routes(team).values() for m in ms})}
    with bridge.engine.begin() as connection:
        loop = bridge.loop(team, people.roster(connection, since=bridge.now()))
        (saved,) = alerts.save(connection, [(alert, (step,))])
        mediums = deliveries.mediums(connection, [saved.number])[saved.number]
        desk = ticket.desk if ticket.desk in bridge.settings.desks else ""
        posted = frozenset(TICKET if medium == desk else medium for medium in mediums)
        facts = Plan(loop, everywhere, desk, posted, channels=frozenset(bridge.channels))
        planned = plan(saved, ticket, (step,), facts)
        ids = deliveries.add(connection, [(saved.number, d) for d in planned], bridge.now())
    for number in ids:
        deliver(bridge, number)
    return saved
