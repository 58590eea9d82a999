"""The real client against the stand-in, over real HTTP."""

from __future__ import annotations

import time
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bridge.sandbox import Fault, Sandbox

from .conftest import Clock

BUTTON: dict[str, Any] = {
    "type": "actions",
    "elements": [
        {
            "type": "button",
            "action_id": "take",
            "value": "a-1",
            "text": {"type": "plain_text", "text": "I take it"},
        }
    ],
}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def error_of(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(caught.value.response["error"])


@pytest.fixture
def channel(sandbox: Sandbox) -> str:
    return sandbox.slack.add_channel("billing-alerts")


class TestMessages:
    def test_posted_edited_and_kept(self, sandbox: Sandbox, slack: WebClient, channel: str) -> None:
        before = time.perf_counter()
        posted = slack.chat_postMessage(
            channel=channel,
            text="Anna waits",
            blocks=[section("Anna waits"), BUTTON],
            metadata={"event_type": "alert", "event_payload": {"id": "a-1"}},
        )
        assert posted["channel"] == channel
        ts = posted["ts"]
        slack.chat_update(channel=channel, ts=ts, text="Ben is on it", blocks=[section("Ben")])
        slack.chat_update(channel=channel, ts=ts, text="Done")
        [message] = sandbox.slack.messages("billing-alerts")
        assert (message.text, message.edits) == ("Done", 2)
        assert message.blocks == [section("Ben")]
        assert [version.text for version in message.versions] == ["Anna waits", "Ben is on it"]
        assert message.metadata == {"event_type": "alert", "event_payload": {"id": "a-1"}}
        methods = [arrival.method for arrival in sandbox.slack.arrivals]
        assert methods == ["chat.postMessage", "chat.update", "chat.update"]
        assert before < sandbox.slack.arrivals[0].monotonic < time.perf_counter()

    def test_threads_and_broadcasts(self, sandbox: Sandbox, slack: WebClient, channel: str) -> None:
        sandbox.slack.post_limit.rate = None
        root = slack.chat_postMessage(channel=channel, text="Anna waits")["ts"]
        first = slack.chat_postMessage(channel=channel, text="still", thread_ts=root)["ts"]
        slack.chat_postMessage(channel=channel, text="worse", thread_ts=first, reply_broadcast=True)
        assert [one.text for one in sandbox.slack.messages(channel)] == ["Anna waits", "worse"]
        assert [one.text for one in sandbox.slack.thread(channel, root)] == ["still", "worse"]
        assert len({root, first}) == 2
        read = slack.conversations_replies(channel=channel, ts=root)["messages"]
        assert [one["text"] for one in read] == ["Anna waits", "still", "worse"]
        assert read[0]["reply_count"] == 2
        with pytest.raises(SlackApiError) as caught:
            slack.chat_postMessage(channel=channel, text="?", thread_ts="1.000001")
        assert error_of(caught) == "thread_not_found"

    def test_the_marker_can_be_read_back(self, slack: WebClient, channel: str) -> None:
        marker = {"event_type": "alert", "event_payload": {"delivery": 7}}
        slack.chat_postMessage(channel=channel, text="Anna waits", metadata=marker)
        [plain] = slack.conversations_history(channel=channel)["messages"]
        assert "metadata" not in plain
        [read] = slack.conversations_history(channel=channel, include_all_metadata=True)["messages"]
        assert read["metadata"] == marker

    def test_history_in_pages(
        self, sandbox: Sandbox, slack: WebClient, channel: str, clock: Clock
    ) -> None:
        sandbox.slack.post_limit.rate = None
        stamps = []
        for number in range(5):
            stamps.append(slack.chat_postMessage(channel=channel, text=str(number))["ts"])
            clock.forward(seconds=1)
        pages = slack.conversations_history(channel=channel, limit=2)
        assert [one["text"] for page in pages for one in page["messages"]] == list("43210")
        later = slack.conversations_history(channel=channel, oldest=stamps[2])["messages"]
        assert [one["text"] for one in later] == ["4", "3"]

    def test_direct_and_ephemeral(self, sandbox: Sandbox, slack: WebClient, channel: str) -> None:
        mia = sandbox.slack.add_user("mia", "mia@example.com")
        sent = slack.chat_postMessage(channel=mia, text="Your digest")
        assert sent["channel"].startswith("D")
        slack.chat_postEphemeral(channel=channel, user=mia, text="Only you see this")
        [shown] = sandbox.slack.ephemerals(channel)
        assert shown.ephemeral_to == mia
        assert sandbox.slack.messages(channel) == []
        assert sandbox.slack.count() == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("made", "error"),
        [
            ({"archived": True}, "is_archived"),
            ({"member": False}, "not_in_channel"),
            ({"member": False, "private": True}, "channel_not_found"),
        ],
    )
    def test_channels(
        self, sandbox: Sandbox, slack: WebClient, made: dict[str, bool], error: str
    ) -> None:
        channel = sandbox.slack.add_channel("elsewhere", **made)
        with pytest.raises(SlackApiError) as caught:
            slack.chat_postMessage(channel=channel, text="Hello")
        assert error_of(caught) == error
        assert sandbox.slack.count() == 0

    def test_joining_helps(self, sandbox: Sandbox, slack: WebClient) -> None:
        channel = sandbox.slack.add_channel("open", member=False)
        slack.conversations_join(channel=channel)
        assert slack.chat_postMessage(channel="#open", text="Hello")["channel"] == channel
        assert slack.conversations_join(channel=channel)["warning"] == "already_in_channel"

    @pytest.mark.parametrize(
        ("message", "error"),
        [
            ({}, "no_text"),
            ({"text": "x" * 40_001}, "msg_too_long"),
            ({"text": "x", "blocks": "{"}, "invalid_blocks_format"),
            ({"text": "x", "blocks": [section("")]}, "invalid_blocks"),
            ({"text": "x", "metadata": {"event_type": "alert"}}, "invalid_metadata_schema"),
        ],
    )
    def test_content(
        self, sandbox: Sandbox, slack: WebClient, channel: str, message: dict[str, Any], error: str
    ) -> None:
        with pytest.raises(SlackApiError) as caught:
            slack.api_call("chat.postMessage", json={"channel": channel, **message})
        assert error_of(caught) == error
        assert sandbox.slack.count() == 0

    def test_editing_what_is_not_there_or_not_ours(
        self, sandbox: Sandbox, slack: WebClient, channel: str
    ) -> None:
        mia = sandbox.slack.add_user("mia", "mia@example.com")
        for ts, error in (
            ("1.000001", "message_not_found"),
            (sandbox.slack.post(channel, mia, "Hi", []).ts, "cant_update_message"),
        ):
            with pytest.raises(SlackApiError) as caught:
                slack.chat_update(channel=channel, ts=ts, text="?")
            assert error_of(caught) == error

    def test_tokens(self, sandbox: Sandbox, slack: WebClient, channel: str) -> None:
        assert slack.auth_test()["user_id"] == sandbox.slack.bot_user
        sandbox.slack.revoke("xoxb-test")
        stranger = WebClient("xoxb-stranger", base_url=sandbox.slack_url)
        for client, error in ((slack, "token_revoked"), (stranger, "invalid_auth")):
            with pytest.raises(SlackApiError) as caught:
                client.chat_postMessage(channel=channel, text="Hello")
            assert error_of(caught) == error

    def test_a_missing_scope_is_named(self, sandbox: Sandbox, channel: str) -> None:
        sandbox.slack.add_token("xoxb-small", ["chat:write"])
        client = WebClient("xoxb-small", base_url=sandbox.slack_url)
        with pytest.raises(SlackApiError) as caught:
            client.conversations_history(channel=channel)
        assert error_of(caught) == "missing_scope"
        assert caught.value.response["needed"] == "channels:history"
        assert caught.value.response["provided"] == "chat:write"


