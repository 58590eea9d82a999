"""The daily digest: when it goes out, to whom, and by which medium. Each once a day, whatever is restarted.

What was sent is remembered after it was sent. A repeat after a crash or an answer that got lost is looked for first in
Slack; as a mail it has the same Message-ID.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import structlog
from msgspec import Struct

from bridge.domain.digest import coming, moment, open_on
from bridge.domain.model import Team, Undeliverable
from bridge.settings.loop import local_hour
from bridge.store import digests, errands
from bridge.store.digests import Sent
from bridge.work.bridge import Bridge
from bridge.work.digest_mail import letter_of, marker
from bridge.work.digest_matter import digest_of, hours_of, readers_of
from bridge.work.digest_post import message_of
from bridge.work.queue import DIGEST
from bridge.work.unsubscribing import link_to

EMAIL = "email"
SLACK = "slack"
LOOKS_AGAIN = timedelta(hours=1)  # how soon a changed team is noticed

log = structlog.get_logger()


class Rest(Struct, frozen=True):
    """How long a team's digest waits now, and why something of it was not sent."""

    after: timedelta
    why: str = ""


class Way(Struct, frozen=True):
    """A medium, and where the digest goes by it."""

    medium: str
    to: str


def daily(bridge: Bridge, name: str, attempts: int = 1, why: str = "") -> Rest:
    """Send a team's digest if its hour has come and it was not sent yet, until the day is over there.

    `attempts` is more than 1 after an attempt that failed, or got lost; `why` is what was wrong the last time. Raises
    Undeliverable where it may be tried again; what can't ever be sent is told, and waits for the next day.
    """
    now = bridge.now()
    with bridge.engine.begin() as connection:
        known = bridge.teams(connection)
        errands.stand(connection, DIGEST, keys(bridge, known), now)
    team = next((one for one in known if one.name == name), None)
    at = hour_of(bridge, team) if team else None
    if team is None or at is None:
        return Rest(LOOKS_AGAIN)
    passing: Undeliverable | None = None
    tried, troubles = False, []
    day = _day(bridge, team, now).isoformat()
    for medium in mediums(bridge):
        since = _since(bridge, team, medium, at, now)
        to = address(bridge, team, medium, now) if since else ""
        if since is None or not to:
            continue
        tried = True
        try:
            _send(bridge, team, Way(medium, to), since, now, looks_first=attempts > 1)
        except Undeliverable as error:
            if error.retry_after is not None:
                passing = error
                continue
            troubles.append(f"not sent by {medium}: {error}")
            log.error("digest not sent", team=name, medium=medium, why=str(error))
        with bridge.engine.begin() as connection:
            digests.keep_sent(connection, medium, name, Sent(day=day, at=now))
    if passing is not None:
        raise passing
    wait = coming(at, hours_of(bridge, team).zone, now) - now
    return Rest(min(wait, LOOKS_AGAIN), "; ".join(troubles) if tried else why)


def send_now(bridge: Bridge, team: Team) -> list[Way]:
    """Send it at once, besides the daily one; where it went. Raises Undeliverable."""
    now = bridge.now()
    chosen = ways(bridge, team, now)
    for way in chosen:
        since = last_told(bridge, team, way.medium, now)
        _send(bridge, team, way, since, now, again=now.isoformat())
    return chosen


def keys(bridge: Bridge, known: list[Team]) -> list[str]:
    """The teams that have a digest at all."""
    return [team.name for team in known if hour_of(bridge, team) is not None]


def hour_of(bridge: Bridge, team: Team) -> time | None:
    """The local hour of the team's digest; None for none. What can't be read is as if nothing was said."""
    if not team.digest:
        return bridge.settings.digest_plan.at
    try:
        return local_hour(team.digest)
    except ValueError:
        return bridge.settings.digest_plan.at


