"""Carry out one delivery: at least once, and harmless twice.

It is marked as under way before the attempt and as sent after it. After an ambiguous failure or a
crash we look for its marker at the vendor before sending again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.model import (
    Action,
    Alert,
    Contact,
    Delivery,
    Receipt,
    Team,
    Undeliverable,
)
from bridge.domain.presses import finished
from bridge.domain.relations import asked
from bridge.domain.routing import SLACK, SMS
from bridge.store import alerts, deliveries
from bridge.store.silenced import is_silenced, silence
from bridge.work.bridge import Bridge, team_named
from bridge.work.faults import Fault, guarded
from bridge.work.followup import ask
from bridge.work.hold import hold
from bridge.work.incident import gathered
from bridge.work.pressing import member_of
from bridge.work.queue import wake_deliveries
from bridge.work.storm import crowded, ration, storm
from bridge.work.telling import Case, Unknown, case, customer_of, told
from connectors import Declined, Desk, Dispatch, Unsearchable
from connectors.budget import Urgency, urgent

LONGEST_PAUSE = timedelta(minutes=10)
MOST_ATTEMPTS = 150  # a day, at the longest pause
AFTER_A_FAULT = timedelta(minutes=1)
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
        if isinstance(outcome, _Later):
            following = _keep_back(connection, row, outcome)
        elif outcome is None:
            following = deliveries.held(connection, row, "there is no message to follow up")
        else:
            following = deliveries.sent(connection, row, outcome, bridge.now())
        _go_on(connection, following)
    log.info("done", delivery=row.id, alert=row.alert, channel=row.channel, action=row.action.value)


class _Later(Struct, frozen=True):
    """Why a delivery is not sent now, and until when; None for never. `taken`: a storm takes care of it."""

    why: str
    until: datetime | None = None
    taken: bool = False


def _keep_back(connection: Connection, row: deliveries.Row, later: _Later) -> int | None:
    """Hold it with its reason, for a while or for good; the next in its lane, if any."""
    if later.until is None:
        return None if later.taken else deliveries.held(connection, row, later.why)
    deliveries.wait(connection, row, later.why, later.until)
    return None


def _attempt(bridge: Bridge, row: deliveries.Row) -> Receipt | _Later | Undeliverable | None:
    """The receipt, or why there is none; None if there is no message to edit or reply to."""
    try:
        return _send(bridge, row)
    except Undeliverable as error:
        return error


def _send(bridge: Bridge, row: deliveries.Row) -> Receipt | _Later | None:
    channel = bridge.channels.get(row.channel)
    if channel is None:
        raise Undeliverable(
            f"no channel {row.channel!r} is configured: add it to {bridge.settings.path}"
        )
    if row.channel in bridge.desks:
        _know_ourselves(bridge, row.channel)
    ready = _ready(bridge, row)
    if isinstance(ready, _Later):
        return ready
    found = ready.case
    if row.action is Action.FOLLOW_UP:
        return ask(bridge, row, found.alert, found.ticket)
    if row.action in (Action.EDIT, Action.REPLY, Action.BROADCAST) and found.posted is None:
        return None
    customer = Contact() if row.channel in bridge.desks else customer_of(bridge, found.ticket)
    message = told(
        bridge,
        found,
        channel=row.channel,
        customer=customer,
        text=" ".join(filter(None, (ready.more, row.text))),
        mention=_mentioned(bridge, row),
    )
    dispatch = Dispatch(
        action=row.action,
        to=_address(bridge, row, found.team),
        marker=row.marker,
        message=replace(message, asks=asked(row.tags)),
        previous=found.posted,
        tags=row.tags,
    )
    if not row.unsure:
        return channel.send(dispatch)
    try:
        earlier = channel.find(dispatch, row.created_at)
    except Unsearchable:
        return replace(channel.send(dispatch), remark=MAY_REPEAT)
    return earlier or channel.send(dispatch)


class _Ready(Struct, frozen=True):
    """What is to be told, and what an SMS says besides."""

    case: Case
    more: str = ""


def _ready(bridge: Bridge, row: deliveries.Row) -> _Ready | _Later:
    """The case as it stands now, or why nothing is told of it now."""
    with bridge.engine.begin() as connection:
        try:
            found = case(bridge, connection, row.alert, row.channel)
        except Unknown as error:
            raise Undeliverable(str(error)) from error
        if (later := _not_now(bridge, connection, row, found)) is not None:
            return later
        if row.channel != SMS or row.unsure:
            return _Ready(found)
        rationed = ration(bridge, connection, row)
    return _Later(rationed.held) if rationed.held else _Ready(found, rationed.more)


def _not_now(
    bridge: Bridge, connection: Connection, row: deliveries.Row, found: Case
) -> _Later | None:
    """What keeps a call for somebody back: that it is done, or what holds it for a while. Not once it may be out."""
    if row.unsure:
        return None
    why = ""
    if row.calls and (row.action is not Action.POST or row.was_held):
        why = _moot(connection, row, found.alert)
    if why:
        return _Later(why)
    if is_silenced(connection, row.channel, row.to):
        why = "they want no messages"
    elif held := hold(bridge, connection, row, found.alert, found.team):
        return _Later(held.why, held.until)
    elif part := gathered(bridge, connection, row, found.alert):
        return _Later(part.why, part.until)
    elif storm(bridge, connection, row):
        return _Later("", taken=True)
    else:
        why = crowded(bridge, connection, row)
    return _Later(why) if why else None


def _moot(connection: Connection, row: deliveries.Row, alert: Alert) -> str:
    """Why a call is not needed any more; "" while it is. A first message that is merely late is sent all the same."""
    if finished(alert, row.calls):
        return _done(alert, row.calls)
    if row.action is not Action.POST and deliveries.overtaken(connection, row):
        return "a newer one takes its place"
    return ""


def _done(alert: Alert, what: str) -> str:
    if not alert.live:
        return f"it was over before: {alert.ended}"
    who = alert.contacted_by if what == "contact" else alert.acknowledged_by
    return f"{who or 'somebody'} did it before"


def _address(bridge: Bridge, row: deliveries.Row, team: Team) -> str:
    """Where it goes: a first message to the team's channel as it is now, which may have been mended."""
    if row.action is Action.DIRECT and row.channel == SLACK:
        member = member_of(bridge, row.to)
        if not member:
            raise Undeliverable("Slack knows nobody by this e-mail address: give their member id")
        return member
    if row.action is not Action.POST:
        return row.to
    if not team.slack_channel:
        raise Undeliverable(f"team {team.name!r} has no Slack channel: `bridge teams import`")
    return team.slack_channel


def _mentioned(bridge: Bridge, row: deliveries.Row) -> str:
    """Who is called by name; nobody where Slack can't say who that is: no message waits for it."""
    if not row.mention:
        return ""
    try:
        return member_of(bridge, row.mention)
    except Undeliverable as error:
        log.warning("not mentioned", delivery=row.id, why=str(error))
        return ""


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
    if isinstance(error, Declined):
        with bridge.engine.begin() as connection:
            silence(connection, row.channel, row.to, why, now)
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
