"""Alerts that come too fast to be told one by one: a summary tells them all, with pages in its thread."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from bridge.domain.alerts import Change, Step
from bridge.domain.model import (
    Action,
    Alert,
    AlertState,
    Delivery,
    Finding,
    Reason,
    Severity,
    Team,
    Ticket,
)
from bridge.sandbox import Fault, Sandbox
from bridge.sandbox.slack import Message
from bridge.settings import parse
from bridge.simulate.world import ENV, SimulatedClock
from bridge.store import alerts, deliveries, errands, storms, teams, tickets
from bridge.work.bridge import Bridge
from bridge.work.deliver import deliver
from bridge.work.errands import run as run_errand
from bridge.work.storm import LISTED
from bridge.work.storm_pages import TOLD
from tests.flow.conftest import Once, written
from tests.flow.conftest import Opens as Offices

POLICY = Path(__file__).with_name("office.toml")
START = datetime(2031, 3, 11, 9, 0, tzinfo=UTC)
POST = ("slack", "POST", "/chat.postMessage")
UPDATE = ("slack", "POST", "/chat.update")


@dataclass
class Channel:
    """Billing's channel in Slack, and us, who work off what is due while the clock is moved by hand."""

    bridge: Bridge
    sandbox: Sandbox
    clock: SimulatedClock
    id: str
    alerts: list[Alert] = field(default_factory=list)

    def ring(self, many: int = 1, severity: Severity = Severity.HIGH) -> list[int]:
        """So many alerts open at this moment; the ids of their deliveries."""
        post = Delivery(channel="slack", action=Action.POST, to=self.id, why="a new alert")
        with self.bridge.engine.begin() as connection:
            new = [_case(len(self.alerts) + n, severity, self.clock()) for n in range(1, many + 1)]
            tickets.claim(connection, [case.subject for case in new])
            known = [Ticket(id=case.subject, as_of=(self.clock(), 0, "")) for case in new]
            tickets.store(connection, [tickets.Judged(ticket, (), {}) for ticket in known])
            steps = [Step(change=Change.OPENED, at=self.clock())]
            saved = alerts.save(connection, [(case, steps) for case in new])
            self.alerts += saved
            return deliveries.add(connection, [(case.number, post) for case in saved], self.clock())

    def plan(self, alert: Alert, action: Action, text: str = "") -> int:
        """Something further about an alert."""
        one = Delivery(channel="slack", action=action, to=self.id, why="a test", text=text)
        with self.bridge.engine.begin() as connection:
            (number,) = deliveries.add(connection, [(alert.number, one)], self.clock())
        return number

    def later(self, **by: float) -> None:
        """Time passes, and what is due in it is done when it is due."""
        until = self.clock() + timedelta(**by)
        while True:
            self.work()
            with self.bridge.engine.begin() as connection:
                due = [deliveries.next_due(connection), errands.next_due(connection)]
            coming = min((at for at in due if at is not None), default=until)
            if coming > until:
                break
            self.clock.move(max(coming, self.clock()))
            if coming == until:
                self.work()
                break
        self.clock.move(until)
        self.work()

    def work(self) -> None:
        """All that can be done at this moment is done."""
        while True:
            with self.bridge.engine.begin() as connection:
                sending = deliveries.due(connection, self.clock(), 1000)
                asking = errands.due(connection, self.clock(), 100)
            for number in sending:
                deliver(self.bridge, number)
            for task, key in asking:
                run_errand(self.bridge, task, key)
            if not sending and not asking:
                return

    def messages(self) -> list[Message]:
        """What stands in the channel, threads apart."""
        found: list[Message] = self.sandbox.slack.messages(self.id)
        return [message for message in found if not message.is_reply]

    def singles(self) -> list[Message]:
        return [m for m in self.messages() if "at once" not in written(m)]

    def summaries(self) -> list[Message]:
        return [m for m in self.messages() if "at once" in written(m)]

    def pages(self, summary: Message) -> list[str]:
        """The pages in the thread of a summary."""
        thread: list[Message] = self.sandbox.slack.thread(self.id, summary.ts)
        return [written(m) for m in thread if '"Page ' in written(m)]

    def rows(self) -> list[deliveries.Row]:
        with self.bridge.engine.begin() as connection:
            return deliveries.listing(connection, None, 1000)[::-1]

    def states(self) -> Counter[str]:
        return Counter(row.state for row in self.rows() if row.action is Action.POST)

    def reachable(self) -> set[str]:
        """The references of alerts that somebody finds in the channel, each with a link to its ticket."""
        pages = [page for summary in self.summaries() for page in self.pages(summary)]
        found = [written(m) for m in self.singles()] + pages
        return {ref for words in found for ref in re.findall(r"AB-[0-9A-F]{8}", words)}

    def per_second(self) -> int:
        """The most messages that the channel got within a second, once a first burst is over."""
        posted = [a.at for a in self.sandbox.slack.arrivals if a.method == "chat.postMessage"]
        rest = posted[3:]
        return max(
            (sum(1 for b in rest if a <= b < a + timedelta(seconds=1)) for a in rest), default=0
        )


