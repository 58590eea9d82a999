"""Keep webhooks about what became of alerts, in the transaction in which it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from bridge.domain.alerts import Step
from bridge.domain.model import Alert, Member, Ticket
from bridge.domain.notice import body, data, told
from bridge.store import endpoints, notices
from bridge.work.bridge import Bridge
from bridge.work.queue import wake_endpoints
from bridge.work.telling import Unknown, message

Happened = tuple[Alert, Ticket, Sequence[Step]]


def notify(bridge: Bridge, connection: Connection, happened: Iterable[Happened]) -> None:
    """Have the endpoints called that want to know of it. Without any, it costs one look into a small table."""
    listening = endpoints.listening(connection)
    if not listening:
        return
    now = bridge.now()
    planned: list[tuple[int, int, str, dict[str, Any]]] = []
    for alert, ticket, steps in happened:
        for kind, step in told(steps):
            wanting = [one for one in listening if one.wants(kind, alert.team)]
            if not wanting:
                continue
            words = _words(bridge, connection, alert) if bridge.settings.outgoing.words else None
            said = body(kind, now, data(alert, step, links(bridge, alert, ticket), words))
            planned += [(one.id, alert.number, kind, said) for one in wanting]
    wake_endpoints(connection, notices.add(connection, planned, now))


def links(bridge: Bridge, alert: Alert, ticket: Ticket) -> dict[str, str]:
    """Where the alert and its ticket can be looked at."""
    found = {}
    if public := bridge.settings.public_url:
        found["page"] = f"{public}/alerts/{alert.ref}"
        found["api"] = f"{public}/api/v1/alerts/{alert.ref}"
    if setting := bridge.settings.desks.get(ticket.desk):
        found["ticket"] = setting.desk.ticket_url(ticket.key, ticket.name)
    return found


def _words(bridge: Bridge, connection: Connection, alert: Alert) -> dict[str, Any]:
    """What people wrote and who they are, as a message tells it: where that leaves something out, so does this."""
    try:
        said = message(bridge, connection, alert)
    except Unknown:
        return {}
    return {
        "headline": said.headline,
        "title": said.title,
        "reasons": [line.headline for line in said.lines],
        "customer": {
            "name": said.customer.name,
            "email": said.customer.email,
            "phone": said.customer.phone,
        },
        "owner": _named(alert.owner),
        "people": [_named(one) for one in alert.people],
    }


def _named(member: Member) -> dict[str, str] | None:
    return {"name": str(member), "email": member.email} if member else None
