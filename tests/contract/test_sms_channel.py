"""Text messages: never twice, and never again to who said STOP."""

from __future__ import annotations

import dataclasses
import logging
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import msgspec
import pytest

from bridge.domain.model import (
    Action,
    ConfigError,
    Severity,
    Undeliverable,
)
from bridge.sandbox import Fault, Sandbox
from connectors import Declined
from connectors.budget import Learnt, Limit, Spent
from connectors.channels.sms import Sms
from connectors.channels.sms_text import text_of
from tests.contract.texts import MESSAGE, MONA, NASTY, NOW, direct, message
from tests.contract.wire import LOST, Said, Vendor, closed_port

ACCOUNT = "AC" + "0" * 32
SECRET = "secret-0a1b2c3d4e5f"
SERVICE = "MG" + "a" * 32


class Clock:
    at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(clock) as sandbox:
        yield sandbox


@pytest.fixture
def sms(sandbox: Sandbox) -> Sms:
    return Sms(
        account=sandbox.twilio.account,
        token=sandbox.twilio.token,
        sender="+15005550001",
        base_url=sandbox.twilio_url,
    )


def against(vendor: Vendor, **more: Any) -> Sms:
    given = {"account": ACCOUNT, "token": SECRET, "sender": "+15005550001"}
    return Sms(base_url=vendor.url, **given | more)


def fail(vendor: Vendor, **more: Any) -> Undeliverable:
    with pytest.raises(Undeliverable) as failure:
        against(vendor, **more).send(direct())
    return failure.value


# -- on its way --


def test_a_message_reaches_the_phone(sandbox: Sandbox, sms: Sms) -> None:
    receipt = sms.send(direct("+1 (500) 555-0006"))
    [came] = sandbox.twilio.inbox(MONA)
    assert (receipt.ref, receipt.to) == (came.sid, MONA)
    assert (came.body, came.sender) == (text_of(MESSAGE, "d-4f9a2c"), "+15005550001")
    assert came.callback == ""


def test_a_messaging_service_may_send_it(sandbox: Sandbox, sms: Sms) -> None:
    [service] = sandbox.twilio.services
    dataclasses.replace(sms, sender=service).send(direct())
    assert [one.service for one in sandbox.twilio.messages] == [service]


def test_twilio_is_told_where_to_say_what_became_of_it() -> None:
    with Vendor(Said.of({"sid": "SM" + "0" * 32}, 201)) as vendor:
        sms = against(vendor, callback="https://bridge.example.com/", sender=SERVICE)
        sms.send(direct(marker="d/4?f"))
    (asked,) = vendor.asked
    assert asked.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    body = asked.body.decode()
    assert "StatusCallback=https%3A%2F%2Fbridge.example.com%2Fsms%2Fd%252F4%253Ff" in body
    assert f"MessagingServiceSid={SERVICE}" in body
    assert "From=" not in body
    login = b64encode(f"{ACCOUNT}:{SECRET}".encode()).decode()
    assert asked.headers["Authorization"] == f"Basic {login}"
    assert SECRET not in body


@pytest.mark.parametrize(
    "to", ["", "5550006", "0049301234", "+0123456789", "+1500555000x", "+1" * 9, "mona", NASTY]
)
def test_what_is_no_number_is_not_written_to(to: str) -> None:
    with Vendor() as vendor, pytest.raises(Undeliverable, match="no phone number") as failure:
        against(vendor).send(direct(to))
    assert failure.value.retry_after is None
    assert not failure.value.wide
    assert not vendor.asked


@pytest.mark.parametrize("action", [one for one in Action if one is not Action.DIRECT])
def test_it_writes_to_one_person_and_does_nothing_else(action: Action) -> None:
    with Vendor() as vendor, pytest.raises(Undeliverable, match="can't carry out"):
        against(vendor).send(msgspec.structs.replace(direct(), action=action))
    assert not vendor.asked


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"account": "SK" + "0" * 32}, "account"),
        ({"account": "AC/../x"}, "account"),
        ({"sender": "Alert Bridge"}, "sender"),
        ({"sender": ""}, "sender"),
    ],
)
def test_a_setting_that_can_never_work_is_refused(setting: dict[str, str], words: str) -> None:
    given = {"account": ACCOUNT, "token": SECRET, "sender": SERVICE}
    with pytest.raises(ConfigError, match=words):
        Sms(**given | setting)


# -- never twice --