class TestBlocks:
    @pytest.mark.parametrize(
        ("blocks", "message"),
        [
            (
                [section("x" * 3001)],
                "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
            ),
            ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
            ([{"type": "sparkles"}], "unsupported type: sparkles [json-pointer:/blocks/0/type]"),
            ([{"type": "section"}], "missing required field: text [json-pointer:/blocks/0]"),
            (
                [{"type": "header", "text": {"type": "mrkdwn", "text": "*No*"}}],
                "must be one of: plain_text [json-pointer:/blocks/0/text/type]",
            ),
            (
                [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
                "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
            ),
            (
                [{"type": "actions", "elements": [{**BUTTON["elements"][0], "value": "x" * 2001}]}],
                "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
            ),
            (
                [{"type": "actions", "elements": [{**BUTTON["elements"][0]}] * 2}],
                "`action_id` take already exists [json-pointer:/blocks/0/elements/1/action_id]",
            ),
            (
                [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}],
                "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
            ),
            (
                [{**section("x"), "block_id": "a"}, {**section("y"), "block_id": "a"}],
                "`block_id` a already exists [json-pointer:/blocks/1/block_id]",
            ),
        ],
    )
    def test_limits(
        self, sandbox: Sandbox, slack: WebClient, channel: str, blocks: list[Any], message: str
    ) -> None:
        with pytest.raises(SlackApiError) as caught:
            slack.chat_postMessage(channel=channel, text="x", blocks=blocks)
        assert error_of(caught) == "invalid_blocks"
        assert caught.value.response["response_metadata"]["messages"] == [f"[ERROR] {message}"]
        assert sandbox.slack.count() == 0

    def test_a_rich_message_is_fine(self, slack: WebClient, channel: str) -> None:
        option = {"text": {"type": "plain_text", "text": "Billing"}, "value": "billing"}
        menu = {
            "type": "static_select",
            "action_id": "cause",
            "placeholder": {"type": "plain_text", "text": "Cause"},
            "options": [option],
        }
        blocks = [
            {"type": "header", "text": {"type": "plain_text", "text": "Anna waits"}},
            {**section("*Since* 10:00"), "accessory": menu},
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Team*\nBilling"}]},
            {"type": "divider"},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "rule: first response"}]},
            BUTTON,
        ]
        assert slack.chat_postMessage(channel=channel, text="Anna", blocks=blocks)["ok"]


