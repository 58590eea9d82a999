"""What the calendar, the ladder and the routes that a team names mean, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import groupby

from flask_babel import format_date, get_locale, gettext, lazy_gettext
from msgspec import Struct

from bridge.domain.hours import ROUND_THE_CLOCK, Hours, Span
from bridge.domain.ladders import MANAGER, OWNER, WORKING, Ladder, Step, above
from bridge.domain.model import Severity
from bridge.domain.people import Roster
from bridge.domain.routing import MEDIUMS, Routes
from bridge.web.pages.times import lasting, pattern

AHEAD = timedelta(days=366)
MOST_DAYS_OFF = 4

MEDIUM_NAMES = {
    "ticket": lazy_gettext("On the ticket"),
    "slack": lazy_gettext("In the channel"),
    "mention": lazy_gettext("Called by name"),
    "direct": lazy_gettext("In person"),
    "sms": lazy_gettext("SMS"),
    "email": lazy_gettext("E-mail"),
    "digest": lazy_gettext("Daily digest"),
}


class Calendar(Struct, frozen=True, kw_only=True):
    """Working hours: a line for each stretch of days, and the next days on which nobody works."""

    name: str
    zone: str
    week: list[tuple[str, str]]
    days_off: list[tuple[str, str]]
    follow: list[str]


class Routed(Struct, frozen=True):
    """A severity, and by which mediums an alert of it is told; in the order of `MEDIUMS`."""

    severity: Severity
    by: list[bool]


# --- calendars


def calendar(hours: Hours, now: datetime) -> Calendar:
    """A calendar in words."""
    return Calendar(
        name=hours.name,
        zone=str(hours.zone),
        week=[] if hours.follow else list(_week(hours)),
        days_off=[] if hours.follow else list(_days_off(hours, now)),
        follow=[one.name for one in hours.follow],
    )


def _week(hours: Hours) -> Iterator[tuple[str, str]]:
    if not hours.week:
        yield gettext("Every day"), gettext("round the clock")
        return
    names = get_locale().days["format"]["wide"]
    for spans, days in groupby(range(7), lambda day: hours.week.get(day, ())):
        listed = list(days)
        first, last = names[listed[0]], names[listed[-1]]
        told = first if first == last else f"{first} – {last}"
        yield told, ", ".join(map(_span, spans)) or gettext("closed")


def _span(span: Span) -> str:
    if span == ROUND_THE_CLOCK[0][0]:
        return str(gettext("all day"))
    opens, closes = span
    return f"{opens:%H:%M}–{closes:%H:%M}" if closes != time() else f"{opens:%H:%M}–24:00"


def _days_off(hours: Hours, now: datetime) -> Iterator[tuple[str, str]]:
    """The next days on which they would work and don't, with the reason."""
    today = now.astimezone(hours.zone).date()
    many = 0
    for ahead in range(AHEAD.days):
        day = today + timedelta(days=ahead)
        usual = (hours.week or ROUND_THE_CLOCK).get(day.weekday())
        if not usual or hours.spans(day):
            continue
        why = hours.holidays.name(day) if hours.holidays is not None else ""
        yield format_date(day, pattern("EEE, d MMM y"), rebase=False), why or gettext("day off")
        many += 1
        if many == MOST_DAYS_OFF:
            return


# --- ladders


def ladder(found: Ladder, roster: Roster) -> list[str]:
    """A ladder in words, a sentence for each step, and one for the reminders."""
    told = [_step(step, roster) for step in found.steps]
    if not told:
        told = [gettext("Nobody is told later than at once.")]
    if found.nag is not None:
        told.append(
            gettext(
                "Then there is a reminder every %(time)s until somebody acts.",
                time=lasting(found.nag),
            )
        )
    return told


def _step(step: Step, roster: Roster) -> str:
    who, ways = _who(step.who, roster), ", ".join(str(MEDIUM_WAYS[way]) for way in step.by)
    if not step.after:
        return str(gettext("At once: %(who)s, by %(ways)s.", who=who, ways=ways))
    if step.hours == WORKING:
        words = gettext("After %(time)s of working time: %(who)s, by %(ways)s.")
    else:
        words = gettext("After %(time)s: %(who)s, by %(ways)s.")
    return str(words % {"time": lasting(step.after), "who": who, "ways": ways})


MEDIUM_WAYS = {
    "slack": lazy_gettext("Slack"),
    "sms": lazy_gettext("SMS"),
    "email": lazy_gettext("e-mail"),
}


def _who(name: str, roster: Roster) -> str:
    if name == OWNER:
        return str(gettext("who has the alert"))
    if name == MANAGER:
        return str(gettext("the manager"))
    if (up := above(name)) == 1:
        return str(gettext("the manager of the team above"))
    if up is not None:
        return str(gettext("the manager %(many)s teams above", many=up))
    return str(roster.named(name) or gettext("%(name)s, whom nobody is called", name=name))


# --- routes


def routes(found: Routes) -> list[Routed]:
    """Which severity is told by what, the gravest first."""
    return [
        Routed(severity, [medium in found.get(severity, ()) for medium in MEDIUMS])
        for severity in sorted(Severity, reverse=True)
    ]
