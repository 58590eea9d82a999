"""A quarter of a support organisation's life, straight into the database: for pictures, and pages with much on them.

Four teams below two regions; customers who answered, cases that needed somebody, what was done about each. The same
seed gives the same quarter. What an alert went through is done by `bridge.domain.presses`, as in earnest.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, insert

from bridge.domain.alerts import Change, Step
from bridge.domain.hours import Hours
from bridge.domain.ladders import Ladder
from bridge.domain.ladders import Step as Rung
from bridge.domain.loop import Loop, begin, follow
from bridge.domain.model import (
    Alert,
    Answer,
    Category,
    Checked,
    Coaching,
    Finding,
    Member,
    Outcome,
    Press,
    Pressed,
    Reason,
    Relation,
    Severity,
    Team,
    Ticket,
)
from bridge.domain.model.tickets import Phase
from bridge.domain.people import Roster
from bridge.domain.promises import Targets
from bridge.settings import Settings
from bridge.store import alerts, people, ratings, shadows, teams
from bridge.store.schema import tickets

ROUND_THE_CLOCK = Hours(ZoneInfo("UTC"))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

TREE = {
    "Customer Care": ("", "Dana Kern"),
    "Europe": ("Customer Care", "Nils Holm"),
    "Americas": ("Customer Care", "Rosa Diaz"),
    "Billing": ("Europe", "Mona Berg"),
    "Delivery": ("Europe", "Jonas Lund"),
    "Accounts": ("Americas", "Priya Nair"),
    "Devices": ("Americas", "Liam Ward"),
}
BRANCHES = ("Billing", "Delivery", "Accounts", "Devices")
AGENTS = {
    "Billing": ("Ben Ito", "Clara Roy", "Elif Kaya"),
    "Delivery": ("Dev Rao", "Greta Moll"),
    "Accounts": ("Hugo Pires", "Ines Sol", "Kofi Mensa"),
    "Devices": ("Lena Voss", "Marc Petit"),
}
CUSTOMERS = (
    "Anna Weber",
    "Omar Said",
    "Pia Lang",
    "Tom Reed",
    "Yuki Mori",
    "Zoe Hart",
    "Noah Beck",
    "Eva Cruz",
)


class Case(NamedTuple):
    """Something that goes wrong."""

    rule: str
    headline: str
    words: str
    title: str
    cause: str


CASES = (
    Case(
        "low_score",
        "Rated 1 of 5",
        "Third time I explain this.",
        "Refund did not arrive",
        "slow answer",
    ),
    Case(
        "low_score",
        "Rated 2 of 5",
        "Friendly, but still broken.",
        "Charged twice",
        "unclear answer",
    ),
    Case(
        "first_response", "No first response for 9 hours", "", "Parcel went astray", "slow answer"
    ),
    Case(
        "next_reply",
        "Waits 11 hours for a reply",
        "",
        "Invoice shows the old address",
        "slow answer",
    ),
    Case("handoffs", "Handed on 4 times", "", "Can't sign in since the update", "handoffs"),
    Case(
        "reopened", "Opened again for the second time", "", "Restarts by itself", "product defect"
    ),
    Case(
        "not_resolved",
        "The customer says it isn't solved",
        "Closed, not fixed.",
        "Part is missing",
        "tone",
    ),
)
SHADOWS = (
    ("negative_words", "The customer sounds unhappy"),
    ("thin_update", "Two thin updates in a row"),
)
CAUSES = (
    "slow answer",
    "unclear answer",
    "handoffs",
    "product defect",
    "tone",
    "billing",
    "expectations",
)
TARGETS = Targets(
    acknowledge=HOUR / 2,
    contact={Severity.WARNING: DAY, Severity.HIGH: DAY, Severity.CRITICAL: HOUR},
    resolve=4 * DAY,
    close=7 * DAY,
    warn=0.75,
)
LADDER = Ladder(
    name="default",
    steps=(Rung(who="manager", after=HOUR / 2), Rung(who="manager+1", after=2 * HOUR)),
    nag=HOUR,
)


@dataclass
class Quarter:
    """What was made."""

    live: list[Alert] = field(default_factory=list)
    over: list[Alert] = field(default_factory=list)


def furnish(
    connection: Connection,
    settings: Settings,
    now: datetime,
    *,
    known: Sequence[Team] = (),
    days: int = 90,
    seed: int = 7,
) -> Quarter:
    """Fill a database with the quarter before `now`. What is `known` of teams already, channels and groups, stays."""
    life = _Life(random.Random(seed), _people(connection, settings, known), now)
    saved, made_tickets, number = [], [], 1000
    for day in range(days, 0, -1):
        for _ in range(life.chance.randint(7, 12)):
            number += 1
            opened = now - day * DAY + timedelta(minutes=life.chance.randint(0, 1439))
            ticket, troubled = life.ticket(number, opened, ripe=1 - day / days)
            if troubled:
                case = life.chance.choice(CASES)
                ticket = replace(ticket, title=case.title)
                if case.rule in ("low_score", "not_resolved"):
                    ticket = replace(ticket, answers=(_complaint(ticket, case),))
                saved.append(life.alert(case, ticket, ripe=1 - day / days))
            made_tickets.append(ticket)
    connection.execute(insert(tickets), [_row(ticket) for ticket in made_tickets])
    ratings.keep(connection, made_tickets)
    made = Quarter()
    for alert in alerts.save(connection, saved):
        (made.live if alert.live else made.over).append(alert)
    _in_shadow(connection, made_tickets, random.Random(seed))
    return made


def _in_shadow(connection: Connection, found: Sequence[Ticket], chance: random.Random) -> None:
    """What two rules found that tell nobody yet: more often where the customer was not content afterwards."""
    for ticket in found:
        low = any((answer.score or 0) < 0.5 for answer in ticket.answers)
        if chance.random() > (0.3 if low else 0.06) or ticket.opened_at is None:
            continue
        rule, headline = chance.choice(SHADOWS)
        at = ticket.opened_at + HOUR * chance.uniform(0.5, 4)
        finding = Finding(rule=rule, severity=Severity.WARNING, headline=headline, since=at)
        seen = shadows.Seen(subject=ticket.id, team=ticket.team.capitalize(), findings=(finding,))
        shadows.keep(connection, [seen], at)


def _people(connection: Connection, settings: Settings, kept: Sequence[Team]) -> Roster:
    desk = next(iter(settings.desks))
    there = {team.name: team for team in kept}
    known = [
        Team(
            name=name,
            parent=parent,
            slack_channel=f"C0{name.upper().replace(' ', '')[:8]}",
            manager=manager,
            manager_email=f"{manager.split()[0].lower()}@example.com",
            manager_slack=f"U0{manager.split()[0].upper()}",
            calendar=settings.default_calendar,
            groups=(f"{desk}:{name.lower()}",) if name in BRANCHES else (),
        )
        if name not in there
        else replace(
            there[name], parent=parent, groups=(f"{desk}:{name.lower()}", *there[name].groups)
        )
        for name, (parent, manager) in TREE.items()
    ]
    teams.save(connection, known)
    members = [Member(key="olaf", name="Olaf Lind", email="olaf@example.com", slack="U0OLAF")]
    people.save_members(connection, members)
    moment = datetime(2030, 1, 1).astimezone()
    staff = [name for names in AGENTS.values() for name in names]
    teams.save_people(
        connection,
        [
            teams.Known(
                desk=desk,
                id=name.split()[0].lower(),
                name=name,
                email=f"{name.split()[0].lower()}@example.{'com' if name in staff else 'org'}",
                phone="" if name in staff else f"+49301234{index:03}",
                staff=name in staff,
                read_at=moment,
            )
            for index, name in enumerate([*staff, *CUSTOMERS])
        ],
    )
    return Roster(teams=tuple(known), members=tuple(members))


class _Life:
    """Makes tickets and alerts, by chance; both fare the better the riper the programme is (0 to 1)."""

    def __init__(self, chance: random.Random, roster: Roster, now: datetime) -> None:
        self.chance = chance
        self.roster = roster
        self.now = now

    def ticket(self, number: int, opened: datetime, *, ripe: float) -> tuple[Ticket, bool]:
        """A ticket, and whether somebody had to look after it."""
        chance = self.chance
        name = chance.choices(BRANCHES, (4, 3, 3, 2))[0]
        team = next(team for team in self.roster.teams if team.name == name)
        desk = team.groups[0].partition(":")[0]
        troubled = chance.random() < 0.17 - 0.05 * ripe
        solved = opened + timedelta(hours=chance.uniform(2, 60))
        ticket = Ticket(
            id=f"{desk}:{number}",
            as_of=(solved, 0, f"made-{number}"),
            whole=True,
            opened_at=opened,
            title="Question about my order",
            status="solved",
            phases=(Phase(opened, Category.OPEN), Phase(solved, Category.SOLVED)),
            team=team.name.lower(),
            agent=chance.choice(AGENTS[team.name]).split()[0].lower(),
            requester=chance.choice(CUSTOMERS).split()[0].lower(),
            first_reply_at=opened + HOUR,
            public_replies=chance.randint(1, 5),
            customer_messages=chance.randint(1, 4),
        )
        if chance.random() >= 0.5:
            return ticket, troubled
        glad = chance.random() < (0.45 + 0.2 * ripe if troubled else 0.9)
        score = chance.choice((0.75, 1.0) if glad else (0.0, 0.25, 0.5))
        answer = Answer(
            id=f"answer-{number}",
            score=score,
            raw=str(round(score * 4) + 1),
            scale="csat",
            low=1,
            high=5,
            at=solved + HOUR,
        )
        return replace(ticket, answers=(answer,)), troubled

    def alert(self, case: Case, ticket: Ticket, *, ripe: float) -> tuple[Alert, list[Step]]:
        """The ticket's alert, and all that became of it."""
        chance, at = self.chance, (ticket.opened_at or self.now) + 2 * HOUR
        severity = chance.choices((Severity.WARNING, Severity.HIGH, Severity.CRITICAL), (5, 3, 2))[
            0
        ]
        group = f"{ticket.desk}:{ticket.team}"
        team = next(team for team in self.roster.teams if group in team.groups)
        finding = Finding(
            rule=case.rule,
            severity=severity,
            headline=case.headline,
            since=at,
            facts=(("replies so far", str(ticket.public_replies)),),
            words=case.words,
            fix="Call the customer today.",
        )
        loop = Loop(
            team=team,
            ladder=LADDER,
            targets=TARGETS,
            roster=self.roster,
            hours=ROUND_THE_CLOCK,
            check_after=(3, 6, 12),
        )
        opened = Alert(
            subject=ticket.id,
            ref=f"AB-{chance.getrandbits(32):08X}",
            severity=severity,
            opened_at=at,
            changed_at=at,
            reasons=(Reason(finding=finding, added_at=at),),
            team=team.name,
            customer=f"{ticket.desk}:{ticket.requester}",
        )
        alert, steps = begin(opened, loop, at), [Step(change=Change.OPENED, at=at, finding=finding)]
        # What is new waits still, or is under way.
        left = chance.randint(0, 2) if self.now - at < 9 * DAY else 99
        for event in list(self._deeds(alert, case.cause, quick=1.6 - ripe))[:left]:
            if event.at >= self.now:
                break
            alert, further = follow(alert, event, loop)
            steps += further
        return replace(alert, changed_at=steps[-1].at), steps

    def _deeds(self, alert: Alert, cause: str, *, quick: float) -> Iterator[Pressed | Checked]:
        """What the manager did about it."""
        chance = self.chance
        team = next(team for team in self.roster.teams if team.name == alert.team)
        manager = self.roster.manager(team)

        def pressed(action: Press, when: datetime, **said: Any) -> Pressed:
            return Pressed(
                id=f"{alert.ref}:{action.value}:{when.timestamp()}",
                subject=alert.subject,
                at=when,
                alert=alert.ref,
                action=action,
                who=manager,
                via="page",
                **said,
            )

        seen = alert.opened_at + timedelta(minutes=chance.expovariate(1 / (25 * quick)))
        yield pressed(Press.ACKNOWLEDGE, seen)
        mood = chance.random()
        if mood < 0.07:
            yield pressed(Press.USELESS, seen + HOUR / 4)
        elif mood < 0.3:
            yield pressed(Press.USEFUL, seen + HOUR / 4)
        if chance.random() < 0.2:
            yield pressed(Press.CONTACT, seen + HOUR / 2, reached=False, how="phone")
        called = seen + timedelta(hours=chance.expovariate(1 / (9 * quick)))
        how = chance.choice(("phone", "e-mail"))
        yield pressed(Press.CONTACT, called, how=how, words="Apologised, and said what comes next.")
        solved = called + timedelta(hours=chance.expovariate(1 / (30 * quick)))
        outcome = chance.choices(list(Outcome), (6, 2, 1, 1))[0]
        yield pressed(
            Press.RESOLVE,
            solved,
            outcome=outcome,
            cause=cause if chance.random() < 0.7 else chance.choice(CAUSES),
            words="Refunded, and called back.",
            coaching=chance.choices((Coaching.NOT_NEEDED, Coaching.NEEDED), (3, 1))[0],
        )
        if chance.random() < 0.7:
            yield pressed(Press.COACH, solved + 2 * DAY)
        stayed = (6, 2, 1, 1) if outcome is Outcome.RECOVERED else (2, 3, 4, 1)
        yield Checked(
            id=f"{alert.ref}:checked",
            subject=alert.subject,
            at=solved + 30 * DAY,
            alert=alert.ref,
            months=3,
            relation=chance.choices(list(Relation), stayed)[0],
            why="their tickets since",
        )


def _complaint(ticket: Ticket, case: Case) -> Answer:
    """The answer that an alert opens for, five minutes later."""
    low = case.rule == "low_score"
    return Answer(
        id=f"answer-{ticket.key}",
        score=0.25 if low else None,
        raw="2" if low else "",
        scale="csat" if low else "",
        low=1 if low else None,
        high=5 if low else None,
        words=case.words,
        resolved=None if low else False,
        at=(ticket.opened_at or ticket.as_of[0]) + 2 * HOUR - HOUR / 12,
    )


def _row(ticket: Ticket) -> dict[str, object]:
    return {
        "id": ticket.id,
        "state": msgspec.to_builtins(ticket),
        "team": f"{ticket.desk}:{ticket.team}",
        "requester": f"{ticket.desk}:{ticket.requester}",
        "updated_at": ticket.as_of[0],
        "opened_at": ticket.opened_at,
        "agent": f"{ticket.desk}:{ticket.agent}",
    }
