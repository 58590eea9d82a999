"""Carry out one delivery: at least once, and harmless twice.

It is marked as under way before the attempt and as sent after it. After an ambiguous failure or a
crash we look for its marker at the vendor before sending again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.message import Place, compose
from bridge.domain.model import (
    Action,
    Alert,
    Contact,
    Delivery,
    Message,
    Receipt,
    Team,
    Ticket,
    Undeliverable,
)
from bridge.domain.routing import SLACK
from bridge.store import alerts, deliveries, teams, tickets
from bridge.work.bridge import Bridge, team_named
from bridge.work.faults import Fault, guarded
from bridge.work.lookup import remember
from bridge.work.queue import wake_deliveries
from connectors import Desk, Dispatch, Unsearchable
from connectors.budget import Urgency, urgent

LONGEST_PAUSE = timedelta(minutes=10)
MOST_ATTEMPTS = 150  # a day, at the longest pause
AFTER_A_FAULT = timedelta(minutes=1)
PEOPLE_FRESH = timedelta(days=7)
MAY_REPEAT = "may repeat: the first attempt's outcome can't be known"

log = structlog.get_logger()


def deliver(bridge: Bridge, number: int) -> None:
    """Carry out the delivery if it is its turn; else do nothing."""
    with bridge.engine.begin() as connection:
        row = deliveries.take(connection, number, bridge.now())
    if row is None:
        return
    with urgent(Urgency.ALERT):
        outcome = guarded(lambda: _attempt(bridge, row), delivery=row.id)
    if isinstance(outcome, Fault):
        outcome = Undeliverable(outcome, retry_after=AFTER_A_FAULT, unsure=True)
    if isinstance(outcome, Undeliverable):
        _fail(bridge, row, outcome)
        return
    with bridge.engine.begin() as connection:
        if outcome is None:
            following = deliveries.held(connection, row, "there is no message to follow up")
        else:
            following = deliveries.sent(connection, row, outcome, bridge.now())
        _go_on(connection, following)
    log.info("done", delivery=row.id, alert=row.alert, channel=row.channel, action=row.action.value)


def _attempt(bridge: Bridge, row: deliveries.Row) -> Receipt | Undeliverable | None:
    """The receipt, or why there is none; None if there is no message to edit or reply to."""
    try:
        return _send(bridge, row)
    except Undeliverable as error:
        return error


class _Case(Struct, frozen=True):
    """What a message is made from."""

    alert: Alert
    ticket: Ticket
    team: Team
    ticket_troubles: str
    posted: Receipt | None


def _send(bridge: Bridge, row: deliveries.Row) -> Receipt | None:
    channel = bridge.channels.get(row.channel)
    if channel is None:
        raise Undeliverable(
            f"no channel {row.channel!r} is configured: add it to {bridge.settings.path}"
        )
    if row.channel in bridge.desks:
        _know_ourselves(bridge, row.channel)
    with bridge.engine.begin() as connection:
        case = _case(bridge, connection, row)
    if row.action in (Action.EDIT, Action.REPLY, Action.BROADCAST) and case.posted is None:
        return None
    dispatch = Dispatch(
        action=row.action,
        to=_address(row, case),
        marker=row.marker,
        message=_message(bridge, row, case),
        previous=case.posted,
        tags=row.tags,
    )
    if not row.unsure:
        return channel.send(dispatch)
    try:
        found = channel.find(dispatch, row.created_at)
    except Unsearchable:
        return replace(channel.send(dispatch), remark=MAY_REPEAT)
    return found or channel.send(dispatch)


def _address(row: deliveries.Row, case: _Case) -> str:
    """Where it goes: a first message to the team's channel as it is now, which may have been mended."""
    if row.action is not Action.POST:
        return row.to
    if not case.team.slack_channel:
        raise Undeliverable(f"team {case.team.name!r} has no Slack channel: `bridge teams import`")
    return case.team.slack_channel


