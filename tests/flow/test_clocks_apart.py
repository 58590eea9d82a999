"""Machines whose clocks are apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bridge.domain.model import Opened, Party
from bridge.settings import parse
from bridge.store import alerts, tickets
from bridge.work import errands
from bridge.work.bridge import Bridge
from bridge.work.judging import judge_tickets
from bridge.work.queue import CONFIRM
from bridge.work.tick import tick

GOAL = """
[goals.first_response]
target = { default = "1h" }
"""
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_a_timer_that_rang_counts_where_the_clock_is_still_behind(url: str) -> None:
    clock = Bridge(parse(GOAL, {}), url, now=lambda: NOON + timedelta(hours=1))
    worker = Bridge(parse(GOAL, {}), url, now=lambda: NOON + timedelta(minutes=59, seconds=58))
    opened = Opened(id="one", subject="zendesk:1", at=NOON, by=Party.CUSTOMER)
    with worker.engine.begin() as connection:
        tickets.add_events(connection, [tickets.arrive(opened, NOON)])
    assert judge_tickets(worker) == 1
    assert tick(clock).desks == 1
    errands.run(worker, CONFIRM, "zendesk")  # by its own clock, nothing is due yet
    assert judge_tickets(worker) == 0
    errands.run(clock, CONFIRM, "zendesk")
    assert judge_tickets(worker) == 1
    with worker.engine.begin() as connection:
        (alert,) = alerts.listing(connection, 10)
    assert alert.reasons[0].finding.level == "breach"
    for bridge in (clock, worker):
        bridge.close()
