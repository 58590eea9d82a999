"""How Slack calls the app: one signed HTTP request, answered within seconds.

Signing: docs.slack.dev/authentication/verifying-requests-from-slack. What goes wrong on purpose (a
forged or old request, another workspace, a retry) is said by a `Sending`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, urlencode

import requests

from bridge.sandbox.slack_records import Message
from bridge.sandbox.wire import Json

IN_TIME = timedelta(seconds=3)
"""How long Slack waits for an answer (docs.slack.dev/interactivity/handling-user-interaction)."""

Kind: TypeAlias = Literal["interactivity", "command", "event"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What is wrong with a request on purpose; nothing unless said."""

    secret: str | None = None
    """Signed with this instead of the app's signing secret."""
    unsigned: bool = False
    """Without the two headers."""
    age: timedelta = timedelta()
    """It claims to be this old; negative for the future."""
    team: str | None = None
    """It comes from the workspace with this id."""
    retry: int = 0
    """X-Slack-Retry-Num, if any: Slack sends an event again that was not answered."""


HONEST = Sending()


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the app, byte for byte."""

    kind: Kind
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def payload(self) -> Json:
        """What it says: the JSON of an interaction or event. Raises ValueError for a command."""
        if self.kind == "command":
            raise ValueError("a command has a form, not a payload")
        found: Json = json.loads(self.body if self.kind == "event" else _form(self.body)["payload"])
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app said to a request, and what Slack made of it."""

    request: Request
    status: int | None
    """HTTP status; None when there was no answer."""
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    """Real seconds until the answer."""
    trouble: str = ""
    """What the person was told instead, as when the app failed: "" when all went well."""
    message: Message | None = None
    """The message that was said, or that the app's answer made."""

    @property
    def ok(self) -> bool:
        """Did it go well: a success, and nothing in it that Slack cannot take?"""
        return self.status is not None and 200 <= self.status < 300 and not self.trouble

    @property
    def in_time(self) -> bool:
        """Was it quick enough for Slack?"""
        return self.seconds < IN_TIME.total_seconds()

    @property
    def json(self) -> Any:
        """The body as JSON; None when it is empty. Raises ValueError when it is something else."""
        return json.loads(self.body) if self.body.strip() else None


def form(fields: Mapping[str, str]) -> bytes:
    """A body of application/x-www-form-urlencoded."""
    return urlencode(fields).encode()


def headers(body: bytes, kind: Kind, secret: str, at: datetime, sending: Sending) -> dict[str, str]:
    """What stands above such a body, the signature with it."""
    mimetype = "application/json" if kind == "event" else "application/x-www-form-urlencoded"
    found = {"Content-Type": mimetype, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
    if not sending.unsigned:
        stamp = str(int((at - sending.age).timestamp()))
        found["X-Slack-Request-Timestamp"] = stamp
        key = secret if sending.secret is None else sending.secret
        digest = hmac.new(key.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
        found["X-Slack-Signature"] = f"v0={digest.hexdigest()}"
    if sending.retry:
        found["X-Slack-Retry-Num"] = str(sending.retry)
        found["X-Slack-Retry-Reason"] = "http_timeout"
    return found


def carry(request: Request, patience: float) -> Answer:
    """Make the request and wait `patience` real seconds for the answer."""
    started = time.perf_counter()
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                request.url,
                data=request.body,
                headers=dict(request.headers),
                timeout=patience,
                allow_redirects=False,
            )
        except requests.Timeout:
            return Answer(request, None, {}, b"", time.perf_counter() - started, "timeout")
        except requests.RequestException:
            return Answer(request, None, {}, b"", time.perf_counter() - started, "unreachable")
    spent = time.perf_counter() - started
    trouble = "" if 200 <= answer.status_code < 300 else f"the app answered {answer.status_code}"
    return Answer(request, answer.status_code, answer.headers, answer.content, spent, trouble)


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode()))
