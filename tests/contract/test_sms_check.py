"""Whether Twilio would send for us: what is wrong with the account or the sender, and what to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.model import Undeliverable
from bridge.sandbox import Sandbox
from connectors import Found
from connectors.budget import Limit, Spent
from connectors.channels.sms import Sms
from tests.contract.texts import MONA, NOW, direct
from tests.contract.wire import LOST, Said, Vendor, closed_port

ACCOUNT = "AC" + "0" * 32
SECRET = "secret-0a1b2c3d4e5f"
NUMBER = "+15005550001"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(lambda: NOW) as sandbox:
        yield sandbox


@pytest.fixture
def sms(sandbox: Sandbox) -> Sms:
    twilio = sandbox.twilio
    return Sms(
        account=twilio.account, token=twilio.token, sender=NUMBER, base_url=sandbox.twilio_url
    )


def checked(sms: Sms, **changed: Any) -> list[Found]:
    found = list(dataclasses.replace(sms, **changed).inspect(NOW))
    assert SECRET not in str(found)
    assert sms.token not in str(found) or not sms.token.strip()
    return found


def wrong(sms: Sms, **changed: Any) -> Found:
    """The one thing that is wrong; it has a way out."""
    [found] = [one for one in checked(sms, **changed) if not one.ok]
    assert found.fix
    return found


def against(vendor: Vendor) -> Sms:
    return Sms(account=ACCOUNT, token=SECRET, sender=NUMBER, base_url=vendor.url)


def test_all_is_well_and_nothing_is_sent(sandbox: Sandbox, sms: Sms) -> None:
    asked: list[tuple[str, str]] = []

    def watch(_: str, method: str, path: str) -> None:
        asked.append((method, path.rpartition("/")[2]))

    sandbox.faults = watch
    assert checked(sms) == [
        Found(True, "sms: the account is active"),
        Found(True, f"sms: the sender {NUMBER} is a number of the account"),
    ]
    assert asked == [("GET", f"{sms.account}.json"), ("GET", "IncomingPhoneNumbers.json")]
    assert sandbox.twilio.messages == []


def test_a_wrong_token_is_found(sms: Sms) -> None:
    found = wrong(sms, token=SECRET)
    assert "error 20003, the account or its auth token is wrong, or it is suspended" in found.what
    assert "Auth Token" in found.fix


def test_a_wrong_account_is_found(sms: Sms) -> None:
    assert "20003" in wrong(sms, account=ACCOUNT).what


@pytest.mark.parametrize("token", ["", " ", "two words"])
def test_what_is_no_token_is_not_sent(token: str) -> None:
    with Vendor() as vendor:
        found = wrong(dataclasses.replace(against(vendor), token=token))
    assert "the token is empty or isn't one" in found.what
    assert not vendor.asked


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_an_account_that_is_not_active_is_found(sandbox: Sandbox, sms: Sms, status: str) -> None:
    sandbox.twilio.status = status
    [found] = checked(sms)
    assert found.what == f"sms: the account is {status}: nothing is sent"
    assert "console.twilio.com" in found.fix
    assert not found.ok


def test_a_suspended_account_sends_nothing_and_needs_an_admin(sandbox: Sandbox, sms: Sms) -> None:
    sandbox.twilio.status = "suspended"
    with pytest.raises(Undeliverable, match="or it is suspended") as failure:
        sms.send(direct())
    assert (failure.value.retry_after, failure.value.wide) == (None, True)


def test_a_trial_reaches_verified_numbers_only(sandbox: Sandbox, sms: Sms) -> None:
    sandbox.twilio.refused[MONA] = 21608
    with pytest.raises(Undeliverable, match="reaches verified numbers only") as failure:
        sms.send(direct())
    assert not failure.value.wide


def test_a_trial_is_told_and_is_no_fault(sandbox: Sandbox, sms: Sms) -> None:
    sandbox.twilio.kind = "Trial"
    first, _ = checked(sms)
    assert first.ok
    assert "only numbers that are verified there" in first.what


def test_a_sender_that_is_not_ours_is_found(sms: Sms) -> None:
    found = wrong(sms, sender="+15005550009")
    assert found.what == "sms: the sender +15005550009 is no number of the account"
    assert "Active numbers" in found.fix


def test_a_part_of_a_number_is_not_the_number(sandbox: Sandbox, sms: Sms) -> None:
    sandbox.twilio.numbers = {f"{NUMBER}2"}
    assert "is no number of the account" in wrong(sms).what


def test_a_number_that_only_calls_is_found(sandbox: Sandbox, sms: Sms) -> None:
    sandbox.twilio.voice_only = {NUMBER}
    found = wrong(sms)
    assert found.what == f"sms: the sender {NUMBER} can't send messages"
    assert "with SMS" in found.fix


@pytest.mark.parametrize(
    ("sender", "words"), [("MG" + "a" * 32, "messaging service"), ("12345", "short code")]
)
def test_what_else_may_send_is_said_not_to_be_checked(sms: Sms, sender: str, words: str) -> None:
    _, last = checked(sms, sender=sender)
    assert last.ok
    assert words in last.what
    assert "isn't checked" in last.what


def test_nobody_there_is_found() -> None:
    nobody = Sms(account=ACCOUNT, token=SECRET, sender=NUMBER, base_url=closed_port())
    found = wrong(nobody)
    assert "connection refused" in found.what
    assert "firewall" in found.fix


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (LOST, "closed the connection"),
        (Said(503, b""), "503"),
        (Said(429, b'{"code": 20429}'), "429"),
        (Said(200, b"{"), "can't be read"),
        (Said(200, b"[]"), "can't be read"),
        (Said(200, b"{}"), "can't be read"),
        (Said(200, b'{"status": 7}'), "can't be read"),
    ],
)
def test_what_passes_is_to_be_tried_again(said: Said, words: str) -> None:
    with Vendor(said) as vendor:
        found = wrong(against(vendor))
    assert words in found.what
    assert "try again later" in found.fix
    assert len(vendor.asked) == 1


def test_trouble_with_the_number_alone_leaves_the_account_in_order() -> None:
    def says(asked: Any) -> Said:
        numbers = "IncomingPhoneNumbers" in asked.path
        return Said(503) if numbers else Said.of({"status": "active", "type": "Full"})

    with Vendor(says) as vendor:
        first, last = checked(against(vendor))
    assert (first.ok, last.ok) == (True, False)
    assert "503" in last.what


@pytest.mark.parametrize(
    ("capabilities", "able"),
    [({"SMS": False}, False), ({"sms": True}, True), (None, True), ("sms", True)],
)
def test_capabilities_are_read_however_they_are_written(capabilities: object, able: bool) -> None:
    def says(asked: Any) -> Said:
        if "IncomingPhoneNumbers" not in asked.path:
            return Said.of({"status": "active", "type": "Full"})
        one = {"phone_number": NUMBER, "capabilities": capabilities}
        return Said.of({"incoming_phone_numbers": [one], "next_page_uri": None})

    with Vendor(says) as vendor:
        _, last = checked(against(vendor))
    assert last.ok is able


def test_the_vendors_secret_is_not_shown() -> None:
    told = {"status": f"odd {SECRET}"[:9], "auth_token": SECRET, "friendly_name": SECRET}
    with Vendor(Said.of(told)) as vendor:
        assert "the account is odd" in wrong(against(vendor)).what


def test_a_budget_that_is_used_up_asks_nobody() -> None:
    spent: list[str] = []

    class Empty:
        def spend(self, account: str, limits: list[Limit]) -> None:
            spent.extend(one.name for one in limits)
            raise Spent(f"{account}: look-ups are used up", retry_after=timedelta(seconds=9))

        def learn(self, *_: object) -> None: ...

    with Vendor() as vendor:
        found = wrong(dataclasses.replace(against(vendor), budget=Empty()))
    assert "used up" in found.what
    assert spent == ["look-ups"]
    assert not vendor.asked
