"""The first import: tickets older than the installation get their clocks, and nobody is rung for what was overdue."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from bridge.domain.model import Ticket, Undeliverable
from bridge.sandbox import Fault
from bridge.store import tickets
from bridge.work.past import bring_in
from tests.flow.conftest import Command, Office, Opens, written
from tests.flow.test_sweep import JIRA, lose


@pytest.fixture
def late(open_office: Opens) -> Office:
    """An office in which the bridge heard of nothing so far: 3 tickets, two of them overdue, one answered."""
    office = open_office(lambda words: words + JIRA.replace('"1m"', '"off"'))
    lose(office)
    old = office.open("Anna")
    office.later(hours=2)
    answered = office.open("Omar")
    office.answer(answered, "Ben")
    office.ask(answered, "Omar")
    office.later(hours=5)
    office.open("Anna", about="Brand new")
    assert old == 1
    lose(office, everything=False)
    return office


def bring(office: Office, desk: str = "zendesk", *, ring: bool = False, again: bool = False) -> int:
    """Import a desk's open tickets; how many are left to be read one by one."""
    left = bring_in(office.world.bridge, desk, lambda _: None, ring=ring, again=again)
    office.settle()
    return left


def found(office: Office, subject: str) -> Ticket | None:
    with office.world.bridge.engine.begin() as connection:
        return tickets.find(connection, subject)


def test_what_was_overdue_rings_for_nobody_and_what_comes_due_later_does(
    late: Office,
) -> None:
    assert bring(late) == 1, "the bulk export does not have the last minute yet"
    assert late.posts() == []
    old, answered = found(late, "zendesk:1"), found(late, "zendesk:2")
    assert old is not None
    assert old.whole
    assert old.rung["first_response"].quiet
    assert answered is not None
    assert answered.public_replies == 1
    late.later(hours=3, minutes=1)
    (post,) = late.posts()
    assert "Brand new" in written(post)


def test_with_ring_overdue_all_that_is_wrong_is_told(late: Office) -> None:
    bring(late, ring=True)
    late.later(seconds=3)  # Slack takes one a second
    assert len(late.posts()) == 2


def test_tickets_of_jira_are_read_with_their_past(late: Office) -> None:
    jira = late.world.sandbox.jira
    people = {user.name.split()[0]: user.account_id for user in jira.users.values()}
    lose(late)
    issue = jira.open_request(people["Anna"], "Where is it?", "I wait.", "BIL")
    late.later(hours=1)
    jira.reply(issue, people["Ben"], "Soon.")
    jira.note(issue, people["Ben"], "Ask Clara.")
    lose(late, everything=False)
    assert bring(late, "jsm") == 0
    ticket = found(late, f"jsm:{issue}")
    assert ticket is not None
    assert ticket.whole
    assert (ticket.public_replies, ticket.internal_notes) == (1, 1)


def test_an_import_that_breaks_off_goes_on_and_reads_nothing_twice(late: Office) -> None:
    calls = 0

    def faults(vendor: str, _: str, path: str) -> Fault | None:
        nonlocal calls
        if vendor == "zendesk" and "ticket_events" in path:
            calls += 1
            return Fault.status(503) if calls == 1 else None
        return None

    late.world.sandbox.faults = faults
    with pytest.raises(Undeliverable, match="503"):
        bring(late)
    bring(late)
    bring(late, again=True)
    with late.world.bridge.engine.begin() as connection:
        many = connection.execute(text("SELECT count(*), count(DISTINCT event) FROM events")).one()
    assert many[0] == many[1]
    assert late.posts() == []
    late.later(hours=3, minutes=1)
    assert len(late.posts()) == 1


def test_tickets_too_old_for_the_bulk_export_are_read_one_by_one(open_office: Opens) -> None:
    office = open_office(
        lambda words: words.replace('sweep = "off"', 'sweep = "off"\nimport_days = 1')
    )
    lose(office)
    office.open("Anna")
    office.later(days=2)
    office.open("Omar", about="Young")
    office.later(minutes=5)
    lose(office, everything=False)
    assert bring(office) == 1
    old = found(office, "zendesk:1")
    assert old is not None
    assert old.whole
    assert old.rung["first_response"].quiet
    assert office.posts() == []


def test_a_webhook_that_comes_during_the_import_is_not_lost(late: Office) -> None:
    late.answer(1, "Ben")
    bring(late)
    ticket = found(late, "zendesk:1")
    assert ticket is not None
    assert ticket.public_replies == 1
    late.later(hours=6)
    assert all("Brand new" in written(post) for post in late.posts())


def test_a_dry_run_asks_for_nothing(late: Office, command: Command) -> None:
    before = sum(late.desk.calls.values())
    told = command(late, "import", "--open", "--dry-run")
    assert "read all open tickets" in told
    assert sum(late.desk.calls.values()) == before


def test_every_clock_on_a_ticket_is_explained(office: Office, command: Command) -> None:
    ticket = office.open(priority="urgent")
    office.later(minutes=20)
    told = json.loads(command(office, "timers", f"zendesk:{ticket}", "--json"))
    first = next(row for row in told["clocks"] if row["goal"] == "first_response")
    assert (first["state"], first["target"]) == ("runs", "1 h")
    assert first["next"] == "warn 2031-03-11 09:45 UTC"
    assert first["breach"] == "2031-03-11 10:00 UTC"
    reply = next(row for row in told["clocks"] if row["goal"] == "next_reply")
    assert reply["why"] == "begins with the first answer"
    office.answer(ticket)
    shown = command(office, "timers", str(ticket))
    assert "answered 2031-03-11 09:20 UTC" in shown


def test_a_ticket_nobody_knows_is_said(office: Office, command: Command) -> None:
    assert "no ticket '4711' is known" in command(office, "timers", "4711", code=1)


def test_a_ticket_with_an_unknown_history_has_unknown_clocks(
    office: Office, command: Command
) -> None:
    office.world.sandbox.faults = lambda vendor, *_: (
        Fault.status(503) if vendor == "zendesk" else None
    )
    lose(office)
    ticket = office.open()
    lose(office, everything=False)
    office.later(seconds=1)
    office.desk.set_priority(ticket, office.people["Ben"], "urgent")
    office.settle()
    told = json.loads(command(office, "timers", f"zendesk:{ticket}", "--json"))
    assert all("unknown: its history has not been read yet" in row["why"] for row in told["clocks"])
    office.later(hours=1, minutes=30)
    assert office.posts() == []
    office.world.sandbox.faults = lambda *_: None
    office.later(minutes=11)
    (post,) = office.posts()
    assert "Waiting" in written(post)
    assert timedelta(hours=1) < office.now - office.alerts()[0].reasons[0].finding.since
