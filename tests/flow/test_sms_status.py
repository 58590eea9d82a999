"""What became of a text message: told by Twilio, believed when signed, and kept with what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import requests
from flask import Flask

from bridge.domain.model import (
    Action,
    Alert,
    ConfigError,
    Delivery,
    Finding,
    Message,
    Reason,
    Receipt,
    Severity,
)
from bridge.sandbox import Sandbox
from bridge.sandbox.serve import Server
from bridge.sandbox.twilio import signature
from bridge.settings import parse
from bridge.store import alerts, deliveries
from bridge.web.sms import sms
from bridge.work.bridge import Bridge
from connectors import Dispatch
from connectors.channels.sms import Sms

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
MONA = "+15005550006"
FINDING = Finding(rule="low_score", severity=Severity.CRITICAL, headline="Rated 1", since=NINE)
MESSAGE = Message(
    ref="AB-12",
    severity=Severity.CRITICAL,
    resolved=False,
    headline="Rated 1",
    lines=(),
    subject="Ticket 1",
    since=NINE,
)


@dataclass
class Phone:
    """Text messages of one alert, and the address at which is told what became of them."""

    sandbox: Sandbox
    bridge: Bridge
    url: str

    @property
    def channel(self) -> Sms:
        twilio = self.sandbox.twilio
        return Sms(
            account=twilio.account,
            token=twilio.token,
            sender="+15005550001",
            callback=self.url,
            base_url=self.sandbox.twilio_url,
        )

    def send(self) -> str:
        """A message goes out; its marker. What is told of it is told once it counts as sent."""
        marker, _ = self.sent()
        dispatch = Dispatch(action=Action.DIRECT, to=MONA, marker=marker, message=MESSAGE)
        self.channel.send(dispatch)
        assert self.sandbox.courier.wait_idle()
        return marker

    def sent(self) -> tuple[str, int]:
        """A delivery that counts as sent: its marker and its number."""
        alert = Alert(
            subject="zendesk:1",
            ref="AB-12",
            severity=Severity.CRITICAL,
            opened_at=NINE,
            changed_at=NINE,
            reasons=(Reason(finding=FINDING, added_at=NINE),),
        )
        plan = Delivery(channel="sms", action=Action.DIRECT, to=MONA, why="a new alert")
        with self.bridge.engine.begin() as connection:
            (saved,) = alerts.save(connection, [(alert, [])])
            (number,) = deliveries.add(connection, [(saved.number, plan)], NINE)
            row = deliveries.take(connection, number, NINE)
            assert row is not None
            deliveries.sent(connection, row, Receipt(ref="SM1", to=MONA), NINE)
        return row.marker, number

    def told(self, marker: str) -> tuple[str, str]:
        """State and reason of the delivery."""
        with self.bridge.engine.begin() as connection:
            (row,) = [r for r in deliveries.listing(connection, None, 9) if r.marker == marker]
        return row.state, row.reason

    def tell(self, marker: str, form: dict[str, str], token: str = "") -> int:
        """Somebody calls the address; the status of the answer."""
        url = f"{self.url}/sms/{marker}"
        proof = signature(token or self.sandbox.twilio.token, url, form)
        headers = {"X-Twilio-Signature": proof}
        return requests.post(url, data=form, headers=headers, timeout=5).status_code


@pytest.fixture
def phone(url: str) -> Iterator[Phone]:
    app = Flask(__name__)
    server = Server(app)
    with Sandbox(lambda: NINE) as sandbox:
        policy = f"""
            [channels.sms]
            account = "{sandbox.twilio.account}"
            sender = "+15005550001"
        """
        env = {"TWILIO_AUTH_TOKEN": sandbox.twilio.token, "PUBLIC_URL": server.url}
        bridge = Bridge(parse(policy, env), url, now=lambda: NINE)
        app.register_blueprint(sms(bridge))
        server.start()
        yield Phone(sandbox, bridge, server.url)
        server.stop()
        bridge.close()


def test_a_message_that_arrived_is_known_to_have_arrived(phone: Phone) -> None:
    assert phone.told(phone.send()) == ("sent", "delivered")
    assert [one.status for one in phone.sandbox.courier.attempts] == [204, 204]


def test_a_message_that_never_arrived_has_failed_after_all(phone: Phone) -> None:
    phone.sandbox.twilio.unreachable[MONA] = 30005
    assert phone.told(phone.send()) == ("failed", "undelivered (30005)")


def test_nobody_else_is_believed(phone: Phone) -> None:
    marker, _ = phone.sent()
    before = phone.told(marker)
    lost = {"MessageStatus": "failed", "ErrorCode": "30007"}
    assert phone.tell(marker, lost, token="another") == 403
    assert requests.post(f"{phone.url}/sms/{marker}", data=lost, timeout=5).status_code == 403
    assert requests.get(f"{phone.url}/sms/{marker}", timeout=5).status_code == 405
    assert phone.told(marker) == before
    assert phone.tell(marker, lost) == 204
    assert phone.told(marker) == ("failed", "failed (30007)")


def test_a_proof_for_one_message_is_none_for_another(phone: Phone) -> None:
    marker, _ = phone.sent()
    form = {"MessageStatus": "failed"}
    proof = signature(phone.sandbox.twilio.token, f"{phone.url}/sms/other", form)
    headers = {"X-Twilio-Signature": proof}
    answer = requests.post(f"{phone.url}/sms/{marker}", data=form, headers=headers, timeout=5)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "form", [{}, {"MessageStatus": "read"}, {"MessageStatus": "<b>"}, {"ErrorCode": "30007"}]
)
def test_what_says_nothing_changes_nothing(phone: Phone, form: dict[str, str]) -> None:
    marker, _ = phone.sent()
    before = phone.told(marker)
    assert phone.tell(marker, form) == 204
    assert phone.told(marker) == before


def test_a_code_that_is_none_is_left_out(phone: Phone) -> None:
    marker, _ = phone.sent()
    assert phone.tell(marker, {"MessageStatus": "failed", "ErrorCode": "<script>"}) == 204
    assert phone.told(marker) == ("failed", "failed")


def test_a_message_that_is_not_ours_is_no_trouble(phone: Phone) -> None:
    assert phone.tell("unknown", {"MessageStatus": "delivered"}) == 204


def test_without_text_messages_there_is_no_such_address(url: str) -> None:
    bridge = Bridge(parse("", {}), url)
    assert sms(bridge).deferred_functions == []
    bridge.close()


def test_the_token_has_to_be_set(url: str) -> None:
    policy = f'[channels.sms]\naccount = "AC{"0" * 32}"\nsender = "+15005550001"\n'
    bridge = Bridge(parse(policy, {}), url)
    with pytest.raises(ConfigError, match="TWILIO_AUTH_TOKEN"):
        sms(bridge)
    bridge.close()
