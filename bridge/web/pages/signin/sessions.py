"""Who is signed in: the cookie holds a token, the database whose it is. A session that is ended there is ended."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from flask import redirect, request, session, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from bridge.domain.model import Member
from bridge.domain.viewing import Viewer, viewer
from bridge.settings import Settings
from bridge.store import people, users
from bridge.web.pages.here import bridge

COOKIE = "bridge_session"
SECURE_COOKIE = "__Host-bridge"
"""Over HTTPS: browsers take a cookie of this name from this very host alone, never from one beside it."""

NEXT = "next"
"""Where somebody wanted to go before they had to sign in."""


def load() -> Viewer | None:
    """Who is signed in where this request comes from; None for nobody."""
    token = held()
    if not token:
        return None
    now = bridge().now()
    with bridge().engine.begin() as connection:
        user = users.signed_in(connection, token, now, bridge().settings.sessions.idle)
        return seen_as(connection, user, now) if user else None


def seen_as(connection: Connection, user: users.User, now: datetime) -> Viewer:
    """Somebody who may sign in, with all that they see."""
    roster = people.roster(connection, since=now)
    who = Member(name=user.name, email=user.email)
    hides = bridge().redaction
    return viewer(who, user.role, user.teams, roster, now, user=user.id, hides=hides)


def let_in(user: users.User, *, via: str) -> Response:
    """Sign somebody in, and send them to where they wanted to go."""
    wanted = session.pop(NEXT, "")
    session.clear()  # nothing that somebody else put there before lives on
    lasts = bridge().settings.sessions.lasts
    with bridge().engine.begin() as connection:
        if before := held():
            users.end(connection, before)
        token = users.begin(
            connection,
            user.id,
            bridge().now(),
            lasts,
            via=via,
            browser=request.headers.get("User-Agent", ""),
        )
    answer = redirect(wanted if ours(wanted) else url_for("pages.inbox.show"), code=303)
    secure = _secure(bridge().settings)
    answer.set_cookie(
        cookie(bridge().settings),
        token,
        max_age=lasts,
        httponly=True,
        samesite="Lax",
        secure=secure,
    )
    return answer


def leave(answer: Response) -> Response:
    """Sign out, here alone."""
    if token := held():
        with bridge().engine.begin() as connection:
            users.end(connection, token)
    return forgotten(answer)


def forgotten(answer: Response) -> Response:
    """Have the browser forget who was signed in."""
    session.clear()
    settings = bridge().settings
    answer.delete_cookie(cookie(settings), secure=_secure(settings), httponly=True, samesite="Lax")
    return answer


def held() -> str:
    """The token that the browser holds; "" for none."""
    return request.cookies.get(cookie(bridge().settings), "")


def cookie(settings: Settings) -> str:
    """What the cookie is called."""
    return SECURE_COOKIE if _secure(settings) else COOKIE


def remember(wanted: str) -> None:
    """Where somebody wants to go once they are signed in; elsewhere than to our own pages they aren't sent."""
    if ours(wanted):
        session[NEXT] = wanted


def ours(address: str) -> bool:
    """Whether an address is a path of our own, and no way to elsewhere: "//host", "/\\host", with blanks within."""
    if not address.startswith("/") or any(sign == "\\" or sign <= " " for sign in address):
        return False
    parts = urlsplit(address)
    return not address.startswith("//") and not parts.scheme and not parts.netloc


def _secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")
