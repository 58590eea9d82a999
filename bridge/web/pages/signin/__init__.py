"""Signing in and out."""

from __future__ import annotations

import structlog
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from bridge.settings.login import LoginSection, picture
from bridge.store import users
from bridge.web.pages.here import bridge, public, signed_in
from bridge.web.pages.signin import account, federated, throttle
from bridge.web.pages.signin.sessions import NEXT, leave, let_in, remember

log = structlog.get_logger()


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("signin", __name__)
    routes.context_processor(lambda: {"providers": providers})

    @routes.get("/sign-in")
    @public
    def show() -> str | Response:
        if signed_in():
            return redirect(url_for("pages.inbox.show"))
        remember(request.args.get(NEXT, ""))
        return render_template("signin/show.html")

    @routes.get("/sign-in/link/<token>")
    @public
    def link(token: str) -> str:
        """A GET uses nothing up, for mail scanners follow links before people do."""
        return render_template("signin/link.html", token=token)

    @routes.post("/sign-in/link/<token>")
    @public
    def use(token: str) -> tuple[str, int] | Response:
        key = throttle.of("link", token)
        if length := throttle.pause(key):
            return throttle.wait(length)
        with bridge().engine.begin() as connection:
            user = users.use_link(connection, token, bridge().now())
        if user is None:
            throttle.failed(key)
            log.warning("not signed in", by="link", why="used already, over, or no link at all")
            return render_template("signin/show.html", trouble="link"), 403
        return let_in(user, via="link")

    @routes.post("/sign-out")
    @public
    def out() -> Response:
        return leave(redirect(url_for("pages.signin.show"), code=303))

    federated.add(routes)
    account.add(routes)
    return routes


def providers() -> list[tuple[str, str, str]]:
    """By whom people may sign in: name, label, picture."""
    found = bridge().settings.login.items()
    return [(name, _label(name, section), picture(section)) for name, section in found]


def _label(name: str, section: LoginSection) -> str:
    return section.label or name.replace("-", " ").replace("_", " ").title()
