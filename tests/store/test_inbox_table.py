"""Deliveries as they are kept: once, taken by one, never lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from bridge.store import inbox

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def received(key: str, *, at: datetime = NINE, body: bytes = b"{}") -> inbox.Received:
    return inbox.Received(
        source="zendesk",
        delivery=key,
        received_at=at,
        method="POST",
        url="https://alerts.example.com/hooks/zendesk",
        headers={"content-type": "application/json"},
        body=body,
    )


def keep(engine: Engine, *keys: str, at: datetime = NINE) -> list[bool]:
    with engine.begin() as connection:
        return inbox.add(connection, [received(key, at=at) for key in keys])


def test_it_is_said_which_deliveries_are_new(engine: Engine) -> None:
    assert keep(engine, "a", "b") == [True, True]
    assert keep(engine, "b", "c", "c") == [False, True, False]


def test_a_repeat_changes_nothing(engine: Engine) -> None:
    keep(engine, "a")
    with engine.begin() as connection:
        changed = received("a", at=NINE + timedelta(hours=1), body=b"other")
        assert inbox.add(connection, [changed]) == [False]
        (row,) = inbox.take(connection, 10)
    assert (row.body, row.received_at) == (b"{}", NINE)


def test_the_same_key_of_another_source_is_another_delivery(engine: Engine) -> None:
    keep(engine, "a")
    with engine.begin() as connection:
        other = inbox.Received(
            source="typeform",
            delivery="a",
            received_at=NINE,
            method="POST",
            url="",
            headers={},
            body=b"\x00\xff",
        )
        assert inbox.add(connection, [other]) == [True]
        found = inbox.find(connection, inbox.take(connection, 10)[1].id)
    assert found is not None
    assert found.body == b"\x00\xff"


def test_two_workers_take_different_deliveries_oldest_first(engine: Engine) -> None:
    keep(engine, "a", "b", "c")
    with engine.begin() as one, engine.begin() as two:
        assert [row.delivery for row in inbox.take(one, 2)] == ["a", "b"]
        assert [row.delivery for row in inbox.take(two, 2)] == ["c"]


def test_what_a_failed_worker_held_waits_again(engine: Engine) -> None:
    keep(engine, "a")
    with engine.connect() as connection:
        inbox.settle(connection, [inbox.take(connection, 1)[0].id], inbox.READ)
        connection.rollback()
    with engine.begin() as connection:
        assert len(inbox.take(connection, 1)) == 1


def test_what_could_not_be_read_can_be_read_again_with_all_of_its_kind(engine: Engine) -> None:
    keep(engine, "a", "b", "c")
    with engine.begin() as connection:
        a, b, c = (row.id for row in inbox.take(connection, 10))
        inbox.settle(connection, [a, b], inbox.UNREADABLE, "event.time: is missing")
        inbox.settle(connection, [c], inbox.READ)
        assert [row.id for row in inbox.listing(connection, inbox.UNREADABLE, 10)] == [b, a]
        assert inbox.replay(connection, None) == 2
        assert inbox.replay(connection, [c, 10**9]) == 1
        assert [row.reason for row in inbox.take(connection, 10)] == ["", "", ""]


def test_what_is_old_is_forgotten_unless_it_waits(engine: Engine) -> None:
    keep(engine, "old", "older", "waits")
    keep(engine, "new", at=NINE + timedelta(days=40))
    with engine.begin() as connection:
        ids = [row.id for row in inbox.take(connection, 10)]
        inbox.settle(connection, [ids[0], ids[3]], inbox.READ)
        inbox.settle(connection, [ids[1]], inbox.UNREADABLE, "why")
        assert inbox.forget(connection, NINE + timedelta(days=30)) == 2
        left = {row.delivery for row in inbox.listing(connection, None, 10)}
    assert left == {"waits", "new"}


@pytest.mark.parametrize(("seconds", "waits"), [(0, False), (1, True)])
def test_it_is_known_whether_one_has_waited_for_long(
    engine: Engine, seconds: int, waits: bool
) -> None:
    keep(engine, "a")
    with engine.begin() as connection:
        assert inbox.waiting_since(connection, NINE + timedelta(seconds=seconds)) is waits
        inbox.settle(connection, [inbox.take(connection, 1)[0].id], inbox.READ)
        assert not inbox.waiting_since(connection, NINE + timedelta(days=1))
