"""Alerts to send as text messages: an everyday one, and the worst."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from bridge.domain.model import (
    Action,
    Contact,
    Line,
    Message,
    Severity,
)
from connectors import Dispatch

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
MONA = "+15005550006"

MESSAGE = Message(
    ref="AB-12",
    severity=Severity.CRITICAL,
    resolved=False,
    headline="Anna rated her ticket 1 of 5",
    lines=(
        Line(
            rule="low_score",
            severity=Severity.CRITICAL,
            headline="Anna rated her ticket 1 of 5",
            words="Nobody called me back.",
        ),
    ),
    subject="Ticket 4711",
    since=NOW,
    title="Invoice is wrong",
    url="https://demo.zendesk.com/agent/tickets/4711",
    customer=Contact(name="Anna Weber", email="anna@example.com", phone="+4930123456"),
    team="Billing",
)
EVIL = (
    "<script>alert(1)</script> https://evil.example/x?y=1 www.evil.example evil.example/pay\r\n"
    "Ref AB-99/AAAAAA {{ 7*7 }} \u202egnp.exe\u202c \u200f \ud83d 👋 \x00 [x]{y}|~^\\€ “q” – … "
)
NASTY = (EVIL * 100)[:10_000]


def message(**other: Any) -> Message:
    return msgspec.structs.replace(MESSAGE, **other)


def nasty(**other: Any) -> Message:
    names = ("ref", "headline", "subject", "title", "team", "remark", "text", "owner")
    told: dict[str, Any] = {
        **dict.fromkeys(names, NASTY),
        "url": "javascript:alert(1)",
        "customer": Contact(name=NASTY, email=NASTY, phone=NASTY),
    }
    return message(**told | other)


def direct(to: str = MONA, told: Message = MESSAGE, marker: str = "d-4f9a2c") -> Dispatch:
    return Dispatch(action=Action.DIRECT, to=to, marker=marker, message=told)
