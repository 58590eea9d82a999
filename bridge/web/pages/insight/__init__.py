"""`/insight`: how the loop is kept, what goes wrong and why, what helps, and whom to coach; and all of it as files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext
from sqlalchemy import Connection

from bridge.insight.causes import causes
from bridge.insight.coaching import coaching
from bridge.insight.effect import effect
from bridge.insight.intervals import FEW
from bridge.insight.levels import levels
from bridge.insight.noise import noise
from bridge.insight.periods import KINDS
from bridge.insight.recovery import recovery
from bridge.insight.reports import REPORTS
from bridge.insight.response import response
from bridge.insight.satisfaction import satisfaction
from bridge.insight.shadow import shadow
from bridge.insight.tables import as_csv
from bridge.store.figures.associates import lines
from bridge.web.pages.here import bridge
from bridge.web.pages.insight import drawn, metrics, shown, wording
from bridge.web.pages.insight.asking import Asked, asked
from bridge.web.pages.links import ticket_link

ROWS = 50
"""Lines of a long table on one page; a file has them all."""

Given = dict[str, Any]


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("insight", __name__, url_prefix="/insight")

    @routes.get("")
    def show() -> Answer:
        return _page("response", _response)

    @routes.get("/causes")
    def why() -> Answer:
        return _page("causes", _causes)

    @routes.get("/satisfaction")
    def satisfied() -> Answer:
        return _page("satisfaction", _satisfaction)

    @routes.get("/effect")
    def helped() -> Answer:
        return _page("effect", _effect)

    @routes.get("/levels")
    def teams() -> Answer:
        return _page("levels", _levels)

    @routes.get("/coaching")
    def associates() -> Answer:
        return _page("coaching", _coaching)

    @routes.get("/rules")
    def rules() -> Answer:
        return _page("rules", _rules)

    @routes.get("/shadow")
    def in_shadow() -> Answer:
        return _page("shadow", _shadow)

    @routes.get("/recovery")
    def recovered() -> Answer:
        return _page("recovery", _recovery)

    metrics.add(routes)

    @routes.get("/<page>/<name>.csv")
    def file(page: str, name: str) -> Response:
        if page not in REPORTS:
            abort(404)
        with bridge().engine.begin() as connection:
            wanted = asked(connection)
            tables = REPORTS[page](connection, wanted.choice, bridge().now())
        found = next((one for one in tables if one.name == name), None)
        if found is None or wanted.trouble:
            abort(404)
        period = wanted.choice.period
        called = f"{name}-{period.first}-{period.last}.csv"
        return Response(
            as_csv(found).encode("utf-8-sig"),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{called}"'},
        )

    return routes


Answer = tuple[str, int]
Reckon = Callable[[Connection, Asked, datetime], Given]


def _page(name: str, reckon: Reckon) -> Answer:
    """A page of figures; with wrong dates the usual period is shown, and what is wrong is said."""
    now = bridge().now()
    with bridge().engine.begin() as connection:
        wanted = asked(connection)
        given = reckon(connection, wanted, now)
    html = render_template(
        f"insight/{name}.html",
        page=name,
        asked=wanted,
        choice=wanted.choice,
        period=wanted.choice.period,
        kinds=KINDS,
        shown=shown,
        wording=wording,
        few=FEW,
        **given,
    )
    return html, 400 if wanted.trouble or wanted.unclear else 200


def _response(connection: Connection, wanted: Asked, now: datetime) -> Given:
    found = response(connection, wanted.choice, now)
    step = wanted.choice.period.step
    figures = [drawn.in_time(found, step)]
    if found.answered.unhappy:
        figures.append(drawn.answered(found, step))
    return {"found": found, "figures": figures}


def _causes(connection: Connection, wanted: Asked, now: datetime) -> Given:
    found = causes(connection, wanted.choice, now)
    step = wanted.choice.period.step
    figures = [draw(found, step) for draw in (drawn.severities, drawn.causes)]
    shares = [draw(found, step) for draw in (drawn.alerted, drawn.low)]
    return {"found": found, "figures": figures, "shares": shares}


def _satisfaction(connection: Connection, wanted: Asked, now: datetime) -> Given:
    found = satisfaction(connection, wanted.choice, now)
    return {"found": found, "figures": [drawn.satisfied(found, wanted.choice.period.step)]}


def _effect(connection: Connection, wanted: Asked, now: datetime) -> Given:
    found = effect(connection, wanted.choice, now)
    figures = [drawn.low_over_time(found, wanted.choice.period.step)]
    return {"found": found, "figures": figures, "to_day": lambda day: wanted.href(changed=str(day))}


def _levels(connection: Connection, wanted: Asked, now: datetime) -> Given:
    found = levels(connection, wanted.choice, now)
    return {
        "found": found,
        "to_team": lambda name: wanted.href(team=name, agent=""),
        "to_agent": lambda agent: wanted.href(agent=agent),
        "nobody": lambda name: name or gettext("Nobody"),
        **_cut(len(found.employees.rows)),
    }


def _coaching(connection: Connection, wanted: Asked, now: datetime) -> Given:
    del now
    found = coaching(connection, wanted.choice)
    cases = []
    before = request.args.get("before", type=int)
    if wanted.choice.agent:
        cases = lines(connection, wanted.choice.scope, ROWS + 1, before)
    return {"found": found, "cases": cases, **_cut(len(found.associates.rows))}


def _rules(connection: Connection, wanted: Asked, now: datetime) -> Given:
    return {"found": noise(connection, wanted.choice, now)}


def _shadow(connection: Connection, wanted: Asked, now: datetime) -> Given:
    found = shadow(connection, wanted.choice, now)
    figures = [drawn.in_shadow(found, wanted.choice.period.step)]
    return {"found": found, "figures": figures, "link": ticket_link}


def _recovery(connection: Connection, wanted: Asked, now: datetime) -> Given:
    found = recovery(connection, wanted.choice, now)
    return {"found": found, "figures": [drawn.became(found)]}


def _cut(many: int) -> Given:
    """Which lines of a long table are shown, and where the next begin."""
    begin = max(0, request.args.get("from", default=0, type=int))
    return {
        "begin": begin,
        "end": begin + ROWS,
        "rows": ROWS,
        "more": begin + ROWS if begin + ROWS < many else None,
    }
