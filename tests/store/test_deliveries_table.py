"""What is sent: in order within its lane, one edit at a time, and never forgotten half way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from bridge.domain.alerts import Change, Step
from bridge.domain.model import Action, Alert, Delivery, Finding, Reason, Receipt, Severity
from bridge.store import alerts, deliveries

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
LATER = NINE + timedelta(minutes=5)
FINDING = Finding(rule="low_score", severity=Severity.HIGH, headline="Rated 1", since=NINE)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


def alert(connection: Connection, subject: str = "zendesk:1") -> int:
    made = Alert(
        subject=subject,
        ref=f"AB-{subject}",
        severity=Severity.HIGH,
        opened_at=NINE,
        changed_at=NINE,
        reasons=(Reason(finding=FINDING, added_at=NINE),),
        team="Billing",
    )
    (saved,) = alerts.save(
        connection,
        [(made, [Step(change=Change.OPENED, at=made.opened_at, finding=FINDING)])],
    )
    return saved.number


def add(connection: Connection, number: int, *planned: Delivery) -> list[int]:
    """Keep an alert's planned deliveries."""
    return deliveries.add(connection, [(number, one) for one in planned], NINE)


def plan(action: Action, channel: str = "slack", **more: object) -> Delivery:
    return Delivery(channel=channel, action=action, to="C1", why="a test", **more)  # type: ignore[arg-type]


POST, EDIT, REPLY = plan(Action.POST), plan(Action.EDIT), plan(Action.REPLY)
NOTE = plan(Action.NOTE, "zendesk")
RECEIPT = Receipt(ref="17.1", to="C1")


def take(connection: Connection, number: int, now: datetime = NINE) -> deliveries.Row:
    row = deliveries.take(connection, number, now)
    assert row is not None
    return row


def test_in_its_lane_each_waits_for_the_one_before(connection: Connection) -> None:
    number = alert(connection)
    post, edit, note = add(connection, number, POST, EDIT, NOTE)
    assert deliveries.take(connection, edit, NINE) is None, "the post comes first"
    assert deliveries.due(connection, NINE, 10) == [post, note], "the ticket is another lane"
    row = take(connection, post)
    assert deliveries.take(connection, post, NINE) is None, "it is under way"
    assert deliveries.take(connection, edit, NINE) is None
    assert deliveries.sent(connection, row, RECEIPT, NINE) == edit
    assert take(connection, edit).attempts == 1
    assert deliveries.posted(connection, number, "slack") == RECEIPT
    assert deliveries.posted(connection, number, "zendesk") is None


def test_alerts_do_not_wait_for_each_other(connection: Connection) -> None:
    (one,) = add(connection, alert(connection), POST)
    (other,) = add(connection, alert(connection, "zendesk:2"), POST)
    take(connection, one)
    take(connection, other)


def test_an_edit_that_waits_covers_a_newer_one(connection: Connection) -> None:
    number = alert(connection)
    assert len(add(connection, number, POST, EDIT)) == 2
    assert add(connection, number, EDIT) == []
    assert len(add(connection, number, REPLY, REPLY)) == 2


def test_an_edit_that_covers_a_newer_one_is_not_taken_before_what_it_has_to_tell_is_there(
    engine: Engine,
) -> None:
    with engine.begin() as connection:
        number = alert(connection)
        (edit,) = add(connection, number, EDIT)
    with engine.begin() as judging, engine.begin() as sending:
        assert add(judging, number, EDIT) == []
        sending.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(OperationalError, match="lock timeout"), sending.begin_nested():
            take(sending, edit)
        judging.commit()
        assert take(sending, edit).state == "sending"


def test_an_edit_under_way_does_not_cover_a_newer_one(connection: Connection) -> None:
    number = alert(connection)
    (edit,) = add(connection, number, EDIT)
    row = take(connection, edit)
    (newer,) = add(connection, number, EDIT)
    deliveries.put_off(connection, row, "busy", LATER, unsure=False)
    assert states(connection, number) == ["held", "waiting"]
    assert deliveries.due(connection, NINE, 10) == [newer]


def test_what_is_held_goes_nowhere_and_says_why(connection: Connection) -> None:
    number = alert(connection)
    held = plan(Action.POST, held="team 'Billing' has no Slack channel")
    assert add(connection, number, held) == []
    (row,) = deliveries.of_alert(connection, number)
    assert (row.state, row.reason) == ("held", "team 'Billing' has no Slack channel")


