"""Storms as they are kept: one at a time in a channel, never ended over somebody who joins."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, text

from bridge.domain.alerts import Change, Step
from bridge.domain.model import Action, Alert, Delivery, Finding, Reason, Receipt, Severity
from bridge.store import alerts, deliveries, storms
from bridge.store.storms import Shown

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FINDING = Finding(rule="low_score", severity=Severity.HIGH, headline="Rated 1", since=NINE)
SUMMARY = Receipt(ref="17.1", to="C1")


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


def post(
    connection: Connection, now: datetime = NINE, *, to: str = "C1", action: Action = Action.POST
) -> int:
    """An alert's first message, which waits to be sent; its id."""
    (subject,) = connection.execute(text("SELECT 'zendesk:' || count(*) FROM alerts")).scalars()
    made = Alert(
        subject=subject,
        ref=f"AB-{subject}",
        severity=Severity.HIGH,
        opened_at=now,
        changed_at=now,
        reasons=(Reason(finding=FINDING, added_at=now),),
        team="Billing",
    )
    (saved,) = alerts.save(connection, [(made, [Step(change=Change.OPENED, at=now)])])
    one = Delivery(channel="slack", action=action, to=to, why="a test")
    (number,) = deliveries.add(connection, [(saved.number, one)], now)
    return number


def take(connection: Connection, number: int, now: datetime = NINE) -> deliveries.Row:
    row = deliveries.take(connection, number, now)
    assert row is not None
    return row


def ahead(connection: Connection, number: int, now: datetime = NINE) -> int:
    """How many posts come before this one."""
    row = connection.execute(
        text("SELECT * FROM deliveries WHERE id = :id"), {"id": number}
    ).mappings()
    return storms.ahead(connection, deliveries._row(row.one()), now, MINUTE)


def send(connection: Connection, number: int, now: datetime = NINE) -> None:
    deliveries.sent(connection, take(connection, number, now), SUMMARY, now)


def join(connection: Connection, storm: int, now: datetime = NINE) -> int:
    number = post(connection, now)
    storms.join(connection, storm, take(connection, number, now), now + 10 * MINUTE, "joins")
    return number


# --- who comes before whom


def test_those_that_wait_come_before_in_the_order_of_their_numbers(connection: Connection) -> None:
    numbers = [post(connection) for _ in range(3)]
    assert [ahead(connection, number) for number in numbers] == [0, 1, 2]
    take(connection, numbers[0])
    assert ahead(connection, numbers[2]) == 2, "one that is being sent comes before as well"


def test_those_sent_within_the_time_come_before_and_older_ones_do_not(
    connection: Connection,
) -> None:
    send(connection, post(connection))
    send(connection, post(connection, NINE + MINUTE / 2), NINE + MINUTE / 2)
    late = post(connection, NINE + MINUTE)
    assert ahead(connection, late, NINE + MINUTE - timedelta(seconds=1)) == 2
    assert ahead(connection, late, NINE + MINUTE) == 1
    assert ahead(connection, late, NINE + 2 * MINUTE) == 0


def test_what_waits_for_longer_is_elsewhere_or_no_post_does_not_count(
    connection: Connection,
) -> None:
    held = take(connection, post(connection))
    deliveries.wait(connection, held, "quiet hours", NINE + timedelta(hours=9))
    post(connection, to="C2")
    post(connection, action=Action.BROADCAST)
    number = post(connection)
    assert ahead(connection, number) == 0
    assert ahead(connection, number, NINE + timedelta(hours=9)) == 1


def test_who_has_joined_a_storm_comes_before_nobody(connection: Connection) -> None:
    join(connection, storms.begin(connection, "slack", "C1", NINE))
    assert ahead(connection, post(connection)) == 0


# --- a storm


def test_there_is_one_storm_at_a_time_in_a_channel(connection: Connection) -> None:
    number = storms.begin(connection, "slack", "C1", NINE)
    assert storms.begin(connection, "slack", "C1", NINE + MINUTE) == number
    assert storms.begin(connection, "slack", "C2", NINE) != number
    going = storms.going_on(connection, "slack", "C1")
    assert going is not None
    assert (going.id, going.began_at, going.summary, going.pages) == (number, NINE, Shown(), ())
    storms.close(connection, number, NINE)
    assert storms.going_on(connection, "slack", "C1") is None
    assert storms.begin(connection, "slack", "C1", NINE) != number


