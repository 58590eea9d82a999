"""Goals, routes, ladders and calendars as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from flask_babel import format_date, get_locale, gettext
from flask_babel import lazy_gettext as _
from msgspec import Struct

from bridge.domain.goals import Goal, Lead, Match
from bridge.domain.hours import ROUND_THE_CLOCK, Hours, Span
from bridge.domain.ladders import WORKING, Step
from bridge.domain.model import Category
from bridge.domain.routing import DIGEST, DIRECT, EMAIL, MENTION, SLACK, SMS, TICKET
from bridge.web.pages.times import pattern

AHEAD = timedelta(days=180)
MOST_DAYS = 5

GOALS: Mapping[str, object] = {
    "first_response": _("First answer"),
    "next_reply": _("Next answer"),
    "periodic_update": _("Regular update"),
    "requester_wait": _("Customer waits in all"),
    "agent_work": _("Time with agents"),
    "resolution": _("Time to solve"),
}

MEDIUMS: Mapping[str, object] = {
    TICKET: _("on the ticket"),
    SLACK: _("in Slack"),
    MENTION: _("called by name"),
    DIRECT: _("by direct message"),
    SMS: _("by text message"),
    EMAIL: _("by e-mail"),
    DIGEST: _("in the daily digest"),
}

_CATEGORIES: Mapping[Category, object] = {
    Category.NEW: _("new"),
    Category.OPEN: _("open"),
    Category.PENDING: _("waiting for the customer"),
    Category.HOLD: _("waiting for somebody else"),
    Category.SOLVED: _("solved"),
    Category.CLOSED: _("closed"),
}


class DayOff(Struct, frozen=True):
    """A day on which a calendar is closed, or open at other hours than usual."""

    day: str
    why: str


def exact(span: timedelta | None, *, empty: str = "–") -> str:
    """A length as it was configured, nothing of it rounded: "1 h 30 min", "36 h", "5 d"."""
    if span is None:
        return empty
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24) if hours >= 48 else (0, hours)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{many} {unit}" for many, unit in parts if many) or "0 min"


def targets(by_priority: Mapping[str, timedelta]) -> str:
    """The targets of a goal, the usual one first: "8 h; urgent 1 h"."""
    if not by_priority:
        return str(gettext("no promise"))
    usual = [exact(by_priority[""])] if "" in by_priority else []
    rest = [f"{name} {exact(span)}" for name, span in by_priority.items() if name]
    return "; ".join((*usual, *rest))


def warnings(goal: Goal) -> str:
    """When a goal warns."""
    return ", ".join(_lead(one) for one in goal.warn) or str(gettext("no warning"))


def pauses(goal: Goal) -> str:
    """Where the clock of a goal stands still while the ticket lives."""
    live = [str(_CATEGORIES[one]) for one in goal.still if one.live]
    return ", ".join(live) or str(gettext("never"))


def _lead(lead: Lead) -> str:
    if isinstance(lead, timedelta):
        return str(gettext("%(time)s before", time=exact(lead)))
    return str(gettext("when %(share)s%% are gone", share=round(100 * lead)))


def mediums(names: Iterable[str]) -> str:
    """How an alert is told."""
    return ", ".join(str(MEDIUMS[name]) for name in names) or str(gettext("nowhere"))


def matches(match: Match) -> str:
    """Which tickets a policy is for."""
    words = {
        "desks": gettext("helpdesk"),
        "teams": gettext("team"),
        "projects": gettext("project"),
        "priorities": gettext("priority"),
        "types": gettext("type"),
        "organisations": gettext("organisation"),
        "brands": gettext("brand"),
        "tags": gettext("tag"),
    }
    return "; ".join(
        f"{said}: {', '.join(sorted(values))}"
        for name, said in words.items()
        if (values := getattr(match, name))
    )


def step(one: Step) -> str:
    """A step of a ladder: who is told when, and how."""
    after, how = exact(one.after), mediums(one.by)
    if one.hours == WORKING:
        return str(
            gettext(
                "%(who)s after %(time)s of working time, %(how)s", who=one.who, time=after, how=how
            )
        )
    return str(gettext("%(who)s after %(time)s, %(how)s", who=one.who, time=after, how=how))


# --- calendars


def week(hours: Hours) -> list[str]:
    """The week in lines, days with the same hours together: "Mon–Fri 09:00–17:00"."""
    if hours.follow:
        names = ", ".join(one.name for one in hours.follow)
        return [gettext("open when any of these is: %(names)s", names=names)]
    if hours.week in ({}, ROUND_THE_CLOCK):
        return [gettext("round the clock")]
    return [f"{days} {_spans(spans)}" for days, spans in _runs(hours.week)]


def _runs(by_day: Mapping[int, tuple[Span, ...]]) -> Iterator[tuple[str, tuple[Span, ...]]]:
    names = get_locale().days["format"]["abbreviated"]
    first = 0
    for day in range(7):
        spans = by_day.get(day, ())
        if day < 6 and by_day.get(day + 1, ()) == spans:
            continue
        if spans:
            days = names[first] if first == day else f"{names[first]}–{names[day]}"
            yield days, spans
        first = day + 1


def _spans(spans: Iterable[Span]) -> str:
    return ", ".join(
        f"{opens:%H:%M}–{'24:00' if f'{closes:%H:%M}' == '00:00' else f'{closes:%H:%M}'}"
        for opens, closes in spans
    )


def days_off(hours: Hours, now: datetime) -> list[DayOff]:
    """The next days on which a calendar is closed or open otherwise, those of a usual weekend apart."""
    first = now.astimezone(hours.zone).date()
    found: list[DayOff] = []
    for number in range(AHEAD.days):
        day = first + timedelta(days=number)
        if (why := _why_otherwise(hours, day)) is not None:
            found.append(DayOff(str(format_date(day, pattern("EEE d MMM"))), why))
        if len(found) == MOST_DAYS:
            break
    return found


def _why_otherwise(hours: Hours, day: date) -> str | None:
    if (special := hours.special.get(day)) is not None:
        return _spans(special) or str(gettext("closed"))
    if not (hours.week or ROUND_THE_CLOCK).get(day.weekday()):
        return None
    if day in hours.days_off:
        return str(gettext("day off"))
    if hours.holidays is not None and day in hours.holidays:
        return hours.holidays.name(day)
    return None
