"""E-mail: who is written to, and what becomes of a letter at a mail server of every temper."""

from __future__ import annotations

import logging
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bridge.domain.model import (
    Action,
    ConfigError,
    Undeliverable,
)
from bridge.sandbox.smtp import Smtp
from connectors import Unsearchable
from connectors.budget import Limit, Spent
from connectors.channels.email import Email
from tests.contract.letters import (
    MONA,
    NASTY,
    NOW,
    SECRET,
    SENDER,
    channel,
    direct,
)


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    server = Smtp(lambda: NOW)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def email(smtp: Smtp) -> Email:
    return channel(smtp)


# -- who is written to --


@pytest.mark.parametrize(
    "to",
    [
        "",
        "mona",
        "@example.com",
        "mona@",
        "mona@example.com, all@example.com",
        "mona@example.com\r\nRCPT TO:<all@example.com>",
        "Mona <mona@example.com>",
        "<mona@example.com>",
        "mo na@example.com",
        "móna@example.com",
        ".mona@example.com",
        "mona@exa_mple.com",
        "mona@-.com" + "x" * 300,
        "m" * 65 + "@example.com",
        "mona@example.com\x00",
        NASTY,
    ],
)
def test_what_is_no_address_is_not_written_to(smtp: Smtp, email: Email, to: str) -> None:
    with pytest.raises(Undeliverable, match="no e-mail address") as failure:
        email.send(direct(to))
    assert failure.value.retry_after is None
    assert not failure.value.wide
    assert smtp.attempts == 0


def test_a_host_beyond_ascii_is_written_in_ascii(smtp: Smtp, email: Email) -> None:
    assert email.send(direct("mona@Müller.example")).to == "mona@xn--mller-kva.example"
    assert smtp.messages[0].recipients == ("mona@xn--mller-kva.example",)


@pytest.mark.parametrize(
    "to",
    [
        "help@acme.example",
        "HELP@Acme.Example",
        "help+id4711@acme.example",
        "anybody@desk.acme.example",
        "anybody@eu.desk.acme.example",
        "support@acme.zendesk.com",
        "support+id99@ACME.Zendesk.COM",
        "x@zendesk.com",
        "jira@acme.atlassian.net",
        "x@atlassian.net",
    ],
)
def test_a_helpdesk_is_never_written_to(smtp: Smtp, to: str) -> None:
    email = channel(smtp, never=(" Help@acme.example", "@desk.acme.example"))
    with pytest.raises(Undeliverable, match="opens a ticket") as failure:
        email.send(direct(to))
    assert failure.value.retry_after is None
    assert smtp.attempts == 0


@pytest.mark.parametrize(
    "to", ["helper@acme.example", "help@notzendesk.com", "x@zendesk.com.example"]
)
def test_who_only_looks_like_a_helpdesk_is_written_to(smtp: Smtp, to: str) -> None:
    channel(smtp, never=("help@acme.example", "@desk.acme.example")).send(direct(to))
    assert len(smtp.inbox(to)) == 1


@pytest.mark.parametrize("action", [one for one in Action if one is not Action.DIRECT])
def test_it_writes_to_one_person_and_does_nothing_else(
    smtp: Smtp, email: Email, action: Action
) -> None:
    with pytest.raises(Undeliverable, match="no way") as failure:
        email.send(msgspec.structs.replace(direct(), action=action))
    assert failure.value.retry_after is None
    assert smtp.attempts == 0


def test_nobody_can_tell_whether_it_was_taken(email: Email) -> None:
    with pytest.raises(Unsearchable):
        email.find(direct(), NOW)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"sender": "alerts"}, "sender"),
        ({"sender": "A <a@b.example>\r\nBcc: x@example.com"}, "sender"),
        ({"security": "ssl"}, "security"),
        ({"host": "mail.example.com", "user": "b", "password": SECRET}, "password goes over"),
        ({"per_minute": 2}, "per_minute"),
        ({"never": ("help",)}, "never"),
        ({"never": ("@",)}, "never"),
        ({"never": ("help@acme.example", "")}, "never"),
        ({"password": "pässword"}, "ASCII"),
    ],
)
def test_a_setting_that_can_never_work_is_refused(setting: dict[str, Any], words: str) -> None:
    given = {"host": "127.0.0.1", "security": "none", "sender": SENDER}
    with pytest.raises(ConfigError, match=words) as error:
        Email(**given | setting)
    assert SECRET not in str(error.value)


# -- refusals --


