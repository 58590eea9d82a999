"""From a webhook to the manager's channel: real processes, Zendesk's and Slack's stand-ins over HTTP."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from threading import local
from time import perf_counter

from benchmarks import webhooks
from benchmarks.load import share
from benchmarks.scene import TOKEN, Failed, Say, Scene, free_port, scene
from bridge.domain.model import Team
from bridge.sandbox import Sandbox, Slack, Zendesk
from bridge.store import connect, teams
from bridge.work.bridge import wall_clock

TEAMS = 10
ALONE = 30  # alerts, one at a time
PER_SECOND, SECONDS, ONE_IN = 50, 30, 50  # webhooks under load, one in so many raises an alert
PATIENCE = 20.0  # seconds for an alert to arrive
POSTERS = 8

_TICKET = re.compile(r"\(Ticket (\d+)\)")


def run(say: Say) -> dict[str, float]:
    """Milliseconds from the webhook's first byte to the Slack post: the bridge idle, and busy."""
    with scene() as made, _sandbox() as sandbox:
        made.configure(zendesk=sandbox.zendesk_url, slack=sandbox.slack_url)
        port = free_port()
        desk = _Desk(made, sandbox, port)
        made.bridge("web", "--host", "127.0.0.1", "--port", str(port))
        made.bridge("worker")
        made.bridge("clock")
        made.until_it_answers("web", port)
        say("the first alerts, to warm up")
        desk.alone(desk.open(3))
        say(f"{ALONE} alerts, one at a time")
        alone = desk.alone(desk.open(ALONE))
        say(f"{PER_SECOND} webhooks a second for {SECONDS} s, one in {ONE_IN} raises an alert")
        busy = desk.busy(desk.open(PER_SECOND * SECONDS // ONE_IN))
        desk.check()
    return {
        "idle_p50_ms": share(alone, 0.5),
        "idle_p99_ms": share(alone, 0.99),
        "p50_ms_at_50_per_s": share(busy, 0.5),
        "p99_ms_at_50_per_s": share(busy, 0.99),
    }


def _sandbox() -> Sandbox:
    """Slack limits posts as it does; Zendesk's limits for the whole account are lifted."""
    desk = Zendesk(
        wall_clock, calls_per_minute=None, updates_per_minute=None, updates_per_ticket=None
    )
    return Sandbox(wall_clock, zendesk=desk, slack=Slack(wall_clock, calls_per_minute=None))


@dataclass(frozen=True)
class _Case:
    """A ticket whose customer is about to rate it."""

    ticket: int
    group: int
    customer: int


class _Desk:
    """Ten teams, their customers and their channels; and the webhooks about them."""

    def __init__(self, made: Scene, sandbox: Sandbox, port: int) -> None:
        self.made, self.sandbox, self.port = made, sandbox, port
        self.numbers = iter(range(1, 10_000_000))
        self.rated: list[int] = []
        self.mine = local()
        desk, slack = sandbox.zendesk, sandbox.slack
        desk.add_token(TOKEN, desk.add_agent("Alert Bridge", "bridge@example.com", "admin"))
        slack.add_token(TOKEN)
        self.agent = desk.add_agent("Ana", "ana@example.com")
        self.groups = [desk.add_group(f"Group {n}") for n in range(TEAMS)]
        self.customers = [
            desk.add_customer(f"Customer {n}", f"c{n}@example.com") for n in range(50)
        ]
        desk.subscribe(f"http://127.0.0.1:{port}/hooks/zendesk", webhooks.SECRET)
        engine = connect(made.url, pool=1)
        with engine.begin() as connection:
            teams.save(connection, [self._team(n) for n in range(TEAMS)])
        engine.dispose()

    def _team(self, n: int) -> Team:
        channel = self.sandbox.slack.add_channel(f"team-{n}")
        groups = (f"zendesk:{self.groups[n]}",)
        return Team(name=f"Team {n}", slack_channel=channel, groups=groups, calendar="office")

    def open(self, many: int) -> list[_Case]:
        """Tickets, opened in the helpdesk, spread over the teams; their own webhooks are taken in."""
        found = []
        for n in range(many):
            group, customer = self.groups[n % TEAMS], self.customers[n % len(self.customers)]
            ticket = self.sandbox.zendesk.open_ticket(
                customer, "Where is it?", "Lost?", group, assignee=self.agent
            )
            found.append(_Case(ticket, group, customer))
        if not self.sandbox.courier.wait_idle(PATIENCE):
            raise Failed("the web process takes no webhooks")
        return found

    def alone(self, cases: Sequence[_Case]) -> list[float]:
        """The latency of an alert while nothing else happens, for each."""
        took = []
        for case in cases:
            started = perf_counter()
            self.rate(case)
            took.append((self.arrived([case.ticket])[case.ticket] - started) * 1000)
            time.sleep(0.2)
        return took

    def busy(self, cases: Iterable[_Case]) -> list[float]:
        """The latency of each of these alerts among many other webhooks."""
        left = iter(cases)
        due: dict[int, float] = {}
        started = perf_counter() + 0.1
        with ThreadPoolExecutor(POSTERS) as posters:
            posts = []
            for n in range(PER_SECOND * SECONDS):
                at = started + n / PER_SECOND
                time.sleep(max(at - perf_counter(), 0))
                if n % ONE_IN == ONE_IN // 2:
                    case = next(left)
                    due[case.ticket] = at
                    posts.append(posters.submit(self.rate, case))
                else:
                    posts.append(posters.submit(self.talk, n))
            for post in posts:
                post.result()
        arrived = self.arrived(due)
        return [(arrived[ticket] - at) * 1000 for ticket, at in due.items()]

    def rate(self, case: _Case) -> None:
        """The ticket's customer is not content."""
        self.rated.append(case.ticket)
        score = {"satisfaction_score": {"score": "BAD", "comment": "Nobody called."}}
        group, customer = str(case.group), str(case.customer)
        self.post(
            case.ticket, "csat_received", score, actor="-1", group_id=group, requester_id=customer
        )

    def talk(self, n: int) -> None:
        """A reply on one of some hundred tickets in which nothing is wrong."""
        staff = n % 2 == 0
        said = webhooks.comment(next(self.numbers), staff=staff)
        group = str(self.groups[n % TEAMS])
        actor = "8101" if staff else webhooks.REQUESTER
        self.post(100_000 + n % 500, "comment_added", said, actor=actor, group_id=group)

    def post(self, ticket: int, name: str, event: Mapping[str, object], **detail: str) -> None:
        """Send a webhook and see it accepted."""
        number = next(self.numbers)
        at = datetime.now(UTC) - timedelta(milliseconds=50)
        payload = webhooks.body(number, ticket, name, event, at=at, **detail)
        if not hasattr(self.mine, "connection"):
            self.mine.connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection = self.mine.connection
        connection.request("POST", "/hooks/zendesk", payload, webhooks.headers(payload, number))
        answer = connection.getresponse()
        answer.read()
        if answer.status != 202:
            raise Failed(f"a webhook was answered {answer.status}")

    def arrived(self, tickets: Iterable[int]) -> dict[int, float]:
        """When the alert of each ticket came to its channel; waits for it."""
        wanted, deadline = set(tickets), perf_counter() + PATIENCE
        while perf_counter() < deadline:
            found = {ticket: at for ticket, at in self._posts() if ticket in wanted}
            if len(found) == len(wanted):
                return found
            time.sleep(0.002)
        self.made.check()
        missing = sorted(wanted - found.keys())
        said = "\n".join(self.made.said(name) for name in ("worker", "web"))
        raise Failed(f"no alert in time for tickets {missing}:\n{said}")

    def _posts(self) -> list[tuple[int, float]]:
        slack = self.sandbox.slack
        return [
            (int(_TICKET.findall(text)[-1]), a.monotonic)
            for a in tuple(slack.arrivals)
            if a.method == "chat.postMessage"
            and _TICKET.search(text := slack.message(a.channel, a.ts).text)
        ]

    def check(self) -> None:
        """Every alert arrived exactly once, in Slack and on its ticket. Raises Failed."""
        deadline = perf_counter() + PATIENCE
        desk = self.sandbox.zendesk
        while any(not desk.notes(t) for t in self.rated) and perf_counter() < deadline:
            time.sleep(0.1)
        time.sleep(1.0)  # for what should not come
        posts = Counter(ticket for ticket, _ in self._posts())
        notes = Counter({ticket: len(desk.notes(ticket)) for ticket in desk.tickets})
        wanted = Counter(self.rated)
        if posts != wanted or +notes != wanted:
            raise Failed(
                f"not exactly once: posts {dict(posts - wanted)} too many, {dict(wanted - posts)} missing;"
                f" notes {dict(notes - wanted)} too many, {dict(wanted - notes)} missing"
            )
        self.made.check()
