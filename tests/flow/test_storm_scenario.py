"""A small storm on the whole application: all of it can be found, and nobody gets more than may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.progress import Progress

from bridge.sandbox.slack import Arrival
from bridge.simulate.storm import CONFIG, StormOutcome, most_within, play

NINE = datetime(2031, 3, 11, 9, tzinfo=UTC)


def small(url: str, config: Path = CONFIG) -> StormOutcome:
    """A storm of sixty alerts."""
    with Progress(disable=True) as progress:
        return play(url, 2, progress, alerts=60, config=config)


@pytest.mark.slow
def test_all_of_a_storm_can_be_found_and_nobody_gets_too_much(url: str) -> None:
    found = small(url)
    assert found.good, found.trouble
    assert found.reachable == found.alerts == 60
    assert found.max_per_second == 1
    assert (found.summaries, found.pages, found.refused) == (1, 2, 0)
    assert found.sms == found.most_sms == found.sms_allowed == 3
    assert found.emails > 10


@pytest.mark.long
def test_a_storm_without_a_guard_is_seen_on_the_phone(url: str, tmp_path: Path) -> None:
    unguarded = tmp_path / "storm.toml"
    unguarded.write_text(CONFIG.read_text("utf-8").replace("sms = 3", "sms = 50"), "utf-8")
    found = small(url, unguarded)
    assert found.most_sms > 3
    assert not replace(found, sms_allowed=3).good


def post(channel: str, after: float) -> Arrival:
    at = NINE + timedelta(seconds=after)
    return Arrival("chat.postMessage", channel, f"{after}", at, 0.0)


def test_the_fullest_second_of_any_channel_counts() -> None:
    assert most_within([]) == 0
    assert most_within([post("C1", 0), post("C1", 1), post("C2", 0.5)]) == 1
    assert most_within([post("C1", 0.9), post("C1", 0), post("C1", 1.8)]) == 2
    assert most_within([post("C1", 0.9), post("C1", 1), post("C1", 1.8)]) == 3
