"""How many webhooks a second one worker reads, folds and judges, with its timers and alerts stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from time import perf_counter

import structlog
from sqlalchemy import text

from benchmarks import webhooks
from benchmarks.scene import Failed, Say, scene
from bridge.domain.model import Team
from bridge.settings import load
from bridge.store import deliveries, inbox, teams
from bridge.work.bridge import Bridge
from bridge.work.drain import drain

MANY = 20_000
TICKETS = 3_000
TEAMS = 8
ROUNDS = 3
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)  # a Monday, half past ten in Berlin
LATELY = timedelta(minutes=20)  # all of it happened since then


def run(say: Say) -> dict[str, float]:
    """Events a second of one worker on a full inbox, the median of some rounds; and what came of them."""
    told = structlog.get_config()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    try:
        with scene() as made:
            bridge = Bridge(load(made.environ), made.url, now=lambda: NOW)
            try:
                rounds = [_round(bridge, say) for _ in range(ROUNDS)]
            finally:
                bridge.close()
    finally:
        structlog.configure(**told)
    figures = rounds[-1]
    return figures | {
        "events_per_s_per_worker": median(r["events_per_s_per_worker"] for r in rounds)
    }


def _round(bridge: Bridge, say: Say) -> dict[str, float]:
    fill(bridge)
    started = perf_counter()
    while _waiting(bridge):
        drain(bridge)
    seconds = perf_counter() - started
    say(f"{MANY / seconds:,.0f} events/s")
    with bridge.engine.begin() as connection:
        counts = {
            what: connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one()
            for what in (
                "inbox WHERE state = 'read'",
                "events WHERE fault = ''",
                "tickets",
                "deadlines",
                "alerts",
                "deliveries",
            )
        }
    kept, judged, tickets, timers, alerts, sent = counts.values()
    if not kept == judged == MANY or tickets != TICKETS or not timers or not alerts:
        raise Failed(f"not all was judged: {counts}")
    return {
        "events_per_s_per_worker": MANY / seconds,
        "alerts_per_100_events": 100 * alerts / MANY,
        "timers": timers,
        "deliveries": sent,
    }


def _waiting(bridge: Bridge) -> bool:
    with bridge.engine.begin() as connection:
        query = """SELECT EXISTS (SELECT FROM inbox WHERE state = 'waiting')
                       OR EXISTS (SELECT FROM events WHERE NOT judged)"""
        return bool(connection.execute(text(query)).scalar())


def fill(bridge: Bridge) -> None:
    """Empty the database, and put webhooks into the inbox as if no worker had run for a while."""
    with bridge.engine.begin() as connection:
        tables = "inbox, events, tickets, deadlines, alerts, story, deliveries, answers, teams"
        connection.execute(text(f"TRUNCATE {tables}, procrastinate_jobs CASCADE"))
        mapped = [
            Team(
                name=f"Team {n}",
                slack_channel=f"C00{n}",
                calendar="office",
                groups=(f"zendesk:{900 + n}",),
            )
            for n in range(TEAMS)
        ]
        teams.save(connection, mapped)
        deliveries.remember_own(connection, "zendesk", ["user:7001"])
        rows = list(_received())
        for start in range(0, len(rows), 500):
            inbox.add(connection, rows[start : start + 500])
    with bridge.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _received() -> Iterator[inbox.Received]:
    random = Random(1)
    moves = [moment for ticket in range(TICKETS) for moment in _life(random, ticket)]
    for number, (at, ticket, name, event, detail) in enumerate(sorted(moves, key=lambda m: m[:2])):
        payload = webhooks.body(number, ticket, name, event, at=at, **detail)
        sent = webhooks.headers(payload, number, at)
        yield inbox.Received(
            source="zendesk",
            delivery=sent["X-Zendesk-Webhook-Invocation-Id"],
            received_at=at + timedelta(seconds=1),
            method="POST",
            url="http://127.0.0.1/hooks/zendesk",
            headers={key.lower(): value for key, value in sent.items()},
            body=payload,
        )


_Move = tuple[datetime, int, str, dict[str, object], dict[str, str]]


def _life(random: Random, ticket: int) -> Iterator[_Move]:
    """A ticket's webhooks: opened, then replies, statuses, assignments; one in fifty a bad rating."""
    many = MANY // TICKETS + (ticket < MANY % TICKETS)
    at = NOW - LATELY + LATELY * 0.6 * random.random()
    group, agent, status = str(900 + random.randrange(TEAMS)), "8101", "NEW"
    detail = {"created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "group_id": group, "status": status}
    yield at, ticket, "created", {}, detail
    rated = False
    for n in range(1, many):
        at += LATELY * 0.4 * random.uniform(0.02, 1 / many)
        actor, event = agent, {}
        rates = 0 if rated or n < 4 else 6
        match random.choices(range(6), (26, 28, 24, 14, 6, rates))[0]:
            case 0:
                name, actor = "comment_added", webhooks.REQUESTER
                event = webhooks.comment(100 * ticket + n, staff=False)
            case 1:
                name = "comment_added"
                event = webhooks.comment(100 * ticket + n, staff=True, public=random.random() < 0.8)
            case 2:
                name, before = "status_changed", status
                status = random.choice([s for s in ("OPEN", "PENDING", "SOLVED") if s != before])
                event = {"previous": before, "current": status}
            case 3:
                name, before = "agent_assignment_changed", agent
                agent = str(8100 + random.randrange(40))
                event = {"previous": before, "current": agent}
            case 4:
                name, event = "priority_changed", {"previous": "NORMAL", "current": "HIGH"}
            case _:
                name, actor, rated = "csat_received", "-1", True
                event = {"satisfaction_score": {"score": "BAD", "comment": "Nobody called."}}
        told = {"group_id": group, "assignee_id": agent, "status": status, "actor": actor}
        yield at, ticket, name, event, detail | told