class TestLimits:
    def test_a_burst_then_one_a_second(
        self, sandbox: Sandbox, slack: WebClient, channel: str, clock: Clock
    ) -> None:
        other = sandbox.slack.add_channel("returns-alerts")
        for number in range(3):
            slack.chat_postMessage(channel=channel, text=str(number))
        with pytest.raises(SlackApiError) as caught:
            slack.chat_postMessage(channel=channel, text="too many")
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "1"
        assert error_of(caught) == "ratelimited"
        assert slack.chat_postMessage(channel=other, text="elsewhere")["ok"]
        clock.forward(seconds=1)
        assert slack.chat_postMessage(channel=channel, text="in time")["ok"]
        assert sandbox.slack.count(channel) == 4

    def test_other_methods_have_limits_of_their_own(
        self, sandbox: Sandbox, slack: WebClient
    ) -> None:
        sandbox.slack.method_limit.limit = 1
        slack.auth_test()
        with pytest.raises(SlackApiError) as caught:
            slack.auth_test()
        assert caught.value.response.headers["Retry-After"] == "60"


class TestLookingUp:
    def test_channels_in_pages(self, sandbox: Sandbox, slack: WebClient) -> None:
        for number in range(5):
            sandbox.slack.add_channel(f"team-{number}", archived=number == 4)
        sandbox.slack.add_channel("secret", private=True)
        sandbox.slack.add_channel("not-ours", private=True, member=False)
        pages = slack.conversations_list(limit=2, exclude_archived=True)
        names = [one["name"] for page in pages for one in page["channels"]]
        assert names == ["team-0", "team-1", "team-2", "team-3"]
        private = slack.conversations_list(types="private_channel")["channels"]
        assert [one["name"] for one in private] == ["secret"]
        found = slack.conversations_info(channel=private[0]["id"])["channel"]
        assert (found["is_private"], found["is_member"]) == (True, True)

    def test_people(self, sandbox: Sandbox, slack: WebClient) -> None:
        mia = sandbox.slack.add_user("mia", "mia@example.com", "Mia Roth")
        assert slack.users_lookupByEmail(email="MIA@example.com")["user"]["id"] == mia
        assert slack.users_info(user=mia)["user"]["real_name"] == "Mia Roth"
        with pytest.raises(SlackApiError) as caught:
            slack.users_lookupByEmail(email="nobody@example.com")
        assert error_of(caught) == "users_not_found"

    def test_a_view_needs_a_fresh_trigger(
        self, sandbox: Sandbox, slack: WebClient, clock: Clock
    ) -> None:
        mia = sandbox.slack.add_user("mia", "mia@example.com")
        view = {
            "type": "modal",
            "callback_id": "close",
            "title": {"type": "plain_text", "text": "Close the loop"},
            "blocks": [section("What was the cause?")],
        }
        slack.views_open(trigger_id=sandbox.slack.views.trigger(mia), view=view)
        assert [one.callback_id for one in sandbox.slack.views.stack(mia)] == ["close"]
        late = sandbox.slack.views.trigger(mia)
        clock.forward(seconds=4)
        long = {**view, "title": {"type": "plain_text", "text": "x" * 25}}
        for trigger, shown, error in (
            (late, view, "expired_trigger_id"),
            ("made-up", view, "invalid_trigger_id"),
            (sandbox.slack.views.trigger(mia), long, "invalid_arguments"),
        ):
            with pytest.raises(SlackApiError) as caught:
                slack.views_open(trigger_id=trigger, view=shown)
            assert error_of(caught) == error


def test_a_lost_reply_leaves_the_message(sandbox: Sandbox, slack: WebClient, channel: str) -> None:
    asked: list[tuple[str, str, str]] = []

    def faults(vendor: str, method: str, path: str) -> Fault:
        asked.append((vendor, method, path))
        return Fault.timeout_after_applying()

    sandbox.faults = faults
    with pytest.raises(OSError, match="without response"):
        slack.chat_postMessage(channel=channel, text="Anna waits")
    assert sandbox.slack.count() == 1
    assert asked == [("slack", "POST", "/api/chat.postMessage")]
