"""`/account`: who I am here, what I see, and where I am signed in."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from bridge.store import users
from bridge.web.pages.here import bridge, viewer
from bridge.web.pages.signin.browsers import browser
from bridge.web.pages.signin.sessions import forgotten, held


def add(routes: Blueprint) -> None:
    """Add the routes."""

    @routes.get("/account")
    def account() -> str:
        now, settings = bridge().now(), bridge().settings
        with bridge().engine.begin() as connection:
            user = users.find(connection, viewer().user)
            found = users.sessions_of(connection, viewer().user, now, settings.sessions.idle)
        if user is None:
            abort(404)
        return render_template(
            "signin/account.html",
            user=user,
            sessions=found,
            here=users.digest(held()),
            browser=browser,
            limits=settings.sessions,
        )

    @routes.post("/account/sessions/<known>/end")
    def end(known: str) -> Response:
        with bridge().engine.begin() as connection:
            if not users.end_one(connection, viewer().user, known):
                abort(404)
        if known == users.digest(held()):
            return forgotten(redirect(url_for("pages.signin.show"), code=303))
        flash(gettext("Signed out there."))
        return redirect(url_for("pages.signin.account"), code=303)

    @routes.post("/account/sign-out-everywhere")
    def everywhere() -> Response:
        with bridge().engine.begin() as connection:
            many = users.end_all(connection, viewer().user)
        answer = forgotten(redirect(url_for("pages.signin.show"), code=303))
        flash(ngettext("Signed out of %(num)s browser.", "Signed out of %(num)s browsers.", many))
        return answer
