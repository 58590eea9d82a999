"""How it goes with every connection, and what of it needs somebody now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from flask import url_for
from flask_babel import gettext, ngettext
from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.routing import EMAIL, SLACK, SMS
from bridge.settings import Settings, SourceSetting
from bridge.store import arrivals, budgets, connections, outgoing, pending, pulse
from bridge.web.pages.times import lasting
from bridge.work.behind import reached
from bridge.work.bridge import Bridge
from bridge.work.budget import standing
from bridge.work.queue import POLL, SWEEP
from connectors.budget import Bucket

LATELY = timedelta(hours=24)
SOME_DAYS = timedelta(days=7)
LAGGING = timedelta(minutes=1)
"""A webhook that waits for longer is a sign that no worker keeps up."""

SILENCE = timedelta(seconds=60)
"""A clock or a worker that has not been heard of for so long is dead."""

FAILING = timedelta(minutes=10)
SCARCE = 0.1
A_MOMENT = timedelta(minutes=1)
"""What is full again sooner is nobody's worry."""


class Source(Struct, frozen=True, kw_only=True):
    """A source: the address that is called, and what has come of it. `asked` is the poll of one that nobody calls."""

    name: str
    kind: str
    url: str
    heard: arrivals.Heard
    lag: timedelta
    asked: connections.Standing | None = None

    @property
    def good(self) -> bool:
        return not self.heard.unreadable and self.lag < LAGGING and not _stuck(self.asked)


class Way(Struct, frozen=True, kw_only=True):
    """A desk or a channel that we write to. `swept` is the desk's sweep, and `come` how far it has come."""

    name: str
    kind: str
    desk: bool
    health: outgoing.Health | None
    swept: connections.Standing | None = None
    come: datetime | None = None
    expires_at: datetime | None = None

    @property
    def good(self) -> bool:
        return not (self.health and self.health.failed) and not _stuck(self.swept)


class Limit(Struct, frozen=True, kw_only=True):
    """A limit of a vendor's account as it stands; `share` of it is left, none until `closed_until`."""

    account: str
    bucket: Bucket
    share: float
    closed_until: datetime | None


class Notice(Struct, frozen=True):
    """What needs somebody: what is wrong, the way out, and where that is ("" for not here)."""

    what: str
    fix: str
    href: str = ""


class Look(Struct, frozen=True, kw_only=True):
    """All there is to see. `silent` is how long ago the clock was heard of, None for never."""

    sources: tuple[Source, ...]
    ways: tuple[Way, ...]
    limits: tuple[Limit, ...]
    silent: timedelta | None
    workers: connections.Workers
    behind: bool

    @property
    def ticking(self) -> bool:
        return self.silent is not None and self.silent <= SILENCE

    @property
    def working(self) -> bool:
        return self.workers.silent is not None and self.workers.silent <= SILENCE


def look(bridge: Bridge, connection: Connection) -> Look:
    """Look at everything that is stored; asks no vendor."""
    settings, now = bridge.settings, bridge.now()
    errands = connections.standing(connection, (POLL, SWEEP))
    last = pulse.last(connection)
    limits = [_limit(row, now) for row in budgets.listing(connection)]
    return Look(
        sources=tuple(_sources(connection, settings, errands, now)),
        ways=tuple(_ways(connection, settings, errands, now)),
        limits=tuple(sorted(limits, key=lambda one: (one.share, one.account, one.bucket.name))),
        silent=max(now - last.beat_at, timedelta()) if last else None,
        workers=connections.workers(connection),
        behind=pending(connection),
    )


def _sources(
    connection: Connection,
    settings: Settings,
    errands: Mapping[tuple[str, str], connections.Standing],
    now: datetime,
) -> Iterator[Source]:
    heard = arrivals.heard(connection, settings.sources, now - LATELY)
    for name, setting in settings.sources.items():
        one = heard[name]
        yield Source(
            name=name,
            kind=setting.source.kind,
            url="" if setting.polled else settings.public_url + _path(name, setting),
            heard=one,
            lag=max(now - one.oldest, timedelta()) if one.oldest else timedelta(),
            asked=errands.get((POLL, name)),
        )


def _path(name: str, setting: SourceSetting) -> str:
    """Where the vendor calls; Slack calls two more besides (see docs/setup-slack.md)."""
    return "/slack/actions" if setting.source.kind == "slack" else f"/hooks/{name}"


