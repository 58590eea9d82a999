"""What happens to the alerts of a ticket: by people, by time, by what is written on the ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.alerts import Change, Step
from bridge.domain.commands import asks, commands
from bridge.domain.judge import Around, Policy
from bridge.domain.loop import Loop, follow, hasten
from bridge.domain.model import AboutAlert, Alert, AnyEvent, Member, Replied, Team, Ticket
from bridge.domain.people import Roster
from bridge.domain.presses import replied
from bridge.store import alerts, people, teams, tickets
from bridge.work.around import CONTACTS_WITHIN, around, customer
from bridge.work.bridge import Bridge


class Changed(Struct, frozen=True):
    """What became of an alert; `before` is None for one that opened."""

    before: Alert | None
    after: Alert
    steps: tuple[Step, ...]


class Facts(Struct, frozen=True):
    """What judging some tickets goes by: the same for all of them.

    `alerts` are those that their events speak of and those that are live, by subject and reference; `who` are helpdesk
    users who may have done something about an alert, by desk and id. `around` is what else is known of customers, by
    subject.
    """

    policy: Policy
    roster: Roster
    loops: Mapping[str, Loop]
    alerts: Mapping[str, Mapping[str, Alert]]
    who: Mapping[tuple[str, str], Member]
    now: datetime
    around: Mapping[str, Around] = {}


def gather(
    bridge: Bridge,
    connection: Connection,
    subjects: Sequence[str],
    waiting: Mapping[str, Sequence[tickets.Waiting]],
    known: Mapping[str, Ticket | None],
) -> Facts:
    """All that judging these tickets needs to know, `known` as they stand, `waiting` being what happened to them."""
    now = bridge.now()
    roster = people.roster(connection, since=now)
    events = [w.event for subject in subjects for w in waiting[subject]]
    found: dict[str, dict[str, Alert]] = {subject: {} for subject in subjects}
    for alert in alerts.live(connection, subjects).values():
        found[alert.subject][alert.ref] = alert
    refs = [e.alert for e in events if isinstance(e, AboutAlert)]
    for alert in alerts.all_named(connection, refs).values():
        found.setdefault(alert.subject, {})[alert.ref] = alert
    actors = {
        (e.subject.partition(":")[0], e.actor)
        for e in events
        if e.actor and found[e.subject] and (asks(e) or isinstance(e, Replied))
    }
    customers = [customer(s, known.get(s), [w.event for w in waiting[s]]) for s in subjects]
    return Facts(
        bridge.policy(list(roster.teams), bridge.words(connection)),
        roster,
        {team.name: bridge.loop(team, roster) for team in roster.teams},
        found,
        {
            actor: roster.named(person.email) or person.member
            for actor, person in teams.persons(connection, actors).items()
        },
        now,
        around(connection, customers, now - CONTACTS_WITHIN),
    )


class Followed:
    """The alerts of one ticket, as what happens to them adds up."""

    def __init__(self, facts: Facts, known: Mapping[str, Alert]) -> None:
        self.facts = facts
        self.before = dict(known)
        self.after = dict(known)
        self.changed: dict[str, tuple[Step, ...]] = {}

    @property
    def live(self) -> Alert | None:
        return next((alert for alert in self.after.values() if alert.live), None)

    def take(self, event: AnyEvent) -> None:
        """What an event does to the alert that it is about, or to the live one."""
        live = self.live
        if isinstance(event, AboutAlert):
            self._follow(event)
        elif live is None or event.at < live.opened_at:
            return
        elif asks(event):
            self._obey(event, live)
        elif isinstance(event, Replied):
            self.change(*replied(live, event, self._who(event)))

    def change(self, alert: Alert, steps: tuple[Step, ...]) -> None:
        """Note what became of an alert; a new one has no reference yet."""
        if not steps:
            return
        if any(step.change is Change.RAISED for step in steps) and alert.ref:
            alert = hasten(alert, self._loop(alert), alert.changed_at)
        self.after[alert.ref] = alert
        self.changed[alert.ref] = (*self.changed.get(alert.ref, ()), *steps)

    def changes(self) -> tuple[Changed, ...]:
        """All that changed, those that ended before those that opened: one at a time is live."""
        found = [
            Changed(self.before.get(ref), self.after[ref], steps)
            for ref, steps in self.changed.items()
        ]
        return tuple(sorted(found, key=lambda changed: changed.after.live))

    def _follow(self, event: AboutAlert) -> None:
        alert = self.after.get(event.alert)
        if alert is None:
            return
        live = self.live
        other = live.ref if live is not None and live.ref != alert.ref else ""
        self.change(*follow(alert, event, self._loop(alert), other=other))

    def _obey(self, event: AnyEvent, live: Alert) -> None:
        for command in commands(event, live, self._who(event)):
            if command.pressed is not None:
                self.change(*follow(self.after[live.ref], command.pressed, self._loop(live)))
            told = Step(change=Change.OBEYED, at=event.at, via="ticket", words=command.tag)
            if command.why:
                told = replace(told, change=Change.REFUSED, words=command.why)
            if command.tag or command.why:
                self.change(self.after[live.ref], (told,))

    def _who(self, event: AnyEvent) -> Member:
        key = (event.subject.partition(":")[0], event.actor)
        return self.facts.who.get(key) or Member(name="an agent")

    def _loop(self, alert: Alert) -> Loop:
        """How the alert's team follows it; a team that was deleted has nobody."""
        found = self.facts.loops.get(alert.team)
        if found is not None:
            return found
        usual = next(iter(self.facts.loops.values()))
        return replace(usual, team=Team(name=alert.team), hours=self.facts.policy.hours)
