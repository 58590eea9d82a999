"""Learn who a ticket's customer is: their account is known by their e-mail address before anything goes wrong."""

from __future__ import annotations

from datetime import timedelta

from bridge.domain.model import Contact
from bridge.store import tickets
from bridge.work.bridge import Bridge
from bridge.work.judging import judge_these
from bridge.work.lookup import remember
from connectors import Person

JUDGED_AGAIN = timedelta(days=30)
"""The customer's tickets on which something happened since then are judged again once it is known who they are."""


def learn(bridge: Bridge, key: str) -> None:
    """Read a customer ("<desk>:<user>") from their desk, and judge their tickets by what is known now.

    Raises Undeliverable; one that the desk doesn't know is no failure.
    """
    desk, _, number = key.partition(":")
    if desk not in bridge.desks:
        return
    found = bridge.desks[desk].people([number]) or [
        Person(id=number)
    ]  # who isn't there, asked for once
    remember(bridge, desk, found, Contact())
    with bridge.engine.begin() as connection:
        theirs = tickets.touched_of(connection, key, bridge.now() - JUDGED_AGAIN)
    judge_these(bridge, theirs)
