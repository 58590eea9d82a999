"""Cases made up by a seed, with what came of them: tickets wait, go from hand to hand, are solved and come back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bridge.domain.goals import Goal
from bridge.domain.hours import Hours
from bridge.domain.judge import Policy
from bridge.domain.model import AnyEvent, Assigned, Opened, Party, Replied, Seen, StatusChanged
from bridge.domain.rules.first_response import FirstResponse
from bridge.domain.rules.handoffs import Handoffs
from bridge.domain.rules.ping_pong import PingPong
from bridge.domain.rules.reopened import Reopened
from bridge.domain.rules.resolution_time import ResolutionTime
from bridge.domain.rules.stale_update import StaleUpdate
from bridge.insight.backtest.case import Case, Outcome

BEGAN = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
DEADLINE = 100 * HOUR
ALWAYS = Hours(ZoneInfo("UTC"))

POLICY = Policy(
    rules=(
        FirstResponse(),
        Handoffs(),
        PingPong(),
        Reopened(at_least=1),
        ResolutionTime(),
        StaleUpdate(),
    ),
    goals=(
        Goal(name="first_response", targets={"": 8 * HOUR}, warn=(0.75,), nag=4 * HOUR),
        Goal(name="periodic_update", targets={"": 30 * HOUR}),
        Goal(name="resolution", targets={"": 80 * HOUR}, warn=(0.5,)),
    ),
    hours=ALWAYS,
    in_shadow=frozenset({"ping_pong"}),
)


def lives(many: int, seed: int = 1) -> list[Case]:
    """So many cases, one opened every hour; a third of them comes out badly, by the deadline."""
    return [_life(Random(f"{seed}:{n}"), n) for n in range(many)]


def _life(random: Random, number: int) -> Case:
    subject = f"case:{number}"
    opened = BEGAN + number * HOUR
    events = tuple(_events(random, subject, opened))
    last = events[-1].at
    missed = last > opened + DEADLINE
    return Case(
        id=subject,
        opened_at=opened,
        events=events,
        outcomes={"missed": Outcome(bad=missed, at=opened + DEADLINE if missed else None)},
        resolved_at=last,
        closed_at=last,
        deadline_at=opened + DEADLINE,
        facts={"priority": "high" if number % 3 == 0 else "low"},
    )


def _events(random: Random, subject: str, at: datetime) -> Iterator[AnyEvent]:
    """Opened, then some changes at whole minutes, and solved at the end."""
    told = {"id": f"{subject}:0", "subject": subject, "at": at}
    first = Seen(status="new", priority=random.choice(("high", "low")), team="t1", agent="")
    yield Opened(**told, by=Party.CUSTOMER, seen=first)  # type: ignore[arg-type]
    for step in range(1, random.randint(2, 8)):
        at += timedelta(minutes=random.choice((5, 90, 400, 1500, 3000)))
        told = {"id": f"{subject}:{step}", "subject": subject, "at": at}
        match random.choice("rrtasp"):
            case "r":
                yield Replied(**told, by=Party.AGENT, public=True)  # type: ignore[arg-type]
            case "t":
                yield Assigned(**told, team=f"t{random.randint(1, 3)}")  # type: ignore[arg-type]
            case "a":
                yield Assigned(**told, agent=f"a{random.randint(1, 3)}")  # type: ignore[arg-type]
            case "s":
                yield StatusChanged(**told, status="solved")  # type: ignore[arg-type]
            case _:
                status = random.choice(("open", "pending"))
                yield StatusChanged(**told, status=status)  # type: ignore[arg-type]
    at += timedelta(minutes=random.choice((60, 3000)))
    told = {"id": f"{subject}:end", "subject": subject, "at": at}
    yield StatusChanged(**told, status="closed")  # type: ignore[arg-type]
