"""How late an alert is for its timer: real processes, webhooks meanwhile, all on one machine."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from threading import local
from time import perf_counter

from sqlalchemy import text

from benchmarks import webhooks
from benchmarks.crowd import FIRST, FIRST_GROUP, GROUPS, TIMED, ringing, staff_of
from benchmarks.load import share
from benchmarks.scene import POLICY, TOKEN, Failed, Say, Scene, free_port
from bridge.domain.model import Team
from bridge.sandbox import Sandbox, Slack, Zendesk
from bridge.store import teams
from bridge.work.bridge import Bridge, wall_clock

PER_SECOND = 100  # timers, and as many webhooks
SECONDS = 20
SOON = timedelta(seconds=6)  # until the first timer rings
PATIENCE = 60.0  # seconds for the last alert
POSTERS = 4
TALKED_ABOUT = 5_000  # tickets that webhooks speak of


def run(bridge: Bridge, made: Scene, say: Say) -> dict[str, float]:
    """Seconds from the moment when a timer is due to the one when its alert is opened; and the load meanwhile."""
    many = PER_SECOND * SECONDS
    with _sandbox() as sandbox:
        doors = POLICY.partition("[calendars.")[0]
        doors = doors.format(zendesk=sandbox.zendesk_url, slack=sandbox.slack_url)
        Path(made.environ["BRIDGE_CONFIG"]).write_text(doors + TIMED, "utf-8")
        _people(bridge, sandbox)
        keys = seeded(sandbox.zendesk, many, wall_clock() - timedelta(days=1))
        port = free_port()
        made.bridge("web", "--host", "127.0.0.1", "--port", str(port))
        made.bridge("worker")
        made.bridge("clock")
        made.until_it_answers("web", port)
        say(f"{PER_SECOND} timers and {PER_SECOND} webhooks a second for {SECONDS} s")
        first = wall_clock() + SOON
        moments = [first + timedelta(seconds=n / PER_SECOND) for n in range(many)]
        ringing(bridge, keys, moments)
        per_s = _talk(port, first)
        late = _late(bridge, made, dict(zip(keys, moments, strict=True)))
        reads = sandbox.zendesk.calls["GET", "/api/v2/tickets/show_many"]
        made.stop()
    return {
        "lateness_p50_s": share(late, 0.5),
        "lateness_p99_s": share(late, 0.99),
        "due_per_s": PER_SECOND,
        "reads_per_100_due": 100 * reads / many,
        "webhooks_per_s": per_s,
    }


def seeded(desk: Zendesk, many: int, until: datetime) -> list[int]:
    """Tickets at Zendesk's stand-in that nobody has touched since `until`, and as the crowd has them; their numbers."""
    numbers = desk.seed(
        many,
        requester=desk.add_customer("Customer", "customer@example.com"),
        agent=desk.add_agent("Ana", "ana@example.com"),
        since=until - timedelta(days=1),
        until=until,
    )
    for number in numbers:
        ticket = desk.tickets[number]
        ticket.status, ticket.priority = "open", "urgent"
        ticket.group_id, ticket.assignee_id = FIRST_GROUP + number % GROUPS, staff_of(number)
    return numbers


def _sandbox() -> Sandbox:
    """Limits of a whole account are lifted: an alert is opened long before it is told."""
    desk = Zendesk(
        wall_clock, calls_per_minute=None, updates_per_minute=None, updates_per_ticket=None
    )
    desk.add_token(TOKEN, desk.add_agent("Alert Bridge", "bridge@example.com", "admin"))
    slack = Slack(wall_clock, calls_per_minute=None)
    slack.add_token(TOKEN)
    return Sandbox(wall_clock, zendesk=desk, slack=slack)


def _people(bridge: Bridge, sandbox: Sandbox) -> None:
    mapped = [
        Team(
            name=f"Team {n}",
            slack_channel=sandbox.slack.add_channel(f"team-{n}"),
            groups=(f"zendesk:{FIRST_GROUP + n}",),
        )
        for n in range(GROUPS)
    ]
    with bridge.engine.begin() as connection:
        teams.save(connection, mapped)


def _talk(port: int, start: datetime) -> float:
    """Send replies on tickets of the crowd, evenly, from `start` on; how many a second were accepted."""
    mine = local()

    def post(number: int) -> None:
        ticket, staff = FIRST + number % TALKED_ABOUT, number % 2 == 0
        actor = "8101" if staff else webhooks.REQUESTER
        said = webhooks.comment(number, staff=staff)
        at = datetime.now(UTC) - timedelta(milliseconds=50)
        payload = webhooks.body(number, ticket, "comment_added", said, at=at, actor=actor)
        if not hasattr(mine, "connection"):
            mine.connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        mine.connection.request(
            "POST", "/hooks/zendesk", payload, webhooks.headers(payload, number)
        )
        answer = mine.connection.getresponse()
        answer.read()
        if answer.status != 202:
            raise Failed(f"a webhook was answered {answer.status}")

    time.sleep(max((start - wall_clock()).total_seconds(), 0))
    started, many = perf_counter(), PER_SECOND * SECONDS
    with ThreadPoolExecutor(POSTERS) as posters:
        posts = []
        for n in range(many):
            time.sleep(max(started + n / PER_SECOND - perf_counter(), 0))
            posts.append(posters.submit(post, n + 1))
        for one in posts:
            one.result()
    return many / (perf_counter() - started)


def _late(bridge: Bridge, made: Scene, due: dict[int, datetime]) -> list[float]:
    """Seconds, for each alert. Raises Failed unless each timer has rung, once, after its ticket was read."""
    deadline = perf_counter() + PATIENCE
    while perf_counter() < deadline:
        opened = _opened(bridge)
        if len(opened) >= len(due):
            break
        made.check()
        time.sleep(0.5)
    if opened.keys() != due.keys():
        raise Failed(f"{len(opened)} alerts for {len(due)} timers:\n{made.said('worker')}")
    with bridge.engine.connect() as connection:
        query = "SELECT count(*) FROM events WHERE body->>'kind' = 'due' AND body->>'confirmed' = 'false'"
        if blind := connection.execute(text(query)).scalar_one():
            raise Failed(f"{blind} timers rang without a look at their tickets")
    return [(opened[key] - at).total_seconds() for key, at in due.items()]


def _opened(bridge: Bridge) -> dict[int, datetime]:
    with bridge.engine.connect() as connection:
        rows = connection.execute(text("SELECT subject, opened_at FROM alerts"))
        return {int(row.subject.removeprefix("zendesk:")): row.opened_at for row in rows}
