"""Whether the mail server lets us in: what is wrong on the way to it, and what to do."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bridge.sandbox.smtp import Smtp
from connectors import Found
from connectors.budget import Limit, Spent
from connectors.channels.email import Email
from tests.contract.letters import NOW, SECRET, SENDER, channel
from tests.contract.test_email_channel import Silent

LOGIN = {"user": "bridge", "password": SECRET}


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    server = Smtp(lambda: NOW)
    server.start()
    yield server
    server.stop()


def checked(email: Email) -> Found:
    [found] = email.inspect(NOW)
    assert SECRET not in str(found)
    assert email.user not in found.what or not email.user
    return found


def wrong(email: Email) -> Found:
    found = checked(email)
    assert not found.ok
    assert found.fix
    return found


def at(port: int, **more: Any) -> Email:
    given = {"host": "127.0.0.1", "security": "none", "sender": SENDER}
    return Email(port=port, **given | more)


# -- all is well --


def test_it_goes_in_and_out_again_and_says_nothing_else() -> None:
    with Silent("220 hi", "250 hi", "250 still here", "221 bye") as server:
        place = f"127.0.0.1:{server.port}"
        found = checked(at(server.port))
        server.done.set()
    assert found == Found(True, f"email: {place} lets us in, in the clear, without a login")
    verbs = [line.split()[0].upper() for line in server.heard.splitlines()]
    assert verbs == [b"EHLO", b"NOOP", b"QUIT"]


def test_nothing_is_sent(smtp: Smtp) -> None:
    assert checked(channel(smtp)).ok
    assert (smtp.attempts, smtp.messages) == (0, [])


def test_a_login_is_tried(smtp: Smtp) -> None:
    smtp.logins = {"bridge": SECRET}
    found = checked(channel(smtp, **LOGIN))
    assert found.ok
    assert found.what.endswith("lets us in, in the clear, with user and password")


def test_a_server_that_may_want_a_login_is_not_called_in_order_without_one() -> None:
    with Silent("220 hi", "250-hi\r\n250 AUTH PLAIN", "250 ok", "221 bye") as server:
        found = checked(at(server.port))
        server.done.set()
    assert "it offers one, and only a letter tells" in found.what


# -- refusals --


def test_a_wrong_password_is_found(smtp: Smtp) -> None:
    smtp.logins = {"bridge": "right"}
    found = wrong(channel(smtp, **LOGIN))
    assert found.what.startswith("email answered 535 5.7.8 to the login: user or password is wrong")
    assert found.fix.startswith("set `user` and its password anew")


@pytest.mark.parametrize(
    ("said", "words", "fix"),
    [
        (("554 no service here",), "554 to the connection", "docs/setup-email.md"),
        (("421 busy",), "421 to the connection", "try again later"),
        (("220 hi", "500 what?", "500 what?"), "500 to the connection", "docs/setup-email.md"),
        (("220 hi", "250 hi", "421 bye"), "421 to the connection", "try again later"),
    ],
)
def test_a_server_that_says_no_is_found(said: tuple[str, ...], words: str, fix: str) -> None:
    with Silent(*said) as server:
        server.done.set()
        found = wrong(at(server.port))
    assert words in found.what
    assert fix in found.fix


def test_the_servers_own_words_are_left_out() -> None:
    with Silent("220 hi", "250 hi", f"554 5.7.1 {SECRET}") as server:
        server.done.set()
        assert "554 5.7.1" in wrong(at(server.port)).what


def test_a_login_that_is_refused_for_now_is_tried_again() -> None:
    said = ("220 hi", "250-hi\r\n250 AUTH PLAIN", "454 4.7.0 later")
    with Silent(*said) as server:
        server.done.set()
        found = wrong(at(server.port, **LOGIN))
    assert "454 4.7.0 to the login" in found.what
    assert found.fix == "try again later"


def test_a_server_without_a_login_is_found() -> None:
    with Silent("220 hi", "250 hi", "221 bye") as server:
        server.done.set()
        found = wrong(at(server.port, **LOGIN))
    assert "offers no way to log in" in found.what


# -- on the way --


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_refused_connection_is_found(security: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = wrong(at(port, security=security))
    assert found.what == f"email: 127.0.0.1:{port} can't be reached: connection refused"
    assert "mend `port`" in found.fix


def test_a_name_that_is_not_known_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # no name server is asked from here
    found = wrong(at(587, host="smtp.example.com"))
    assert found.what == "email: smtp.example.com:587 can't be reached: its name isn't known"
    assert "mend `host`" in found.fix


@pytest.mark.parametrize("host", ["x" * 70 + ".example.com", "smtp..example.com"])
def test_a_name_that_can_be_none_is_found(host: str) -> None:
    assert wrong(at(587, host=host)).fix


def test_a_silent_server_is_found_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_CONNECT", "_STEP"):
        monkeypatch.setattr(f"connectors.channels.email.{name}", 0.2)
    with Silent() as server:
        found = wrong(at(server.port))
        server.done.set()
    assert "gave no answer in time" in found.what
    assert "firewall" in found.fix
    assert 'security = "tls"' in found.fix


def test_a_budget_that_is_used_up_knocks_at_no_door(smtp: Smtp) -> None:
    class Empty:
        def spend(self, account: str, limits: list[Limit]) -> None:
            assert (account, [one.name for one in limits]) == ("email", ["e-mails"])
            raise Spent("e-mails are used up", retry_after=timedelta(seconds=9))

        def learn(self, *_: object) -> None: ...

    found = wrong(channel(smtp, budget=Empty()))
    assert (found.what, found.fix) == ("e-mails are used up", "try again later")


# -- in private --


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and certificates: "right" is 127.0.0.1's, "other" another host's, "old" has expired."""
    home = tmp_path_factory.mktemp("certificates")
    here, today = x509.IPAddress(ip_address("127.0.0.1")), datetime.now(UTC)
    certify(home / "right", here, today)
    certify(home / "other", x509.DNSName("mail.example.com"), today)
    certify(home / "old", here, today - timedelta(days=9))
    return home


