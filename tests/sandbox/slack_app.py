"""An app that Slack calls, and what it has posted: for the tests of the stand-in's hands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from slack_sdk import WebClient
from slack_sdk.signature import Clock as WallClock
from slack_sdk.signature import SignatureVerifier
from werkzeug.wrappers import Request, Response

from bridge.sandbox import Sandbox
from bridge.sandbox.serve import Server

from .conftest import Clock

LIST: list[dict[str, Any]] = [
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": f"*{ref}*"},
        "accessory": {
            "type": "button",
            "action_id": "show",
            "value": ref,
            "text": {"type": "plain_text", "text": "Open"},
        },
    }
    for ref in ("AB-0000000A", "AB-0000000B")
]


def message(ref: str = "AB-0000000A", label: str = "Acknowledge") -> list[dict[str, Any]]:
    option = {"text": {"type": "plain_text", "text": "Snooze…"}, "value": f"snooze {ref}"}
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": "Anna waits"}},
        {
            "type": "actions",
            "block_id": "deeds",
            "elements": [
                {
                    "type": "button",
                    "action_id": "acknowledge",
                    "value": ref,
                    "style": "primary",
                    "text": {"type": "plain_text", "text": label},
                },
                {"type": "overflow", "action_id": "more", "options": [option]},
            ],
        },
    ]


class SandboxTime(WallClock):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock().timestamp()


@dataclass
class App:
    """An app that lets in what Slack signed, and answers as told: 200 and nothing when told nothing."""

    verifier: SignatureVerifier
    url: str = ""
    let_in: list[Request] = field(default_factory=list)
    turned_away: list[Request] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        body = request.get_data()
        if not self.verifier.is_valid_request(body, dict(request.headers)):
            self.turned_away.append(request)
            return Response(status=401)(environ, start_response)
        self.let_in.append(request)
        if request.is_json and (challenge := request.get_json().get("challenge")):
            return Response(challenge)(environ, start_response)
        answer = self.answers.pop(0) if self.answers else Response()
        return answer(environ, start_response)

    @property
    def payload(self) -> Any:
        """What the last interaction said."""
        request = self.let_in[-1]
        assert request.mimetype == "application/x-www-form-urlencoded"
        return json.loads(request.form["payload"])

    @property
    def event(self) -> Any:
        """What the last event said."""
        assert self.let_in[-1].mimetype == "application/json"
        return self.let_in[-1].get_json()


@dataclass(frozen=True)
class Scene:
    """A channel, somebody in it, and an alert that was posted there."""

    mia: str
    channel: str
    posted: str


@contextmanager
def listening(sandbox: Sandbox, clock: Clock) -> Iterator[App]:
    """The app at the stand-in's request URL."""
    app = App(SignatureVerifier("a-signing-secret", SandboxTime(clock)))
    server = Server(app)
    server.start()
    app.url = f"{server.url}/slack"
    sandbox.slack.app_url, sandbox.slack.signing_secret = app.url, "a-signing-secret"
    yield app
    server.stop()


def scene(sandbox: Sandbox, slack: WebClient) -> Scene:
    """Mia sees an alert."""
    mia = sandbox.slack.add_user("mia", "mia@example.com", "Mia Roth")
    channel = sandbox.slack.add_channel("alerts")
    posted = slack.chat_postMessage(channel=channel, text="Anna", blocks=message())["ts"]
    return Scene(mia, channel, str(posted))