def _case(number: int, severity: Severity, now: datetime) -> Alert:
    finding = Finding(
        rule="low_score", severity=severity, headline=f"Rated 1, case {number}", since=now
    )
    return Alert(
        subject=f"zendesk:{number}",
        ref=f"AB-{number:08X}",
        severity=severity,
        opened_at=now,
        changed_at=now,
        reasons=(Reason(finding=finding, added_at=now),),
        team="Billing",
    )


Opens = Callable[..., Channel]


@pytest.fixture
def open_channel(url: str) -> Iterator[Opens]:
    """Opens a channel; `more` is added to the policy."""
    clock = SimulatedClock(START)
    made: list[Bridge] = []
    with Sandbox(clock) as sandbox:

        def make(more: str = "") -> Channel:
            text = POLICY.read_text("utf-8") + more
            text = text.replace("{zendesk}", sandbox.zendesk_url).replace(
                "{slack}", sandbox.slack_url
            )
            sandbox.slack.add_token(ENV["SLACK_BOT_TOKEN"])
            channel = sandbox.slack.add_channel("alerts-billing")
            bridge = Bridge(parse(text, ENV, "bridge.toml"), url, now=clock)
            made.append(bridge)
            with bridge.engine.begin() as connection:
                teams.save(connection, [Team(name="Billing", slack_channel=channel)])
            return Channel(bridge, sandbox, clock, channel)

        yield make
        for bridge in made:
            bridge.close()


@pytest.fixture
def channel(open_channel: Opens) -> Channel:
    return open_channel("\n[storm]\nmany = 5\n")


# --- who is told how


def test_as_many_as_may_be_are_told_one_by_one(channel: Channel) -> None:
    channel.ring(5)
    channel.later(minutes=2)
    assert len(channel.singles()) == 5
    assert channel.summaries() == []


def test_all_further_ones_of_a_minute_stand_in_one_summary(channel: Channel) -> None:
    channel.ring(12)
    channel.later(minutes=2)
    assert len(channel.singles()) == 5
    (summary,) = channel.summaries()
    assert "7 alerts at once" in written(summary)
    assert len(channel.pages(summary)) == 1
    assert channel.reachable() == {alert.ref for alert in channel.alerts}
    assert channel.states() == {"sent": 5, "held": 7}
    held = [row for row in channel.rows() if row.state == "held"]
    assert {row.reason for row in held} == {TOLD}
    assert {row.receipt.ref for row in held if row.receipt} == {summary.ts}


def test_the_first_ones_are_those_that_are_told_one_by_one(channel: Channel) -> None:
    channel.ring(9)
    channel.later(minutes=2)
    told = " ".join(written(m) for m in channel.singles())
    assert [alert.ref in told for alert in channel.alerts] == [True] * 5 + [False] * 4


def test_a_few_each_minute_are_no_storm(channel: Channel) -> None:
    for _ in range(4):
        channel.ring(5)
        channel.later(seconds=66)
    assert len(channel.singles()) == 20
    assert channel.summaries() == []


def test_channels_do_not_count_for_each_other(channel: Channel) -> None:
    other = channel.sandbox.slack.add_channel("alerts-support")
    with channel.bridge.engine.begin() as connection:
        teams.save(connection, [Team(name="Support", slack_channel=other)])
    channel.ring(5)
    billing, channel.id = channel.id, other
    channel.ring(5)
    channel.id = billing
    channel.later(minutes=2)
    assert channel.states() == {"sent": 10}


