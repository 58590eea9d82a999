"""Real processes are killed while they work; nothing is lost, and nothing is said twice."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bridge import embedded
from bridge.domain.model import Team
from bridge.sandbox import Attempt, Fault, Sandbox, Shipment, Slack, Zendesk
from bridge.sandbox.surveys import Surveys
from bridge.store import connect, migrate, teams
from bridge.work.bridge import wall_clock
from bridge.work.errands import LEASE
from tests.flow.patience import eventually

TICKETS = 40
TEAMS = 8  # each with a channel, for Slack takes one message a second in each
COMMENTS = 23  # with the opening and one bad rating: 25 webhooks a ticket, 1,000 in all
SOONER = 15  # the vendors' repeats come so many times sooner than theirs
PATIENCE = 100.0  # seconds for all to be done

CONFIG = """
default_team = "Support"

[routes.default]
critical = ["ticket", "slack"]

[recovery]
silent = "4s"
cut_off = "8s"

[desks.zendesk]
kind = "zendesk"
subdomain = "demo"
token = "ZENDESK_TOKEN"
base_url = "{zendesk}"

[channels.slack]
token = "SLACK_BOT_TOKEN"
base_url = "{slack}"

[sources.zendesk]
kind = "zendesk"
secret = "ZENDESK_WEBHOOK_SECRET"

[sources.typeform]
kind = "typeform"
desk = "zendesk"
secret = "TYPEFORM_SECRET"
"""
SECRETS = {
    "ZENDESK_TOKEN": "token-of-the-test",
    "ZENDESK_WEBHOOK_SECRET": "webhook-secret-of-the-test",
    "TYPEFORM_SECRET": "typeform-secret-of-the-test",
    "SLACK_BOT_TOKEN": "xoxb-of-the-test",
}


class Processes:
    """`bridge web`, `worker` and `clock`, each a process of its own."""

    def __init__(self, folder: Path, environ: dict[str, str], port: int) -> None:
        self.folder, self.environ, self.port = folder, environ, port
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.killed = 0

    def start(self, name: str, *arguments: str) -> None:
        command = [str(Path(sys.executable).with_name("bridge")), name, *arguments]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(command, env=self.environ, stdout=log, stderr=log)

    def kill_the_worker(self) -> None:
        """At once, and while it works; another takes its place."""
        self.running["worker"].send_signal(signal.SIGKILL)
        self.running["worker"].wait()
        self.killed += 1
        self.start("worker")

    def ended(self) -> list[str]:
        return [
            f"{name} ended with {process.returncode}: {self.said(name)}"
            for name, process in self.running.items()
            if process.poll() is not None
        ]

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")[-3000:]

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A PostgreSQL of this test's own, for it is to be killed."""
    root = tmp_path / "var"
    yield root
    embedded.stop(root)
    shutil.rmtree(embedded.home(root), ignore_errors=True)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    desk = Zendesk(
        wall_clock, calls_per_minute=None, updates_per_minute=None, updates_per_ticket=None
    )
    slack = Slack(wall_clock, calls_per_minute=None, messages_per_second=None)
    desk.courier.mangle = sooner
    with Sandbox(wall_clock, zendesk=desk, slack=slack) as made:
        yield made


def sooner(shipment: Shipment) -> list[Shipment]:
    """The vendor's own rule for repeats, but in less time."""

    def retry(attempt: Attempt) -> timedelta | None:
        wait = shipment.retry(attempt)
        return wait / SOONER if wait is not None else None

    return [replace(shipment, retry=retry)]


@pytest.fixture
def processes(tmp_path: Path, root: Path, sandbox: Sandbox) -> Iterator[Processes]:
    url = embedded.start(root).url
    migrate(url)
    config = tmp_path / "bridge.toml"
    written = CONFIG.format(zendesk=sandbox.zendesk_url, slack=sandbox.slack_url)
    config.write_text(written, "utf-8")
    environ = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "BRIDGE_CONFIG": str(config),
        **SECRETS,
    }
    made = Processes(tmp_path, environ, free_port())
    made.start("web", "--host", "127.0.0.1", "--port", str(made.port))
    made.start("worker")
    made.start("clock")
    yield made
    made.stop()


