"""The heart: deliveries become events, events become tickets, tickets are judged, alerts are told.

Two steps, each a transaction for a whole batch: `reading` and `judging`.
"""

from __future__ import annotations

from time import monotonic

from bridge.work.bridge import Bridge
from bridge.work.judging import judge_tickets
from bridge.work.queue import DRAIN, wake
from bridge.work.reading import read_deliveries

PATIENCE = 5.0  # seconds of work before another job gets its turn


def drain(bridge: Bridge) -> None:
    """Work off all that waits."""
    until = monotonic() + PATIENCE
    while True:
        done = read_deliveries(bridge) + judge_tickets(bridge)
        if not done:
            return
        if monotonic() > until:
            with bridge.engine.begin() as connection:
                wake(connection, DRAIN)
            return
