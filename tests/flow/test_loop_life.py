"""The whole life of an alert, as its story tells it; and everything that can be done from the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.model import Press
from tests.flow.conftest import Command, Opens
from tests.flow.loop_desk import LoopOffice, loop_office


@pytest.fixture
def office(open_office: Opens) -> LoopOffice:
    return loop_office(open_office)


class Line:
    """The command line beside the office, at which Mona sits."""

    def __init__(self, office: LoopOffice, command: Command) -> None:
        self.office, self.command = office, command

    def __call__(self, what: str, *more: str, by: str = "Mona Berg", code: int = 0) -> Any:
        """What a command printed, five seconds after it: by then people have been told."""
        self.office.later(seconds=1)
        words = ("alerts", what, self.office.alert.ref, *more, "--by", by, "--json")
        printed = self.command(self.office, *words, code=code)
        self.office.later(seconds=4)
        return json.loads(printed) if not code else printed

    def show(self) -> Any:
        words = ("alerts", "show", self.office.alert.ref, "--json")
        return json.loads(self.command(self.office, *words))


@pytest.fixture
def line(office: LoopOffice, command: Command) -> Line:
    return Line(office, command)


RESOLVED = ("--outcome", "recovered", "--cause", "slow answer", "--words", "Refunded the fee.")


def test_a_whole_life_is_told_with_who_when_and_from_where(office: LoopOffice, line: Line) -> None:
    ticket = office.rated()
    opened_at = office.now
    office.later(minutes=31)
    office.tag(ticket, "do_alert_ack")
    line("contacted", "--tried", "--how", "phone")
    line("contacted", "--how", "phone", "--words", "She is glad that we called.")
    line("resolve", *RESOLVED, "--coaching", "needed")
    assert (office.state, office.alert.closed_at) == ("resolved", None)
    line("coached", "--words", "Talked it through.", by="nils holm")
    assert office.alert.closed_at

    told = line.show()["story"]
    assert [(one["what"], one["who"], one["from"]) for one in told] == [
        ("opened", "", ""),
        ("escalated", "", ""),
        ("acknowledged", "Ben Ito", "ticket"),
        ("command obeyed", "", "ticket"),
        ("tried to reach the customer", "Mona Berg", "command line"),
        ("customer contacted", "Mona Berg", "command line"),
        ("resolved", "Mona Berg", "command line"),
        ("coaching given", "Nils Holm", "command line"),
        ("closed", "Nils Holm", "command line"),
    ]
    at_the_desk = [one["at"] for one in told[:4]]  # the command line goes by the real clock
    assert at_the_desk == sorted(at_the_desk)
    assert at_the_desk[0] == opened_at.isoformat(timespec="seconds")
    assert all(one["at"] for one in told)
    assert told[-3]["words"] == (
        "recovered; cause: slow answer; Refunded the fee.; coaching needed"
    )
    assert "by phone; She is glad that we called." in told[5]["words"]


def test_what_is_ahead_is_shown(office: LoopOffice, line: Line) -> None:
    office.rated()
    assert set(line.show()["ahead"]) == {
        *("rise:0", "rise:1", "nag:0"),
        *("contact:near", "contact:missed", "resolve:near", "resolve:missed"),
    }
    line("acknowledge")
    until = (office.now + timedelta(days=1)).isoformat()
    line("snooze", "--until", until)
    assert line.show()["ahead"] == {"snooze": until}


def test_each_command_does_what_it_says(office: LoopOffice, line: Line) -> None:
    office.rated()
    ref = office.alert.ref
    done = {"ref": ref, "by": "Mona Berg"}
    assert line("note", "Sales knows.") == done | {"done": "note", "state": "open"}
    assert line("assign", "olaf") == done | {"done": "assign", "state": "open"}
    assert str(office.alert.owner) == "Olaf Lind"
    line("add", "sara", "otto@example.com", code=1)
    line("add", "sara", "otto")
    assert [one.key for one in office.alert.people] == ["sara", "otto"]
    assert line("acknowledge")["state"] == "acknowledged"
    assert line("contacted")["state"] == "contacted"
    assert line("resolve", *RESOLVED)["state"] == "resolved"
    assert line("reopen", "--words", "She wrote again.")["state"] == "acknowledged"
    assert office.alert.owner.name == "Mona Berg"


REFUSED = (
    (("acknowledge",), "Mona Berg has it already"),
    (("coached",), "No coaching is open"),
    (("reopen",), "It is open."),
    (("snooze", "--until", "2001-01-01T10:00Z"), "a time in the future"),
    (("assign", "nobody"), "nobody is called 'nobody'"),
    (("note", " "), "The note is empty"),
)


def test_what_makes_no_sense_is_refused_with_the_reason(office: LoopOffice, line: Line) -> None:
    office.rated()
    line("acknowledge")
    for words, why in REFUSED:
        assert why in line(*words, by="Nils Holm", code=1), words


def test_the_list_has_every_alert_with_its_owner(
    office: LoopOffice, line: Line, command: Command
) -> None:
    office.rated()
    line("acknowledge")
    (listed,) = json.loads(command(office, "alerts", "list", "--json"))
    assert (listed["state"], listed["owner"]) == ("acknowledged", "Mona Berg")


def test_what_puts_itself_right_is_closed_by_nobody(office: LoopOffice, line: Line) -> None:
    ticket = office.open()
    office.later(hours=3, minutes=1)
    office.answer(ticket)

    assert office.alert.resolved_by == ""
    assert office.alert.closed_at
    assert line.show()["story"][-1]["what"] == "resolved itself"
    assert line.show()["ahead"] == {}
    office.later(days=8)
    assert office.called() == []


def test_an_alert_that_was_opened_again_is_followed_again(office: LoopOffice, line: Line) -> None:
    office.rated()
    line("resolve", *RESOLVED)
    office.press(Press.REOPEN)

    assert office.alert.reopened == 1
    assert set(line.show()["ahead"]) == {
        *("contact:near", "contact:missed", "resolve:near", "resolve:missed"),
    }
    office.later(hours=25)
    assert "contact the customer" in office.called()[-1]
    line("resolve", *RESOLVED)
    assert (office.state, office.alert.closed_at is None) == ("resolved", False)


def test_two_at_once_come_to_one_result(office: LoopOffice) -> None:
    office.rated()
    office.press(Press.ACKNOWLEDGE, "Mona Berg")
    owner = office.alert.owner
    office.press(Press.CONTACT, "Nils Holm", how="phone")
    assert (office.alert.owner, office.alert.contacted_by) == (owner, "Nils Holm")
