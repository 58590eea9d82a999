"""What webhooks did not tell is found by the sweep, and comes in by the front door; what is known changes nothing."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import text

from bridge.domain.model import Ticket
from bridge.domain.ticket import fold_all
from bridge.sandbox import Fault
from bridge.sandbox.chaos import Mangle
from bridge.sandbox.courier import Shipment, as_is
from bridge.store import errands, tickets
from bridge.work.queue import SWEEP
from tests.flow.conftest import Office, Opens, written

EXPORT = ("GET", "/api/v2/incremental/ticket_events")
JIRA = """
[desks.jsm]
kind = "jsm"
site = "demo"
user = "bridge@example.com"
base_url = "{jira}"
sweep = "1m"

[sources.jsm]
kind = "jsm"
secret = "JSM_WEBHOOK_SECRET"
"""


@pytest.fixture
def swept(open_office: Opens) -> Office:
    """An office whose desks are swept each minute."""
    return open_office(lambda words: words.replace('sweep = "off"', 'sweep = "1m"') + JIRA)


def lose(office: Office, *, everything: bool = True) -> None:
    def gone(_: Shipment) -> list[Shipment]:
        return []

    office.world.sandbox.courier.mangle = gone if everything else as_is


def found(office: Office, subject: str) -> Ticket:
    with office.world.bridge.engine.begin() as connection:
        ticket = tickets.find(connection, subject)
    assert ticket is not None
    return ticket


def events(office: Office) -> int:
    with office.world.bridge.engine.begin() as connection:
        return int(connection.execute(text("SELECT count(*) FROM events")).scalar_one())


def truth(office: Office, subject: str) -> Ticket:
    """The ticket as its desk's own history makes it."""
    desk, _, key = subject.partition(":")
    made = fold_all(
        office.world.bridge.desks[desk].history(key),
        office.world.bridge.settings.desks[desk].statuses,
    )
    assert made is not None
    return made


def same(office: Office, subject: str) -> None:
    ours, theirs = found(office, subject), truth(office, subject)
    for name in ("status", "team", "agent", "public_replies", "customer_messages", "tags"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert [h.target for h in ours.handoffs] == [h.target for h in theirs.handoffs]
    assert [p.category for p in ours.phases] == [p.category for p in theirs.phases]
    assert len(ours.reopened) == len(theirs.reopened)


def test_a_ticket_that_no_webhook_told_of_is_found_and_rings_in_time(swept: Office) -> None:
    lose(swept)
    ticket = swept.open()
    lose(swept, everything=False)
    swept.later(minutes=4)
    same(swept, f"zendesk:{ticket}")
    swept.later(hours=3)
    (post,) = swept.posts()
    assert f"agent/tickets/{ticket}" in written(post)


def test_there_and_back_looks_the_same_and_is_found_all_the_same(swept: Office) -> None:
    ticket = swept.open(group="Billing")
    lose(swept)
    swept.hand(ticket, "Support")
    swept.hand(ticket, "Billing")
    swept.solve(ticket)
    swept.ask(ticket, "Anna", "It is not solved.")
    lose(swept, everything=False)
    before = found(swept, f"zendesk:{ticket}")
    assert (before.team, before.handoffs) == (str(swept.groups["Billing"]), ())
    swept.later(minutes=4)
    after = found(swept, f"zendesk:{ticket}")
    assert len(after.handoffs) == 2
    assert len(after.reopened) == 1
    same(swept, f"zendesk:{ticket}")


def test_the_same_on_jira(swept: Office) -> None:
    jira = swept.world.sandbox.jira
    people = {user.name.split()[0]: user.account_id for user in jira.users.values()}
    swept.later(seconds=1)
    issue = jira.open_request(people["Anna"], "Where is it?", "I wait.", "BIL")
    swept.settle()
    lose(swept)
    for step in (
        lambda: jira.move(issue, people["Ben"], "SUP"),
        lambda: jira.move(issue, people["Ben"], "BIL"),
        lambda: jira.resolve(issue, people["Ben"], "Done."),
        lambda: jira.reply(issue, people["Anna"], "No."),
    ):
        swept.later(seconds=2)
        step()
        swept.settle()
    lose(swept, everything=False)
    swept.later(minutes=3)
    after = found(swept, f"jsm:{issue}")
    assert len(after.handoffs) == 2
    assert len(after.reopened) == 1
    same(swept, f"jsm:{issue}")


def test_what_is_known_changes_nothing(swept: Office) -> None:
    ticket = swept.open()
    swept.answer(ticket)
    swept.solve(ticket)
    before, state = events(swept), found(swept, f"zendesk:{ticket}")
    swept.later(minutes=10)
    assert events(swept) == before
    assert found(swept, f"zendesk:{ticket}") == state
    assert swept.desk.calls[EXPORT] >= 9


def test_webhooks_that_come_after_the_sweep_change_nothing_more(swept: Office) -> None:
    courier = swept.world.sandbox.courier
    courier.mangle = Mangle(
        Random(4),
        swept.world.clock,
        late=1.0,
        twice=0.5,
        swapped=0,
        latest=timedelta(minutes=30),
    )
    ticket = swept.open()
    swept.answer(ticket)
    swept.hand(ticket, "Support")
    swept.solve(ticket)
    swept.ask(ticket)
    courier.mangle = as_is
    swept.later(minutes=4)
    same(swept, f"zendesk:{ticket}")
    handed = found(swept, f"zendesk:{ticket}")
    swept.later(hours=1)
    same(swept, f"zendesk:{ticket}")
    assert found(swept, f"zendesk:{ticket}").handoffs == handed.handoffs


def test_a_sweep_that_fails_goes_on_where_it_was(swept: Office) -> None:
    lose(swept)
    ticket = swept.open()
    until = swept.now + timedelta(minutes=20)

    def faults(vendor: str, _: str, path: str) -> Fault | None:
        down = vendor == "zendesk" and "ticket_events" in path and swept.now < until
        return Fault.status(503) if down else None

    swept.world.sandbox.faults = faults
    swept.later(minutes=10)
    with swept.world.bridge.engine.begin() as connection:
        (row,) = errands.find(connection, [(SWEEP, "zendesk")])
        assert tickets.find(connection, f"zendesk:{ticket}") is None
    assert "503" in row.reason
    swept.later(minutes=15)
    same(swept, f"zendesk:{ticket}")
