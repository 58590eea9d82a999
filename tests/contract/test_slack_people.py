"""Slack: telling one person, what they see when they act, and who they are."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from bridge.domain.model import Action, Receipt, Undeliverable
from connectors import Person, Unsearchable
from connectors.channels import slack as slack_module
from connectors.channels.slack import Slack
from connectors.channels.slack_home import home
from connectors.channels.slack_lists import notice, storm_page
from connectors.channels.slack_modals import note, show
from tests.contract.messages import MESSAGE, WAITING, dispatch, nasty
from tests.contract.slack_drawn import harmless_message
from tests.contract.wire import LOST, Asked, Said, Vendor

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
TOKEN = "xoxb-1-abc"
REFUSAL = replace(MESSAGE, text="Ana Example has acknowledged it already.")


def given(asked: Asked) -> dict[str, Any]:
    """The arguments of a call, be they a form or JSON."""
    if asked.headers.get("Content-Type", "").startswith("application/json"):
        return dict(asked.json)
    return {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}


def says(**answers: dict[str, Any]) -> Callable[[Asked], Said]:
    """Each method's answer, by its last word: `postMessage={"ok": True}`."""
    return lambda asked: Said.of(answers[asked.path.partition("?")[0].rpartition(".")[2]])


def methods(vendor: Vendor) -> list[str]:
    return [asked.path.partition("?")[0].strip("/") for asked in vendor.asked]


def refused(code: str) -> dict[str, Any]:
    return {"ok": False, "error": code}


POSTED = {"ok": True, "ts": "1.2", "channel": "D0ANA"}


# -- to one person --


@pytest.mark.parametrize("to", ["U0ANA", "C0SALES"])
def test_a_direct_message_is_the_same_as_a_post_but_calls_nobody(to: str) -> None:
    with Vendor(Said.of(POSTED)) as vendor:
        slack = Slack(token=TOKEN, base_url=vendor.url)
        assert slack.send(dispatch(Action.DIRECT, to, WAITING)) == Receipt(ref="1.2", to="D0ANA")
        slack.send(dispatch(Action.POST, to, WAITING))
    direct, post = (given(asked) for asked in vendor.asked)
    assert direct["channel"] == to
    called = [one for one in post["blocks"] if one not in direct["blocks"]]
    assert [one["text"]["text"] for one in called] == ["<@U0MONA> this needs you."]
    assert direct | {"blocks": []} == post | {"blocks": []}


def test_a_refusal_is_whispered_where_the_button_was_pressed() -> None:
    with Vendor(Said.of({"ok": True, "message_ts": "7.1"})) as vendor:
        slack = Slack(token=TOKEN, base_url=vendor.url)
        receipt = slack.send(dispatch(Action.WHISPER, "C0123/U0ANA", REFUSAL))
    assert receipt == Receipt(ref="7.1", to="C0123")
    assert methods(vendor) == ["chat.postEphemeral"]
    sent = given(vendor.asked[0])
    assert (sent["channel"], sent["user"]) == ("C0123", "U0ANA")
    assert sent["text"] == "Ana Example has acknowledged it already."
    assert "acknowledged it already" in json.dumps(sent["blocks"])
    assert sent["parse"] == "none"


@pytest.mark.parametrize("code", ["user_not_in_channel", "channel_not_found", "not_in_channel"])
def test_who_is_not_in_the_channel_is_told_in_person(code: str) -> None:
    with Vendor(says(postEphemeral=refused(code), postMessage=POSTED)) as vendor:
        slack = Slack(token=TOKEN, base_url=vendor.url)
        receipt = slack.send(dispatch(Action.WHISPER, "C0123/U0ANA", REFUSAL))
    assert receipt == Receipt(ref="1.2", to="D0ANA")
    assert methods(vendor) == ["chat.postEphemeral", "chat.postMessage"]
    assert given(vendor.asked[1])["channel"] == "U0ANA"


def test_without_a_channel_they_are_told_in_person_at_once() -> None:
    with Vendor(Said.of(POSTED)) as vendor:
        Slack(token=TOKEN, base_url=vendor.url).send(dispatch(Action.WHISPER, "/U0ANA", REFUSAL))
    assert methods(vendor) == ["chat.postMessage"]
    assert given(vendor.asked[0])["channel"] == "U0ANA"


def test_a_whisper_that_may_have_arrived_is_not_said_in_person_too() -> None:
    with Vendor(LOST) as vendor, pytest.raises(Undeliverable) as failure:
        Slack(token=TOKEN, base_url=vendor.url).send(dispatch(Action.WHISPER, "C1/U0ANA"))
    assert failure.value.unsure
    assert methods(vendor) == ["chat.postEphemeral"]


