"""What is asked of the helpdesks: calls as their stand-ins count them, beside what they may be at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import text

from benchmarks.quiet import quiet
from benchmarks.scene import Failed, Say, scene
from bridge.domain.model import Undeliverable
from bridge.sandbox import Jira, Sandbox, Zendesk
from bridge.settings import parse
from bridge.work import errands
from bridge.work.bridge import Bridge
from bridge.work.deliver import deliver
from bridge.work.drain import drain
from bridge.work.past import bring_in
from bridge.work.queue import CONFIRM
from bridge.work.sweep import sweep
from bridge.work.tick import tick

OPEN = 10_000  # tickets
CHANGED = 200  # one in so many has news when a sweep comes
RINGING = 10  # one in so many has a timer due
TOLD = 100  # alerts that are told to the end
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
YOUNGEST, OLDEST = timedelta(days=1), timedelta(days=5)
MOST_PAUSES = 100  # that a vendor's limits may ask for
A_CALL = timedelta(milliseconds=20)  # how long one takes
A_PAUSE = timedelta(minutes=1)  # after which every limit is as at first

POLICY = """
[calendars.always]
zone = "UTC"

[goals.resolution]
target = "6d"
warn = []

[desks.zendesk]
kind = "zendesk"
subdomain = "demo"
token = "HELPDESK_TOKEN"
base_url = "{zendesk}"

[desks.jsm]
kind = "jsm"
site = "demo"
user = "bridge@example.com"
token = "HELPDESK_TOKEN"
base_url = "{jira}"
"""
ENV = {"HELPDESK_TOKEN": "a-token-of-the-benchmark"}
BULK = ("ticket_events", "changelog/bulkfetch")  # the routes that give histories of many tickets

US = "Alert Bridge"

_WHOLE = "SELECT count(*) FROM tickets WHERE (state->>'whole')::boolean"
_REPLIES = "SELECT count(*) FROM events WHERE judged AND body->>'kind' = 'replied'"
_DUE = "SELECT count(*) FROM deadlines WHERE due_at <= :now"
_ALERTS = "SELECT count(*) FROM alerts"
_FIRST_TOLD = """
    SELECT id, "to" FROM deliveries WHERE alert IN (SELECT number FROM alerts ORDER BY number LIMIT :many)
    AND state = 'waiting' ORDER BY id
