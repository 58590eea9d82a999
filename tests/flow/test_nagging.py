"""Warnings in steps, and reminders after the breach until somebody puts it right."""

from __future__ import annotations

import json

import pytest

from bridge.domain.model import ConfigError, Member, Press
from bridge.work.press import press
from tests.flow.conftest import Command, Office, Opens, written

STEPS = 'warn = ["3h", "2h", "1h"]\nnag = "4h"'


def test_each_warning_is_said_in_the_thread_and_each_reminder_in_the_channel(
    open_office: Opens,
) -> None:
    office = open_office(lambda text: text.replace("warn = [0.75]", STEPS, 1))
    ticket = office.open()
    office.later(hours=1, minutes=1)
    (post,) = office.posts()
    assert "First answer due in 3 h" in written(post)
    office.later(hours=1)
    assert [t for t in office.thread(post) if "due in 2 h" in t]
    office.later(hours=2)
    assert [b for b in office.broadcasts() if "Now high" in written(b)]
    assert not [b for b in office.broadcasts() if "Still open" in written(b)]
    office.later(hours=8)
    reminders = [b for b in office.broadcasts() if "Still open" in written(b)]
    assert len(reminders) == 2
    assert "Waiting 12 h" in written(reminders[-1])
    assert len(office.notes(ticket)) == 1
    office.answer(ticket, "Ben")
    office.later(hours=12)
    assert len([b for b in office.broadcasts() if "Still open" in written(b)]) == 2


def test_nobody_is_reminded_of_what_somebody_has_in_hand(
    open_office: Opens, command: Command
) -> None:
    office = open_office(lambda text: text.replace("warn = [0.75]", STEPS, 1))
    office.open()
    office.later(hours=8, minutes=1)
    assert len([b for b in office.broadcasts() if "Still open" in written(b)]) == 1
    (alert,) = office.alerts()
    press(office.world.bridge, alert.ref, Press.ACKNOWLEDGE, Member(name="Mona Berg"))
    office.later(seconds=1)
    with pytest.raises(ConfigError, match="Mona Berg has it already"):
        press(office.world.bridge, alert.ref, Press.ACKNOWLEDGE, Member(name="Nils Holm"))
    office.later(hours=12)
    (post,) = office.posts()
    assert "Acknowledged by Mona Berg" in written(post)
    assert [t for t in office.thread(post) if "Acknowledged by Mona Berg" in t]
    assert len([b for b in office.broadcasts() if "Still open" in written(b)]) == 1
    (listed,) = json.loads(command(office, "alerts", "list", "--json"))
    assert (listed["ref"], listed["owner"]) == (alert.ref, "Mona Berg")


def test_an_alert_is_acknowledged_from_the_command_line(office: Office, command: Command) -> None:
    office.open()
    office.later(hours=3, minutes=1)
    (alert,) = office.alerts()
    told = command(office, "alerts", "acknowledge", alert.ref.lower(), "--by", "Mona", "--json")
    assert json.loads(told) == {
        "ref": alert.ref,
        "done": "acknowledge",
        "state": "acknowledged",
        "by": "Mona",
    }
    office.settle()
    assert office.alerts()[0].acknowledged_by == "Mona"
    assert "no alert 'AB-0'" in command(office, "alerts", "acknowledge", "AB-0", code=1)
    office.answer(1)
    assert "is over" in command(office, "alerts", "acknowledge", alert.ref, code=1)
