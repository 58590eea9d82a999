"""A team, its manager and its alerts; what they are sent, and a clock that is moved by hand. The team is in Berlin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bridge.domain.model import Alert, Finding, Promise, Reason, Severity, Team, Ticket
from bridge.sandbox import Sandbox
from bridge.settings import parse
from bridge.simulate.world import SimulatedClock
from bridge.store import alerts, errands, teams, tickets
from bridge.work.bridge import Bridge
from bridge.work.errands import begin_standing, run
from bridge.work.queue import DIGEST

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2031, 3, 4, 9, tzinfo=UTC)  # a Tuesday, 10:00 in Berlin
MONA = "mona@example.com"
POLICY = """
[desks.zendesk]
kind = "zendesk"
sweep = "off"
subdomain = "acme"
base_url = "{zendesk}"

[channels.slack]
base_url = "{slack}"

[channels.email]
host = "127.0.0.1"
port = {port}
security = "none"
password = ""
sender = "Alert Bridge <alerts@example.com>"

[calendars.office]
zone = "Europe/Berlin"
week = {{ mon-fri = "09:00-17:00" }}
days_off = ["2031-03-31"]

[digest]
at = "08:00"
"""
ENV = {
    "PUBLIC_URL": "https://bridge.example.com",
    "BRIDGE_SECRET": "secret-of-the-links",
    "ZENDESK_CLIENT_ID": "bridge",
    "ZENDESK_CLIENT_SECRET": "client-secret",
    "SLACK_BOT_TOKEN": "xoxb-digest",
}


@dataclass
class Readers:
    """Billing and Mona, who manages it. A ticket in it is Ben's unless said otherwise."""

    bridge: Bridge
    sandbox: Sandbox
    clock: SimulatedClock
    channel: str
    agents: dict[str, int]
    policy: Path

    def team(self, name: str = "Billing", **more: Any) -> None:
        """There is a team, or it is changed."""
        told = {"manager": "Mona Berg", "manager_email": MONA, "slack_channel": self.channel}
        with self.bridge.engine.begin() as connection:
            teams.save(connection, [Team(name=name, **told | more)])
        begin_standing(self.bridge)

    def alert(
        self,
        number: int,
        *findings: Finding,
        team: str = "Billing",
        title: str = "Where is my refund?",
        agent: str = "Ben",
        promises: dict[str, Promise] | None = None,
        **more: Any,
    ) -> str:
        """An alert on a ticket, opened now unless said otherwise; its reference."""
        now = self.clock()
        subject = f"zendesk:{number}"
        who = str(self.agents.get(agent, agent))
        ticket = Ticket(id=subject, as_of=(now, 0, ""), title=title, agent=who)
        reasons = tuple(Reason(finding=f, added_at=now) for f in findings or (late(now),))
        told = {"severity": Severity.HIGH, "opened_at": now, "changed_at": now}
        made = Alert(
            subject=subject,
            ref=f"AB-{number:08X}",
            team=team,
            reasons=reasons,
            promises=promises or {},
            **told | more,
        )
        with self.bridge.engine.begin() as connection:
            tickets.claim(connection, [subject])
            tickets.store(connection, [tickets.Judged(ticket, (), {})])
            alerts.save(connection, [(made, ())])
        return made.ref

    # --- time

    def until(self, local: str) -> None:
        """Time passes until clocks in Berlin show "2031-03-05 08:00"; what is due in it happens when it is due."""
        to = datetime.fromisoformat(local).replace(tzinfo=BERLIN).astimezone(UTC)
        while True:
            with self.bridge.engine.begin() as connection:
                at = errands.next_due(connection)
            if at is None or at > to:
                break
            self.clock.move(max(at, self.clock()))
            self.turn()
        self.clock.move(to)

    def turn(self) -> None:
        """What is due now is done."""
        with self.bridge.engine.begin() as connection:
            due = errands.due(connection, self.clock(), 100)
        for task, key in due:
            run(self.bridge, task, key)

    def asleep(self, local: str) -> None:
        """Time passes, and nothing runs."""
        self.clock.move(datetime.fromisoformat(local).replace(tzinfo=BERLIN).astimezone(UTC))

    # --- what can be seen

    @property
    def mails(self) -> list[EmailMessage]:
        """All that were sent, oldest first."""
        return [mail.content for mail in self.sandbox.smtp.messages]

    @property
    def posts(self) -> list[str]:
        """All messages in the team's channel, as they were drawn."""
        found = self.sandbox.slack.messages(self.channel)
        return [json.dumps(message.blocks, ensure_ascii=False) for message in found]

    def sent_at(self) -> list[str]:
        """When mails went out, in Berlin."""
        sent = (mail.at.astimezone(BERLIN) for mail in self.sandbox.smtp.messages)
        return [f"{at:%a %d %b %H:%M}" for at in sent]

    def trouble(self, team: str = "Billing") -> str:
        """What `bridge status` says of the team's digest."""
        with self.bridge.engine.begin() as connection:
            [errand] = errands.find(connection, [(DIGEST, team)])
        return errand.reason


def late(at: datetime, headline: str = "Waiting 2 h", **more: Any) -> Finding:
    """The customer has waited."""
    told = {"rule": "next_reply", "severity": Severity.HIGH, "since": at}
    return Finding(headline=headline, **told | more)


def due(at: datetime, what: str = "contact") -> dict[str, Promise]:
    """A goal of the loop."""
    return {what: Promise(due_at=at, warn_at=at - timedelta(minutes=30))}


def words(mail: EmailMessage, kind: str = "plain") -> str:
    """The plain text of a mail, or its HTML."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@contextmanager
def opened(url: str, folder: Path, change: str = "") -> Iterator[Readers]:
    """On an empty database; `change` is what the policy says besides."""
    clock = SimulatedClock(START)
    with Sandbox(clock) as sandbox:
        desk, slack = sandbox.zendesk, sandbox.slack
        us = desk.add_agent("Alert Bridge", "bridge@example.com", "admin")
        desk.add_client(ENV["ZENDESK_CLIENT_ID"], ENV["ZENDESK_CLIENT_SECRET"], us)
        agents = {
            name.split()[0]: desk.add_agent(name, f"{name.split()[0].lower()}@example.com")
            for name in ("Ben Ito", "Clara Roy")
        }
        slack.add_token(ENV["SLACK_BOT_TOKEN"])
        written = POLICY.format(
            zendesk=sandbox.zendesk_url, slack=sandbox.slack_url, port=sandbox.smtp.port
        )
        policy = folder / "bridge.toml"
        policy.write_text(written + change, "utf-8")
        bridge = Bridge(parse(policy.read_text("utf-8"), ENV, str(policy)), url, now=clock, pool=2)
        yield Readers(bridge, sandbox, clock, slack.add_channel("alerts"), agents, policy)
        bridge.close()
