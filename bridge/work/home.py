"""The app's home in Slack: somebody's open alerts, as they stand when they look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from sqlalchemy import Connection

from bridge.domain.model import Alert, Message
from bridge.store import boards
from bridge.work.bridge import Bridge
from bridge.work.pressing import Denied, managed, presser, workspace
from bridge.work.telling import Unknown, message
from connectors.channels.slack_home import MOST, home


def show_home(bridge: Bridge, user: str) -> None:
    """Publish the home of a member; guests are shown none. Raises Undeliverable."""
    try:
        who = presser(bridge, user)
    except Denied:
        return
    teams = managed(bridge, who)
    with bridge.engine.begin() as connection:
        board = boards.of_member(connection, who, teams)
        told = list(messages(bridge, connection, board.alerts[:MOST]))
    workspace(bridge).publish_home(user, home(told, board.total - len(told)))


def messages(bridge: Bridge, connection: Connection, found: Iterable[Alert]) -> Iterator[Message]:
    """The alerts in words, for a list; without those that are gone by now."""
    for alert in found:
        with suppress(Unknown):
            yield message(bridge, connection, alert)
