"""Judge a ticket: which clocks run on it, and what is wrong with it. The worker and the backtest both use it.

Rules look at the state, not at what changed: what they find depends on what happened alone, never
on the order or the number of times we were told. What is *new* about it, `alerts.reconcile` finds out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from heapq import heappop, heappush
from typing import ClassVar, Protocol

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.clocks import clocks, deadlines, due
from bridge.domain.goals import Goal, SlaPolicy, VendorSlas
from bridge.domain.hours import Hours
from bridge.domain.model import AnyEvent, Category, Clock, Deadline, Finding, Severity, Ticket
from bridge.domain.text import COLD, Words
from bridge.domain.ticket import STATUSES, fold, late


class Around(Struct, frozen=True, kw_only=True):
    """What else is known of a ticket's customer: the account that they belong to, and when they opened other tickets.

    `account` is its key, "" for none; `contacts` are the openings of the requester's other tickets, oldest first.
    """

    account: str = ""
    name: str = ""
    tier: str = ""
    contacts: tuple[datetime, ...] = ()


NOTHING_AROUND = Around()


class Moment(Struct, frozen=True):
    """What a rule sees: a ticket, the clocks on it by goal, its team's working hours, and the time.

    `words` judge what somebody wrote; `around` is what else is known of the customer.
    """

    ticket: Ticket
    clocks: Mapping[str, Clock]
    hours: Hours
    now: datetime
    words: Words = COLD
    around: Around = NOTHING_AROUND


class Rule(Protocol):
    """One thing that can be wrong. A frozen dataclass; its fields are its tunables.

    One whose class says `begins_in_shadow` tells nobody unless the configuration says so: it has to earn that first.
    """

    name: ClassVar[str]
    playbook: ClassVar[str]

    def check(self, moment: Moment) -> Iterable[Finding]:
        """What is wrong now. Must be pure, and find nothing on an empty ticket."""


class Policy(Struct, frozen=True, kw_only=True):
    """All that judging depends on but the ticket and the time.

    `goals` is what is promised, `policies` for whom otherwise, the first that matches. `calendars` are the working
    hours by helpdesk group ("zendesk:17"), `hours` those of all others. `statuses` are the meanings of statuses by
    desk, `vendors` what is done with a desk's own service levels; for a desk that isn't named they are not looked at.
    `words` judge what people write. Rules `in_shadow` are judged and tell nobody. `tiers` are those whose accounts
    have everything found on their tickets raised by so many severities.
    """

    rules: tuple[Rule, ...]
    goals: tuple[Goal, ...]
    hours: Hours
    calendars: Mapping[str, Hours] = {}
    statuses: Mapping[str, Mapping[str, Category]] = {}
    policies: tuple[SlaPolicy, ...] = ()
    vendors: Mapping[str, VendorSlas] = {}
    words: Words = COLD
    in_shadow: frozenset[str] = frozenset()
    tiers: Mapping[str, int] = {}

    def hours_of(self, ticket: Ticket) -> Hours:
        """The working hours of the team that has the ticket."""
        return self.hours_at(ticket.desk, ticket.team)

    def hours_at(self, desk: str, team: str) -> Hours:
        """The working hours of a helpdesk's group."""
        return self.calendars.get(f"{desk}:{team}", self.hours)

    def statuses_of(self, subject: str) -> Mapping[str, Category]:
        """What the statuses of the subject's desk mean."""
        return self.statuses.get(subject.partition(":")[0], STATUSES)


class Judgement(Struct, frozen=True):
    """What judging a ticket came to. `shadows` is what rules in shadow found: nobody is told."""

    ticket: Ticket
    clocks: tuple[Clock, ...]
    findings: tuple[Finding, ...]
    shadows: tuple[Finding, ...] = ()


def judge(
    ticket: Ticket, policy: Policy, now: datetime, around: Around = NOTHING_AROUND
) -> Judgement:
    """Which clocks run on the ticket and what is wrong with it at `now`."""
    moment, running = look(ticket, policy, now, around)
    findings: list[Finding] = []
    shadows: list[Finding] = []
    for rule in policy.rules:
        found = rule.check(moment)
        if found:
            (shadows if rule.name in policy.in_shadow else findings).extend(found)
    if findings and around.tier in policy.tiers:
        findings = [raised(one, around, policy.tiers[around.tier]) for one in findings]
    return Judgement(ticket, running, tuple(findings), tuple(shadows))


def look(
    ticket: Ticket, policy: Policy, now: datetime, around: Around = NOTHING_AROUND
) -> tuple[Moment, tuple[Clock, ...]]:
    """What rules see of the ticket at `now`, and the clocks on it in the order of the goals."""
    running = clocks(ticket, policy)
    by_goal = {c.goal: c for c in running}
    hours = policy.hours_of(ticket)
    return Moment(ticket, by_goal, hours, now, policy.words, around), running


def raised(finding: Finding, around: Around, steps: int) -> Finding:
    """The finding as grave as it is for a customer of this tier, which it then names."""
    levels = list(Severity)
    level = levels[min(levels.index(finding.severity) + steps, len(levels) - 1)]
    account = ("Account", f"{around.name or around.account} ({around.tier})")
    return replace(finding, severity=level, facts=(*finding.facts, account))


def replay(
    events: Iterable[AnyEvent], policy: Policy, until: datetime | None = None
) -> Iterator[Judgement]:
    """Judge every ticket of a history after each of its events, repeats apart, and each time a timer rings.

    Each at its own time, in order; timers ring up to `until`, or to the last event.
    """
    history = _Replay(policy)
    for event in sorted(events, key=lambda e: e.order):
        yield from history.ring(event.at, including=False)
        yield from history.take(event)
    if until:
        yield from history.ring(until, including=True)


class _Replay:
    """Tickets as they were at one moment of a history, and the timers on them."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.tickets: dict[str, Ticket] = {}
        self.timers: dict[str, tuple[Deadline, ...]] = {}
        self.queue: list[tuple[datetime, str]] = []

    def take(self, event: AnyEvent) -> Iterator[Judgement]:
        """Fold the event and judge; nothing for a repeat, which comes right after what it repeats."""
        before = self.tickets.get(event.subject)
        if not late(before, event):
            ticket = fold(before, event, self.policy.statuses_of(event.subject))
            yield self._judge(ticket, event.at)

    def ring(self, until: datetime, *, including: bool) -> Iterator[Judgement]:
        """Ring what is due before `until`, or at it as well; of one ticket at one moment, all together."""
        while self.queue and (
            self.queue[0][0] < until or (including and self.queue[0][0] == until)
        ):
            now, subject = heappop(self.queue)
            rings = [t for t in self.timers.get(subject, ()) if t.due_at <= now]
            if not rings:
                continue
            ticket = self.tickets[subject]
            for timer in rings:
                at = max(timer.due_at, ticket.as_of[0])
                ticket = fold(ticket, replace(due(subject, timer), at=at))
            yield self._judge(ticket, now)

    def _judge(self, ticket: Ticket, now: datetime) -> Judgement:
        found = judge(ticket, self.policy, now)
        self.tickets[ticket.id] = ticket
        timers = deadlines(ticket, found.clocks, self.policy.hours_of(ticket), now)
        self.timers[ticket.id] = timers
        for timer in timers:
            heappush(self.queue, (max(timer.due_at, now), ticket.id))
        return found
