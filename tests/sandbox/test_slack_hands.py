"""What people do in Slack reaches the app as Slack would bring it: buttons, commands, words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from werkzeug.wrappers import Response

from bridge.sandbox import Sandbox
from bridge.sandbox.slack import Impossible, Sending

from .conftest import Clock
from .slack_app import LIST, App, Scene, listening, message, scene


@pytest.fixture
def app(sandbox: Sandbox, clock: Clock) -> Iterator[App]:
    with listening(sandbox, clock) as app:
        yield app


@pytest.fixture
def at(sandbox: Sandbox, slack: WebClient) -> Scene:
    return scene(sandbox, slack)


class TestButtons:
    def test_a_press_says_who_what_and_where(self, sandbox: Sandbox, app: App, at: Scene) -> None:
        answer = sandbox.slack.press(at.mia, at.posted, "acknowledge")
        assert (answer.ok, answer.status, answer.in_time) == (True, 200, True)
        said = app.payload
        assert said["type"] == "block_actions"
        assert said["user"] == {
            "id": at.mia,
            "username": "mia",
            "name": "mia",
            "team_id": "T0SANDBOX1",
        }
        assert said["team"]["id"] == "T0SANDBOX1"
        assert said["channel"] == {"id": at.channel, "name": "alerts"}
        assert said["container"] == {
            "type": "message",
            "message_ts": at.posted,
            "channel_id": at.channel,
            "is_ephemeral": False,
        }
        assert said["message"]["blocks"][1]["block_id"] == "deeds"
        [action] = said["actions"]
        assert action.pop("action_ts")
        assert action == {
            "type": "button",
            "action_id": "acknowledge",
            "block_id": "deeds",
            "value": "AB-0000000A",
            "style": "primary",
            "text": {"type": "plain_text", "text": "Acknowledge"},
        }

    def test_an_entry_of_the_overflow_menu(self, sandbox: Sandbox, app: App, at: Scene) -> None:
        sandbox.slack.choose(at.mia, at.posted, "snooze AB-0000000A")
        [action] = app.payload["actions"]
        assert (action["type"], action["action_id"]) == ("overflow", "more")
        assert action["selected_option"] == {
            "text": {"type": "plain_text", "text": "Snooze…"},
            "value": "snooze AB-0000000A",
        }

    def test_one_of_many_in_a_list(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene
    ) -> None:
        ts = slack.chat_postMessage(channel=at.channel, text="Yours", blocks=LIST)["ts"]
        with pytest.raises(Impossible, match="several of button show"):
            sandbox.slack.press(at.mia, ts, "show")
        sandbox.slack.press(at.mia, ts, "show", "AB-0000000B")
        assert app.payload["actions"][0]["value"] == "AB-0000000B"
        assert app.payload["actions"][0]["block_id"] == "b1"

    def test_a_button_in_a_thread_and_in_direct_messages(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene
    ) -> None:
        reply = slack.chat_postMessage(
            channel=at.channel, thread_ts=at.posted, text="still", blocks=message("AB-0000000C")
        )["ts"]
        sandbox.slack.press(at.mia, reply, "acknowledge")
        assert app.payload["container"]["thread_ts"] == at.posted
        sent = slack.chat_postMessage(channel=at.mia, text="You", blocks=message("AB-0000000D"))
        sandbox.slack.press(at.mia, sent["ts"], "acknowledge", "AB-0000000D")
        assert app.payload["channel"] == {"id": sent["channel"], "name": "directmessage"}

    @pytest.mark.parametrize(
        "place", ["1.000001", "a foreign direct message", "a channel she left"]
    )
    def test_nobody_presses_what_they_do_not_see(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene, place: str
    ) -> None:
        tom = sandbox.slack.add_user("tom", "tom@example.com")
        if place != "1.000001":
            target = tom if "direct" in place else at.channel
            place = slack.chat_postMessage(channel=target, text="x", blocks=message())["ts"]
            sandbox.slack.leave(at.channel, at.mia)
        with pytest.raises(Impossible, match="sees no message"):
            sandbox.slack.press(at.mia, place, "acknowledge")
        assert app.let_in == []

    def test_many_press_at_once(self, sandbox: Sandbox, app: App, at: Scene) -> None:
        crowd = [sandbox.slack.add_user(f"u{n}", f"u{n}@example.com") for n in range(12)]
        with ThreadPoolExecutor(12) as hands:
            answers = hands.map(
                lambda one: sandbox.slack.press(one, at.posted, "acknowledge"), crowd
            )
            assert all(one.ok for one in answers)
        said = [json.loads(one.form["payload"]) for one in app.let_in]
        assert {one["user"]["id"] for one in said} == set(crowd)
        assert len({one["trigger_id"] for one in said}) == 12

    def test_nobody_presses_what_is_not_there(self, sandbox: Sandbox, app: App, at: Scene) -> None:
        with pytest.raises(Impossible, match="no button resolve"):
            sandbox.slack.press(at.mia, at.posted, "resolve")
        with pytest.raises(Impossible, match="nobody"):
            sandbox.slack.press("U0NOBODY00", at.posted, "acknowledge")
        with pytest.raises(Impossible, match="no option explode"):
            sandbox.slack.choose(at.mia, at.posted, "explode")
        assert app.let_in == []

    def test_an_old_window_still_shows_the_old_button(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene
    ) -> None:
        slack.chat_update(channel=at.channel, ts=at.posted, text="done", blocks=message()[:1])
        with pytest.raises(Impossible):
            sandbox.slack.press(at.mia, at.posted, "acknowledge")
        sandbox.slack.press(at.mia, at.posted, "acknowledge", version=0)
        assert app.payload["actions"][0]["value"] == "AB-0000000A"
        assert len(app.payload["message"]["blocks"]) == 2

    def test_two_channels_may_have_the_same_ts(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene
    ) -> None:
        other = sandbox.slack.add_channel("returns")
        twin = slack.chat_postMessage(channel=other, text="Ben", blocks=message())["ts"]
        assert twin == at.posted
        with pytest.raises(Impossible, match="say which"):
            sandbox.slack.press(at.mia, twin, "acknowledge")
        sandbox.slack.press(at.mia, twin, "acknowledge", channel=other)
        assert app.payload["channel"]["id"] == other


class TestWhatGoesWrong:
    @pytest.mark.parametrize(
        "sending",
        [
            Sending(secret="not-the-secret"),
            Sending(unsigned=True),
            Sending(age=timedelta(minutes=6)),
            Sending(age=timedelta(minutes=-6)),
        ],
    )
    def test_forged_or_old(self, sandbox: Sandbox, app: App, at: Scene, sending: Sending) -> None:
        hands = sandbox.slack
        answers = [
            hands.press(at.mia, at.posted, "acknowledge", sending=sending),
            hands.command(at.mia, "/alerts", "mine", at.channel, sending=sending),
            hands.open_home(at.mia, sending=sending),
        ]
        assert [one.status for one in answers] == [401, 401, 401]
        assert answers[0].trouble == "the app answered 401"
        assert (len(app.turned_away), app.let_in) == (3, [])

    def test_another_workspace(self, sandbox: Sandbox, app: App, at: Scene) -> None:
        strange = Sending(team="T0ELSEWHERE")
        sandbox.slack.press(at.mia, at.posted, "acknowledge", sending=strange)
        assert app.payload["team"]["id"] == app.payload["user"]["team_id"] == "T0ELSEWHERE"
        sandbox.slack.command(at.mia, "/alerts", "", at.channel, sending=strange)
        assert app.let_in[-1].form["team_id"] == "T0ELSEWHERE"
        sandbox.slack.say(at.mia, at.channel, None, "hello", sending=strange)
        assert app.event["team_id"] == "T0ELSEWHERE"

    def test_an_event_sent_again_is_the_same_event(
        self, sandbox: Sandbox, app: App, at: Scene
    ) -> None:
        first = sandbox.slack.say(at.mia, at.channel, None, "on it")
        sandbox.slack.resend(first)
        once, twice = app.let_in
        assert once.get_json() == twice.get_json()
        assert "X-Slack-Retry-Num" not in once.headers
        assert twice.headers["X-Slack-Retry-Num"] == "1"
        assert twice.headers["X-Slack-Retry-Reason"] == "http_timeout"

    def test_an_overheard_request_grows_old(
        self, sandbox: Sandbox, app: App, clock: Clock, at: Scene
    ) -> None:
        first = sandbox.slack.press(at.mia, at.posted, "acknowledge")
        assert sandbox.slack.replay(first).status == 200
        clock.forward(minutes=6)
        assert sandbox.slack.replay(first).status == 401
        assert sandbox.slack.resend(first).status == 200

    def test_an_app_that_fails_or_is_not_there(self, sandbox: Sandbox, app: App, at: Scene) -> None:
        app.answers = [Response(status=500)]
        assert (
            sandbox.slack.press(at.mia, at.posted, "acknowledge").trouble == "the app answered 500"
        )
        sandbox.slack.app_url = ""
        with pytest.raises(Impossible, match="no request URL"):
            sandbox.slack.press(at.mia, at.posted, "acknowledge")


class TestCommands:
    def test_a_command_is_a_form(self, sandbox: Sandbox, app: App, at: Scene) -> None:
        sandbox.slack.command(at.mia, "/alerts", "team Billing", "alerts")
        form = app.let_in[-1].form
        assert app.let_in[-1].mimetype == "application/x-www-form-urlencoded"
        told = {name: form[name] for name in ("command", "text", "user_id", "channel_id")}
        assert told == {
            "command": "/alerts",
            "text": "team Billing",
            "user_id": at.mia,
            "channel_id": at.channel,
        }
        assert form["trigger_id"]
        assert form["response_url"].startswith(f"{sandbox.url}/slack/actions/T0SANDBOX1/")

    def test_the_answer_is_for_the_asker_alone(self, sandbox: Sandbox, app: App, at: Scene) -> None:
        app.answers = [Response(json.dumps({"text": "3 alerts"}), mimetype="application/json")]
        answer = sandbox.slack.command(at.mia, "/alerts", "", at.channel)
        [shown] = sandbox.slack.ephemerals(user=at.mia)
        assert (shown.text, shown.ephemeral_to, answer.message) == ("3 alerts", at.mia, shown)
        assert [one.text for one in sandbox.slack.messages(at.channel)] == ["Anna"]

    @pytest.mark.parametrize(
        ("body", "trouble"),
        [
            ({"blocks": [{"type": "sparkles"}]}, "invalid_blocks"),
            ({"response_type": "ephemeral"}, "no_text"),
            ([1], "the answer is no object"),
        ],
    )
    def test_an_answer_that_slack_cannot_show(
        self, sandbox: Sandbox, app: App, at: Scene, body: Any, trouble: str
    ) -> None:
        app.answers = [Response(json.dumps(body))]
        answer = sandbox.slack.command(at.mia, "/alerts", "", at.channel)
        assert (answer.ok, answer.trouble) == (False, trouble)
        assert sandbox.slack.ephemerals() == []

    def test_later_answers_by_the_response_url(
        self, sandbox: Sandbox, app: App, clock: Clock, at: Scene
    ) -> None:
        sandbox.slack.command(at.mia, "/alerts", "", at.channel)
        url = app.let_in[-1].form["response_url"]
        for number in range(5):
            assert requests.post(url, json={"text": str(number)}, timeout=5).text == "ok"
        assert [one.text for one in sandbox.slack.ephemerals(at.channel)] == list("01234")
        assert requests.post(url, json={"text": "6"}, timeout=5).json()["error"] == "used_url"
        sandbox.slack.command(at.mia, "/alerts", "", at.channel)
        clock.forward(minutes=31)
        late = requests.post(app.let_in[-1].form["response_url"], json={"text": "x"}, timeout=5)
        assert (late.status_code, late.json()["error"]) == (404, "expired_url")

    def test_a_whisper_is_replaced_and_taken_away(
        self, sandbox: Sandbox, slack: WebClient, app: App, at: Scene
    ) -> None:
        slack.chat_postEphemeral(channel=at.channel, user=at.mia, text="Sure?", blocks=message())
        [whisper] = sandbox.slack.ephemerals(at.channel)
        sandbox.slack.press(at.mia, whisper.ts, "acknowledge")
        assert app.payload["container"]["is_ephemeral"] is True
        assert "message" not in app.payload
        url = app.payload["response_url"]
        requests.post(url, json={"replace_original": True, "text": "Done"}, timeout=5)
        assert [one.text for one in sandbox.slack.ephemerals(at.channel)] == ["Done"]
        requests.post(url, json={"delete_original": True}, timeout=5)
        assert sandbox.slack.ephemerals(at.channel) == []


class TestEvents:
    def test_a_reply_in_a_thread(self, sandbox: Sandbox, app: App, at: Scene) -> None:
        answer = sandbox.slack.say(at.mia, at.channel, at.posted, "called her")
        event = app.event["event"]
        assert app.event["type"] == "event_callback"
        assert app.event["event_id"].startswith("Ev")
        assert answer.message is not None
        told = {
            name: event[name] for name in ("type", "user", "text", "ts", "thread_ts", "channel")
        }
        assert told == {
            "type": "message",
            "user": at.mia,
            "text": "called her",
            "ts": answer.message.ts,
            "thread_ts": at.posted,
            "channel": at.channel,
        }
        assert (event["channel_type"], event["parent_user_id"]) == (
            "channel",
            sandbox.slack.bot_user,
        )
        assert [one.text for one in sandbox.slack.thread(at.channel, at.posted)] == ["called her"]

    def test_the_apps_own_words_can_be_told_from_peoples(
        self, sandbox: Sandbox, app: App, at: Scene
    ) -> None:
        sandbox.slack.say(sandbox.slack.bot_user, at.channel, None, "an alert")
        assert app.event["event"]["bot_id"] == sandbox.slack.bot_id
        assert "client_msg_id" not in app.event["event"]

    def test_the_app_hears_only_where_it_is(self, sandbox: Sandbox, app: App, at: Scene) -> None:
        sandbox.slack.add_channel("elsewhere", member=False)
        answer = sandbox.slack.say(at.mia, "elsewhere", None, "psst")
        assert (answer.ok, answer.trouble) == (False, "the app does not hear it")
        assert app.let_in == []

    def test_the_home_tab_is_opened(self, sandbox: Sandbox, app: App, at: Scene) -> None:
        sandbox.slack.open_home(at.mia)
        event = app.event["event"]
        assert (event["type"], event["tab"], event["user"]) == ("app_home_opened", "home", at.mia)
        assert event["channel"].startswith("D")
        assert "view" not in event

    def test_the_request_url_is_verified(self, sandbox: Sandbox, app: App) -> None:
        assert sandbox.slack.verify_url().ok
        sandbox.slack.signing_secret = "another"
        assert sandbox.slack.verify_url().status == 401

    def test_each_kind_may_have_its_own_address(
        self, sandbox: Sandbox, app: App, at: Scene
    ) -> None:
        sandbox.slack.urls = {"event": f"{app.url}/events", "command": f"{app.url}/commands"}
        sandbox.slack.say(at.mia, at.channel, None, "hi")
        sandbox.slack.command(at.mia, "/alerts", "", at.channel)
        assert [one.path for one in app.let_in] == ["/slack/events", "/slack/commands"]


class TestWhispers:
    def test_only_to_those_who_are_there(
        self, sandbox: Sandbox, slack: WebClient, at: Scene
    ) -> None:
        tom = sandbox.slack.add_user("tom", "tom@example.com")
        slack.chat_postEphemeral(channel=at.channel, user=at.mia, text="for Mia")
        slack.chat_postEphemeral(channel=at.channel, user=tom, text="for Tom")
        assert [one.text for one in sandbox.slack.ephemerals(user=tom)] == ["for Tom"]
        sandbox.slack.leave(at.channel, tom)
        for user in (tom, "U0NOBODY00"):
            with pytest.raises(SlackApiError) as caught:
                slack.chat_postEphemeral(channel=at.channel, user=user, text="?")
            assert caught.value.response["error"] == "user_not_in_channel"
        with pytest.raises(SlackApiError) as caught:
            slack.chat_postEphemeral(channel="C0NOWHERE0", user=at.mia, text="?")
        assert caught.value.response["error"] == "channel_not_found"

    def test_direct_messages_are_opened_once(
        self, sandbox: Sandbox, slack: WebClient, at: Scene
    ) -> None:
        first = slack.conversations_open(users=at.mia)
        again = slack.conversations_open(users=at.mia, return_im=True)
        assert first["channel"]["id"] == again["channel"]["id"]
        assert ("already_open" in first.data, again["already_open"]) == (False, True)
        assert again["channel"]["is_im"] is True
        for users, error in (("U0NOBODY00", "user_not_found"), ("", "users_list_not_supplied")):
            with pytest.raises(SlackApiError) as caught:
                slack.conversations_open(users=users)
            assert caught.value.response["error"] == error

    def test_a_message_has_an_address(self, sandbox: Sandbox, slack: WebClient, at: Scene) -> None:
        link = f"https://demo.slack.com/archives/{at.channel}/p{at.posted.replace('.', '')}"
        found = slack.chat_getPermalink(channel=at.channel, message_ts=at.posted)
        assert found["permalink"] == link
        reply = sandbox.slack.say(at.mia, at.channel, at.posted, "yes").message
        assert reply is not None
        found = slack.chat_getPermalink(channel=at.channel, message_ts=reply.ts)
        assert found["permalink"].endswith(f"?thread_ts={at.posted}&cid={at.channel}")
        with pytest.raises(SlackApiError) as caught:
            slack.chat_getPermalink(channel=at.channel, message_ts="1.000001")
        assert caught.value.response["error"] == "message_not_found"
