"""Slack as one person sees it: modals in front, home tab, whispers; and buttons that really press."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for

from bridge.sandbox import slack_inputs
from bridge.sandbox.slack import Impossible, Slack, SlackError, User, View

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as Answer

    from bridge.sandbox.wire import Json


def create(slack: Slack) -> Blueprint:
    """The routes below /people, for the sandbox's pages."""
    routes = Blueprint("people", __name__, url_prefix="/people")

    @routes.get("/<user>")
    def person(user: str) -> str:
        found = slack.users.get(user) or abort(404)
        with slack.lock:
            stack = slack.views.stack(user)
            return render_template(
                "person.html",
                found=found,
                stack=stack[::-1],
                home=slack.home(user),
                whispers=slack.ephemerals(user=user)[-20:],
                channels=[one for one in slack.channels.values() if slack.is_in(user, one)],
                people=people(slack),
                options=slack_inputs.options,
                moment=_moment,
                **({"refresh": None} if stack else {}),
            )

    @routes.post("/<user>/touch")
    def touch(user: str) -> Answer:
        form = request.form
        place, channel = form["place"], form.get("channel") or None
        if form.get("option"):
            slack.choose(user, place, form["option"], action_id=form["action"], channel=channel)
        else:
            slack.press(user, place, form["action"], form.get("value") or None, channel=channel)
        if channel is None or slack.modal(user) is not None:
            return _back(user)
        return redirect(f"{url_for('channel', channel=channel)}?{urlencode({'as': user})}", 303)

    @routes.post("/<user>/views/<view>")
    def submit(user: str, view: str) -> Answer:
        if request.form.get("close"):
            slack.close(user, view)
            return _back(user)
        found = slack.views.find(view) or abort(404)
        slack.submit(user, view, _entered(found))
        return _back(user)

    @routes.post("/<user>/command")
    def command(user: str) -> Answer:
        slack.command(user, "/alerts", request.form.get("text", ""), request.form["channel"])
        return _back(user)

    @routes.post("/<user>/home")
    def open_home(user: str) -> Answer:
        slack.open_home(user)
        return _back(user)

    @routes.errorhandler(Impossible)
    @routes.errorhandler(SlackError)
    def impossible(error: Exception) -> Response:
        return Response(f"{error}\n", 409, content_type="text/plain; charset=utf-8")

    return routes


def people(slack: Slack) -> list[User]:
    """Those who have hands."""
    return [one for one in slack.users.values() if not one.is_bot]


def _back(user: str) -> Answer:
    return redirect(url_for("people.person", user=user), 303)


def _entered(view: View) -> Json:
    """What stands in the form, by block_id."""
    fields = [one for one in view.blocks if one["type"] == "input"]
    return {one["block_id"]: _value(one["block_id"], one["element"]["type"]) for one in fields}


def _value(name: str, kind: str) -> Any:
    if kind.startswith("multi_") or kind == "checkboxes":
        return request.form.getlist(name)
    given = request.form.get(name) or None
    if kind == "datetimepicker" and given is not None:
        return int(datetime.fromisoformat(given).replace(tzinfo=UTC).timestamp())
    return given


def _moment(seconds: int | None) -> str:
    """Epoch seconds as a browser's field wants them, in UTC."""
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M}"
