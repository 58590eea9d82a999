"""Slack: what becomes of messages on the stand-in, and of refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bridge.domain.model import Action, Receipt, Undeliverable
from bridge.sandbox import Fault, Sandbox
from connectors import Unsearchable
from connectors.channels.slack import Slack
from tests.contract.messages import MESSAGE, dispatch, nasty
from tests.contract.wire import Asked, Said, Vendor

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SPECS = Path(__file__).parents[3] / "shared/specs/slack_web_openapi_v2.json"
TOKEN = "xoxb-1-abc"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(lambda: NOW) as sandbox:
        sandbox.slack.add_token(TOKEN)
        yield sandbox


@pytest.fixture
def slack(sandbox: Sandbox) -> Slack:
    return Slack(token=TOKEN, base_url=sandbox.slack_url)


# -- what goes over the wire --


@pytest.mark.parametrize(
    "action", [Action.POST, Action.DIRECT, Action.REPLY, Action.BROADCAST, Action.EDIT]
)
def test_nothing_on_the_wire_makes_links_or_mentions(action: Action) -> None:
    answer = Said.of({"ok": True, "ts": "1.2", "channel": "C1"})
    with Vendor(answer) as vendor:
        slack = Slack(token=TOKEN, base_url=vendor.url)
        sent = dispatch(action, "C1", nasty(), previous=Receipt(ref="1.000100", to="C9"))
        slack.send(sent)
    (asked,) = vendor.asked
    wire = asked.json
    assert wire["parse"] == "none"
    assert not wire["link_names"]
    assert TOKEN not in asked.body.decode()
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert len(wire["text"]) <= 400
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)|@(channel|here|everyone)\b", wire["text"])
    if action is not Action.EDIT:
        assert wire["unfurl_links"] is wire["unfurl_media"] is False
        assert wire["metadata"]["event_type"] == "alert_bridge"
        assert wire["metadata"]["event_payload"]["marker"] == "d-4f9a2c"


# -- the life of a message --


def test_a_post_is_edited_answered_and_broadcast(sandbox: Sandbox, slack: Slack) -> None:
    channel = sandbox.slack.add_channel("billing")
    posted = slack.send(dispatch(Action.POST, channel))
    assert posted.to == channel
    (message,) = sandbox.slack.messages(channel)
    assert message.ts == posted.ref
    assert message.metadata is not None
    assert message.metadata["event_payload"] == {"marker": "d-4f9a2c", "ref": "AB-12"}

    news = msgspec.structs.replace(MESSAGE, resolved=True, headline="Ben called her")
    edit = dispatch(Action.EDIT, channel, news, marker="d-2", previous=posted)
    assert slack.send(edit) == posted
    (message,) = sandbox.slack.messages(channel)
    assert "✅ Resolved: Ben called her" in json.dumps(message.blocks, ensure_ascii=False)
    assert message.metadata
    assert message.metadata["event_payload"]["marker"] == "d-4f9a2c"

    graver = msgspec.structs.replace(MESSAGE, text="Now critical")
    reply = slack.send(dispatch(Action.REPLY, channel, graver, marker="d-3", previous=posted))
    loud = slack.send(dispatch(Action.BROADCAST, channel, graver, marker="d-4", previous=posted))
    thread = sandbox.slack.thread(channel, posted.ref)
    assert [one.ts for one in thread] == [reply.ref, loud.ref]
    assert [one.broadcast for one in thread] == [False, True]
    assert ["<@U0MONA>" in json.dumps(one.blocks) for one in thread] == [False, True]
    assert len(sandbox.slack.messages(channel)) == 2


@pytest.mark.parametrize("action", [Action.POST, Action.REPLY, Action.BROADCAST])
def test_after_a_lost_answer_the_message_is_found(
    sandbox: Sandbox, slack: Slack, action: Action
) -> None:
    channel = sandbox.slack.add_channel("billing")
    previous = None
    if action is not Action.POST:
        previous = slack.send(dispatch(Action.POST, channel, marker="d-0"))
    sent = dispatch(action, channel, marker="d-7", previous=previous)
    assert slack.find(sent, NOW - timedelta(minutes=1)) is None
    sandbox.faults = lambda *_: Fault.timeout_after_applying()
    with pytest.raises(Undeliverable) as failure:
        slack.send(sent)
    assert failure.value.unsure
    sandbox.faults = lambda *_: None
    found = slack.find(sent, NOW - timedelta(minutes=1))
    assert found is not None
    assert found.to == channel
    everything = [*sandbox.slack.messages(channel)]
    if previous:
        everything += sandbox.slack.thread(channel, previous.ref)
    assert found.ref == everything[-1].ts


def test_an_edit_is_simply_repeated(slack: Slack) -> None:
    again = dispatch(Action.EDIT, "C1", previous=Receipt(ref="1.2", to="C1"))
    assert slack.find(again, NOW) is None


def test_the_marker_is_found_without_metadata_too() -> None:
    old = {"ts": "1.1", "blocks": [{"type": "header", "block_id": "bridge:d-4f9a2c"}]}
    pages = {
        "": {"ok": True, "messages": [{}, 7], "response_metadata": {"next_cursor": "more"}},
        "more": {"ok": True, "messages": [old]},
    }

    def says(asked: Asked) -> Said:
        return Said.of(pages["more" if b"cursor=more" in asked.body else ""])

    with Vendor(says) as vendor:
        found = Slack(token=TOKEN, base_url=vendor.url).find(dispatch(Action.POST, "C1"), NOW)
    assert found == Receipt(ref="1.1", to="C1")


def test_an_endless_channel_is_not_read_to_its_end() -> None:
    endless = {"ok": True, "messages": [], "response_metadata": {"next_cursor": "more"}}
    with Vendor(Said.of(endless)) as vendor, pytest.raises(Unsearchable):
        Slack(token=TOKEN, base_url=vendor.url).find(dispatch(Action.POST, "C1"), NOW)
    assert len(vendor.asked) == 5


@pytest.mark.parametrize("code", ["missing_scope", "not_in_channel", "channel_not_found"])
def test_who_may_not_look_cannot_tell(code: str) -> None:
    with Vendor(Said.of({"ok": False, "error": code})) as vendor, pytest.raises(Unsearchable):
        Slack(token=TOKEN, base_url=vendor.url).find(dispatch(Action.POST, "C1"), NOW)


def test_a_thread_that_is_gone_has_no_reply() -> None:
    reply = dispatch(Action.REPLY, "C1", previous=Receipt(ref="1.1", to="C1"))
    with Vendor(Said.of({"ok": False, "error": "thread_not_found"})) as vendor:
        assert Slack(token=TOKEN, base_url=vendor.url).find(reply, NOW) is None


def test_a_busy_slack_is_searched_later() -> None:
    busy = Said.of({"ok": False, "error": "ratelimited"}, 429, Retry_After="7")
    with Vendor(busy) as vendor, pytest.raises(Undeliverable) as failure:
        Slack(token=TOKEN, base_url=vendor.url).find(dispatch(Action.POST, "C1"), NOW)
    assert failure.value.retry_after == timedelta(seconds=7)


# -- joining --


def test_a_public_channel_is_joined(sandbox: Sandbox, slack: Slack) -> None:
    channel = sandbox.slack.add_channel("billing", member=False)
    slack.send(dispatch(Action.POST, channel))
    assert len(sandbox.slack.messages(channel)) == 1


def test_a_private_channel_needs_an_invitation(sandbox: Sandbox, slack: Slack) -> None:
    channel = sandbox.slack.add_channel("board", private=True, member=False)
    with pytest.raises(Undeliverable, match="/invite") as failure:
        slack.send(dispatch(Action.POST, channel))
    assert failure.value.retry_after is None
    assert not failure.value.wide


def test_joining_is_tried_once() -> None:
    answer = Said.of({"ok": False, "error": "not_in_channel"})
    with Vendor(answer) as vendor, pytest.raises(Undeliverable, match="/invite"):
        Slack(token=TOKEN, base_url=vendor.url).send(dispatch(Action.POST, "C1"))
    assert [one.path for one in vendor.asked] == ["/chat.postMessage", "/conversations.join"]


# -- refusals --


def refusal(code: str, **more: str) -> Undeliverable:
    answer = Said.of({"ok": False, "error": code, **more})
    with Vendor(answer) as vendor, pytest.raises(Undeliverable) as failure:
        Slack(token=TOKEN, base_url=vendor.url).send(dispatch(Action.POST, "C1"))
    return failure.value


@pytest.mark.parametrize("code", ["rate_limited", "ratelimited"])
def test_a_rate_limit_holds_all(code: str) -> None:
    error = refusal(code)
    assert error.retry_after
    assert error.wide
    assert not error.unsure


@pytest.mark.parametrize("code", ["internal_error", "fatal_error", "service_unavailable"])
def test_trouble_at_slack_passes(code: str) -> None:
    error = refusal(code)
    assert error.retry_after
    assert error.unsure


@pytest.mark.parametrize(
    "code",
    [
        "token_revoked",
        "token_expired",
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "missing_scope",
        "ekm_access_denied",
    ],
)
def test_trouble_with_the_account_needs_an_admin(code: str) -> None:
    error = refusal(code, needed="channels:history", provided="chat:write")
    assert error.retry_after is None
    assert error.wide
    assert "channels:history" in str(error)


@pytest.mark.parametrize(
    "code",
    [
        "channel_not_found",
        "is_archived",
        "invalid_blocks",
        "msg_too_long",
        "msg_blocks_too_long",
        "no_text",
        "too_many_attachments",
        "restricted_action",
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "something_new",
    ],
)
def test_trouble_with_one_message_is_its_own(code: str) -> None:
    error = refusal(code)
    assert error.retry_after is None
    assert not error.wide
    assert not error.unsure
    assert code in str(error)


@pytest.mark.skipif(not SPECS.exists(), reason="Slack's description of its API isn't here")
def test_every_error_of_slacks_own_description_is_known_to_pass_or_not() -> None:
    codes: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("error"), dict):
                codes.update(value["error"].get("enum", ()))
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    paths = json.loads(SPECS.read_text())["paths"]
    walk([paths["/chat.postMessage"], paths["/chat.update"], paths["/conversations.join"]])
    assert len(codes) > 20
    for code in codes:
        passing = code in {"rate_limited", "request_timeout", "fatal_error", "team_added_to_org"}
        assert (refusal(code).retry_after is not None) is passing, code
