"""A text message as Twilio keeps it, and into how many pieces it is cut on its way.

Source: twilio.com/docs/glossary/what-sms-character-limit: 160 characters of GSM-7, or 70 UTF-16 units where there is
any other character; 153 or 67 in each piece of a longer one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil

LONGEST = 1600

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""What takes one place of seven bits (3GPP TS 23.038, 6.2.1)."""

GSM_TWICE = frozenset("\f^{}\\[~]|€")
"""What takes two (6.2.1.1)."""


@dataclass(slots=True)
class Sms:
    """A text message."""

    sid: str
    to: str
    sender: str
    body: str
    at: datetime
    callback: str
    monotonic: float
    """`time.perf_counter()` when it was taken."""
    status: str = "queued"
    error: int | None = None
    service: str = ""
    """The messaging service that was asked to send it, if one was."""

    @property
    def segments(self) -> int:
        """How many pieces it is sent in, and paid for."""
        return segments(self.body)


def segments(body: str) -> int:
    """How many pieces a body is cut into; one at least."""
    if set(body) <= GSM | GSM_TWICE:
        long, whole, part = len(body) + sum(char in GSM_TWICE for char in body), 160, 153
    else:
        long, whole, part = len(body.encode("utf-16-le", "surrogatepass")) // 2, 70, 67
    return 1 if long <= whole else ceil(long / part)