def _ways(
    connection: Connection,
    settings: Settings,
    errands: Mapping[tuple[str, str], connections.Standing],
    now: datetime,
) -> Iterator[Way]:
    health = {one.channel: one for one in outgoing.health(connection, now - SOME_DAYS)}
    expiries = connections.expiries(connection)
    for name, desk in settings.desks.items():
        swept = errands.get((SWEEP, name))
        yield Way(
            name=name,
            kind=desk.desk.kind,
            desk=True,
            health=health.get(name),
            swept=swept,
            come=reached(swept.cursor) if swept else None,
            expires_at=expiries.get(name),
        )
    people = ((SLACK, settings.slack), (EMAIL, settings.email), (SMS, settings.sms))
    for name, there in people:
        if there:
            yield Way(name=name, kind=name, desk=False, health=health.get(name))


def _limit(row: budgets.Row, now: datetime) -> Limit:
    bucket = standing(row, now)
    return Limit(
        account=row.account,
        bucket=bucket,
        share=min(max(bucket.tokens / bucket.many, 0.0), 1.0),
        closed_until=bucket.filled_at if bucket.filled_at > now else None,
    )


def _stuck(errand: connections.Standing | None) -> bool:
    return errand is not None and bool(errand.reason)


# --- what needs somebody


def notices(found: Look, now: datetime) -> list[Notice]:
    """What is to be done, the gravest first."""
    return [*_engine(found), *_of_sources(found), *_of_ways(found, now), *_of_limits(found, now)]


def _engine(found: Look) -> Iterator[Notice]:
    if found.behind:
        yield Notice(gettext("The tables are not up to date."), gettext("Run: bridge migrate"))
    if not found.ticking:
        what = gettext("The clock was never heard of: no timer rings.")
        if found.silent is not None:
            what = gettext(
                "The clock is silent since %(time)s: no timer rings.", time=lasting(found.silent)
            )
        yield Notice(what, gettext("Start bridge clock, or bridge run for everything."))
    if not found.working:
        what = gettext("No worker is at work: nothing is read, judged or sent.")
        yield Notice(what, gettext("Start bridge worker, or bridge run for everything."))


def _of_sources(found: Look) -> Iterator[Notice]:
    for one in found.sources:
        if many := one.heard.unreadable:
            what = ngettext(
                "%(source)s: %(num)d webhook can't be read.",
                "%(source)s: %(num)d webhooks can't be read.",
                many,
                source=one.name,
            )
            href = url_for("pages.webhooks.show", source=one.name, state="unreadable")
            yield Notice(what, gettext("Look at the reasons, and have them read again."), href)
        if one.lag >= LAGGING:
            what = gettext(
                "%(source)s: webhooks have waited to be read for %(time)s.",
                source=one.name,
                time=lasting(one.lag),
            )
            yield Notice(what, gettext("Look whether workers run, and start more of them."))
        if one.asked and one.asked.reason:
            what = gettext(
                "%(source)s: asking for news fails: %(reason)s",
                source=one.name,
                reason=one.asked.reason,
            )
            fix = gettext("Mend what the reason names; it is tried again by itself.")
            yield Notice(what, fix, f"#source-{one.name}")


def _of_ways(found: Look, now: datetime) -> Iterator[Notice]:
    for one in found.ways:
        if one.health and one.health.failed:
            what = ngettext(
                "%(channel)s: %(num)d delivery failed.",
                "%(channel)s: %(num)d deliveries failed.",
                one.health.failed,
                channel=one.name,
            )
            href = url_for("pages.deliveries.show", state="failed", channel=one.name)
            yield Notice(what, gettext("Look at the reasons, and retry or drop them."), href)
        if one.swept and one.swept.reason and (one.come is None or now - one.come > FAILING):
            what = gettext(
                "%(desk)s: its sweep fails: %(reason)s", desk=one.name, reason=one.swept.reason
            )
            fix = gettext("Check the connection; the sweep goes on from where it was.")
            yield Notice(what, fix, f"#way-{one.name}")


def _of_limits(found: Look, now: datetime) -> Iterator[Notice]:
    for one in found.limits:
        closed = one.closed_until is not None and one.closed_until - now > A_MOMENT
        if closed or (one.share < SCARCE and one.bucket.per >= A_MOMENT):
            what = gettext(
                "%(account)s: little is left of %(limit)s.",
                account=one.account,
                limit=one.bucket.name,
            )
            fix = gettext("What is urgent goes first; the rest waits. It fills again by itself.")
            yield Notice(what, fix, "#limits")
