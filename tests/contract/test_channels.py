"""What every channel has to keep to: sent, retry at, or never; one request; no secret in its words."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest

from bridge.domain.model import Action, Receipt, Undeliverable
from connectors import Channel, Dispatch, channel_kinds, desk_kinds
from connectors.channels.slack import Slack
from connectors.desks.jsm import JiraServiceManagement
from connectors.desks.zendesk import Zendesk
from tests.contract.messages import NASTY, dispatch
from tests.contract.wire import LOST, Said, Vendor, closed_port

SECRET = "secret-0a1b2c3d4e5f"


def zendesk(url: str) -> Channel:
    return Zendesk(name="zendesk", subdomain="demo", base_url=url, token=lambda _: SECRET)


def jsm(url: str) -> Channel:
    return JiraServiceManagement(name="jsm", site="acme", base_url=url, token=lambda _: SECRET)


def slack(url: str) -> Channel:
    return Slack(token=SECRET, base_url=f"{url}/api/")


DOORS: dict[str, tuple[Callable[[str], Channel], Dispatch]] = {
    "zendesk": (zendesk, dispatch(Action.NOTE, "4711")),
    "jsm": (jsm, dispatch(Action.NOTE, "10002")),
    "slack": (slack, dispatch(Action.POST, "C1")),
}
each = pytest.mark.parametrize("kind", DOORS)
FAILURES = [status for status in HTTPStatus if status >= 300]
PASSING = {408, 409, 425, 429}


def fail(kind: str, vendor: Vendor) -> Undeliverable:
    build, sent = DOORS[kind]
    with pytest.raises(Undeliverable) as failure:
        build(vendor.url).send(sent)
    assert type(failure.value).__module__ in {
        "bridge.domain.model.errors",
        "connectors.channels.slack",
        "connectors.desks.jsm_shapes",
    }
    return failure.value


def test_every_channel_is_tried_here() -> None:
    elsewhere = {"email", "sms"}  # in test_email_channel.py and test_sms_channel.py
    assert set(channel_kinds()) | set(desk_kinds()) == set(DOORS) | elsewhere


@each
@pytest.mark.parametrize("status", FAILURES, ids=lambda status: str(int(status)))
def test_every_status_means_retry_or_never(kind: str, status: HTTPStatus) -> None:
    with Vendor(Said(status, b"")) as vendor:
        error = fail(kind, vendor)
    assert (error.retry_after is not None) is (status in PASSING or status >= 500)
    assert error.unsure is (status == 408 or status >= 500)
    if status in {401, 403, 429, 503}:
        assert error.wide


@each
@pytest.mark.parametrize(
    ("asked", "date", "wait"),
    [
        ("17", "", 17),
        ("0", "", 1),
        ("999999999999", "", 3600),
        ("Sat, 21 Nov 2026 10:02:00 GMT", "Sat, 21 Nov 2026 10:00:00 GMT", 120),
        ("Sat, 21 Nov 2026 09:00:00 GMT", "Sat, 21 Nov 2026 10:00:00 GMT", 1),
        ("Sat, 21 Nov 2099 09:00:00 GMT", "Sat, 21 Nov 2026 10:00:00 GMT", 3600),
        ("soon", "", 60),
        ("-5", "", 60),
        ("²", "", 60),
        ("", "", 60),
    ],
)
def test_it_waits_as_long_as_it_is_asked_to(kind: str, asked: str, date: str, wait: int) -> None:
    headers = {"Retry-After": asked.encode().decode("latin-1")}
    if date:
        headers["Date"] = date
    with Vendor(Said(429, b"slow down", headers)) as vendor:
        error = fail(kind, vendor)
    assert error.retry_after == timedelta(seconds=wait)
    assert error.wide
    assert not error.unsure
    assert len(vendor.asked) == 1


@each
def test_a_lost_answer_is_ambiguous_and_asked_for_once(kind: str) -> None:
    with Vendor(LOST) as vendor:
        error = fail(kind, vendor)
    assert error.unsure
    assert error.retry_after
    assert len(vendor.asked) == 1


@each
def test_a_refused_connection_is_surely_not_sent(kind: str) -> None:
    build, sent = DOORS[kind]
    with pytest.raises(Undeliverable, match="refused") as failure:
        build(closed_port()).send(sent)
    assert failure.value.retry_after
    assert failure.value.wide
    assert not failure.value.unsure


@each
def test_a_late_answer_is_ambiguous(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()

    def slow(_: object) -> Said:
        done.wait(5)
        return Said()

    monkeypatch.setattr("connectors.desks.zendesk.TIMEOUT", (1, 0.05))
    monkeypatch.setattr("connectors.desks.jsm.TIMEOUT", (1, 0.05))
    monkeypatch.setattr("connectors.channels.slack._TIMEOUT", 0.05)
    with Vendor(slow) as vendor:
        error = fail(kind, vendor)
        done.set()
    assert error.unsure
    assert "in time" in str(error)
    assert len(vendor.asked) == 1


ANSWERS = [
    b"",
    b"{",
    b"[1]",
    b"7",
    b'"text"',
    b"null",
    b"<html>busy</html>",
    b'{"ticket": 1, "audit": 2}',
    b'{"ticket": {}, "audit": {"id": "x", "events": 7}}',
    b'{"ok": true}',
    b'{"ok": false}',
    b'{"ok": false, "error": 7}',
    b'{"ok": false, "error": "' + b"x" * 5000 + b'"}',
    b'{"ok": true, "ts": 17.5, "channel": {}}',
    b"\xff\xfe\x00",
]


@each
@pytest.mark.parametrize("body", ANSWERS)
@pytest.mark.parametrize("charset", ["utf-8", "klingon"])
def test_an_answer_that_says_nothing_is_ambiguous(kind: str, body: bytes, charset: str) -> None:
    said = Said(200, body, {"Content-Type": f"application/json; charset={charset}"})
    with Vendor(said) as vendor:
        error = fail(kind, vendor)
    assert error.unsure
    assert error.retry_after
    assert len(str(error)) < 200


@each
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503, 200])
def test_no_secret_and_no_letter_of_the_message_gets_out(
    kind: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The vendor throws all we sent back at us."""
    caplog.set_level(logging.DEBUG)
    echo = {
        "ok": False,
        "error": f"bad token {SECRET}",
        "description": f"Bearer {SECRET} is wrong",
        "error_description": SECRET,
        "details": {"status": [{"description": SECRET}]},
        "errorMessages": [SECRET],
        "errors": {"labels": SECRET},
    }
    with Vendor(Said.of(echo, status, X_Echo=SECRET)) as vendor:
        error = fail(kind, vendor)
        assert SECRET in vendor.asked[0].headers["Authorization"]
    chain: BaseException | None = error
    while chain is not None and not chain.__suppress_context__:
        assert SECRET not in f"{chain}{chain.args}"
        chain = chain.__cause__ or chain.__context__
    assert SECRET not in f"{error}{error.args}"
    assert SECRET not in caplog.text
    assert "called me back" not in str(error) + caplog.text


