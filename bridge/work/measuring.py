"""Our own metrics, by the clock: of teams each hour and each day, of accounts each week.

What was not measured in time is made good, so that no hour is missing from a past that later figures are compared with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from statistics import fmean
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bridge.domain.accounts import Account
from bridge.domain.metrics import BACKLOG, RESOLVED, SATISFACTION, SCORE, SCORES, TICKETS, part
from bridge.domain.model import Measured, Party, Seen
from bridge.store import accounts, errands, tickets, workload
from bridge.work.bridge import Bridge
from bridge.work.queue import DRAIN, wake

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)

ACTIVE_WITHIN = timedelta(days=7)
"""Teams on whose tickets nothing happened for so long are not measured."""

BACKLOG_WITHIN = timedelta(days=90)
"""Open tickets on which nothing happened for so long are no backlog any more: nobody works on them."""

MADE_GOOD = timedelta(hours=24)
"""So far back are hours measured that were missed."""

WEEKS_BACK = 26
"""So many weeks of an account that was not measured before are measured at once, for its own past to be known."""

FEWEST_ANSWERS = 5
"""With fewer answers there is no satisfaction to speak of."""

SILENT_WEEKS = 8
"""An account that has opened no ticket for so many weeks is not measured any more until it does."""

_TASK = "measured"


def measure(bridge: Bridge) -> int:
    """Measure what is over since the last time: hours, days and weeks; how many figures there are. Does most when new.

    An hour, a day, a week is over once it has ended in the zone of the default calendar.
    """
    now, zone = bridge.now(), bridge.settings.hours.zone
    hour = now.replace(minute=0, second=0, microsecond=0)
    with bridge.engine.begin() as connection:
        figures: list[Measured] = []
        last = _last(connection, "hour")
        if last is None or last < hour:
            figures += _hours(bridge, connection, last, hour)
            _done(connection, "hour", hour)
        day = _midnight(now, zone)
        last = _last(connection, "day")
        if last is None or last < day:
            figures += _days(bridge, connection, day)
            _done(connection, "day", day)
        week = _midnight(now, zone, monday=True)
        last = _last(connection, "week")
        if last is None or last < week:
            figures += _weeks(connection, week, zone)
            _done(connection, "week", week)
        many = tickets.add_events(connection, [tickets.arrive(one, now) for one in figures])
        if many:
            wake(connection, DRAIN)
    return many


# --- teams


def _hours(
    bridge: Bridge, connection: Connection, last: datetime | None, hour: datetime
) -> Iterator[Measured]:
    """What each team resolved in each hour that is over, and what waits for it now."""
    default = bridge.settings.default_team
    teams = workload.active(connection, default, hour - ACTIVE_WITHIN)
    at = max(last or hour - HOUR, hour - MADE_GOOD)
    while at < hour:
        done = workload.resolved(connection, default, at, at + HOUR)
        at += HOUR
        for team in teams:
            yield _of_team(team, RESOLVED, at, done.get(team, 0))
    waits = workload.backlog(connection, default, hour - BACKLOG_WITHIN)
    for team in teams:
        yield _of_team(team, BACKLOG, hour, waits.get(team, 0))


def _days(bridge: Bridge, connection: Connection, day: datetime) -> Iterator[Measured]:
    """How customers rated each team in the last seven days, and how often they gave which score yesterday."""
    default = bridge.settings.default_team
    for team, scores in workload.rated(connection, default, day - WEEK, day).items():
        many = sum(scores.values())
        if many >= FEWEST_ANSWERS:
            mean = sum(score * times for score, times in scores.items()) / many
            yield _of_team(team, SATISFACTION, day, mean, of=many)
    for team, scores in workload.rated(connection, default, day - DAY, day).items():
        many = sum(scores.values())
        for quarter, times in _in_quarters(scores).items():
            yield _of_team(team, part(SCORES, f"{quarter:g}"), day, times, of=many)


def _in_quarters(scores: Mapping[float, int]) -> dict[float, int]:
    """Scores of any scale on one of five steps: 0, 0.25, 0.5, 0.75, 1."""
    found: dict[float, int] = {}
    for score, times in scores.items():
        step = round(score * 4) / 4
        found[step] = found.get(step, 0) + times
    return found


def _of_team(
    team: str, metric: str, at: datetime, value: float, of: float | None = None
) -> Measured:
    return _figure(f"team:{team}", metric, at, value, of=of, team=team)


# --- accounts


def _weeks(connection: Connection, week: datetime, zone: ZoneInfo) -> Iterator[Measured]:
    """How many tickets each account opened in the week that ended, and how it rated us; earlier weeks of new ones."""
    known = {one.key: one for one in accounts.every(connection)}
    if not known:
        return
    before = workload.measured(connection, known)
    past = {
        key: state.measures.get(TICKETS, ())
        for key in known
        if (state := before.get(f"account:{key}"))
    }
    new = {key for key in known if not past.get(key)}
    seen: set[str] = set()
    for back in range(WEEKS_BACK if new else 1, 0, -1):
        until = _weeks_before(week, back - 1, zone)
        since = _weeks_before(week, back, zone)
        opened, scores = _week(connection, since, until)
        for key, account in known.items():
            if key in new:
                seen |= {key} & (opened.keys() | scores.keys())
                wanted = key in seen  # nothing is known of before its first ticket
            else:
                silent = not any(one.value for one in past[key][-SILENT_WEEKS:])
                wanted = back == 1 and not (silent and not opened.get(key))
            if wanted:
                yield _of_account(account, TICKETS, until, opened.get(key, 0))
            given = scores.get(key, [])
            if wanted and len(given) >= FEWEST_ANSWERS:
                yield _of_account(account, SCORE, until, fmean(given), of=len(given))


def _week(
    connection: Connection, since: datetime, until: datetime
) -> tuple[dict[str, int], dict[str, list[float]]]:
    """How many tickets accounts opened in a week, and the scores that they gave."""
    found = list(workload.week(connection, since, until))
    belongs = accounts.belonging(connection, [one.customer for one in found])
    opened: dict[str, int] = {}
    scores: dict[str, list[float]] = {}
    for one in found:
        account = belongs.get(one.customer.subject)
        if account is None:
            continue
        if one.opened:
            opened[account.account] = opened.get(account.account, 0) + 1
        if one.score is not None:
            scores.setdefault(account.account, []).append(one.score)
    return opened, scores


def _of_account(
    account: Account, metric: str, at: datetime, value: float, of: float | None = None
) -> Measured:
    team, title = account.team, account.name
    return _figure(account.subject, metric, at, value, of=of, team=team, title=title)


# --- shared


def _figure(
    subject: str,
    metric: str,
    at: datetime,
    value: float,
    *,
    of: float | None,
    team: str,
    title: str = "",
) -> Measured:
    return Measured(
        id=f"measured:{subject}:{metric}:{at.isoformat()}",
        subject=subject,
        at=at,
        by=Party.BRIDGE,
        metric=metric,
        value=value,
        of=of,
        team=team,
        seen=Seen(title=title) if title else None,
    )


def _midnight(now: datetime, zone: ZoneInfo, *, monday: bool = False) -> datetime:
    """The last midnight of the zone, or that before the last Monday, in UTC."""
    day = now.astimezone(zone).date()
    if monday:
        day -= timedelta(days=day.weekday())
    return datetime.combine(day, time(), zone).astimezone(now.tzinfo)


def _weeks_before(week: datetime, many: int, zone: ZoneInfo) -> datetime:
    """The same midnight so many weeks earlier, where the clock may have been changed between."""
    day = week.astimezone(zone).date() - many * WEEK
    return datetime.combine(day, time(), zone).astimezone(week.tzinfo)


def _last(connection: Connection, what: str) -> datetime | None:
    found = errands.bookmark(connection, _TASK, what)
    return datetime.fromisoformat(found) if found else None


def _done(connection: Connection, what: str, until: datetime) -> None:
    errands.set_bookmark(connection, _TASK, what, until.isoformat())
