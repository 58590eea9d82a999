"""Signals are kept once and counted once; counts tell what a series was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from bridge.domain.patterns import Share
from bridge.domain.signals import Signal
from bridge.store import due, patterns, signals
from bridge.store.signals import Given, Known

TEN = datetime(2031, 3, 11, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
BRAND = "topic:zendesk:brand:Acme"


@pytest.fixture
def connection(engine: Engine):
    with engine.begin() as opened:
        yield opened


def given(number: int, kind: str = "opened", agent: str = "zendesk:7", **more: object) -> Given:
    told = Signal(
        kind=kind, about=f"zendesk:{number}", at=TEN + number * timedelta(minutes=1), agent=agent
    )
    rest = {"subject": f"zendesk:{number}", "team": "Billing", "topics": (BRAND, "team:Billing")}
    return Given(signal=told, **(rest | more))  # type: ignore[arg-type]


def test_a_signal_is_kept_once_and_taken_once(connection: Connection) -> None:
    assert signals.add(connection, [given(1), given(2)]) == 2
    assert signals.add(connection, [given(2), given(3)]) == 1
    assert [len(signals.take(connection, 2)) for _ in range(3)] == [2, 1, 0]


def test_counts_add_up(connection: Connection) -> None:
    for many in (1.0, 2.0):
        signals.count(connection, {(BRAND, "opened", TEN): (many, 0.5)})
    signals.count(connection, {(BRAND, "opened", TEN + HOUR): (4.0, 0.0)})
    found = signals.series(connection, [(BRAND, "opened"), (BRAND, "low")], TEN)
    assert found == {
        (BRAND, "opened"): {TEN: 3, TEN + HOUR: 4},
        (BRAND, "low"): {},
    }
    assert signals.series(connection, [(BRAND, "opened")], TEN + HOUR) == {
        (BRAND, "opened"): {TEN + HOUR: 4}
    }


def test_a_family_is_known_since_its_first_topic(connection: Connection) -> None:
    later = TEN + 9 * HOUR
    for subject, at in (
        (BRAND, TEN),
        ("topic:zendesk:brand:Other", later),
        ("topic:zendesk:tag:x", later),
        ("team:Billing", TEN),
        ("account:acme", TEN),
    ):
        signals.count(connection, {(subject, "opened", at): (1.0, 0.0)})
    assert signals.families(connection, ["opened"], TEN) == {
        ("topic:zendesk:brand", "opened"): Known(TEN, 2),
        ("topic:zendesk:tag", "opened"): Known(later, 1),
        ("team", "opened"): Known(TEN, 1),
    }


def test_the_newest_cases_of_a_window_come_first(connection: Connection) -> None:
    signals.add(connection, [given(n) for n in range(1, 5)])
    signals.add(connection, [given(5, kind="low"), given(6, topics=("team:Billing",))])
    key = (BRAND, "opened")
    found = signals.cases(connection, key, TEN, TEN + HOUR)
    assert [case.subject for case in found] == [f"zendesk:{n}" for n in (4, 3, 2, 1)]
    assert signals.cases(connection, key, TEN + HOUR, TEN + 2 * HOUR) == []
    assert signals.topics_of(connection, ["zendesk:6", "zendesk:9"]) == {
        "zendesk:6": frozenset({"team:Billing"})
    }


def test_shares_are_counted_by_agent_and_by_topic(connection: Connection) -> None:
    signals.add(connection, [given(n, kind="answered") for n in range(4)])
    signals.add(connection, [given(n, kind="low") for n in range(2)])
    signals.add(connection, [given(9, kind="update", agent="zendesk:8")])
    seven, eight = patterns.by_agent(connection, TEN)
    assert (seven.name, seven.team, seven.low) == ("zendesk:7", "Billing", Share(2, 4))
    assert (eight.name, eight.thin) == ("zendesk:8", Share(0, 1))
    [topic] = patterns.by_topic(connection, TEN)
    assert (topic.name, topic.low) == (BRAND, Share(2, 4))
    assert patterns.newest(connection, BRAND, "low", TEN, 5) == ["1", "0"]
    assert patterns.newest(connection, "agent:zendesk:7", "low", TEN, 1) == ["1"]


def test_what_is_old_is_forgotten(connection: Connection) -> None:
    signals.add(connection, [given(1), given(90)])
    signals.count(connection, {(BRAND, "opened", TEN): (1.0, 0.0)})
    signals.count(connection, {(BRAND, "opened", TEN + HOUR): (1.0, 0.0)})
    assert signals.forget(connection, TEN + HOUR, 10) == 2
    assert signals.forget(connection, TEN + HOUR, 10) == 0
    assert len(signals.take(connection, 10)) == 1


def test_a_signal_that_waits_is_something_to_do(connection: Connection) -> None:
    assert not due.anything(connection, TEN, left=TEN, cut_off=TEN)
    signals.add(connection, [given(1)])
    assert due.anything(connection, TEN, left=TEN, cut_off=TEN)
    signals.take(connection, 10)
    assert not due.anything(connection, TEN, left=TEN, cut_off=TEN)
