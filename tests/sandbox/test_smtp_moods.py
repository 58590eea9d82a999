"""The mail server at its worst: too busy, gone half way, and spoken to in private from the first byte."""

from __future__ import annotations

import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.sandbox.smtp import Smtp

from .conftest import Clock
from .test_smtp import ANA, BEN, letter


@pytest.fixture
def smtp(clock: Clock) -> Iterator[Smtp]:
    server = Smtp(clock)
    server.start()
    yield server
    server.stop()


def test_it_is_too_busy_and_hangs_up(smtp: Smtp) -> None:
    smtp.turned_away = "421 4.3.2 Too busy"
    with smtplib.SMTP(smtp.host, smtp.port, timeout=5) as client:
        client.ehlo()
        assert client.mail("bridge@example.com") == (421, b"4.3.2 Too busy")
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            client.rcpt(ANA)
    assert smtp.attempts == 0


def test_it_takes_nothing_from_this_sender(smtp: Smtp) -> None:
    smtp.turned_away = "550 5.7.60 Not as this sender"
    with smtplib.SMTP(smtp.host, smtp.port, timeout=5) as client:
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.send_message(letter(ANA))
        smtp.turned_away = ""
        client.send_message(letter(ANA))
    assert len(smtp.messages) == 1


def test_it_is_gone_before_the_message(smtp: Smtp) -> None:
    smtp.hangs_up_early = True
    client = smtplib.SMTP(smtp.host, smtp.port, timeout=5)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        client.send_message(letter(ANA))
    client.close()
    assert (smtp.attempts, smtp.messages) == (0, [])


def test_everybody_has_a_box(smtp: Smtp) -> None:
    with smtplib.SMTP(smtp.host, smtp.port, timeout=5) as client:
        client.send_message(letter(ANA, BEN))
        client.send_message(letter(BEN))
    assert [len(smtp.inbox(who)) for who in (ANA, BEN, "eve@example.com")] == [1, 2, 0]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
def test_all_may_be_encrypted_from_the_first_byte(clock: Clock, tmp_path: Path) -> None:
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
    server = Smtp(clock, tls=tls, implicit=True)
    server.logins = {"bridge": "right"}
    server.start()
    trusted = ssl.create_default_context(cafile=str(cert))
    with smtplib.SMTP_SSL(server.host, server.port, timeout=5, context=trusted) as client:
        client.login("bridge", "right")
        client.send_message(letter(ANA))
    with pytest.raises(ssl.SSLCertVerificationError):
        smtplib.SMTP_SSL(server.host, server.port, timeout=5, context=ssl.create_default_context())
    server.stop()
    assert [(kept.encrypted, kept.user) for kept in server.messages] == [(True, "bridge")]
