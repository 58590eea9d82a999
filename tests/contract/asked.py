"""Every call that we make of a vendor, in a day's work and in a set-up, recorded on its way to the stand-ins."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from bridge.domain.model import Action
from bridge.sandbox import Sandbox
from bridge.sandbox.serve import Server
from connectors import Door
from connectors.channels.slack import Slack
from connectors.desks.jsm import JiraServiceManagement
from connectors.desks.jsm_csat import JsmSatisfaction
from connectors.desks.zendesk import Zendesk
from connectors.desks.zendesk_csat import ZendeskRatings
from tests.contract.messages import SINCE, dispatch

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Call:
    """A request as it arrived."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    type: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass
class Recorder:
    """A vendor's stand-in that keeps what it was asked."""

    app: Any
    calls: list[Call] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        headers = {
            key[5:].replace("_", "-"): value
            for key, value in environ.items()
            if key.startswith("HTTP_")
        }
        self.calls.append(
            Call(
                method=environ["REQUEST_METHOD"],
                path=environ["PATH_INFO"],
                query=tuple(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)),
                headers=headers,
                body=body,
                type=environ.get("CONTENT_TYPE", ""),
            )
        )
        return self.app(environ, start_response)


def doors(*kinds: str) -> list[Door]:
    url = "https://alerts.example.com/hooks"
    return [
        Door(name=kind, kind=kind, url=f"{url}/{kind}", variable=f"{kind.upper()}_SECRET")
        for kind in kinds
    ]


def on_a_ticket(desk: Any, key: str, person: str) -> None:
    """What goes onto a ticket and what is read of it."""
    tags = ("alert_low_score", "alert_first_response")
    for action in (Action.TAG, Action.NOTE, Action.UNTAG):
        sent = dispatch(action, key, tags=() if action is Action.NOTE else tags)
        desk.send(sent)
        desk.find(sent, SINCE)
    assert desk.history(key)
    assert desk.me().id
    assert desk.groups()
    assert desk.people([person])
    desk.find_people("anna@example.com", "+4930123456")


def keep_up(desk: Any, key: str) -> None:
    """What is read of many tickets at once: before timers ring, in sweeps, and by an import."""
    later = NOW + timedelta(minutes=10)
    assert [state.key for state in desk.states([key, "99999"])] == [key, "99999"]
    swept = desk.sweep("", NOW, lambda _: set())
    assert desk.sweep(swept.cursor, later, lambda _: set()).failure is None
    assert [step.total for step in desk.past("", later)][-1] == 1


def set_up(side: Any) -> None:
    """Made, kept, looked at, and taken away."""
    for _ in range(2):
        list(side.run())
    list(side.inspect(NOW))
    list(side.remove())


def ask_zendesk(sandbox: Sandbox, url: str) -> None:
    zendesk = sandbox.zendesk
    us = zendesk.add_agent("Alert Bridge", "bridge@example.com", "admin")
    zendesk.add_token("good", us)
    anna = zendesk.add_customer("Anna Weber", "anna@example.com", "+4930123456")
    for number in range(101):
        zendesk.add_group(f"Branch {number}")
    ticket = zendesk.open_ticket(anna, "Invoice is wrong", "Please help", tags=["vip"])
    zendesk.rate(ticket, "bad", "Nobody answers")
    desk = Zendesk(name="zendesk", subdomain="demo", base_url=url, token=lambda _: "good")
    on_a_ticket(desk, str(ticket), str(anna))
    for one in (desk, replace(desk, slas="win")):
        keep_up(one, str(ticket))
    polled = ZendeskRatings(name="ratings").poll(desk, "", NOW)
    ZendeskRatings(name="ratings").poll(desk, polled.cursor, NOW)
    set_up(desk.setup(doors("zendesk", "zendesk-trigger")))


def ask_jira(sandbox: Sandbox, url: str) -> None:
    jira = sandbox.jira
    jira.add_project("HELP", "Support")
    us = jira.add_agent("Alert Bridge", "bridge@example.com")
    jira.add_token("good", us)
    anna = jira.add_customer("Anna Weber", "anna@example.com")
    waiting = jira.open_request(anna, "Where is it?", "I wait", "HELP")
    issue = jira.open_request(anna, "Invoice is wrong", "Please help", "HELP", labels=["vip"])
    jira.resolve(issue, us, "Here you are")
    jira.rate(issue, 1, "Nobody called")
    desk = JiraServiceManagement(
        name="jsm", site="demo", user="bridge@example.com", base_url=url, token=lambda _: "good"
    )
    on_a_ticket(desk, issue, anna)
    for one in (desk, replace(desk, slas="win")):
        keep_up(one, waiting)
    jira.bulk_changelogs = False
    desk.sweep("", NOW + timedelta(minutes=5), lambda _: set())
    assert JsmSatisfaction(name="csat").poll(desk, "", NOW + timedelta(minutes=5)).deliveries
    set_up(desk.setup(doors("jsm", "jsm-automation")))


def ask_slack(sandbox: Sandbox, url: str) -> None:
    sandbox.slack.add_token("xoxb-1-abc")
    slack = Slack(token="xoxb-1-abc", base_url=f"{url}/api/")
    channel = sandbox.slack.add_channel("billing-alerts")
    post = dispatch(Action.POST, channel)
    posted = slack.send(post)
    assert slack.find(post, SINCE)
    slack.send(dispatch(Action.EDIT, channel, previous=posted))
    for action in (Action.REPLY, Action.BROADCAST):
        reply = dispatch(action, channel, previous=posted, marker=f"d-{action.value}")
        slack.send(reply)
        assert slack.find(reply, SINCE)
    set_up(slack.setup({"Billing": channel}))


ASK = {"zendesk": ask_zendesk, "jira": ask_jira, "slack": ask_slack}


@cache
def asked(vendor: str) -> tuple[Call, ...]:
    """All that is asked of a vendor."""
    with Sandbox(lambda: NOW) as sandbox:
        recorder = Recorder(sandbox.gates[vendor])
        server = Server(recorder)
        server.start()
        try:
            ASK[vendor](sandbox, server.url)
        finally:
            server.stop()
    return tuple(recorder.calls)


if __name__ == "__main__":
    for vendor in ASK:
        for call in asked(vendor):
            print(vendor, call, dict(call.query), call.type, call.body[:200])
