"""Slack in a browser: what one person sees, and buttons that press."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from slack_sdk import WebClient

from bridge.sandbox import Sandbox

from .conftest import Clock
from .slack_app import LIST, App, Scene, listening, scene
from .test_slack_modals import HOME, RESOLVE

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def app(sandbox: Sandbox, clock: Clock) -> Iterator[App]:
    with listening(sandbox, clock) as app:
        yield app


@pytest.fixture
def at(sandbox: Sandbox, slack: WebClient) -> Scene:
    return scene(sandbox, slack)


def get(sandbox: Sandbox, path: str) -> str:
    page = requests.get(f"{sandbox.url}{path}", timeout=5)
    assert page.status_code == 200
    assert HOSTILE not in page.text
    return page.text


def post(sandbox: Sandbox, path: str, **fields: str) -> requests.Response:
    return requests.post(f"{sandbox.url}/people/{path}", data=fields, timeout=5)


def test_buttons_stand_in_the_channel(sandbox: Sandbox, app: App, at: Scene) -> None:
    page = get(sandbox, f"/channels/{at.channel}")
    for shown in ("Acknowledge</button>", "Snooze…</button>", "Mia Roth", 'class="overflow"'):
        assert shown in page


def test_a_button_in_the_page_presses(sandbox: Sandbox, app: App, at: Scene) -> None:
    fields = {"place": at.posted, "channel": at.channel, "value": "", "option": ""}
    page = post(sandbox, f"{at.mia}/touch", **fields, action="acknowledge")
    assert page.url == f"{sandbox.url}/channels/{at.channel}?as={at.mia}"
    assert app.payload["actions"][0]["action_id"] == "acknowledge"
    post(sandbox, f"{at.mia}/touch", **fields | {"option": "snooze AB-0000000A"}, action="more")
    assert app.payload["actions"][0]["selected_option"]["value"] == "snooze AB-0000000A"
    refused = post(sandbox, f"{at.mia}/touch", **fields, action="explode")
    assert (refused.status_code, refused.text) == (
        409,
        f"there is no button explode in {at.posted}\n",
    )


def test_without_an_app_nothing_can_be_pressed(sandbox: Sandbox, at: Scene) -> None:
    page = get(sandbox, f"/channels/{at.channel}")
    assert 'class="button primary">Acknowledge</span>' in page
    assert "<form" not in page


def test_a_modal_is_filled_in_and_sent(
    sandbox: Sandbox, slack: WebClient, app: App, at: Scene
) -> None:
    slack.views_open(trigger_id=sandbox.slack.views.trigger(at.mia), view=RESOLVE)
    view = sandbox.slack.modal(at.mia)
    assert view is not None
    page = get(sandbox, f"/people/{at.mia}")
    for shown in ("<textarea", "Recovered</option>", 'type="radio"', 'type="datetime-local"'):
        assert shown in page
    assert "http-equiv" not in page
    view.errors["words"] = f"Too short {HOSTILE}"
    assert "Too short" in get(sandbox, f"/people/{at.mia}")
    fields = {"outcome": "recovered", "words": "sent", "coaching": "done", "people": at.mia}
    path = f"{at.mia}/views/{view.id}"
    assert post(sandbox, path, **fields, until="2026-11-21T12:00").status_code == 200
    values = app.payload["view"]["state"]["values"]
    assert values["until"]["value"]["selected_date_time"] == 1795262400
    assert values["people"]["value"]["selected_users"] == [at.mia]
    assert sandbox.slack.modal(at.mia) is None


def test_a_modal_is_closed(sandbox: Sandbox, slack: WebClient, app: App, at: Scene) -> None:
    slack.views_open(trigger_id=sandbox.slack.views.trigger(at.mia), view=RESOLVE)
    view = sandbox.slack.modal(at.mia)
    assert view is not None
    post(sandbox, f"{at.mia}/views/{view.id}", close="yes")
    assert sandbox.slack.modal(at.mia) is None
    assert post(sandbox, f"{at.mia}/views/{view.id}").status_code == 404


def test_home_whispers_and_commands(
    sandbox: Sandbox, slack: WebClient, app: App, at: Scene
) -> None:
    assert "has not published anything" in get(sandbox, f"/people/{at.mia}")
    slack.views_publish(user_id=at.mia, view=HOME)
    slack.chat_postEphemeral(channel=at.channel, user=at.mia, text=f"psst {HOSTILE}", blocks=[])
    page = get(sandbox, f"/people/{at.mia}")
    for shown in ("<b>AB-0000000A</b>", "Open</button>", "psst", "Only visible to Mia Roth"):
        assert shown in page
    post(sandbox, f"{at.mia}/command", text="team Billing", channel=at.channel)
    assert app.let_in[-1].form["text"] == "team Billing"
    post(sandbox, f"{at.mia}/home")
    assert app.event["event"]["type"] == "app_home_opened"
    home = sandbox.slack.home(at.mia)
    assert home is not None
    value = LIST[1]["accessory"]["value"]
    post(sandbox, f"{at.mia}/touch", place=home.id, action="show", value=value)
    assert app.payload["actions"][0]["value"] == "AB-0000000B"


def test_nobody_of_that_name(sandbox: Sandbox) -> None:
    assert requests.get(f"{sandbox.url}/people/U0NOBODY00", timeout=5).status_code == 404