def test_who_joins_waits_and_counts_no_attempt(connection: Connection) -> None:
    number = storms.begin(connection, "slack", "C1", NINE)
    joined = join(connection, number)
    (row,) = deliveries.listing(connection, "waiting", 10)
    assert (row.id, row.attempts, row.reason) == (joined, 0, "joins")
    assert deliveries.due(connection, NINE + MINUTE, 10) == []
    assert deliveries.due(connection, NINE + 10 * MINUTE, 10) == [joined]
    assert storms.of_delivery(connection, joined) == number
    assert storms.of_alert(connection, row.alert, "slack") == number
    assert storms.of_alert(connection, row.alert, "email") is None
    storms.leave(connection, joined)
    assert storms.of_delivery(connection, joined) is None


def test_what_is_told_is_held_with_the_summary_and_its_lane_goes_on(connection: Connection) -> None:
    number = storms.begin(connection, "slack", "C1", NINE)
    joined = join(connection, number)
    (row,) = deliveries.listing(connection, None, 1)
    reply = Delivery(channel="slack", action=Action.REPLY, to="C1", why="a test")
    (following,) = deliveries.add(connection, [(row.alert, reply)], NINE)
    assert storms.told(connection, [joined], SUMMARY, "told", NINE) == [following]
    assert deliveries.posted(connection, row.alert, "slack") == SUMMARY
    assert storms.told(connection, [joined], SUMMARY, "told", NINE) == [], "once"


def test_what_is_shown_is_kept(connection: Connection) -> None:
    found = storms.find(connection, storms.begin(connection, "slack", "C1", NINE))
    assert found is not None
    shown = replace(
        found,
        summary=Shown(ref="17.1", to="C1", begun=True, drawn="a"),
        pages=(Shown(ref="17.2", to="C1", rows=(1, 2)), Shown(rows=(3,))),
    )
    storms.save(connection, shown)
    assert storms.find(connection, found.id) == shown
    assert storms.find(connection, 4711) is None


def test_a_storm_ends_once_all_is_told_and_nothing_comes(connection: Connection) -> None:
    number = storms.begin(connection, "slack", "C1", NINE)
    joined = join(connection, number, NINE + MINUTE)
    assert not storms.end(connection, number, NINE + 3 * MINUTE, MINUTE), "one waits to be told"
    storms.told(connection, [joined], SUMMARY, "told", NINE + MINUTE)
    assert not storms.end(connection, number, NINE + 1.5 * MINUTE, MINUTE), "one has just come"
    assert storms.end(connection, number, NINE + 2 * MINUTE, MINUTE)
    assert storms.end(connection, number, NINE + 3 * MINUTE, MINUTE), "it stays over"
    found = storms.find(connection, number)
    assert found is not None
    assert found.ended_at == NINE + 2 * MINUTE


def test_what_is_lost_has_failed_and_belongs_to_no_storm(connection: Connection) -> None:
    number = storms.begin(connection, "slack", "C1", NINE)
    told, lost = join(connection, number), join(connection, number)
    storms.told(connection, [told], SUMMARY, "told", NINE)
    assert storms.lost(connection, number, "the channel is archived") == []
    assert {r.id: r.state for r in deliveries.listing(connection, None, 9)} == {
        told: "held",
        lost: "failed",
    }
    assert storms.of_delivery(connection, lost) is None


def test_a_storm_that_somebody_is_joining_does_not_end(engine: Engine) -> None:
    with engine.begin() as connection:
        number = storms.begin(connection, "slack", "C1", NINE)
    begun = Event()

    def end() -> bool:
        with engine.begin() as connection:
            begun.set()
            return storms.end(connection, number, NINE + 5 * MINUTE, MINUTE)

    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            going = storms.going_on(connection, "slack", "C1")
            assert going is not None
            ending = pool.submit(end)
            assert begun.wait(10)
            with pytest.raises(TimeoutError):
                ending.result(0.3)
            join(connection, going.id, NINE + 4.5 * MINUTE)
        assert ending.result(10) is False
