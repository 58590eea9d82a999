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
from bridge.store import alerts, deliveries, tickets

BANDS = ((5, "on time"), (60, "< 1 min"), (300, "< 5 min"), (900, "< 15 min"))
"""Seconds, and what to call an alert that rang within them."""

MORE = "more"
_MOST = 1_000_000
_A_SECOND = timedelta(seconds=1)
_REF = re.compile(r"\bAB-[0-9A-F]{8}\b")
_NEWS = tuple(
    change.value
    for change in (
        Change.OPENED,
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
    api_calls: dict[str, dict[str, int]],
    seconds: float,
) -> WeekOutcome:
    """Count."""
    bridge = week.world.bridge
    until = week.end + AT_END
    with bridge.engine.begin() as connection:
        policy = bridge.policy(bridge.teams(connection))
        ours = tickets.find_all(connection, list(truth))
        known = alerts.listing(connection, _MOST)
        told = list(_told(connection, known))
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
    twice = [*_again(known, told), *_too_many(week, sent)]
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
        alerts=len(known),
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


def _told(connection: Connection, known: Iterable[Alert]) -> Iterator[_Told]:
    """All that alerts said: by their stories, and of those that opened with several reasons, by these."""
    by_number = {alert.number: alert for alert in known}
    spoken: set[tuple[int, tuple[str, str]]] = set()
    rows = connection.execute(
        text("SELECT alert, at, what, detail FROM story WHERE what = ANY(:news) ORDER BY id"),
        {"news": list(_NEWS)},
    )
    for row in rows:
        finding = convert(row.detail, Finding)
        subject = by_number[row.alert].subject
        aloud = row.what != Change.UPDATED.value
        yield _Told(key_of(subject, finding), finding.severity, row.at, row.alert, aloud)
        spoken.add((row.alert, finding.key))
    for alert in known:
        for reason in alert.reasons:
            finding = reason.finding
            if (alert.number, finding.key) not in spoken:
                key = key_of(alert.subject, finding)
                yield _Told(key, finding.severity, reason.added_at, alert.number)


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


def _again(known: Iterable[Alert], told: Iterable[_Told]) -> list[str]:
    """Alerts that opened with nothing that an earlier alert had not said."""
    by_alert: dict[int, list[_Told]] = {}
    for one in told:
        by_alert.setdefault(one.alert, []).append(one)
    before: dict[Key, Severity] = {}
    words = []
    for alert in sorted(known, key=lambda a: a.number):
        said = by_alert.get(alert.number, [])
        first = {one.key: one.severity for one in said if one.at == alert.opened_at}
        for reason in alert.reasons:
            if reason.added_at == alert.opened_at:
                key = key_of(alert.subject, reason.finding)
                first[key] = max(first.get(key, reason.finding.severity), reason.finding.severity)
        if all(before.get(key, 0) >= severity for key, severity in first.items()):
            words.append(f"{alert.subject}: alert {alert.number} says what was said before")
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
            if times and run.start - _A_SECOND <= min(times) <= run.end + _A_SECOND:
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
