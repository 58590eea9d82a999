"""`/inbox`: the alerts that wait, most urgent first, and what is done about many of them at once."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from bridge.domain.viewing import Role
from bridge.store import cases, people, tickets
from bridge.web.pages import snoozes
from bridge.web.pages.bulk import flashed
from bridge.web.pages.deeds import colleagues
from bridge.web.pages.filters import Asked, asked, chips, choices, totals
from bridge.web.pages.here import bridge, needs, viewer
from bridge.web.pages.rows import row
from bridge.work.acting import foreseen

PART = "Bridge-Part"
"""The header by which our script asks for the list alone, without the page around it."""

PAGE = 50


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("inbox", __name__)

    @routes.get("/inbox")
    def show() -> Response:
        shown = _shown(asked(request.args))
        if PART not in request.headers:
            return make_response(render_template("inbox/show.html", **shown))
        answer = make_response(render_template("inbox/live.html", **shown))
        answer.add_etag(weak=True)
        return answer.make_conditional(request)

    @routes.post("/inbox/bulk")
    @needs(Role.MANAGER)
    def bulk() -> Response:
        back = asked(MultiDict(_pairs(request.form.get("back", ""))))
        flashed(request.form)
        query = f"?{back.query}" if back.query else ""
        return redirect(url_for("pages.inbox.show") + query, 303)

    return routes


def _pairs(query: str) -> list[tuple[str, str]]:
    """What a query says. A browser sends back what we wrote; what is longer is none of ours."""
    return parse_qsl(query, max_num_fields=20) if query.count("&") < 20 else []


def _shown(wanted: Asked) -> dict[str, Any]:
    """All that the page shows."""
    now, who, hide = bridge().now(), viewer(), bridge().redaction
    with bridge().snapshot() as connection:
        tickets_meant = subjects(connection, wanted.said.get("ticket", ""))
        filter_ = wanted.filter(now, tickets_meant, hide)
        page = cases.page(connection, who, filter_, limit=PAGE, after=wanted.after)
        counts = cases.counts(connection, who, filter_, now)
        roster = people.roster(connection, since=now)
        soon = foreseen(connection, [case.alert for case in page.cases])
    return {
        "wanted": wanted,
        "rows": [row(case, alert, now, hide) for case, alert in zip(page.cases, soon, strict=True)],
        "counts": counts,
        "older": wanted.older(page.after) if page.after else "",
        "totals": totals(wanted, counts),
        "chips": list(chips(wanted, roster)),
        "choices": choices(wanted, counts, roster),
        "acts": who.may(Role.MANAGER),
        "colleagues": colleagues(roster),
        "presets": snoozes.PRESETS,
        "now": now,
    }


def subjects(connection: Connection, ticket: str) -> tuple[str, ...]:
    """The tickets that somebody may mean by one; one that there can't be where nothing is known of it."""
    if not ticket:
        return ()
    if ":" in ticket:
        return (ticket,)
    named = [found.id for found in tickets.named(connection, ticket)]
    return (*(f"{desk}:{ticket}" for desk in bridge().settings.desks), *named, ticket)
