"""What the pictures in docs/images show: cases of an invented team, told by the code that tells them in earnest.

Nothing is sent and nothing drawn here: `payloads` are what Slack, a mail program or a browser is given.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from msgspec import Struct
from msgspec.structs import replace

from bridge import settings
from bridge.domain import example
from bridge.domain.digest import Where, draw_up, with_names
from bridge.domain.loop import Loop, begin, follow
from bridge.domain.message import Place, compose
from bridge.domain.model import (
    Alert,
    Answer,
    Coaching,
    Contact,
    Finding,
    Member,
    Message,
    Outcome,
    Press,
    Pressed,
    Reason,
    Team,
    Ticket,
)
from bridge.domain.people import Roster
from bridge.domain.rules import begins_in_shadow, rules
from bridge.web.followup import _page, _say
from bridge.work.digest_mail import letter_of
from connectors.channels import slack_modals
from connectors.channels.slack_blocks import blocks
from connectors.channels.slack_home import home
from connectors.channels.slack_lists import STORM_PAGE, listed, storm_page, storm_summary
from tests.pages import text

SINCE = datetime(2026, 11, 19, 10, 15, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
ANA, BEN = "U0123ABCD", "ben"

POLICY = settings.parse(text("config/bridge.toml"), {})
PLAYBOOKS = {name: rule.playbook for name, rule in rules().items()}
BILLING = Team(
    name="Billing",
    parent="Support",
    slack_channel="C0123ABCD",
    manager="Ana Example",
    manager_slack=ANA,
    manager_email="ana@example.com",
)
SUPPORT = Team(name="Support", manager="Max Example")
FOLLOWED = Loop(
    team=BILLING,
    ladder=POLICY.ladders["default"],
    targets=POLICY.loop.targets,
    roster=Roster(teams=(BILLING, SUPPORT)),
    hours=POLICY.hours,
)


class Case(Struct, frozen=True):
    """A ticket, the alert on it, and its customer."""

    ticket: Ticket
    alert: Alert
    customer: Contact

    def message(self, now: datetime, mention: str = "") -> Message:
        """The alert in words, as it stands at that moment."""
        place = Place(
            desk="zendesk",
            url=f"https://acme.zendesk.com/agent/tickets/{self.ticket.key}",
            customer=self.customer,
            mention=mention,
        )
        return compose(
            self.alert, self.ticket, BILLING, place, playbooks=POLICY.playbooks | PLAYBOOKS, now=now
        )

    def press(self, action: Press, after: timedelta, **said: Any) -> Case:
        """The case after Ana did something in Slack, so long after it began."""
        at = self.alert.opened_at + after
        pressed = Pressed(
            id=f"slack:{action.value}",
            subject=self.ticket.id,
            at=at,
            alert=self.alert.ref,
            action=action,
            who=Member(name="Ana Example", slack=ANA),
            via="slack",
            **said,
        )
        after_it, _ = follow(self.alert, pressed, FOLLOWED)
        return replace(self, alert=after_it)


def case(
    number: int, title: str, customer: str, since: datetime = SINCE, agent: str = BEN, **told: Any
) -> Case:
    """A case of Billing's, as the rules find it and the policy follows it."""
    ticket = Ticket(id=f"zendesk:{number}", as_of=(since, 0, ""), title=title, agent=agent, **told)
    policy = example.Policy(
        rules=tuple(rule() for rule in rules().values() if not begins_in_shadow(rule)),
        goals=(),
        hours=example.Hours(ZoneInfo("UTC")),
    )
    findings: tuple[Finding, ...] = example.judge(ticket, policy, since).findings
    alert = Alert(
        subject=ticket.id,
        ref=f"AB-3F9A{number:04X}",
        severity=max(finding.severity for finding in findings),
        team=BILLING.name,
        customer=f"zendesk:{number}",
        opened_at=since,
        changed_at=since,
        reasons=tuple(Reason(finding=finding, added_at=since) for finding in findings),
    )
    email = f"{customer.split(maxsplit=1)[0].lower()}@example.com"
    return Case(ticket, begin(alert, FOLLOWED, since), Contact(name=customer, email=email))


def rated(stars: int, words: str = "", at: datetime = SINCE) -> dict[str, Any]:
    """A survey answer on a ticket."""
    score = (stars - 1) / 4
    answer = Answer(id="1", score=score, raw=str(stars), low=1, high=5, at=at, words=words)
    return {"answers": (answer,)}


