"""A mail server that takes, refuses, falls silent, and wants TLS and a login."""

from __future__ import annotations

import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from bridge.sandbox.smtp import Smtp

from .conftest import Clock

ANA, BEN = "ana@example.com", "ben@example.com"


@pytest.fixture
def smtp(clock: Clock) -> Iterator[Smtp]:
    server = Smtp(clock)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mail(smtp: Smtp) -> Iterator[smtplib.SMTP]:
    client = smtplib.SMTP(smtp.host, smtp.port, timeout=5)
    yield client
    client.close()


def letter(*to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "bridge@example.com", to, "Grüße"
    message.set_content("Fünf Fälle.\n")
    return message


def test_a_message_is_kept_as_it_came(smtp: Smtp, mail: smtplib.SMTP, clock: Clock) -> None:
    assert mail.send_message(letter(ANA, BEN)) == {}
    [kept] = smtp.messages
    assert (kept.sender, kept.recipients) == ("bridge@example.com", (ANA, BEN))
    assert kept.content["Subject"] == "Grüße"
    assert kept.content.get_content().splitlines() == ["Fünf Fälle."]
    assert (kept.at, kept.encrypted, kept.user) == (clock(), False, "")


def test_one_of_two_recipients_is_refused(smtp: Smtp, mail: smtplib.SMTP) -> None:
    smtp.refusals[BEN] = "550 5.1.1 No such user"
    assert mail.send_message(letter(ANA, BEN)) == {BEN: (550, b"5.1.1 No such user")}
    assert [kept.recipients for kept in smtp.messages] == [(ANA,)]


def test_all_recipients_are_refused(smtp: Smtp, mail: smtplib.SMTP) -> None:
    smtp.refusals[ANA] = "450 4.2.1 Mailbox busy"
    with pytest.raises(smtplib.SMTPRecipientsRefused) as error:
        mail.send_message(letter(ANA))
    assert error.value.recipients == {ANA: (450, b"4.2.1 Mailbox busy")}
    assert smtp.messages == []


def test_the_message_itself_is_refused_for_now(smtp: Smtp, mail: smtplib.SMTP) -> None:
    smtp.reply = "451 4.3.0 Try again later"
    with pytest.raises(smtplib.SMTPDataError) as error:
        mail.send_message(letter(ANA))
    assert error.value.smtp_code == 451
    assert (smtp.messages, smtp.attempts) == ([], 1)
    smtp.reply = ""
    assert mail.send_message(letter(ANA)) == {}


def test_a_message_is_taken_and_the_reply_lost(smtp: Smtp, mail: smtplib.SMTP) -> None:
    smtp.hangs_up = True
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        mail.send_message(letter(ANA))
    assert len(smtp.messages) == 1


def test_a_login_is_needed_if_there_are_any(smtp: Smtp) -> None:
    smtp.logins = {"bridge": "right"}
    with smtplib.SMTP(smtp.host, smtp.port, timeout=5) as client:
        with pytest.raises(smtplib.SMTPSenderRefused) as error:
            client.send_message(letter(ANA))
        assert error.value.smtp_code == 530
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("bridge", "wrong")
        client.login("bridge", "right")
        client.send_message(letter(ANA))
    assert [kept.user for kept in smtp.messages] == ["bridge"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
def test_with_a_certificate_it_wants_starttls(clock: Clock, tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = "-addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [*f"{make} {names}".split(), "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(cert, key)
    server = Smtp(clock, tls=tls)
    server.start()
    with smtplib.SMTP(server.host, server.port, timeout=5) as client:
        with pytest.raises(smtplib.SMTPException):
            client.send_message(letter(ANA))
        client.starttls(context=ssl.create_default_context(cafile=str(cert)))
        client.send_message(letter(ANA))
    server.stop()
    assert [kept.encrypted for kept in server.messages] == [True]


def test_it_has_no_port_before_it_was_started(clock: Clock) -> None:
    server = Smtp(clock)
    with pytest.raises(RuntimeError):
        server.port  # noqa: B018
    server.stop()


def test_an_open_connection_does_not_keep_it_from_stopping(clock: Clock) -> None:
    server = Smtp(clock)
    server.start()
    client = smtplib.SMTP(server.host, server.port, timeout=5)
    server.stop()
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        client.send_message(letter(ANA))
    client.close()
