"""How long the inbox takes among thousands of live alerts, and how much a browser has to load for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any

import msgspec
from flask.testing import FlaskClient
from sqlalchemy import event, insert, text

from benchmarks.load import share
from benchmarks.quiet import quiet
from benchmarks.scene import Failed, Say, scene
from bridge.domain.alerts import Change, Step
from bridge.domain.model import (
    Alert,
    AlertState,
    Contact,
    Finding,
    Member,
    Promise,
    Reason,
    Rise,
    Severity,
    Team,
    Ticket,
)
from bridge.domain.viewing import Role
from bridge.settings import load
from bridge.store import alerts, teams, users
from bridge.store.schema import people, tickets
from bridge.web import create_app
from bridge.web.pages.signin.sessions import COOKIE
from bridge.work.bridge import Bridge

ALERTS = 5_000
TEAMS = 40
FIRST = 100_001  # their tickets' numbers
REQUESTS = 200
WARM = 10
BATCH = 500

MOST_MS = 150.0
"""Server time of the inbox, 95 of 100 requests."""

MOST_BYTES = 200_000
"""What a browser loads for the first page it sees: the page, and its files packed."""

RULES = ("first_response", "next_reply", "low_score", "handoffs", "stale_update", "bad_words")
FILES = re.compile(r'(?:href|src)="(/static/[^"]+)"')


def run(say: Say, many: int = ALERTS) -> dict[str, Any]:
    """Milliseconds, queries and bytes of the inbox for an admin and for a manager of one team.

    `over` says what is more than is promised, and is empty where nothing is.
    """
    with quiet(), scene() as made:
        bridge = Bridge(load(made.environ, made.environ["BRIDGE_CONFIG"]), made.url)
        try:
            crowd(bridge, many)
            say(f"{many:,} live alerts of {TEAMS} teams")
            app = create_app(bridge)
            found: dict[str, Any] = {"alerts": many, "teams": TEAMS}
            for name, role, own in (
                ("admin", Role.ADMIN, ()),
                ("manager", Role.MANAGER, ("Team 7",)),
            ):
                client = app.test_client()
                client.set_cookie(COOKIE, _signed_in(bridge, name, role, own))
                found[name] = _asked(bridge, client)
                say(f"{name}: {found[name]}")
        finally:
            bridge.close()
    return found | {"over": list(_over(found))}


def _over(found: dict[str, Any]) -> Iterator[str]:
    """What is more than is promised."""
    for name in ("admin", "manager"):
        took, loaded = found[name]["p95_ms"], found[name]["loaded_bytes"]
        if took >= MOST_MS:
            yield f"{name}: p95 is {took:.0f} ms, and less than {MOST_MS:.0f} are promised"
        if loaded >= MOST_BYTES:
            yield f"{name}: {loaded:,} bytes, and less than {MOST_BYTES:,} are promised"


def _asked(bridge: Bridge, client: FlaskClient) -> dict[str, Any]:
    """The inbox so many times."""
    for _ in range(WARM):
        page = _inbox(client)
    with _counted(bridge) as queries:
        _inbox(client)
    took = []
    for _ in range(REQUESTS):
        started = perf_counter()
        _inbox(client)
        took.append((perf_counter() - started) * 1000)
    files = sum(_loaded(client, address) for address in set(FILES.findall(page)))
    return {
        "p50_ms": share(took, 0.5),
        "p95_ms": share(took, 0.95),
        "p99_ms": share(took, 0.99),
        "queries": len(queries),
        "page_bytes": len(page.encode()),
        "file_bytes": files,
        "loaded_bytes": len(page.encode()) + files,
    }


def _inbox(client: FlaskClient) -> str:
    answer = client.get("/inbox")
    if answer.status_code != 200 or 'class="headline"' not in answer.text:
        raise Failed(f"the inbox was answered {answer.status_code}")
    return answer.text


def _loaded(client: FlaskClient, address: str) -> int:
    return len(client.get(address, headers={"Accept-Encoding": "gzip"}).data)


@contextmanager
def _counted(bridge: Bridge) -> Iterator[list[str]]:
    said: list[str] = []

    def note(*call: Any) -> None:
        said.append(call[2])

    event.listen(bridge.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(bridge.engine, "before_cursor_execute", note)


def _signed_in(bridge: Bridge, name: str, role: Role, own: tuple[str, ...]) -> str:
    now = bridge.now()
    with bridge.engine.begin() as connection:
        user = users.save(connection, f"{name}@example.com", role, now, name=name, teams=own)
        token: str = users.begin(connection, user.id, now, timedelta(days=1), via="benchmark")
    return token


# --- the crowd -----------------------------------------------------------------------------------


def crowd(bridge: Bridge, many: int, now: datetime | None = None) -> None:
    """So many live alerts, over all teams, with their tickets and customers; the same each time."""
    random, now = Random(1), now or bridge.now()
    with bridge.engine.begin() as connection:
        teams.save(connection, [_team(n) for n in range(TEAMS)])
        for first in range(FIRST, FIRST + many, BATCH):
            numbers = range(first, min(first + BATCH, FIRST + many))
            connection.execute(insert(tickets), [_ticket(n, now) for n in numbers])
            connection.execute(insert(people), [_customer(n, now) for n in numbers])
            made = [_alert(n, random, now) for n in numbers]
            opened = [
                (a, [Step(change=Change.OPENED, at=a.opened_at, finding=a.reasons[0].finding)])
                for a in made
            ]
            alerts.save(connection, opened)
    with bridge.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in ("alerts", "tickets", "people"):
            connection.execute(text(f"VACUUM (ANALYZE) {table}"))


def _team(number: int) -> Team:
    return Team(
        name=f"Team {number}",
        manager=f"Manager {number}",
        manager_email=f"manager{number}@example.com",
        groups=(f"zendesk:{900 + number}",),
    )


def _ticket(number: int, now: datetime) -> dict[str, Any]:
    state = Ticket(
        id=f"zendesk:{number}",
        as_of=(now, 0, ""),
        title=f"Where is my order {number}? It was to come last week",
        requester=str(number),
        team=str(900 + number % TEAMS),
        status="open",
    )
    return {
        "id": state.id,
        "state": msgspec.to_builtins(state),
        "team": state.team,
        "requester": f"zendesk:{number}",
        "updated_at": now,
    }


def _customer(number: int, now: datetime) -> dict[str, Any]:
    return {
        "desk": "zendesk",
        "id": str(number),
        "name": f"Customer {number}",
        "email": f"customer{number}@example.com",
        "phone": "+4930123456",
        "staff": False,
        "read_at": now,
    }


def _alert(number: int, random: Random, now: datetime) -> Alert:
    opened = now - timedelta(minutes=random.randrange(1, 6_000))
    rules = random.sample(RULES, random.choice((1, 1, 2, 3)))
    reasons = tuple(_reason(rule, random, opened) for rule in rules)
    owned = random.random() < 0.6
    state = random.choice((AlertState.ACKNOWLEDGED, AlertState.CONTACTED))
    return Alert(
        subject=f"zendesk:{number}",
        ref=f"AB-{number:08X}",
        state=state if owned else AlertState.OPEN,
        severity=max(reason.finding.severity for reason in reasons),
        opened_at=opened,
        changed_at=opened,
        reasons=reasons,
        team=f"Team {number % TEAMS}",
        customer=f"zendesk:{number}",
        owner=_manager(number) if owned else Member(),
        acknowledged_at=opened + timedelta(minutes=5) if owned else None,
        ladder=(Rise(at=opened + timedelta(hours=2), who=_manager(number), role="owner"),),
        promises={
            name: Promise(due_at=opened + timedelta(hours=hours))
            for name, hours in (("contact", 24), ("resolve", 96), ("close", 168))
        },
    )


def _reason(rule: str, random: Random, at: datetime) -> Reason:
    return Reason(
        finding=Finding(
            rule=rule,
            severity=random.choice(list(Severity)),
            headline=f"The customer has waited for {random.randrange(2, 40)} hours",
            since=at - timedelta(hours=3),
            facts=(("Promised", "4 h"), ("Waited", "8 h"), ("Agent", "Ana")),
            words="Nobody answers me, and I have written three times by now. " * 3,
            contact=Contact("Customer", "customer@example.com"),
            fix="Answer the customer, and say when the next answer comes.",
        ),
        added_at=at,
    )


def _manager(number: int) -> Member:
    n = number % TEAMS
    return Member(key=f"Manager {n}", name=f"Manager {n}", email=f"manager{n}@example.com")
