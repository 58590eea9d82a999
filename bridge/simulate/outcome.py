"""Compare what the stand-ins hold with what the script planned."""

from __future__ import annotations

import json
from collections import Counter
from urllib.parse import urlsplit

from msgspec import Struct
from sqlalchemy import text

from bridge.domain.model import Action, AlertState
from bridge.simulate.cases import TEAMS, Day, Plan
from bridge.simulate.desks import OURS
from bridge.store import alerts, deliveries, tickets


class Outcome(Struct, frozen=True, kw_only=True):
    """The figures of a run. `lost`, `duplicates`, `false_alarms`, `missed` and `leaks` must all be 0."""

    scenario: str
    seed: int
    tickets: int
    desks: dict[str, int]  # tickets by helpdesk
    answers: dict[str, int]  # survey answers by source, those that a vendor's own rating is not
    events: int
    alerts: int
    alert_rate: float
    tags_written: int
    notes_written: int
    slack_messages: int
    slack_edits: int
    lost: int
    duplicates: int
    false_alarms: int
    missed: int
    leaks: int
    webhook_to_slack_ms: dict[str, float]
    faults: int  # calls to a vendor that failed
    seconds: float
    trouble: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Nothing went wrong."""
        return not (self.lost or self.duplicates or self.false_alarms or self.missed or self.leaks)


class _Seen(Struct):
    """What the stand-ins hold of our doing for one subject."""

    rules: Counter[str]
    notes: int = 0
    posts: int = 0
    channel: str = ""
    resolved: bool = False


class _Trouble:
    """What went wrong, counted by kind and told in words."""

    def __init__(self) -> None:
        self.counts = Counter[str]()
        self.words: list[str] = []

    def say(self, kind: str, words: str, times: int = 1) -> None:
        self.counts[kind] += times
        self.words.append(f"{kind}: {words}")


def outcome(day: Day, seed: int, seconds: float) -> Outcome:
    """Count."""
    look = _Look(day)
    trouble = _Trouble()
    planned = day.plans
    for subject, plan in planned.items():
        _missed(subject, plan, look.of(subject), trouble)
        _too_much(subject, plan, look.of(subject), trouble)
    for subject in look.unplanned(set(planned)):
        trouble.say("false_alarms", f"{subject}: nobody planned it")
    for words in look.losses():
        trouble.say("lost", words)
    for words in look.leaks():
        trouble.say("leaks", words)
    return Outcome(
        scenario="day",
        seed=seed,
        tickets=sum(len(desk.keys()) for desk in day.desks),
        desks={desk.name: len(desk.keys()) for desk in day.desks},
        answers=dict(sorted(day.answers.items())),
        events=look.events,
        alerts=look.alerts,
        alert_rate=round(look.alerts / max(len(planned), 1), 4),
        tags_written=look.tags_written,
        notes_written=look.notes_written,
        slack_messages=look.slack_messages,
        slack_edits=look.slack_edits,
        lost=trouble.counts["lost"],
        duplicates=trouble.counts["duplicates"],
        false_alarms=trouble.counts["false_alarms"],
        missed=trouble.counts["missed"],
        leaks=trouble.counts["leaks"],
        webhook_to_slack_ms=look.latency(),
        faults=sum(len(gate.faulted) for gate in day.world.sandbox.gates.values()),
        seconds=round(seconds, 1),
        trouble=tuple(trouble.words[:20]),
    )


def _missed(subject: str, plan: Plan, seen: _Seen, trouble: _Trouble) -> None:
    """What was planned and is not there, or not as planned."""
    if not plan.rules:
        return
    if not seen.posts:
        trouble.say("missed", f"{subject}: no Slack message for {sorted(plan.rules)}")
        return
    if "@" not in subject and plan.note:
        for rule in plan.rules - set(seen.rules):
            trouble.say("missed", f"{subject}: no tag for {rule}")
        if not seen.notes:
            trouble.say("missed", f"{subject}: no note")
    if seen.channel != f"alerts-{plan.team.lower()}":
        trouble.say("missed", f"{subject}: told in {seen.channel}, not to {plan.team}")
    if plan.ends is not None and plan.ends != seen.resolved:
        trouble.say("missed", f"{subject}: resolved {seen.resolved}, planned {plan.ends}")


def _too_much(subject: str, plan: Plan, seen: _Seen, trouble: _Trouble) -> None:
    """What is there and was not planned, or is there twice."""
    for rule in set(seen.rules) - plan.rules:
        trouble.say("false_alarms", f"{subject}: tag for {rule}")
    if not plan.rules and (seen.posts or seen.notes):
        trouble.say("false_alarms", f"{subject}: told of although nothing was wrong")
    if not plan.note and seen.notes:
        trouble.say("false_alarms", f"{subject}: a note where there can be none")
    extra = sum(max(n - 1, 0) for n in (seen.notes, seen.posts, *seen.rules.values()))
    if extra:
        trouble.say("duplicates", f"{subject}: {extra} written again", extra)


class _Look:
    """Reads the stand-ins, and the bridge's own database for what must agree with them."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.slack = day.world.sandbox.slack
        self.seen: dict[str, _Seen] = {}
        self._slack()
        self._desks()
        with day.world.bridge.engine.begin() as connection:
            count = connection.execute(text("SELECT count(*) FROM events WHERE judged"))
            self.events = int(count.scalar_one())
            self.alerts = len(alerts.listing(connection, 100_000))

    def of(self, subject: str) -> _Seen:
        return self.seen.setdefault(subject, _Seen(Counter()))

    def unplanned(self, planned: set[str]) -> list[str]:
        return [s for s, seen in self.seen.items() if s not in planned and seen.posts]

    def _slack(self) -> None:
        self.slack_messages = self.slack_edits = 0
        for name in TEAMS:
            channel = f"alerts-{name.lower()}"
            for message in self.slack.messages(self._channel(channel)):
                if message.is_reply:
                    continue
                self.slack_messages += 1
                self.slack_edits += message.edits
                written = json.dumps(message.blocks)
                seen = self.of(self._subject(written))
                seen.posts += 1
                seen.channel = channel
                seen.resolved = "Resolved itself" in written

    def _channel(self, name: str) -> str:
        return next(c.id for c in self.slack.channels.values() if c.name == name)

    def _subject(self, written: str) -> str:
        for desk in self.day.desks:
            if key := desk.found_in(written):
                return f"{desk.name}:{key}"
        return next((who for who in self.day.plans if "@" in who and who in written), "unknown")

    def _desks(self) -> None:
        self.tags_written = self.notes_written = 0
        for desk in self.day.desks:
            for key in desk.keys():  # noqa: SIM118 - no mapping
                seen, writing = self.of(f"{desk.name}:{key}"), desk.writing(key)
                seen.notes += writing.notes
                seen.rules.update(writing.rules)
                self.notes_written += writing.notes
                self.tags_written += writing.rules.total()

    def losses(self) -> list[str]:
        """Deliveries that are not in the inbox and read; tickets whose state is not the helpdesk's."""
        words = []
        attempts = self.day.world.sandbox.courier.attempts
        shipped = {(_source(a.shipment.url), a.shipment.key) for a in attempts}
        with self.day.world.bridge.engine.begin() as connection:
            kept = Counter[str]()
            for row in connection.execute(text("SELECT id, source, state, reason FROM inbox")):
                kept[row.source] += row.state == "read"
                if row.state != "read":
                    words.append(f"delivery {row.id} of {row.source} is {row.state}: {row.reason}")
            for source, many in Counter(source for source, _ in shipped).items():
                if kept[source] < many:
                    words.append(f"{source}: {many} sent, {kept[source]} kept and read")
            for desk in self.day.desks:
                for key in desk.keys():  # noqa: SIM118
                    ours = tickets.find(connection, f"{desk.name}:{key}")
                    mine = ours and {
                        "status": ours.status,
                        "group": ours.team,
                        "agent": ours.agent,
                        "public": ours.public_replies + ours.customer_messages,
                    }
                    if mine != (theirs := desk.state(key)):
                        words.append(f"{desk.name}:{key} is {theirs} there and {mine} here")
            waiting = [*deliveries.listing(connection, deliveries.WAITING, 1000)]
            waiting += deliveries.listing(connection, deliveries.SENDING, 1000)
            failed = [
                d
                for d in deliveries.listing(connection, deliveries.FAILED, 1000)
                if d.action not in (Action.TAG, Action.NOTE, Action.UNTAG)
            ]
            words += [
                f"delivery {d.id} ({d.action.value}) is {d.state}: {d.reason}"
                for d in waiting + failed
            ]
        return words

    def leaks(self) -> list[str]:
        """What we wrote that a customer can see. There must be nothing."""
        return [
            f"{desk.name}:{key}: a customer sees what the bridge wrote"
            for desk in self.day.desks
            for key in desk.keys()  # noqa: SIM118
            for author, words in desk.public(key)
            if author == OURS or "AB-" in words
        ]

    def latency(self) -> dict[str, float]:
        """Real milliseconds from a survey's webhook leaving to the Slack message's arrival."""
        arrived: dict[tuple[str, str], float] = {}
        for a in self.slack.arrivals:  # an edit arrives under the same name again
            arrived.setdefault((a.channel, a.ts), a.monotonic)
        first: dict[str, float] = {}
        for name in TEAMS:
            channel = self._channel(f"alerts-{name.lower()}")
            for message in self.slack.messages(channel):
                if not message.is_reply:
                    subject = self._subject(json.dumps(message.blocks))
                    first.setdefault(subject, arrived[channel, message.ts])
        sandbox = self.day.world.sandbox
        left = sandbox.surveys.sent_at | sandbox.twilio.sent_at
        sent: dict[str, float] = {}
        for key, subject in self.day.surveyed.items():
            at = left.get(key)
            if at is not None:
                sent[subject] = min(at, sent.get(subject, at))
        took = sorted(
            (first[s] - at) * 1000 for s, at in sent.items() if s in first and first[s] > at
        )
        if not took:
            return {"p50": 0.0, "p99": 0.0}
        return {
            "p50": round(took[len(took) // 2], 1),
            "p99": round(took[min(int(len(took) * 0.99), len(took) - 1)], 1),
        }


def _source(url: str) -> str:
    """The source that an address belongs to."""
    return urlsplit(url).path.rpartition("/")[2]


def live_alerts(day: Day) -> int:
    """How many alerts still need somebody."""
    with day.world.bridge.engine.begin() as connection:
        return sum(a.state is AlertState.OPEN for a in alerts.listing(connection, 100_000))
