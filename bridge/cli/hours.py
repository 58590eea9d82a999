"""`bridge hours`: what working time comes to, with every step of the sum."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from bridge.cli.shared import AS_JSON, opened, printed

if TYPE_CHECKING:
    from bridge.domain.account import Counted, Skipped
    from bridge.domain.hours import Hours
    from bridge.settings import Settings


@click.command()
@click.argument("name", metavar="TEAM_OR_CALENDAR")
@click.option("--from", "begin", help="Where to begin, in the calendar's zone.  [default: now]")
@click.option("--add", "work", help='Working time to add: "4h". When is it over?')
@click.option("--until", help="Where to end, in the calendar's zone. How much working time is it?")
@AS_JSON
def hours(name: str, begin: str | None, work: str | None, until: str | None, as_json: bool) -> None:
    """Add or measure working time, and say which hours count and which days don't.

    Times are written as "2026-12-24 15:00", or with a zone of their own as "2026-12-24T15:00+01:00". Teams are known
    where DATABASE_URL is set; a calendar's name always does.
    """
    from bridge.domain.account import account
    from bridge.settings import duration, load

    if (work is None) == (until is None):
        raise click.UsageError("say either --add or --until")
    chosen = _hours(load(os.environ), name)
    start = datetime.now(UTC) if begin is None else moment(begin, "--from", chosen.zone)
    try:
        end = (
            chosen.add(start, duration(work))
            if until is None
            else moment(until, "--until", chosen.zone)
        )
        length = chosen.between(start, end)
        lines = account(chosen, start, end)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(str(error)) from error
    if as_json:
        printed(_record(chosen, start, end, length, lines))
    else:
        _tell(chosen, start, end, length, lines)


def _hours(settings: Settings, name: str) -> Hours:
    """The hours of a team or a calendar. Raises ClickException for a name that neither has."""
    from difflib import get_close_matches

    teams = _teams(settings, name)
    if name in teams:
        calendar = teams[name] or settings.default_calendar
        if calendar in settings.calendars:
            return settings.calendars[calendar]
        click.echo(
            f"{name} has the calendar {calendar!r}, which is not known: the default one", err=True
        )
        return settings.hours
    if name in settings.calendars:
        return settings.calendars[name]
    known = sorted({*teams, *settings.calendars})
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else "known are: " + ", ".join(known)
    what = "team or calendar that is known"
    if not settings.database_url:
        what = "calendar that is known (teams are, where DATABASE_URL is set)"
    raise click.ClickException(f"{name!r} is no {what}; {hint}")


def _teams(settings: Settings, name: str) -> dict[str, str]:
    """Each team's calendar; none where a database is not there, and isn't needed."""
    from bridge.store import teams as store

    if not settings.database_url:
        return {}
    try:
        with opened() as bridge, bridge.engine.begin() as connection:
            return {team.name: team.calendar for team in store.all_teams(connection)}
    except click.ClickException as error:
        if name not in settings.calendars:
            raise
        click.echo(f"{error.message}; {name!r} is taken as a calendar", err=True)
        return {}


def moment(written: str, option: str, zone: ZoneInfo) -> datetime:
    """A moment as people write it. Raises BadParameter, also for one that the clocks leave out."""
    try:
        found = datetime.fromisoformat(written)
        at = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        why = f'{written!r} is no date and time: write it as "2026-12-24 15:00"'
        raise click.BadParameter(why, param_hint=option) from error
    if not found.tzinfo and at.astimezone(zone).replace(tzinfo=None) != found:
        why = f"{written!r} never was in {zone}: the clocks went forward"
        raise click.BadParameter(why, param_hint=option)
    return at


def _record(
    hours: Hours,
    start: datetime,
    end: datetime,
    length: timedelta,
    lines: Iterable[Counted | Skipped],
) -> dict[str, object]:
    """For programs: durations in seconds, moments as ISO 8601 in the calendar's zone."""
    from bridge.domain.account import Counted

    def local(at: datetime) -> str:
        return at.astimezone(hours.zone).isoformat()

    parts = list(lines)
    return {
        "calendar": hours.name,
        "zone": str(hours.zone),
        "from": local(start),
        "until": local(end),
        "until_utc": end.isoformat(),
        "work": length.total_seconds(),
        "windows": [
            {
                "opens": local(one.opens),
                "closes": local(one.closes),
                "counts": one.length.total_seconds(),
                "notes": one.notes,
            }
            for one in parts
            if isinstance(one, Counted)
        ],
        "skipped": [
            {"day": one.day.isoformat(), "calendar": one.calendar, "why": one.why}
            for one in parts
            if not isinstance(one, Counted)
        ],
    }


def _tell(
    hours: Hours,
    start: datetime,
    end: datetime,
    length: timedelta,
    lines: Iterable[Counted | Skipped],
) -> None:
    from bridge.domain.account import Counted

    began, ended = start.astimezone(hours.zone), end.astimezone(hours.zone)
    click.echo(f"{hours.name} ({hours.zone}), from {began:%a %d %b %Y %H:%M:%S}")
    for one in lines:
        if isinstance(one, Counted):
            opens, closes = one.opens.astimezone(hours.zone), one.closes.astimezone(hours.zone)
            same = opens.date() == closes.date()
            to = f"{closes:%H:%M}" if same else f"{closes:%a %d %b %Y %H:%M}"
            notes = "".join(f", {note}" for note in one.notes)
            click.echo(f"  {opens:%a %d %b %Y}: {opens:%H:%M} - {to}: {_length(one.length)}{notes}")
        else:
            whose = f"{one.calendar}: " if hours.follow else ""
            click.echo(f"  {one.day:%a %d %b %Y}: {whose}{one.why}")
    click.echo(f"{_length(length)} of working time")
    click.echo(f"until {ended:%a %d %b %Y %H:%M:%S %Z} = {end:%Y-%m-%d %H:%M:%S} UTC")


def _length(length: timedelta) -> str:
    """A duration as the configuration writes it: "1h30m"; hours go on beyond a day."""
    minutes, seconds = divmod(length.total_seconds(), 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = ((hours, "h"), (minutes, "m"), (round(seconds), "s"))
    return "".join(f"{n}{unit}" for n, unit in parts if n) or "0m"
