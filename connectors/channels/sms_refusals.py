"""Twilio's own errors when it is given a message: what to do about each, and which concern the whole account.

Source: twilio.com/docs/api/errors; the body is {code, message, more_info, status}. Only the code is told: the message
may quote the number. That 21614 and 21408 come with the answer, and not only later with the status, is unconfirmed.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from bridge.domain.model import Undeliverable
from connectors import Declined
from connectors.http import verdict

STOPPED = 21610
TOO_MANY = 20429

ADVICE = {
    20003: "the account or its auth token is wrong, or it is suspended",
    20404: "there is no such account",
    21211: "the receiver's number isn't one",
    21408: "the account may not send to that region: Messaging > Settings > Geo permissions",
    21603: "no sender was named",
    21606: "the sender isn't a number of the account that can send messages",
    21608: "a trial account reaches verified numbers only",
    21612: "this sender can't reach that number",
    21614: "the receiver's number is no mobile phone's",
    21617: "the message is too long",
    21659: "the sender isn't a number of the account",
    21701: "there is no such messaging service",
    21703: "the messaging service has no number to send from",
}
ACCOUNT = frozenset({20003, 20404, 21603, 21606, 21659, 21701, 21703})


class _Body(Struct):
    code: int = 0


def code_of(body: bytes) -> int:
    """Twilio's error code; 0 where there is none."""
    try:
        return msgspec.json.decode(body, type=_Body).code
    except msgspec.DecodeError:
        return 0


def refused(who: str, status: int, headers: Mapping[str, str], code: int) -> Undeliverable:
    """The error for an answer that isn't 2xx: retry at, or never, or never to this receiver again."""
    if code == STOPPED:
        return Declined(f"{who}: the receiver wants no messages, they replied STOP (21610)")
    if code == TOO_MANY:
        status = 429
    advice = ADVICE.get(code, "")
    words = f"error {code}" + (f", {advice}" if advice else "") if code else ""
    failure = verdict(status, headers, words, who=who)
    if failure is None:
        raise ValueError(f"{status} is no refusal")
    if failure.retry_after is None and code in ACCOUNT:
        return Undeliverable(str(failure), wide=True)
    return failure
