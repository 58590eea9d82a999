"""A ticket's past, lived through again under any policy: as we heard of it, judged by what judges in earnest.

What happened comes when we heard of it; timers ring at their own time, after what a look at the helpdesk would have
told. What people did about an alert, they do about the one that is live then. Nothing is written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.clocks import due
from bridge.domain.model import AboutAlert, Alert, AnyEvent, Deadline, Due, Severity, Ticket
from bridge.store.tickets import Claimed
from bridge.store.whatif import Heard
from bridge.work.bridge import Bridge
from bridge.work.following import Changed, Facts
from bridge.work.judging import judge_one, refolds
from bridge.work.tell import team_of

ASKED = timedelta(minutes=2)
"""Before a timer rings its ticket is read afresh: what we heard of so soon after it, and was before it, counts."""


class Lived(Struct, frozen=True):
    """What a ticket came to: how it stands at the end, and every alert that it had, oldest first."""

    ticket: Ticket | None
    alerts: tuple[Alert, ...]


def live_again(
    bridge: Bridge, facts: Facts, history: Sequence[Heard], real: Sequence[Alert], until: datetime
) -> Lived:
    """Live through all that we heard of one ticket, and let timers ring up to `until`.

    `facts` say by which policy and teams; `real` are the alerts that the ticket had, whose references are given to
    those that open while they were live. Raises whatever judging it raises.
    """
    past = _Past(bridge, facts, real)
    groups = deque(_together(history))
    while True:
        rings = past.next_due
        if groups and (rings is None or groups[0].before(rings)):
            group = groups.popleft()
            past.take(group.events, group.at)
        elif rings is not None and rings <= until:
            past.ring(rings)
        else:
            return Lived(past.ticket, tuple(past.alerts.values()))


class _Group(Struct, frozen=True):
    """What we heard of at one moment."""

    at: datetime
    events: tuple[AnyEvent, ...]

    def before(self, rings: datetime) -> bool:
        """Whether it is known when a timer of that time rings."""
        if self.at <= rings:
            return True
        began = min(e.at for e in self.events)
        return began <= rings and self.at <= rings + ASKED


def _together(history: Sequence[Heard]) -> Iterator[_Group]:
    """What was heard at one moment is judged together; our own timers apart, for they ring again by themselves."""
    told = [heard for heard in history if not isinstance(heard.event, Due)]
    told.sort(key=lambda heard: heard.received_at)
    for at, some in groupby(told, key=lambda heard: heard.received_at):
        yield _Group(at, tuple(sorted((h.event for h in some), key=lambda e: e.order)))


class _Past:
    """A ticket, its timers and its alerts as they were at one moment."""

    def __init__(self, bridge: Bridge, facts: Facts, real: Sequence[Alert]) -> None:
        self.bridge, self.facts, self.real = bridge, facts, real
        self.ticket: Ticket | None = None
        self.timers: tuple[Deadline, ...] = ()
        self.told: dict[str, Severity] = {}
        self.alerts: dict[str, Alert] = {}
        self.known: list[AnyEvent] = []
        self.now = datetime.min.replace(tzinfo=facts.now.tzinfo)

    @property
    def next_due(self) -> datetime | None:
        """When the next timer rings: none before what has happened already."""
        first = min((timer.due_at for timer in self.timers), default=None)
        return max(first, self.now) if first else None

    def take(self, events: Sequence[AnyEvent], at: datetime) -> None:
        """Judge what we heard of at a moment."""
        self.now = max(self.now, at)
        self._judge([self._about(event) for event in events])

    def ring(self, at: datetime) -> None:
        """Ring all timers whose time has come; none of them comes again by itself."""
        self.now = at
        rung = [timer for timer in self.timers if timer.due_at <= at]
        subject = self.ticket.id if self.ticket else ""
        self._judge([due(subject, timer) for timer in rung])
        self.timers = tuple(timer for timer in self.timers if timer not in rung)

    def _about(self, event: AnyEvent) -> AnyEvent:
        """What people did about an alert that there isn't now, they did about the case: its live alert."""
        if not isinstance(event, AboutAlert) or event.alert in self.alerts:
            return event
        live = next((alert for alert in self.alerts.values() if alert.live), None)
        return replace(event, alert=live.ref) if live else event

    def _judge(self, news: Sequence[AnyEvent]) -> None:
        again = refolds(self.ticket, news)
        self.known += news
        subject = news[0].subject
        outcome = judge_one(
            replace(self.facts, alerts={subject: self.alerts}, now=self.now),
            Claimed(subject, self.ticket, self.timers, self.told),
            news,
            list(self.known) if again else None,
        )
        self.known += outcome.silent
        self.ticket, self.timers, self.told = outcome.ticket, outcome.timers, outcome.told
        for changed in outcome.changed:
            self._follow(changed)

    def _follow(self, changed: Changed) -> None:
        alert = changed.after
        if not alert.number and self.ticket is not None:
            team = team_of(self.bridge, self.ticket, list(self.facts.roster.teams))
            ref = self._ref(alert.opened_at)
            alert = replace(alert, ref=ref, number=len(self.alerts) + 1, team=team.name)
        self.alerts[alert.ref] = alert

    def _ref(self, at: datetime) -> str:
        """The reference of the alert that was live then in earnest; else one that names no alert."""
        for alert in self.real:
            ended = alert.ended_at or self.facts.now
            if alert.ref not in self.alerts and alert.opened_at <= at <= ended:
                return alert.ref
        return f"{MADE_UP}{len(self.alerts) + 1}"


MADE_UP = "?"
"""How the references of alerts begin that never were."""
