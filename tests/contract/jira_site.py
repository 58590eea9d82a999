"""A Jira site with somebody on it, its desk, and the events that its webhooks would have told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bridge.domain.model import (
    AnyEvent,
    Read,
    Ticket,
)
from bridge.domain.ticket import fold_all
from bridge.sandbox import Jira, Sandbox, Shipment
from connectors import Incoming, Past, Swept
from connectors.desks.jsm import JiraServiceManagement
from connectors.desks.jsm_issue import STATUSES
from connectors.desks.jsm_webhooks import Jsm

TEN = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
API, SERVICE_DESK = "/rest/api/2", "/rest/servicedeskapi"
SEARCH = ("GET", f"{API}/search/jql")
COUNT = ("POST", f"{API}/search/approximate-count")
BULK = ("POST", f"{API}/changelog/bulkfetch")
TOGETHER = ("POST", f"{API}/issue/bulkfetch")
ISSUE = ("GET", f"{API}/issue/{{issue}}")
CHANGELOG = ("GET", f"{API}/issue/{{issue}}/changelog")
COMMENTS = ("GET", f"{API}/issue/{{issue}}/comment")
SLA = ("GET", f"{SERVICE_DESK}/request/{{issue}}/sla")


def nothing_known(_: Collection[str]) -> Collection[str]:
    return ()


def all_known(ids: Collection[str]) -> Collection[str]:
    return ids


@dataclass
class Desk:
    """A site with Anna, a customer, and Ben, an agent; what its webhooks would say is written down and lost."""

    sandbox: Sandbox
    now: list[datetime]
    anna: str
    ben: str
    said: list[bytes] = field(default_factory=list)
    cursor: str = ""
    slas: Any = "off"

    @property
    def jira(self) -> Jira:
        return self.sandbox.jira

    @property
    def desk(self) -> JiraServiceManagement:
        given: dict[str, Any] = {"name": "jsm", "site": "demo", "token": lambda _: "good"}
        return JiraServiceManagement(base_url=self.sandbox.jira_url, slas=self.slas, **given)

    def later(self, **by: float) -> None:
        self.now[0] += timedelta(**by)

    def open(self, project: str = "HELP") -> str:
        return self.jira.open_request(self.anna, "Invoices are wrong", "Two of three are.", project)

    def seed(self, count: int) -> list[str]:
        since = self.now[0] - timedelta(days=2)
        return self.jira.seed(self.anna, self.ben, "HELP", count, since)

    def sweep(self, known: Any = nothing_known) -> Swept:
        swept = self.desk.sweep(self.cursor, self.now[0], known)
        self.cursor = swept.cursor
        return swept

    def past(self, cursor: str = "") -> list[Past]:
        return list(self.desk.past(cursor, self.now[0]))

    def calls(self) -> dict[tuple[str, str], int]:
        """What was asked since the last time."""
        asked = dict(self.jira.calls)
        self.jira.calls.clear()
        return asked

    def webhooks(self) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        for body in self.said:
            events += Jsm(name="jsm").read(Incoming(headers={}, body=body, received_at=TEN))
        return events


@contextmanager
def opened(zone: str = "Etc/UTC") -> Iterator[Desk]:
    """A site with two service projects, HELP and OPS, and DEV, which is none."""
    now = [TEN]
    jira = Jira(lambda: now[0], zone=zone, calls_per_second=None)
    with Sandbox(lambda: now[0], jira=jira) as sandbox:
        jira.add_project("HELP", "Help desk")
        jira.add_project("OPS", "Operations")
        jira.add_project("DEV", "Development", service_desk=False)
        anna = jira.add_customer("Anna Weber", "anna@example.com")
        ben = jira.add_agent("Ben Ito", "ben@example.com")
        jira.add_token("good", ben)
        jira.subscribe("http://127.0.0.1:9/in")
        site = Desk(sandbox, now, anna, ben)

        def lose(shipment: Shipment) -> list[Shipment]:
            site.said.append(shipment.body)
            return []

        sandbox.courier.mangle = lose
        yield site


def a_long_story(site: Desk) -> str:
    """Everything that can happen to a request, within four minutes; it ends open."""
    jira, anna, ben = site.jira, site.anna, site.ben
    issue = site.open()
    deeds: list[Callable[[], object]] = [
        lambda: jira.assign(issue, ben, ben),
        lambda: jira.reply(issue, ben, "Which ones?"),
        lambda: jira.set_status(issue, ben, "Waiting for customer"),
        lambda: jira.reply(issue, anna, "The red ones."),
        lambda: jira.note(issue, ben, "She is right."),
        lambda: jira.save(issue, ben, {"priority": "High", "labels": ["billing", "urgent"]}),
        lambda: jira.move(issue, ben, "OPS"),
        lambda: jira.assign(issue, ben, None),
        lambda: jira.save(issue, ben, {"summary": "Red invoices are wrong"}),
        lambda: jira.resolve(issue, ben, "They are right now."),
        lambda: jira.reply(issue, anna, "They are not!"),
    ]
    for deed in deeds:
        site.later(seconds=20, milliseconds=7)
        deed()
    return issue


def ticket(events: list[AnyEvent]) -> Ticket:
    """What the events come to, but for how it came to be known."""
    folded = fold_all(events, STATUSES)
    assert folded
    return msgspec.structs.replace(
        folded,
        as_of=(TEN, 0, ""),
        whole=True,
        known_at=None,
        clocks=(),
        tags=(*sorted(folded.tags),),
    )


def ids(events: Collection[AnyEvent]) -> set[str]:
    return {event.id for event in events if not isinstance(event, Read)}
