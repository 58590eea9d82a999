"""A case lived through again in simulated time, by the core that judges in earnest: when each variant first holds.

Events of one moment are folded and judged together, as the worker does it; timers ring at their own moments between
them. A finding counts from severity WARNING on, for of less grave ones nobody is rung.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from math import inf
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.clocks import deadlines, due, standing
from bridge.domain.judge import Moment, look, raised
from bridge.domain.model import AnyEvent, Deadline, Finding, Severity, Ticket
from bridge.domain.ticket import fold, late
from bridge.insight.backtest.case import Case
from bridge.insight.backtest.plan import Plan, Rising, Single, Steps, Track

_AT = attrgetter("at")
_DUE_AT = attrgetter("due_at")
_LEVELS = tuple(Severity)
_TOLD = frozenset(_LEVELS[_LEVELS.index(Severity.WARNING) :])


class Played(Struct, frozen=True):
    """What a case came to: its ticket at the end, and for each variant the hours from its opening to the first finding.

    Hours are `inf` where there was none. Timers ring on after the last event, without end: what lies behind the end of
    the history, nobody knows.
    """

    ticket: Ticket | None
    first: list[float]


def play(case: Case, plan: Plan) -> Played:
    """Live through the case. Reminders after a breach play no part: the breach was told before them."""
    player = _Player(case, plan)
    for now, news in groupby(case.events, key=_AT):
        player.ring(before=now)
        player.take(now, news)
        if not player.waiting:
            break
    player.ring(before=None)
    return Played(player.moment.ticket if player.moment else None, player.first)


class _Player:
    """A case as it was at one moment, the timers on it, and what was found so far."""

    def __init__(self, case: Case, plan: Plan) -> None:
        self.policy, self.around = plan.policy, case.around
        self.statuses = plan.policy.statuses_of(case.id)
        self.opened_at = case.opened_at
        self.waiting: list[Track] = list(plan.tracks)
        self.first = [inf] * len(plan.variants)
        self.moment: Moment | None = None
        self.timers: list[Deadline] = []

    def take(self, now: datetime, news: Iterable[AnyEvent]) -> None:
        """Fold what happened at one moment, repeats apart, and judge."""
        before = ticket = self.moment.ticket if self.moment else None
        for event in news:
            if not late(ticket, event):
                ticket = fold(ticket, event, self.statuses)
        if ticket is not None and ticket is not before:
            self._judge(self._look(ticket, now))

    def ring(self, before: datetime | None) -> None:
        """Ring what is due before a moment, None for all there is; of one moment, all together."""
        while self.timers and self.waiting and self.moment:
            now = max(self.timers[0].due_at, self.moment.ticket.as_of[0])
            if before is not None and now >= before:
                return
            rings = [timer for timer in self.timers if timer.due_at <= now]
            self._judge(self._rung(self.moment, rings, now))

    def _rung(self, moment: Moment, rings: list[Deadline], now: datetime) -> Moment:
        ticket = moment.ticket
        for timer in rings:
            ticket = fold(ticket, replace(due(ticket.id, timer), at=now))
        if ticket.clocks:  # how far a helpdesk's paused clock is, depends on what has rung
            return self._look(ticket, now)
        # A ring changes none of our own clocks, so neither the timers that are still to come.
        self.timers = self.timers[len(rings) :]
        return Moment(ticket, moment.clocks, moment.hours, now, moment.words, self.around)

    def _look(self, ticket: Ticket, now: datetime) -> Moment:
        moment, running = look(ticket, self.policy, now, self.around)
        self.timers = sorted(deadlines(ticket, running, moment.hours, now), key=_DUE_AT)
        return moment

    def _judge(self, moment: Moment) -> None:
        """Mark what holds now for the first time; a track without anything left to mark is not asked again."""
        self.moment = moment
        done = [track for track in self.waiting if self._marked(track, moment)]
        for track in done:
            self.waiting.remove(track)

    def _marked(self, track: Track, moment: Moment) -> bool:
        if isinstance(track, Single):
            if not self._told(track.rule.check(moment)):
                return False
            self._mark(track.column, moment.now)
            return True
        return (
            self._risen(track, moment)
            if isinstance(track, Rising)
            else self._stepped(track, moment)
        )

    def _risen(self, track: Rising, moment: Moment) -> bool:
        for rule, column in zip(track.rules, track.columns, strict=True):
            if self.first[column] == inf:
                if not self._told(rule.check(moment)):
                    return False
                self._mark(column, moment.now)
        return True

    def _stepped(self, track: Steps, moment: Moment) -> bool:
        clock = moment.clocks.get(track.goal)
        found = standing(moment.ticket, clock, moment.now) if clock else None
        if found is None:
            return False
        stage = track.stages[found[0]]
        many = min(len(moment.ticket.handoffs), len(track.columns) - 1)
        new = [
            column
            for columns in track.columns[: many + 1]
            for column in columns[: stage + 1]
            if self.first[column] == inf
        ]
        # The stage tells nothing new: no need to have the rule say so in words.
        if new and self._told(track.rule.check(moment)):
            for column in new:
                self._mark(column, moment.now)
        return self.first[track.columns[-1][-1]] < inf

    def _told(self, found: Iterable[Finding]) -> bool:
        """Whether people are told of any of it."""
        if not found:
            return False
        steps = self.policy.tiers.get(self.around.tier, 0)
        return any(
            (raised(one, self.around, steps) if steps else one).severity in _TOLD for one in found
        )

    def _mark(self, column: int, now: datetime) -> None:
        self.first[column] = (now - self.opened_at).total_seconds() / 3600