@pytest.mark.parametrize("to", ["C0123", "C0123/", "C0123/ana", "/<!channel>", ""])
def test_a_whisper_needs_a_member(to: str) -> None:
    with Vendor() as vendor, pytest.raises(Undeliverable) as failure:
        Slack(token=TOKEN, base_url=vendor.url).send(dispatch(Action.WHISPER, to))
    assert failure.value.retry_after is None
    assert not vendor.asked


def test_hostile_words_are_whispered_tamed() -> None:
    with Vendor(Said.of({"ok": True, "message_ts": "7.1"})) as vendor:
        slack = Slack(token=TOKEN, base_url=vendor.url)
        slack.send(dispatch(Action.WHISPER, "C0123/U0ANA", nasty()))
    sent = given(vendor.asked[0])
    harmless_message(sent["blocks"])
    assert "<" not in sent["text"]


@pytest.mark.parametrize(
    ("action", "to"), [(Action.WHISPER, "C0123/U0ANA"), (Action.DIRECT, "U0ANA")]
)
def test_what_one_person_was_told_cannot_be_looked_for(action: Action, to: str) -> None:
    with Vendor() as vendor, pytest.raises(Unsearchable):
        Slack(token=TOKEN, base_url=vendor.url).find(dispatch(action, to), NOW)
    assert not vendor.asked


def test_what_a_channel_was_told_directly_is_found() -> None:
    answer = {"ok": True, "messages": [{"ts": "1.1", "blocks": [{"block_id": "bridge:d-4f9a2c"}]}]}
    with Vendor(Said.of(answer)) as vendor:
        found = Slack(token=TOKEN, base_url=vendor.url).find(dispatch(Action.DIRECT, "C1"), NOW)
    assert found == Receipt(ref="1.1", to="C1")


# -- what is no alert --


def test_a_summary_is_posted_continued_in_its_thread_edited_and_found() -> None:
    page = storm_page([WAITING], 1, 1)
    drawn = json.loads(json.dumps(page))
    history = {"ok": True, "messages": [{"ts": "1.2", "blocks": [{"block_id": "bridge:s-1"}]}]}
    answers = says(postMessage=POSTED, update={"ok": True, "channel": "D0ANA"}, replies=history)
    with Vendor(answers) as vendor:
        slack = Slack(token=TOKEN, base_url=vendor.url)
        first = slack.post_plain("C1", page, notice(page), marker="s-0")
        slack.post_plain("C1", page, "a <!channel> & b", marker="s-1", thread_ts=first.ref)
        assert slack.update_plain(first, page, notice(page)) == first
        found = slack.find_plain("C1", "s-1", NOW - timedelta(minutes=1), first.ref)
    assert found == Receipt(ref="1.2", to="C1")
    posted, reply, edit = (given(asked) for asked in vendor.asked[:3])
    assert posted["metadata"]["event_payload"] == {"marker": "s-0"}
    assert posted["blocks"] == [drawn[0] | {"block_id": "bridge:s-0"}, *drawn[1:]]
    assert "thread_ts" not in posted
    assert reply["thread_ts"] == "1.2"
    assert not reply["reply_broadcast"]
    assert "<" not in reply["text"]
    assert (edit["channel"], edit["ts"], edit["blocks"]) == ("D0ANA", "1.2", drawn)
    assert page == storm_page([WAITING], 1, 1)  # what was handed in stays as it was


# -- what people see when they act --


def test_a_form_opens_on_a_trigger_and_can_be_changed() -> None:
    with Vendor(Said.of({"ok": True, "view": {"id": "V1"}})) as vendor:
        slack = Slack(token=TOKEN, base_url=vendor.url)
        assert slack.open_view("12.34.abc", note("AB-12")) == "V1"
        slack.update_view("V1", show(WAITING, ["opened"]))
        slack.publish_home("U0ANA", home([WAITING]))
    assert methods(vendor) == ["views.open", "views.update", "views.publish"]
    opened, changed, published = (given(asked) for asked in vendor.asked)
    assert opened["trigger_id"] == "12.34.abc"
    assert changed["view_id"] == "V1"
    assert published["user_id"] == "U0ANA"
    views = [one["view"] for one in (opened, changed, published)]
    assert [view.get("callback_id") for view in views] == ["note", "show", None]


