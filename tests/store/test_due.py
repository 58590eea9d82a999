"""Whether there is anything to do: each kind of work is seen once its time has come, and not before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from bridge.store import due

NOW = datetime(2031, 3, 11, 9, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)

ALERT = """
    INSERT INTO alerts (ref, subject, state, severity, team, opened_at, changed_at, body)
    VALUES ('AB-1', 'zendesk:1', 'open', 30, '', :at, :at, '{}') RETURNING number
"""
DELIVERY = """
    INSERT INTO deliveries (alert, channel, action, "to", why, marker, state, not_before, tried_at, created_at)
    SELECT number, 'slack', 'post', '', '', 'm', '{state}', :at, :at, :at FROM alert
"""
WORK = {
    "a timer": ("INSERT INTO deadlines VALUES ('zendesk:1', 'resolution', 'breach', :at)", NOW),
    "an errand": ("INSERT INTO errands (task, key, not_before) VALUES ('read', '1', :at)", NOW),
    "a delivery": (f"WITH alert AS ({ALERT}) {DELIVERY.format(state='waiting')}", NOW),
    "an attempt": (
        f"WITH alert AS ({ALERT}) {DELIVERY.format(state='sending')}",
        NOW - MINUTE - SECOND,
    ),
    "a webhook": (
        """INSERT INTO inbox (source, delivery, received_at, method, url, headers, body)
           VALUES ('zendesk', '1', :at, 'POST', '', '{}', '')""",
        NOW - 2 * SECOND,
    ),
    "an event": (
        """INSERT INTO events (event, subject, at, received_at, body)
           VALUES ('1', 'zendesk:1', :at, :at, '{}')""",
        NOW - 2 * SECOND,
    ),
}
"""How it comes to be, and the moment from which it is somebody's business at NOW."""


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as made:
        yield made


def anything(connection: Connection) -> bool:
    return due.anything(connection, NOW, left=NOW - SECOND, cut_off=NOW - MINUTE)


def test_where_there_is_nothing_there_is_nothing_to_do(connection: Connection) -> None:
    assert not anything(connection)


@pytest.mark.parametrize("what", WORK)
def test_work_is_seen_from_its_moment_on(connection: Connection, what: str) -> None:
    words, moment = WORK[what]
    connection.execute(text(words), {"at": moment})
    assert anything(connection)


@pytest.mark.parametrize("what", WORK)
def test_work_is_left_alone_until_then(connection: Connection, what: str) -> None:
    words, moment = WORK[what]
    connection.execute(text(words), {"at": moment + 2 * SECOND})
    assert not anything(connection)


def test_a_timer_of_tomorrow_hides_no_event_that_was_left_behind(connection: Connection) -> None:
    connection.execute(text(WORK["a timer"][0]), {"at": NOW + timedelta(days=1)})
    connection.execute(text(WORK["an event"][0]), {"at": NOW - MINUTE})
    assert anything(connection)