def _case(bridge: Bridge, connection: Connection, row: deliveries.Row) -> _Case:
    alert = alerts.find(connection, row.alert)
    ticket = tickets.find(connection, alert.subject) if alert else None
    if alert is None or ticket is None:
        raise Undeliverable("its alert does not exist any more")
    team = team_named(alert.team, bridge.teams(connection))
    on_ticket = [
        d for d in deliveries.of_alert(connection, alert.number) if d.action is Action.NOTE
    ]
    troubles = [d.reason for d in on_ticket if d.state in (deliveries.HELD, deliveries.FAILED)]
    return _Case(
        alert,
        ticket,
        team,
        troubles[-1] if troubles else "",
        deliveries.posted(connection, alert.number, row.channel),
    )


def _message(bridge: Bridge, row: deliveries.Row, case: _Case) -> Message:
    ticket, team = case.ticket, case.team
    desk = bridge.desks.get(ticket.desk)
    told: tuple[str, ...] = ()
    link = ""
    if row.channel == SLACK:
        customer = _customer(bridge, ticket) if desk else Contact()
    else:
        customer = Contact()
        if team.slack_channel:
            told = (f"{team.manager or f'the manager of {team.name}'}, in Slack",)
            link = f"https://slack.com/app_redirect?channel={team.slack_channel}"
    return compose(
        case.alert,
        ticket,
        team,
        Place(
            desk=ticket.desk if desk else "",
            url=desk.ticket_url(ticket.key, ticket.name) if desk else "",
            link=link,
            told=told,
            remark=f"No note on the ticket: {case.ticket_troubles}."
            if case.ticket_troubles
            else "",
            customer=customer,
        ),
        playbooks=bridge.settings.playbooks,
        text=row.text,
    )


def _customer(bridge: Bridge, ticket: Ticket) -> Contact:
    """How to reach the ticket's customer; read from the desk unless known, empty if that fails."""
    if not ticket.requester:
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


def _know_ourselves(bridge: Bridge, name: str) -> None:
    """Know the user we write as before the first write, so that our own webhooks are known as ours."""
    with bridge.engine.begin() as connection:
        if deliveries.our_users(connection).get(name):
            return
    me = cast("Desk", bridge.channels[name]).me()
    with bridge.engine.begin() as connection:
        deliveries.remember_own(connection, name, [f"user:{me.id}"])


def _fail(bridge: Bridge, row: deliveries.Row, error: Undeliverable) -> None:
    now = bridge.now()
    why = str(error)
    with bridge.engine.begin() as connection:
        if error.retry_after is None:
            following = deliveries.failed(connection, row, why)
        elif row.attempts >= MOST_ATTEMPTS:
            following = deliveries.failed(
                connection, row, f"gave up after {row.attempts} attempts: {why}"
            )
        else:
            pause = min(timedelta(seconds=2 ** min(row.attempts - 1, 10)), LONGEST_PAUSE)
            until = now + max(pause, error.retry_after)
            # Once unsure, always unsure: this failure may have been that of the look for our marker.
            unsure = error.unsure or row.unsure
            deliveries.put_off(connection, row, why, until, unsure=unsure)
            if error.wide:
                deliveries.put_off_others(connection, row, until)
            log.warning("put off", delivery=row.id, channel=row.channel, why=why, until=str(until))
            return
        log.error("failed", delivery=row.id, channel=row.channel, why=why)
        _go_on(connection, following)
        if row.action is Action.NOTE:
            _say_no_note(bridge, connection, row)


def _say_no_note(bridge: Bridge, connection: Connection, row: deliveries.Row) -> None:
    """The manager is told in the posted message that the agent will see no note."""
    if SLACK not in deliveries.mediums(connection, [row.alert])[row.alert]:
        return
    alert = alerts.find(connection, row.alert)
    to = team_named(alert.team if alert else "", bridge.teams(connection)).slack_channel
    edit = Delivery(channel=SLACK, action=Action.EDIT, to=to, why="no note on the ticket")
    wake_deliveries(connection, deliveries.add(connection, [(row.alert, edit)], bridge.now()))


def _go_on(connection: Connection, following: int | None) -> None:
    """The next in the lane has its turn."""
    if following is not None:
        wake_deliveries(connection, [following])
