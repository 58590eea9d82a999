"""The first import: every open ticket with its history, so that clocks run on tickets older than the installation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from time import sleep

import structlog

from bridge.domain.model import Read
from bridge.store import deliveries, errands, tickets
from bridge.work.bridge import Bridge
from bridge.work.lookup import hushed
from bridge.work.queue import DRAIN, PAST, READ, ask, wake
from bridge.work.reading import store_events
from connectors import Past
from connectors.budget import Patient, Urgency, urgent

log = structlog.get_logger()


def bring_in(
    bridge: Bridge,
    name: str,
    tell: Callable[[Past], None],
    *,
    ring: bool,
    again: bool = False,
    wait: Callable[[float], object] = sleep,
) -> int:
    """Read all open tickets of a desk with their past; how many are left to be read one by one by the worker.

    What was wrong already is told to nobody unless `ring`. Goes on where an earlier import broke off, unless `again`.
    It waits where the API budget is used up. Raises Undeliverable where the desk doesn't answer; what came until then
    is kept.
    """
    began = bridge.now()
    with bridge.engine.begin() as connection:
        cursor = "" if again else errands.bookmark(connection, _TASK, name)
    singly = 0
    desk = dataclasses.replace(bridge.desks[name], budget=Patient(bridge.budget, wait))  # type: ignore[type-var]
    with urgent(Urgency.SWEEP):
        for step in desk.past(cursor, began):
            _keep(bridge, name, step, ring=ring, began=began)
            singly += len(step.unread)
            tell(step)
    with bridge.engine.begin() as connection:
        errands.set_bookmark(connection, _TASK, name, "")
    return singly


_TASK = "import"


def _keep(bridge: Bridge, name: str, step: Past, *, ring: bool, began: datetime) -> None:
    """Store a step. Events wait for nobody until the `Read` of their ticket has its whole history folded."""
    now = bridge.now()
    found = [event if ring else hushed(event, began) for event in step.events]
    read = [tickets.arrive(event, now) for event in found if isinstance(event, Read)]
    rest = [tickets.arrive(event, now) for event in found if not isinstance(event, Read)]
    with bridge.engine.begin() as connection:
        owners = deliveries.our_users(connection)
        store_events(connection, rest, owners, judged=True)
        store_events(connection, read, owners)
        ask(connection, READ if ring else PAST, [f"{name}:{key}" for key in step.unread], now)
        errands.set_bookmark(connection, _TASK, name, step.cursor)
        if read:
            wake(connection, DRAIN)