@pytest.fixture
def engine(processes: Processes) -> Iterator[Engine]:
    made = connect(processes.environ["DATABASE_URL"], pool=2)
    yield made
    made.dispose()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Trap:
    """Does what it is set for in the midst of the next such call of the worker to a vendor.

    What was asked for is still carried out, but whoever asked never hears so.
    """

    def __init__(self) -> None:
        self._set: dict[str, Callable[[], None]] = {}
        self._lock = threading.Lock()

    def set(self, call: str, act: Callable[[], None]) -> threading.Event:
        """Act at the next "note" or "post"; the event says that it has been done."""
        done = threading.Event()

        def once() -> None:
            act()
            done.set()

        with self._lock:
            self._set[call] = once
        return done

    def __call__(self, vendor: str, method: str, path: str) -> Fault | None:
        note = method == "PUT" and re.search(r"/tickets/\d+\.json$", path)
        call = "note" if note else "post" if path.endswith("chat.postMessage") else ""
        with self._lock:
            act = self._set.pop(call, None)
        if act:
            act()
        return None


@pytest.mark.slow
def test_three_killed_workers_and_a_killed_database_cost_nothing(
    processes: Processes, sandbox: Sandbox, engine: Engine, root: Path
) -> None:
    port = processes.port
    desk, slack = sandbox.zendesk, sandbox.slack
    us = desk.add_agent("Alert Bridge", "bridge@example.com", "admin")
    desk.add_token(SECRETS["ZENDESK_TOKEN"], us)
    slack.add_token(SECRETS["SLACK_BOT_TOKEN"])
    anna = desk.add_customer("Anna Weber", "anna@example.com")
    ben = desk.add_agent("Ben Ito", "ben@example.com")
    groups = [desk.add_group(f"Support {n}") for n in range(TEAMS)]
    channels = [slack.add_channel(f"alerts-{n}") for n in range(TEAMS)]
    with engine.begin() as connection:
        own = [
            Team(name=f"Support {n}", slack_channel=channel, groups=(f"zendesk:{group}",))
            for n, (group, channel) in enumerate(zip(groups, channels, strict=True))
        ]
        teams.save(connection, own)
    eventually(lambda: listens(port))
    desk.subscribe(f"http://127.0.0.1:{port}/hooks/zendesk", SECRETS["ZENDESK_WEBHOOK_SECRET"])
    surveys = Surveys(wall_clock, sandbox.courier)
    sandbox.faults = trap = Trap()

    attempts = sandbox.courier.attempts
    began = time.monotonic()
    open_tickets = [
        desk.open_ticket(anna, f"Case {n}", "Please help.", groups[n % TEAMS], assignee=ben)
        for n in range(TICKETS)
    ]
    for n in range(COMMENTS):
        for ticket in open_tickets:
            author = ben if n % 2 else anna
            desk.reply(ticket, author, f"Message {n} about {ticket}")
        for ticket in open_tickets[n * 2 : n * 2 + 2]:
            surveys.typeform(
                f"http://127.0.0.1:{port}/hooks/typeform",
                SECRETS["TYPEFORM_SECRET"],
                score=1,
                words="Nobody helps me.",
                ticket=ticket,
            )
        eventually(lambda n=n: sum(map(slack.count, channels)) > 2 * (n - 3), PATIENCE)  # type: ignore[misc]
        match n:
            case 3:
                assert trap.set("note", processes.kill_the_worker).wait(PATIENCE)
            case 8:
                assert trap.set("post", processes.kill_the_worker).wait(PATIENCE)
            case 11:
                assert trap.set("post", lambda: kill_the_database(root)).wait(PATIENCE)
                eventually(lambda: refused_again(sandbox, open_tickets[0], anna))
                embedded.start(root)
            case 15:
                processes.running["worker"].send_signal(signal.SIGSTOP)
                desk.reply(open_tickets[0], anna, "Is anybody there?")
                eventually(lambda: waiting(engine))
                processes.kill_the_worker()

    # What the killed were asking for is asked again when its lease is over.
    deadline = time.monotonic() + PATIENCE + LEASE.total_seconds()
    while left := unfinished(engine, sandbox):
        assert time.monotonic() < deadline, (left, *processes.ended())
        time.sleep(0.1)
    took = time.monotonic() - began

    assert processes.killed == 3
    assert processes.ended() == []
    for ticket in open_tickets:
        notes = [words for author, words in desk.notes(ticket) if author == "Alert Bridge"]
        assert len(notes) == 1, (ticket, notes)
        assert "alert_low_score" in desk.tickets[ticket].tags
        assert all(author != "Alert Bridge" for author, _ in desk.public_view(ticket))
    posts = Counter(
        re.search(r"Ticket (\d+)", message.text)[1]  # type: ignore[index]
        for channel in channels
        for message in slack.messages(channel)
    )
    assert posts == {str(ticket): 1 for ticket in open_tickets}
    with engine.begin() as connection:
        said = connection.execute(
            text("""
            SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM inbox WHERE state <> 'read'),
                   (SELECT count(*) FROM events WHERE fault <> ''),
                   (SELECT count(*) FROM alerts),
                   (SELECT count(*) FROM deliveries WHERE state <> 'sent')
            """)
        ).one()
    webhooks, unread, faults, alerts, unsent = said
    assert webhooks == len({a.shipment.key for a in attempts}) >= TICKETS * (COMMENTS + 2)
    assert (unread, faults, alerts, unsent) == (0, 0, TICKETS, 0)
    assert slack.calls["conversations.history"], "the lost answer's message was looked for"
    print(f"{webhooks} webhooks, {alerts} alerts, {took:.1f} s")


