"""Whether Twilio would send for us: the account, and the number we send from. Nothing is sent.

Sources: twilio.com/docs/iam/api/account ("active", "suspended", "closed"; "Trial", "Full") and
twilio.com/docs/phone-numbers/api/incomingphonenumber-resource. That a suspended account may still ask how it stands is
unconfirmed: it may be told 20003 instead, which the words for that code allow for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from bridge.domain.model import Undeliverable
from connectors import Found
from connectors.plain import plain

if TYPE_CHECKING:
    from twilio.rest import Client

    from connectors.channels.sms import Sms

_ANEW = "copy Account SID and Auth Token from console.twilio.com anew: docs/setup-sms.md"
_CONSOLE = "console.twilio.com says why: mostly it is the balance"
_LATER = "try again later; does a proxy or a firewall let us out to Twilio?"
_NUMBERS = "console.twilio.com: Phone Numbers > Active numbers: choose one with SMS as `sender`"
_TRIAL = ", as a trial: it reaches only numbers that are verified there, until it is upgraded"
_MOST = 20  # the filter takes parts of a number for it, too


def look(sms: Sms) -> Iterator[Found]:
    """The account, then the sender where the account is in order. Raises nothing."""
    try:
        status, trial = sms.answer(lambda client: _account(client, sms.account))
        if not status:
            raise sms.unreadable()
        if status != "active":
            what = f"{sms.name}: the account is {plain(status, 20)}: nothing is sent"
            yield Found(False, what, _CONSOLE)
            return
        yield Found(True, f"{sms.name}: the account is active" + (_TRIAL if trial else ""))
        yield _sender(sms)
    except Undeliverable as error:
        yield Found(False, str(error), _ANEW if error.retry_after is None else _LATER)


def _account(client: Client, sid: str) -> tuple[str, bool]:
    """How the account stands, "" where the answer doesn't tell; and whether it is a trial."""
    found = client.api.v2010.accounts(sid).fetch()
    status = found.status if isinstance(found.status, str) else ""
    return status, str(found.type).lower() == "trial"


def _sender(sms: Sms) -> Found:
    """Whether messages can be sent from it. Raises Undeliverable."""
    if sms.sender.startswith("MG"):
        return Found(True, f"{sms.name}: what its messaging service can send from isn't checked")
    if not sms.sender.startswith("+"):
        return Found(True, f"{sms.name}: whether it may send from its short code isn't checked")
    sends = sms.answer(lambda client: _can_send(client, sms.sender))
    if sends is None:
        what = f"{sms.name}: the sender {sms.sender} is no number of the account"
        return Found(False, what, _NUMBERS)
    if not sends:
        return Found(False, f"{sms.name}: the sender {sms.sender} can't send messages", _NUMBERS)
    return Found(True, f"{sms.name}: the sender {sms.sender} is a number of the account")


def _can_send(client: Client, number: str) -> bool | None:
    """Whether a number of the account can send messages; None where it is none of the account's."""
    for one in client.incoming_phone_numbers.list(phone_number=number, limit=_MOST):
        if one.phone_number == number:
            able = one.capabilities
            told = {k.lower(): v for k, v in able.items()} if isinstance(able, Mapping) else {}
            return told.get("sms") is not False
    return None
