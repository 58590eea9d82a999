"""What became of the customer, 3, 6 and 12 months after their case was resolved: looked up, asked for, or said."""

from __future__ import annotations

from datetime import datetime
from shlex import quote

from sqlalchemy import Connection

from bridge.domain.model import (
    Action,
    Alert,
    Checked,
    ConfigError,
    Delivery,
    Member,
    Party,
    Relation,
    Undeliverable,
)
from bridge.domain.relations import WORDS, Score, Signals, asking, relation, said
from bridge.domain.routing import EMAIL, SLACK
from bridge.store import alerts, deliveries, followups, people, tickets
from bridge.work.bridge import Bridge, team_named
from bridge.work.queue import DRAIN, wake, wake_deliveries

NO_ONE = Member()
NOBODY = "no sign of them since, and nobody to ask"


def check(bridge: Bridge, key: str) -> None:
    """Find out what became of the customer of "<alert number>:<months>"; where there is no sign, ask the owner.

    Done once: a second time changes nothing. Raises Undeliverable for a key that is none.
    """
    number, _, months = key.partition(":")
    if not (number.isdecimal() and months.isdecimal()):
        raise Undeliverable(f"{key!r} is no check")
    now = bridge.now()
    with bridge.engine.begin() as connection:
        alert = alerts.find(connection, int(number))
        if alert is None or alert.live or _known(connection, alert, int(months)):
            return
        found = relation(signals(connection, alert))
        if found is None:
            whom = _asked(bridge, connection, alert, int(months), now)
            found = Relation.UNKNOWN, f"no sign of them since; {whom} was asked" if whom else NOBODY
        _record(connection, alert, int(months), found, now=now)


def _known(connection: Connection, alert: Alert, months: int) -> bool:
    """Whether it was found or said already, since the alert was last resolved."""
    since = alert.ended_at or alert.changed_at
    return any(one.at >= since for one in followups.checked(connection, alert, months))


def say(bridge: Bridge, ref: str, months: int, told: Relation, who: Member) -> Alert:
    """Keep what somebody says of the customer: it takes the place of what was found. The alert as it was.

    Raises ConfigError for an alert that is unknown or not over, and for months that aren't looked at.
    """
    looked = bridge.settings.loop.check_after
    if months not in looked:
        raise ConfigError(f"{months} months: it is looked after {', '.join(map(str, looked))}")
    with bridge.engine.begin() as connection:
        alert = alerts.named(connection, ref.upper())
        if alert is None:
            raise ConfigError(
                f"no alert {ref!r}: the reference stands in each message, AB-1A2B3C4D"
            )
        if alert.live:
            raise ConfigError(f"alert {alert.ref} is not resolved yet")
        _record(connection, alert, months, (told, f"{who} says so"), who=who, now=bridge.now())
    return alert


def unwanted(alert: Alert, months: int, now: datetime) -> str:
    """Why an answer to a question of before says nothing any more; "" where it does."""
    if alert.live:
        return f"{alert.ref} is open again: you are asked anew some months after it is resolved."
    due = alert.checks.get(str(months))
    if due is not None and due > now:
        return f"{alert.ref} was resolved anew since: you are asked again after {due:%Y-%m-%d}."
    return ""


def signals(connection: Connection, alert: Alert) -> Signals:
    """What is known of the alert's customer since it was resolved."""
    since = alert.ended_at or alert.changed_at
    later = followups.later(connection, alert)
    found = followups.tickets_since(connection, alert, since)
    words = said(
        (tag for ticket in found for tag in ticket.tags),
        {f"{ticket.id} {name}": value for ticket in found for name, value in ticket.facts.items()},
    )
    came = [one.at for one in later if one.what == "ticket"]
    return Signals(
        tickets=len(came),
        answers=tuple(
            Score(one.at, one.answer.score, one.answer.raw)
            for one in later
            if one.answer is not None and one.answer.score is not None
        ),
        alerts=followups.alerts_since(connection, alert, since),
        last_seen_at=max(came, default=None),
        said=words[0] if words else None,
        saying=words[1] if words else "",
    )


def _record(
    connection: Connection,
    alert: Alert,
    months: int,
    found: tuple[Relation, str],
    *,
    who: Member = NO_ONE,
    now: datetime,
) -> None:
    told, why = found
    before = followups.checked(connection, alert, months)
    if before and (before[-1].relation, before[-1].who) == (told, who):
        return
    event = Checked(
        id=f"checked:{alert.ref}:{months}:{len(before)}-{told.value}",
        subject=alert.subject,
        at=max([now, *(one.at for one in before)]),
        seq=len(before),
        by=Party.AGENT if who else Party.SYSTEM,
        alert=alert.ref,
        months=months,
        relation=told,
        why=why,
        who=who,
    )
    tickets.add_events(connection, [tickets.arrive(event, now)])
    wake(connection, DRAIN)


def _asked(
    bridge: Bridge, connection: Connection, alert: Alert, months: int, now: datetime
) -> Member | None:
    """Ask the alert's owner, or else the team's manager; who it is, None where nobody can be asked."""
    team = team_named(alert.team, bridge.teams(connection))
    manager = people.roster(connection, since=now).manager(team)
    for whom in (alert.owner, manager):
        if (question := _question(bridge, alert, months, whom)) is not None:
            wake_deliveries(connection, deliveries.add(connection, [(alert.number, question)], now))
            return whom
    return None


def _question(bridge: Bridge, alert: Alert, months: int, whom: Member) -> Delivery | None:
    """The question for one person: with buttons in Slack, else by e-mail; None where neither reaches them."""
    words = (
        f"{months} months ago {alert.ref} was resolved, and nothing was heard of the customer since."
        " Did they stay, are they at risk, or did they leave?"
    )
    mailed = (
        f"{words} Please tell whoever looks after Alert Bridge. This keeps your answer:\n"
        f"bridge alerts relation {alert.ref} {'|'.join(WORDS)} --months {months} --by {quote(str(whom))}"
    )
    ways = (
        (SLACK, whom.slack, words),
        (EMAIL, whom.email, mailed),
        (SLACK, whom.email, words),  # who it is, Slack can say
    )
    for channel, to, text in ways:
        if to and channel in bridge.channels:
            return Delivery(
                channel=channel,
                action=Action.DIRECT,
                to=to,
                why=f"what became of the customer after {months} months",
                text=text,
                tags=asking(months),
            )
    return None
