"""Helpdesk groups and Jira projects that are no team's, and giving one to a team by one click."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext
from msgspec import Struct
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from bridge.domain.people import Roster
from bridge.store import teams, tickets
from bridge.web.pages.admin.teams_vendors import vendors
from bridge.web.pages.here import bridge, note
from bridge.work.policy import notice_change

LIKE = 0.6


class Unmapped(Struct, frozen=True, kw_only=True):
    """A group that is nobody's, how many tickets are in it, and the team whose name is nearest."""

    group: str
    name: str
    tickets: int
    likely: str = ""

    @property
    def desk(self) -> str:
        """The helpdesk that it is in."""
        return self.group.partition(":")[0]


def add(routes: Blueprint) -> None:
    """Giving a group to a team."""
    routes.add_url_rule("/admin/teams/map", "map", _map, methods=["POST"])


def unmapped(connection: Connection, roster: Roster, names: Mapping[str, str]) -> list[Unmapped]:
    """The groups that are no team's: those with most tickets first, then those that `names` alone has."""
    mapped = {group for team in roster.teams for group in team.groups}
    seen = tickets.groups_seen(connection)
    known = {team.name.casefold(): team.name for team in roster.teams}
    order = [*seen, *sorted(names.keys() - seen.keys(), key=lambda one: names[one].casefold())]
    found = []
    for group in order:
        if group not in mapped:
            name = names.get(group, "")
            likely = get_close_matches(name.casefold(), known, n=1, cutoff=LIKE)
            found.append(
                Unmapped(
                    group=group,
                    name=name or group,
                    tickets=seen.get(group, 0),
                    likely=known[likely[0]] if likely else "",
                )
            )
    return found


def _map() -> Response:
    group, team = request.form.get("group", "").strip(), request.form.get("team", "")
    back = redirect(url_for(".show"), 303)
    desk, _, number = group.partition(":")
    if desk not in bridge().settings.desks or not number:
        abort(400)
    with bridge().engine.begin() as connection:
        teams.lock(connection)
        known = teams.all_teams(connection)
        before = next((one.name for one in known if group in one.groups), "")
        if not team:
            flash(gettext("Choose a team for %(group)s.", group=group), "error")
            return back
        if team not in {one.name for one in known}:
            abort(404)
        teams.give(connection, group, team)
        note(connection, "group mapped", f"group:{group}", before=before, after=team)
    notice_change(bridge())
    group = vendors().groups().get(group, group)
    flash(
        gettext(
            "%(group)s is %(team)s’s now: it hears of what happens next.", group=group, team=team
        )
    )
    return back
