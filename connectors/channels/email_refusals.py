"""What a mail server's replies mean: retry at, or never, and whose trouble it is.

Source: RFC 5321, 4.2 and RFC 3463 (enhanced codes). The server's own words are left out, for it may quote what we sent.
"""

from __future__ import annotations

import re
import smtplib
from datetime import timedelta
from enum import StrEnum

from bridge.domain.model import Undeliverable

_ENHANCED = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})(?=\s|$)")
_SOON = timedelta(seconds=30)
_LATER = timedelta(minutes=2)  # greylisting lets nobody in sooner

CLOSING = 421  # the server gives up on this connection, whatever was asked


class Stage(StrEnum):
    """What was replied to."""

    GREETING = "the connection"
    LOGIN = "the login"
    SENDER = "the sender"
    RECIPIENT = "the recipient"
    MESSAGE = "the message"


class Refusal(Undeliverable):
    """The server's own no; `stage` is what it was said to."""

    stage = Stage.GREETING


_ADVICE = {
    Stage.GREETING: "does it let this host send, and are host, port and security right?",
    Stage.LOGIN: "user or password is wrong, or may not send by SMTP",
    Stage.SENDER: "it wants a login, or lets this user not write as this sender",
    Stage.RECIPIENT: "no such mailbox, or none that it takes mail for",
    Stage.MESSAGE: "too large, or taken for spam: are SPF, DKIM and DMARC of the sender right?",
}
_ONES_OWN = (Stage.RECIPIENT, Stage.MESSAGE)  # the others are everybody's trouble


def refusal(who: str, stage: Stage, code: int, words: bytes) -> Refusal:
    """The error for a reply that is no success. The recipient's and the message's concern nobody else."""
    found = _ENHANCED.match(words)
    told = f"{code} {found[1].decode()}" if found else str(code)
    why = f"{who} answered {told} to {stage.value}"
    wide = stage not in _ONES_OWN or code == CLOSING
    if 500 <= code < 600:
        refused = Refusal(f"{why}: {_ADVICE[stage]}", wide=wide)
    elif 400 <= code < 500:
        refused = Refusal(why, retry_after=_SOON if wide else _LATER, wide=wide)
    else:
        unclear = stage is Stage.MESSAGE
        refused = Refusal(f"{why}, which says nothing", retry_after=_SOON, unsure=unclear)
    refused.stage = stage
    return refused


def reply_of(error: smtplib.SMTPResponseException) -> tuple[int, bytes]:
    """The reply that smtplib made an error of."""
    words = error.smtp_error
    return error.smtp_code, words if isinstance(words, bytes) else words.encode()
