"""The way in, with a provider of OpenID Connect across the street: no office behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from sqlalchemy import select
from werkzeug.test import TestResponse

from bridge.domain.viewing import Role
from bridge.sandbox import Oidc, Sandbox
from bridge.settings import parse
from bridge.simulate.world import SimulatedClock
from bridge.store import audit, users
from bridge.store.schema import login_tries
from bridge.web import create_app
from bridge.work.bridge import Bridge
from tests.flow.visitors import Visitor

START = datetime(2031, 3, 11, 9, 0, tzinfo=UTC)
SECRET = "secret-of-the-client"
BACK = "http://localhost/sign-in/acme/callback"
POLICY = """
[login.acme]
issuer = "{oidc}"
client_id = "bridge"
client_secret = "ACME_SECRET"
label = "Acme"
{more}
"""


@dataclass
class Front:
    """The way in."""

    bridge: Bridge
    sandbox: Sandbox
    clock: SimulatedClock

    @property
    def oidc(self) -> Oidc:
        return self.sandbox.oidc

    def someone(self) -> Visitor:
        """Somebody with a browser of their own."""
        return Visitor(create_app(self.bridge))

    def listed(self, email: str, role: Role = Role.MANAGER, **more: Any) -> users.User:
        with self.bridge.engine.begin() as connection:
            return users.save(connection, email, role, self.clock(), **more)

    def known(self, email: str) -> users.User | None:
        with self.bridge.engine.begin() as connection:
            return users.by_email(connection, email)

    def link(self, email: str, lasts: timedelta = timedelta(minutes=15)) -> str:
        """The path of a link for somebody who is listed."""
        user = self.known(email)
        assert user is not None
        with self.bridge.engine.begin() as connection:
            token = users.make_link(connection, user.id, self.clock(), lasts)
        return f"/sign-in/link/{token}"

    def later(self, **by: float) -> None:
        self.clock.move(self.clock() + timedelta(**by))

    def sessions(self, email: str) -> list[users.Session]:
        user = self.known(email)
        assert user is not None
        idle = self.bridge.settings.sessions.idle
        with self.bridge.engine.begin() as connection:
            return users.sessions_of(connection, user.id, self.clock(), idle)

    def audit(self) -> list[audit.Entry]:
        with self.bridge.engine.begin() as connection:
            return audit.listing(connection)

    def tries(self) -> list[str]:
        with self.bridge.engine.begin() as connection:
            return list(connection.execute(select(login_tries.c.key)).scalars())

    def public(self, url: str) -> None:
        """We are called by this address from now on."""
        self.bridge.settings = replace(self.bridge.settings, public_url=url)


@contextmanager
def front(url: str, more: str = "", *, policy: str = POLICY) -> Iterator[Front]:
    """The way in opens, on an empty database; `more` stands in the provider's table."""
    clock = SimulatedClock(START)
    with Sandbox(clock) as sandbox:
        sandbox.oidc.add_client("bridge", SECRET, BACK)
        text = policy.replace("{oidc}", sandbox.oidc_url).replace("{more}", more)
        bridge = Bridge(parse(text, {"ACME_SECRET": SECRET}), url, now=clock)
        yield Front(bridge, sandbox, clock)
        bridge.close()


Opens = Callable[..., Front]


def leave(visitor: Visitor, wanted: str = "") -> str:
    """Somebody presses the provider's button; where they are sent."""
    answer = visitor.get("/sign-in/acme/start", query_string={"next": wanted} if wanted else {})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def consent(there: str) -> str:
    """They say yes there; the path on which they come back."""
    answer = requests.get(there, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def sign_in(visitor: Visitor, wanted: str = "") -> TestResponse:
    """All the way there and back."""
    return visitor.get(consent(leave(visitor, wanted)))


def asked(address: str) -> dict[str, str]:
    """What stands in a query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