def next_at(bridge: Bridge, team: Team, now: datetime) -> datetime | None:
    """When the team's next digest goes out; None where there is none."""
    if (at := hour_of(bridge, team)) is None:
        return None
    hours = hours_of(bridge, team)
    following = coming(at, hours.zone, now)
    for _ in range(366):
        if _is_day(bridge, team, following.astimezone(hours.zone).date()):
            return following
        following = coming(at, hours.zone, following)
    return None


def ways(bridge: Bridge, team: Team, now: datetime) -> list[Way]:
    """By which mediums somebody is told, and where."""
    found = [Way(medium, address(bridge, team, medium, now)) for medium in mediums(bridge)]
    return [way for way in found if way.to]


def mediums(bridge: Bridge) -> list[str]:
    """Those that are wanted and configured."""
    settings = bridge.settings
    there = {EMAIL: settings.email is not None, SLACK: settings.slack is not None}
    return [medium for medium in settings.digest_plan.by if there[medium]]


def address(bridge: Bridge, team: Team, medium: str, now: datetime) -> str:
    """The team's channel; by mail the manager, or who is there for them. "" for nobody, or who wants none."""
    if medium == SLACK:
        return team.slack_channel
    readers = readers_of(bridge, team, now)
    to = readers.present.email or readers.manager.email
    with bridge.engine.begin() as connection:
        return "" if digests.is_unsubscribed(connection, team.name, to) else to


def last_told(bridge: Bridge, team: Team, medium: str, now: datetime) -> datetime:
    """When the team was last told by a medium; a day ago if it never was."""
    with bridge.engine.begin() as connection:
        last = digests.last_sent(connection, medium, team.name)
    return last.at if last else now - timedelta(days=1)


def _since(bridge: Bridge, team: Team, medium: str, at: time, now: datetime) -> datetime | None:
    """When the digest before this one was drawn up; None if there is nothing to send now.

    Where nothing was ever sent, the first is that of the next hour that comes: what was missed before is no news.
    """
    day = _day(bridge, team, now)
    due_at = moment(day, at, hours_of(bridge, team).zone)
    with bridge.engine.begin() as connection:
        last = digests.last_sent(connection, medium, team.name)
        if last is None:
            last = Sent(at=now)
            digests.keep_sent(connection, medium, team.name, last)
    ready = last.at < due_at <= now and last.day != day.isoformat()
    return last.at if ready and _is_day(bridge, team, day) else None


def _send(
    bridge: Bridge,
    team: Team,
    way: Way,
    since: datetime,
    now: datetime,
    *,
    looks_first: bool = False,
    again: str = "",
) -> None:
    manager = str(readers_of(bridge, team, now).manager)
    digest = digest_of(bridge, team, manager, since, now, for_all=way.medium != EMAIL)
    if digest.empty and not again and bridge.settings.digest_plan.empty == "skip":
        log.info("no digest: nothing to tell", team=team.name, medium=way.medium)
        return
    channel: Any = bridge.channels.get(way.medium)
    if channel is None:
        raise Undeliverable(f"no channel {way.medium!r} is configured")
    if way.medium == EMAIL:
        link = link_to(bridge.settings, team.name, way.to)
        channel.post(letter_of(digest, way.to, unsubscribe=link, again=again))
    else:
        named = marker(digest, way.to, again)
        begins = moment(digest.day, time(), hours_of(bridge, team).zone)
        if looks_first and channel.find_plain(way.to, named, begins):
            return
        blocks, text = message_of(digest)
        channel.post_plain(way.to, blocks, text, marker=named)
    log.info("digest sent", team=team.name, medium=way.medium, active=len(digest.active))


def _day(bridge: Bridge, team: Team, now: datetime) -> date:
    return now.astimezone(hours_of(bridge, team).zone).date()


def _is_day(bridge: Bridge, team: Team, day: date) -> bool:
    return not bridge.settings.digest_plan.open_days or open_on(hours_of(bridge, team), day)
