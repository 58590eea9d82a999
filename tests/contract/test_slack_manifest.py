"""The app's manifest: it asks for what is used, and sends everything to where it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.channels.slack_setup import OPTIONAL, SCOPES

PATH = Path(__file__).parents[2] / "config/slack-manifest.yaml"


@pytest.fixture
def manifest() -> Any:
    return yaml.safe_load(PATH.read_text("utf-8"))


def test_it_asks_for_exactly_the_scopes_that_are_used(manifest: Any) -> None:
    scopes = manifest["oauth_config"]["scopes"]
    assert set(scopes) == {"bot"}
    assert sorted(scopes["bot"]) == sorted(SCOPES)
    assert set(SCOPES) >= OPTIONAL


def test_presses_commands_and_events_go_to_where_they_are_read(manifest: Any) -> None:
    settings = manifest["settings"]
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == "/alerts"
    assert settings["interactivity"]["is_enabled"] is True
    urls = {
        "actions": settings["interactivity"]["request_url"],
        "commands": command["url"],
        "events": settings["event_subscriptions"]["request_url"],
    }
    assert urls == {name: f"https://bridge.example.com/slack/{name}" for name in urls}


def test_it_hears_of_the_home_and_of_replies_with_the_scopes_that_takes(manifest: Any) -> None:
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert set(events) == {"app_home_opened", "message.channels", "message.groups"}
    assert {"channels:history", "groups:history"} <= set(SCOPES)
    assert manifest["features"]["app_home"]["home_tab_enabled"] is True
    assert manifest["features"]["app_home"]["messages_tab_enabled"] is True
