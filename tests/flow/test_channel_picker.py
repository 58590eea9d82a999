"""Choosing a team's channel by its name; what to do where Slack doesn't list it, or doesn't answer."""

from __future__ import annotations

import re

import pytest

from bridge.domain.viewing import Role
from bridge.sandbox import Fault
from bridge.simulate.world import ENV
from bridge.store import teams
from tests.flow.conftest import Office, Once
from tests.flow.visitors import Visitor, visitor

PICKER = "/admin/teams/channel?team=Billing"
REFUSED = {"Content-Type": "application/json"}


@pytest.fixture
def ada(office: Office) -> Visitor:
    return visitor(office.world.bridge, "ada@example.com", Role.ADMIN)


def channel(office: Office, team: str = "Billing") -> str:
    with office.world.bridge.engine.begin() as connection:
        return next(one.slack_channel for one in teams.all_teams(connection) if one.name == team)


def listed(page: str) -> list[str]:
    """The channels that can be chosen, by name."""
    return re.findall(r'aria-label="Use #([\w-]+)"', page)


def choose(ada: Visitor, channel: str) -> str:
    answer = ada.post("/admin/teams/channel", {"team": "Billing", "channel": channel})
    return ada.get(answer.headers.get("Location", "/nowhere")).text


def test_channels_are_found_by_name_and_a_public_one_is_joined_when_chosen(
    office: Office, ada: Visitor
) -> None:
    room = office.slack.add_channel("vip-care", member=False)
    office.slack.add_channel("general", member=False)
    page = ada.get(f"{PICKER}&q=vip").text
    assert listed(page) == ["vip-care"]
    assert "Bot is not in it" in page
    assert "The bot has joined it" in choose(ada, room)
    assert channel(office) == room
    assert office.slack.channels[room].is_member
    assert "vip-care" in ada.get("/admin/teams").text


def test_a_private_channel_is_listed_once_the_bot_is_in_it(office: Office, ada: Visitor) -> None:
    room = office.slack.add_channel("board", private=True, member=False)
    assert listed(ada.get(f"{PICKER}&q=board").text) == []
    assert "/invite @Alert Bridge" in choose(ada, room)
    assert channel(office) == room
    office.slack.channels[room].is_member = True
    assert "Bot is in it" in ada.get(f"{PICKER}&q=board&again=1").text


def test_many_channels_cost_one_call_and_are_shown_by_pages(office: Office, ada: Visitor) -> None:
    for n in range(120):
        office.slack.add_channel(f"team-{n:03}", member=False)
    first = ada.get(f"{PICKER}&q=team-").text
    assert listed(first)[-1] == "team-049"
    second = ada.get(f"{PICKER}&q=team-&after=100").text
    assert listed(second) == [f"team-{n:03}" for n in range(100, 120)]
    assert office.slack.calls["conversations.list"] == 1


def test_a_workspace_too_large_for_one_look_is_looked_through_further(
    office: Office, ada: Visitor
) -> None:
    for n in range(1100):
        office.slack.add_channel(f"team-{n:04}", member=False)
    page = ada.get(f"{PICKER}&pages=1&q=team-1099").text
    assert listed(page) == []
    assert "look through more of the workspace" in page
    assert listed(ada.get(f"{PICKER}&pages=4&q=team-1099").text) == ["team-1099"]


def test_an_app_that_may_not_list_channels_is_told_what_it_lacks_and_ids_work(
    office: Office, ada: Visitor
) -> None:
    office.slack.add_token(ENV["SLACK_BOT_TOKEN"], ["chat:write", "channels:join"])
    room = office.slack.add_channel("vip-care", member=False)
    page = ada.get(PICKER).text
    assert "channels:read" in page
    assert "install the app again" in page
    assert "The bot has joined it" in choose(ada, room)
    assert channel(office) == room


def test_private_channels_alone_may_be_out_of_sight(office: Office, ada: Visitor) -> None:
    office.slack.add_token(ENV["SLACK_BOT_TOKEN"], ["chat:write", "channels:read"])
    page = ada.get(PICKER).text
    assert "alerts-support" in listed(page)
    assert "lacks the scope groups:read" in page


def test_while_slack_is_away_ids_can_still_be_written(office: Office, ada: Visitor) -> None:
    away = Fault.status(503, "")
    office.world.sandbox.faults = Once("slack", "POST", "conversations.list", away, times=9)
    assert ada.get("/admin/teams").status_code == 200
    page = ada.get(PICKER).text
    assert "Slack can’t be asked now" in page
    before = channel(office)
    answer = ada.post("/admin/teams/channel", {"team": "Billing", "channel": "#alerts"})
    assert answer.status_code == 400
    assert "is no id of a channel" in answer.text
    assert channel(office) == before
    choose(ada, "C0FFEE123")
    assert channel(office) == "C0FFEE123"
