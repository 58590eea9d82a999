"""Compare what the stand-ins hold with what the script planned."""

from __future__ import annotations

import json
import re
from collections import Counter

from msgspec import Struct
from sqlalchemy import text

from bridge.domain.model import Action, AlertState
from bridge.sandbox.zendesk_records import Ticket
from bridge.simulate.day import TEAMS, Day, Plan
from bridge.store import alerts, deliveries, tickets

_TICKET = re.compile(r"/agent/tickets/(\d+)")
OURS = "Alert Bridge"


class Outcome(Struct, frozen=True, kw_only=True):
    """The figures of a run. `lost`, `duplicates`, `false_alarms`, `missed` and `leaks` must all be 0."""

    scenario: str
    seed: int
    tickets: int
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
    planned = {f"ticket:{n}": p for n, p in day.tickets.items()} | dict(day.strangers)
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
        tickets=len(day.tickets),
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
    if subject.startswith("ticket:") and plan.note:
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
        self.desk = day.world.sandbox.zendesk
        self.slack = day.world.sandbox.slack
        self.us = next(u.id for u in self.desk.users.values() if u.name == OURS)
        self.seen: dict[str, _Seen] = {}
        self._slack()
        self._zendesk()
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
        if found := _TICKET.search(written):
            return f"ticket:{found[1]}"
        return next((email for email in self.day.strangers if email in written), "unknown")

    def _zendesk(self) -> None:
        self.tags_written = self.notes_written = 0
        for number, ticket in self.desk.tickets.items():
            seen = self.of(f"ticket:{number}")
            for audit in ticket.audits:
                if audit["author_id"] != self.us:
                    continue
                for event in audit["events"]:
                    if event["type"] == "Comment":
                        seen.notes += 1
                        self.notes_written += 1
                    elif event.get("field_name") == "tags":
                        new = set(event["value"]) - set(event.get("previous_value") or [])
                        rules = [t.removeprefix("alert_") for t in new if t.startswith("alert_")]
                        seen.rules.update(rules)
                        self.tags_written += len(rules)

    def losses(self) -> list[str]:
        """Deliveries that are not in the inbox and read; tickets whose state is not the helpdesk's."""
        words = []
        with self.day.world.bridge.engine.begin() as connection:
            kept = {
                row.delivery
                for row in connection.execute(
                    text("SELECT delivery FROM inbox WHERE state = 'read'")
                )
            }
            words += [
                f"delivery {key} is not in the inbox"
                for key in {a.shipment.key for a in self.day.world.sandbox.courier.attempts}
                if not any(key in delivery for delivery in (kept if key not in kept else {key}))
            ]
            for number, ticket in self.desk.tickets.items():
                ours = tickets.find(connection, f"zendesk:{number}")
                theirs = self._state(number, ticket)
                mine = ours and {
                    "status": ours.status,
                    "group": ours.team,
                    "agent": ours.agent,
                    "public": ours.public_replies + ours.customer_messages,
                }
                if mine != theirs:
                    words.append(f"ticket {number} is {theirs} there and {mine} here")
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

    def _state(self, number: int, ticket: Ticket) -> dict[str, object]:
        people = [author for author, _ in self.desk.public_view(number)]
        return {
            "status": str(ticket.status),
            "group": str(ticket.group_id or ""),
            "agent": str(ticket.assignee_id or ""),
            "public": len(people),
        }

    def leaks(self) -> list[str]:
        """What we wrote that a customer can see. There must be nothing."""
        return [
            f"ticket {number}: a customer sees what the bridge wrote"
            for number in self.desk.tickets
            for author, words in self.desk.public_view(number)
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
        sent: dict[str, float] = {}
        for key, subject in self.day.surveyed.items():
            at = self.day.world.surveys.sent_at.get(key)
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


def live_alerts(day: Day) -> int:
    """How many alerts still need somebody."""
    with day.world.bridge.engine.begin() as connection:
        return sum(a.state is AlertState.OPEN for a in alerts.listing(connection, 100_000))
