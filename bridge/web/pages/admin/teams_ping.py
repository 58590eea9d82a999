"""*Send a test*: an alert marked as a test, told everywhere the team hears of alerts, and what became of it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from bridge.domain.model import Action, ConfigError, Undeliverable
from bridge.store import alerts, deliveries
from bridge.web.pages.admin.deliveries_words import channel_named
from bridge.web.pages.admin.teams_named import wanted
from bridge.web.pages.admin.teams_vendors import seats, slack, vendors
from bridge.web.pages.here import bridge, note
from bridge.work.drill import drill
from connectors.channels.slack_list import permalink

SLACK = "slack"


def add(routes: Blueprint) -> None:
    """Sending a test, and looking at what became of it."""
    routes.add_url_rule("/admin/teams/test", "ping", _ping, methods=["POST"])
    routes.add_url_rule("/admin/teams/test", "pinged", _pinged)


def _ping() -> Response:
    with bridge().engine.begin() as connection:
        team, _ = wanted(connection)
    try:
        rows = drill(bridge(), team.name)
    except ConfigError as error:
        flash(gettext("The test can't be sent: %(why)s", why=str(error)), "error")
        return redirect(url_for(".team", team=team.name))
    with bridge().engine.begin() as connection:
        note(connection, "team tested", f"team:{team.name}")
    if not rows:
        flash(gettext("Nobody hears of alerts of this team: its routes lead nowhere."), "warning")
        return redirect(url_for(".team", team=team.name))
    return redirect(url_for(".pinged", team=team.name, alert=rows[0].alert), 303)


def _pinged() -> str:
    number = request.args.get("alert", 0, int)
    with bridge().engine.begin() as connection:
        found = alerts.find(connection, number)
        rows = deliveries.of_alert(connection, number)
    if found is None or not rows or not found.subject.startswith("test:"):
        abort(404)
    return render_template(
        "teams/pinged.html",
        channel_named=channel_named,
        alert=found,
        rows=rows,
        seat=seats(vendors().rooms())(next((row.to for row in rows if row.channel == SLACK), "")),
        link=_link(rows),
        waiting=any(row.state in (deliveries.WAITING, deliveries.SENDING) for row in rows),
        failed=any(row.state in (deliveries.FAILED, deliveries.HELD) for row in rows),
    )


def _link(rows: list[deliveries.Row]) -> str:
    """Where the message is; "" if it isn't in Slack."""
    for row in rows:
        if row.channel == SLACK and row.action is Action.POST and row.receipt:
            try:
                return permalink(slack(bridge()), row.receipt.to, row.receipt.ref)
            except (ConfigError, Undeliverable):
                return f"https://slack.com/app_redirect?channel={row.receipt.to}"
    return ""
