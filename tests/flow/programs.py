"""Programs that use the API: each with a key of its own, and nothing else to prove who it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bridge.domain.viewing import Role
from bridge.store import keys
from bridge.store.keys import Key, Scope
from bridge.work.bridge import Bridge
from tests.flow.visitors import app_of

ROOT = "/api/v1"
EVERYTHING = tuple(Scope)


class Program:
    """A program with a key, or without one."""

    def __init__(self, app: Flask, token: str = "", key: Key | None = None) -> None:
        self.client: FlaskClient = app.test_client()
        self.token = token
        self.key = key

    def ask(self, method: str, path: str, **given: Any) -> TestResponse:
        """Send a request; the path is that of an operation."""
        headers = dict(given.pop("headers", {}))
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return self.client.open(ROOT + path, method=method, headers=headers, **given)

    def get(self, path: str, **given: Any) -> TestResponse:
        return self.ask("GET", path, **given)

    def read(self, path: str, **given: Any) -> Any:
        """What is there, which must be there."""
        answer = self.get(path, **given)
        assert answer.status_code == 200, answer.text
        return answer.json

    def act(self, ref: str, action: str, body: Any = None, **headers: str) -> TestResponse:
        """Do something about an alert; `idempotency_key` and the like are headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {} if body is None else {"json": body}
        return self.ask("POST", f"/alerts/{ref}/actions/{action}", headers=named, **given)


def program(
    bridge: Bridge,
    role: Role = Role.ADMIN,
    teams: Sequence[str] = (),
    *,
    scopes: Collection[Scope] = EVERYTHING,
    lasts: timedelta | None = None,
    name: str = "Reports",
    app: Flask | None = None,
) -> Program:
    """A program with a key."""
    with bridge.engine.begin() as connection:
        key, token = keys.create(
            connection, name, bridge.now(), role=role, scopes=scopes, teams=teams, lasts=lasts
        )
    return Program(app or app_of(bridge), token, key)