"""
_LEFT = "SELECT count(*) FROM deliveries WHERE state = 'waiting' AND id = ANY(:ids)"
_TABLES = (
    "inbox, events, tickets, deadlines, alerts, story, deliveries, errands, procrastinate_jobs"
)

Figures = dict[str, Any]


def run(say: Say, tickets: int = OPEN) -> dict[str, Figures]:
    """For each helpdesk: calls of a first import, a sweep, due timers and alerts, with the goal of each."""
    with quiet(), scene() as made:
        return measure(made.url, tickets, say)


def measure(url: str, tickets: int, say: Say) -> dict[str, Figures]:
    """The same on a given, empty database. Raises Failed where something was not as it is to be."""
    clock = _Clock(START)
    with Sandbox(clock, zendesk=_zendesk(clock), jira=_jira(clock)) as sandbox:
        sandbox.faults = clock.called
        policy = POLICY.format(zendesk=sandbox.zendesk_url, jira=sandbox.jira_url)
        bridge = Bridge(parse(policy, ENV), url, now=clock)
        found = {}
        try:
            for desk in (_in_zendesk(sandbox.zendesk, tickets), _in_jira(sandbox.jira, tickets)):
                clock.at = START
                found[desk.name] = _Measured(bridge, clock, desk, say).all()
                with bridge.engine.begin() as connection:
                    connection.execute(text(f"TRUNCATE {_TABLES} CASCADE"))
        finally:
            bridge.close()
    return found


class _Clock:
    """A clock that is moved by hand, and a little by each call."""

    def __init__(self, start: datetime) -> None:
        self.at = start

    def __call__(self) -> datetime:
        return self.at

    def called(self, *_: str) -> None:
        """What the stand-ins are told to do wrong: nothing, but it takes its time."""
        self.at += A_CALL


# --- the helpdesks -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Desk:
    """A stand-in with very many open tickets, and the most calls that each piece of work may take."""

    name: str
    calls: Counter[tuple[str, str]]
    keys: Sequence[str]
    ask: Callable[[str], object]  # the customer asks again
    notes: Callable[[str], list[tuple[str, str]]]
    imports: int  # besides those for histories
    sweeps: int


def _zendesk(clock: _Clock) -> Zendesk:
    """Its limits for a whole account are lifted; those for exports are not."""
    return Zendesk(clock, calls_per_minute=None, updates_per_minute=None, updates_per_ticket=None)


def _jira(clock: _Clock) -> Jira:
    return Jira(clock, calls_per_second=None, writes_per_issue=None)


def _in_zendesk(desk: Zendesk, tickets: int) -> _Desk:
    desk.add_token(ENV["HELPDESK_TOKEN"], desk.add_agent(US, "bridge@example.com", "admin"))
    customer = desk.add_customer("Customer", "customer@example.com")
    keys = desk.seed(
        tickets,
        requester=customer,
        agent=desk.add_agent("Ana", "ana@example.com"),
        since=START - OLDEST,
        until=START - YOUNGEST,
    )
    return _Desk(
        name="zendesk",
        calls=desk.calls,
        keys=[str(key) for key in keys],
        ask=lambda key: desk.reply(int(key), customer, "Any news?"),
        notes=lambda key: desk.notes(int(key)),
        imports=ceil(tickets / 1000) + 2,
        sweeps=3,
    )


def _in_jira(jira: Jira, tickets: int) -> _Desk:
    jira.add_token(ENV["HELPDESK_TOKEN"], jira.add_agent(US, "bridge@example.com"))
    customer = jira.add_customer("Customer", "customer@example.com")
    agent = jira.add_agent("Ana", "ana@example.com")
    project = jira.add_project("HELP", "Help")
    keys = jira.seed(customer, agent, project, tickets, START - OLDEST)
    return _Desk(
        name="jsm",
        calls=jira.calls,
        keys=keys,
        ask=lambda key: jira.reply(key, customer, "Any news?"),
        notes=jira.notes,
        imports=ceil(tickets / 100) + 5,
        sweeps=1 + tickets // CHANGED,
    )


# --- what is measured ----------------------------------------------------------------------------


class _Measured:
    """One helpdesk, piece by piece."""

    def __init__(self, bridge: Bridge, clock: _Clock, desk: _Desk, say: Say) -> None:
        self.bridge, self.clock, self.desk, self.say = bridge, clock, desk, say

    def all(self) -> Figures:
        found: Figures = {"open": len(self.desk.keys)}
        for piece in (self.imported, self.swept, self.rung, self.told):
            found[piece.__name__] = figures = piece()
            self.say(f"{self.desk.name}, {piece.__name__}: {figures}")
        return found

    def imported(self) -> Figures:
        """A first import of all open tickets. Where the budget is used up, it waits."""
        before, began = self.desk.calls.copy(), self.clock.at
        self._patiently(
            lambda: bring_in(
                self.bridge, self.desk.name, lambda _: None, ring=False, wait=self._wait
            )
        )
        took = self.clock.at - began
        self._drain()
        if (known := self._one(_WHOLE)) != len(self.desk.keys):
            raise Failed(f"{known} of {len(self.desk.keys)} tickets were imported")
        routes = self._routes(before)
        bulk = sum(many for route, many in routes.items() if any(name in route for name in BULK))
        return {
            "goal": self.desk.imports,
            "calls": sum(routes.values()) - bulk,
            "histories": bulk,
            "minutes": round(took.total_seconds() / 60, 1),
            "routes": routes,
        }

    def swept(self) -> Figures:
        """A sweep that finds some of very many changed, and stores what no webhook told."""
        cursor = sweep(self.bridge, self.desk.name, "").cursor
        self.clock.at += timedelta(minutes=1)
        changed = self.desk.keys[::CHANGED]
        for key in changed:
            self.clock.at += timedelta(seconds=1)
            self.desk.ask(key)
        self.clock.at += timedelta(minutes=5)
        before, events = self.desk.calls.copy(), self._one(_REPLIES)
        more = True
        while more:
            found = sweep(self.bridge, self.desk.name, cursor)
            cursor, more = found.cursor, found.more
        routes = self._routes(before)
        self._drain()
        if (new := self._one(_REPLIES) - events) != len(changed):
            raise Failed(f"{new} replies were found of {len(changed)}")
        return self._beside(self.desk.sweeps, routes) | {"changed": len(changed)}

    def rung(self) -> Figures:
        """Timers that ring after a look at their tickets, on which nothing else has happened."""
        keys = self.desk.keys
        self.clock.at = self._due_at(len(keys) // RINGING)
        due = self._one(_DUE, now=self.clock.at)
        before = self.desk.calls.copy()
        tick(self.bridge)
        errands.run(self.bridge, CONFIRM, self.desk.name)
        routes = self._routes(before)
        self._drain()
        if (alerts := self._one(_ALERTS)) != due:
            raise Failed(f"{alerts} alerts for {due} timers")
        return self._beside(ceil(due / 100), routes) | {"due": due}

    def told(self) -> Figures:
        """Alerts, each of which is written onto its ticket: a note and tags, once."""
        with self.bridge.engine.connect() as connection:
            rows = connection.execute(text(_FIRST_TOLD), {"many": TOLD}).all()
        before = self.desk.calls.copy()
        self._deliver([row.id for row in rows])
        routes = self._routes(before)
        self._deliver([row.id for row in rows])
        again = sum(self._routes(before).values()) - sum(routes.values())
        told = {row.to for row in rows}
        notes = Counter(len(self._ours(key)) for key in told)
        if notes != {1: len(told)} or again:
            raise Failed(
                f"tickets by notes of ours: {dict(notes)}; {again} calls more the second time"
            )
        writes = sum(many for route, many in routes.items() if not route.startswith("GET"))
        return {"goal": 2 * len(told), "writes": writes, "alerts": len(told), "routes": routes}

    # --- how

    def _wait(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)

    def _patiently(self, work: Callable[[], object]) -> None:
        """Do it, with as many pauses as the vendor's limits ask for."""
        for _ in range(MOST_PAUSES):
            try:
                work()
            except Undeliverable as error:
                if error.retry_after is None:
                    raise
                self.clock.at += max(error.retry_after, A_PAUSE)
            else:
                return
        raise Failed("the vendor's limits allow no progress")

    def _drain(self) -> None:
        while self._one("SELECT count(*) FROM events WHERE NOT judged"):
            drain(self.bridge)

    def _deliver(self, ids: Sequence[int]) -> None:
        """Send what is to be sent, each when its limits allow."""
        for _ in range(MOST_PAUSES):
            for number in ids:
                deliver(self.bridge, number)
            if not self._one(_LEFT, ids=list(ids)):
                return
            self.clock.at += A_PAUSE
        raise Failed("deliveries that don't come to an end")

    def _ours(self, key: str) -> list[str]:
        return [words for who, words in self.desk.notes(key) if who == US]

    def _due_at(self, many: int) -> datetime:
        """When so many timers will be due."""
        with self.bridge.engine.connect() as connection:
            query = "SELECT due_at FROM deadlines ORDER BY due_at OFFSET :before LIMIT 1"
            found = connection.execute(text(query), {"before": many - 1}).scalar_one()
        assert isinstance(found, datetime)
        return found

    def _routes(self, before: Counter[tuple[str, str]]) -> dict[str, int]:
        made = self.desk.calls - before
        return {f"{method} {path}": many for (method, path), many in sorted(made.items())}

    @staticmethod
    def _beside(goal: int, routes: dict[str, int]) -> Figures:
        return {"goal": goal, "calls": sum(routes.values()), "routes": routes}

    def _one(self, query: str, **values: object) -> int:
        with self.bridge.engine.connect() as connection:
            return int(connection.execute(text(query), values).scalar_one())
