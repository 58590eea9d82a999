"""Old rows go in batches, and a batch takes up where the last one ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from bridge.domain.hush import Mute
from bridge.domain.model import (
    Action,
    Alert,
    AlertState,
    Delivery,
    Finding,
    Reason,
    Replied,
    Severity,
)
from bridge.store import alerts, audit, deliveries, keeping, mutes, teams, tickets, words

NINE = datetime(2031, 3, 11, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def say(engine: Engine, number: int, at: datetime) -> None:
    event = Replied(id=f"e{number}", subject="zendesk:1", at=at, public=True, text="Hello")
    with engine.begin() as connection:
        tickets.add_events(connection, [tickets.arrive(event, at)], judged=True)


def said(engine: Engine) -> list[bool]:
    """Whether each event still has its words."""
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT body ? 'text' FROM events ORDER BY id"))
        return list(rows.scalars())


def an_alert(engine: Engine, number: int, state: AlertState = AlertState.RESOLVED) -> Alert:
    found = Finding(
        rule="low_score", severity=Severity.HIGH, headline="Bad", since=NINE, words="Hi"
    )
    alert = Alert(
        subject=f"zendesk:{number}",
        ref=f"AB-{number}",
        state=state,
        severity=Severity.HIGH,
        opened_at=NINE,
        changed_at=NINE,
        ended_at=NINE if state is AlertState.RESOLVED else None,
        reasons=(Reason(finding=found, added_at=NINE),),
    )
    with engine.begin() as connection:
        (saved,) = alerts.save(connection, [(alert, [])])
    return saved


def test_events_lose_their_words_a_batch_at_a_time_and_once(engine: Engine) -> None:
    for number in range(5):
        say(engine, number, NINE + number * DAY)
    before = NINE + 3 * DAY
    with engine.begin() as connection:
        assert words.from_events(connection, before, 2)
    assert said(engine) == [False, False, True, True, True]
    with engine.begin() as connection:
        assert not words.from_events(connection, before, 2)
        assert not words.from_events(connection, before, 2)
    assert said(engine) == [False, False, False, True, True]
    with engine.begin() as connection:
        words.from_events(connection, before + 9 * DAY, 9)
    assert said(engine) == [False] * 5


def test_a_round_through_alerts_ends_and_begins_anew(engine: Engine) -> None:
    made = [an_alert(engine, number) for number in range(3)]
    with engine.begin() as connection:
        assert words.from_alerts(connection, NINE + DAY, 2)
        assert [a.reasons[0].finding.words for a in alerts.listing(connection, 9)] == ["Hi", "", ""]
        assert not words.from_alerts(connection, NINE + DAY, 2)
        # Somebody writes about one that is long over: the next round comes by.
        alerts.save(connection, [(made[0], [])])
        words.from_alerts(connection, NINE + DAY, 9)
        assert {a.reasons[0].finding.words for a in alerts.listing(connection, 9)} == {""}


def test_open_alerts_keep_what_was_sent_of_them(engine: Engine) -> None:
    for number, state in enumerate((AlertState.RESOLVED, AlertState.OPEN)):
        alert = an_alert(engine, number, state)
        for held in ("no channel", ""):
            planned = Delivery(channel="slack", action=Action.POST, to="C1", why="x", held=held)
            with engine.begin() as connection:
                deliveries.add(connection, [(alert.number, planned)], NINE)
    with engine.begin() as connection:
        assert keeping.forget_deliveries(connection, NINE + DAY, 3)
        assert not keeping.forget_deliveries(connection, NINE + DAY, 3)
        left = deliveries.listing(connection, None, 9)
    assert sorted((row.alert, row.state) for row in left) == [
        (1, "waiting"),
        (2, "held"),
        (2, "waiting"),
    ]


def test_only_so_many_are_deleted_at_once(engine: Engine) -> None:
    with engine.begin() as connection:
        for number in range(5):
            known = teams.Known(
                desk="zendesk",
                id=str(number),
                name="Anna",
                email="",
                phone="",
                staff=False,
                read_at=NINE + number * DAY,
            )
            teams.save_people(connection, [known])
            audit.write(connection, NINE, who="ana", via="page", what="x", object="y:z")
            mute = Mute(reason="x", by="Ana", starts_at=NINE, ends_at=NINE + number * DAY)
            mutes.add(connection, mute)
    with engine.begin() as connection:
        many = (keeping.forget_people, keeping.forget_past, keeping.forget_audit)
        assert [forget(connection, NINE + 3 * DAY, 2) for forget in many] == [2, 2, 2]
        assert [forget(connection, NINE + 3 * DAY, 2) for forget in many] == [1, 1, 2]
        assert [forget(connection, NINE + 3 * DAY, 2) for forget in many] == [0, 0, 1]
