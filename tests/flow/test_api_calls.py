"""How often the helpdesks are asked, counted by their stand-ins, with a thousand tickets open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from benchmarks.calls import measure
from tests.conftest import TEMPLATE, named

OPEN = 1_000
Figures = dict[str, Any]


@pytest.fixture(scope="module")
def both(server: str, names: Iterator[str]) -> dict[str, Figures]:
    """What both helpdesks were asked, by what for."""
    name = next(names)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return measure(named(server, name), OPEN, lambda _: None)


@pytest.fixture(params=["zendesk", "jsm"])
def asked(both: dict[str, Figures], request: pytest.FixtureRequest) -> Figures:
    """What one of them was asked."""
    return both[request.param]


def singly(routes: dict[str, int]) -> int:
    """Calls about one ticket alone."""
    return sum(many for route, many in routes.items() if "{" in route)


def test_a_first_import_asks_for_many_tickets_at_once_and_for_none_alone(asked: Figures) -> None:
    found = asked["imported"]
    assert 0 < found["calls"] <= found["goal"] <= OPEN / 100 + 5
    assert 0 < found["histories"] <= OPEN / 100
    assert singly(found["routes"]) == 0


def test_a_sweep_costs_as_much_as_has_changed(asked: Figures) -> None:
    found = asked["swept"]
    assert found["changed"] == 5
    assert 0 < found["calls"] <= found["goal"] <= 1 + found["changed"]


def test_due_timers_are_confirmed_a_hundred_tickets_at_once(asked: Figures) -> None:
    found = asked["rung"]
    assert found["due"] == OPEN // 10
    assert found["calls"] == found["goal"] == 1


def test_an_alert_is_one_note_and_one_write_of_tags(asked: Figures) -> None:
    found = asked["told"]
    assert found["alerts"] == OPEN // 10
    assert found["writes"] == 2 * found["alerts"]
    written = [many for route, many in found["routes"].items() if not route.startswith("GET")]
    assert written == [found["alerts"]] * 2
