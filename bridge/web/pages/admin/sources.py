"""`/admin/sources`: how it goes with every connection, with what needs attention first."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask_babel import gettext

from bridge.checkup import ask, asked
from bridge.domain.model import BridgeError
from bridge.domain.routing import SLACK
from bridge.domain.viewing import Role
from bridge.setup import side
from bridge.store import arrivals
from bridge.web.pages.admin.deliveries_words import channel_named
from bridge.web.pages.admin.policy_said import exact
from bridge.web.pages.admin.sources_look import look, notices
from bridge.web.pages.here import bridge, require
from bridge.web.pages.times import lasting
from connectors import Found


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("sources", __name__)
    routes.before_request(lambda: require(Role.ADMIN))

    @routes.get("/admin/sources")
    def show() -> str:
        return _page({})

    @routes.post("/admin/sources/<name>/check")
    def check(name: str) -> str:
        settings = bridge().settings
        if name in settings.desks or (name == SLACK and settings.slack):
            found = _vendors(name)
        elif name in asked(settings):
            found = _channel(name)
        elif name in settings.sources:
            found = _own(name)
        else:
            abort(404)
        return _page({name: found})

    return routes


def _page(checked: dict[str, list[Found]]) -> str:
    now = bridge().now()
    with bridge().engine.begin() as connection:
        found = look(bridge(), connection)
    return render_template(
        "sources/show.html",
        found=found,
        notices=notices(found, now),
        checked=checked,
        channel_named=channel_named,
        exact=exact,
        now=now,
    )


def _vendors(name: str) -> list[Found]:
    """What the vendor says of us: credentials, scopes, webhooks, channels. Changes nothing."""
    try:
        made = side(bridge().settings, name, _channels)
        return list(made.inspect(bridge().now())) if made else [_no_token(name)]
    except BridgeError as error:
        return [Found(False, name, str(error))]


def _channel(name: str) -> list[Found]:
    """Whether a mail server or Twilio would send for us. Sends nothing."""
    try:
        return ask(bridge().settings, name, bridge().budget, bridge().now)
    except BridgeError as error:
        return [Found(False, name, str(error))]


def _no_token(name: str) -> Found:
    return Found(False, gettext("%(name)s has no token", name=name), "docs/setup-slack.md")


def _channels() -> dict[str, str]:
    with bridge().engine.begin() as connection:
        return {team.name: team.slack_channel for team in bridge().teams(connection)}


def _own(name: str) -> list[Found]:
    """What we know of a source ourselves: nobody can be asked whether they call us."""
    settings = bridge().settings
    setting = settings.sources[name]
    found = []
    if setting.unsigned:
        found.append(Found(True, gettext("It takes anything: nobody has to prove who calls.")))
    elif not setting.polled:
        try:
            settings.secrets(setting.secret, name)
            found.append(Found(True, gettext("Its secret is set.")))
        except BridgeError as error:
            found.append(Found(False, gettext("Its secret is missing."), str(error)))
    if not setting.polled and not settings.public_url:
        fix = gettext("Set PUBLIC_URL to the address under which others call us.")
        found.append(Found(False, gettext("Nobody knows where to call."), fix))
    with bridge().engine.begin() as connection:
        last = arrivals.heard(connection, [name], bridge().now())[name].last_at
    if last:
        said = gettext("The last came %(time)s ago.", time=lasting(bridge().now() - last))
        found.append(Found(True, said))
    else:
        fix = gettext("Send a test from the other side.")
        found.append(Found(False, gettext("Nothing has come in yet."), fix))
    return found