@each
@pytest.mark.parametrize("token", ["", " ", "a b", "a\nb", "tökén", "a\x00"])
def test_a_token_that_is_none_is_not_sent(kind: str, token: str) -> None:
    doors: dict[str, Callable[[str], Any]] = {
        "zendesk": lambda url: Zendesk(
            name="zendesk", subdomain="demo", base_url=url, token=lambda _: token
        ),
        "jsm": lambda url: JiraServiceManagement(
            name="jsm", site="acme", base_url=url, token=lambda _: token
        ),
        "slack": lambda url: Slack(token=lambda: token, base_url=url),
    }
    with (
        Vendor() as vendor,
        pytest.raises(Undeliverable, match="the token is empty or isn't one") as failure,
    ):
        doors[kind](vendor.url).send(DOORS[kind][1])
    assert failure.value.wide
    assert failure.value.retry_after is None
    assert not vendor.asked


@each
def test_a_channel_shows_no_secret_of_its_own(kind: str) -> None:
    assert SECRET not in repr(DOORS[kind][0]("http://127.0.0.1:1"))


@pytest.mark.parametrize("action", Action)
@each
def test_nothing_but_undeliverable_is_ever_raised(kind: str, action: Action) -> None:
    build, _ = DOORS[kind]
    previous = Receipt(ref=NASTY[:50], to=NASTY[:50])
    for before in (None, previous):
        hostile = dispatch(action, NASTY, previous=before, tags=(NASTY,), marker=NASTY)
        with Vendor(Said(200, b"[]")) as vendor, pytest.raises(Undeliverable):
            build(vendor.url).send(hostile)
