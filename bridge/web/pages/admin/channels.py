"""Choosing a team's Slack channel by its name. The bot joins a public one; for a private one it has to be invited."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from msgspec.structs import replace
from werkzeug.wrappers import Response

from bridge.domain.model import ConfigError, Team, Undeliverable
from bridge.store import teams
from bridge.teamcheck import faults
from bridge.web.pages.admin.teams_named import wanted
from bridge.web.pages.admin.teams_vendors import Told, slack, vendors
from bridge.web.pages.admin.teams_words import said
from bridge.web.pages.here import bridge, note
from bridge.web.pages.times import lasting
from connectors.channels.slack_list import Room, Rooms, join
from connectors.channels.slack_refusals import Refusal

PER_PAGE = 50
PAGES = 3
MOST_PAGES = 30
"""As many calls as that; a workspace has hardly more channels than they list."""


def add(routes: Blueprint) -> None:
    """Looking for a channel, and choosing one."""
    routes.add_url_rule("/admin/teams/channel", "channel", _look)
    routes.add_url_rule("/admin/teams/channel", "choose", _choose, methods=["POST"])


def trouble(told: Told[Rooms]) -> str:
    """Why there are no names, and what helps."""
    why = told.trouble
    if told.late:
        return str(gettext("Slack has not answered yet: look again in a moment."))
    if isinstance(why, ConfigError):
        return str(gettext("Slack is not connected: %(why)s", why=str(why)))
    if isinstance(why, Refusal) and why.code == "missing_scope":
        return str(
            gettext(
                "The app may not list channels. In Slack, under OAuth & Permissions, add the scopes channels:read and"
                " groups:read, and install the app again. Until then channels are written as ids."
            )
        )
    if isinstance(why, Undeliverable) and why.retry_after is not None:
        return str(
            gettext(
                "Slack can’t be asked now: %(why)s. It works again in about %(time)s.",
                why=str(why),
                time=lasting(why.retry_after),
            )
        )
    return str(gettext("Slack can’t be asked: %(why)s", why=str(why))) if why else ""


def _look() -> str:
    if request.args.get("again"):
        vendors().forget_rooms()
    return _page()


def _page(typed: str = "", wrong: str = "") -> str:
    with bridge().engine.begin() as connection:
        team, roster = wanted(connection)
    pages = min(max(request.args.get("pages", PAGES, int), 1), MOST_PAGES)
    told = vendors().rooms(pages)
    listed = told.value or Rooms()
    words = request.args.get("q", "").strip().lstrip("#").casefold()
    found = [one for one in listed.found if words in one.name.casefold()]
    first = max(0, request.args.get("after", 0, int))
    return render_template(
        "teams/channel.html",
        team=team,
        rooms=found[first : first + PER_PAGE],
        many=len(found),
        all=len(listed.found),
        more=first + PER_PAGE if first + PER_PAGE < len(found) else None,
        further=pages + PAGES if listed.cursor and pages < MOST_PAGES else None,
        unseen=listed.unseen,
        q=request.args.get("q", ""),
        pages=pages,
        trouble=trouble(told),
        used_by=_used_by(roster.teams),
        typed=typed or team.slack_channel,
        wrong=wrong,
    )


def _used_by(known: tuple[Team, ...]) -> dict[str, list[str]]:
    """Which teams have each channel."""
    found: dict[str, list[str]] = {}
    for team in known:
        found.setdefault(team.slack_channel, []).append(team.name)
    return found


def _choose() -> Response | tuple[str, int]:
    channel = request.form.get("channel", "").strip()
    if not channel:
        abort(400)
    with bridge().engine.begin() as connection:
        teams.lock(connection)
        team, _ = wanted(connection)
        changed = replace(team, slack_channel=channel)
        found = [one for one in faults(bridge().settings, changed) if one.field == "slack_channel"]
        if not found and changed != team:
            teams.save(connection, [changed])
            note(connection, "team changed", f"team:{team.name}", before=team, after=changed)
    if found:
        return _page(channel, said(found[0])), 400
    _joined(team, channel)
    return redirect(url_for(".team", team=team.name), 303)


def _joined(team: Team, channel: str) -> None:
    """Let the bot be there if it can, and tell what came of it."""
    listed = (vendors().rooms().value or Rooms()).found
    room = next((one for one in listed if one.id == channel), None)
    said = {"team": team.name, "channel": f"#{room.name}" if room else channel}
    if room and room.joined:
        flash(
            gettext(
                "%(team)s hears of alerts in %(channel)s. The bot is in it: send a test.", **said
            )
        )
        return
    try:
        there: Room = join(slack(bridge()), channel)
    except ConfigError as error:
        flash(gettext("%(team)s has the channel %(channel)s.", **said))
        flash(gettext("Slack is not connected: %(why)s", why=str(error)), "warning")
    except Undeliverable:
        flash(gettext("%(team)s has the channel %(channel)s.", **said))
        flash(
            gettext(
                "The bot could not join it. In the channel, write: /invite @Alert Bridge. Then send a test."
            ),
            "warning",
        )
    else:
        vendors().forget_rooms()
        said["channel"] = f"#{there.name}"
        flash(
            gettext(
                "%(team)s hears of alerts in %(channel)s. The bot has joined it: send a test.",
                **said,
            )
        )
