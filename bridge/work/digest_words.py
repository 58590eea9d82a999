"""A digest in words, for mail and for Slack alike: on one line each, short enough, and not escaped yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from bridge.domain.digest import Case, Coach, Digest, Figures
from bridge.domain.model import AlertState, Severity
from bridge.domain.rules import lasting
from connectors.plain import plain, web

MOST_ACTIVE = 50
MOST_CLOSED = 20
MOST_COACHED = 20
MOST_REASONS = 5
LONGEST_WORDS = 200
LONGEST_HEADLINE = 200
LONGEST_NAME = 80
NOTHING = "Nothing to do: no alert is open, and nobody is to be coached."


class Shown(Struct, frozen=True, kw_only=True):
    """An alert as it is shown. `why` is all that is wrong, gravest first; `words` are the customer's."""

    severity: Severity
    level: str  # "High"
    why: tuple[str, ...]
    words: str
    about: str  # "Ticket 4711: Where is my refund?"
    url: str  # "" or surely a web address
    age: str
    goal: str
    missed: bool
    owner: str
    outcome: str
    ref: str


class Advised(Struct, frozen=True, kw_only=True):
    """Somebody to coach: on what keeps coming back, and on single alerts."""

    name: str
    recurring: tuple[str, ...]
    cases: tuple[Shown, ...]


class Page(Struct, frozen=True, kw_only=True):
    """The whole digest. `empty` is said where there is nothing else."""

    title: str
    day: str
    times: str
    figures: tuple[str, ...]
    active: tuple[Shown, ...]
    more: str
    closed: tuple[Shown, ...]
    more_closed: str
    coaching: tuple[Advised, ...]
    more_coaching: str
    empty: str


def page_of(digest: Digest) -> Page:
    """The digest in words, in the local times of its team."""
    return Page(
        title=f"{_name(digest.team)}: {_sum(digest)}",
        day=_date(digest.day),
        times=f"Times are those of {digest.zone}.",
        figures=tuple(_figures(digest.figures)),
        active=tuple(_shown(case, digest) for case in digest.active[:MOST_ACTIVE]),
        more=_more(digest.active, MOST_ACTIVE),
        closed=tuple(_shown(case, digest) for case in digest.closed[:MOST_CLOSED]),
        more_closed=_more(digest.closed, MOST_CLOSED),
        coaching=tuple(_advised(coach, digest) for coach in digest.coaching[:MOST_COACHED]),
        more_coaching=_more(digest.coaching, MOST_COACHED),
        empty="" if digest.active or digest.coaching else NOTHING,
    )


def in_words(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A moment as people there say it: "today 15:20", "tomorrow 09:00", "Mon 2 Mar, 09:00"."""
    there, today = moment.astimezone(zone), now.astimezone(zone).date()
    named = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get((there.date() - today).days)
    return f"{named} {there:%H:%M}" if named else f"{there:%a} {there.day} {there:%b, %H:%M}"


def _sum(digest: Digest) -> str:
    if not digest.active:
        return "nothing to do" if not digest.coaching else "somebody to coach"
    many = len(digest.active)
    told = f"{many} {'alert' if many == 1 else 'alerts'} to act on"
    if not digest.missed:
        return told
    return f"{told}, {digest.missed} with a missed goal"


def _figures(figures: Figures) -> Iterator[str]:
    yield f"Yesterday: {figures.opened} opened, {figures.resolved} resolved."
    if figures.share is None:
        yield "Last 7 days: no customer was to be contacted."
    else:
        share = f"{figures.share:.0%}".replace("%", " %")
        counted = f"{figures.in_time} of {figures.contacts}"
        yield f"Contacted within the goal, last 7 days: {share} ({counted})."


def _shown(case: Case, digest: Digest) -> Shown:
    reasons = [plain(one, LONGEST_HEADLINE) for one in case.why[:MOST_REASONS]]
    if (left := len(case.why) - MOST_REASONS) > 0:
        reasons.append(f"and {left} more reasons" if left > 1 else "and 1 more reason")
    title = plain(case.where.title, LONGEST_HEADLINE)
    about = plain(case.where.about, LONGEST_NAME)
    missed = case.goal is not None and case.goal.missed
    return Shown(
        severity=case.severity,
        level=case.severity.name.capitalize(),
        why=tuple(reasons),
        words=plain(case.words, LONGEST_WORDS),
        about=f"{about}: {title}" if title else about,
        url=web(case.where.url),
        age=lasting(max(case.age, timedelta())),
        goal=_goal(case, digest),
        missed=missed,
        owner=_owner(case, digest),
        outcome=plain(case.outcome, LONGEST_WORDS),
        ref=plain(case.ref, LONGEST_NAME),
    )


def _goal(case: Case, digest: Digest) -> str:
    if case.goal is None:
        return ""
    at = in_words(case.goal.due_at, digest.at, ZoneInfo(digest.zone))
    if case.goal.missed:
        return f"{case.goal.what}: missed, it was due {at}"
    return f"{case.goal.what} by {at}"


def _owner(case: Case, digest: Digest) -> str:
    who = _name(case.owner) if case.owner else "nobody"
    if case.state is AlertState.OPEN:
        return f"Not taken by anybody yet; it is for {who}" if case.owner else "In nobody's hands"
    if case.state is AlertState.RESOLVED:
        return plain(case.outcome, LONGEST_WORDS)
    told = f"In the hands of {who}, {case.state.value}"
    if case.snoozed_until is None:
        return told
    return f"{told}, asks again {in_words(case.snoozed_until, digest.at, ZoneInfo(digest.zone))}"


def _advised(coach: Coach, digest: Digest) -> Advised:
    if coach.name:
        name = _name(coach.name)
    else:
        number = plain(coach.agent.partition(":")[2], LONGEST_NAME)
        name = f"Agent {number}" if number else "Somebody the ticket doesn't name"
    return Advised(
        name=name,
        recurring=tuple(
            f"{plain(rule, LONGEST_NAME).replace('_', ' ')}: {many} tickets in 30 days"
            for rule, many in coach.recurring
        ),
        cases=tuple(_shown(case, digest) for case in coach.cases[:MOST_REASONS]),
    )


def _name(name: str) -> str:
    return plain(name, LONGEST_NAME)


def _date(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"


def _more(found: Sequence[object], most: int) -> str:
    return f"and {len(found) - most} more" if len(found) > most else ""


def about_each(shown: Shown) -> Iterable[str]:
    """What is known of an open alert besides its reasons, a line each."""
    return filter(None, (f"Open for {shown.age}", shown.goal, shown.owner))
