"""`/metrics`: figures for Prometheus, from the database, so that any process answers for all.

Asked by whoever has METRICS_TOKEN; where there is none, from this machine and private networks alone.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from ipaddress import ip_address
from platform import python_version

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from bridge.settings.sections import variable
from bridge.store import budgets, measures
from bridge.web.metric_words import COUNTED, GAUGES, PREFIX
from bridge.work.behind import reached
from bridge.work.bridge import Bridge
from bridge.work.budget import standing

FRESH = 5.0  # seconds for which a process tells the same
SHARES = (0.5, 0.95, 0.99)
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def metrics(bridge: Bridge) -> Blueprint:
    """The route."""
    routes = Blueprint("metrics", __name__)
    registry = CollectorRegistry()
    registry.register(Measured(bridge))

    @routes.get("/metrics")
    def show() -> Response:
        if refused := _refused(bridge):
            return refused
        encode, kind = choose_encoder(request.headers.get("Accept", ""))
        answer = Response(encode(registry), content_type=kind)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return routes


def _refused(bridge: Bridge) -> Response | None:
    """Why somebody is told nothing; None for those who may know."""
    env = bridge.settings.env
    if token := variable(env, "METRICS_TOKEN"):
        given = request.headers.get("Authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return None
        challenge = {"WWW-Authenticate": 'Bearer realm="metrics"'}
        return Response("give METRICS_TOKEN as a bearer token\n", 401, challenge)
    # A proxy that isn't told of would make everybody look near.
    relayed = not bridge.settings.proxies and any(name in request.headers for name in FORWARDED)
    if not relayed and _near(request.remote_addr or ""):
        return None
    return Response("only from this machine or a private network, or set METRICS_TOKEN\n", 403)


def _near(address: str) -> bool:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return found.is_loopback or (found.is_private and not found.is_unspecified)


class Measured(Collector):
    """The figures of now, or of some seconds ago. However many ask at once, the database is asked once."""

    def __init__(self, bridge: Bridge, tick: Callable[[], float] = time.monotonic) -> None:
        self._bridge, self._tick = bridge, tick
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._until = float("-inf")

    def describe(self) -> Iterable[Metric]:
        """Nothing is measured before somebody asks."""
        return []

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        with self._lock:
            if self._tick() >= self._until:
                self._kept = list(self._measured())
                self._until = self._tick() + FRESH
            return self._kept

    def _measured(self) -> Iterator[Metric]:
        began = self._tick()
        yield InfoMetricFamily(
            f"{PREFIX}build",
            COUNTED["build"],
            {"version": version("alert-bridge"), "python": python_version()},
        )
        try:
            found = list(_from_database(self._bridge))
        except (OperationalError, NoConnection):
            found = []
        yield _gauge("database_up", float(bool(found)))
        yield from found
        yield _gauge("measured_seconds", self._tick() - began)


def _from_database(bridge: Bridge) -> Iterator[Metric]:
    now = bridge.now()
    with bridge.engine.begin() as connection:
        measures.be_quick(connection)
        for name, value in measures.numbered(connection).items():
            counter = CounterMetricFamily(f"{PREFIX}{name}", COUNTED[name])
            counter.add_metric([], value)
            yield counter
        for name, value in measures.single(connection, now).items():
            yield _gauge(name, value)
        tables = measures.labelled(connection, now) | measures.timers(connection, now)
        for name, rows in tables.items():
            yield _labelled(name, rows)
        lags = measures.lags(connection, now, SHARES)
        limits = budgets.listing(connection)
        behind = _behind(bridge, measures.cursors(connection))
    quantiles = [
        ((channel, f"{share:g}"), value)
        for channel, values in lags.items()
        for share, value in zip(SHARES, values, strict=True)
    ]
    yield _labelled("delivery_lag_seconds", quantiles)
    yield _labelled("sweep_behind_seconds", behind)
    left, refused = [], []
    for row in limits:
        bucket = standing(row, now)
        labels = (row.account, row.name)
        left.append((labels, max(0.0, min(1.0, bucket.tokens / bucket.many))))
        refused.append((labels, float(bucket.refused)))
    yield _labelled("budget_left_ratio", left)
    yield _labelled("budget_refused", refused)


def _behind(bridge: Bridge, cursors: Iterable[tuple[str, str, str]]) -> list[measures.Row]:
    """How far sweeps and polls are behind, where that can be seen."""
    now = bridge.now()
    come = ((task, key, reached(cursor)) for task, key, cursor in cursors)
    return [((t, k), max((now - at).total_seconds(), 0.0)) for t, k, at in come if at]


def _gauge(name: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}{name}", GAUGES[name][0], value)


def _labelled(name: str, rows: Iterable[measures.Row]) -> Metric:
    words, labels = GAUGES[name]
    found = GaugeMetricFamily(f"{PREFIX}{name}", words, labels=labels)
    for values, value in rows:
        found.add_metric(values, value)
    return found
