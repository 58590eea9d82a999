"""`bridge doctor`: all that `bridge check` says, and what the vendors say of us. Changes nothing, shows no secret."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from bridge.checks import check
from bridge.checkup import ask, asked
from bridge.domain.model import BridgeError, ConfigError, Team, Undeliverable
from bridge.settings import Settings, load
from bridge.setup import desk_of, doors
from bridge.slackapp import app_of
from bridge.store import connect, errands, pending, pulse, teams
from bridge.store.schema import inbox
from bridge.work.behind import reached
from bridge.work.bridge import Now, wall_clock
from bridge.work.budget import Shared
from bridge.work.clock import SILENCE, SKEW
from bridge.work.queue import SWEEP
from connectors import Found, channel_kinds
from connectors.budget import UNLIMITED
from connectors.http import Refused, session, transport
from connectors.people.slack_payload import ACTIONS

PATIENCE = 60.0
"""Seconds for all vendors together; each call of theirs has a time-out of its own."""

FAILING = timedelta(minutes=10)
"""So long may a sweep fail: most outages of a helpdesk are shorter, and webhooks come all the same."""

_MANY_ATTEMPTS = 10  # by then a sweep that never came to anything has failed for longer than that
_MOST_NAMES = 10
_ONLY_POST = 405


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Asked:
    """What a vendor was asked: findings, and the groups of a helpdesk as "<desk>:<id>" with their names."""

    found: list[Found]
    groups: Mapping[str, str] = dataclasses.field(default_factory=dict)


def examine(env: Mapping[str, str], url: str, now: Now = wall_clock) -> list[Found]:
    """Look at everything there is to look at; vendors side by side, each in a thread of its own."""
    try:
        settings = load(env)
    except ConfigError:
        return check(env, url)
    stored = _stored(settings, url, now)
    jobs: dict[str, Callable[[], _Asked]] = {
        f"desk {name}": lambda name=name: _desk(settings, name, now)  # type: ignore[misc]
        for name in settings.desks
    }
    if settings.slack:
        jobs["slack"] = lambda: _slack(settings, stored.teams, now)
    for name in asked(settings):
        jobs[name] = lambda name=name: _channel(settings, name, url if stored.there else "", now)  # type: ignore[misc]
    if settings.public_url:
        jobs["public address"] = lambda: _Asked(found=_public(settings))
    told = _side_by_side(jobs)
    names = {group: name for one in told for group, name in one.groups.items()}
    found = check(env, url, names)
    found += _unmapped(settings, stored.teams, names)
    found += stored.found
    for one in told:
        found += one.found
    return found


def _side_by_side(jobs: Mapping[str, Callable[[], _Asked]]) -> list[_Asked]:
    """Every job's answer in their order; one that takes too long is a finding and is left behind."""
    pool = ThreadPoolExecutor(max_workers=max(1, len(jobs)))
    running: dict[str, Future[_Asked]] = {name: pool.submit(job) for name, job in jobs.items()}
    wait(running.values(), timeout=PATIENCE)
    pool.shutdown(wait=False, cancel_futures=True)
    late = Found(False, "gave no answer in time", "try again later")
    return [
        one.result()
        if one.done()
        else _Asked(found=[Found(False, f"{name} {late.what}", late.fix)])
        for name, one in running.items()
    ]


# --- vendors


def _desk(settings: Settings, name: str, now: Now) -> _Asked:
    try:
        desk = desk_of(settings, name)
    except ConfigError:
        return _Asked(found=[])  # a missing credential is told by `check`
    try:
        at = doors(settings, name)
    except ConfigError:
        at = []
    found = list(desk.setup(at).inspect(now()))
    try:
        groups = {f"{name}:{number}": title for number, title in desk.groups().items()}
    except Undeliverable as error:
        if all(one.ok for one in found):
            found.append(Found(False, f"desk {name}: its groups: {error}", "try again later"))
        groups = {}
    return _Asked(found=found, groups=groups)


def _slack(settings: Settings, known: list[Team], now: Now) -> _Asked:
    section = settings.slack
    try:
        token = settings.secret(section.token) if section else ""
    except ConfigError:
        return _Asked(found=[])
    slack = channel_kinds()["slack"](
        name="slack", token=token, base_url=section.base_url if section else ""
    )
    channels = {team.name: team.slack_channel for team in known}
    return _Asked(found=list(slack.setup(channels).inspect(now())))


def _channel(settings: Settings, name: str, url: str, now: Now) -> _Asked:
    """Out of the budget that all processes share; there is none without the database, whose `url` is "" then."""
    engine = connect(url, pool=1) if url else None
    try:
        budget = Shared(engine, now) if engine else UNLIMITED
        return _Asked(found=ask(settings, name, budget, now))
    except ConfigError:
        return _Asked(found=[])
    finally:
        if engine:
            engine.dispose()


