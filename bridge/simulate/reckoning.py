"""Hold what was told in a simulated week against what should have been, and count."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct, convert
from sqlalchemy import Connection, text

from bridge.domain.alerts import Change
from bridge.domain.model import Action, Alert, AnyEvent, Finding, Severity
from bridge.simulate.cases import TEAMS
from bridge.simulate.desks import OURS
from bridge.simulate.truth import BOUND, Key, Span, Standing, differences, key_of, runs, standing
from bridge.simulate.week import AT_END, Week
from bridge.store import deliveries, tickets

BANDS = ((5, "on time"), (60, "< 1 min"), (300, "< 5 min"), (900, "< 15 min"))
"""Seconds, and what to call an alert that rang within them."""

MORE = "more"
_MOST = 1_000_000
_A_SECOND = timedelta(seconds=1)
_REF = re.compile(r"\bAB-[0-9A-F]{8}\b")
_NEWS = tuple(
    change.value
    for change in (
        Change.ADDED,
        Change.UPDATED,
        Change.NEARED,
        Change.REMINDED,
        Change.RAISED,
    )
)


class Lateness(Struct, frozen=True, kw_only=True):
    """How late alerts rang against the truth; seconds."""

    alerts: int
    bands: dict[str, int]
    p50: float
    p99: float
    max: float


class WeekOutcome(Struct, frozen=True, kw_only=True):
    """The figures. `missed`, `false_alarms`, `duplicates`, `histories_differ` and `leaks` must all be 0.

    `late` tells apart the alerts of whose tickets no webhook was lost before, those of which one was, and those of
    which one was lost so shortly before that no sweep had come in between. `brief` is what was over too soon to be
    told for sure, see `truth.BOUND`.
    """

    scenario: str
    seed: int
    tickets: int
    webhooks: int
    lost_webhooks: int
    twice_or_swapped: int
    events: int
    repaired_events: int
    alerts: int
    brief: int
    missed: int
    false_alarms: int
    duplicates: int
    histories_differ: int
    leaks: int
    late: dict[str, Lateness]
    api_calls: dict[str, dict[str, int]]
    seconds: float
    trouble: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Nothing went wrong."""
        wrong = (self.missed, self.false_alarms, self.duplicates, self.histories_differ, self.leaks)
        return not any(wrong)


class _Told(Struct, frozen=True):
    """Something that an alert said, when."""

    key: Key
    severity: Severity
    at: datetime
    alert: int
    aloud: bool = True  # not only by an edit of what was told


def calls(week: Week) -> dict[str, dict[str, int]]:
    """The calls that the helpdesks were asked until now, by desk and route."""
    made = {"zendesk": week.world.sandbox.zendesk.calls, "jsm": week.world.sandbox.jira.calls}
    return {
        desk: {f"{method} {route}": many for (method, route), many in sorted(of.items())}
        for desk, of in made.items()
    }


def reckon(
    week: Week,
    truth: Mapping[str, list[AnyEvent]],
    openings: Mapping[int, Alert],
    api_calls: dict[str, dict[str, int]],
    seconds: float,
) -> WeekOutcome:
    """Count."""
    bridge = week.world.bridge
    until = week.end + AT_END
    with bridge.engine.begin() as connection:
        policy = bridge.policy(bridge.teams(connection))
        ours = tickets.find_all(connection, list(truth))
        told = list(_told(connection, openings))
        events, repaired = _events(connection)
        sent = Counter(
            (row.channel, row.action)
            for row in deliveries.listing(connection, deliveries.SENT, _MOST)
        )
        unsent = _unsent(connection)
    should: dict[Key, list[Span]] = {}
    for history in truth.values():
        should |= standing(history, policy, until)
    missed, brief = _missed(should, told)
    false = _false(should, told)
    twice = [*_again(openings, told), *_too_many(week, sent)]
    differ = differences(truth, ours, policy)
    leaks = _leaks(week)
    missed += unsent
    done = week.losses.done
    return WeekOutcome(
        scenario="lossy-week",
        seed=week.seed,
        tickets=len(truth),
        webhooks=week.losses.sent,
        lost_webhooks=done["lost"],
        twice_or_swapped=done["twice"] + done["late"],
        events=events,
        repaired_events=repaired,
        alerts=len(openings),
        brief=brief,
        missed=len(missed),
        false_alarms=len(false),
        duplicates=len(twice),
        histories_differ=len({words.partition(": ")[0] for words in differ}),
        leaks=len(leaks),
        late=_late(week, should, told),
        api_calls=api_calls,
        seconds=round(seconds, 1),
        trouble=tuple(
            f"{kind}: {words}"
            for kind, some in (
                ("missed", missed),
                ("false alarm", false),
                ("duplicate", twice),
                ("differs", differ),
                ("leak", leaks),
            )
            for words in some[:10]
        ),
    )


