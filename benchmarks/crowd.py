"""Very many open tickets, each with four clocks: made from some hundred real ones, in the database itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

import msgspec
from sqlalchemy import Connection, text

from benchmarks.scene import Say
from bridge.domain.clocks import clocks, deadlines
from bridge.domain.judge import Policy
from bridge.domain.model import (
    AnyEvent,
    Deadline,
    Opened,
    Party,
    Replied,
    Seen,
    StatusChanged,
    Ticket,
)
from bridge.domain.ticket import fold_all
from bridge.store import tickets
from bridge.work.bridge import Bridge

PATTERNS = 200
STEP = 25_000  # tickets in one statement
FIRST = 10_000_001  # their numbers; those below are for tickets that ring
GROUPS, FIRST_GROUP = 10, 900

TIMED = """
[calendars.always]
zone = "Europe/Berlin"
week = { mon-sun = "00:00-24:00" }

[goals.next_reply]
target = { default = "48h", urgent = "2h" }
warn = []

[goals.periodic_update]
target = "120h"
warn = []

[goals.requester_wait]
target = "240h"
warn = []

[goals.resolution]
target = "480h"
warn = []
"""
URGENT = timedelta(hours=2)  # what is promised above

_MANY = """
    INSERT INTO tickets (id, state, timers, team, requester, updated_at)
    SELECT 'zendesk:' || n, replace(state, '"zendesk:0"', '"zendesk:' || n || '"')::jsonb,
           (SELECT jsonb_agg(jsonb_set(one, '{2}', to_jsonb((one->>2)::timestamptz + shift)))
            FROM jsonb_array_elements(timers) AS one),
           team, requester || n % 50021, at
    FROM generate_series(CAST(:first AS bigint), :last) AS n
    JOIN patterns ON number = n % :patterns CROSS JOIN make_interval(secs => n % 3571) AS shift
"""
_TIMERS = """
    INSERT INTO deadlines (subject, goal, stage, due_at)
    SELECT 'zendesk:' || n, one->>0, one->>1,
           (one->>2)::timestamptz + make_interval(secs => n % 3571)
    FROM generate_series(CAST(:first AS bigint), :last) AS n
    JOIN patterns ON number = n % :patterns CROSS JOIN jsonb_array_elements(timers) AS one
"""
_encode = msgspec.json.Encoder().encode


def gather(bridge: Bridge, many: int, now: datetime, say: Say, first: int = FIRST) -> None:
    """Make so many tickets whose timers all ring a day after `now` at the earliest."""
    policy = bridge.policy([])
    with bridge.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _keep_patterns(connection, policy, now)
        for start in range(first, first + many, STEP):
            last = min(start + STEP, first + many) - 1
            span = {"first": start, "last": last, "patterns": PATTERNS}
            connection.execute(text(_MANY), span)
            connection.execute(text(_TIMERS), span)
            if (last + 1 - first) % (STEP * 10) == 0:
                say(f"{last + 1 - first:,} tickets")
        connection.execute(text("VACUUM (ANALYZE) tickets"))
        connection.execute(text("VACUUM (ANALYZE) deadlines"))
        connection.execute(text("DROP TABLE patterns"))


def ringing(bridge: Bridge, keys: Sequence[int], due: Sequence[datetime]) -> None:
    """Make tickets whose most urgent timer rings at these moments, one a ticket."""
    policy = bridge.policy([])
    judged = [_judged(_waiting(key, at), policy, at) for key, at in zip(keys, due, strict=True)]
    with bridge.engine.begin() as connection:
        tickets.claim(connection, [one.ticket.id for one in judged])
        tickets.store(connection, judged)
        timers = [(one.ticket.id, timer) for one in judged for timer in one.timers]
        tickets.set_timers(connection, [], timers)


def _keep_patterns(connection: Connection, policy: Policy, now: datetime) -> None:
    connection.execute(
        text("""
            CREATE TEMPORARY TABLE patterns (
                number int, state text, timers jsonb, team text, requester text, at timestamptz)
        """)
    )
    random = Random(1)
    rows = []
    for number in range(PATTERNS):
        one = _judged(_asked_again(random, now), policy, now)
        assert len(one.timers) == 4
        rows.append(
            {
                "number": number,
                "state": _encode(one.ticket).decode(),
                "timers": _encode(one.timers).decode(),
                "team": f"zendesk:{one.ticket.team}",
                "requester": f"zendesk:{one.ticket.requester}",
                "at": one.ticket.as_of[0],
            }
        )
    insert = "INSERT INTO patterns VALUES (:number, :state, CAST(:timers AS jsonb), :team, :requester, :at)"
    connection.execute(text(insert), rows)


def _judged(events: Iterator[AnyEvent], policy: Policy, now: datetime) -> tickets.Judged:
    ticket = fold_all(events)
    assert ticket is not None
    return tickets.Judged(ticket, _timers(ticket, policy, now), {})


def _timers(ticket: Ticket, policy: Policy, now: datetime) -> tuple[Deadline, ...]:
    return deadlines(ticket, clocks(ticket, policy), policy.hours_of(ticket), now)


def _asked_again(random: Random, now: datetime) -> Iterator[AnyEvent]:
    """A ticket of the last days that was answered some times, and whose customer has asked again today."""
    asked = now - timedelta(hours=20) * random.random()
    answered = asked - timedelta(hours=20) * random.random()
    group, replies = str(FIRST_GROUP + random.randrange(GROUPS)), random.randint(1, 4)
    return _life(0, asked, answered, group=group, priority="normal", replies=replies)


def _waiting(key: int, due: datetime) -> Iterator[AnyEvent]:
    asked, group = due - URGENT, str(FIRST_GROUP + key % GROUPS)
    return _life(key, asked, asked - timedelta(hours=3), group=group, priority="urgent", replies=2)


def staff_of(key: int) -> int:
    """Who has a ticket of the crowd."""
    return 8100 + key % 40


def _life(
    key: int, asked: datetime, answered: datetime, *, group: str, priority: str, replies: int
) -> Iterator[AnyEvent]:
    subject, requester, agent = f"zendesk:{key}", "8001", str(staff_of(key))
    opened = answered - timedelta(hours=5)
    seen = Seen(
        opened_at=opened,
        title=f"Where is parcel {key}?",
        status="open",
        priority=priority,
        type="question",
        team=group,
        agent=agent,
        requester=requester,
        organisation="3001",
        brand="601",
        tags=("parcel", "web", "returning_customer"),
        facts={"channel": "web", "form": "501"},
    )
    yield Opened(
        id=f"{subject}:0", subject=subject, at=opened, by=Party.CUSTOMER, actor=requester, seen=seen
    )
    for n in range(replies):
        at = answered - timedelta(minutes=30) * (replies - 1 - n)
        yield Replied(
            id=f"{subject}:{n}:r", subject=subject, at=at, public=True, by=Party.AGENT, actor=agent
        )
        yield StatusChanged(id=f"{subject}:{n}:s", subject=subject, at=at, seq=1, status="pending")
        yield StatusChanged(
            id=f"{subject}:{n}:o", subject=subject, at=at, seq=2, status="open", by=Party.CUSTOMER
        )
    yield Replied(
        id=f"{subject}:asked",
        subject=subject,
        at=asked,
        public=True,
        by=Party.CUSTOMER,
        actor=requester,
    )
