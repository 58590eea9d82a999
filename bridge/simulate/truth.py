"""What really happened in a simulated week, by the helpdesks' own histories, and what should have been told of it.

A history is folded and replayed by the same rules and the same policy, with nothing lost and nothing late: timers ring
at their moments. What the bridge knew and told, which heard of less, is held against it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from bridge.domain.judge import Policy, replay
from bridge.domain.model import AnyEvent, Finding, Read, Severity, Ticket
from bridge.domain.ticket import fold_all
from bridge.simulate.week import Week

BOUND = timedelta(minutes=10)
"""What is wrong for less may be over before anybody could know.

A sweep comes each 5 minutes, Zendesk keeps the last minute back, and then timers are confirmed and rung.
"""

SLACK = timedelta(seconds=15)
"""How far a moment may be from the true one: Zendesk tells whole seconds where its webhooks tell fractions, and a clock
that pauses often adds up the difference each time."""


class Key(Struct, frozen=True):
    """One occurrence of one thing that is wrong with one ticket."""

    subject: str
    rule: str
    about: str
    occurrence: str


class Span(Struct, frozen=True):
    """It stood from `start` to `end`, as grave as that."""

    start: datetime
    end: datetime
    severity: Severity

    def holds(self, at: datetime) -> bool:
        """Whether it stood at a moment."""
        return self.start - SLACK <= at <= self.end + SLACK


Standing = Mapping[Key, list[Span]]


def key_of(subject: str, finding: Finding) -> Key:
    """The occurrence that a finding is of, whether a helpdesk's history or its webhooks told when it began."""
    whole = re.sub(r"(\d\d:\d\d:\d\d)\.\d+", r"\1", finding.occurrence)
    return Key(subject, finding.rule, finding.about, whole)


def histories(week: Week, tell: Callable[[], None]) -> dict[str, list[AnyEvent]]:
    """All that happened, by ticket, as the helpdesks tell it to their readers; `tell` is called after each ticket."""
    sandbox, bridge = week.world.sandbox, week.world.bridge
    sandbox.zendesk.account_limit.limit = None  # the week is over: nobody minds many calls
    sandbox.jira.bursts["GET"].rate = None
    us = {"zendesk": str(week.zendesk.us), "jsm": week.jira.us}
    found: dict[str, list[AnyEvent]] = {}
    for helpdesk in week.desks:
        desk: Any = dataclasses.replace(
            bridge.settings.desks[helpdesk.name].desk,
            token=bridge.desks[helpdesk.name].token,  # type: ignore[attr-defined]
            user_id=us[helpdesk.name],
        )
        for key in helpdesk.keys():  # noqa: SIM118 - no mapping
            told = [one for one in desk.history(key) if not isinstance(one, Read)]
            found[f"{helpdesk.name}:{key}"] = told
            tell()
    return found


def standing(history: Iterable[AnyEvent], policy: Policy, until: datetime) -> dict[Key, list[Span]]:
    """What was wrong with a ticket, and when, if every event had been known at once."""
    found: dict[Key, list[Span]] = {}
    now: dict[Key, tuple[datetime, Severity]] = {}
    for judgement in replay(history, policy, until):
        at = judgement.ticket.as_of[0]
        wrong = {key_of(judgement.ticket.id, f): f.severity for f in judgement.findings}
        for key, (since, severity) in list(now.items()):
            if wrong.get(key) != severity:
                found.setdefault(key, []).append(Span(since, at, severity))
                del now[key]
        now |= {key: (at, severity) for key, severity in wrong.items() if key not in now}
    for key, (since, severity) in now.items():
        found.setdefault(key, []).append(Span(since, until, severity))
    return found


def runs(spans: Iterable[Span], least: Severity) -> Iterator[Span]:
    """The unbroken times in which it was at least so grave."""
    run: Span | None = None
    for span in spans:
        if span.severity < least:
            continue
        if run and span.start == run.end:
            run = Span(run.start, span.end, least)
            continue
        if run:
            yield run
        run = Span(span.start, span.end, least)
    if run:
        yield run


def differences(
    truth: Mapping[str, list[AnyEvent]], ours: Mapping[str, Ticket], policy: Policy
) -> list[str]:
    """The tickets of which the bridge knows otherwise than what happened, and in what."""
    words = []
    for subject, history in truth.items():
        known = ours.get(subject)
        real = fold_all(history, policy.statuses_of(subject))
        if known is None or real is None:
            words.append(f"{subject}: not known at all")
            continue
        here, there = _facts(known), _facts(real)
        words += [
            f"{subject}: {name} is {there[name]} there and {here[name]} here"
            for name in here
            if here[name] != there[name]
        ]
    return words


def _facts(ticket: Ticket) -> dict[str, object]:
    """What must be the same, its times to the second."""
    return {
        "status": ticket.status,
        "phases": [(_second(p.at), p.category.value) for p in ticket.phases],
        "priority": ticket.priority,
        "team": ticket.team,
        "shifts": [(_second(s.at), s.team) for s in ticket.shifts],
        "agent": ticket.agent,
        "handoffs": [(_second(h.at), h.of, h.source, h.target) for h in ticket.handoffs],
        "reopened": [_second(at) for at in ticket.reopened],
        "opened": _second(ticket.opened_at),
        "waiting": _second(ticket.waiting_since),
        "first reply": _second(ticket.first_reply_at),
        "last reply": _second(ticket.last_reply_at),
        "replies": ticket.public_replies,
        "notes": ticket.internal_notes,
        "messages": ticket.customer_messages,
    }


def _second(at: datetime | None) -> str:
    return at.strftime("%d %H:%M:%S") if at else ""
