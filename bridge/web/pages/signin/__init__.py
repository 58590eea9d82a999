"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from bridge.store import users
from bridge.web.pages.here import bridge, public, signed_in
from bridge.web.pages.signin.sessions import leave, let_in


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("signin", __name__)

    @routes.get("/sign-in")
    @public
    def show() -> str | Response:
        if signed_in():
            return redirect(url_for("pages.inbox.show"))
        return render_template("signin/show.html")

    @routes.get("/sign-in/link/<token>")
    @public
    def link(token: str) -> str:
        """A GET uses nothing up, for mail scanners follow links before people do."""
        return render_template("signin/link.html", token=token)

    @routes.post("/sign-in/link/<token>")
    @public
    def use(token: str) -> tuple[str, int] | Response:
        with bridge().engine.begin() as connection:
            user = users.use_link(connection, token, bridge().now())
        if user is None:
            return render_template("signin/show.html", trouble="link"), 403
        return let_in(user, via="link")

    @routes.post("/sign-out")
    @public
    def out() -> Response:
        session.clear()
        return leave(redirect(url_for("pages.signin.show")), request.cookies)

    return routes