def test_what_comes_while_a_storm_lasts_joins_it_and_afterwards_all_is_as_before(
    channel: Channel,
) -> None:
    channel.ring(8)
    channel.later(seconds=50)
    channel.ring(1)
    channel.later(seconds=50)
    channel.ring(1)
    channel.later(minutes=2)
    (summary,) = channel.summaries()
    assert "5 alerts at once" in written(summary)

    channel.ring(1)
    channel.later(minutes=1)
    assert len(channel.singles()) == 6
    channel.ring(8)
    channel.later(minutes=3)
    assert len(channel.summaries()) == 2, "the next storm has a summary of its own"
    assert channel.reachable() == {alert.ref for alert in channel.alerts}


def test_what_quiet_hours_held_back_is_a_storm_in_the_morning(channel: Channel) -> None:
    numbers = channel.ring(12)
    with channel.bridge.engine.begin() as connection:
        for number in numbers:
            row = deliveries.take(connection, number, channel.clock())
            assert row is not None
            deliveries.wait(connection, row, "quiet hours", START + timedelta(hours=9))
    channel.later(hours=9, minutes=2)
    assert len(channel.singles()) == 5
    assert len(channel.summaries()) == 1
    assert channel.reachable() == {alert.ref for alert in channel.alerts}


# --- what the summary shows


@pytest.mark.slow
def test_five_hundred_in_ten_seconds_are_all_reachable_and_slack_is_never_hurried(
    open_channel: Opens,
) -> None:
    channel = open_channel()
    for _ in range(10):
        channel.ring(50)
        channel.later(seconds=1)
    channel.later(minutes=4)

    assert len(channel.singles()) == 20
    (summary,) = channel.summaries()
    assert "480 alerts at once" in written(summary)
    pages = channel.pages(summary)
    assert [re.findall(r"Page \d+ of \d+", page) for page in pages] == [
        [f"Page {n} of 20"] for n in range(1, 21)
    ]
    assert channel.reachable() == {alert.ref for alert in channel.alerts}
    assert channel.per_second() <= 1
    assert channel.sandbox.slack.calls["chat.postMessage"] == 20 + 1 + 20
    with channel.bridge.engine.begin() as connection:
        assert errands.next_due(connection) is None, "the storm is over, and its errand done"
        assert deliveries.next_due(connection) is None


def test_the_gravest_stands_in_the_summary(channel: Channel) -> None:
    channel.ring(6)
    channel.ring(1, Severity.CRITICAL)
    channel.ring(3)
    channel.later(minutes=2)
    (summary,) = channel.summaries()
    assert "Critical: Rated 1, case 7" in written(summary)


def test_a_page_is_edited_in_place_as_alerts_come_and_go(channel: Channel) -> None:
    channel.ring(7)
    channel.later(seconds=20)
    (summary,) = channel.summaries()
    (page,) = channel.pages(summary)
    assert "case 7" in page
    channel.ring(1)
    channel.later(minutes=3)
    (page,) = channel.pages(summary)
    assert "case 8" in page

    over = channel.alerts[6]
    with channel.bridge.engine.begin() as connection:
        resolved = {"state": AlertState.RESOLVED, "ended": "the ticket is solved"}
        ended = replace(over, **resolved)
        alerts.save(connection, [(ended, [Step(change=Change.ENDED, at=channel.clock())])])
    edit = channel.plan(over, Action.EDIT)
    channel.later(minutes=1)
    (page,) = channel.pages(summary)
    assert "Resolved" in page
    assert "8" in written(summary), "the summary is no alert's own message"
    (row,) = [row for row in channel.rows() if row.id == edit]
    assert (row.state, row.reason) == ("held", LISTED)


def test_what_is_said_of_an_alert_in_a_storm_goes_to_the_storms_thread(channel: Channel) -> None:
    channel.ring(7)
    late = channel.alerts[6]
    channel.plan(late, Action.BROADCAST, "Escalated to Dana")
    channel.plan(late, Action.REPLY, "On it.")
    channel.later(minutes=2)
    (summary,) = channel.summaries()
    thread = [written(m) for m in channel.sandbox.slack.thread(channel.id, summary.ts)]
    assert ["Page 1" in words for words in thread] == [True, False, False], "the list comes first"
    assert "Escalated to Dana" in thread[1]
    assert "On it." in thread[2]


