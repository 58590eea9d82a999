"""The whole application and its outside world in one process, on one clock that moves only when all is quiet.

Everything is real but the time: the web application behind HTTP, the queue's worker, PostgreSQL, the
vendors' SDKs talking to the stand-ins. Simulated time stands still while there is work, then leaps
to the next thing that happens; so timers ring at their second, however fast the machine is.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from wsgiref.types import WSGIApplication

from sqlalchemy import Connection, text

from bridge.domain.model import Team
from bridge.sandbox import Sandbox
from bridge.sandbox.serve import Server
from bridge.settings import parse
from bridge.store import alerts, deliveries, errands, migrate, notices, teams, tickets
from bridge.web import create_app
from bridge.work.bridge import Bridge
from bridge.work.errands import begin_standing
from bridge.work.tasks import work
from bridge.work.tick import tick

PATIENCE = 60.0  # real seconds until something that does not come to rest is a failure
GLANCE = 0.004  # real seconds between looks at whether all is done; longer the longer it takes
LONGEST_GLANCE = 0.02
ENDS_WITHIN = 5.0  # real seconds until a worker is told once more to end
TOGETHER = timedelta(minutes=1)

ENV = {
    "ZENDESK_CLIENT_ID": "bridge",
    "ZENDESK_CLIENT_SECRET": "client-secret-of-the-sandbox",
    "ZENDESK_WEBHOOK_SECRET": "webhook-secret-of-the-sandbox",
    "TYPEFORM_SECRET": "typeform-secret-of-the-sandbox",
    "JSM_TOKEN": "token-of-the-sandbox",
    "JSM_WEBHOOK_SECRET": "jsm-secret-of-the-sandbox",
    "DELIGHTED_SECRET": "delighted-key-of-the-sandbox",
    "SIMPLESAT_SECRET": "simplesat-secret-of-the-sandbox",
    "SURVEYMONKEY_SECRET": "client-of-the-sandbox&secret-of-the-sandbox",
    "SURVEYMONKEY_TOKEN": "surveymonkey-token-of-the-sandbox",
    "QUALTRICS_SECRET": "qualtrics-key-of-the-sandbox",
    "QUALTRICS_TOKEN": "qualtrics-token-of-the-sandbox",
    "ASKNICELY_SECRET": "asknicely-secret-of-the-sandbox",
    "THERMOMETER_SECRET": "thermometer-secret-of-the-sandbox",
    "CALLS_SECRET": "twilio-token-of-the-sandbox",
    "SURVEY_SECRET": "whsec_c2VjcmV0LW9mLXRoZS1zYW5kYm94",
    "SLACK_BOT_TOKEN": "xoxb-sandbox",
    "SLACK_SIGNING_SECRET": "sandbox-signing-secret",
    "TWILIO_AUTH_TOKEN": "twilio-token-of-the-sandbox",
    "BRIDGE_SECRET": "secret-of-the-sandbox",
}


class SimulatedClock:
    """A clock that is moved by hand, forwards."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """The simulated time."""
        return self._now

    def move(self, to: datetime) -> None:
        """Let it be `to`. Raises ValueError for a time before now."""
        if to < self._now:
            raise ValueError(f"time does not run backwards: {self._now} to {to}")
        self._now = to


class World:
    """The application (`bridge`, its pages `app` and its hooks), the stand-ins (`sandbox`) and the time (`clock`)."""

    def __init__(
        self,
        clock: SimulatedClock,
        bridge: Bridge,
        app: WSGIApplication,
        sandbox: Sandbox,
        hooks: str,
    ) -> None:
        self.clock = clock
        self.bridge = bridge
        self.app = app
        self.sandbox = sandbox
        self.surveys = sandbox.surveys
        self.hooks = hooks
        self.watch: Callable[[], None] = lambda: None

    def run(
        self,
        script: Mapping[datetime, list[Callable[[], object]]],
        until: datetime,
        together: timedelta = TOGETHER,
    ) -> None:
        """Do what is scripted when it is time, and let timers ring in between.

        What is scripted within so much of each other, with no timer in between, goes together.
        """
        times = deque(sorted(script))
        while True:
            self.settle()
            due = self._next_due()
            coming = min((t for t in (times[0] if times else None, due) if t), default=None)
            if coming is None or coming > until:
                self.clock.move(max(until, self.clock()))
                self.settle()
                return
            self.clock.move(max(coming, self.clock()))
            self.sandbox.courier.run_due()
            last = min(coming + together, due) if due else coming + together
            while times and (times[0] <= self.clock() or times[0] < last):
                self.clock.move(max(times[0], self.clock()))
                for action in script[times.popleft()]:
                    action()

    def settle(self) -> None:
        """Wait until nothing is left to do at this moment."""
        until, glance = time.monotonic() + PATIENCE, GLANCE
        courier = self.sandbox.courier
        while True:
            carried = len(courier.attempts)
            with self.bridge.engine.begin() as connection:
                busy = _busy(connection)
            # What was under way while we looked may lie in the inbox by now: look again.
            still = not busy and not courier.pending() and len(courier.attempts) == carried
            if still and not tick(self.bridge):
                break
            if time.monotonic() > until:
                raise TimeoutError(f"no rest at {self.clock()}: {busy or 'the courier is busy'}")
            time.sleep(glance)
            glance = min(glance * 1.5, LONGEST_GLANCE)
        self.watch()

    def _next_due(self) -> datetime | None:
        with self.bridge.engine.begin() as connection:
            known = [stored.next_due(connection) for stored in (deliveries, errands, notices)]
            known.append(tickets.next_due(connection, self.clock()))
            known.append(alerts.next_timer(connection))
        known.append(self.sandbox.courier.next_due())
        return min((k for k in known if k is not None), default=None)


def _busy(connection: Connection) -> str:
    return str(
        connection.execute(
            text("""
            SELECT concat_ws(', ',
                (SELECT 'inbox' FROM inbox WHERE state = 'waiting' LIMIT 1),
                (SELECT 'events' FROM events WHERE NOT judged LIMIT 1),
                (SELECT 'deliveries' FROM deliveries WHERE state = 'sending' LIMIT 1),
                (SELECT string_agg(concat(task_name, args, status, attempts), ' ')
                   FROM procrastinate_jobs WHERE status IN ('todo', 'doing')))
            """)
        ).scalar_one()
    )


@contextmanager
def world(
    url: str, config: Path, start: datetime, known: Callable[[Sandbox], list[Team]]
) -> Iterator[World]:
    """A world on an empty database; `known` peoples the stand-ins and says which teams there are."""
    clock = SimulatedClock(start)
    migrate(url)
    with Sandbox(clock) as sandbox:
        written = config.read_text("utf-8")
        for vendor in ("zendesk", "jira", "slack", "surveymonkey", "qualtrics", "twilio"):
            written = written.replace(f"{{{vendor}}}", getattr(sandbox, f"{vendor}_url"))
        written = written.replace("{smtp_port}", str(sandbox.smtp.port))
        bridge = Bridge(parse(written, ENV, str(config)), url, now=clock)
        with bridge.engine.begin() as connection:
            teams.save(connection, known(sandbox))
        begin_standing(bridge)
        app = create_app(bridge)
        server = Server(app)
        server.start()
        with _worker(bridge):
            _is_at_work(bridge)
            yield World(clock, bridge, app, sandbox, f"{server.url}/hooks")
        server.stop()
        bridge.close()


def _is_at_work(bridge: Bridge) -> None:
    """Wait until the worker has begun: one that is told to end before that doesn't hear it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with bridge.engine.begin() as connection:
            if connection.execute(text("SELECT count(*) FROM procrastinate_workers")).scalar():
                return
        time.sleep(GLANCE)
    raise TimeoutError("the worker does not begin")


@contextmanager
def _worker(bridge: Bridge) -> Iterator[None]:
    """A worker of the queue in a thread, for as long as the block runs."""
    started = threading.Event()
    ended: list[Callable[[], object]] = []
    faults: list[BaseException] = []

    async def live() -> None:
        task = asyncio.ensure_future(work(bridge))
        loop = asyncio.get_running_loop()
        ended.append(lambda: loop.call_soon_threadsafe(task.cancel))
        started.set()
        try:
            await task
        except asyncio.CancelledError:
            return

    def run() -> None:
        try:
            asyncio.run(live())
        except Exception as error:  # noqa: BLE001 - told below, in the thread that waits
            faults.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=run, name="worker", daemon=True)
    thread.start()
    started.wait()
    try:
        yield
    finally:
        until = time.monotonic() + PATIENCE
        while thread.is_alive() and time.monotonic() < until:
            for end in ended:  # one that is only starting may not have heard the first word
                end()
            thread.join(ENDS_WITHIN)
    if faults:
        raise faults[0]
