"""`/admin/deliveries`: what could not be sent and why, to be tried again or given up."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from bridge.domain.routing import EMAIL, SLACK, SMS
from bridge.domain.viewing import Role
from bridge.store import deliveries, outgoing
from bridge.web.pages.admin.deliveries_words import ACTIONS, STATES, channel_named, way_out
from bridge.web.pages.here import bridge, note, require
from bridge.work.queue import wake_deliveries


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("deliveries", __name__)
    routes.before_request(lambda: require(Role.ADMIN))

    @routes.get("/admin/deliveries")
    def show() -> str:
        state, channel = _chosen(request.args.get("state", "")), request.args.get("channel", "")
        states = (state,) if state else outgoing.TROUBLED
        with bridge().engine.begin() as connection:
            rows, after = outgoing.page(connection, states, channel, _after())
            counts = outgoing.counts(connection)
            reasons = outgoing.reasons(connection) if counts.get(deliveries.FAILED) else []
        return render_template(
            "deliveries/show.html",
            rows=rows,
            after=f"{after.state}:{after.id}" if after else "",
            counts=counts,
            reasons=reasons,
            state=state,
            channel=channel,
            channels=_channels(),
            states=STATES,
            actions=ACTIONS,
            way_out=way_out,
            channel_named=channel_named,
            now=bridge().now(),
        )

    @routes.post("/admin/deliveries/<int:number>/retry")
    def retry(number: int) -> Response:
        with bridge().engine.begin() as connection:
            found = outgoing.find(connection, [number])
            if not found:
                abort(404)
            done = _retried(connection, [number])
            if done:
                note(
                    connection,
                    "delivery retried",
                    f"delivery:{number}",
                    before=outgoing.noted(found[0]),
                    after=outgoing.noted(found[0]) | {"state": deliveries.WAITING},
                )
        if done:
            flash(gettext("It is tried again now."))
        else:
            flash(gettext("It was not tried again: it is under way, done, or given up."), "warning")
        return _back()

    @routes.post("/admin/deliveries/<int:number>/drop")
    def drop(number: int) -> Response:
        with bridge().engine.begin() as connection:
            found = outgoing.find(connection, [number])
            if not found:
                abort(404)
            ids, behind = outgoing.drop(connection, [number])
            wake_deliveries(connection, behind)
            if ids:
                before = outgoing.noted(found[0])
                after = before | {"state": outgoing.DROPPED}
                note(
                    connection,
                    "delivery dropped",
                    f"delivery:{number}",
                    before=before,
                    after=after,
                )
        if ids:
            flash(gettext("It is given up for good; what waited behind it goes on."))
        else:
            flash(gettext("It was not given up: it is under way or done."), "warning")
        return _back()

    @routes.post("/admin/deliveries/retry-all")
    def retry_all() -> Response:
        channel, reason = request.form.get("channel", ""), request.form.get("reason", "")
        with bridge().engine.begin() as connection:
            ids = outgoing.failed_for(connection, channel, reason)
            many = len(_retried(connection, ids))
            if many:
                note(
                    connection,
                    "deliveries retried",
                    f"channel:{channel}",
                    before={"reason": reason},
                    after={"retried": many},
                )
        flash(ngettext("%(num)d is tried again now.", "%(num)d are tried again now.", many))
        return _back()

    return routes


def _retried(connection: Connection, ids: list[int]) -> list[int]:
    """Have them tried again; those that are."""
    done = deliveries.retry(connection, ids, bridge().now())
    wake_deliveries(connection, done)
    return done


def _chosen(state: str) -> str:
    return state if state in outgoing.STATES else ""


def _after() -> outgoing.After | None:
    state, _, number = request.args.get("after", "").partition(":")
    return outgoing.After(state, int(number)) if number.isdecimal() else None


def _channels() -> list[str]:
    settings = bridge().settings
    people = ((SLACK, settings.slack), (EMAIL, settings.email), (SMS, settings.sms))
    return [*settings.desks, *(name for name, there in people if there)]


def _back() -> Response:
    """To the list as it was filtered."""
    state, channel = request.args.get("state") or None, request.args.get("channel") or None
    return redirect(url_for("pages.deliveries.show", state=state, channel=channel), 303)
