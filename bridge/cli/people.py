"""`bridge people …`: who can be told, who is away, and who stands in."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

import click

from bridge.cli.shared import AS_JSON, VIA, login, opened, printed, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bridge.domain.model import Member
    from bridge.domain.people import Absence, Roster


@click.group()
def people() -> None:
    """Who can be told of alerts, who is away, and who stands in."""


@people.command("list")
@AS_JSON
def people_list(as_json: bool) -> None:
    """Everybody: the managers of teams, and the people of teams.toml."""
    from bridge.store import people as store

    with opened() as bridge, bridge.engine.begin() as connection:
        now, zone = bridge.now(), bridge.settings.hours.zone
        roster = store.roster(connection, since=now)
    rows = [_row(roster, one, now, zone, as_json=as_json) for one in roster.everybody()]
    table(
        rows,
        as_json,
        empty="Nobody yet: name managers and people in config/teams.toml, and import it.",
    )


@people.command()
@click.argument("member")
@click.option("--deputy", default="", help="Who stands in.  [default: nobody]")
@click.option("--from", "begin", help="The first day or moment.  [default: now]")
@click.option("--to", "end", required=True, help="The last day, or the moment when it ends.")
@AS_JSON
def away(member: str, deputy: str, begin: str | None, end: str, as_json: bool) -> None:
    """Say that somebody is away: who stands in is told in their place.

    Days are written as "2026-12-24", moments as "2026-12-24T15:00", in the zone of the default calendar.
    """
    from bridge.domain.people import Absence
    from bridge.store import people as store

    with opened() as bridge, bridge.engine.begin() as connection:
        now, zone = bridge.now(), bridge.settings.hours.zone
        roster = store.roster(connection, since=now)
        who = _named(roster, member, "MEMBER")
        stands_in = _named(roster, deputy, "--deputy") if deputy else None
        if stands_in and stands_in.same(who):
            raise click.BadParameter("nobody stands in for themselves", param_hint="--deputy")
        absence = Absence(
            member=_key(who),
            deputy=_key(stands_in) if stands_in else "",
            starts_at=_moment(begin, "--from", zone) if begin else now,
            ends_at=_moment(end, "--to", zone, last=True),
        )
        if absence.ends_at <= max(absence.starts_at, now):
            raise click.BadParameter("is over before it begins", param_hint="--to")
        store.save_absences(connection, [absence])
        _noted(connection, now, "absence added", absence, after=absence)
    if as_json:
        printed(_record(absence))
        return
    instead = f"{stands_in} stands in" if stands_in else "nobody stands in"
    click.echo(f"{who} is away {_span(absence, zone)}: {instead}")


@people.command()
@click.argument("member")
@click.option("--all", "everything", is_flag=True, help="Take back absences to come, too.")
@AS_JSON
def back(member: str, everything: bool, as_json: bool) -> None:
    """Say that somebody is back: their absence ends now."""
    from bridge.store import people as store

    with opened() as bridge, bridge.engine.begin() as connection:
        now, zone = bridge.now(), bridge.settings.hours.zone
        roster = store.roster(connection, since=now)
        who = _named(roster, member, "MEMBER")
        ended = []
        for number, absence in store.all_absences(connection, since=now):
            if roster.means(absence.member, who) and (everything or absence.covers(now)):
                store.end_absence(connection, number, now)
                _noted(connection, now, "absence ended", absence, before=absence)
                ended.append(absence)
    if as_json:
        printed([_record(absence) for absence in ended])
        return
    for absence in ended:
        click.echo(f"{who} is back: was to be away {_span(absence, zone)}")
    if not ended:
        click.echo(f"{who} is not away", err=True)


def _noted(
    connection: Connection, now: datetime, what: str, absence: Absence, **told: Absence
) -> None:
    """Write it into the audit log."""
    from bridge.store import audit

    name = f"absence:{absence.member}"
    audit.write(connection, now, who=login(), via=VIA, what=what, object=name, **told)


def _named(roster: Roster, name: str, hint: str) -> Member:
    """Who is called so. Raises BadParameter with the nearest name."""
    from difflib import get_close_matches

    if found := roster.named(name):
        return found
    known = sorted({_key(one) for one in roster.everybody()})
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    way = f"did you mean {close[0]!r}?" if close else "`bridge people list` shows everybody"
    raise click.BadParameter(f"nobody is called {name!r}; {way}", param_hint=hint)


def _key(one: Member) -> str:
    """What they are called by for certain."""
    return one.key or one.email or one.slack


def _moment(written: str, option: str, zone: tzinfo, *, last: bool = False) -> datetime:
    from bridge.teamfile import moment

    try:
        return moment(written, zone, last=last)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error


def _row(
    roster: Roster, one: Member, now: datetime, zone: tzinfo, *, as_json: bool
) -> dict[str, object]:
    managed = [team.name for team in roster.teams if roster.manager(team).same(one)]
    absences = [absence for absence in roster.absences if roster.means(absence.member, one)]
    there = roster.present(one, now)
    return {
        "key": _key(one),
        "name": one.name,
        "manages": managed if as_json else ", ".join(managed),
        "email": one.email,
        "phone": one.phone,
        "slack": one.slack,
        "away": [_record(absence) for absence in absences]
        if as_json
        else "\n".join(_span(absence, zone) for absence in absences),
        "stands_in": "" if there is one else str(there),
    }


def _record(absence: Absence) -> dict[str, str]:
    """For programs: moments as ISO 8601 in UTC."""
    return {
        "member": absence.member,
        "deputy": absence.deputy,
        "from": absence.starts_at.isoformat(),
        "to": absence.ends_at.isoformat(),
    }


def _span(absence: Absence, zone: tzinfo) -> str:
    begin, end = absence.starts_at.astimezone(zone), absence.ends_at.astimezone(zone)
    return f"from {begin:%d %b %Y %H:%M} to {end:%d %b %Y %H:%M}"
