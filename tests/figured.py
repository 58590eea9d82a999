"""Alerts, tickets and answers of some months, made by chance: for figures, and to count the same by hand."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from bridge.domain.alerts import Change, Step
from bridge.domain.model import (
    Alert,
    AlertState,
    Answer,
    Coaching,
    Finding,
    Outcome,
    Promise,
    Reason,
    Relation,
    Severity,
    Ticket,
)
from bridge.store import alerts, tickets
from bridge.store.deliveries import SENT

NOW = datetime(2031, 4, 2, 15, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEAMS = {"Billing": "zendesk:1", "Delivery": "zendesk:2", "Support": "zendesk:9"}
"""With the groups that are theirs; Support's is mapped to nobody, so that it is the default team's."""
AGENTS = ("zendesk:51", "zendesk:52", "zendesk:53", "")
CAUSES = ("slow answer", "tone", "handoffs", "")
RULES = ("low_score", "first_response", "reopened")


@dataclass
class Past:
    """What was made, as it went into the store. `contacts` are by alert, `pings` by the alert's reference."""

    alerts: list[Alert] = field(default_factory=list)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    contacts: dict[str, list[datetime]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    pings: dict[str, int] = field(default_factory=dict)

    def team(self, subject: str) -> str:
        """Whose a ticket is."""
        group = f"zendesk:{self.tickets[subject].team}"
        return next((name for name, known in TEAMS.items() if known == group), "Support")

    def agent(self, subject: str) -> str:
        """Who has a ticket, as "<desk>:<id>"."""
        number = self.tickets[subject].agent
        return f"zendesk:{number}" if number else ""


def made_up(connection: Connection, *, seed: int, many: int = 250) -> Past:
    """A past of so many tickets, of which half have an alert, and some two."""
    chance, past = random.Random(seed), Past()
    for number in range(many):
        ticket = _ticket(chance, number)
        past.tickets[ticket.id] = ticket
        for again in range(chance.choice((0, 1, 1, 2)) if number % 2 else 0):
            _alert(chance, past, ticket, last=again == 1 or number % 3 == 0)
    store(connection, past)
    return past


def store(connection: Connection, past: Past) -> None:
    """Write it all."""
    tickets.claim(connection, list(past.tickets))
    tickets.store(connection, [tickets.Judged(t, (), {}) for t in past.tickets.values()])
    steps = [
        (
            alert,
            [Step(change=Change.CONTACTED, at=at) for at in past.contacts.get(alert.ref, ())],
        )
        for alert in past.alerts
    ]
    numbers = {alert.ref: alert.number for alert in alerts.save(connection, steps)}
    sent = [(ref, "post", many) for ref, many in past.pings.items()]
    sent += [(ref, "edit", 1) for ref in past.pings]
    sent += [(ref, "follow up", 1) for ref in past.asked]
    for ref, action, many in sent:
        for n in range(many):
            connection.execute(
                text("""
                    INSERT INTO deliveries (alert, channel, action, "to", why, marker, state, not_before, created_at)
                    VALUES (:alert, 'slack', :action, 'C1', 'test', :marker, :state, :at, :at)
                """),
                {
                    "alert": numbers[ref],
                    "action": action,
                    "marker": f"{ref}{action}{n}",
                    "state": SENT,
                    "at": NOW,
                },
            )


def _ticket(chance: random.Random, number: int) -> Ticket:
    opened = NOW - timedelta(minutes=chance.randint(0, 200 * 24 * 60))
    ticket = Ticket(
        id=f"zendesk:{number + 1}",
        as_of=(opened, 0, f"e{number}"),
        whole=True,
        opened_at=opened,
        team=chance.choice(list(TEAMS.values())).partition(":")[2],
        agent=chance.choice(AGENTS).partition(":")[2],
    )
    if chance.random() < 0.4:
        return ticket
    answer = Answer(
        id=f"survey:{number}",
        score=chance.choice((None, 0.0, 0.25, 0.5, 0.55, 0.75, 1.0)),
        scale=chance.choice(("csat", "nps")),
        resolved=chance.choice((None, True, False)),
        at=opened + chance.random() * 10 * DAY,
        questions={"communication": chance.random()} if chance.random() < 0.5 else {},
    )
    return Ticket(
        **{n: getattr(ticket, n) for n in ticket.__struct_fields__} | {"answers": (answer,)}
    )


def _alert(chance: random.Random, past: Past, ticket: Ticket, *, last: bool) -> None:
    assert ticket.opened_at is not None
    at = ticket.opened_at + chance.random() * 3 * DAY

    def later(most: timedelta) -> datetime:
        return at + chance.random() * most

    itself, over = chance.random() < 0.2, not last or chance.random() < 0.8
    reopened = at + HOUR if chance.random() < 0.1 else None
    contacted = later(2 * DAY) if chance.random() < 0.7 else None
    ended = later(8 * DAY) + DAY if over else None
    goals = {"acknowledge": HOUR, "contact": DAY, "resolve": 4 * DAY, "close": 7 * DAY}
    rules = chance.sample(RULES, chance.randint(1, 2))
    findings = [
        Finding(rule=rule, severity=Severity.HIGH, headline=f"It is {rule}", since=at)
        for rule in rules
    ]
    recovered = chance.choice(list(Outcome))
    alert = Alert(
        subject=ticket.id,
        ref=f"AB-{chance.getrandbits(40):010X}",
        state=AlertState.RESOLVED if over else AlertState.OPEN,
        severity=chance.choice(list(Severity)),
        opened_at=at,
        changed_at=ended or at,
        reasons=tuple(Reason(finding=finding, added_at=at) for finding in findings),
        team=past.team(ticket.id),
        customer="zendesk:77",
        promises={
            name: Promise(due_at=at + length)
            for name, length in goals.items()
            if chance.random() < 0.9
        },
        acknowledged_at=later(2 * HOUR) if chance.random() < 0.8 else None,
        contacted_at=contacted,
        ended_at=ended,
        closed_at=ended + chance.random() * 3 * DAY if ended and chance.random() < 0.8 else None,
        resolved_by="Mona" if over and not itself else "",
        outcome=recovered if over and not itself else None,
        cause=chance.choice(CAUSES) if over and not itself else "",
        coaching=chance.choice((None, *Coaching)),
        reopened=int(bool(reopened)),
        reopened_at=reopened,
        useless=("Mona",) if (mood := chance.random()) < 0.1 else (),
        useful=("Ben",) if 0.05 < mood < 0.3 else (),
        better=chance.choice((None, None, True, False)),
        checks={str(m): ended + m * 30 * DAY for m in (3, 6)} if ended and not itself else {},
        relations={"3": chance.choice(list(Relation))} if chance.random() < 0.5 else {},
    )
    past.alerts.append(alert)
    if contacted:
        past.contacts[alert.ref] = [contacted, contacted + 5 * DAY]
    if chance.random() < 0.3:
        past.asked.add(alert.ref)
    past.pings[alert.ref] = chance.randint(0, 4)
