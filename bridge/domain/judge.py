"""Judge a ticket: which clocks run on it, and what is wrong with it. The worker and the backtest both use it.

Rules look at the state, not at what changed: what they find depends on what happened alone, never
on the order or the number of times we were told. What is *new* about it, `alerts.reconcile` finds out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import ClassVar, Protocol

from msgspec import Struct

from bridge.domain.goals import Goal, clocks
from bridge.domain.hours import Hours
from bridge.domain.model import AnyEvent, Category, Clock, Finding, Ticket
from bridge.domain.ticket import STATUSES, fold, late


class Moment(Struct, frozen=True):
    """What a rule sees: a ticket, the clocks on it by goal, its team's working hours, and the time."""

    ticket: Ticket
    clocks: Mapping[str, Clock]
    hours: Hours
    now: datetime


class Rule(Protocol):
    """One thing that can be wrong. A frozen dataclass; its fields are its tunables."""

    name: ClassVar[str]
    playbook: ClassVar[str]

    def check(self, moment: Moment) -> Iterable[Finding]:
        """What is wrong now. Must be pure, and find nothing on an empty ticket."""


class Policy(Struct, frozen=True, kw_only=True):
    """All that judging depends on but the ticket and the time.

    `calendars` are the working hours by helpdesk group ("zendesk:17"), `hours` those of all others.
    `statuses` are the meanings of statuses by desk.
    """

    rules: tuple[Rule, ...]
    goals: tuple[Goal, ...]
    hours: Hours
    calendars: Mapping[str, Hours] = {}
    statuses: Mapping[str, Mapping[str, Category]] = {}

    def hours_of(self, ticket: Ticket) -> Hours:
        """The working hours of the team that has the ticket."""
        return self.calendars.get(f"{ticket.desk}:{ticket.team}", self.hours)

    def statuses_of(self, subject: str) -> Mapping[str, Category]:
        """What the statuses of the subject's desk mean."""
        return self.statuses.get(subject.partition(":")[0], STATUSES)


class Judgement(Struct, frozen=True):
    """What judging a ticket came to."""

    ticket: Ticket
    clocks: tuple[Clock, ...]
    findings: tuple[Finding, ...]


def judge(ticket: Ticket, policy: Policy, now: datetime) -> Judgement:
    """Which clocks run on the ticket and what is wrong with it at `now`."""
    hours = policy.hours_of(ticket)
    running = clocks(ticket, policy.goals, hours)
    moment = Moment(ticket, {c.goal: c for c in running}, hours, now)
    findings: list[Finding] = []
    for rule in policy.rules:
        findings.extend(rule.check(moment))
    return Judgement(ticket, running, tuple(findings))


def replay(events: Iterable[AnyEvent], policy: Policy) -> Iterator[Judgement]:
    """Judge every ticket of a history after each of its events, repeats apart, at the event's own time."""
    tickets: dict[str, Ticket] = {}
    for event in sorted(events, key=lambda e: e.order):
        before = tickets.get(event.subject)
        if late(before, event):  # a repeat: they are sorted
            continue
        ticket = fold(before, event, policy.statuses_of(event.subject))
        tickets[event.subject] = ticket
        yield judge(ticket, policy, event.at)
