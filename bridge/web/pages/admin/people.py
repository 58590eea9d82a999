"""`/admin/people`: people whom ladders and absences call by a key, who is away, and who stands in."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, render_template, request
from msgspec import Struct

from bridge.domain.model import Member
from bridge.domain.people import Absence, Roster
from bridge.domain.viewing import Role
from bridge.store import people as store
from bridge.web.pages.admin import people_away, people_edit
from bridge.web.pages.here import bridge, require

PER_PAGE = 50


class Away(Struct, frozen=True, kw_only=True):
    """An absence, with whom it means; `there` is who stands in while it runs, None for nobody."""

    number: int
    absence: Absence
    who: str
    deputy: str
    there: Member | None
    now: bool


class Row(Struct, frozen=True, kw_only=True):
    """Somebody in the list; `managed` are the teams that they manage."""

    who: Member
    managed: list[str]
    away: bool
    there: Member | None


def blueprint() -> Blueprint:
    """The routes of all pages about people."""
    found = Blueprint("people", __name__)
    found.before_request(lambda: require(Role.ADMIN))
    found.add_url_rule("/admin/people", "show", _show)
    for part in (people_edit, people_away):
        part.add(found)
    return found


def _show() -> str:
    now = bridge().now()
    after = request.args.get("after", "")
    with bridge().engine.begin() as connection:
        roster = store.roster(connection, since=now)
        numbered = store.all_absences(connection, since=now)
        members = store.page(connection, after=after, limit=PER_PAGE + 1)
    more, members = len(members) > PER_PAGE, members[:PER_PAGE]
    managers = [] if after else [one for one in map(roster.manager, roster.teams) if one]
    others = [one for one in _once(managers) if not _is_member(one, roster)]
    away = [_away(number, absence, roster, now) for number, absence in numbered]
    return render_template(
        "people/show.html",
        rows=[_row(one, roster, now) for one in members],
        managers=[_row(one, roster, now) for one in others],
        away=[one for one in away if one.now],
        coming=[one for one in away if not one.now],
        more=members[-1].key if more else None,
        first=not after,
        zone=bridge().settings.hours.zone,
    )


def _once(found: list[Member]) -> list[Member]:
    kept: list[Member] = []
    for one in found:
        if not any(one == other or one.same(other) for other in kept):
            kept.append(one)
    return kept


def _is_member(one: Member, roster: Roster) -> bool:
    return any(one.same(member) for member in roster.members)


def _row(one: Member, roster: Roster, now: datetime) -> Row:
    there = roster.present(one, now)
    return Row(
        who=one,
        managed=[team.name for team in roster.teams if roster.manager(team).same(one)],
        away=any(
            absence.covers(now) and roster.means(absence.member, one) for absence in roster.absences
        ),
        there=None if there is one else there,
    )


def _away(number: int, absence: Absence, roster: Roster, now: datetime) -> Away:
    who = roster.named(absence.member)
    there = roster.present(who, now) if who else None
    return Away(
        number=number,
        absence=absence,
        who=str(who or absence.member),
        deputy=str(roster.named(absence.deputy) or absence.deputy),
        there=None if there is who else there,
        now=absence.covers(now),
    )