def test_after_a_lost_answer_the_message_is_found(sandbox: Sandbox, sms: Sms) -> None:
    sms.send(direct(marker="d-1"))
    sandbox.faults = lambda *_: Fault.timeout_after_applying()
    with pytest.raises(Undeliverable) as failure:
        sms.send(direct())
    assert failure.value.unsure
    sandbox.faults = lambda *_: None
    found = sms.find(direct(), NOW - timedelta(minutes=1))
    assert found is not None
    assert found.ref == sandbox.twilio.messages[-1].sid
    assert len(sandbox.twilio.messages) == 2


def test_what_was_not_taken_is_not_found(sandbox: Sandbox, sms: Sms) -> None:
    sms.send(direct(marker="d-1"))
    sms.send(direct("+15005550007"))
    sandbox.faults = lambda *_: Fault.reset_before()
    with pytest.raises(Undeliverable):
        sms.send(direct())
    sandbox.faults = lambda *_: None
    assert sms.find(direct(), NOW - timedelta(minutes=1)) is None


def test_it_is_found_among_many_though_the_case_reads_otherwise_by_now(
    sandbox: Sandbox, sms: Sms
) -> None:
    sent = sms.send(direct())
    for number in range(250):
        sms.send(direct(marker=f"d-{number}"))
    changed = message(headline="Anna waits for two hours", severity=Severity.HIGH)
    assert sms.find(direct(told=changed), NOW) == sent


def test_old_messages_are_not_read_to_their_end(sandbox: Sandbox, sms: Sms, clock: Clock) -> None:
    for number in range(250):
        sms.send(direct(marker=f"d-{number}"))
    clock.at += timedelta(days=3)
    asked: list[str] = []

    def watch(_: str, method: str, __: str) -> None:
        asked.append(method)

    sandbox.faults = watch
    assert sms.find(direct(), clock.at) is None
    assert asked == ["GET"]


@pytest.mark.parametrize(
    "said",
    [
        LOST,
        Said(401, b'{"code": 20003}'),
        Said(404, b""),
        Said(500, b""),
        Said(429, b'{"code": 20429}'),
        Said(200, b"{"),
        Said(200, b"[]"),
        Said(200, b'{"messages": 7}'),
        Said(200, b'{"messages": [{"body": "Ref AB-12", "sid": 7}], "next_page_uri": 7}'),
    ],
)
def test_where_nobody_can_tell_it_is_asked_again_and_not_sent(said: Said) -> None:
    with Vendor(said) as vendor, pytest.raises(Undeliverable) as failure:
        against(vendor).find(direct(), NOW)
    assert failure.value.retry_after
    assert {one.method for one in vendor.asked} == {"GET"}


def test_an_endless_list_is_not_read_to_its_end() -> None:
    endless = {
        "messages": [{"sid": "SM" + "0" * 32, "body": "x", "date_created": None}] * 100,
        "next_page_uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page=1",
    }
    with (
        Vendor(Said.of(endless)) as vendor,
        pytest.raises(Undeliverable, match="too many") as error,
    ):
        against(vendor).find(direct(), NOW)
    assert error.value.retry_after
    assert len(vendor.asked) == 10


# -- refusals --


def test_who_said_stop_is_told_apart(sandbox: Sandbox, sms: Sms) -> None:
    sandbox.twilio.stop(MONA)
    with pytest.raises(Declined, match="STOP") as failure:
        sms.send(direct())
    assert failure.value.retry_after is None
    assert not failure.value.unsure
    assert not failure.value.wide
    assert MONA not in str(failure.value)


@pytest.mark.parametrize("code", [21614, 21408, 21612])
def test_a_number_that_no_message_reaches_is_given_up(
    sandbox: Sandbox, sms: Sms, code: int
) -> None:
    sandbox.twilio.refused[MONA] = code
    with pytest.raises(Undeliverable, match=str(code)) as failure:
        sms.send(direct())
    assert type(failure.value) is Undeliverable
    assert failure.value.retry_after is None
    assert not failure.value.wide


@pytest.mark.parametrize(
    ("status", "code"), [(401, 20003), (404, 20404), (400, 21606), (400, 21659), (404, 21701)]
)
def test_trouble_with_the_account_needs_an_admin(status: int, code: int) -> None:
    with Vendor(Said.of({"code": code, "message": "x"}, status)) as vendor:
        error = fail(vendor)
    assert (error.retry_after, error.wide) == (None, True)
    assert f"error {code}, " in str(error)


