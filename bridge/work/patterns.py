"""Once a day: what is around one agent, topic or cause more often than around others becomes an event of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.model import Measured, Party, Seen
from bridge.domain.patterns import ENOUGH, SPAN, Pattern, Share, chance, usual
from bridge.domain.rules.agent_pattern import AgentPattern
from bridge.domain.rules.process_pattern import ProcessPattern
from bridge.domain.signals import LOW, THIN, name_of
from bridge.domain.windows import day_of
from bridge.store import errands, incidents, patterns, teams, tickets
from bridge.store.patterns import Around
from bridge.work.bridge import Bridge
from bridge.work.queue import DRAIN, wake

BEFORE = timedelta(days=90)
"""What the causes of the last thirty days are compared with."""

NEWEST = 10
_TASK = "patterns"
_KINDS = {"low_share": LOW, "thin_share": THIN}


class Compared(Struct, frozen=True, kw_only=True):
    """A subject's own share beside that of others."""

    subject: str
    metric: str
    team: str
    own: Share
    others: Share


def look(bridge: Bridge) -> int:
    """Compare them, if that was not done today yet; how many events came of it."""
    now = bridge.now()
    today = day_of(now, bridge.settings.hours.zone)
    with bridge.engine.begin() as connection:
        if errands.bookmark(connection, _TASK, "day") == today.isoformat():
            return 0
        errands.set_bookmark(connection, _TASK, "day", today.isoformat())
        found: list[Measured] = []
        for rule in bridge.settings.rules:
            if isinstance(rule, AgentPattern):
                agents = list(by_agent(patterns.by_agent(connection, now - SPAN)))
                found += _notable(connection, rule, rule.name, agents, now)
            elif isinstance(rule, ProcessPattern):
                topics = by_topic(patterns.by_topic(connection, now - SPAN))
                causes = by_cause(patterns.by_cause(connection, now - SPAN - BEFORE, now - SPAN))
                found += _notable(connection, rule, rule.name, [*topics, *causes], now)
        added = tickets.add_events(connection, [tickets.arrive(one, now) for one in found])
        if added:
            wake(connection, DRAIN)
    return added


def by_agent(agents: Sequence[Around]) -> Iterator[Compared]:
    """Each agent beside all others: of the same team where these have enough, else of all."""
    for metric, name in (("low_share", "low"), ("thin_share", "thin")):
        everybody, team = Share(), defaultdict[str, Share](Share)
        for one in agents:
            everybody += getattr(one, name)
            team[one.team] += getattr(one, name)
        for one in agents:
            own: Share = getattr(one, name)
            near = team[one.team] - own
            others = near if near.all >= ENOUGH else everybody - own
            if own.all:
                subject = f"agent:{one.name}"
                yield Compared(
                    subject=subject, metric=metric, team=one.team, own=own, others=others
                )


def by_topic(topics: Sequence[Around]) -> Iterator[Compared]:
    """Each topic beside all others that are made of the same thing: a brand beside other brands."""
    together: defaultdict[str, Share] = defaultdict(Share)
    for one in topics:
        together[_kind(one.name)] += one.low
    for one in topics:
        others = together[_kind(one.name)] - one.low
        if one.low.all and others.all:
            yield Compared(
                subject=one.name, metric="low_share", team=one.team, own=one.low, others=others
            )


def by_cause(causes: Sequence[patterns.Caused]) -> Iterator[Compared]:
    """Each cause's share of alerts lately beside what it was before."""
    lately, before = sum(one.lately for one in causes), sum(one.before for one in causes)
    for one in causes:
        if one.lately:
            yield Compared(
                subject=f"topic:cause:{one.cause}",
                metric="cause_share",
                team=one.team,
                own=Share(one.lately, lately),
                others=Share(one.before, before),
            )


def _notable(
    connection: Connection, rule: Pattern, name: str, compared: Sequence[Compared], now: datetime
) -> Iterator[Measured]:
    """The figures that are unusual, and all of subjects about which something is live."""
    live = incidents.followed(connection, [name])
    for one in compared:
        sure = chance(one.own, one.others, len(compared)) if one.own.bad >= rule.at_least else 1.0
        if sure < 1 or one.subject in live:
            yield _event(connection, one, sure, now)
    yield from _vanished(live, compared, now)


def _vanished(
    live: Collection[str], compared: Sequence[Compared], now: datetime
) -> Iterator[Measured]:
    """Of subjects about which something is live and nothing is counted any more: there is none of it."""
    for subject in sorted(set(live) - {one.subject for one in compared}):
        for metric in ("low_share", "thin_share", "cause_share"):
            yield _measured(
                Compared(subject=subject, metric=metric, team="", own=Share(), others=Share()),
                1.0,
                now,
            )


def _event(connection: Connection, one: Compared, sure: float, now: datetime) -> Measured:
    facts = {}
    if kind := _KINDS.get(one.metric):
        cases = patterns.newest(connection, one.subject, kind, now - SPAN, NEWEST)
        facts = {one.metric: ", ".join(cases)}
    return _measured(
        one, sure, now, Seen(name=_called(connection, one.subject), facts=facts or None)
    )


def _measured(one: Compared, sure: float, now: datetime, seen: Seen | None = None) -> Measured:
    return Measured(
        id=f"measured:{one.subject}:{one.metric}:{now.isoformat()}",
        subject=one.subject,
        at=now,
        by=Party.BRIDGE,
        seen=seen,
        metric=one.metric,
        value=one.own.bad,
        of=one.own.all,
        usual=usual(one.own, one.others),
        chance=sure,
        team=one.team,
    )


def _called(connection: Connection, subject: str) -> str:
    """An agent's name, where it was read from the helpdesk; what people call a topic."""
    kind, _, rest = subject.partition(":")
    if kind != "agent":
        return name_of(subject)
    desk, _, number = rest.partition(":")
    known = teams.person(connection, desk, number)
    return known.contact.name if known and known.contact.name else ""


def _kind(topic: str) -> str:
    return ":".join(topic.split(":")[:3])
