"""Removing a team: what that means is told first."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from msgspec.structs import replace
from werkzeug.wrappers import Response

from bridge.store import teams
from bridge.teamcheck import in_file
from bridge.web.pages.admin.teams_named import wanted
from bridge.web.pages.here import bridge, note
from bridge.work.policy import notice_change


def add(routes: Blueprint) -> None:
    """The question, and the deed."""
    routes.add_url_rule("/admin/teams/remove", "ask_remove", _ask)
    routes.add_url_rule("/admin/teams/remove", "remove", _remove, methods=["POST"])


def _ask() -> str:
    with bridge().engine.begin() as connection:
        team, roster = wanted(connection)
        live = teams.live_alerts(connection).get(team.name, 0)
    return render_template(
        "teams/remove.html",
        team=team,
        live=live,
        below=[one.name for one in roster.teams if one.parent == team.name],
        named=in_file(bridge().settings, team.name),
        default_team=bridge().settings.default_team,
    )


def _remove() -> Response:
    with bridge().engine.begin() as connection:
        teams.lock(connection)
        team, roster = wanted(connection)
        if places := in_file(bridge().settings, team.name):
            why = gettext(
                "bridge.toml names %(team)s (%(places)s): change the file first.",
                team=team.name,
                places=", ".join(places),
            )
            flash(why, "error")
            return redirect(url_for(".team", team=team.name), 303)
        for one in roster.teams:
            if one.parent == team.name:
                moved = replace(one, parent=team.parent)
                teams.save(connection, [moved])
                note(connection, "team changed", f"team:{one.name}", before=one, after=moved)
        teams.remove(connection, [team.name])
        note(connection, "team removed", f"team:{team.name}", before=team)
    notice_change(bridge())
    flash(gettext("%(team)s is removed.", team=team.name))
    return redirect(url_for(".show"), 303)
