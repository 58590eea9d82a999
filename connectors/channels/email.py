"""E-mail: an alert to one person, and any other letter, by SMTP to the company's own mail server.

A letter is handed over step by step, so that it is known how far it came when the connection is lost: until the last
byte was sent nothing can have been taken (RFC 5321, 4.1.1.4); after it, nobody knows.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from typing import ClassVar

from bridge.domain.model import Action, ConfigError, Receipt, Undeliverable
from connectors import Dispatch, Found, Letter, Unsearchable
from connectors.budget import UNLIMITED, Budget, Limit
from connectors.channels.email_check import look
from connectors.channels.email_letter import letter_of
from connectors.channels.email_mime import address, forbidden, message_id, sender_of, written
from connectors.channels.email_refusals import Stage, refusal, reply_of
from connectors.http import transport

SECURITIES = ("starttls", "tls", "none")

_CONNECT = 8.0  # seconds, for the connection and the greeting
_STEP = 5.0  # between two replies
_LAST = 15.0  # for the reply to the message, which a server may look through first
_HERE = ("localhost", "127.0.0.1", "::1")
_A_MINUTE = timedelta(minutes=1)
_TO_TAKE = 354
_DOTS = re.compile(rb"^\.", re.MULTILINE)


def wall_clock() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Email:
    """A mail server that takes what we write as `sender`.

    `security` is "starttls", "tls" (from the first byte, mostly port 465) or "none"; a certificate that isn't of a
    known authority is checked by `ca_file`. `password` may be empty: then nobody logs in. `never` are addresses, and
    "@host" for all of one's, that are not written to: the helpdesk's own. `per_minute` is what the server allows.
    """

    kind: ClassVar[str] = "email"

    name: str = "email"
    host: str
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str
    never: tuple[str, ...] = ()
    ca_file: str = ""
    per_minute: int = 30
    budget: Budget = field(default=UNLIMITED, repr=False)
    now: Callable[[], datetime] = field(default=wall_clock, repr=False)

    def __post_init__(self) -> None:
        """Raise ConfigError for a setting that could never work, or would give the password away."""
        sender_of(self.sender)
        if self.security not in SECURITIES:
            raise ConfigError(f"security: must be one of {', '.join(SECURITIES)}")
        if self.password and self.security == "none" and self.host not in _HERE:
            raise ConfigError('security: a password goes over "starttls" or "tls" only')
        if self.per_minute < 3:
            raise ConfigError("per_minute: must be 3 or more")
        for one in self.never:
            if not address(one if one.partition("@")[0].strip() else f"x{one.strip()}"):
                raise ConfigError("never: must be addresses, or @ and a host")
        if not f"{self.user}{self.password}".isascii():
            raise ConfigError("user, password: must be ASCII")

    def send(self, dispatch: Dispatch) -> Receipt:
        """Write to one person what is wrong. Raises Undeliverable."""
        if dispatch.action is not Action.DIRECT:
            raise Undeliverable(f"e-mail has no way to carry out a {dispatch.action.value}")
        return self.post(letter_of(dispatch.message, dispatch.to, dispatch.marker))

    def find(self, dispatch: Dispatch, since: datetime) -> Receipt | None:  # noqa: ARG002
        """Raises Unsearchable: a mail server tells nobody what it took.

        A letter that comes twice has the same Message-ID, by which many mailboxes show it once (unconfirmed).
        """
        raise Unsearchable("a mail server can't tell what it took")

    def post(self, letter: Letter) -> Receipt:
        """Hand a letter over; the receipt is its Message-ID. Raises Undeliverable."""
        to = address(letter.to)
        if not to:
            raise Undeliverable("the receiver has no e-mail address that can be written to")
        if forbidden(to, self.never):
            why = "the address is a helpdesk's own: a mail to it opens a ticket"
            raise Undeliverable(why)
        sender = sender_of(self.sender)
        try:
            content = written(letter, to, sender, self.now())
        except (MessageError, ValueError, LookupError):
            raise Undeliverable("the letter can't be written down") from None
        self.spend()
        self._hand_over(sender, to, content)
        return Receipt(ref=message_id(letter.marker, sender), to=to)

    def inspect(self, now: datetime) -> Iterator[Found]:  # noqa: ARG002 - nobody's clock is looked at
        """Whether the server lets us in as it would to send, of which nothing is done. See `Setup.inspect`."""
        yield from look(self)

    def spend(self) -> None:
        """Take one connection from what the server allows. Raises Spent."""
        # A third at once, and the rest while the minute passes: together never more than is allowed.
        at_once = self.per_minute // 3
        self.budget.spend(self.name, [Limit("e-mails", at_once, _A_MINUTE / 2)])

    def _hand_over(self, sender: Address, to: str, content: bytes) -> None:
        sent = False
        try:
            with self.opened() as client:
                self.expect(Stage.SENDER, client.mail(sender.addr_spec))
                self.expect(Stage.RECIPIENT, client.rcpt(to))
                self.expect(Stage.MESSAGE, client.docmd("DATA"), _TO_TAKE)
                client.send(_DOTS.sub(b"..", content) + b".\r\n")
                sent = True
                if client.sock is not None:
                    client.sock.settimeout(_LAST)
                self.expect(Stage.MESSAGE, client.getreply())
        except smtplib.SMTPResponseException as error:
            stage = Stage.MESSAGE if sent else Stage.GREETING
            raise refusal(self.name, stage, *reply_of(error)) from None
        except smtplib.SMTPNotSupportedError:
            why = f'{self.name} offers no STARTTLS; is it a port for security = "tls"?'
            raise Undeliverable(why, wide=True) from None
        except (OSError, ValueError) as error:
            raise self._lost(error, unsure=sent) from None

    @contextmanager
    def opened(self) -> Iterator[smtplib.SMTP]:
        """A connection, encrypted as it has to be, greeted and logged in; closed in the end.

        Raises Undeliverable, and what smtplib raises.
        """
        client = self._connected()
        try:
            self._login(client)
            yield client
        finally:
            _leave(client)

    def _connected(self) -> smtplib.SMTP:
        """A connection, encrypted as it has to be, and greeted. Raises what smtplib raises."""
        if self.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=_CONNECT, context=self._context()
            )
        else:
            client = smtplib.SMTP(self.host, self.port, timeout=_CONNECT)
        try:
            if client.sock is not None:
                client.sock.settimeout(_STEP)
            client.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                self.expect(Stage.GREETING, client.starttls(context=self._context()))
                client.ehlo_or_helo_if_needed()
        except (OSError, ValueError, Undeliverable):
            _leave(client)
            raise
        return client

    def _context(self) -> ssl.SSLContext:
        """Raises Undeliverable where the file with the authority can't be read."""
        try:
            return ssl.create_default_context(cafile=self.ca_file or None)
        except OSError:
            raise Undeliverable(f"{self.name}: ca_file can't be read", wide=True) from None

    def _login(self, client: smtplib.SMTP) -> None:
        if not self.password:
            return
        try:
            client.login(self.user, self.password)
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPResponseException as error:
            raise refusal(self.name, Stage.LOGIN, *reply_of(error)) from None
        except smtplib.SMTPException:
            why = f"{self.name} offers no way to log in that we know: PLAIN, LOGIN or CRAM-MD5"
            raise Undeliverable(why, wide=True) from None

    def expect(self, stage: Stage, reply: tuple[int, bytes], wanted: int = 0) -> None:
        """Raise Undeliverable unless the reply is `wanted`, or any success."""
        code, words = reply
        if code != wanted if wanted else not 200 <= code < 300:
            raise refusal(self.name, stage, code, words)

    def _lost(self, error: Exception, *, unsure: bool) -> Undeliverable:
        """What the end of a connection means, by how far it had come."""
        found = transport(error, who=self.name)
        return Undeliverable(
            str(found), retry_after=found.retry_after, unsure=unsure, wide=found.wide
        )


def _leave(client: smtplib.SMTP) -> None:
    """Say goodbye if there is still somebody to hear it; whatever was sent is settled."""
    with suppress(OSError, ValueError):
        if client.sock is not None:
            client.sock.settimeout(1.0)
            client.quit()
    client.close()
