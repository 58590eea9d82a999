"""Whether the mail server lets us in: the same steps as before a letter, then NOOP and QUIT. Nothing is sent."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from socket import gaierror
from typing import TYPE_CHECKING

from bridge.domain.model import Undeliverable
from connectors import Found
from connectors.budget import Spent
from connectors.channels.email_refusals import Refusal, Stage, refusal, reply_of
from connectors.http import transport
from connectors.plain import plain

if TYPE_CHECKING:
    from connectors.channels.email import Email

_SECTION = "look at [channels.email]: docs/setup-email.md"
_LATER = "try again later"
_LOGIN = "set `user` and its password anew; some services want SMTP allowed for each mailbox"
_PRIVATE_PORT = 'a port that encrypts from the first byte wants security = "tls"'
_EXPIRED, _SELF_SIGNED, _OTHER_NAME, _OTHER_ADDRESS = 10, 18, 62, 64  # OpenSSL, x509_vfy.h


def look(email: Email) -> Iterator[Found]:
    """Go in and out again: one finding, in words without a secret and without the server's own. Raises nothing."""
    try:
        email.spend()
        with email.opened() as client:
            email.expect(Stage.GREETING, client.noop())
            let_in = _let_in(email, client)
        yield Found(True, let_in)
    except Spent as spent:
        yield Found(False, str(spent), _LATER)
    except Undeliverable as error:
        yield _refused(error)
    except smtplib.SMTPResponseException as error:
        yield _refused(refusal(email.name, Stage.GREETING, *reply_of(error)))
    except smtplib.SMTPNotSupportedError:
        fix = 'use the port that encrypts: mostly 587 with "starttls", or 465 with "tls"'
        yield Found(False, f"{_place(email)} offers no STARTTLS", fix)
    except (OSError, ValueError) as error:
        yield _lost(email, error)


def _place(email: Email) -> str:
    return f"{email.name}: {plain(email.host, 80)}:{email.port}"


def _let_in(email: Email, client: smtplib.SMTP) -> str:
    private = "in the clear" if email.security == "none" else "encrypted"
    let_in = f"{_place(email)} lets us in, {private}"
    if email.password:
        return f"{let_in}, with user and password"
    if client.has_extn("auth"):
        return (
            f"{let_in}, without a login; it offers one, and only a letter tells whether it wants it"
        )
    return f"{let_in}, without a login"


def _refused(error: Undeliverable) -> Found:
    """The server's no, or ours where a setting stands in the way; the error says what it is mostly for."""
    if error.retry_after is not None:
        return Found(False, str(error), _LATER)
    if isinstance(error, Refusal) and error.stage is Stage.LOGIN:
        return Found(False, str(error), _LOGIN)
    return Found(False, str(error), _SECTION)


def _lost(email: Email, error: OSError | ValueError) -> Found:
    """No connection, or one that broke. A certificate's own words are left out: only what kind of trouble it is."""
    where = _place(email)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _mistrusted(where, error.verify_code)
    if isinstance(error, ssl.SSLError):
        fix = "the server has to know TLS 1.2 or later"
        if email.security == "tls":
            fix = 'a port that begins in the clear, mostly 587, wants security = "starttls"'
        return Found(False, f"{where} doesn't speak TLS as we do", fix)
    what = str(transport(error, who=where))
    if isinstance(error, gaierror):
        return Found(False, what, "mend `host`, or let this machine ask a DNS server that knows it")
    if isinstance(error, ConnectionRefusedError):
        return Found(False, what, "mend `port`, or start the server; does a firewall let us out?")
    if isinstance(error, ValueError):  # a name that can't be one
        return Found(False, what, _SECTION)
    open_way = "let us through the firewall, and at the server"
    return Found(
        False, what, open_way if email.security == "tls" else f"{open_way}; {_PRIVATE_PORT}"
    )


def _mistrusted(where: str, code: int) -> Found:
    """A certificate that proves nothing, by OpenSSL's number for why."""
    if code in (_OTHER_NAME, _OTHER_ADDRESS):
        what, fix = "is another name's", "set `host` to the name that the certificate has"
    elif code == _EXPIRED:
        what, fix = "has expired", "have it renewed at the server"
    else:
        what = "is its own authority" if code == _SELF_SIGNED else "is of no authority that we know"
        fix = "set `ca_file` to the file with that authority's certificate"
    return Found(False, f"{where}: its certificate isn't trusted, it {what}", fix)
