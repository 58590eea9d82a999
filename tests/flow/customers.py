"""Customers whose case was resolved, on both helpdesks, and the bridge that wants to know whether it helped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from bridge.domain.alerts import Change, Step
from bridge.domain.model import (
    Action,
    Alert,
    AlertState,
    Answer,
    Delivery,
    Finding,
    Member,
    Outcome,
    Reason,
    Severity,
    Team,
    Ticket,
)
from bridge.sandbox import Sandbox
from bridge.sandbox.serve import Server
from bridge.settings import parse
from bridge.store import alerts, deliveries, teams, tickets
from bridge.web import create_app
from bridge.work.bridge import Bridge

START = datetime(2031, 3, 11, 9, 0, tzinfo=UTC)
US = "Alert Bridge"
DESKS = ("zendesk", "jsm")
SECRET = "secret-of-the-follow-ups"
POLICY = """
default_team = "Billing"

[desks.zendesk]
kind = "zendesk"
sweep = "off"
subdomain = "demo"
base_url = "{zendesk}"
token = "ZENDESK_TOKEN"

[desks.jsm]
kind = "jsm"
sweep = "off"
site = "demo"
user = "bridge@example.com"
base_url = "{jira}"
token = "JSM_TOKEN"

[channels.slack]
base_url = "{slack}"