def refused(email: Email) -> Undeliverable:
    with pytest.raises(Undeliverable) as failure:
        email.send(direct())
    return failure.value


@pytest.mark.parametrize(
    ("reply", "passing"),
    [
        ("450 4.2.1 Mailbox busy", True),
        ("451 4.7.1 Greylisted", True),
        ("452 4.2.2 Mailbox full", True),
        ("550 5.1.1 No such user", False),
        ("551 User not local", False),
        ("553 5.1.3 Bad address", False),
        ("554 5.7.1 Relay access denied", False),
    ],
)
def test_a_recipient_is_refused_for_now_or_for_ever(
    smtp: Smtp, email: Email, reply: str, passing: bool
) -> None:
    smtp.refusals[MONA] = reply
    error = refused(email)
    assert reply[:3] in str(error)
    assert (error.retry_after is not None) is passing
    assert not error.unsure
    assert not error.wide
    assert smtp.messages == []


@pytest.mark.parametrize(
    ("reply", "passing", "wide"),
    [
        ("421 4.3.2 Shutting down", True, True),
        ("451 4.3.0 Try again later", True, False),
        ("452 4.3.1 No room", True, False),
        ("552 5.3.4 Too large", False, False),
        ("554 5.7.1 Looks like spam", False, False),
    ],
)
def test_a_message_is_refused_for_now_or_for_ever(
    smtp: Smtp, email: Email, reply: str, passing: bool, wide: bool
) -> None:
    smtp.reply = reply
    error = refused(email)
    assert ((error.retry_after is not None), error.wide, error.unsure) == (passing, wide, False)
    assert (smtp.attempts, smtp.messages) == (1, [])


@pytest.mark.parametrize(
    ("reply", "passing"),
    [("421 4.3.2 Too busy", True), ("451 4.3.0 Later", True), ("550 5.7.60 Not as you", False)],
)
def test_trouble_with_the_sender_is_everybodys(
    smtp: Smtp, email: Email, reply: str, passing: bool
) -> None:
    smtp.turned_away = reply
    error = refused(email)
    assert ((error.retry_after is not None), error.wide, error.unsure) == (passing, True, False)
    assert smtp.attempts == 0


def test_a_wrong_password_needs_an_admin(smtp: Smtp) -> None:
    smtp.logins = {"bridge": "right"}
    error = refused(channel(smtp, user="bridge", password=SECRET))
    assert ("535" in str(error), error.retry_after, error.wide) == (True, None, True)
    assert SECRET not in str(error)
    assert "login" in str(refused(channel(smtp)))
    channel(smtp, user="bridge", password="right").send(direct())
    assert [mail.user for mail in smtp.messages] == ["bridge"]


def test_a_connection_lost_before_the_message_surely_sent_nothing(smtp: Smtp, email: Email) -> None:
    smtp.hangs_up_early = True
    error = refused(email)
    assert error.retry_after
    assert error.wide
    assert not error.unsure
    assert smtp.messages == []


def test_a_connection_lost_after_the_message_is_ambiguous(smtp: Smtp, email: Email) -> None:
    smtp.hangs_up = True
    error = refused(email)
    assert error.retry_after
    assert error.unsure
    assert len(smtp.messages) == 1


class Silent:
    """A server that says this much, line by line, and then nothing."""

    def __init__(self, *replies: str) -> None:
        self.replies = replies
        self.heard = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._serve)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def __enter__(self) -> Silent:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()
        self.listener.close()

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            first, *rest = [f"{reply}\r\n".encode() for reply in self.replies] or [b""]
            connection.sendall(first)
            for reply in rest:
                self.heard += connection.recv(65536)
                connection.sendall(reply)
            self.done.wait(5)


TALK = ("220 hi", "250 hi", "250 sender", "250 recipient", "354 go on")


