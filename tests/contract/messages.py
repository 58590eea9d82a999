"""Messages to send: an everyday one, and the worst that somebody could make us send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from bridge.domain.model import (
    Action,
    AlertState,
    Contact,
    Goalpost,
    Line,
    Message,
    Press,
    Receipt,
    Severity,
)
from connectors import Dispatch

SINCE = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

LINE = Line(
    rule="low_score",
    severity=Severity.HIGH,
    headline="Anna rated her ticket 1 of 5",
    facts=(("Score", "1 of 5"), ("Answered", "4 minutes ago")),
    words="Nobody called me back.\nI want to speak to a manager!",
    recording="https://calls.example.com/r/1.mp3",
    playbook="https://wiki.example.com/low-score",
    fix="Call her today, then say in the ticket what was agreed.",
)

MESSAGE = Message(
    ref="AB-12",
    severity=Severity.HIGH,
    resolved=False,
    headline="Anna rated her ticket 1 of 5",
    lines=(LINE,),
    subject="Ticket 4711",
    since=SINCE,
    title="Invoice is wrong",
    url="https://demo.zendesk.com/agent/tickets/4711",
    customer=Contact(name="Anna Weber", email="anna@example.com", phone="+4930123456"),
    team="Billing",
    manager="Mona",
    mention="U0MONA",
    told=("#billing-alerts", "Mona (manager)"),
    link="https://demo.slack.com/archives/C1/p1",
)

OFFERS = (
    Press.ACKNOWLEDGE,
    Press.CONTACT,
    Press.RESOLVE,
    Press.SNOOZE,
    Press.ASSIGN,
    Press.ADD,
    Press.NOTE,
    Press.USELESS,
)

WAITING = replace(
    MESSAGE,
    about="zendesk:4711",
    next=("Dana", SINCE + timedelta(hours=1)),
    goals=(
        Goalpost(what="Acknowledge", due_at=SINCE + timedelta(minutes=30), missed=True),
        Goalpost(what="Contact the customer", due_at=SINCE + timedelta(hours=24)),
    ),
    offers=OFFERS,
)
"""An alert that nobody has in hand yet."""

TAKEN = replace(
    WAITING,
    state=AlertState.ACKNOWLEDGED,
    owner="Ana Example",
    next=None,
    goals=(
        Goalpost(what="Acknowledge", due_at=SINCE + timedelta(minutes=30), met=True),
        Goalpost(what="Contact the customer", due_at=SINCE + timedelta(hours=24)),
    ),
    offers=OFFERS[1:],
)
"""The same in somebody's hands."""

EVIL = (
    "<!channel> <@U0BOSS> <!subteam^S1> <https://evil.example|click> *bold* _it_ ~no~ `code`\r\n"
    "\r\n> quoted\u2028{{ticket.requester.email}} {% if %} ![x](https://evil.example/p.png) @here "
    "@channel @everyone &amp; & \u202egnp.exe\u202c \u200f\u2066x\u2069 \ud83d half \x00 nul \x1b[31m "
)

NASTY = (EVIL * 60)[:10_000]


def nasty(**other: Any) -> Message:
    """Hostile in every member."""
    line = Line(
        rule=NASTY,
        severity=Severity.CRITICAL,
        headline=NASTY,
        facts=tuple((NASTY, NASTY) for _ in range(40)),
        words=NASTY,
        recording="https://evil.example/a|b>" + "x" * 50,
        playbook=NASTY,
        fix=NASTY,
    )
    gone = Line(rule="x", severity=Severity.INFO, headline=NASTY, gone=True)
    told: dict[str, Any] = {
        "ref": NASTY,
        "severity": Severity.CRITICAL,
        "resolved": False,
        "headline": NASTY,
        "lines": (line,) * 60 + (gone,) * 60,
        "subject": NASTY,
        "since": SINCE,
        "title": NASTY,
        "url": "javascript:alert(1)//<!channel>",
        "customer": Contact(name=NASTY, email=NASTY, phone=NASTY),
        "team": NASTY,
        "manager": NASTY,
        "mention": "U1> <!channel",
        "told": (NASTY,) * 50,
        "remark": NASTY,
        "link": NASTY,
        "text": NASTY,
        "owner": NASTY,
        "next": (NASTY, SINCE),
        "goals": (
            Goalpost(what=NASTY, due_at=SINCE),
            Goalpost(what=NASTY, due_at=SINCE, missed=True),
        )
        * 20,
        "outcome": NASTY,
        "offers": tuple(Press),
    }
    return Message(**told | other)


def dispatch(
    action: Action,
    to: str,
    message: Message = MESSAGE,
    *,
    marker: str = "d-4f9a2c",
    previous: Receipt | None = None,
    tags: tuple[str, ...] = (),
) -> Dispatch:
    return Dispatch(
        action=action, to=to, marker=marker, message=message, previous=previous, tags=tags
    )