# --- what was told -------------------------------------------------------------------------------


class Openings:
    """Alerts as they were when they opened: their stories tell no more of that than the gravest reason.

    `look` is to be called whenever the world has come to rest.
    """

    def __init__(self, week: Week) -> None:
        self.alerts: dict[int, Alert] = {}
        self._engine = week.world.bridge.engine

    def look(self) -> None:
        """Remember the alerts that are new."""
        query = text("SELECT number, body FROM alerts WHERE number > :last")
        with self._engine.begin() as connection:
            for row in connection.execute(query, {"last": max(self.alerts, default=0)}):
                self.alerts[row.number] = convert(row.body, Alert)


def _told(connection: Connection, openings: Mapping[int, Alert]) -> Iterator[_Told]:
    """All that alerts said, when they opened and after."""
    for number, alert in openings.items():
        for reason in alert.reasons:
            key = key_of(alert.subject, reason.finding)
            yield _Told(key, reason.finding.severity, alert.opened_at, number)
    rows = connection.execute(
        text("SELECT alert, at, what, detail FROM story WHERE what = ANY(:news) ORDER BY id"),
        {"news": list(_NEWS)},
    )
    for row in rows:
        finding = convert(row.detail["finding"], Finding)
        key = key_of(openings[row.alert].subject, finding)
        aloud = row.what != Change.UPDATED.value
        yield _Told(key, finding.severity, row.at, row.alert, aloud)


def _events(connection: Connection) -> tuple[int, int]:
    """How many events are known, and how many of them no webhook told."""
    row = connection.execute(
        text("""
            SELECT count(*) AS whole, count(*) FILTER (WHERE inbox IS NULL) AS repaired FROM events
            WHERE body->>'kind' NOT IN ('due', 'read')
        """)
    ).one()
    return row.whole, row.repaired


def _unsent(connection: Connection) -> list[str]:
    states = (deliveries.WAITING, deliveries.SENDING, deliveries.FAILED)
    rows = [row for state in states for row in deliveries.listing(connection, state, _MOST)]
    return [f"delivery {row.id} ({row.action.value}) is {row.state}: {row.reason}" for row in rows]


# --- against what should have been ---------------------------------------------------------------


def _missed(should: Standing, told: Iterable[_Told]) -> tuple[list[str], int]:
    """What stood for long enough and was told by nobody; and how many things were over sooner, told or not."""
    gravest: dict[Key, Severity] = {}
    for one in told:
        gravest[one.key] = max(one.severity, gravest.get(one.key, one.severity))
    words, brief = [], 0
    for key, spans in should.items():
        for least in {span.severity for span in spans}:
            longest = max(runs(spans, least), key=lambda run: run.end - run.start)
            if longest.end - longest.start < BOUND:
                brief += 1
            elif gravest.get(key, 0) < least:
                when = f"{longest.start:%d %H:%M:%S} to {longest.end:%d %H:%M:%S}"
                words.append(f"{key.subject}: {key.rule} {key.occurrence} {least.name}, {when}")
    return words, brief


def _false(should: Standing, told: Iterable[_Told]) -> list[str]:
    """What was told at a moment when nothing of the kind was wrong."""
    stood: dict[tuple[str, str, str], list[Span]] = {}
    for key, spans in should.items():
        stood.setdefault((key.subject, key.rule, key.about), []).extend(spans)
    false = [
        f"{one.key.subject}: {one.key.rule} {one.key.occurrence} {one.severity.name} at {one.at:%d %H:%M:%S}"
        for one in told
        if one.aloud
        and not any(
            span.severity >= one.severity and span.holds(one.at)
            for span in stood.get((one.key.subject, one.key.rule, one.key.about), ())
        )
    ]
    return list(dict.fromkeys(false))