[channels.email]
host = "127.0.0.1"
port = {port}
security = "none"
password = ""
sender = "Acme Support <care@example.com>"
never = ["help@example.com"]
"""
ENV = {
    "ZENDESK_TOKEN": "good",
    "JSM_TOKEN": "good",
    "SLACK_BOT_TOKEN": "xoxb-sandbox",
    "BRIDGE_SECRET": SECRET,
}


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def later(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Practice:
    """The bridge with its page behind HTTP, both helpdesks with a request by Anna, and alerts about them."""

    bridge: Bridge
    sandbox: Sandbox
    clock: Clock
    page: str
    anna: dict[str, str]
    keys: dict[str, str]

    def alert(self, desk: str = "zendesk", **more: Any) -> Alert:
        """An alert about Anna's request that Mona resolved just now."""
        subject = f"{desk}:{self.keys[desk]}"
        found = Finding(
            rule="low_score", severity=Severity.HIGH, headline="Rated 1 of 5", since=self.clock()
        )
        given: dict[str, Any] = {
            "subject": subject,
            "ref": f"AB-{desk.upper()}{self._count():04}",
            "state": AlertState.RESOLVED,
            "severity": Severity.HIGH,
            "opened_at": self.clock() - timedelta(hours=3),
            "changed_at": self.clock(),
            "ended_at": self.clock(),
            "ended": "resolved by Mona Berg",
            "resolved_by": "Mona Berg",
            "outcome": Outcome.RECOVERED,
            "reasons": (Reason(finding=found, added_at=self.clock()),),
            "team": "Billing",
            "customer": f"{desk}:{self.anna[desk]}",
        }
        with self.bridge.engine.begin() as connection:
            step = Step(change=Change.OPENED, at=self.clock(), finding=found)
            (saved,) = alerts.save(connection, [(Alert(**given | more), [step])])
        return saved

    def _count(self) -> int:
        with self.bridge.engine.begin() as connection:
            return int(connection.execute(text("SELECT count(*) FROM alerts")).scalar_one())

    def ticket(self, alert: Alert) -> Ticket:
        with self.bridge.engine.begin() as connection:
            found = tickets.find(connection, alert.subject)
        assert found is not None
        return found

    def keep(self, subject: str, **more: Any) -> Ticket:
        """A ticket as it was judged just now."""
        made = Ticket(
            id=subject, as_of=(self.clock(), 0, "e"), **{"opened_at": self.clock()} | more
        )
        with self.bridge.engine.begin() as connection:
            tickets.claim(connection, [subject])
            tickets.store(connection, [tickets.Judged(made, (), {})])
        return made

    def row(self, alert: Alert, channel: str, to: str, *, unsure: bool = False) -> deliveries.Row:
        """The delivery that asks, as it is when it is its turn."""
        planned = Delivery(channel=channel, action=Action.FOLLOW_UP, to=to, why="whether it helped")
        with self.bridge.engine.begin() as connection:
            (number,) = deliveries.add(connection, [(alert.number, planned)], self.clock())
            row = deliveries.take(connection, number, self.clock())
            assert row is not None
            if not unsure:
                return row
            deliveries.put_off(connection, row, "cut off", self.clock(), unsure=True)
            again = deliveries.take(connection, number, self.clock())
        assert again is not None
        return again

    def public(self, desk: str) -> list[tuple[str, str]]:
        """What Anna sees."""
        if desk == "jsm":
            return self.sandbox.jira.public_view(self.keys[desk])
        return self.sandbox.zendesk.public_view(int(self.keys[desk]))

    def notes(self, desk: str) -> list[str]:
        """What agents alone see."""
        if desk == "jsm":
            return [words for _, words in self.sandbox.jira.notes(self.keys[desk])]
        return [words for _, words in self.sandbox.zendesk.notes(int(self.keys[desk]))]

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind that are stored, oldest first."""
        query = text("SELECT body FROM events WHERE body->>'kind' = :kind ORDER BY at, id")
        with self.bridge.engine.begin() as connection:
            return list(connection.execute(query, {"kind": kind}).scalars())

    def direct(self) -> list[deliveries.Row]:
        """Messages to one person that are planned."""
        with self.bridge.engine.begin() as connection:
            found = deliveries.listing(connection, None, 100)
        return [row for row in found if row.action is Action.DIRECT]


def answer(name: str, score: float, at: datetime, raw: str = "") -> Answer:
    return Answer(id=name, score=score, raw=raw, at=at)


@contextmanager
def practice(url: str) -> Iterator[Practice]:
    """A practice on an empty database."""
    clock = Clock()
    with Sandbox(clock) as sandbox:
        keys, anna = _people(sandbox)
        written = POLICY.replace("{port}", str(sandbox.smtp.port))
        for vendor in ("zendesk", "jira", "slack"):
            written = written.replace(f"{{{vendor}}}", getattr(sandbox, f"{vendor}_url"))
        env = dict(ENV)
        settings = parse(written, env)
        bridge = Bridge(settings, url, now=clock)
        server = Server(create_app(bridge))
        server.start()
        bridge.settings = parse(written, env | {"PUBLIC_URL": server.url})
        with bridge.engine.begin() as connection:
            teams.save(connection, [_billing(sandbox)])
        made = Practice(bridge, sandbox, clock, server.url, anna, keys)
        for desk in DESKS:
            made.keep(
                f"{desk}:{keys[desk]}",
                requester=anna[desk],
                title="Invoice is wrong",
                opened_at=START - timedelta(days=1),
                customer_at=START - timedelta(days=1),
            )
        try:
            yield made
        finally:
            server.stop()
            bridge.close()


def _people(sandbox: Sandbox) -> tuple[dict[str, str], dict[str, str]]:
    zendesk, jira = sandbox.zendesk, sandbox.jira
    zendesk.add_token("good", zendesk.add_agent(US, "bridge@example.com", "admin"))
    jira.add_project("BIL", "Billing")
    jira.add_token("good", jira.add_agent(US, "bridge@example.com"))
    anna: dict[str, Any] = {
        "zendesk": zendesk.add_customer("Anna Weber", "anna@example.org"),
        "jsm": jira.add_customer("Anna Weber", "anna@example.org"),
    }
    ticket = zendesk.open_ticket(anna["zendesk"], "Invoice is wrong", "Please help")
    issue = jira.open_request(anna["jsm"], "Invoice is wrong", "Please help", "BIL")
    sandbox.slack.add_token(ENV["SLACK_BOT_TOKEN"])
    return {"zendesk": str(ticket), "jsm": issue}, {desk: str(who) for desk, who in anna.items()}


def _billing(sandbox: Sandbox) -> Team:
    slack = sandbox.slack
    return Team(
        name="Billing",
        slack_channel=slack.add_channel("alerts-billing"),
        manager="Mona Berg",
        manager_slack=slack.add_user("mona", "mona@example.com", "Mona Berg"),
        follow_up="ticket",
    )


OWNER = Member(name="Ben Ito", slack="U0BEN")