OPEN = case(
    4711,
    "Invoice goes to our old address",
    "Sam Example",
    **rated(2, "Third letter about this. Nobody calls back."),
)
TAKEN = OPEN.press(Press.ACKNOWLEDGE, timedelta(minutes=12))
REACHED = TAKEN.press(
    Press.CONTACT, timedelta(hours=2), how="phone", words="Will send a corrected invoice today."
)
RESOLVED = REACHED.press(
    Press.RESOLVE,
    timedelta(hours=4),
    outcome=Outcome.RECOVERED,
    cause="handoffs",
    words="Address mended in both systems, credit note sent",
    coaching=Coaching.NEEDED,
)
CHARGED = case(
    4698,
    "Charged twice in October",
    "Kim Example",
    SINCE - timedelta(hours=1),
    **rated(1, "Twice the money, no answer.", SINCE - timedelta(hours=1)),
)
RETURNED = case(
    4655,
    "Discount code does not work",
    "Lee Example",
    SINCE - timedelta(hours=20),
    reopened=(SINCE - timedelta(hours=40), SINCE - timedelta(hours=20)),
).press(Press.ACKNOWLEDGE, timedelta(minutes=20))


def payloads() -> dict[str, Any]:
    """Everything that is pictured, by the picture's name: Block Kit as objects, pages and mails as text."""
    soon, later = SINCE + timedelta(minutes=12), SINCE + timedelta(hours=4)
    headline = OPEN.message(soon).headline
    ref, causes = OPEN.alert.ref, POLICY.loop.causes
    mine = [one.message(soon) for one in (CHARGED, OPEN, RETURNED)]
    mail = digest()
    return {
        "alert-open": blocks(OPEN.message(SINCE, mention=ANA), mention=True),
        "alert-acknowledged": blocks(TAKEN.message(soon)),
        "alert-resolved": blocks(RESOLVED.message(later)),
        "modal-contact": slack_modals.contact(ref, BILLING.slack_channel, headline),
        "modal-resolve": slack_modals.resolve(ref, causes, BILLING.slack_channel, headline),
        "home": home(mine),
        "command": listed("My open alerts", mine),
        "storm": storm(),
        "digest": mail.html,
        "digest-text": f"Subject: {mail.subject}\n\n{mail.text}",
        "question": question(),
    }


def storm() -> list[list[dict[str, Any]]]:
    """The summary of thirty alerts at once, and the last page in its thread."""
    people = ("Sam", "Kim", "Lee", "Noor", "Iris")
    found = [
        case(4800 + n, "Payment page is down", f"{people[n % 5]} Example", **rated(1 + n % 7 % 2))
        for n in range(30)
    ]
    told = [one.message(SINCE) for one in found]
    gravest = max(told, key=lambda one: one.severity)
    pages = ceil(len(told) / STORM_PAGE)
    last = storm_page(told[(pages - 1) * STORM_PAGE :], pages, pages)
    return [storm_summary("", len(told), SINCE, gravest, pages), last]


def digest() -> Any:
    """The letter of the next morning to Billing's manager."""
    now = datetime(2026, 11, 20, 8, tzinfo=ZONE).astimezone(UTC)
    found = [CHARGED, RETURNED, RESOLVED]
    places = {
        one.ticket.id: Where(
            about=f"Ticket {one.ticket.key}",
            title=one.ticket.title,
            url=f"https://acme.zendesk.com/agent/tickets/{one.ticket.key}",
            agent=f"zendesk:{one.ticket.agent}",
        )
        for one in found
    }
    drawn = draw_up(
        [one.alert for one in found],
        places,
        team=BILLING.name,
        manager=BILLING.manager,
        zone=ZONE,
        since=now - timedelta(days=1),
        now=now,
    )
    link = "https://alerts.example.com/digest/unsubscribe/…/"
    named = with_names(drawn, {f"zendesk:{BEN}": "Ben Example"})
    return letter_of(named, BILLING.manager_email, unsubscribe=link)


def question() -> str:
    """The customer's page, as the route shows it."""
    app = Flask("bridge.web")
    with app.test_request_context("/followup/…/"):
        shown = _page(_say().question, asks=True)
    return shown.get_data(as_text=True)
