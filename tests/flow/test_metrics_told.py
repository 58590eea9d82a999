"""`/metrics`: what it says of an office, who may ask, and that it costs little."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event

from bridge.domain.model import Member, Press
from bridge.settings import parse
from bridge.store import endpoints, pulse
from bridge.web import create_app
from bridge.web.metric_words import COUNTED, GAUGES, PREFIX
from bridge.web.metrics import Measured
from bridge.work.bridge import Bridge
from bridge.work.clock import SILENCE
from bridge.work.press import press
from tests.flow.conftest import Office
from tests.pages import rows, text

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(client: FlaskClient, **headers: str) -> Figures:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name.removeprefix(PREFIX), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def figure(found: Figures, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


def summed(found: Figures, name: str, **labels: str) -> float:
    """Over all other labels."""
    return sum(
        value
        for (called, has), value in found.items()
        if called == name and set(labels.items()) <= set(has)
    )


def beat(bridge: Bridge, at: datetime) -> None:
    with bridge.engine.begin() as connection:
        pulse.beat(connection, at, SILENCE)


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return create_app(office.world.bridge).test_client()


def test_an_office_in_figures(office: Office, client: FlaskClient) -> None:
    bridge = office.world.bridge
    beat(bridge, office.now)
    office.rate(office.open(), score=1, words="Nobody helps me.")
    office.rate(office.open(), score=2)
    press(bridge, office.alerts()[0].ref, Press.ACKNOWLEDGE, Member(name="Mona Berg"))
    office.later(seconds=30)
    found = scraped(client)
    assert summed(found, "alerts_live", team="Billing") == 2
    assert figure(found, "alerts_live", team="Billing", severity="critical", state="acknowledged")
    assert figure(found, "alerts_live_by_rule", rule="low_score") == 2
    assert figure(found, "alerts_without_owner", team="Billing") == 1
    assert summed(found, "alerts_opened_last_hour") == figure(found, "alerts_total") == 2
    assert summed(found, "webhooks_last_hour", source="typeform", state="read") == 2
    assert figure(found, "webhooks_total") >= len(office.inbox())
    assert summed(found, "deliveries_last_hour", channel="slack", action="post", state="sent") == 2
    assert summed(found, "deliveries_last_hour") == len(office.deliveries())
    assert figure(found, "delivery_lag_seconds", channel="slack", quantile="0.5") == 0
    assert figure(found, "timers", of="ticket") > 0
    assert figure(found, "timer_next_seconds", of="ticket") > 0
    assert 30 <= figure(found, "clock_beat_age_seconds") < 40
    assert figure(found, "workers") == 1
    assert figure(found, "database_up") == 1
    assert figure(found, "database_size_bytes") > 1e6
    assert all(0 <= value <= 1 for (name, _), value in found.items() if name == "budget_left_ratio")
    assert summed(found, "budget_left_ratio") > 0


def test_counters_never_fall_though_rows_are_forgotten(office: Office) -> None:
    bridge = office.world.bridge
    office.rate(office.open(), score=1)
    before = scraped(create_app(bridge).test_client())
    with bridge.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM inbox")
        connection.exec_driver_sql("DELETE FROM deliveries")
    after = scraped(create_app(bridge).test_client())
    for name in ("webhooks_total", "events_total", "alerts_total", "deliveries_total"):
        assert figure(after, name) >= figure(before, name) > 0
    assert summed(after, "deliveries_last_hour") == 0


def test_webhooks_to_endpoints_are_counted(office: Office, client: FlaskClient) -> None:
    with office.world.bridge.engine.begin() as connection:
        endpoints.add(connection, "https://192.0.2.1/", office.now)
    office.rate(office.open(), score=1)
    found = scraped(client)
    assert figure(found, "endpoints", state="failing") == 1
    assert figure(found, "notices_waiting", endpoint="1") == 1
    assert summed(found, "notices_last_hour", endpoint="1", state="waiting") == 1


def test_no_label_names_a_person(office: Office, client: FlaskClient) -> None:
    office.rate(office.open(), score=1, words="Nobody helps me.")
    said = client.get("/metrics").text
    for word in ("Anna", "Mona", "@", "Nobody helps", "refund", "zendesk:1"):
        assert word not in said


def test_every_figure_is_documented() -> None:
    told = rows(text("docs/metrics.md"))
    counted = {f"{PREFIX}{n}_{'info' if n == 'build' else 'total'}" for n in COUNTED}
    assert {name for name in told if name.startswith(PREFIX)} == counted | {
        PREFIX + name for name in GAUGES
    }
    for name, (_, labels) in GAUGES.items():
        assert all(f"`{label}`" in told[PREFIX + name][0] for label in labels), name


# --- who may ask


def refused(bridge: Bridge, address: str, **headers: str) -> int:
    near = {"REMOTE_ADDR": address}
    client = create_app(bridge).test_client()
    return client.get("/metrics", headers=headers, environ_base=near).status_code


def test_without_a_token_only_who_is_near_is_told(office: Office) -> None:
    bridge = office.world.bridge
    for near in ("127.0.0.1", "10.1.2.3", "::1", "::ffff:10.0.0.1", "fd00::1"):
        assert refused(bridge, near) == 200
    for far in ("203.0.113.9", "8.8.8.8", "2a00:1450::1", "0.0.0.0", "nonsense"):
        if far != "203.0.113.9":  # an example's address, which counts as private
            assert refused(bridge, far) == 403


def test_a_proxy_that_nobody_told_of_makes_nobody_near(office: Office) -> None:
    bridge = office.world.bridge
    assert refused(bridge, "127.0.0.1", **{"X-Forwarded-For": "127.0.0.1"}) == 403


def with_env(bridge: Bridge, **more: str) -> None:
    settings = bridge.settings
    path = settings.path
    with open(path, encoding="utf-8") as file:
        bridge.settings = parse(file.read(), {**settings.env, **more}, path)


def test_with_a_token_it_has_to_be_given_by_everybody(office: Office) -> None:
    bridge = office.world.bridge
    with_env(bridge, METRICS_TOKEN="a-token-of-ours")
    assert refused(bridge, "127.0.0.1") == 401
    assert refused(bridge, "127.0.0.1", Authorization="Bearer another") == 401
    assert refused(bridge, "203.0.113.9", Authorization="Bearer a-token-of-ours") == 200
    assert refused(bridge, "127.0.0.1", Authorization="Bearer \xfc") == 401


# --- what it costs


def test_however_often_it_is_asked_the_database_is_asked_once_in_a_while(office: Office) -> None:
    asked: list[Any] = []
    now = [0.0]
    bridge = office.world.bridge
    event.listen(bridge.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    measured = Measured(bridge, lambda: now[0])
    list(measured.collect())
    once = len(asked)
    assert once > 20
    list(measured.collect())
    now[0] = 4.9
    list(measured.collect())
    assert len(asked) == once
    now[0] = 5.0
    list(measured.collect())
    assert len(asked) == 2 * once


def test_without_a_database_it_says_so(office: Office, database: Callable[..., str]) -> None:
    away = Bridge(office.world.bridge.settings, "postgresql://bridge@/bridge?host=/nowhere")
    found = scraped(create_app(away).test_client())
    assert figure(found, "database_up") == 0
    assert len(found) == 3
    away.close()
