"""Mutes as they are kept, who is to be reminded of them, and what waits because of them; phones that said STOP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, Engine

from bridge.domain.alerts import Change, Step
from bridge.domain.hush import Mute
from bridge.domain.model import Action, Alert, Delivery, Finding, Reason, Severity
from bridge.store import alerts, deliveries, mutes
from bridge.store.silenced import is_silenced, silence

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FINDING = Finding(rule="low_score", severity=Severity.HIGH, headline="Rated 1", since=NINE)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


def mute(
    connection: Connection, since: datetime = NINE, until: datetime = NINE + 5 * HOUR, **more: Any
) -> Mute:
    told = {"reason": "known outage", "by": "Ana", "starts_at": since, "ends_at": until}
    return mutes.add(connection, Mute(**told | more))


def waiting(connection: Connection, reason: str, *, calls: str = "resolve") -> int:
    """A message that waits until noon for this reason; its alert's number."""
    made = Alert(
        subject=f"zendesk:{len(deliveries.listing(connection, None, 99))}",
        ref=f"AB-{len(deliveries.listing(connection, None, 99))}",
        severity=Severity.HIGH,
        opened_at=NINE,
        changed_at=NINE,
        reasons=(Reason(finding=FINDING, added_at=NINE),),
        team="Billing",
    )
    (alert,) = alerts.save(connection, [(made, [Step(change=Change.OPENED, at=NINE)])])
    one = Delivery(channel="slack", action=Action.POST, to="C1", why="a test", calls=calls)
    (number,) = deliveries.add(connection, [(alert.number, one)], NINE)
    row = deliveries.take(connection, number, NINE)
    assert row is not None
    deliveries.wait(connection, row, reason, NINE + 3 * HOUR)
    return alert.number


def test_a_mute_is_kept_as_it_was_said(connection: Connection) -> None:
    said = mute(connection, team="Billing", rule="low_score", subject="zendesk:1", maintenance=True)
    assert said.id > 0
    assert mutes.listing(connection, NINE) == [said]


def test_those_that_run_are_current_and_those_to_come_are_listed(connection: Connection) -> None:
    runs, to_come = mute(connection), mute(connection, NINE + 2 * HOUR, NINE + 3 * HOUR)
    over = mute(connection, NINE - 2 * HOUR, NINE)
    assert mutes.current(connection, NINE) == [runs]
    assert mutes.current(connection, NINE + 2 * HOUR) == [runs, to_come]
    assert mutes.current(connection, NINE - HOUR) == [over]
    assert mutes.listing(connection, NINE) == [to_come, runs]
    assert mutes.listing(connection, NINE, over=True) == [over, to_come, runs]


def test_a_mute_may_be_ended_early_or_before_it_begins_but_only_once(
    connection: Connection,
) -> None:
    runs, to_come = mute(connection), mute(connection, NINE + 2 * HOUR, NINE + 3 * HOUR)
    for one in (runs, to_come):
        assert mutes.end(connection, one.id, NINE + HOUR) == one
        assert mutes.end(connection, one.id, NINE + HOUR) is None
    assert mutes.end(connection, 4711, NINE) is None
    assert mutes.current(connection, NINE + HOUR) == []
    assert mutes.current(connection, NINE + 2 * HOUR) == []
    assert mutes.current(connection, NINE) == [replace(runs, ends_at=NINE + HOUR)]


# --- reminders


def test_an_hour_before_its_end_a_mute_is_to_be_said_once(connection: Connection) -> None:
    one = mute(connection)
    assert mutes.to_remind(connection, NINE + 4 * HOUR - timedelta(minutes=1)) == []
    assert mutes.to_remind(connection, NINE + 4 * HOUR) == [one]
    mutes.reminded(connection, one.id, NINE + 4 * HOUR)
    assert mutes.to_remind(connection, NINE + 4.5 * HOUR) == []


def test_a_short_one_is_said_when_half_of_it_is_over_and_a_past_one_never(
    connection: Connection,
) -> None:
    one = mute(connection, until=NINE + HOUR)
    assert mutes.to_remind(connection, NINE + timedelta(minutes=29)) == []
    assert mutes.to_remind(connection, NINE + timedelta(minutes=30)) == [one]
    assert mutes.to_remind(connection, NINE + HOUR) == []


def test_a_long_one_is_said_after_a_day_and_again_before_its_end(connection: Connection) -> None:
    one = mute(connection, until=NINE + 7 * DAY)
    assert mutes.to_remind(connection, NINE + DAY - HOUR) == []
    assert mutes.to_remind(connection, NINE + DAY) == [one]
    mutes.reminded(connection, one.id, NINE + DAY)
    assert mutes.to_remind(connection, NINE + 6 * DAY) == []
    assert mutes.to_remind(connection, NINE + 7 * DAY - HOUR) == [one]


# --- what waits


def test_alerts_that_wait_because_of_a_mute_are_found_and_can_be_looked_at_again(
    connection: Connection,
) -> None:
    muted = waiting(connection, "muted until 12:00 by Ana: known outage")
    window = waiting(connection, "quiet hours until 07:00; maintenance until 12:00 by Ana: work")
    waiting(connection, "quiet hours until 07:00")
    waiting(connection, "slack answered 429")
    waiting(connection, "muted until 12:00 by Ana: known outage", calls="")
    found = mutes.waiting_alerts(connection, NINE)
    assert [alert.number for alert in found] == [muted, window]
    assert mutes.waiting_alerts(connection, NINE + 3 * HOUR) == [], "they are due"

    assert len(mutes.release(connection, [muted, 4711], NINE)) == 1
    assert [alert.number for alert in mutes.waiting_alerts(connection, NINE)] == [window]
    (due,) = deliveries.due(connection, NINE, 10)
    (row,) = deliveries.of_alert(connection, muted)
    assert row.id == due


# --- who wants no more messages


def test_a_phone_that_said_stop_is_remembered_for_that_channel(connection: Connection) -> None:
    assert not is_silenced(connection, "sms", "+4930123456")
    silence(connection, "sms", "+4930123456", "answered STOP", NINE)
    silence(connection, "sms", "+4930123456", "answered STOP again", NINE + DAY)
    assert is_silenced(connection, "sms", "+4930123456")
    assert not is_silenced(connection, "sms", "+4930999999")
    assert not is_silenced(connection, "email", "+4930123456")
