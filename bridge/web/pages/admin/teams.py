"""`/admin/teams`: the tree of teams with what each lacks, and a page for each team."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import Blueprint, render_template, request
from flask_babel import gettext
from msgspec import Struct

from bridge.domain.ladders import climb
from bridge.domain.model import Member, Team
from bridge.domain.people import Roster
from bridge.domain.routing import MEDIUMS
from bridge.domain.viewing import Role
from bridge.store import people, users
from bridge.store import teams as store
from bridge.teamcheck import Mistake, complaints, disagreements, unknown
from bridge.web.pages.admin import channels, imports, mapping, teams_edit, teams_ping, teams_remove
from bridge.web.pages.admin.teams_meanings import MEDIUM_NAMES, calendar, ladder, routes
from bridge.web.pages.admin.teams_named import wanted
from bridge.web.pages.admin.teams_tree import Line, lines, trail
from bridge.web.pages.admin.teams_vendors import Seat, seats, vendors
from bridge.web.pages.admin.teams_words import all_said
from bridge.web.pages.here import bridge, require
from bridge.work.digest import next_at

PER_PAGE = 100


class Row(Struct, frozen=True, kw_only=True):
    """A line of the tree: a team, who leads it, and what it lacks."""

    line: Line
    manager: Member
    stands_in: Member | None
    seat: Seat
    live: int
    wrong: list[str]


def blueprint() -> Blueprint:
    """The routes of all pages about teams."""
    found = Blueprint("teams", __name__)
    found.before_request(lambda: require(Role.ADMIN))
    found.add_url_rule("/admin/teams", "show", _show)
    found.add_url_rule("/admin/teams/team", "team", _team)
    for part in (teams_edit, teams_remove, teams_ping, channels, mapping, imports):
        part.add(found)
    return found


def _show() -> str:
    """The tree, with groups that are nobody's on top."""
    now = bridge().now()
    names, told = vendors().groups(), vendors().rooms()
    with bridge().engine.begin() as connection:
        roster = people.roster(connection, since=now)
        live = store.live_alerts(connection)
        unmapped = mapping.unmapped(connection, roster, names)
    tree = lines(roster.teams)
    first = max(0, request.args.get("after", 0, int))
    disagreeing = list(disagreements(roster.teams))
    seat = seats(told)
    rows = [
        _row(
            line,
            roster,
            now,
            seat=seat(line.team.slack_channel),
            live=live.get(line.team.name, 0),
            disagreeing=disagreeing,
        )
        for line in tree[first : first + PER_PAGE]
    ]
    return render_template(
        "teams/show.html",
        rows=rows,
        many=len(tree),
        more=first + PER_PAGE if first + PER_PAGE < len(tree) else None,
        unmapped=unmapped,
        names=[line.team.name for line in tree],
        default_team=bridge().settings.default_team,
        wrong=list(_wrong_anywhere(roster)),
        troubles=channels.trouble(told) if told.value is None else "",
    )


def _row(
    line: Line, roster: Roster, now: datetime, *, seat: Seat, live: int, disagreeing: list[Mistake]
) -> Row:
    team = line.team
    manager = roster.manager(team)
    there = roster.present(manager, now)
    theirs = [one for one in disagreeing if one.whose == team.name and one.field == "parent"]
    return Row(
        line=line,
        manager=manager,
        stands_in=None if there is manager else there,
        seat=seat,
        live=live,
        wrong=[*_lacks(team, manager), *all_said([*theirs, *unknown(bridge().settings, team)])],
    )


def _lacks(team: Team, manager: Member) -> Iterator[str]:
    if not team.slack_channel:
        yield gettext("No channel: what is to be posted there is held.")
    if not manager:
        yield gettext("No manager: nobody is called by name.")


def _wrong_anywhere(roster: Roster) -> Iterator[str]:
    """What ladders and absences name in vain, and a default team that isn't there."""
    default = bridge().settings.default_team
    if roster.teams and default not in {team.name for team in roster.teams}:
        yield gettext(
            "No team is called %(team)s, which bridge.toml has as default_team: it hears of all that is nobody's.",
            team=default,
        )
    for one in complaints(bridge().settings, roster):
        if not one.what.startswith("team "):
            yield f"{one.what}: {one.fix}"


# --- one team


def _team() -> str:
    """A team as it is: where it hears of alerts, who is told when, and what its names mean."""
    now, settings = bridge().now(), bridge().settings
    names, seat = vendors().groups(), seats(vendors().rooms())
    with bridge().engine.begin() as connection:
        team, roster = wanted(connection)
        live = store.live_alerts(connection).get(team.name, 0)
        seen_by = [one for one in users.listing(connection) if team.name in one.teams]
    manager = roster.manager(team)
    there = roster.present(manager, now)
    loop = bridge().loop(team, roster)
    return render_template(
        "teams/team.html",
        team=team,
        trail=trail(team, roster),
        below=[one for one in roster.teams if one.parent == team.name],
        manager=manager,
        away=[one for one in roster.absences if roster.means(one.member, manager)],
        stands_in=None if there is manager else there,
        seat=seat(team.slack_channel),
        live=live,
        seen_by=seen_by,
        groups=[(group, names.get(group, "")) for group in team.groups],
        rises=climb(loop.ladder, team, roster, loop.hours, Member(), now),
        calendar=calendar(loop.hours, now),
        awake=settings.calendars.get(team.awake),
        ladder_name=loop.ladder.name,
        ladder=ladder(loop.ladder, roster),
        routes=routes(bridge().routes(team)),
        routes_name=team.routes if team.routes in settings.routes else "default",
        mediums=[MEDIUM_NAMES[medium] for medium in MEDIUMS],
        digest_at=next_at(bridge(), team, now),
        wrong=[*_lacks(team, manager), *all_said(unknown(settings, team))],
    )