def test_a_form_that_comes_too_late_is_refused_kindly() -> None:
    late = Said.of(refused("expired_trigger_id"))
    with Vendor(late) as vendor, pytest.raises(Undeliverable, match="click again") as failure:
        Slack(token=TOKEN, base_url=vendor.url).open_view("12.34.abc", note("AB-12"))
    assert failure.value.retry_after is None
    assert not failure.value.wide


def test_a_form_does_not_wait_longer_than_its_trigger_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert slack_module._AT_ONCE < 3
    monkeypatch.setattr(slack_module, "_AT_ONCE", 0.05)
    done = threading.Event()

    def slow(_: Asked) -> Said:
        done.wait(5)
        return Said()

    with Vendor(slow) as vendor:
        with pytest.raises(Undeliverable, match="in time"):
            Slack(token=TOKEN, base_url=vendor.url).open_view("12.34.abc", note("AB-12"))
        done.set()


# -- who is who --

ANA = {
    "id": "U0ANA",
    "real_name": "Ana",
    "deleted": False,
    "is_bot": False,
    "is_restricted": False,
    "is_ultra_restricted": False,
    "profile": {"real_name": "Ana Example", "email": "ana@example.com", "phone": ""},
}


def user(told: Any) -> Person:
    with Vendor(Said.of({"ok": True, "user": told})) as vendor:
        return Slack(token=TOKEN, base_url=vendor.url).user("U0ANA")


def test_a_member_has_a_name_and_an_address() -> None:
    assert user(ANA) == Person(id="U0ANA", name="Ana Example", email="ana@example.com", staff=True)


@pytest.mark.parametrize(
    "flag", ["deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger"]
)
def test_guests_bots_strangers_and_who_has_left_are_no_staff(flag: str) -> None:
    assert not user(ANA | {flag: True}).staff


@pytest.mark.parametrize("told", [None, [], 7, {}, {"id": "U0BEN"}, {"profile": "x"}])
def test_who_cannot_be_read_is_no_staff(told: Any) -> None:
    assert user(told) == Person(id="U0ANA")


def test_a_profile_without_an_address_has_none() -> None:
    assert user(ANA | {"profile": None}) == Person(id="U0ANA", name="Ana", staff=True)


@pytest.mark.parametrize("code", ["user_not_found", "user_not_visible"])
def test_who_does_not_exist_is_no_staff(code: str) -> None:
    with Vendor(Said.of(refused(code))) as vendor:
        assert Slack(token=TOKEN, base_url=vendor.url).user("U0ANA") == Person(id="U0ANA")


def test_people_are_found_by_their_address() -> None:
    with Vendor(Said.of({"ok": True, "user": ANA})) as vendor:
        assert Slack(token=TOKEN, base_url=vendor.url).user_by_email("ana@example.com") == "U0ANA"
    assert methods(vendor) == ["users.lookupByEmail"]


def test_who_has_no_such_address_is_nobody() -> None:
    with Vendor(Said.of(refused("users_not_found"))) as vendor:
        assert Slack(token=TOKEN, base_url=vendor.url).user_by_email("x@example.com") == ""


def test_the_workspace_is_that_of_the_token() -> None:
    with Vendor(Said.of({"ok": True, "team_id": "T0ACME"})) as vendor:
        assert Slack(token=TOKEN, base_url=vendor.url).workspace() == "T0ACME"


@pytest.mark.parametrize(
    "ask",
    [
        lambda slack: slack.user("U0ANA"),
        lambda slack: slack.user_by_email("ana@example.com"),
        lambda slack: slack.workspace(),
        lambda slack: slack.open_view("1.2.a", note("AB-12")),
        lambda slack: slack.publish_home("U0ANA", home([])),
        lambda slack: slack.send(dispatch(Action.WHISPER, "C1/U0ANA")),
    ],
)
def test_a_missing_scope_is_told_whatever_is_asked(ask: Callable[[Slack], Any]) -> None:
    answer = Said.of(refused("missing_scope") | {"needed": "users:read"})
    with Vendor(answer) as vendor, pytest.raises(Undeliverable, match="users:read") as failure:
        ask(Slack(token=TOKEN, base_url=vendor.url))
    assert failure.value.wide
    assert TOKEN not in str(failure.value)


def test_a_workspace_without_a_name_is_none() -> None:
    with (
        Vendor(Said.of({"ok": True})) as vendor,
        pytest.raises(Undeliverable, match="can't be read"),
    ):
        Slack(token=TOKEN, base_url=vendor.url).workspace()
