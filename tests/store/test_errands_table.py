"""Errands: wanted once, taken by one, put off, and done again where they were asked for meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from bridge.store import connect, errands
from bridge.store.errands import Errand
from bridge.work.queue import POLL, READ, ask

NOW = datetime(2031, 3, 11, 9, tzinfo=UTC)
LEASE = timedelta(minutes=2)


@pytest.fixture
def connection(database: Callable[..., str]) -> Iterator[Connection]:
    engine = connect(database(), pool=1)
    with engine.begin() as made:
        yield made
    engine.dispose()


def taken(connection: Connection, now: datetime = NOW) -> Errand:
    errand = errands.take(connection, READ, "zendesk:1", now, LEASE)
    assert errand is not None
    return errand


def test_what_is_asked_for_twice_is_one_errand_with_one_job(connection: Connection) -> None:
    ask(connection, READ, ["zendesk:1", "zendesk:1"], NOW)
    ask(connection, READ, ["zendesk:1"], NOW)
    assert errands.due(connection, NOW, 10) == [(READ, "zendesk:1")]
    jobs = connection.execute(text("SELECT args FROM procrastinate_jobs")).scalars().all()
    assert jobs == [{"errand": READ, "key": "zendesk:1"}]


def test_one_that_is_under_way_is_nobody_elses_until_its_process_is_given_up(
    connection: Connection,
) -> None:
    errands.want(connection, READ, ["zendesk:1"], NOW)
    assert taken(connection).attempts == 1
    assert errands.take(connection, READ, "zendesk:1", NOW, LEASE) is None
    assert errands.due(connection, NOW, 10) == []
    assert errands.due(connection, NOW + LEASE, 10) == [(READ, "zendesk:1")]
    assert taken(connection, NOW + LEASE).attempts == 2


def test_one_that_is_done_is_gone(connection: Connection) -> None:
    errands.want(connection, READ, ["zendesk:1"], NOW)
    assert errands.done(connection, taken(connection), NOW) is False
    assert errands.next_due(connection) is None


def test_one_that_was_asked_for_meanwhile_is_done_again(connection: Connection) -> None:
    errands.want(connection, READ, ["zendesk:1"], NOW)
    errand = taken(connection)
    errands.want(connection, READ, ["zendesk:1"], NOW)
    assert errands.done(connection, errand, NOW) is True
    assert errands.done(connection, taken(connection), NOW) is False


def test_asking_again_does_not_hurry_one_that_was_put_off(connection: Connection) -> None:
    errands.want(connection, READ, ["zendesk:1"], NOW)
    later = NOW + timedelta(seconds=30)
    errands.put_off(connection, taken(connection), later, "zendesk answered 429")
    errands.want(connection, READ, ["zendesk:1"], NOW)
    assert errands.take(connection, READ, "zendesk:1", NOW, LEASE) is None
    assert errands.next_due(connection) == later
    assert taken(connection, later).reason == "zendesk answered 429"


def test_a_standing_errand_keeps_its_cursor_and_goes_with_its_source(
    connection: Connection,
) -> None:
    errands.stand(connection, POLL, ["ratings", "answers"], NOW)
    errand = errands.take(connection, POLL, "ratings", NOW, LEASE)
    assert errand is not None
    errands.come_back(connection, errand, NOW + timedelta(minutes=5), "cursor-7")
    errands.stand(connection, POLL, ["ratings"], NOW)
    (left,) = errands.find(connection, [(POLL, "ratings"), (POLL, "answers")])
    assert (left.cursor, left.attempts, left.not_before) == (
        "cursor-7",
        0,
        NOW + timedelta(minutes=5),
    )
    errands.stand(connection, POLL, [], NOW)
    assert errands.next_due(connection) is None