def certify(place: Path, host: x509.GeneralName, today: datetime) -> None:
    """A certificate of its own authority, from yesterday till tomorrow."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    words = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    place.with_suffix(".pem").write_bytes(made.public_bytes(pem) + words)


@pytest.fixture
def private(request: pytest.FixtureRequest, authority: Path) -> Iterator[Smtp]:
    """A server that wants to be spoken to in private: (certificate, whether from the first byte)."""
    name, implicit = request.param
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority / f"{name}.pem")
    server = Smtp(lambda: NOW, tls=context, implicit=implicit)
    server.logins = {"bridge": SECRET}
    server.start()
    yield server
    server.stop()


def spoken(server: Smtp) -> str:
    return "tls" if server.encrypts else "starttls"


BOTH = [("right", False), ("right", True)]


@pytest.mark.parametrize("private", BOTH, indirect=True)
def test_it_goes_in_in_private(private: Smtp, authority: Path) -> None:
    trusted = str(authority / "right.pem")
    found = checked(channel(private, security=spoken(private), ca_file=trusted, **LOGIN))
    assert found.what.endswith("lets us in, encrypted, with user and password")
    assert found.ok


@pytest.mark.parametrize("private", BOTH, indirect=True)
def test_a_certificate_of_nobody_known_is_found(private: Smtp) -> None:
    found = wrong(channel(private, security=spoken(private), **LOGIN))
    assert "its certificate isn't trusted, it is its own authority" in found.what
    assert "`ca_file`" in found.fix


@pytest.mark.parametrize("private", [("other", False), ("other", True)], indirect=True)
def test_a_certificate_of_another_name_is_found(private: Smtp, authority: Path) -> None:
    trusted = str(authority / "other.pem")
    found = wrong(channel(private, security=spoken(private), ca_file=trusted, **LOGIN))
    assert "it is another name's" in found.what
    assert "set `host`" in found.fix


@pytest.mark.parametrize("private", [("old", False)], indirect=True)
def test_a_certificate_that_has_expired_is_found(private: Smtp, authority: Path) -> None:
    trusted = str(authority / "old.pem")
    found = wrong(channel(private, security="starttls", ca_file=trusted, **LOGIN))
    assert "it has expired" in found.what
    assert "renewed" in found.fix


@pytest.mark.parametrize("private", [("right", True)], indirect=True)
def test_a_port_that_encrypts_at_once_is_told_from_one_that_does_not(private: Smtp) -> None:
    found = wrong(channel(private, security="starttls"))
    assert 'security = "tls"' in found.fix


def test_a_port_that_does_not_encrypt_at_once_is_told_from_one_that_does(smtp: Smtp) -> None:
    found = wrong(channel(smtp, security="tls"))
    assert found.what.endswith("doesn't speak TLS as we do")
    assert 'security = "starttls"' in found.fix


def test_a_server_without_starttls_is_found(smtp: Smtp) -> None:
    found = wrong(channel(smtp, security="starttls", **LOGIN))
    assert found.what == f"email: 127.0.0.1:{smtp.port} offers no STARTTLS"
    assert "use the port that encrypts" in found.fix


def test_an_authority_that_cannot_be_read_is_found(smtp: Smtp, tmp_path: Path) -> None:
    found = wrong(channel(smtp, security="tls", ca_file=str(tmp_path / "nothing.pem")))
    assert found.what == "email: ca_file can't be read"
    assert "[channels.email]" in found.fix
