"""All that the page of an alert shows of its case, gathered in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.alerts import Change, Step
from bridge.domain.clocks import clocks, deadlines, used
from bridge.domain.hush import Mute, muting
from bridge.domain.model import Alert, Contact, Member, Message, Promise, Reason, Rise, Ticket
from bridge.domain.people import Roster
from bridge.domain.presses import finished
from bridge.domain.routing import SLACK
from bridge.domain.timers import timers
from bridge.store import alerts, deliveries, mutes, people, tickets
from bridge.work.acting import foreseen
from bridge.work.bridge import Bridge
from bridge.work.telling import Unknown, message

SLACK_LINK = "https://slack.com/app_redirect?channel={}&message_ts={}"
"""Opens the channel, and the message in it: https://docs.slack.dev/interactivity/deep-linking promises the channel."""


class Rung(Struct, frozen=True, kw_only=True):
    """A step of the ladder: told already, still to be told at `at`, or neither, for somebody has the alert."""

    rise: Rise
    rang: bool
    ahead: bool


class Goal(Struct, frozen=True, kw_only=True):
    """A goal of the loop. `missed`: it was met late, or is not met and was due already."""

    name: str
    promise: Promise
    open: bool
    missed: bool


class Ticking(Struct, frozen=True, kw_only=True):
    """A clock on the ticket. `next` is the stage that it reaches next, `at` when; None while it is paused."""

    goal: str
    target: timedelta
    elapsed: timedelta
    paused: bool
    next: str
    at: datetime | None
    breach_at: datetime | None
    whose: str

    @property
    def share(self) -> int:
        """Percent of the target that is used up, at most a hundred."""
        if self.target <= timedelta():
            return 100
        return max(0, min(100, round(self.elapsed / self.target * 100)))

    @property
    def breached(self) -> bool:
        """Whether the target is used up."""
        return self.elapsed >= self.target > timedelta()


class Casefile(Struct, frozen=True, kw_only=True):
    """An alert and what belongs to it. `alert` is as it will be in a moment, `under_way` whether it is not yet so."""

    alert: Alert
    under_way: bool
    told: Message | None
    ticket: Ticket | None
    standing: tuple[Reason, ...]
    gone: tuple[Reason, ...]
    clocks: tuple[Ticking, ...]
    no_clocks: str
    goals: tuple[Goal, ...]
    ladder: tuple[Rung, ...]
    ahead: tuple[tuple[str, datetime], ...]
    story: tuple[Step, ...]
    attempts: tuple[Step, ...]
    deliveries: tuple[deliveries.Row, ...]
    mutes: tuple[Mute, ...]
    thread: str
    roster: Roster

    @property
    def customer(self) -> Contact:
        """How to reach the customer, as far as it is known."""
        return self.told.customer if self.told else Contact()

    @property
    def playbooks(self) -> list[tuple[str, str]]:
        """What is to be done about the reasons, each once: the rule and the words."""
        lines = self.told.lines if self.told else ()
        return list({line.playbook: (line.rule, line.playbook) for line in lines}.values())[:5]


def casefile(bridge: Bridge, found: Alert) -> Casefile:
    """All about an alert, as it stands now: it may have changed since it was found."""
    now, hide = bridge.now(), bridge.redaction
    with bridge.snapshot() as connection:
        found = alerts.named(connection, found.ref) or found
        [soon] = foreseen(connection, [found])
        alert = hide.alert(soon)
        story = tuple(hide.step(told.step) for told in alerts.told_of(connection, found.number))
        posted = deliveries.posted(connection, found.number, SLACK)
        ticket = tickets.find(connection, alert.subject)
        running, why_none = _clocks(bridge, connection, ticket, now)
        tried = (Change.ATTEMPTED, Change.CONTACTED)
        return Casefile(
            alert=alert,
            under_way=soon != found,
            told=_told(bridge, connection, soon),
            ticket=hide.ticket(ticket) if ticket else None,
            standing=alert.standing,
            gone=tuple(reason for reason in alert.reasons if reason.gone_at is not None),
            clocks=running,
            no_clocks=why_none,
            goals=tuple(_goals(alert, now)),
            ladder=tuple(_ladder(alert)),
            ahead=tuple(_ahead(alert)),
            story=story,
            attempts=tuple(step for step in story if step.change in tried),
            deliveries=tuple(deliveries.of_alert(connection, found.number)),
            mutes=muting(alert, mutes.current(connection, now), now),
            thread=SLACK_LINK.format(posted.to, posted.ref) if posted and posted.to else "",
            roster=people.roster(connection, since=now),
        )


def _told(bridge: Bridge, connection: Connection, alert: Alert) -> Message | None:
    try:
        return message(bridge, connection, alert)
    except Unknown:
        return None


def _goals(alert: Alert, now: datetime) -> Iterator[Goal]:
    for name, promise in alert.promises.items():
        if name == "close" and alert.live and not promise.met_at:
            continue  # it is the resolving that is due
        open_ = promise.met_at is None and not finished(alert, name)
        late = (promise.met_at or now) > promise.due_at
        yield Goal(
            name=name,
            promise=promise,
            open=open_,
            missed=late and (open_ or promise.met_at is not None),
        )


def _ladder(alert: Alert) -> Iterator[Rung]:
    coming = timers(alert)
    for number, rise in enumerate(alert.ladder):
        name = f"rise:{number}"
        yield Rung(rise=rise, rang=name in alert.rung, ahead=name in coming)


def _ahead(alert: Alert) -> list[tuple[str, datetime]]:
    """What else happens by itself unless somebody acts: reminders, the end of a snooze, questions afterwards."""
    named = ("nag", "snooze", "ask", "check")
    coming = ((name, at) for name, at in timers(alert).items() if name.partition(":")[0] in named)
    return sorted(coming, key=lambda one: one[1])


def _clocks(
    bridge: Bridge, connection: Connection, ticket: Ticket | None, now: datetime
) -> tuple[tuple[Ticking, ...], str]:
    """The clocks on the ticket; in the second part why there are none, "" where it is simply so."""
    if ticket is None or ticket.desk not in bridge.settings.desks:
        return (), "ticket"
    policy = bridge.policy(bridge.teams(connection))
    hours = policy.hours_of(ticket)
    found = []
    for clock in clocks(ticket, policy):
        coming = deadlines(ticket, (clock,), hours, now)
        found.append(
            Ticking(
                goal=clock.goal,
                target=clock.target,
                elapsed=max(timedelta(), used(clock, hours, now)),
                paused=clock.running_since is None,
                next=coming[0].stage if coming else "",
                at=coming[0].due_at if coming else None,
                breach_at=clock.due[-1] if clock.due else None,
                whose=clock.source or clock.policy,
            )
        )
    if found:
        return tuple(found), ""
    if not ticket.live:
        return (), "over"
    return (), "nothing" if ticket.whole else "unread"


def people_on(alert: Alert) -> list[Member]:
    """Who is on it besides the owner."""
    return [one for one in alert.people if not one.same(alert.owner)]
