"""People in front of the pages: each with a browser of their own, signed in as somebody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bridge.domain.viewing import Role
from bridge.store import users
from bridge.web import create_app
from bridge.web.pages.signin.sessions import COOKIE
from bridge.work.bridge import Bridge

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


_APPS: dict[int, Flask] = {}


def app_of(bridge: Bridge) -> Flask:
    """The pages of a bridge: one application for all who look at them, as long as it isn't closed."""
    return _APPS.get(id(bridge)) or share(bridge, create_app(bridge))


def share(bridge: Bridge, app: Flask) -> Flask:
    """Let all look at the bridge's pages through this application."""
    number = id(bridge)
    _APPS[number] = app
    bridge.at_close(lambda: _APPS.pop(number))
    return app


class Visitor:
    """Somebody in front of the pages. `post` sends a form as their browser would, with its token."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **given: Any) -> TestResponse:
        """A page."""
        return self.client.get(path, **given)

    def post(self, path: str, form: dict[str, Any] | None = None, **given: Any) -> TestResponse:
        """Send a form."""
        return self.client.post(path, data={"csrf_token": self.token(), **(form or {})}, **given)

    def token(self) -> str:
        """The token that forms carry, from whatever page the visitor may see."""
        found = _TOKEN.search(self.client.get("/inbox").text)
        assert found, "no page has a form"
        return found[1]


def visitor(
    bridge: Bridge,
    email: str,
    role: Role,
    teams: Sequence[str] = (),
    *,
    name: str = "",
    app: Flask | None = None,
) -> Visitor:
    """Somebody who is signed in."""
    found = Visitor(app or app_of(bridge))
    with bridge.engine.begin() as connection:
        user = users.save(connection, email, role, bridge.now(), name=name, teams=teams)
        token = users.begin(connection, user.id, bridge.now(), timedelta(days=1), via="test")
    found.client.set_cookie(COOKIE, token)
    return found


def stranger(bridge: Bridge) -> Visitor:
    """Somebody who isn't."""
    return Visitor(app_of(bridge))
