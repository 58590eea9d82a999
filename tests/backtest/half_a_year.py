"""Half a year of an invented support desk, as cases: who waits long and changes hands often misses the deadline more.

By chance, and the same for the same seed. It is for pictures and for reading a whole report: it proves nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bridge.domain.model import AnyEvent, Assigned, Opened, Party, Replied, Seen, StatusChanged
from bridge.insight.backtest.case import Case, Found, Outcome

BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)
TEAMS = ("Billing", "Delivery", "Accounts", "Devices")
DEADLINES = {"high": timedelta(days=4), "normal": timedelta(days=7)}
OUTCOME = "missed_deadline"
_HOUR = timedelta(hours=1)


def half_a_year(found: Found, many: int = 3000, seed: int = 11) -> Iterator[Case]:
    """The cases, by when they were opened; things get better from month to month."""
    chance = random.Random(seed)
    for number in range(many):
        ripe = number / many
        opened = BEGAN + timedelta(days=176 * ripe, hours=chance.uniform(0, 9))
        case = _case(chance, number, opened, ripe)
        found.cases += 1
        found.rows += len(case.events)
        found.kinds.update(type(event).__name__ for event in case.events)
        found.began = found.began or opened
        found.until = max(found.until or opened, case.events[-1].at)
        yield case


def _case(chance: random.Random, number: int, opened: datetime, ripe: float) -> Case:
    subject = f"case:{number + 1}"
    priority = chance.choices(("high", "normal"), (1, 3))[0]
    stuck = chance.random() < 0.42 - 0.2 * ripe
    hands = chance.choices((0, 1, 2, 3, 4), (2, 3, 3, 2, 1) if stuck else (9, 4, 1, 0, 0))[0]
    first = chance.expovariate(1 / 70) if stuck else chance.expovariate(1 / 9)
    length = chance.uniform(90, 330) if stuck else chance.uniform(4, 110)
    solved = opened + _HOUR * max(length, first + 1)
    teams = [chance.choice(TEAMS)]
    for _ in range(hands):
        teams.append(chance.choice([team for team in TEAMS if team != teams[-1]]))
    events: list[AnyEvent] = [
        Opened(
            id=f"{subject}:opened",
            subject=subject,
            at=opened,
            by=Party.CUSTOMER,
            seen=Seen(priority=priority, team=teams[0], status="open", opened_at=opened),
        ),
        *(
            Assigned(
                id=f"{subject}:team{at}",
                subject=subject,
                at=opened + (solved - opened) * (at / (len(teams) + 1)),
                by=Party.AGENT,
                team=team,
            )
            for at, team in enumerate(teams[1:], 1)
        ),
        *_replies(chance, subject, opened + _HOUR * first, solved, 60 if stuck else 22),
        StatusChanged(id=f"{subject}:solved", subject=subject, at=solved, status="solved"),
    ]
    deadline = opened + DEADLINES[priority]
    missed = solved > deadline
    return Case(
        id=subject,
        opened_at=opened,
        events=tuple(sorted(events, key=lambda event: event.order)),
        outcomes={OUTCOME: Outcome(bad=missed, at=deadline if missed else None)},
        resolved_at=solved,
        closed_at=solved,
        deadline_at=deadline,
        facts={"priority": priority},
    )


def _replies(
    chance: random.Random, subject: str, first: datetime, end: datetime, apart: float
) -> Iterator[Replied]:
    at, number = first, 0
    while at < end:
        number += 1
        yield Replied(
            id=f"{subject}:reply{number}",
            subject=subject,
            at=at,
            by=Party.AGENT,
            actor="7",
            public=True,
            ref=str(number),
        )
        at += _HOUR * (4 + chance.expovariate(1 / apart))
