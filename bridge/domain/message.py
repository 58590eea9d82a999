"""An alert in words, for every medium. Knows no vendor, escapes nothing: that is each medium's own work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from bridge.domain.metrics import KINDS
from bridge.domain.model import (
    Alert,
    Contact,
    Goalpost,
    Line,
    Message,
    Reason,
    Team,
    Ticket,
)
from bridge.domain.presses import finished, offered
from bridge.domain.saying import GOALS
from bridge.domain.timers import upcoming


class Place(Struct, frozen=True, kw_only=True):
    """Where the case is: what a message says about it beside the reasons."""

    desk: str = ""  # the desk the subject is a ticket of; "" for an answer without a ticket
    url: str = ""
    link: str = ""
    told: tuple[str, ...] = ()
    remark: str = ""
    customer: Contact = Contact()
    mention: str = ""


def compose(
    alert: Alert,
    ticket: Ticket,
    team: Team,
    place: Place,
    *,
    playbooks: Mapping[str, str],
    text: str = "",
    now: datetime | None = None,
) -> Message:
    """The alert as it stands; `text` is what a reply in its thread says instead. Goals are missed or not by `now`."""
    standing = alert.standing
    reasons = standing + tuple(r for r in alert.reasons if r.gone_at is not None)
    headline = standing[0].finding.headline if standing else reasons[0].finding.headline
    contacts = [place.customer, *(r.finding.contact for r in reasons)]
    return Message(
        ref=alert.ref,
        severity=alert.severity,
        resolved=not alert.live,
        headline=headline if alert.live else _end(alert),
        lines=tuple(_line(r, playbooks) for r in reasons),
        subject=subject_of(ticket, on_desk=bool(place.desk)),
        since=min(r.finding.since for r in reasons),
        title=ticket.title,
        url=place.url,
        customer=Contact(
            name=next((c.name for c in contacts if c.name), ""),
            email=next((c.email for c in contacts if c.email), ""),
            phone=next((c.phone for c in contacts if c.phone), ""),
        ),
        team=team.name,
        manager=team.manager,
        mention=place.mention,
        state=alert.state,
        about=alert.subject,
        owner=str(alert.owner),
        next=upcoming(alert),
        goals=tuple(_goals(alert, now)),
        offers=offered(alert),
        outcome=_outcome(alert),
        told=place.told,
        remark=" ".join(filter(None, (*_far(alert), place.remark))),
        link=place.link,
        text=text,
    )


def _end(alert: Alert) -> str:
    if not alert.resolved_by:
        return f"Resolved itself: {alert.ended}"
    return f"{alert.ended[:1].upper()}{alert.ended[1:]}"


def _far(alert: Alert) -> Iterator[str]:
    """How far it has come, in sentences."""
    if alert.acknowledged_at and alert.acknowledged_at != alert.contacted_at:
        yield f"Acknowledged by {alert.acknowledged_by}, {_moment(alert.acknowledged_at)}."
    if alert.attempts:
        times = "once" if alert.attempts == 1 else f"{alert.attempts} times"
        yield f"Tried {times} to reach the customer."
    if alert.contacted_at:
        yield f"Customer contacted by {alert.contacted_by}, {_moment(alert.contacted_at)}."
    if alert.live and alert.snoozed_until:
        yield f"Snoozed until {_moment(alert.snoozed_until)}."
    if alert.reopened and alert.live:
        yield "Opened again."


def _goals(alert: Alert, now: datetime | None) -> Iterator[Goalpost]:
    """What is still to be done, and what was missed; what was met in time is not worth a line."""
    for name, promise in alert.promises.items():
        over = (name == "close") is alert.live or alert.closed_at is not None
        if over or promise.met_at is not None or finished(alert, name):
            continue
        what = GOALS.get(name, name)
        if name == "close" and alert.cause:
            what = "give the coaching that it calls for"
        missed = now is not None and now >= promise.due_at
        yield Goalpost(what=what[:1].upper() + what[1:], due_at=promise.due_at, missed=missed)


def _outcome(alert: Alert) -> str:
    """What the report says, in a sentence."""
    coaching = f"coaching {alert.coaching.value}" if alert.coaching else ""
    helped = {
        True: "the customer says it was put right",
        False: "the customer says it was not put right",
    }
    parts = (
        alert.outcome.value if alert.outcome else "",
        f"cause: {alert.cause}" if alert.cause else "",
        alert.done,
        coaching,
        "" if alert.better is None else helped[alert.better],
    )
    return "" if alert.live else "; ".join(part for part in parts if part)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def subject_of(ticket: Ticket, *, on_desk: bool) -> str:
    """What an alert is about: "Ticket 4711", "Survey answer", "Topic Acme", "Team Billing"."""
    if on_desk:
        return f"Ticket {ticket.name or ticket.key}"
    if ticket.desk in KINDS:
        return f"{ticket.desk.capitalize()} {ticket.name or ticket.title or ticket.key}"
    return "Test" if ticket.desk == "test" else "Survey answer"


def _line(reason: Reason, playbooks: Mapping[str, str]) -> Line:
    finding = reason.finding
    return Line(
        rule=finding.rule,
        severity=finding.severity,
        headline=finding.headline,
        facts=finding.facts,
        words=finding.words,
        recording=finding.recording,
        playbook=playbooks.get(finding.rule, ""),
        fix=finding.fix,
        gone=reason.gone_at is not None,
    )