@pytest.mark.parametrize("said", range(len(TALK) + 1))
def test_a_server_that_falls_silent_is_ambiguous_only_at_the_end(
    said: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_CONNECT", "_STEP", "_LAST"):
        monkeypatch.setattr(f"connectors.channels.email.{name}", 0.2)
    with Silent(*TALK[:said]) as server:
        error = refused(Email(host="127.0.0.1", port=server.port, security="none", sender=SENDER))
        server.done.set()
    assert "in time" in str(error)
    assert error.retry_after
    assert error.unsure is (said == len(TALK))


@pytest.mark.parametrize(
    ("said", "never", "unsure"),
    [
        (("554 no service here",), True, False),
        (("421 busy",), False, False),
        (("220 hi", "500 what?", "500 what?"), True, False),
        ((*TALK[:4], "250 no"), False, True),
        ((*TALK, "oh"), False, True),
        ((*TALK, "200"), None, False),
    ],
)
def test_odd_replies_are_understood(
    said: tuple[str, ...], never: bool | None, unsure: bool
) -> None:
    with Silent(*said) as server:
        email = Email(host="127.0.0.1", port=server.port, security="none", sender=SENDER)
        if never is None:
            server.done.set()
            assert email.send(direct())
            return
        server.done.set()
        error = refused(email)
    assert (error.retry_after is None, error.unsure) == (never, unsure)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_refused_connection_is_surely_not_sent(security: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = refused(Email(host="127.0.0.1", port=port, security=security, sender=SENDER))
    assert "refused" in str(error)
    assert error.retry_after
    assert error.wide
    assert not error.unsure


def test_a_budget_that_is_used_up_sends_nothing(smtp: Smtp) -> None:
    class Empty:
        def spend(self, account: str, limits: list[Limit]) -> None:
            assert (account, [one.name for one in limits]) == ("email", ["e-mails"])
            raise Spent("e-mails are used up", retry_after=timedelta(seconds=9))

        def learn(self, *_: object) -> None: ...

    error = refused(channel(smtp, budget=Empty()))
    assert error.retry_after == timedelta(seconds=9)
    assert smtp.attempts == 0


# -- secrets --


def test_no_secret_and_no_letter_of_the_message_gets_out(
    smtp: Smtp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "connectors")
    email = channel(smtp, user="bridge", password=SECRET)
    assert SECRET not in repr(email)
    errors = []
    for reply in (f"550 5.1.1 {MONA} {SECRET} called me back", f"451 {SECRET} called me back"):
        smtp.refusals[MONA], smtp.reply = reply, ""
        errors.append(refused(channel(smtp)))
        smtp.refusals.clear()
        smtp.reply = reply
        errors.append(refused(channel(smtp)))
    smtp.logins = {"bridge": "right"}
    errors.append(refused(email))
    for error in errors:
        chain: BaseException | None = error
        while chain is not None and not chain.__suppress_context__:
            assert SECRET not in f"{chain}{chain.args}"
            chain = chain.__cause__ or chain.__context__
        assert SECRET not in f"{error}{error.args}"
        assert "called me back" not in str(error) + caplog.text
        assert MONA not in str(error)
        assert len(str(error)) < 200
    assert SECRET not in caplog.text


# -- TLS --


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("makes its certificate with openssl")
    home = tmp_path_factory.mktemp("tls")
    cert, key = home / "cert.pem", home / "key.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = "-addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [*f"{make} {names}".split(), "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    return cert, key


@pytest.fixture(params=["starttls", "tls"])
def private(
    request: pytest.FixtureRequest, certificate: tuple[Path, Path]
) -> Iterator[tuple[Smtp, str]]:
    """A server that wants to be spoken to in private, and how."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    server = Smtp(lambda: NOW, tls=context, implicit=request.param == "tls")
    server.logins = {"bridge": SECRET}
    server.start()
    yield server, request.param
    server.stop()


def test_it_speaks_in_private(private: tuple[Smtp, str], certificate: tuple[Path, Path]) -> None:
    server, security = private
    login = {"user": "bridge", "password": SECRET}
    email = channel(server, security=security, ca_file=str(certificate[0]), **login)
    email.send(direct())
    assert [(mail.encrypted, mail.user) for mail in server.messages] == [(True, "bridge")]


def test_it_says_nothing_to_who_cannot_prove_who_it_is(private: tuple[Smtp, str]) -> None:
    server, security = private
    error = refused(channel(server, security=security))
    assert "certificate" in str(error)
    assert error.retry_after
    assert error.wide
    assert not error.unsure


def test_it_never_speaks_in_the_clear_instead(smtp: Smtp) -> None:
    error = refused(channel(smtp, security="starttls", user="bridge", password=SECRET))
    assert "STARTTLS" in str(error)
    assert (error.retry_after, error.wide) == (None, True)
    assert smtp.attempts == 0


def test_an_authority_that_cannot_be_read_is_named(smtp: Smtp, tmp_path: Path) -> None:
    error = refused(channel(smtp, security="starttls", ca_file=str(tmp_path / "none.pem")))
    assert "STARTTLS" in str(error) or "ca_file" in str(error)
    assert error.retry_after is None
