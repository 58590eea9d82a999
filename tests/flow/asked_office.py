"""The office whose customers are asked, once their case was resolved, whether it helped."""

from __future__ import annotations

import dataclasses
import re

import requests
from msgspec.structs import replace

from bridge.domain.model import Alert, Coaching, Member, Outcome, Press
from bridge.settings.channels import EmailSection
from bridge.simulate.world import ENV
from bridge.store import teams
from bridge.work.press import press
from tests.flow.conftest import Office, Opens

MONA = Member(name="Mona Berg", email="Billing@example.com")
ANNA = "anna@example.org"
LINK = re.compile(r"https?://[^\s\"]+/followup/[^\s\"<]+/")


def asking(open_office: Opens, by: str) -> Office:
    """An office whose teams ask "email" or on the "ticket"."""
    office = open_office()
    bridge = office.world.bridge
    bridge.settings = dataclasses.replace(
        bridge.settings,
        env={**ENV, "BRIDGE_SECRET": "secret-of-the-follow-ups"},
        public_url=office.world.hooks.removesuffix("/hooks"),
        email=EmailSection(
            host="127.0.0.1",
            port=office.world.sandbox.smtp.port,
            security="none",
            password="",
            sender="Acme Support <care@example.com>",
        ),
    )
    with bridge.engine.begin() as connection:
        known = teams.all_teams(connection)
        teams.save(connection, [replace(team, follow_up=by) for team in known])
    return office


def live_through(
    office: Office, words: str = "all in order", *, solve: bool = True
) -> tuple[int, Alert]:
    """A case from the bad rating to the resolve, with these words wherever people write some.

    Ben solves the ticket in public as well, unless it is to wait for an answer on.
    """
    ticket = office.open()
    office.rate(ticket, score=1, words="Nobody helps me.")
    (alert,) = office.alerts()
    told = f"{words}-"
    do(office, alert, Press.ACKNOWLEDGE, words=f"{told}acknowledged")
    do(office, alert, Press.NOTE, words=f"{told}noted")
    do(office, alert, Press.SAY, words=f"{told}said")
    do(office, alert, Press.CONTACT, words=f"{told}attempted", reached=False, how="phone")
    do(office, alert, Press.CONTACT, words=f"{told}contacted", how="phone")
    do(
        office,
        alert,
        Press.RESOLVE,
        words=f"{told}resolved",
        outcome=Outcome.RECOVERED,
        cause="slow answer",
        coaching=Coaching.NEEDED,
    )
    if solve:
        office.solve(ticket)
    do(office, alert, Press.COACH, words=f"{told}coached")
    return ticket, office.alerts()[0]


def do(office: Office, alert: Alert, action: Press, **said: object) -> None:
    """Mona does something about the alert, a minute later."""
    office.later(minutes=1)
    press(office.world.bridge, alert.ref, action, MONA, **said)
    office.settle()


def public(office: Office, ticket: int) -> list[tuple[str, str]]:
    """What the customer sees of the ticket: who wrote, and what."""
    found: list[tuple[str, str]] = office.desk.public_view(ticket)
    return found


def letters(office: Office) -> list[str]:
    """What the customer finds in her mailbox, as plain text."""
    found = []
    for mail in office.world.sandbox.smtp.inbox(ANNA):
        body = mail.content.get_body(("plain",))
        assert body is not None
        found.append(body.get_content().replace("\r\n", "\n"))
    return found


def answer(link: str, **form: str) -> None:
    """The customer answers."""
    assert requests.post(link, data=form, timeout=10).status_code == 200
