"""Text messages at the Twilio stand-in: what they cost, who gets none, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from twilio.request_validator import RequestValidator

from bridge.sandbox import Fault, Sandbox
from bridge.sandbox.twilio_messages import segments

from .conftest import Clock, Receiver

ADA, BEN = "+15005550006", "+15005550007"

Api = Callable[..., requests.Response]


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    """A call of the Messages API, by its method and what follows `Messages`."""
    twilio = sandbox.twilio
    base = f"{sandbox.twilio_url}/2010-04-01/Accounts/{twilio.account}/Messages"

    def call(method: str, rest: str = ".json", **more: Any) -> requests.Response:
        login = (twilio.account, twilio.token)
        return requests.request(method, base + rest, auth=login, timeout=5, **more)

    return call


def write(api: Api, **more: str) -> requests.Response:
    form = {"To": ADA, "From": "+15005550001", "Body": "Ticket 7 needs you"}
    return api("POST", data=form | more)


@pytest.mark.parametrize(
    ("body", "many"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("ä" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("👋" * 35, 1),
        ("👋" * 36, 2),
        ("x" * 70 + "’", 2),
    ],
)
def test_a_body_is_cut_into_segments(body: str, many: int) -> None:
    assert segments(body) == many


def test_what_a_message_costs_is_told(api: Api) -> None:
    assert write(api, Body="x" * 200).json()["num_segments"] == "2"


@pytest.mark.parametrize("code", [21614, 21408, 21612])
def test_some_numbers_are_never_tried(sandbox: Sandbox, api: Api, code: int) -> None:
    sandbox.twilio.refused[ADA] = code
    answer = write(api)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert write(api, To=BEN).status_code == 201
    assert [one.to for one in sandbox.twilio.messages] == [BEN]


def test_a_messaging_service_sends_what_it_is_given(sandbox: Sandbox, api: Api) -> None:
    [service] = sandbox.twilio.services
    sent = write(api, From="", MessagingServiceSid=service).json()
    assert (sent["messaging_service_sid"], sent["from"]) == (service, "+15005550001")
    assert write(api, From="", MessagingServiceSid="MG" + "0" * 32).json()["code"] == 21701


def test_stop_holds_for_one_phone_until_start(sandbox: Sandbox, api: Api) -> None:
    sandbox.twilio.stop(ADA)
    assert write(api).json()["code"] == 21610
    assert write(api, To=BEN).status_code == 201
    sandbox.twilio.start(ADA)
    assert write(api).status_code == 201


def test_pages_hold_each_message_once(api: Api, clock: Clock) -> None:
    sent = []
    for _ in range(5):
        clock.forward(minutes=1)
        sent.append(write(api).json()["sid"])
    write(api, To=BEN)
    found, rest = [], f".json?To={ADA.replace('+', '%2B')}&PageSize=2"
    while rest:
        page = api("GET", rest).json()
        found += [one["sid"] for one in page["messages"]]
        rest = (page["next_page_uri"] or "").partition("/Messages")[2]
    assert found == sent[::-1]


def test_messages_are_found_by_day(api: Api, clock: Clock) -> None:
    first = write(api).json()["sid"]
    clock.forward(days=1)
    second = write(api).json()["sid"]
    day = f"{clock():%Y-%m-%d}"
    for wanted, sids in (
        ({"DateSent": day}, [second]),
        ({"DateSent>": day}, [second]),
        ({"DateSent<": day}, [first]),
        ({"From": "+15005550099"}, []),
    ):
        found = api("GET", params=wanted).json()["messages"]
        assert [one["sid"] for one in found] == sids


def test_what_became_of_it_is_told_in_order_and_signed(
    sandbox: Sandbox, api: Api, receiver: Receiver
) -> None:
    sandbox.twilio.unreachable[BEN] = 30005
    for to in (ADA, BEN):
        write(api, To=to, StatusCallback=f"{receiver.url}/sms/d-1?to={to[1:]}")
    assert sandbox.courier.wait_idle()
    told: dict[str, list[str]] = {}
    for call in receiver.calls:
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        told.setdefault(form["To"], []).append(
            form["MessageStatus"] + form.get("ErrorCode", ""),
        )
        url = f"{receiver.url}/sms/d-1?to={form['To'][1:]}"
        given = call.headers["X-Twilio-Signature"]
        assert RequestValidator(sandbox.twilio.token).validate(url, form, given)
        assert not RequestValidator("another").validate(url, form, given)
    assert told == {ADA: ["sent", "delivered"], BEN: ["sent", "undelivered30005"]}


def test_an_answer_may_be_lost_although_the_message_goes(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults = lambda *_: Fault.timeout_after_applying()
    with pytest.raises(requests.ConnectionError):
        write(api)
    assert len(sandbox.twilio.inbox(ADA)) == 1