def test_nothing_is_sent_before_its_time(connection: Connection) -> None:
    number = alert(connection)
    (post,) = add(connection, number, plan(Action.POST, not_before=LATER))
    assert deliveries.take(connection, post, NINE) is None
    assert deliveries.next_due(connection) == LATER
    take(connection, post, LATER)
    assert deliveries.next_due(connection) is None


def test_what_waits_behind_another_is_not_what_comes_next(connection: Connection) -> None:
    number = alert(connection)
    post, _ = add(connection, number, POST, EDIT)
    deliveries.put_off(connection, take(connection, post), "busy", LATER, unsure=False)
    assert deliveries.next_due(connection) == LATER


def test_an_attempt_that_was_cut_off_comes_back_unsure(connection: Connection) -> None:
    number = alert(connection)
    post, note = add(connection, number, POST, NOTE)
    take(connection, post, NINE)
    take(connection, note, LATER)
    assert deliveries.rescue(connection, NINE + timedelta(minutes=1)) == 1
    row = take(connection, post, LATER)
    assert (row.unsure, row.attempts) == (True, 2)
    assert states(connection, number) == ["sending", "sending"]


def test_a_cut_off_edit_leaves_the_rest_to_a_newer_one(connection: Connection) -> None:
    number = alert(connection)
    (edit,) = add(connection, number, EDIT)
    take(connection, edit)
    add(connection, number, EDIT)
    deliveries.rescue(connection, LATER)
    assert states(connection, number) == ["held", "waiting"]


def test_what_is_put_off_waits_with_its_reason(connection: Connection) -> None:
    number = alert(connection)
    (post,) = add(connection, number, POST)
    deliveries.put_off(connection, take(connection, post), "429", LATER, unsure=True)
    (row,) = deliveries.of_alert(connection, number)
    assert (row.state, row.reason, row.not_before, row.unsure) == ("waiting", "429", LATER, True)


def test_a_busy_channel_holds_up_all_that_waits_for_it(connection: Connection) -> None:
    one, other = alert(connection), alert(connection, "zendesk:2")
    (busy,) = add(connection, one, POST)
    add(connection, other, POST, NOTE)
    deliveries.put_off_others(connection, take(connection, busy), LATER)
    rows = deliveries.of_alert(connection, other)
    assert [row.not_before for row in rows] == [LATER, NINE]


def test_failed_ones_can_be_retried_and_sent_ones_cannot(connection: Connection) -> None:
    number = alert(connection)
    post, edit, note = add(connection, number, POST, EDIT, NOTE)
    assert deliveries.failed(connection, take(connection, post), "archived") == edit
    deliveries.sent(connection, take(connection, note), RECEIPT, NINE)
    assert deliveries.retry(connection, [post, note, 10**9], LATER) == [post]
    row = take(connection, post, LATER)
    assert (row.reason, row.attempts) == ("", 1)


def test_a_failed_edit_beside_a_waiting_one_is_not_retried(connection: Connection) -> None:
    number = alert(connection)
    (edit,) = add(connection, number, EDIT)
    deliveries.failed(connection, take(connection, edit), "archived")
    add(connection, number, EDIT)
    assert deliveries.retry(connection, [edit], NINE) == []


def test_our_own_writes_are_known_again(connection: Connection) -> None:
    number = alert(connection)
    (note,) = add(connection, number, NOTE)
    receipt = Receipt(ref="9", own=("audit:8", "comment:9"))
    deliveries.sent(connection, take(connection, note), receipt, NINE)
    deliveries.remember_own(connection, "zendesk", ["user:5", "user:5", "comment:9"])
    assert deliveries.ours(connection, "zendesk", ["comment:9", "comment:10"]) == {"comment:9"}
    assert deliveries.our_users(connection) == {"zendesk": {"5"}}
    assert deliveries.mediums(connection, [number]) == {number: {"zendesk"}}


def test_the_newest_are_listed_first(connection: Connection) -> None:
    number = alert(connection)
    ids = add(connection, number, POST, NOTE)
    assert [row.id for row in deliveries.listing(connection, None, 10)] == ids[::-1]
    assert deliveries.listing(connection, "failed", 10) == []
    assert len(deliveries.listing(connection, "waiting", 1)) == 1


def test_one_subject_has_one_live_alert(connection: Connection) -> None:
    number = alert(connection)
    assert alerts.live(connection, ["zendesk:1", "zendesk:2"])["zendesk:1"].number == number
    assert alerts.find(connection, number + 1) is None
    assert [found.number for found in alerts.listing(connection, 10)] == [number]


def states(connection: Connection, number: int) -> list[str]:
    return [row.state for row in deliveries.of_alert(connection, number)]
