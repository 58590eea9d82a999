"""Signing in by a provider of OpenID Connect: there, and back."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import msgspec
import structlog
from flask import (
    Blueprint,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from msgspec import Struct
from werkzeug.wrappers import Response

from bridge.domain.model import ConfigError
from bridge.settings.login import LoginSection, client_id
from bridge.store import audit, users
from bridge.web.pages.here import bridge, public
from bridge.web.pages.signin import throttle
from bridge.web.pages.signin.admission import Admission, address, admit
from bridge.web.pages.signin.provider import Departure, Provider, ProviderError
from bridge.web.pages.signin.sessions import NEXT, let_in, remember

log = structlog.get_logger()

LASTS = timedelta(minutes=10)
"""How long somebody may be at the provider."""

_LEFT = "left"
_KEY = "alert-bridge-providers"


class Left(Struct, frozen=True, kw_only=True):
    """Somebody has left for a provider; kept in the signed cookie of their browser."""

    name: str
    at: float  # seconds since 1970
    state: str
    nonce: str
    verifier: str


def add(routes: Blueprint) -> None:
    """Add the routes."""

    @routes.get("/sign-in/<name>/start")
    @public
    def start(name: str) -> Response | tuple[str, int]:
        section = _section(name)
        if length := throttle.pause():
            return throttle.wait(length)
        remember(request.args.get(NEXT, ""))
        now = bridge().now()
        try:
            there, leaving = _provider(name, section).departure(_back(name), now)
        except ProviderError as error:
            return _told(name, error)
        left = Left(
            name=name,
            at=now.timestamp(),
            state=leaving.state,
            nonce=leaving.nonce,
            verifier=leaving.verifier,
        )
        session[_LEFT] = msgspec.to_builtins(left)
        return redirect(there)

    @routes.get("/sign-in/<name>/callback")
    @public
    def callback(name: str) -> Response | tuple[str, int]:
        section, left = _section(name), _left(name)
        if length := throttle.pause():
            return throttle.wait(length)
        if left is None:
            return _refused(name, "late", "nobody left from this browser, or too long ago")
        departure = Departure(state=left.state, nonce=left.nonce, verifier=left.verifier)
        try:
            provider = _provider(name, section)
            claims = provider.arrival(request.args, departure, _back(name), bridge().now())
        except ProviderError as error:
            if error.kind == "wrong":
                throttle.failed()
            return _told(name, error)
        return _come(name, section, claims)


def _come(
    name: str, section: LoginSection, claims: dict[str, object]
) -> Response | tuple[str, int]:
    email = address(section, claims)
    key = throttle.of("email", email)
    if email and (length := throttle.pause(key)):
        return throttle.wait(length)
    with bridge().engine.begin() as connection:
        known = users.by_email(connection, email) if email else None
        found = admit(section, claims, known)
        if isinstance(found, Admission):
            now = bridge().now()
            user = users.save(
                connection, found.email, found.role, now, name=found.name, teams=found.teams
            )
            if known is None or (known.role, known.name) != (user.role, user.name):
                audit.write(
                    connection,
                    now,
                    who=user.email,
                    via=f"sign-in by {name}",
                    what="user changed" if known else "user added",
                    object=f"user:{user.email}",
                    before=known and users.told(known),
                    after=users.told(user),
                )
    if isinstance(found, str):
        throttle.failed(*([key] if email else []))
        return _refused(name, found, found)
    return let_in(user, via=name)


def _section(name: str) -> LoginSection:
    section = bridge().settings.login.get(name)
    if section is None:
        abort(404)
    return section


def _provider(name: str, section: LoginSection) -> Provider:
    """The provider, made when it is first wanted. Raises ProviderError where its secret is missing."""
    made = cast("dict[str, Provider]", current_app.extensions.setdefault(_KEY, {}))
    if name not in made or made[name].section is not section:
        settings = bridge().settings
        try:
            secret = settings.secret(section.client_secret) if section.client_secret else ""
        except ConfigError as error:
            raise ProviderError("away", str(error)) from None
        made[name] = Provider(section, client_id(settings.env, section), secret)
    return made[name]


def _back(name: str) -> str:
    """Where the provider sends people, as it is registered there."""
    path = url_for("pages.signin.callback", name=name)
    base = bridge().settings.public_url or request.host_url.rstrip("/")
    return base + path


def _left(name: str) -> Left | None:
    """Who left from this browser for this provider, not too long ago; forgotten with that."""
    try:
        left = msgspec.convert(session.pop(_LEFT, None), Left)
    except msgspec.ValidationError:
        return None
    gone = bridge().now().timestamp() - left.at
    return left if left.name == name and 0 <= gone <= LASTS.total_seconds() else None


def _told(name: str, error: ProviderError) -> tuple[str, int]:
    return _refused(name, error.kind, str(error))


def _refused(name: str, trouble: str, why: str) -> tuple[str, int]:
    """The page to sign in on, with what went wrong."""
    log.warning("not signed in", by=name, why=why)
    status = 503 if trouble == "away" else 403
    return render_template("signin/show.html", trouble=trouble, tried=name), status
