"""A sandbox on handed-in time, and the vendors' real clients pointed at it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from jira import JIRA
from requests.adapters import HTTPAdapter
from slack_sdk import WebClient
from werkzeug.wrappers import Request, Response
from zenpy import Zenpy

from bridge.sandbox import Sandbox
from bridge.sandbox.serve import Server


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


class ToSandbox(HTTPAdapter):
    """Carries calls to https://demo.zendesk.com to a base URL, once each."""

    def __init__(self, base: str) -> None:
        super().__init__(max_retries=0)
        self._base = base

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        asked = request.url or ""
        request.url = asked.replace("https://demo.zendesk.com", self._base)
        answer = super().send(request, **options)
        request.url = asked  # zenpy tells by it what came back
        return answer


@dataclass(frozen=True)
class Call:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def is_signed(self, secret: str) -> bool:
        stamp = self.headers["X-Zendesk-Webhook-Signature-Timestamp"]
        digest = hmac.new(secret.encode(), stamp.encode() + self.body, hashlib.sha256).digest()
        return self.headers["X-Zendesk-Webhook-Signature"] == base64.b64encode(digest).decode()


@dataclass(frozen=True)
class Rest:
    """Plain calls to the Jira stand-in, as the app, by the path after the site's address."""

    base: str
    session: requests.Session

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.base + path, timeout=5, **options)


@dataclass
class Receiver:
    """Somebody who subscribed: keeps what comes, and answers as told (202 when told nothing)."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        self.calls.append(Call(request.path, dict(request.headers), request.get_data()))
        status, headers = self.answers.pop(0) if self.answers else (202, {})
        return Response("", status, headers)(environ, start_response)

    @property
    def types(self) -> list[str]:
        return [call.json["type"].removeprefix("zen:event-type:ticket.") for call in self.calls]


@dataclass(frozen=True)
class People:
    anna: int
    """A customer."""
    ben: int
    """An agent."""
    bridge: int
    """The integration's user."""
    billing: int
    """A group."""


@dataclass(frozen=True)
class Site:
    """Who is on the Jira site, by account id."""

    anna: str
    """A customer."""
    ben: str
    """An agent."""
    bridge: str
    """The integration's app; its token is `jira-token`."""
    desk: str
    """The key of a service desk."""
    software: str
    """The key of a project without customers."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(clock) as sandbox:
        yield sandbox


@pytest.fixture
def people(sandbox: Sandbox) -> People:
    zendesk = sandbox.zendesk
    people = People(
        anna=zendesk.add_customer("Anna Weber", "anna@example.com", "+4930123456"),
        ben=zendesk.add_agent("Ben Ito", "ben@example.com"),
        bridge=zendesk.add_agent("Alert Bridge", "bridge@example.com"),
        billing=zendesk.add_group("Billing"),
    )
    zendesk.add_token("static", people.bridge)
    return people


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://demo.zendesk.com", ToSandbox(sandbox.zendesk_url))
        yield session


@pytest.fixture
def zenpy(session: requests.Session, people: People) -> Zenpy:
    return Zenpy(
        subdomain="demo",
        oauth_token="static",
        session=session,
        disable_cache=True,
        ratelimit_budget=1,
        timeout=5,
    )


@pytest.fixture
def site(sandbox: Sandbox) -> Site:
    jira = sandbox.jira
    site = Site(
        anna=jira.add_customer("Anna Weber", "anna@example.com"),
        ben=jira.add_agent("Ben Ito", "ben@example.com"),
        bridge=jira.add_app("Alert Bridge", "bridge@example.com"),
        desk=jira.add_project("HELP", "Help desk"),
        software=jira.add_project("DEV", "Development", service_desk=False),
    )
    jira.add_token("jira-token", site.bridge)
    return site


@pytest.fixture
def issue(sandbox: Sandbox, site: Site) -> str:
    """HELP-1, opened by Anna; what this gives is its id."""
    return sandbox.jira.open_request(site.anna, "Invoice wrong", "I paid twice", site.desk, "High")


@pytest.fixture
def jira(sandbox: Sandbox, site: Site) -> Iterator[JIRA]:
    client = JIRA(
        sandbox.jira_url,
        basic_auth=("bridge@example.com", "jira-token"),
        max_retries=0,
        timeout=5,
    )
    yield client
    client.close()


@pytest.fixture
def rest(sandbox: Sandbox, site: Site) -> Iterator[Rest]:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = ("bridge@example.com", "jira-token")
        yield Rest(sandbox.jira_url, session)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    server = Server(receiver)
    server.start()
    receiver.url = f"{server.url}/in"
    yield receiver
    server.stop()


@pytest.fixture
def slack(sandbox: Sandbox) -> WebClient:
    sandbox.slack.add_token("xoxb-test")
    return WebClient("xoxb-test", base_url=sandbox.slack_url, retry_handlers=[])
