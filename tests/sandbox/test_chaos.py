"""Bad days come up as often as they were asked for, in every way, and are counted."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import requests
from werkzeug.wrappers import Response

from bridge.sandbox import Fault, Sandbox, Shipment
from bridge.sandbox.chaos import LONGEST_RETRY, Chaos, Mangle, Way
from bridge.sandbox.serve import Server

from .conftest import Clock, Receiver

VENDORS = ("zendesk", "jira", "slack", "twilio", "surveymonkey", "qualtrics")


def faults(vendor: str, method: str = "POST", calls: int = len(Way)) -> list[Fault]:
    chaos = Chaos(Random(3), share=1)
    found = [chaos(vendor, method, "/") for _ in range(calls)]
    return [fault for fault in found if fault is not None]


def answered(vendor: str, code: int, method: str = "POST", calls: int = len(Way)) -> list[Fault]:
    return [fault for fault in faults(vendor, method, calls) if fault.code == code]


class TestChaos:
    def test_lets_its_share_of_calls_fail_whoever_asks(self) -> None:
        chaos = Chaos(Random(7), share=0.1)

        def ask(number: int) -> Fault | None:
            return chaos(VENDORS[number % 2], "GET", "/")

        with ThreadPoolExecutor(8) as threads:
            failed = [fault for fault in threads.map(ask, range(2000)) if fault]
        assert 140 < len(failed) < 260
        assert chaos.done.total() == len(failed)
        assert set(chaos.done) == {(vendor, way) for vendor in VENDORS[:2] for way in Way}
        spread = [chaos.done["zendesk", way] for way in Way]
        assert max(spread) - min(spread) <= 1

    @pytest.mark.parametrize(("share", "failing"), [(0.0, 0), (1.0, 50)])
    def test_can_be_always_or_never(self, share: float, failing: int) -> None:
        chaos = Chaos(Random(7), share)
        assert sum(chaos("slack", "POST", "/") is not None for _ in range(50)) == failing

    def test_spares_the_other_vendors(self) -> None:
        chaos = Chaos(Random(7), share=1, vendors={"jira"})
        assert chaos("slack", "POST", "/") is None
        assert chaos("jira", "POST", "/") is not None
        assert {vendor for vendor, _ in chaos.done} == {"jira"}

    @pytest.mark.parametrize("share", [-0.1, 1.1])
    def test_takes_no_share_out_of_range(self, share: float) -> None:
        with pytest.raises(ValueError, match="from 0 to 1"):
            Chaos(Random(7), share)

    def test_is_the_same_day_for_the_same_seed(self) -> None:
        assert faults("jira", calls=50) == faults("jira", calls=50)

    def test_does_what_it_says_to_calls_over_http(self, sandbox: Sandbox) -> None:
        sandbox.slack.add_token("xoxb-test")
        channel = sandbox.slack.add_channel("alerts")
        sandbox.slack.channels[channel].is_member = True
        sandbox.faults = chaos = Chaos(Random(11), share=1)
        seen: Counter[tuple[str, bool]] = Counter()
        began = time.monotonic()
        with requests.Session() as session:
            session.trust_env = False
            for _ in Way:
                before = sandbox.slack.count(channel)
                try:
                    answer = session.post(
                        f"{sandbox.slack_url}chat.postMessage",
                        json={"channel": channel, "text": "Rude."},
                        headers={"Authorization": "Bearer xoxb-test"},
                        timeout=5,
                    )
                    outcome = f"{answer.status_code} {answer.json().get('error', 'ok')}"
                except requests.ConnectionError:
                    outcome = "nothing"
                seen[outcome, sandbox.slack.count(channel) > before] += 1
        assert seen == {
            ("nothing", True): 1,
            ("nothing", False): 1,
            ("429 ratelimited", False): 1,
            ("500 internal_error", False): 1,
            ("500 internal_error", True): 1,
            ("503 service_unavailable", False): 1,
            ("200 ok", True): 1,
        }
        assert chaos.done == {("slack", way): 1 for way in Way}
        assert time.monotonic() - began < 4  # a lost answer hangs up at once


class TestWords:
    @pytest.mark.parametrize("vendor", VENDORS)
    def test_a_refusal_says_when_to_come_back(self, vendor: str) -> None:
        for code in (429, 503):
            waits = {int(f.headers["Retry-After"]) for f in answered(vendor, code, calls=700)}
            assert min(waits) >= 1
            assert max(waits) <= LONGEST_RETRY
            assert len(waits) > 10

    @pytest.mark.parametrize("vendor", VENDORS)
    def test_a_slow_answer_is_not_too_slow(self, vendor: str) -> None:
        [slow] = [fault for fault in faults(vendor) if fault.kind == "slow"]
        assert 0.05 <= slow.seconds <= 0.3

    @pytest.mark.parametrize(
        ("vendor", "said"),
        [
            ("slack", {"ok": False, "error": "ratelimited"}),
            ("jira", {"errorMessages": ["Too Many Requests"], "errors": {}}),
            (
                "twilio",
                {
                    "code": 20429,
                    "message": "Too Many Requests",
                    "more_info": "https://www.twilio.com/docs/errors/20429",
                    "status": 429,
                },
            ),
        ],
    )
    def test_each_vendor_refuses_in_its_own_words(self, vendor: str, said: Any) -> None:
        [fault] = answered(vendor, 429)
        assert json.loads(fault.body) == said
        assert fault.headers["Content-Type"] == "application/json"

    def test_zendesk_refuses_in_plain_text(self) -> None:
        [fault] = answered("zendesk", 429)
        assert fault.body.startswith("Rate limit exceeded")
        assert fault.headers["Content-Type"] == "text/plain"

    @pytest.mark.parametrize(("code", "known"), [(429, "1040"), (500, "1050"), (503, "1051")])
    def test_surveymonkey_has_numbers_for_its_errors(self, code: int, known: str) -> None:
        for fault in answered("surveymonkey", code):
            assert json.loads(fault.body)["error"]["id"] == known

    def test_jira_says_which_limit_it_was(self) -> None:
        reads = {f.headers["RateLimit-Reason"] for f in answered("jira", 429, "GET", 700)}
        writes = {f.headers["RateLimit-Reason"] for f in answered("jira", 429, "PUT", 700)}
        assert writes - reads == {"jira-per-issue-on-write"}
        assert reads == {
            "jira-burst-based",
            "jira-quota-tenant-based",
            "jira-quota-global-based",
        }


def shipment(url: str, number: int, lane: str = "one") -> Shipment:
    return Shipment(
        vendor="zendesk",
        lane=lane,
        key=str(number),
        url=url,
        body=str(number).encode(),
        sign=lambda _body, _at: {},
        retry=lambda _attempt: None,
    )


class TestMangle:
    def test_counts_what_it_does(self, sandbox: Sandbox, receiver: Receiver, clock: Clock) -> None:
        mangle = Mangle(Random(5), clock, lost=0.1, late=0.2, twice=0.3, swapped=0.4)
        sandbox.courier.mangle = mangle
        for number in range(300):
            sandbox.courier.send(shipment(receiver.url, number))
        assert sandbox.courier.wait_idle(20)
        done = mangle.done
        for what, share in {"lost": 0.1, "late": 0.2, "twice": 0.3, "swapped": 0.4}.items():
            assert 0.6 * share < done[what] / 300 < 1.4 * share
        at_once = {call.body for call in receiver.calls}
        assert len(at_once) == 300 - done["lost"] - done["late"]
        clock.forward(minutes=30)
        sandbox.courier.run_due()
        assert sandbox.courier.wait_idle(20)
        arrived = Counter(call.body for call in receiver.calls)
        assert len(arrived) == 300 - done["lost"]
        assert Counter(arrived.values()) == {1: len(arrived) - done["twice"], 2: done["twice"]}

    def test_late_is_a_minute_to_half_an_hour(self, clock: Clock) -> None:
        mangle = Mangle(Random(5), clock, late=1, twice=0, swapped=0)
        waits = []
        for number in range(100):
            [late] = mangle(shipment("", number))
            assert late.not_before is not None
            waits.append(late.not_before - clock())
        assert timedelta(minutes=1) <= min(waits) < timedelta(minutes=5)
        assert timedelta(minutes=25) < max(waits) <= timedelta(minutes=30)

    def test_all_lost(self, sandbox: Sandbox, receiver: Receiver, clock: Clock) -> None:
        sandbox.courier.mangle = Mangle(Random(5), clock, lost=1)
        sandbox.courier.send(shipment(receiver.url, 1))
        assert sandbox.courier.wait_idle(5)
        assert (receiver.calls, sandbox.courier.held()) == ([], 0)

    def test_lets_a_webhook_overtake_the_one_before(
        self, sandbox: Sandbox, clock: Clock, meeting: Meeting
    ) -> None:
        sandbox.courier.mangle = Mangle(Random(5), clock, late=0, twice=0, swapped=1)
        for number in (1, 2):
            sandbox.courier.send(shipment(meeting.url, number))
        assert sandbox.courier.wait_idle(15)
        assert meeting.met == [True, True]

    def test_two_copies_may_come_at_the_same_time(
        self, sandbox: Sandbox, clock: Clock, meeting: Meeting
    ) -> None:
        sandbox.courier.mangle = Mangle(Random(5), clock, late=0, twice=1, swapped=0)
        sandbox.courier.send(shipment(meeting.url, 1))
        assert sandbox.courier.wait_idle(15)
        assert meeting.met == [True, True]

    def test_takes_no_share_out_of_range(self, clock: Clock) -> None:
        with pytest.raises(ValueError, match="from 0 to 1"):
            Mangle(Random(5), clock, twice=2)


@dataclass
class Meeting:
    """Somebody who answers the first caller only when the second is there too."""

    url: str = ""
    met: list[bool] = field(default_factory=list)
    both: threading.Barrier = field(default_factory=lambda: threading.Barrier(2))

    def __call__(self, environ: Any, start_response: Callable[..., Any]) -> Any:
        try:
            self.both.wait(5)
            self.met.append(True)
        except threading.BrokenBarrierError:
            self.met.append(False)
        return Response("", 202)(environ, start_response)


@pytest.fixture
def meeting() -> Iterator[Meeting]:
    meeting = Meeting()
    server = Server(meeting)
    server.start()
    meeting.url = f"{server.url}/in"
    yield meeting
    server.stop()
