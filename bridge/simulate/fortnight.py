"""A fortnight of three teams: what customers complain of, and what becomes of it. All follows from the seed."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from bridge.simulate.cases import CUSTOMERS, SUBJECTS
from bridge.simulate.fortnight_habits import live
from bridge.simulate.fortnight_hands import Hands
from bridge.simulate.fortnight_people import (
    AGENTS,
    DAYS,
    START,
    TEAMS,
    Person,
    Unit,
    holidays,
    move_in,
)
from bridge.simulate.fortnight_plan import Call, Rules, utc
from bridge.simulate.world import World

ALERTS = 300
FIRST = START + timedelta(hours=6)
"""Before the first alert there are tickets to be opened."""

END = START + timedelta(days=DAYS)
AT_END = timedelta(days=9)
"""How long the world goes on after the last alert has opened, for all of them to be closed."""

APART = timedelta(seconds=6)
MOST_TOGETHER = 3
"""So many people are told by one message each within `APART` at most: Slack takes one a second for each."""

KINDS = {"survey": 70, "unanswered": 15, "came back": 15}


@dataclass
class Life:
    """An alert from when it opens, or is opened again, until somebody takes it in hand; `owner` had it before."""

    opened: datetime
    owner: Person | None = None
    taken: datetime | None = None


@dataclass
class Case:
    """A ticket with its alert."""

    unit: Unit
    kind: str
    severity: str
    customer: str
    email: str
    agent: str
    chance: Random
    lives: list[Life] = field(default_factory=list)
    ticket: str = ""

    @property
    def subject(self) -> str:
        return f"zendesk:{self.ticket}"

    def minutes(self, low: float, high: float) -> timedelta:
        """Some time."""
        return timedelta(seconds=round(self.chance.uniform(low * 60, high * 60)))

    def happens(self, share: float) -> bool:
        return self.chance.random() < share


class Fortnight:
    """The script: what happens when."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.seed = seed
        self.away = holidays(seed)
        self.rules = Rules(self.away)
        self.hands = Hands(world)
        self.cases: list[Case] = []
        self.script: dict[datetime, list[Callable[[], object]]] = {}
        self._told: dict[str, list[datetime]] = {}

    def at(self, moment: datetime, action: Callable[[], object]) -> None:
        """Let something happen."""
        self.script.setdefault(utc(moment), []).append(action)

    def begin(self, case: Case, opened: datetime, owner: Person | None = None) -> Life | None:
        """An alert opens at that moment, unless that would have somebody told more at once than Slack takes."""
        calls = self.calls(case, opened, owner)
        if any(self._crowded(call) for call in calls):
            return None
        for call in calls:
            insort(self._told.setdefault(call.who.key, []), call.at)
        case.lives.append(Life(opened, owner))
        return case.lives[-1]

    def calls(self, case: Case, opened: datetime, owner: Person | None = None) -> list[Call]:
        """Who is told of it when, if nobody takes it."""
        return self.rules.calls(case.unit, case.severity, opened, owner)

    def _crowded(self, call: Call) -> bool:
        told = self._told.get(call.who.key, [])
        near = bisect_left(told, call.at + APART) - bisect_left(told, call.at - APART)
        return near >= MOST_TOGETHER


def write(world: World, seed: int, alerts: int = ALERTS) -> Fortnight:
    """Write the script of so many alerts."""
    fortnight = Fortnight(world, seed)
    move_in(world, fortnight.away)
    for number in range(alerts):
        chance = Random(f"{seed}:{number}")  # noqa: S311 - a repeatable script, not a secret
        case = _case(chance, number)
        opened = None
        while opened is None:
            opened = _open(fortnight, case)
        fortnight.cases.append(case)
        live(fortnight, case)
    return fortnight


def _case(chance: Random, number: int) -> Case:
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    severity = {"survey": "", "unanswered": "high", "came back": "warning"}[kind]
    unit = chance.choice(TEAMS)
    customer = f"{chance.choice(CUSTOMERS)} {number}"
    return Case(
        unit=unit,
        kind=kind,
        severity=severity or chance.choice(("critical", "high")),
        customer=customer,
        email=f"customer{number}@example.org",
        agent=f"{unit.name} agent {chance.choice(AGENTS)}",
        chance=chance,
    )


def _open(fortnight: Fortnight, case: Case) -> Life | None:
    """Draw when the alert opens, and write what leads to it; None if that moment doesn't do."""
    moment = _drawn(fortnight, case)
    hands, at = fortnight.hands, fortnight.at
    urgency = "urgent" if case.kind == "unanswered" else "normal"
    subject = case.chance.choice(SUBJECTS)

    def arrives() -> None:
        hands.arrive(case.customer, case.email)
        case.ticket = hands.desk.open(
            case.customer, subject, f"Hello, {subject.lower()}.", case.unit.name, urgency=urgency
        )

    if case.kind == "unanswered":
        calendar = fortnight.rules.calendars[case.unit.calendar]
        life = fortnight.begin(case, calendar.after(moment, fortnight.rules.promised))
        if life is not None:
            at(moment, arrives)
        return life
    life = fortnight.begin(case, moment)
    if life is None:
        return None
    at(moment - case.minutes(150, 240), arrives)
    solved = moment - case.minutes(20, 90)
    at(solved, lambda: hands.desk.solve(case.ticket, case.agent, "This is solved now."))
    if case.kind == "survey":
        score = 1 if case.severity == "critical" else 2
        words = case.chance.choice(("", "Nobody reads what I write.", "It took far too long."))
        at(moment, lambda: hands.rate(case.ticket, score, words))
    else:
        at(moment, lambda: hands.desk.reply(case.ticket, case.customer, "It is back again."))
    return life


def _drawn(fortnight: Fortnight, case: Case) -> datetime:
    """Some moment of the fortnight: mostly while the team is awake, sometimes at night."""
    night = case.happens(0.15)
    while True:
        span = (END - FIRST).total_seconds()
        moment = FIRST + timedelta(seconds=round(case.chance.uniform(0, span)))
        if night or fortnight.rules.calendars[case.unit.awake].holds(moment):
            return moment