# --- when Slack is in trouble


@pytest.mark.parametrize(
    "fault",
    [Fault.timeout_after_applying(), Fault.reset_before(), Fault.status(502)],
    ids=["carried out and no answer", "hung up before", "a bad gateway"],
)
@pytest.mark.parametrize("which", ["the summary", "a page"])
def test_a_lost_answer_makes_neither_two_summaries_or_pages_nor_none(
    channel: Channel, fault: Fault, which: str
) -> None:
    channel.ring(5)
    channel.later(seconds=10)
    channel.ring(3)
    at_once = 1 if which == "the summary" else 2
    lost = Nth(at_once, fault)
    channel.sandbox.faults = lost
    channel.later(minutes=5)
    assert lost.seen >= at_once, "it did happen"
    (summary,) = channel.summaries()
    assert len(channel.pages(summary)) == 1
    assert channel.reachable() == {alert.ref for alert in channel.alerts}
    assert channel.states() == {"sent": 5, "held": 3}


@dataclass
class Nth:
    """A fault that happens to the n-th message from now on."""

    number: int
    fault: Fault
    seen: int = 0

    def __call__(self, vendor: str, method: str, path: str) -> Fault | None:
        if (vendor, method) != POST[:2] or not path.endswith(POST[2]):
            return None
        self.seen += 1
        return self.fault if self.seen == self.number else None


def test_a_page_that_somebody_deleted_holds_up_nobody(channel: Channel) -> None:
    channel.ring(7)
    channel.later(seconds=20)
    channel.sandbox.faults = Once(*UPDATE, refusal("message_not_found"), times=10_000)
    channel.ring(1)
    channel.later(minutes=3)
    assert channel.states() == {"sent": 5, "held": 3}
    with channel.bridge.engine.begin() as connection:
        assert storms.going_on(connection, "slack", channel.id) is None


def test_an_archived_channel_fails_visibly_and_all_can_be_tried_again(channel: Channel) -> None:
    channel.ring(5)
    channel.later(seconds=10)
    place = channel.sandbox.slack.find(channel.id)
    place.is_archived = True
    numbers = channel.ring(3)
    channel.later(minutes=2)
    assert channel.states() == {"sent": 5, "failed": 3}
    assert all("archived" in row.reason for row in channel.rows() if row.state == "failed")

    place.is_archived = False
    with channel.bridge.engine.begin() as connection:
        deliveries.retry(connection, numbers, channel.clock())
    channel.later(minutes=2)
    assert channel.reachable() == {alert.ref for alert in channel.alerts}


def refusal(code: str) -> Fault:
    return Fault.status(
        200, json.dumps({"ok": False, "error": code}), {"Content-Type": "application/json"}
    )


def test_a_storm_that_nobody_tells_is_looked_at_again(channel: Channel) -> None:
    channel.ring(7)
    channel.work()
    with channel.bridge.engine.begin() as connection:
        (key,) = [key for task, key in errands.due(connection, START + timedelta(hours=1), 10)]
        errand = errands.take(connection, "storm", key, START + timedelta(hours=1), timedelta())
        assert errand is not None
        assert errands.done(connection, errand, START) is False, "its errand is lost"
    channel.later(minutes=15)
    assert channel.reachable() == {alert.ref for alert in channel.alerts}


# --- in the whole application


def test_with_several_hands_at_work_all_is_told_once(open_office: Offices) -> None:
    office = open_office(lambda text: text + "\n[storm]\nmany = 3\n")
    cases = [office.open() for _ in range(10)]
    for ticket in cases:
        office.world.surveys.typeform(
            f"{office.world.hooks}/typeform",
            ENV["TYPEFORM_SECRET"],
            score=1,
            words="",
            ticket=ticket,
        )
    office.later(minutes=3)
    posts = [written(m) for m in office.posts()]
    assert sum("Ref AB-" in words for words in posts) == 3
    (summary,) = [m for m in office.posts() if "at once" in written(m)]
    assert "7 alerts at once" in written(summary)
    told = " ".join([*posts, *office.thread(summary)])
    assert all(alert.ref in told for alert in office.alerts())
    states = Counter(row.state for row in office.deliveries("post"))
    assert states == {"sent": 3, "held": 7}
