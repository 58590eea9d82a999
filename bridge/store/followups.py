"""What was heard of an alert's customer after it was resolved: tickets, survey answers, further alerts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, or_, select, text

from bridge.domain.model import Alert, Answer, AnyEvent, Checked, Heard, Ticket
from bridge.store.schema import alerts, events, people, tickets

MOST = 200
"""Tickets of one customer that are looked at, the newest."""


class Later(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the customer of a resolved alert did later: opened or wrote to a ticket, or answered a survey."""

    at: datetime
    what: str  # "ticket" or "answer"
    subject: str
    title: str = ""
    answer: Answer | None = None


def later(connection: Connection, alert: Alert) -> list[Later]:
    """Tickets and survey answers of the same customer since the alert was resolved, oldest first."""
    since = alert.ended_at
    if since is None:
        return []
    found: list[Later] = []
    for ticket in tickets_since(connection, alert, since):
        if (at := came_back_at(ticket, alert, since)) is not None:
            found.append(Later(at=at, what="ticket", subject=ticket.id, title=ticket.title))
        found += [
            Later(at=answer.at, what="answer", subject=ticket.id, title=ticket.title, answer=answer)
            for answer in ticket.answers
            if answer.at is not None and answer.at > since
        ]
    return sorted(found, key=lambda one: (one.at, one.what, one.subject))


def came_back_at(ticket: Ticket, alert: Alert, since: datetime) -> datetime | None:
    """When the customer came with this ticket, or wrote to it again; None if not since then.

    On the alert's own ticket only what they wrote counts, and a ticket counts once.
    """
    if ticket.id != alert.subject and ticket.opened_at is not None and ticket.opened_at > since:
        return ticket.opened_at
    return ticket.customer_at if ticket.customer_at and ticket.customer_at > since else None


def tickets_since(connection: Connection, alert: Alert, since: datetime) -> list[Ticket]:
    """The customer's tickets that changed since then, and the alert's own, the newest first."""
    query = text("""
        SELECT state::text FROM tickets
        WHERE state IS NOT NULL AND (id = :own OR
              (requester = ANY(CAST(:who AS text[])) AND requester <> '' AND updated_at > :since))
        ORDER BY updated_at DESC LIMIT :many
    """)
    given = {
        "own": alert.subject,
        "who": customers(connection, alert),
        "since": since,
        "many": MOST,
    }
    return [_ticket.decode(state) for state in connection.execute(query, given).scalars()]


def alerts_since(connection: Connection, alert: Alert, since: datetime) -> int:
    """How many further alerts the same customer has had since then."""
    same = [alerts.c.subject == alert.subject]
    if who := customers(connection, alert):
        same.append(alerts.c.customer.in_(who))
    query = select(func.count()).where(
        or_(*same), alerts.c.number != alert.number, alerts.c.opened_at > since
    )
    return connection.execute(query).scalar_one()


def customers(connection: Connection, alert: Alert) -> list[str]:
    """Who the alert's customer is, as "<desk>:<user>": on its own desk, and on others under the same address."""
    row = connection.execute(
        select(tickets.c.requester, tickets.c.state).where(tickets.c.id == alert.subject)
    ).first()
    known = alert.customer or (row.requester if row else "")
    addresses = set[str]()
    if row and row.state:
        answers = msgspec.convert(row.state, Ticket).answers
        addresses = {a.contact.email.lower() for a in answers if a.contact.email}
    desk, _, user = known.partition(":")
    mine = (people.c.desk == desk) & (people.c.id == user)
    addresses |= set(connection.execute(select(people.c.email).where(mine)).scalars()) - {""}
    same = select(people.c.desk, people.c.id).where(
        people.c.email.in_(addresses), people.c.staff.is_(False)
    )
    found = {f"{one.desk}:{one.id}" for one in connection.execute(same)} if addresses else set()
    return sorted(found | {known} if known else found)


def heard(connection: Connection, alert: Alert) -> list[Heard]:
    """The customer's answers to our question, oldest first, judged or not."""
    return [e for e in _about(connection, alert, "heard") if isinstance(e, Heard)]


def checked(connection: Connection, alert: Alert, months: int) -> list[Checked]:
    """What was found or said of the customer after so many months, oldest first, judged or not."""
    found = _about(connection, alert, "checked")
    return [e for e in found if isinstance(e, Checked) and e.months == months]


def _about(connection: Connection, alert: Alert, kind: str) -> Sequence[AnyEvent]:
    query = (
        select(events.c.body)
        .where(
            events.c.subject == alert.subject,
            events.c.body["kind"].astext == kind,
            events.c.body["alert"].astext == alert.ref,
        )
        .order_by(events.c.at, events.c.id)
    )
    return [msgspec.convert(body, AnyEvent) for body in connection.execute(query).scalars()]


_ticket = msgspec.json.Decoder(Ticket)
