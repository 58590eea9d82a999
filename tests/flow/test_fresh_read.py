"""Before a timer rings, its ticket is read afresh: what no webhook told is found then, and nobody is rung in vain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random

import pytest

from bridge.sandbox import Fault
from bridge.sandbox.chaos import Mangle
from bridge.sandbox.courier import Shipment, as_is
from bridge.store import alerts, pulse, tickets
from tests.flow.conftest import Office, Opens, written

READS = ("GET", "/api/v2/tickets/show_many")
AUDITS = ("GET", "/api/v2/tickets/{ticket}/audits")


@contextmanager
def losing_webhooks(office: Office) -> Iterator[None]:
    """No webhook arrives."""
    courier = office.world.sandbox.courier

    def lose(_: Shipment) -> list[Shipment]:
        return []

    courier.mangle = lose
    yield
    courier.mangle = as_is


def swept_each_hour(open_office: Opens) -> Office:
    """What changed more than an hour ago has been swept."""
    return open_office(lambda words: words.replace('sweep = "off"', 'sweep = "1h"'))


def away(office: Office, *, until: datetime, end: str = "") -> None:
    """Zendesk answers no call whose path ends so, for a time."""

    def faults(vendor: str, _: str, path: str) -> Fault | None:
        down = vendor == "zendesk" and path.endswith(end) and office.now < until
        return Fault.status(503) if down else None

    office.world.sandbox.faults = faults


def test_a_timer_rings_after_one_read_when_nothing_disagrees(open_office: Opens) -> None:
    office = swept_each_hour(open_office)
    for _ in range(5):
        office.open()
    office.later(hours=3, minutes=1)
    assert len(office.posts()) == 5
    assert office.desk.calls[READS] <= 5
    assert office.desk.calls[AUDITS] == 0


def test_due_together_are_read_together(open_office: Opens) -> None:
    office = swept_each_hour(open_office)
    office.later(seconds=1)
    numbers = [
        office.desk.open_ticket(
            office.people["Anna"], f"Case {n}", "Hello?", office.groups["Billing"]
        )
        for n in range(120)
    ]
    office.settle()
    before = office.desk.calls[READS]
    office.later(hours=3, minutes=1)
    with office.world.bridge.engine.begin() as connection:
        assert len(alerts.listing(connection, 1000)) == len(numbers)
    assert office.desk.calls[READS] - before == 2


def test_an_answer_that_no_webhook_told_keeps_the_timer_from_ringing(office: Office) -> None:
    ticket = office.open()
    with losing_webhooks(office):
        office.answer(ticket, "Ben")
    office.later(hours=5)
    assert office.posts() == []
    assert office.tags(ticket) == set()
    assert office.desk.calls[AUDITS] == 1
    with office.world.bridge.engine.begin() as connection:
        found = tickets.find(connection, f"zendesk:{ticket}")
    assert found is not None
    assert found.public_replies == 1


@pytest.mark.parametrize("end", ["solve", "delete"])
def test_a_ticket_that_has_ended_meanwhile_is_corrected_and_not_rung(
    office: Office, end: str
) -> None:
    ticket = office.open()
    with losing_webhooks(office):
        if end == "solve":
            office.solve(ticket)
        else:
            office.desk.delete(ticket, office.people["Ben"])
            office.settle()
    office.later(hours=5)
    assert office.posts() == []
    with office.world.bridge.engine.begin() as connection:
        found = tickets.find(connection, f"zendesk:{ticket}")
    assert found is not None
    assert not found.live


def test_a_merged_ticket_is_corrected_and_the_other_one_rings(office: Office) -> None:
    first, second = office.open(), office.open("Omar")
    with losing_webhooks(office):
        office.desk.merge(first, second, office.people["Ben"])
        office.settle()
    office.later(hours=3, minutes=1)
    (post,) = office.posts()
    assert f"agent/tickets/{second}" in written(post)


def test_what_else_happened_meanwhile_moves_the_clock(office: Office) -> None:
    """The customer wrote again after an answer that no webhook told: another clock runs, from another time."""
    ticket = office.open()
    with losing_webhooks(office):
        office.later(hours=1)
        office.answer(ticket, "Ben")
        office.ask(ticket, "Anna")
    office.later(hours=2, minutes=30)
    assert office.posts() == []
    office.later(hours=1)
    (post,) = office.posts()
    assert "Next reply due in 1 h" in written(post)


def test_a_helpdesk_that_is_away_holds_an_alert_up_for_a_grace_and_no_longer(
    office: Office,
) -> None:
    office.open()
    away(office, until=office.now + timedelta(days=1), end="show_many.json")
    office.later(hours=3, minutes=1)
    assert office.posts() == []
    office.later(minutes=1, seconds=30)
    (post,) = office.posts()
    assert "Not confirmed" in written(post)
    assert "First answer due in" in written(post)


def test_however_many_wait_for_it_all_ring_when_their_grace_ends(office: Office) -> None:
    office.later(seconds=1)
    for n in range(130):
        office.desk.open_ticket(
            office.people["Anna"], f"Case {n}", "Hello?", office.groups["Billing"]
        )
    office.settle()
    away(office, until=office.now + timedelta(days=1), end="show_many.json")
    office.later(hours=3, minutes=2)
    with office.world.bridge.engine.begin() as connection:
        found = alerts.listing(connection, 1000)
    assert len(found) == 130
    assert max(a.opened_at for a in found) - min(a.opened_at for a in found) < timedelta(seconds=5)


def test_a_helpdesk_that_is_back_within_the_grace_is_asked_again(office: Office) -> None:
    ticket = office.open()
    with losing_webhooks(office):
        office.answer(ticket, "Ben")
    away(office, until=office.now + timedelta(hours=3, minutes=1))
    office.later(hours=4)
    assert office.posts() == []


def test_a_late_webhook_does_not_ring_for_what_was_over_before_it_came(office: Office) -> None:
    """Both webhooks come five hours late, the customer's first: by then Ben had answered long since."""
    late = Mangle(
        Random(1),
        office.world.clock,
        late=1.0,
        twice=0,
        swapped=0,
        latest=timedelta(hours=6),
    )
    office.world.sandbox.courier.mangle = late
    ticket = office.open()
    office.answer(ticket, "Ben")
    office.later(hours=12)
    assert office.posts() == []