def kill_the_database(root: Path) -> None:
    file = embedded.home(root) / "data" / "postmaster.pid"
    os.kill(int(file.read_text().split("\n", 1)[0]), signal.SIGKILL)


def refused_again(sandbox: Sandbox, ticket: int, author: int) -> bool:
    """Whether a webhook has been refused twice. More are sent until one is: a backend may outlive its postmaster."""
    if not sandbox.courier.pending() and not sandbox.courier.held():
        sandbox.zendesk.reply(ticket, author, "Are you still there?")
    return any(a.status == 503 and a.number > 1 for a in sandbox.courier.attempts)


def waiting(engine: Engine) -> bool:
    """Whether a webhook has been taken in that the worker has not read yet."""
    with engine.begin() as connection:
        query = text("SELECT count(*) FROM inbox WHERE state = 'waiting'")
        return bool(connection.execute(query).scalar())


def unfinished(engine: Engine, sandbox: Sandbox) -> str:
    """What is still to be done; "" when all is."""
    if sandbox.courier.pending() or sandbox.courier.held():
        return "webhooks are under way"
    with engine.begin() as connection:
        return str(
            connection.execute(
                text("""
                SELECT concat_ws(', ',
                    (SELECT 'inbox: ' || string_agg(concat_ws(' ', id, source, state, reason, received_at), '; ')
                     FROM inbox WHERE state IN ('waiting', 'matching')),
                    (SELECT 'errands: ' || string_agg(e::text, '; ') FROM errands AS e
                     WHERE EXISTS (SELECT FROM inbox WHERE state = 'matching')),
                    (SELECT 'events' FROM events WHERE NOT judged LIMIT 1),
                    (SELECT 'deliveries: ' || string_agg(concat_ws(' ', id, state, reason), '; ')
                     FROM deliveries WHERE state IN ('waiting', 'sending')),
                    (SELECT string_agg(concat(task_name, args, status, attempts), ' ')
                     FROM procrastinate_jobs WHERE status IN ('todo', 'doing')))
                """)
            ).scalar_one()
        )