def _public(settings: Settings) -> list[Found]:
    """Whether our own address answers, as seen from here; and whether it can be seen from anywhere else."""
    url = settings.public_url
    parts = urlsplit(url)
    found = []
    if _is_loopback(parts.hostname or ""):
        bases = [getattr(desk.desk, "base_url", "") for desk in settings.desks.values()]
        bases += [settings.slack.base_url] if settings.slack else []
        alone = any(bases) and all(_is_loopback(urlsplit(base).hostname or "") for base in bases)
        what = f"PUBLIC_URL is {url}, which only this machine can call"
        fix = "set it to the https:// address of your proxy or tunnel"
        found.append(Found(alone, what, "" if alone else fix))
    elif parts.scheme != "https":
        found.append(
            Found(
                False, f"PUBLIC_URL is {url}: what comes in can be read on its way", "use https://"
            )
        )
    try:
        session().get(f"{url}/healthz")
    except Refused as refused:
        what = f"{url}/healthz answers {refused.status}"
        return [*found, Found(False, what, "does PUBLIC_URL lead to `bridge web`?")]
    except requests.RequestException as error:
        what = str(transport(error, who=url))
        return [*found, Found(False, what, "start `bridge run`; look at PUBLIC_URL and the proxy")]
    found.append(Found(True, f"{url} answers"))
    if app_of(settings):
        found.append(_takes_presses(url))
    return found


def _takes_presses(url: str) -> Found:
    """Whether what people press in Slack would reach us: who asks without pressing is told so (405)."""
    door = f"{url}{ACTIONS}"
    fix = "let the proxy pass /slack/; restart `bridge web` after a change of [sources.slack]"
    try:
        session().get(door)
    except Refused as refused:
        if refused.status == _ONLY_POST:
            return Found(True, f"{door} takes what people press")
        return Found(False, f"{door} answers {refused.status}: buttons do nothing", fix)
    except requests.RequestException as error:
        return Found(False, str(transport(error, who=door)), fix)
    return Found(False, f"{door} is answered by somebody else: buttons do nothing", fix)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


# --- what is stored


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Stored:
    found: list[Found]
    teams: list[Team]
    there: bool = False


def _stored(settings: Settings, url: str, now: Now) -> _Stored:
    """The teams, and what the database tells of clocks, sweeps and sources. `check` tells if it isn't `there`."""
    engine = connect(url, pool=1)
    try:
        with engine.connect() as connection:
            if pending(connection):
                return _Stored(found=[], teams=[])
            found = [
                *_clock(connection, now),
                *_sweeps(connection, settings, now()),
                *_arrivals(connection, settings, now()),
            ]
            return _Stored(found=found, teams=teams.all_teams(connection), there=True)
    except (SQLAlchemyError, BridgeError):
        return _Stored(found=[], teams=[])
    finally:
        engine.dispose()


def _clock(connection: Connection, now: Now) -> list[Found]:
    """Whether the clock process lives, and whether the database's clock shows what ours does."""
    start = "start `bridge clock`, or `bridge run` for everything"
    last = pulse.last(connection)
    found = []
    if last is None:
        found.append(Found(False, "clock: it was never heard of: no timer rings", start))
    elif now() - last.beat_at > SILENCE:
        silent = f"clock: last heard of {_ago(now(), last.beat_at)}: no timer rings"
        found.append(Found(False, silent, start))
    else:
        found.append(Found(True, f"clock: last heard of {_ago(now(), last.beat_at)}"))
    apart = now() - pulse.database_time(connection)
    if abs(apart) > SKEW:
        way = "ahead of" if apart > timedelta() else "behind"
        what = f"our clock is {abs(apart).total_seconds():.0f} s {way} the database's"
        found.append(Found(False, what, "set the clocks of both machines (NTP)"))
    return found


def _sweeps(connection: Connection, settings: Settings, now: datetime) -> list[Found]:
    """Desks whose sweep has failed for long: what webhooks don't tell is not known meanwhile."""
    swept = [(SWEEP, name) for name, desk in settings.desks.items() if desk.sweep]
    found = []
    for errand in errands.find(connection, swept):
        come = reached(errand.cursor)
        long = now - come > FAILING if come else errand.attempts >= _MANY_ATTEMPTS
        if errand.reason and long:
            so_far = f"knows nothing newer than {_ago(now, come)}" if come else "never worked"
            what = f"desk {errand.key}: its sweep fails, and {so_far}: {errand.reason}"
            fix = "mend what the reason names; it is tried again by itself, and goes on from where it was"
            found.append(Found(False, what, fix))
    return found


def _arrivals(connection: Connection, settings: Settings, now: datetime) -> list[Found]:
    """The last delivery of each source. None yet is no fault: a survey may be new, a helpdesk quiet."""
    query = select(inbox.c.source, func.max(inbox.c.received_at).label("last")).group_by(
        inbox.c.source
    )
    last = {row.source: row.last for row in connection.execute(query)}
    told = {
        name: _ago(now, last[name]) if name in last else "none yet" for name in settings.sources
    }
    return [Found(True, f"source {name}: last delivery: {words}") for name, words in told.items()]


def _ago(now: datetime, then: datetime) -> str:
    minutes = max(0, int((now - then).total_seconds() // 60))
    for size, word in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if many := minutes // size:
            return f"{many} {word}{'' if many == 1 else 's'} ago"
    return "just now"


def _unmapped(settings: Settings, known: list[Team], names: Mapping[str, str]) -> list[Found]:
    """The helpdesks' groups that are no team's, by name."""
    mapped = {group for team in known for group in team.groups}
    found = []
    for desk in settings.desks:
        ours = {g: n for g, n in names.items() if g.startswith(f"{desk}:") and g not in mapped}
        if not ours:
            continue
        shown = [f"{name} ({group})" for group, name in sorted(ours.items(), key=lambda p: p[1])]
        more = len(shown) - _MOST_NAMES
        listed = ", ".join(shown[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        fix = f"add them to teams; until then {settings.default_team!r} hears of their tickets"
        found.append(Found(False, f"groups of {desk} that are no team's: {listed}", fix))
    return found
