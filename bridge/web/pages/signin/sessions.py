"""Who is signed in: the cookie holds a token, the database whose it is. A session that is ended there is ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from flask import redirect, request, session, url_for
from werkzeug.wrappers import Response

from bridge.domain.model import Member
from bridge.domain.viewing import Viewer, viewer
from bridge.store import people, users
from bridge.web.pages.here import bridge

COOKIE = "bridge_session"
LASTS = timedelta(days=14)
NEXT = "next"
"""Where somebody wanted to go before they had to sign in."""


def load() -> Viewer | None:
    """Who is signed in where this request comes from; None for nobody."""
    token = request.cookies.get(COOKIE, "")
    if not token:
        return None
    now = bridge().now()
    with bridge().engine.begin() as connection:
        user = users.signed_in(connection, token, now)
        if user is None:
            return None
        roster = people.roster(connection, since=now)
    who = Member(name=user.name, email=user.email)
    return viewer(who, user.role, user.teams, roster, now, user=user.id)


def let_in(user: users.User, *, via: str) -> Response:
    """Sign somebody in, and send them to where they wanted to go."""
    wanted = session.pop(NEXT, "") or request.values.get(NEXT, "")
    session.clear()  # nothing that somebody else put there before lives on
    with bridge().engine.begin() as connection:
        token = users.begin(
            connection,
            user.id,
            bridge().now(),
            LASTS,
            via=via,
            browser=request.headers.get("User-Agent", ""),
        )
    answer = redirect(wanted if ours(wanted) else url_for("pages.inbox.show"))
    answer.set_cookie(
        COOKIE,
        token,
        max_age=LASTS,
        httponly=True,
        samesite="Lax",
        secure=bridge().settings.public_url.startswith("https://"),
    )
    return answer


def leave(answer: Response, cookies: Mapping[str, str]) -> Response:
    """Sign out, here alone."""
    if token := cookies.get(COOKIE, ""):
        with bridge().engine.begin() as connection:
            users.end(connection, token)
    answer.delete_cookie(COOKIE)
    return answer


def ours(address: str) -> bool:
    """Whether an address is a path of our own pages, and no way to elsewhere."""
    parts = urlsplit(address)
    plain = address.startswith("/") and not address.startswith(("//", "/\\"))
    return plain and not parts.scheme and not parts.netloc and "\\" not in address
