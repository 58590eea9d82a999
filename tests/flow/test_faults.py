"""Bad luck with the order of things, and faults of ours: one case's trouble is no other's."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any, ClassVar

import msgspec
import pytest

from bridge.domain.judge import Moment
from bridge.domain.model import Finding, Ticket
from bridge.sandbox import Shipment
from bridge.store import inbox, tickets
from bridge.work.queue import DRAIN, wake
from connectors import Incoming
from connectors.surveys.typeform import Typeform
from tests.flow.conftest import Command, Office, written


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A rule that nobody tried on such a ticket."""

    name: ClassVar[str] = "broken"
    playbook: ClassVar[str] = ""
    cursed: str

    def check(self, moment: Moment) -> Iterable[Finding]:
        if moment.ticket.key == self.cursed:
            raise ZeroDivisionError(moment.ticket.title)
        return ()


@dataclass(frozen=True, kw_only=True)
class BrokenForm(Typeform):
    """A source that nobody tried on such an answer."""

    def read(self, incoming: Incoming) -> Any:
        if b"cursed" in incoming.body:
            raise KeyError(incoming.body.decode())
        yield from super().read(incoming)


def with_rule(office: Office, rule: Any) -> None:
    settings = office.world.bridge.settings
    rules = (rule, *(r for r in settings.rules if r.name != rule.name))
    office.world.bridge.settings = dataclasses.replace(settings, rules=rules)


def test_a_rule_that_fails_on_one_ticket_costs_no_other_its_alert(
    office: Office, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    healthy = office.world.bridge.settings
    with_rule(office, Broken(cursed="1"))
    cursed = office.open("Omar", about="My account 4711")
    other = office.open("Anna")
    office.rate(cursed, score=1)
    office.rate(other, score=1)

    assert office.tags(other) == {"alert_low_score"}
    assert office.tags(cursed) == set()
    listed = command(office, "inbox", "list", "--state", "unreadable")
    assert "a fault of ours: ZeroDivisionError at check" in listed
    assert "4711" not in capsys.readouterr().out

    office.world.bridge.settings = healthy  # a new version is installed
    command(office, "inbox", "replay", "--unreadable")
    office.settle()
    assert office.tags(cursed) == {"alert_low_score"}
    assert {row.state for row in office.inbox()} == {"read"}


def test_a_source_that_fails_on_one_answer_costs_no_other_its_alert(office: Office) -> None:
    settings = office.world.bridge.settings
    form = settings.sources["typeform"]
    broken = dataclasses.replace(form, source=BrokenForm(name="typeform", desk="zendesk"))
    office.world.bridge.settings = dataclasses.replace(
        settings, sources={**settings.sources, "typeform": broken}
    )
    ticket = office.open()
    office.rate(ticket, score=1, words="This form is cursed.")
    office.rate(ticket, score=2, words="Still bad.")

    (post,) = office.posts()
    assert "Still bad." in written(post)
    (bad,) = [row for row in office.inbox() if row.state == "unreadable"]
    assert bad.reason.startswith("a fault of ours: KeyError")
    assert "cursed" not in bad.reason


def test_late_and_repeated_webhooks_make_the_same_ticket(office: Office) -> None:
    desk, random = office.desk, Random(7)
    straight = office.open("Anna", about="A matter")
    shuffled = desk.open_ticket(
        office.people["Anna"],
        "A matter",
        "I have been waiting for a week.",
        office.groups["Billing"],
    )
    office.settle()

    def mangle(shipment: Shipment) -> list[Shipment]:
        if not shipment.lane.endswith(f":{shuffled}"):
            return [shipment]
        late = office.now + timedelta(minutes=random.uniform(0, 30))
        lane = f"{shipment.lane}:{random.random()}"
        return [replace(shipment, lane=lane, not_before=late)] * random.choice((1, 1, 2))

    office.world.sandbox.courier.mangle = mangle
    ben, anna = office.people["Ben"], office.people["Anna"]
    for act in (
        lambda t: desk.assign(t, ben, assignee=ben),
        lambda t: desk.reply(t, ben, "I am on it."),
        lambda t: desk.set_status(t, ben, "pending"),
        lambda t: desk.reply(t, anna, "And?"),
        lambda t: desk.note(t, ben, "Asked a colleague."),
        lambda t: desk.assign(t, ben, group=office.groups["Support"]),
        lambda t: desk.set_priority(t, ben, "high"),
        lambda t: desk.reply(t, office.people["Clara"], "It is on its way."),
        lambda t: desk.solve(t, office.people["Clara"], "Solved."),
        lambda t: desk.reply(t, anna, "No, it is not."),
        lambda t: desk.assign(t, ben, group=office.groups["Billing"]),
    ):
        office.later(minutes=3)
        act(straight)
        act(shuffled)
    office.later(hours=1)

    with office.world.bridge.engine.begin() as connection:
        found = [tickets.find(connection, f"zendesk:{t}") for t in (straight, shuffled)]
    one, other = (story(ticket) for ticket in found if ticket)
    assert one == other
    assert {row.state for row in office.inbox()} == {"read"}


def story(ticket: Ticket) -> dict[str, Any]:
    """A ticket's state without what tells two tickets apart, and without the tags we put on it."""
    own = {"id", "as_of", "known_at", "handoffs", "tags", "messages", "updates"}
    state = {k: v for k, v in msgspec.structs.asdict(ticket).items() if k not in own}
    moves = [(h.at.replace(microsecond=0), h.of, h.source, h.target) for h in ticket.handoffs]
    said = [
        (m.at.replace(microsecond=0), m.by, m.text) for m in (*ticket.messages, *ticket.updates)
    ]
    return {**state, "moves": moves, "said": said}


def test_an_unmapped_group_is_shown_by_check(office: Office, command: Command) -> None:
    office.groups["Returns"] = office.desk.add_group("Returns")
    office.open(group="Returns")
    found = command(office, "check", code=1)
    assert f"group zendesk:{office.groups['Returns']} (1 tickets) is no team's" in found
    assert "until then 'Support' hears of it" in found


def test_a_delivery_read_twice_changes_nothing(office: Office) -> None:
    ticket = office.open()
    office.rate(ticket, score=1)
    before = (len(office.deliveries()), office.slack.count())
    with office.world.bridge.engine.begin() as connection:
        assert inbox.replay(connection, [row.id for row in inbox.listing(connection, None, 99)])
        wake(connection, DRAIN)
    office.settle()
    assert (len(office.deliveries()), office.slack.count()) == before


def test_an_answer_that_the_desk_is_asked_about_in_vain_is_told_all_the_same(
    office: Office,
) -> None:
    office.desk.clients.clear()  # the desk lets nobody in
    office.rate(score=1, words="Nobody helps.", email="anna@example.org")
    (post,) = office.posts("Support")
    assert "Nobody helps." in written(post)
