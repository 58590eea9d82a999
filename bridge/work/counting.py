"""The batch of each second: signals of cases are counted by topic and team, and what surges becomes an event.

Whatever many cases share is counted here, and never by the workers that judge the cases: none waits for another.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.domain.judge import Rule
from bridge.domain.model import Measured, Party, Seen
from bridge.domain.rules.surge import Surge
from bridge.domain.signals import name_of
from bridge.domain.windows import hour_of, window_end
from bridge.store import incidents, signals, tickets
from bridge.store.signals import Case, Key
from bridge.work.bridge import Bridge
from bridge.work.queue import DRAIN, wake
from bridge.work.watching import KINDS, Figure

BATCH = 1000
NEWEST = 10
"""So many of the newest cases are named in an alert."""

LATE = timedelta(hours=1)
"""What is told of an hour so long after its end still counts for a surge: webhooks may be late, sweeps are."""

_AN_INSTANT = timedelta(microseconds=1)


def count(bridge: Bridge) -> int:
    """Count the signals that wait, and look at what they count for; how many there were."""
    now = bridge.now()
    with bridge.engine.begin() as connection:
        taken = signals.take(connection, BATCH)
        if not taken:
            return 0
        sums: defaultdict[tuple[str, str, datetime], list[float]] = defaultdict(lambda: [0, 0.0])
        for one in taken:
            for subject in one.topics:
                many = sums[subject, one.kind, hour_of(one.at)]
                many[0] += 1
                many[1] += one.value or 0.0
        signals.count(connection, sums)
        touched: defaultdict[Key, set[datetime]] = defaultdict(set)
        for subject, kind, hour in sums:
            watched = kind in KINDS and subject.startswith(("topic:", "team:"))
            if watched and hour_of(now) - LATE <= hour <= now:
                touched[subject, kind].add(hour)
        _look(bridge, connection, touched, now)
    return len(taken)


def review(bridge: Bridge) -> int:
    """Look again at what surges, so that it is over once the counts are back to usual; how many there are.

    What is told of an hour is told once, however often this is done.
    """
    now = bridge.now()
    with bridge.engine.begin() as connection:
        live = incidents.surging(connection)
        hours = {hour_of(now), hour_of(now) - LATE}
        _look(bridge, connection, {(s, kind): hours for s in live for kind in KINDS}, now)
    return len(live)


def _look(
    bridge: Bridge, connection: Connection, touched: dict[Key, set[datetime]], now: datetime
) -> None:
    """Tell of what is unusual, and of all that concerns a surge that is going on."""
    rule = surge_of(bridge.settings.rules)
    if rule is None or not touched:
        return
    live = incidents.surging(connection, {subject for subject, _ in touched})
    going_on = {key: hours for key, hours in touched.items() if key[0] in live}
    others = {key: hours for key, hours in touched.items() if key[0] not in live}
    figures = bridge.watch.look(connection, going_on, now, 0)
    new = [f for f in bridge.watch.look(connection, others, now, rule.at_least) if f.chance < 1]
    arrived = [tickets.arrive(_event(bridge, connection, f, now), now) for f in figures]
    ringing = incidents.surging(connection) | incidents.told(connection)
    for figure in sorted(new, key=lambda f: (f.chance, f.key, f.window)):
        counted = _cases(bridge, connection, figure)
        if figure.key[0] not in ringing and explained(counted, ringing):
            continue
        ringing |= {figure.key[0]}
        arrived.append(tickets.arrive(_event(bridge, connection, figure, now, counted), now))
    if tickets.add_events(connection, arrived):
        wake(connection, DRAIN)


def surge_of(rules: Iterable[Rule]) -> Surge | None:
    """The rule as it is configured; None where it is switched off."""
    return next((rule for rule in rules if isinstance(rule, Surge)), None)


def explained(counted: Sequence[Case], ringing: frozenset[str] | set[str]) -> bool:
    """Whether another surge gathers at least half of these cases already: one incident, however many topics it has."""
    if not ringing:
        return False
    shared = sum(1 for case in counted if ringing.intersection(case.topics))
    return bool(counted) and shared * 2 >= len(counted)


def _cases(bridge: Bridge, connection: Connection, figure: Figure) -> list[Case]:
    until = window_end(figure.window, figure.begins, bridge.watch.zone)
    return signals.cases(connection, figure.key, figure.begins, until)


def _event(
    bridge: Bridge,
    connection: Connection,
    figure: Figure,
    now: datetime,
    counted: Sequence[Case] | None = None,
) -> Measured:
    """The figure as an event of its topic or team, which names the newest cases and who answers for it."""
    if counted is None:
        counted = _cases(bridge, connection, figure) if figure.value else ()
    subject = figure.key[0]
    ends = window_end(figure.window, figure.begins, bridge.watch.zone)
    teams = Counter(case.team for case in counted if case.team)
    team = subject.removeprefix("team:") if subject.startswith("team:") else ""
    newest = ", ".join(named(case) for case in counted[:NEWEST])
    facts = {figure.metric: newest} if newest else None
    return Measured(
        id=f"measured:{subject}:{figure.metric}:{figure.begins.isoformat()}:{figure.value}",
        subject=subject,
        at=min(now, ends - _AN_INSTANT),
        seq=figure.value,
        by=Party.BRIDGE,
        seen=Seen(name=name_of(subject), facts=facts),
        metric=figure.metric,
        value=figure.value,
        usual=figure.usual,
        chance=figure.chance,
        team=team or (teams.most_common(1)[0][0] if teams else ""),
    )


def named(case: Case) -> str:
    """What people call the case's ticket."""
    return case.name or case.subject.partition(":")[2]