@pytest.mark.parametrize("status", [one for one in HTTPStatus if one >= 300], ids=str)
def test_every_status_means_retry_or_never(status: HTTPStatus) -> None:
    with Vendor(Said(status, b"")) as vendor:
        error = fail(vendor)
    passing = {408, 409, 425, 429}
    assert (error.retry_after is not None) is (status in passing or status >= 500)
    assert error.unsure is (status == 408 or status >= 500)
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("status", [429, 400, 403])
def test_too_many_requests_wait_as_long_as_they_are_asked_to(status: int) -> None:
    learnt: list[Learnt] = []

    class Counting:
        def spend(self, account: str, limits: list[Limit]) -> None:
            assert account == "sms"

        def learn(self, account: str, told: Learnt) -> None:
            learnt.append(told)

    busy = Said.of({"code": 20429, "message": "Too Many Requests"}, status, Retry_After="17")
    with Vendor(busy) as vendor:
        error = fail(vendor, budget=Counting())
    assert error.retry_after == timedelta(seconds=17)
    assert error.wide
    assert not error.unsure
    if status == 429:
        assert learnt == [Learnt(limit="messages", left=0, resets=timedelta(seconds=17))]


def test_a_budget_that_is_used_up_asks_nobody() -> None:
    class Empty:
        def spend(self, account: str, limits: list[Limit]) -> None:
            raise Spent("messages are used up", retry_after=timedelta(seconds=9))

        def learn(self, *_: object) -> None: ...

    with Vendor() as vendor:
        error = fail(vendor, budget=Empty())
    assert error.retry_after == timedelta(seconds=9)
    assert not vendor.asked


def test_a_lost_answer_is_ambiguous_and_asked_for_once() -> None:
    with Vendor(LOST) as vendor:
        error = fail(vendor)
    assert error.unsure
    assert error.retry_after
    assert len(vendor.asked) == 1


def test_a_late_answer_is_ambiguous(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()

    def slow(_: object) -> Said:
        done.wait(5)
        return Said()

    monkeypatch.setattr("connectors.channels.sms.TIMEOUT", (1, 0.05))
    with Vendor(slow) as vendor:
        error = fail(vendor)
        done.set()
    assert error.unsure
    assert "in time" in str(error)
    assert len(vendor.asked) == 1


def test_a_refused_connection_is_surely_not_sent() -> None:
    sms = Sms(account=ACCOUNT, token=SECRET, sender=SERVICE, base_url=closed_port())
    with pytest.raises(Undeliverable, match="refused") as failure:
        sms.send(direct())
    assert failure.value.retry_after
    assert not failure.value.unsure


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b"7",
        b"null",
        b"<html>busy</html>",
        b"{}",
        b'{"sid": 7}',
        b'{"sid": "SM1"}',
        b'{"sid": "SM/../../x"}',
        b"\xff\xfe\x00",
    ],
)
def test_an_answer_that_says_nothing_is_ambiguous(body: bytes) -> None:
    with Vendor(Said(201, body)) as vendor:
        error = fail(vendor)
    assert error.unsure
    assert error.retry_after


# -- secrets --


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 503, 200])
@pytest.mark.parametrize("look", [False, True], ids=["send", "find"])
def test_no_secret_and_no_letter_of_the_message_gets_out(
    status: int, look: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Twilio throws all we sent back at us."""
    caplog.set_level(logging.DEBUG)
    echo = {"code": 21211, "message": f"{SECRET} {MONA} rated her ticket", "detail": SECRET}
    with Vendor(Said.of(echo, status, X_Echo=SECRET)) as vendor:
        sms = against(vendor)
        call: Callable[[], object] = (
            (lambda: sms.find(direct(), NOW)) if look else (lambda: sms.send(direct()))
        )
        with pytest.raises(Undeliverable) as failure:
            call()
    chain: BaseException | None = failure.value
    while chain is not None and not chain.__suppress_context__:
        assert SECRET not in f"{chain}{chain.args}"
        chain = chain.__cause__ or chain.__context__
    told = f"{failure.value}{failure.value.args}"
    assert MONA not in told
    for part in (SECRET, "rated her ticket"):
        assert part not in told + caplog.text
    assert SECRET not in repr(sms)


@pytest.mark.parametrize("token", ["", " ", "a b", "a\nb", "tökén", "a\x00"])
def test_a_token_that_is_none_is_not_sent(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "somebody else's")
    with Vendor() as vendor:
        error = fail(vendor, token=token)
    assert "the token is empty or isn't one" in str(error)
    assert (error.retry_after, error.wide) == (None, True)
    assert not vendor.asked


def test_the_environment_sends_nobody_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    with Vendor(Said.of({"sid": "SM" + "0" * 32}, 201)) as vendor:
        against(vendor).send(direct())
    assert len(vendor.asked) == 1
