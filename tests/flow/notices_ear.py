"""Somebody else's program that is called by webhook, and keeps what it hears."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, request
from standardwebhooks import Webhook

from bridge.sandbox.serve import Server

ALLOWED = '\n[outgoing]\nallow = ["127.0.0.0/8"]\n'
"""What a configuration says that lets programs on this machine be called."""


@dataclass
class Heard:
    headers: dict[str, str]
    content: str

    @property
    def id(self) -> str:
        return self.headers["Webhook-Id"]

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def type(self) -> str:
        return str(self.body["type"])

    @property
    def state(self) -> str:
        return str(self.body["data"]["alert"]["state"])

    def signed_by(self, secret: str) -> bool:
        """As the library says that a receiver has to check, at the time that the webhook names."""
        at = datetime.fromtimestamp(int(self.headers["Webhook-Timestamp"]), UTC)
        right = Webhook(secret).sign(self.id, at, self.content)
        return right in self.headers["Webhook-Signature"].split()


@dataclass
class Ear:
    """Answers as it is told to: `answers` first, in turn, then 204."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)
    usual: tuple[int, str] = (204, "")

    @property
    def types(self) -> list[str]:
        return [one.type for one in self.heard]

    def app(self) -> Flask:
        app = Flask(__name__, static_folder=None)

        @app.post("/<path:_>")
        def hear(_: str) -> Response:
            self.heard.append(Heard(dict(request.headers), request.get_data(as_text=True)))
            status, words = self.answers.pop(0) if self.answers else self.usual
            headers = {"Location": "/elsewhere"} if 300 <= status < 400 else {}
            return Response(words, status, headers)

        return app


@contextmanager
def listening() -> Iterator[Ear]:
    ear = Ear()
    server = Server(ear.app())
    server.start()
    ear.url = f"{server.url}/alerts"
    yield ear
    server.stop()
