"""A mail server that keeps what it gets: `Smtp.messages`. It can refuse, lose its voice, want TLS and a login.

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
    message ("" takes it), as "451 4.3.0 Try again later". With `hangs_up`, a message is taken and the connection
    closed without a reply. `logins` are users with their passwords; if there are any, a login is needed. With `tls`,
    STARTTLS is offered and needed.
    """

    host = "127.0.0.1"

    def __init__(self, now: Clock, *, tls: ssl.SSLContext | None = None) -> None:
        self.now = now
        self.messages: list[Mail] = []
        self.refusals: dict[str, str] = {}
        self.reply = ""
        self.hangs_up = False
        self.logins: dict[str, str] = {}
        self.attempts = 0
        """Messages that were handed over, with those that were then refused."""
        self._tls = tls
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """Where it listens; only once it was started."""
        if self._server is None:
            raise RuntimeError("the mail server was not started")
        return int(self._server.sockets[0].getsockname()[1])

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
        self._server = await loop.create_server(self._connection, self.host, 0)

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
            tls_context=self._tls,
            require_starttls=self._tls is not None,
            authenticator=self._authenticate,
            auth_require_tls=self._tls is not None,
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
        _server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        # Asked here: aiosmtpd warns where it is to want a login without TLS.
        if self._smtp.logins and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
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
                encrypted=session.ssl is not None,
                user=login.login.decode() if isinstance(login, LoginPassword) else "",
            )
        )
        if smtp.hangs_up:
            cast("asyncio.Transport", server.transport).abort()
        return "250 OK"
