"""The storm guard: who is told by a message of their own, and what is left to a summary; how many SMS a phone gets.

Asked just before something is sent. What is due counts as well as what was sent, in the order of the deliveries: so
the first of a minute are told one by one however many workers send.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.alerts import Change
from bridge.domain.model import Action
from bridge.domain.routing import SLACK, SMS
from bridge.store import deliveries, errands, storms
from bridge.work.bridge import Bridge
from bridge.work.queue import STORM, wake_deliveries

GATHERING = timedelta(seconds=2)
"""How long a storm gathers before its summary is posted, so that it isn't one of a single alert."""

TOLD_EACH = timedelta(seconds=10)
"""How often the summary and the pages are brought up to date."""

LOOKED_AT_AGAIN = timedelta(minutes=10)
"""When a message that waits to be told in a summary is looked at again, should nobody have told it."""

AN_HOUR = timedelta(hours=1)

JOINS = "waits for the summary of a storm"
LISTED = "kept current in the summary of a storm"
ENOUGH = "the most SMS to one phone within an hour are sent: it stands in Slack"
CROWDED = "they were told of so many new alerts within a minute: it stands in the channel"


def storm(bridge: Bridge, connection: Connection, row: deliveries.Row) -> bool:
    """Whether a storm takes care of this delivery, which has been taken: then it isn't to be sent.

    A post beyond the first `storm.many` to its channel within `storm.per` joins a storm, until that has ended. An edit
    of what a storm tells brings the storm's pages up to date instead. One that may have been posted already joins
    nothing: it has to be looked for.
    """
    if row.channel != SLACK:
        return False
    if row.action is Action.EDIT:
        return _listed(bridge, connection, row)
    if row.action is not Action.POST or row.unsure:
        return False
    now, guard = bridge.now(), bridge.settings.storm
    mine = storms.of_delivery(connection, row.id)
    going = storms.going_on(connection, SLACK, row.to)
    waits_there = going is not None and going.id == mine
    if not waits_there and (going is None or row.created_at <= going.began_at):
        before = storms.ahead(connection, row, now, guard.per)
        if before < guard.many:
            if mine is not None:
                storms.leave(connection, row.id)
            return False
    number = going.id if going else storms.begin(connection, SLACK, row.to, now)
    storms.join(connection, number, row, now + LOOKED_AT_AGAIN, JOINS)
    if going is None or waits_there:
        errands.want(connection, STORM, [str(number)], now + GATHERING)
    return True


def _listed(bridge: Bridge, connection: Connection, row: deliveries.Row) -> bool:
    """Whether the alert is told in a storm's list: that is drawn anew then, together with others that change."""
    number = storms.of_alert(connection, row.alert, SLACK)
    if number is None:
        return False
    errands.want(connection, STORM, [str(number)], bridge.now() + TOLD_EACH)
    following = deliveries.held(connection, row, LISTED)
    wake_deliveries(connection, [following] if following is not None else [])
    return True


def crowded(bridge: Bridge, connection: Connection, row: deliveries.Row) -> str:
    """Why one person is not told of a new alert by a message of its own; "" where they are.

    Beyond the first `storm.many` within `storm.per` it is left to the channel. Escalations are never left out.
    """
    if row.action is not Action.DIRECT or row.channel == SMS or row.why != Change.OPENED.value:
        return ""
    guard = bridge.settings.storm
    now = bridge.now()
    before = storms.to_person(connection, row, now - guard.per, now + guard.per)
    return CROWDED if before >= guard.many else ""


class Ration(Struct, frozen=True):
    """Whether an SMS may be sent: `held` is the reason why not; else `more` is what it says besides, if anything."""

    held: str = ""
    more: str = ""


def ration(bridge: Bridge, connection: Connection, row: deliveries.Row) -> Ration:
    """What of this SMS, which has been taken: at most `storm.sms` go to one phone within an hour.

    The last of them says how many more there are.
    """
    now = bridge.now()
    left = sms_left(bridge, connection, row, now)
    if left <= 0:
        return Ration(held=ENOUGH)
    if left > 1:
        return Ration()
    many = storms.further(connection, row, now)
    return Ration(more=f"and {many} more: see Slack" if many else "further ones: see Slack")


def sms_left(bridge: Bridge, connection: Connection, row: deliveries.Row, now: datetime) -> int:
    """How many SMS its phone may be sent within the hour, this one included; none if not even this one."""
    before = storms.to_phone(connection, row, now - AN_HOUR, now)
    return max(bridge.settings.storm.sms - before, 0)
