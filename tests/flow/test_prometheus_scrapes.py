"""A real Prometheus scrapes the served application; every query of the dashboard and of the rules is put to it."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.domain.model import Member, Press
from bridge.store import endpoints, pulse
from bridge.web.metric_words import COUNTED, GAUGES, PREFIX
from bridge.work.clock import SILENCE
from bridge.work.press import press
from tests.flow.conftest import Office, Opens
from tests.flow.notices_ear import ALLOWED, listening
from tests.pages import ROOT

DASHBOARD = ROOT / "config" / "grafana" / "alert-bridge.json"
RULES = ROOT / "config" / "prometheus" / "alert-bridge.rules.yml"
PATIENCE = 30.0  # seconds until a Prometheus that has not scraped is a failure

pytestmark = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("promtool")),
    reason="Prometheus is not installed: apt-get install prometheus",
)


def panels() -> Iterator[tuple[str, str]]:
    """Title and query of everything on the dashboard, with its variables filled in."""
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            query = target["expr"].replace("$__rate_interval", "10s")
            query = query.replace("$instance", ".*").replace("$team", ".*")
            assert "$" not in query, query
            yield panel["title"], query


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Prometheus:
    def __init__(self, folder: Path, scraped: str) -> None:
        self.port = free_port()
        config = folder / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: [{RULES}]\n"
            "scrape_configs:\n"
            "  - job_name: alert-bridge\n"
            f"    static_configs: [{{targets: ['{scraped}']}}]\n"
        )
        self.log = (folder / "prometheus.log").open("wb")
        self.process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            stdout=self.log,
            stderr=self.log,
        )

    def ask(self, path: str, **given: str) -> Any:
        answer = requests.get(
            f"http://127.0.0.1:{self.port}/api/v1/{path}", params=given, timeout=10
        )
        found = answer.json()
        assert found["status"] == "success", (given, found)
        return found["data"]

    def query(self, query: str) -> list[Any]:
        return list(self.ask("query", query=query)["result"])

    def has_scraped(self, times: int) -> bool:
        try:
            found = self.query("count_over_time(bridge_build_info[1m])")
        except requests.ConnectionError:
            return False
        return bool(found) and int(found[0]["value"][1]) >= times

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


@pytest.fixture
def prometheus(open_office: Opens, tmp_path: Path) -> Iterator[Prometheus]:
    """One that has scraped an office in which something has happened."""
    office = open_office(lambda text: text + ALLOWED)
    with listening() as ear:
        busy(office, ear.url)
    made = Prometheus(tmp_path, office.world.hooks.split("/")[2])
    try:
        until = time.monotonic() + PATIENCE
        while not made.has_scraped(3):
            assert time.monotonic() < until, (tmp_path / "prometheus.log").read_text()
            with suppress(subprocess.TimeoutExpired):
                made.process.wait(0.2)
        yield made
    finally:
        made.stop()


def busy(office: Office, url: str) -> None:
    """Something of everything: alerts, deliveries, webhooks in and out, what waits, what has failed."""
    bridge = office.world.bridge
    with bridge.engine.begin() as connection:
        pulse.beat(connection, office.now, SILENCE)
        endpoints.add(connection, url, office.now)
    office.rate(office.open(), score=1)
    office.rate(office.open(), score=2)
    press(bridge, office.alerts()[0].ref, Press.ACKNOWLEDGE, Member(name="Mona Berg"))
    office.settle()
    with bridge.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE deliveries SET state = 'waiting', not_before = now() + interval '9 years' WHERE id ="
            " (SELECT max(id) FROM deliveries)"
        )
        connection.exec_driver_sql("UPDATE alerts SET due_at = opened_at WHERE state <> 'resolved'")
        connection.exec_driver_sql(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, scheduled_at)"
            " VALUES ('bridge', 'drain', 0, now() + interval '9 years')"
        )
        connection.exec_driver_sql(
            "INSERT INTO errands (task, key, not_before) VALUES ('check', '1', now() + interval '9 years')"
        )


def test_the_rules_and_the_figures_are_as_prometheus_wants_them(office: Office) -> None:
    rules = subprocess.run(
        ["promtool", "check", "rules", str(RULES)], capture_output=True, text=True, check=False
    )
    assert rules.returncode == 0, rules.stderr
    url = office.world.hooks.replace("/hooks", "/metrics")
    told = requests.get(url, timeout=10).content
    lint = subprocess.run(
        ["promtool", "check", "metrics"], input=told, capture_output=True, check=False
    )
    assert lint.returncode == 0, lint.stderr.decode()


def test_every_rule_says_what_to_do() -> None:
    rules = re.findall(r"- alert: (\w+)\n(.*?)(?=\n      - alert|\Z)", RULES.read_text(), re.DOTALL)
    assert len(rules) > 10
    for name, rule in rules:
        assert "summary:" in rule, name
        assert "do:" in rule, name


def test_every_query_of_the_dashboard_and_the_rules_is_answered(prometheus: Prometheus) -> None:
    empty = [f"{title}: {query}" for title, query in panels() if not prometheus.query(query)]
    assert empty == [], "\n".join(empty)
    assert len(list(panels())) > 25
    assert prometheus.query('up{job="alert-bridge"}')[0]["value"][1] == "1"

    (group,) = prometheus.ask("rules")["groups"]
    assert [
        (r["name"], r.get("lastError", "")) for r in group["rules"] if r["health"] == "err"
    ] == []
    for rule in group["rules"]:
        prometheus.query(rule["query"])
    named = set(re.findall(r"bridge_\w+", RULES.read_text("utf-8")))
    named |= {name for _, query in panels() for name in re.findall(r"bridge_\w+", query)}
    known = {PREFIX + name for name in GAUGES} | {f"{PREFIX}{name}_total" for name in COUNTED}
    assert named <= known, named - known
