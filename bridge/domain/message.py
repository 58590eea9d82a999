"""An alert in words, for every medium. Knows no vendor, escapes nothing: that is each medium's own work."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from bridge.domain.model import (
    Alert,
    AlertState,
    Contact,
    Line,
    Message,
    Reason,
    Team,
    Ticket,
)


class Place(Struct, frozen=True, kw_only=True):
    """Where the case is: what a message says about it beside the reasons."""

    desk: str = ""  # the desk the subject is a ticket of; "" for an answer without a ticket
    url: str = ""
    link: str = ""
    told: tuple[str, ...] = ()
    remark: str = ""
    customer: Contact = Contact()


def compose(
    alert: Alert,
    ticket: Ticket,
    team: Team,
    place: Place,
    *,
    playbooks: Mapping[str, str],
    text: str = "",
) -> Message:
    """The alert as it stands now; `text` is what a reply in its thread says instead."""
    standing = alert.standing
    reasons = standing + tuple(r for r in alert.reasons if r.gone_at is not None)
    resolved = alert.state is AlertState.RESOLVED
    headline = standing[0].finding.headline if standing else reasons[0].finding.headline
    contacts = [place.customer, *(r.finding.contact for r in reasons)]
    return Message(
        ref=alert.ref,
        severity=alert.severity,
        resolved=resolved,
        headline=f"Resolved itself: {alert.ended}" if resolved else headline,
        lines=tuple(_line(r, playbooks) for r in reasons),
        subject=_subject(ticket, place),
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
        manager_slack=team.manager_slack,
        told=place.told,
        remark=" ".join(filter(None, (_in_hand(alert), place.remark))),
        link=place.link,
        text=text,
    )


def _in_hand(alert: Alert) -> str:
    if alert.acknowledged_at is None:
        return ""
    return f"Acknowledged by {alert.acknowledged_by}, {alert.acknowledged_at:%Y-%m-%d %H:%M} UTC."


def _subject(ticket: Ticket, place: Place) -> str:
    if place.desk:
        return f"Ticket {ticket.name or ticket.key}"
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
