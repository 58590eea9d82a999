"""Tidying up: what is older than it is to be kept goes, in small batches, a bounded number of them each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection

from bridge.store import (
    budgets,
    inbox,
    keeping,
    keys,
    notices,
    shadows,
    signals,
    tickets,
    users,
    words,
)
from bridge.work.bridge import Bridge
from bridge.work.budget import FORGOTTEN

BATCH = 1000
MOST_BATCHES = 1000
"""Of one kind in a run: a million rows. More come than go only where more than that come in an hour."""

MOST_ROUNDS = 20
"""Batches of a round through tickets or alerts in a run, which are looked at whether they are old or not."""

TRIES = timedelta(days=1)
"""How long failed attempts to sign in are remembered."""

Some = Callable[[Connection], int | bool]
"""Does a batch; whether there may be more."""


def tidy(bridge: Bridge) -> None:
    """Delete what is older than it is to be kept, and take out words that are."""
    now, keep = bridge.now(), bridge.settings.keep
    with bridge.engine.begin() as connection:
        budgets.forget(connection, now - FORGOTTEN)
        users.tidy(connection, now, TRIES)
        keys.forget(connection, now)
    raw, events, told = now - keep.raw, now - keep.events, now - keep.words
    planned, past = now - keep.deliveries, now - keep.people
    sent, noted = now - min(keep.notices, keep.words), now - keep.audit
    _until_done(bridge, MOST_BATCHES, lambda c: inbox.forget(c, raw, BATCH))
    _until_done(bridge, MOST_BATCHES, lambda c: tickets.forget_events(c, events, BATCH))
    _until_done(bridge, MOST_BATCHES, lambda c: signals.forget(c, events, BATCH))
    _until_done(bridge, MOST_BATCHES, lambda c: shadows.forget(c, events, BATCH))
    _until_done(bridge, MOST_BATCHES, lambda c: keeping.forget_deliveries(c, planned, BATCH))
    _until_done(bridge, MOST_BATCHES, lambda c: notices.forget(c, sent, BATCH))
    _until_done(bridge, MOST_BATCHES, lambda c: keeping.forget_storms(c, planned, BATCH))
    _until_done(bridge, MOST_BATCHES, lambda c: keeping.forget_people(c, past, BATCH))
    _until_done(bridge, MOST_BATCHES, lambda c: keeping.forget_past(c, past, BATCH))
    _until_done(bridge, MOST_BATCHES, lambda c: keeping.forget_audit(c, noted, BATCH))
    _until_done(bridge, MOST_BATCHES, lambda c: words.from_events(c, told, BATCH))
    _until_done(bridge, MOST_ROUNDS, lambda c: words.from_tickets(c, told, BATCH))
    _until_done(bridge, MOST_ROUNDS, lambda c: words.from_alerts(c, told, BATCH // 2))


def _until_done(bridge: Bridge, most: int, some: Some) -> None:
    """Batch by batch, each in a transaction of its own."""
    for _ in range(most):
        with bridge.engine.begin() as connection:
            if not some(connection):
                return
