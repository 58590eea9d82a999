"""A letter as bytes on the wire (RFC 5322, 2045), and which addresses it may go to.

Nothing that somebody wrote can add a header or a recipient: addresses are checked letter by letter, line breaks are
taken out of what stands in a header, and all is ASCII in the end, whatever the mail server can do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from bridge.domain.model import ConfigError
from connectors import Letter
from connectors.plain import plain, web

HELPDESKS = ("zendesk.com", "atlassian.net")
"""A mail to any address there opens a ticket, and that would raise the next alert."""

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9-]{1,63}")
_MARKER = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_MAILTO = re.compile(r"mailto:[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
_LINK = re.compile(r"https://[\x21-\x7e]{1,900}")
_LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
_LONGEST_LOCAL = 64
_LONGEST_MARKER = 120
_SUBJECT = 150


def address(text: str) -> str:
    """The address as it may be written to, with its host in ASCII and lower case; "" if it is none."""
    local, at, host = text.strip().rpartition("@")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    found = f"{local}@{host.lower()}"
    fits = len(found) <= _LONGEST_ADDRESS and 0 < len(local) <= _LONGEST_LOCAL
    return found if at and fits and _LOCAL.fullmatch(local) and _HOST.fullmatch(host) else ""


def sender_of(text: str) -> Address:
    """The sender, as in "Alert Bridge <alerts@example.com>". Raises ConfigError."""
    name, found = parseaddr(text)
    if plain(text) != text.strip() or not (spec := address(found)):
        raise ConfigError("sender: write it as Alert Bridge <alerts@example.com>")
    return Address(display_name=plain(name, 100), addr_spec=spec)


def forbidden(to: str, never: Iterable[str]) -> bool:
    """Whether the address is a helpdesk's, or one of `never`: addresses, or "@host" for it and all hosts below it.

    What follows a plus is left out, for helpdesks read support+id4711@… as an answer to a ticket.
    """
    local, _, host = to.lower().rpartition("@")
    plain_address = f"{local.partition('+')[0]}@{host}"
    hosts = [*HELPDESKS]
    for one in never:
        name, _, place = one.strip().lower().rpartition("@")
        if name and address(f"{name.partition('+')[0]}@{place}") == plain_address:
            return True
        if not name and place:
            hosts.append(place)
    return any(host == one or host.endswith(f".{one}") for one in hosts)


def message_id(marker: str, sender: Address) -> str:
    """`<marker@host>`: the same for every repeat of the same letter."""
    if len(marker) > _LONGEST_MARKER or not _MARKER.fullmatch(marker):
        marker = hashlib.sha256(marker.encode("utf-8", "surrogatepass")).hexdigest()
    return f"<{marker}@{sender.domain}>"


def written(letter: Letter, to: str, sender: Address, now: datetime) -> bytes:
    """The letter with all its headers; `to` has been checked by `address`.

    That it comes from a machine is said as RFC 3834 has it, and as Exchange has it, lest a reply be made by another.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(addr_spec=to)
    if reply_to := address(letter.reply_to):
        message["Reply-To"] = Address(addr_spec=reply_to)
    message["Subject"] = plain(letter.subject, _SUBJECT) or "Alert"
    message["Date"] = format_datetime(now.astimezone(UTC))
    message["Message-ID"] = message_id(letter.marker, sender)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    text, html = plain(letter.text, lines=True), plain(letter.html, lines=True)
    message.set_content(f"{text}\n", cte="quoted-printable")
    message.add_alternative(f"{html}\n", subtype="html", cte="quoted-printable")
    return _unsubscribing(letter.unsubscribe) + message.as_bytes()


def _unsubscribing(how: str) -> bytes:
    """List-Unsubscribe, and for a link that one click is enough (RFC 2369, 8058).

    Written by hand: the library breaks a link that is longer than a line into pieces that nobody puts together again.
    """
    if _MAILTO.fullmatch(how):
        return f"List-Unsubscribe: <{how}>\r\n".encode()
    link = web(how)
    if not _LINK.fullmatch(link):
        return b""
    one_click = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    return f"List-Unsubscribe: <{link}>\r\n{one_click}\r\n".encode()
