"""`/readyz` says whether all of us can do our work, with each figure and its limit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from bridge.domain.model import Replied
from bridge.settings import parse
from bridge.simulate.world import SimulatedClock
from bridge.store import inbox, pulse, tickets
from bridge.store.inbox import Received
from bridge.web import create_app
from bridge.work.bridge import Bridge
from bridge.work.clock import SILENCE

NOW = datetime(2031, 3, 11, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOW)


@pytest.fixture
def bridge(url: str, clock: SimulatedClock) -> Any:
    made = Bridge(parse("", {}), url, now=clock)
    yield made
    made.close()


@pytest.fixture
def client(bridge: Bridge) -> FlaskClient:
    return create_app(bridge).test_client()


def told(client: FlaskClient, status: int) -> Any:
    answer = client.get("/readyz")
    assert answer.status_code == status, answer.text
    assert answer.json is not None
    assert answer.json["ok"] is (status == 200)
    return answer.json


def beat(bridge: Bridge) -> None:
    with bridge.engine.begin() as connection:
        pulse.beat(connection, bridge.now(), SILENCE)


def test_all_is_well(client: FlaskClient, bridge: Bridge, clock: SimulatedClock) -> None:
    beat(bridge)
    clock.move(NOW + timedelta(seconds=60))
    found = told(client, 200)
    assert (found["database"], found["migrations"]) == ("ok", "ok")
    assert found["clock"] == {"ok": True, "seconds": 60.0, "limit": 60.0, "ever": True}
    assert (found["queue"]["seconds"], found["queue"]["limit"]) == (0.0, 120.0)


def test_a_clock_that_fell_silent_is_wrong(
    client: FlaskClient, bridge: Bridge, clock: SimulatedClock
) -> None:
    beat(bridge)
    clock.move(NOW + timedelta(seconds=61))
    found = told(client, 503)
    assert found["clock"]["fix"] == "start `bridge clock`"
    assert found["queue"]["ok"]


def test_a_webhook_that_waits_for_too_long_is_wrong(
    client: FlaskClient, bridge: Bridge, clock: SimulatedClock
) -> None:
    row = Received(
        source="survey",
        delivery="1",
        received_at=NOW,
        method="POST",
        url="",
        headers={},
        body=b"{}",
    )
    with bridge.engine.begin() as connection:
        inbox.add(connection, [row])
    clock.move(NOW + timedelta(minutes=2))
    assert told(client, 200)["queue"]["oldest"]["webhooks"] == 120.0
    clock.move(NOW + timedelta(minutes=2, seconds=1))
    found = told(client, 503)["queue"]
    assert (found["seconds"], found["limit"]) == (121.0, 120.0)
    assert "bridge worker" in found["fix"]


def test_an_event_that_waits_for_too_long_is_wrong(
    client: FlaskClient, bridge: Bridge, clock: SimulatedClock
) -> None:
    event = Replied(id="1", subject="zendesk:1", at=NOW, public=True, text="Any news?")
    with bridge.engine.begin() as connection:
        tickets.add_events(connection, [tickets.arrive(event, NOW)])
    clock.move(NOW + timedelta(minutes=3))
    assert told(client, 503)["queue"]["oldest"]["events"] == 180.0


def test_without_our_tables_it_names_the_command(database: Callable[..., str]) -> None:
    bridge = Bridge(parse("", {}), database(empty=True))
    found = told(create_app(bridge).test_client(), 503)
    bridge.close()
    assert found["migrations"] == "run `bridge migrate`"


def test_a_process_answers_for_itself_without_a_database() -> None:
    bridge = Bridge(parse("", {}), "postgresql://bridge@/bridge?host=/nowhere")
    client = create_app(bridge).test_client()
    assert client.get("/healthz").status_code == 200
    assert told(client, 503)["database"] == "not reachable"
    bridge.close()
