"""`/inbox`: the alerts that wait, most urgent first."""

from __future__ import annotations

from flask import Blueprint, render_template

from bridge.store import cases
from bridge.web.pages.here import bridge, viewer


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("inbox", __name__)

    @routes.get("/inbox")
    def show() -> str:
        with bridge().engine.begin() as connection:
            page = cases.page(connection, viewer(), cases.Filter())
        return render_template("inbox/show.html", page=page)

    return routes
