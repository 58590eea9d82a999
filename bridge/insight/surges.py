"""Surges of a file of complaints, in simulated time: counted by topic and hour, judged by the code that runs live."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.alerts import Change, reconcile, retell
from bridge.domain.hours import Hours
from bridge.domain.judge import Policy, judge
from bridge.domain.model import Alert, ConfigError, Measured, Party, Seen, Severity, Ticket
from bridge.domain.rules.surge import Surge
from bridge.domain.surges import SHORTEST, Forecast, chance, forecast
from bridge.domain.ticket import fold
from bridge.domain.windows import DAY, HOUR, day_of, hour_of, window_end
from bridge.insight.backtest.times import Times, moments

KIND = "opened"
FEW_WEEKS = timedelta(weeks=2)
_AN_HOUR, _AN_INSTANT = timedelta(hours=1), timedelta(microseconds=1)


class Complaint(Struct, frozen=True):
    """A row that counts: when, and about what."""

    at: datetime
    topic: str


class Columns(Struct, frozen=True, kw_only=True):
    """Which columns tell when and about what; with `bad`, only rows count that have one of these values."""

    time: str
    topic: str
    bad: tuple[tuple[str, str], ...] = ()


class Rang(Struct, frozen=True, kw_only=True):
    """A surge that rang: when, on what figures, how far it went, and when it was over; None while it goes on.

    `window` is the hour or the day that rang. `expected` is what was usual, `many` what there was
    when it rang, `peak` the most in a window, `chance` how often a week chance rings so; see `bridge.domain.surges`.
    """

    topic: str
    rang_at: datetime
    window: str
    many: float
    expected: float
    chance: float
    peak: float
    closed_at: datetime | None = None


class Report(Struct, frozen=True, kw_only=True):
    """What a file came to. `unread` are rows that count and have no time or topic."""

    rows: int
    counted: int
    unread: int
    topics: int
    first: datetime | None
    last: datetime | None
    surges: tuple[Rang, ...]
    warnings: tuple[str, ...]


def read(path: Path, columns: Columns, zone: str) -> tuple[list[Complaint], int, int]:
    """The rows that count, in order of time; how many rows there were, and how many of them could not be read.

    Times without an offset are in `zone`. Raises ConfigError for a column that is not there.
    """
    times, known_at = Times((), zone), moments()
    found: list[Complaint] = []
    rows = unread = 0
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        known = reader.fieldnames or []
        for name in (columns.time, columns.topic, *(column for column, _ in columns.bad)):
            if name not in known:
                raise ConfigError(f"{path.name} has no column {name!r}; it has: {', '.join(known)}")
        for row in reader:
            rows += 1
            if columns.bad and not any(row[name] == value for name, value in columns.bad):
                continue
            at, topic = times.since[row[columns.time] or ""], (row[columns.topic] or "").strip()
            if at is None or not topic:
                unread += 1
                continue
            found.append(Complaint(known_at[at], topic))
    return sorted(found, key=lambda one: one.at), rows, unread


def play(complaints: Sequence[Complaint], rule: Surge, zone: str) -> tuple[Rang, ...]:
    """What would have rung as these complaints came in, one by one; ends with the last of them."""
    played = _Play(rule, ZoneInfo(zone), len({one.topic for one in complaints}))
    for one in complaints:
        played.pass_time(one.at)
        played.take(one)
    found = [*played.surges, *played.open.values()]
    return tuple(sorted(found, key=lambda surge: surge.rang_at))


def report(path: Path, columns: Columns, rule: Surge, zone: str) -> Report:
    """Read a file and play it. Raises ConfigError for a column that is not there."""
    complaints, rows, unread = read(path, columns, zone)
    first = complaints[0].at if complaints else None
    last = complaints[-1].at if complaints else None
    return Report(
        rows=rows,
        counted=len(complaints),
        unread=unread,
        topics=len({one.topic for one in complaints}),
        first=first,
        last=last,
        surges=play(complaints, rule, zone),
        warnings=tuple(_warnings(complaints, unread)),
    )


def _warnings(complaints: Sequence[Complaint], unread: int) -> Iterator[str]:
    if unread:
        yield f"{unread} rows have no topic, or a time that can't be read: they do not count"
    if not complaints:
        yield "no row counts: look at --bad"
        return
    lasted = complaints[-1].at - complaints[0].at
    if lasted < SHORTEST:
        yield f"the file holds less than {SHORTEST.days} days: nothing can be told from chance"
    elif lasted < FEW_WEEKS:
        yield (
            f"the file holds {lasted.days} days: in the first {SHORTEST.days} nothing rings, and as long as no hour of"
            " the week was seen twice, only what is far above all that was seen"
        )


class _Play:
    """Topics as they are counted at one moment, and the alerts on them."""

    def __init__(self, rule: Surge, zone: ZoneInfo, series: int) -> None:
        self.rule, self.zone, self.series = rule, zone, series
        self.policy = Policy(rules=(rule,), goals=(), hours=Hours(zone))
        self.since: datetime | None = None
        self.now: datetime | None = None
        self.counts: dict[str, dict[datetime, int]] = defaultdict(lambda: defaultdict(int))
        self.forecasts: dict[str, tuple[datetime, Forecast | None]] = {}
        self.tickets: dict[str, Ticket] = {}
        self.told: dict[str, dict[str, Severity]] = defaultdict(dict)
        self.live: dict[str, Alert] = {}
        self.open: dict[str, Rang] = {}
        self.surges: list[Rang] = []

    def take(self, one: Complaint) -> None:
        """Count it, and look at the hour and the day in which it lies."""
        self.since = self.since or hour_of(one.at)
        self.counts[one.topic][hour_of(one.at)] += 1
        self._look(one.topic, one.at)

    def pass_time(self, until: datetime) -> None:
        """With each hour that begins till then, look again at what surges."""
        hour = hour_of(self.now or until)
        while self.live and (hour := hour + _AN_HOUR) <= until:
            for topic in list(self.live):
                self._look(topic, hour)
        self.now = until

    def _look(self, topic: str, now: datetime) -> None:
        for window, begins in ((HOUR, hour_of(now)), (DAY, day_of(now, self.zone))):
            many = self._many(topic, window, begins)
            if many < self.rule.at_least and topic not in self.live:
                continue
            usual = self._forecast(topic, now)
            if usual is None:
                continue
            expected = usual.of(window, begins, self.zone)
            sure = chance(many, expected, self.series)
            if sure < 1 or topic in self.live:
                event = self._event(topic, window, begins, now, (many, expected.mean, sure))
                self._judge(topic, event)

    def _many(self, topic: str, window: str, begins: datetime) -> int:
        counts, ends = self.counts[topic], window_end(window, begins, self.zone)
        if window == HOUR:
            return counts.get(begins, 0)
        return sum(many for hour, many in counts.items() if begins <= hour < ends)

    def _forecast(self, topic: str, now: datetime) -> Forecast | None:
        """What is usual by what was known when the day began."""
        today = day_of(now, self.zone)
        known = self.forecasts.get(topic)
        if known is None or known[0] != today:
            made = forecast(self.counts[topic], self.since or today, today, self.zone)
            known = self.forecasts[topic] = (today, made)
        return known[1]

    def _event(
        self,
        topic: str,
        window: str,
        begins: datetime,
        now: datetime,
        figures: tuple[int, float, float],
    ) -> Measured:
        many, usual, sure = figures
        subject = f"topic:file:topic:{topic}"
        at = min(now, window_end(window, begins, self.zone) - _AN_INSTANT)
        if (before := self.tickets.get(topic)) is not None:
            at = max(at, before.as_of[0] + _AN_INSTANT)  # several may be of one second
        metric = f"{KIND}.{window}"
        return Measured(
            id=f"measured:{subject}:{metric}:{begins.isoformat()}:{many}",
            subject=subject,
            at=at,
            by=Party.BRIDGE,
            seen=Seen(name=topic),
            metric=metric,
            value=many,
            usual=usual,
            chance=sure,
        )

    def _judge(self, topic: str, event: Measured) -> None:
        ticket = self.tickets[topic] = fold(self.tickets.get(topic), event)
        findings = judge(ticket, self.policy, event.at).findings
        live, told = self.live.get(topic), self.told[topic]
        alert, steps = reconcile(live, ticket, findings, told, event.at)
        self.told[topic] = retell(told, findings)
        if alert is None:
            return
        if any(step.change is Change.OPENED for step in steps):
            self.open[topic] = _rang(topic, event)
        rang = self.open[topic]
        if event.metric == f"{KIND}.{rang.window}":
            rang = self.open[topic] = replace(rang, peak=max(rang.peak, event.value))
        if alert.live:
            self.live[topic] = alert
            return
        self.live.pop(topic)
        self.surges.append(replace(self.open.pop(topic), closed_at=event.at))


def _rang(topic: str, event: Measured) -> Rang:
    """What rang, by the figure that made it ring."""
    return Rang(
        topic=topic,
        rang_at=event.at,
        window=event.metric.partition(".")[2],
        many=event.value,
        expected=event.usual or 0.0,
        chance=event.chance or 0.0,
        peak=event.value,
    )