def _again(openings: Mapping[int, Alert], told: Iterable[_Told]) -> list[str]:
    """Alerts that opened with nothing that an earlier alert had not said."""
    by_alert: dict[int, list[_Told]] = {}
    for one in told:
        by_alert.setdefault(one.alert, []).append(one)
    before: dict[Key, Severity] = {}
    words = []
    for number, alert in sorted(openings.items()):
        said = by_alert[number]
        first = [one for one in said if one.at == alert.opened_at]
        if all(before.get(one.key, 0) >= one.severity for one in first):
            words.append(f"{alert.subject}: alert {number} says what was said before")
        for one in said:
            before[one.key] = max(one.severity, before.get(one.key, one.severity))
    return words


def _late(week: Week, should: Standing, told: Iterable[_Told]) -> dict[str, Lateness]:
    """How much later than in truth each grade of each occurrence was told, where it stood then."""
    rang: dict[Key, list[_Told]] = {}
    for one in told:
        rang.setdefault(one.key, []).append(one)
    seconds: dict[str, list[float]] = {"untouched": [], "lost before": [], "lost just before": []}
    for key, spans in should.items():
        for least in {span.severity for span in spans}:
            run = next(runs(spans, least))
            times = [one.at for one in rang.get(key, ()) if one.severity >= least]
            if times and run.holds(min(times)):
                lost = week.losses.lost.get(key.subject, [])
                late = max((min(times) - run.start).total_seconds(), 0.0)
                seconds[_touched(lost, run.start)].append(late)
    return {name: _lateness(sorted(some)) for name, some in seconds.items()}


def _touched(lost: list[datetime], due: datetime) -> str:
    before = bisect_left(lost, due + _A_SECOND)
    if not before:
        return "untouched"
    return "lost just before" if due - lost[before - 1] < BOUND else "lost before"


def _lateness(rising: list[float]) -> Lateness:
    bands = dict.fromkeys([name for _, name in BANDS] + [MORE], 0)
    for late in rising:
        bands[next((name for limit, name in BANDS if late < limit), MORE)] += 1
    return Lateness(
        alerts=len(rising),
        bands=bands,
        p50=_at(rising, 0.5),
        p99=_at(rising, 0.99),
        max=_at(rising, 1),
    )


def _at(rising: list[float], share: float) -> float:
    return round(rising[min(int(len(rising) * share), len(rising) - 1)], 1) if rising else 0.0


# --- on the stand-ins ----------------------------------------------------------------------------


def _too_many(week: Week, sent: Mapping[tuple[str, Action], int]) -> list[str]:
    """Posts, replies and notes that stand there and were not meant to; alerts with more than one of each."""
    words = []
    slack = week.world.sandbox.slack
    refs, replies = Counter[str](), 0
    for name in TEAMS:
        channel = next(c.id for c in slack.channels.values() if c.name == f"alerts-{name.lower()}")
        for message in slack.messages(channel):
            if not message.is_reply:
                refs.update(set(_REF.findall(json.dumps(message.blocks))))
                replies += len(slack.thread(channel, message.ts))
    words += [f"{ref}: {many} posts" for ref, many in refs.items() if many > 1]
    meant = sent.get(("slack", Action.REPLY), 0) + sent.get(("slack", Action.BROADCAST), 0)
    if replies > meant:
        words.append(f"Slack: {replies} replies, {meant} meant")
    for desk in week.desks:
        writings = [desk.writing(key) for key in desk.keys()]  # noqa: SIM118
        notes = sum(writing.notes for writing in writings)
        tags = sum(writing.rules.total() for writing in writings)
        if notes > (meant := sent.get((desk.name, Action.NOTE), 0)):
            words.append(f"{desk.name}: {notes} notes, {meant} meant")
        words += [] if tags else [f"{desk.name}: no tags at all"]
    return words


def _leaks(week: Week) -> list[str]:
    return [
        f"{desk.name}:{key}: a customer sees what the bridge wrote"
        for desk in week.desks
        for key in desk.keys()  # noqa: SIM118
        for author, words in desk.public(key)
        if author == OURS or _REF.search(words)
    ]
