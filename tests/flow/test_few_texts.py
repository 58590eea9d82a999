"""A phone gets a few SMS an hour, whatever happens; the last of them says how many more there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.alerts import Change, Step
from bridge.domain.model import Action, Alert, Delivery, Finding, Reason, Receipt, Severity
from bridge.settings import parse
from bridge.simulate.world import SimulatedClock
from bridge.store import alerts, deliveries
from bridge.work.bridge import Bridge
from bridge.work.storm import ENOUGH, ration

START = datetime(2031, 3, 11, 9, 0, tzinfo=UTC)
MONAS = "+4930123456"
POLICY = """
[calendars.round-the-clock]
zone = "UTC"
"""


@dataclass
class Phone:
    """Mona's phone, and us, who send to it."""

    bridge: Bridge
    clock: SimulatedClock
    alerts: int = 0

    def plan(self, many: int, to: str = MONAS) -> list[int]:
        """So many SMS are planned at this moment, each of an alert of its own."""
        sms = Delivery(channel="sms", action=Action.DIRECT, to=to, why="critical")
        new = [self._case(self.alerts + n) for n in range(many)]
        self.alerts += many
        opened = [Step(change=Change.OPENED, at=self.clock())]
        with self.bridge.engine.begin() as connection:
            saved = alerts.save(connection, [(case, opened) for case in new])
            return deliveries.add(connection, [(c.number, sms) for c in saved], self.clock())

    def _case(self, number: int) -> Alert:
        now, grave = self.clock(), Severity.CRITICAL
        finding = Finding(rule="low_score", severity=grave, headline="Rated 1", since=now)
        return Alert(
            subject=f"zendesk:{number}",
            ref=f"AB-{number}",
            severity=grave,
            opened_at=now,
            changed_at=now,
            reasons=(Reason(finding=finding, added_at=now),),
        )

    def sent(self, number: int) -> str:
        """What an SMS that has its turn says besides, or why it isn't sent."""
        with self.bridge.engine.begin() as connection:
            row = deliveries.take(connection, number, self.clock())
            assert row is not None
            given = ration(self.bridge, connection, row)
            if given.held:
                deliveries.held(connection, row, given.held)
            else:
                deliveries.sent(connection, row, Receipt(ref=f"SM{number}"), self.clock())
        return given.held or given.more


@pytest.fixture
def phone(url: str) -> Iterator[Phone]:
    clock = SimulatedClock(START)
    bridge = Bridge(parse(POLICY, {}), url, now=clock)
    yield Phone(bridge, clock)
    bridge.close()


def test_the_third_one_says_how_many_more_there_are_and_the_others_are_held(phone: Phone) -> None:
    first, second, third, *others = phone.plan(10)
    assert phone.sent(first) == phone.sent(second) == ""
    assert phone.sent(third) == "and 7 more: see Slack"
    assert [phone.sent(number) for number in others] == [ENOUGH] * 7


def test_the_last_one_says_so_also_if_no_other_waits_yet(phone: Phone) -> None:
    assert [phone.sent(n) for n in phone.plan(3)] == ["", "", "further ones: see Slack"]


def test_whoever_sends_first_the_first_ones_are_sent(phone: Phone) -> None:
    *numbers, late = phone.plan(4)
    assert phone.sent(late) == ENOUGH
    assert ENOUGH not in [phone.sent(number) for number in numbers]


def test_after_an_hour_there_are_three_again(phone: Phone) -> None:
    for number in phone.plan(4):
        phone.sent(number)
    phone.clock.move(START + timedelta(minutes=59))
    assert phone.sent(*phone.plan(1)) == ENOUGH
    phone.clock.move(START + timedelta(minutes=60))
    assert phone.sent(*phone.plan(1)) == ""


def test_another_phone_has_three_of_its_own(phone: Phone) -> None:
    for number in phone.plan(3):
        phone.sent(number)
    assert phone.sent(*phone.plan(1, "+4930999999")) == ""
