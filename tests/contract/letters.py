"""Letters to send by e-mail, an everyday one and the worst, and what a mail program makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import msgspec

from bridge.domain.model import (
    Action,
    Contact,
    Goalpost,
    Line,
    Message,
    Severity,
)
from bridge.sandbox.smtp import Smtp
from connectors import Dispatch, Letter
from connectors.channels.email import Email

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
MONA = "mona@example.com"
SENDER = "Alert Bridge <alerts@example.com>"
SECRET = "secret-0a1b2c3d4e5f"

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
    since=NOW - timedelta(minutes=30),
    title="Invoice is wrong",
    url="https://demo.zendesk.com/agent/tickets/4711",
    customer=Contact(name="Anna Weber", email="anna@example.com", phone="+4930123456"),
    team="Billing",
    manager="Mona",
    owner="Ben",
    next=("Dora (director)", NOW + timedelta(hours=4)),
    goals=(
        Goalpost(what="Contact the customer", due_at=NOW + timedelta(hours=1)),
        Goalpost(what="Acknowledge", due_at=NOW, met=True),
        Goalpost(what="Resolve", due_at=NOW, missed=True),
    ),
    told=("#billing-alerts", "Mona (manager)"),
    link="https://demo.slack.com/archives/C1/p1",
)
EVIL = (
    "<script>alert(1)</script> <img src=x onerror=y> \"'> {{ 7*7 }} {% if %} &lt;b&gt;\r\n"
    "Bcc: all@example.com\r\n\r\n.\r\nMAIL FROM:<x@example.com>\u2028\u202egnp.exe\u202c \u200f\ud83d \x00"
)
NASTY = (EVIL * 80)[:10_000]
LETTER = Letter(to=MONA, subject="Five cases", text="Five.", html="<p>Five.</p>", marker="d-1")


def nasty(**other: Any) -> Message:
    """Hostile in every member that anybody else writes."""
    line = Line(
        rule=NASTY,
        severity=Severity.CRITICAL,
        headline=NASTY,
        facts=((NASTY, NASTY),) * 40,
        words=NASTY,
        recording="javascript:alert(1)",
        playbook='https://evil.example/"onmouseover="x',
        fix=NASTY,
    )
    gone = msgspec.structs.replace(line, gone=True)
    told: dict[str, Any] = {
        "lines": (line,) * 30 + (gone,) * 30,
        "url": "javascript:alert(1)",
        "customer": Contact(name=NASTY, email=NASTY, phone=NASTY),
        "next": (NASTY, NOW),
        "goals": (Goalpost(what=NASTY, due_at=NOW),) * 30,
        "told": (NASTY,) * 50,
        **dict.fromkeys(
            ("ref", "headline", "subject", "title", "team", "manager", "owner", "remark"), NASTY
        ),
        **dict.fromkeys(("outcome", "link", "text"), NASTY),
    }
    return msgspec.structs.replace(MESSAGE, **told | other)


def direct(
    to: str = MONA, message: Message = MESSAGE, marker: str = "d-4f9a2c", **more: Any
) -> Dispatch:
    return Dispatch(action=Action.DIRECT, to=to, marker=marker, message=message, **more)


def channel(smtp: Smtp, **more: Any) -> Email:
    given: dict[str, Any] = {"security": "none", "sender": SENDER, "now": lambda: NOW}
    return Email(host=smtp.host, port=smtp.port, **given | more)


def parts(smtp: Smtp) -> tuple[str, str]:
    """The two forms of the only mail."""
    [mail] = smtp.messages
    text, html = mail.content.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


class Seen(HTMLParser):
    """What a mail program makes of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data
