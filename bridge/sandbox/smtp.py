"""A mail server that keeps what it gets: `Smtp.messages`. It can refuse, lose its voice, want TLS and a login.

Replies are those of RFC 5321, 4.2, with enhanced codes (RFC 3463).

The protocol is aiosmtpd's; its own controller needs a port that is known beforehand.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bridge.sandbox.wire import Clock


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as it was handed over."""

    sender: str
    """From the envelope, as in MAIL FROM."""
    recipients: tuple[str, ...]
    """From the envelope: those that were not refused."""
    raw: bytes
    at: datetime
    monotonic: float
    """`time.perf_counter()` at that moment."""
    encrypted: bool
    """Did it come over TLS?"""
    user: str
    """Who logged in, "" for nobody."""

    @property
    def content(self) -> EmailMessage:
        """The message taken apart."""
        return message_from_bytes(self.raw, policy=policy.default)


class Smtp:
    """A server on a free port of 127.0.0.1. Its attributes may be changed at any time.

    `refusals` are replies by recipient, as "550 5.1.1 No such user"; `reply` replaces the one that follows a
    message ("" takes it), as "451 4.3.0 Try again later"; `turned_away` is what everybody is told who wants to send, as
    "421 4.3.2 Too busy", and closes the connection where it begins with 421. With `hangs_up`, a message is taken and
    the connection closed without a reply; with `hangs_up_early` it is closed before the message, which is not taken.
    `logins` are users with their passwords; if there are any, a login is needed. With `tls`, STARTTLS is offered and
    needed; if it is `implicit`, all is encrypted from the first byte instead.
    """

    host = "127.0.0.1"

    def __init__(
        self, now: Clock, *, tls: ssl.SSLContext | None = None, implicit: bool = False
    ) -> None:
        self.now = now
        self.messages: list[Mail] = []
        self.refusals: dict[str, str] = {}
        self.reply = ""
        self.turned_away = ""
        self.hangs_up = False
        self.hangs_up_early = False
        self.logins: dict[str, str] = {}
        self.attempts = 0
        """Messages that were handed over, with those that were then refused."""
        self._starttls = None if implicit else tls
        self._implicit = tls if implicit else None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None
        self._thread: threading.Thread | None = None

    def inbox(self, address: str) -> list[Mail]:
        """What came for somebody, oldest first."""
        return [mail for mail in self.messages if address in mail.recipients]

    @property
    def port(self) -> int:
        """Where it listens; only once it was started."""
        if self._server is None:
            raise RuntimeError("the mail server was not started")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def encrypts(self) -> bool:
        """Is all encrypted from the first byte?"""
        return self._implicit is not None

    def start(self) -> None:
        """Take mail from now on, in the background."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def stop(self) -> None:
        """Take no more mail, and close what is open."""
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, self.host, 0, ssl=self._implicit)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _connection(self) -> SMTP:
        return SMTP(
            _Steps(self),
            loop=self._loop,
            hostname="mail.example.com",
            ident="sandbox",
            enable_SMTPUTF8=True,
            tls_context=self._starttls,
            require_starttls=self._starttls is not None,
            authenticator=self._authenticate,
            auth_require_tls=self._starttls is not None,
        )

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object
    ) -> AuthResult:
        known = isinstance(data, LoginPassword) and (
            self.logins.get(data.login.decode()) == data.password.decode()
        )
        return AuthResult(success=known, handled=known, auth_data=data)


class _Steps:
    """What aiosmtpd asks at each step; the names are its own."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp

    async def handle_MAIL(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if away := self._smtp.turned_away:
            if away.startswith("421"):
                await server.push(away)
                cast("asyncio.Transport", server.transport).close()
            return away
        # Asked here: aiosmtpd warns where it is to want a login without TLS.
        if self._smtp.logins and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self._smtp.hangs_up_early:
            cast("asyncio.Transport", server.transport).abort()
        if refusal := self._smtp.refusals.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        smtp, login = self._smtp, session.auth_data
        smtp.attempts += 1
        if smtp.reply:
            return smtp.reply
        smtp.messages.append(
            Mail(
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                raw=cast("bytes", envelope.original_content),
                at=smtp.now(),
                monotonic=time.perf_counter(),
                encrypted=session.ssl is not None or smtp.encrypts,
                user=login.login.decode() if isinstance(login, LoginPassword) else "",
            )
        )
        if smtp.hangs_up:
            cast("asyncio.Transport", server.transport).abort()
        return "250 OK"
