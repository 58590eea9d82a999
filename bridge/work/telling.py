"""An alert as a message: what is known of its case, its people, and how far it has come."""

from __future__ import annotations

from datetime import timedelta

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.forgetting import MARK
from bridge.domain.message import Place, compose
from bridge.domain.metrics import CHART
from bridge.domain.model import (
    Action,
    Alert,
    BridgeError,
    Contact,
    Message,
    Receipt,
    Team,
    Ticket,
    Undeliverable,
)
from bridge.domain.routing import EMAIL, SLACK, SMS
from bridge.store import alerts, deliveries, teams, tickets
from bridge.work.bridge import Bridge, team_named
from bridge.work.lookup import remember

PEOPLE_FRESH = timedelta(days=7)

log = structlog.get_logger()


class Case(Struct, frozen=True):
    """What a message is made from. `troubles` is why there is no note on the ticket, "" where there is one."""

    alert: Alert
    ticket: Ticket
    team: Team
    troubles: str = ""
    posted: Receipt | None = None


class Unknown(BridgeError):
    """The alert does not exist any more."""


def case(bridge: Bridge, connection: Connection, number: int, channel: str = SLACK) -> Case:
    """What there is about an alert; `posted` is its first message in the channel. Raises Unknown."""
    alert = alerts.find(connection, number)
    ticket = tickets.find(connection, alert.subject) if alert else None
    if alert is None or ticket is None:
        raise Unknown("its alert does not exist any more")
    team = team_named(alert.team, bridge.teams(connection))
    notes = [d for d in deliveries.of_alert(connection, number) if d.action is Action.NOTE]
    troubles = [d.reason for d in notes if d.state in (deliveries.HELD, deliveries.FAILED)]
    return Case(
        alert,
        ticket,
        team,
        troubles[-1] if troubles else "",
        deliveries.posted(connection, number, channel),
    )


def message(bridge: Bridge, connection: Connection, alert: Alert) -> Message:
    """The alert as it stands, for a list or a page. Raises Unknown. Asks no vendor for anything."""
    found = case(bridge, connection, alert.number)
    customer = Contact()
    if found.ticket.requester:
        known = teams.person(connection, found.ticket.desk, found.ticket.requester)
        customer = known.contact if known else customer
    return told(bridge, found, customer=customer)


def told(
    bridge: Bridge,
    found: Case,
    *,
    channel: str = SLACK,
    customer: Contact = Contact(),  # noqa: B008 - a frozen value
    text: str = "",
    mention: str = "",
) -> Message:
    """The case as a message for a channel: on the ticket it says who was told where, elsewhere who the customer is.

    What of the customer is hidden outside the helpdesk is not in it, but on the ticket.
    """
    ticket, team, alert = found.ticket, found.team, found.alert
    if channel not in bridge.desks:
        hide = bridge.redaction
        alert, ticket, customer = hide.alert(alert), hide.ticket(ticket), hide.contact(customer)
    desk = bridge.desks.get(ticket.desk)
    whom: tuple[str, ...] = ()
    link = ""
    if channel not in (SLACK, EMAIL, SMS) and team.slack_channel:
        whom = (f"{team.manager or f'the manager of {team.name}'}, in Slack",)
        link = f"https://slack.com/app_redirect?channel={team.slack_channel}"
    return compose(
        alert,
        ticket,
        team,
        Place(
            desk=ticket.desk if desk else "",
            url=desk.ticket_url(ticket.key, ticket.name) if desk else _chart(bridge, alert),
            link=link,
            told=whom,
            remark=f"No note on the ticket: {found.troubles}." if found.troubles else "",
            customer=customer,
            mention=mention,
        ),
        playbooks=bridge.settings.playbooks,
        text=text,
        now=bridge.now(),
    )


def _chart(bridge: Bridge, alert: Alert) -> str:
    """The page that shows what a figure did, where a reason of the alert speaks of one."""
    facts = (fact for reason in alert.standing or alert.reasons for fact in reason.finding.facts)
    found = next((where for name, where in facts if name == CHART), "")
    return bridge.settings.public_url + found if found and bridge.settings.public_url else ""


def customer_of(bridge: Bridge, ticket: Ticket) -> Contact:
    """How to reach the ticket's customer; read from the desk unless known, empty if that fails."""
    erased = ticket.requester.startswith(MARK)
    if not ticket.requester or erased or ticket.desk not in bridge.desks:
        return Contact()
    now = bridge.now()
    with bridge.engine.begin() as connection:
        known = teams.person(connection, ticket.desk, ticket.requester)
    if known is not None and now - known.read_at < PEOPLE_FRESH:
        return known.contact
    try:
        found = bridge.desks[ticket.desk].people([ticket.requester])
    except Undeliverable as error:
        log.warning("customer unknown", subject=ticket.id, why=str(error))
        return known.contact if known else Contact()
    people = remember(bridge, ticket.desk, found, Contact())
    return next((p.contact for p in people if p.id == ticket.requester), Contact())
