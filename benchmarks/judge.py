"""How many events one process folds and judges in a second: `python benchmarks/judge.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from bridge.domain.clocks import deadlines
from bridge.domain.goals import GOALS, Goal
from bridge.domain.hours import Hours, parse_week
from bridge.domain.judge import Policy, judge
from bridge.domain.model import (
    Answer,
    AnyEvent,
    Assigned,
    Opened,
    Party,
    PriorityChanged,
    Rated,
    Replied,
    Seen,
    StatusChanged,
    Tagged,
    Ticket,
    Touched,
)
from bridge.domain.rules import rules
from bridge.domain.ticket import fold

TICKETS, ROUNDS = 2_000, 5
TARGETS = {
    "first_response": timedelta(hours=2),
    "next_reply": timedelta(hours=4),
    "periodic_update": timedelta(hours=16),
    "requester_wait": timedelta(hours=32),
    "agent_work": timedelta(hours=24),
    "resolution": timedelta(hours=40),
}
GOALS_OF_TWO_STAGES = tuple(
    Goal(name=name, targets={"urgent": TARGETS[name] / 2, "": TARGETS[name]}, warn=(0.75,))
    for name in GOALS
)
NINE_TO_FIVE = Hours(ZoneInfo("Europe/Berlin"), parse_week({"mon-fri": "09:00-17:00"}))


def run() -> dict[str, float]:
    """Events per second, the best of some rounds: without goals, and with all six of them and their timers."""
    every = tuple(rule() for rule in rules().values())
    histories = [list(_history(Random(n), n)) for n in range(TICKETS)]
    plain = Policy(rules=every, goals=(), hours=NINE_TO_FIVE)
    timed = Policy(rules=every, goals=GOALS_OF_TWO_STAGES, hours=NINE_TO_FIVE)
    return {
        "fold_judge_per_s": max(_rate(histories, plain) for _ in range(ROUNDS)),
        "with_clocks_per_s": max(_rate(histories, timed) for _ in range(ROUNDS)),
    }


def _rate(histories: list[list[AnyEvent]], policy: Policy) -> float:
    started = perf_counter()
    for history in histories:
        ticket: Ticket | None = None
        for event in history:
            ticket = fold(ticket, event, policy.statuses_of(event.subject))
            judgement = judge(ticket, policy, event.at)
            deadlines(ticket, judgement.clocks, policy.hours_of(ticket), event.at)
    return sum(map(len, histories)) / (perf_counter() - started)


def _history(random: Random, number: int) -> Iterator[AnyEvent]:
    """A ticket's life over some days: opened, some ten events, mostly replies and statuses, in saves."""
    at = datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(minutes=number)
    subject, team, agent = f"zendesk:{number}", f"{random.randrange(8)}", f"{random.randrange(40)}"

    def about(part: int, by: Party = Party.AGENT) -> dict[str, Any]:
        return {
            "id": f"{subject}:{at:%d%H%M%S}:{part}",
            "subject": subject,
            "at": at,
            "seq": part,
            "save": f"{at:%d%H%M%S}",
            "by": by,
            "actor": agent,
        }

    def seen() -> Seen:
        return Seen(title=f"Case {number}", priority="normal", requester="9", tags=("web", "vip"))

    first = Seen(title=f"Case {number}", status="new", priority="normal", team=team, agent="")
    yield Opened(**about(0, Party.CUSTOMER), seen=first)
    for _ in range(random.randint(4, 10)):
        at += timedelta(minutes=random.randint(5, 600))
        match random.choices(range(7), (30, 25, 15, 5, 10, 5, 10))[0]:
            case 0:
                yield Replied(**about(0), public=True, seen=seen())
                yield StatusChanged(**about(1), status=random.choice(("pending", "open", "solved")))
            case 1:
                yield Replied(**about(0, Party.CUSTOMER), public=True, seen=seen())
                yield StatusChanged(**about(1), status="open")
            case 2:
                team, agent = f"{random.randrange(8)}", f"{random.randrange(40)}"
                yield Assigned(**about(0), team=team)
                yield Assigned(**about(1), agent=agent)
            case 3:
                yield PriorityChanged(**about(0), priority="urgent")
            case 4:
                yield Replied(**about(0), public=False, seen=seen())
            case 5:
                score = random.choice((0.0, 0.25, 1.0))
                answer = Answer(
                    id="1", score=score, raw=str(score * 4), low=0, high=4, scale="csat"
                )
                yield Rated(**about(0, Party.CUSTOMER), answer=answer)
            case _:
                yield Tagged(**about(0), added=(f"t{random.randrange(5)}",))
                yield Touched(**about(1), seen=seen())


if __name__ == "__main__":
    print(json.dumps({name: round(rate) for name, rate in run().items()}))