def test_a_ticket_whose_beginning_nobody_told_is_read_and_then_has_clocks(office: Office) -> None:
    with losing_webhooks(office):
        ticket = office.open()
    office.answer(ticket, "Ben")
    office.ask(ticket, "Anna")
    with office.world.bridge.engine.begin() as connection:
        found = tickets.find(connection, f"zendesk:{ticket}")
    assert found is not None
    assert found.whole
    assert found.customer_messages == 2
    office.later(hours=3, minutes=1)
    (post,) = office.posts()
    assert "Next reply due in 1 h" in written(post)


# --- after downtime


def test_what_fell_due_while_the_bridge_was_down_rings_once_late_and_says_so(
    office: Office,
) -> None:
    bridge, clock = office.world.bridge, office.world.clock
    ticket = office.open()
    silence = timedelta(seconds=60)
    with bridge.engine.begin() as connection:
        pulse.beat(connection, office.now, silence)
    clock.move(
        office.now + timedelta(hours=9)
    )  # nothing ticks meanwhile: warning and breach fall due
    with bridge.engine.begin() as connection:
        pulse.beat(connection, office.now, silence)
    office.settle()
    (post,) = office.posts()
    assert "Waiting 9 h for a first answer" in written(post)
    assert "due 2031-03-11 13:00 UTC, the bridge was down" in written(post)
    assert len(office.notes(ticket)) == 1
    assert office.broadcasts() == []
    assert office.thread(post) == []


def test_a_short_silence_is_no_outage(office: Office, open_office: Opens) -> None:
    bridge = office.world.bridge
    silence = timedelta(seconds=60)
    with bridge.engine.begin() as connection:
        pulse.beat(connection, office.now, silence)
        pulse.beat(connection, office.now + timedelta(seconds=59), silence)
        found = pulse.last(connection)
    assert found is not None
    assert found.down_from is None
    assert not found.down_at(office.now)


def test_a_ticket_that_cannot_be_read_rings_all_the_same_and_holds_up_no_other(
    office: Office,
) -> None:
    first, second = office.open(), office.open("Omar")
    with losing_webhooks(office):
        office.later(minutes=1)
        office.desk.note(first, office.people["Ben"], "Ask Clara.")

    def faults(vendor: str, _: str, path: str) -> Fault | None:
        return Fault.status(404) if vendor == "zendesk" and f"tickets/{first}/aud" in path else None

    office.world.sandbox.faults = faults
    office.later(hours=3, minutes=1)
    posts = {written(post) for post in office.posts()}
    assert len(posts) == 2
    (unsure,) = [words for words in posts if f"agent/tickets/{first}" in words]
    (sure,) = [words for words in posts if f"agent/tickets/{second}" in words]
    assert "Not confirmed" in unsure
    assert "Not confirmed" not in sure


def test_a_change_that_was_lost_before_one_that_was_not_is_found_too(office: Office) -> None:
    """Nothing later than what is known happened; but the ticket is not as it seems to be."""
    ticket = office.open(group="Billing")
    with losing_webhooks(office):
        office.later(minutes=30)
        office.hand(ticket, "Support")
    office.later(seconds=1)
    office.desk.add_tags(ticket, office.people["Ben"], "vip")
    office.settle()
    office.later(hours=3)
    assert office.posts("Billing") == []
    (post,) = office.posts("Support")
    assert "First answer due in 1 h" in written(post)


def test_a_reply_that_was_lost_before_a_change_that_was_not_keeps_the_timer_from_ringing(
    open_office: Opens,
) -> None:
    """The ticket is as it seems to be, and nothing later happened than what is known; still, Ben has answered."""
    office = swept_each_hour(open_office)
    ticket = office.open()
    office.later(hours=2, minutes=58)
    with losing_webhooks(office):
        office.answer(ticket, "Ben")
    office.later(seconds=30)
    office.desk.add_tags(ticket, office.people["Ben"], "vip")
    office.settle()
    office.later(minutes=10)
    assert office.posts() == []
