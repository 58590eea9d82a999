"""The sweep: what webhooks did not tell, a desk is asked for every so often, and it comes in by the front door.

A ticket that went from A to B and back while a webhook was lost looks the same: so histories are compared, event by
event, and not states. What is known changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog

from bridge.domain.model import AnyEvent
from bridge.store import tickets
from bridge.work.bridge import Bridge
from bridge.work.lookup import clocks_moved, store_found
from connectors import State, Swept

log = structlog.get_logger()


def sweep(bridge: Bridge, name: str, cursor: str) -> Swept:
    """Ask a desk for all that happened since `cursor`, and store what is new. Raises Undeliverable."""

    def known(ids: Collection[str]) -> set[str]:
        with bridge.engine.begin() as connection:
            return tickets.known(connection, ids)

    swept: Swept = bridge.desks[name].sweep(cursor, bridge.now(), known)
    new = store_found(bridge, [*swept.events, *_clocks(bridge, name, swept.states)])
    if new:
        log.info("swept", desk=name, new=new)
    return swept


def _clocks(bridge: Bridge, name: str, states: Collection[State]) -> list[AnyEvent]:
    """How the helpdesk's own clocks have moved on the tickets that changed."""
    with bridge.engine.begin() as connection:
        ours = tickets.find_all(connection, [f"{name}:{state.key}" for state in states])
    moved = (
        clocks_moved(ours[subject], state, bridge.now())
        for state in states
        if (subject := f"{name}:{state.key}") in ours
    )
    return [event for event in moved if event]
