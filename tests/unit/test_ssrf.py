"""Addresses that others choose lead to the public internet, and to nothing of ours, whatever they resolve to."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.model import Undeliverable
from bridge.work.publicly import Answer, Unreachable, post, public, resolved, target

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]

PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "233.252.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Unreachable, match="private network"):
        target(f"https://{host}/")
    with pytest.raises(Unreachable, match="private network"):
        resolved(target("https://example.com/"), (), lambda *_: ["8.8.8.8", address])


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700::1111"])
def test_what_is_public_is_called(address: str) -> None:
    assert public(ip_address(address))


@given(st.ip_addresses())
def test_nothing_that_python_holds_for_private_is_public(address: object) -> None:
    found = ip_address(str(address))
    odd = found.is_private or found.is_loopback or found.is_link_local or found.is_multicast
    assert not (odd or found.is_reserved or found.is_unspecified) or not public(found)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/", "https://"),
        ("ftp://example.com/", "https://"),
        ("//example.com/", "https://"),
        ("example.com", "https://"),
        ("", "https://"),
        ("https://user@example.com/", "no user"),
        ("https://user:word@example.com/", "no user"),
        ("https://@example.com/", "no user"),
        ("https://example.com/#there", "no user"),
        ("https://example.com:22/", "port 22"),
        ("https://example.com:80/", "port 80"),
        ("https://example.com:0/", "port 0"),
        ("https://example.com:99999/", "can't be read"),
        ("https://example.com:x/", "can't be read"),
        ("https://[::1/", "can't be read"),
        ("https://[fe80::1%25eth0]/", "no host"),
        ("https:///path", "no host"),
        ("https://exa mple.com/", "blank"),
        ("https://example.com\\@evil.example/", "blank"),
        ("https://example.com/\r\nHost: evil", "blank"),
        ("https://exa_mple!.com/", "no host"),
    ],
)
def test_an_address_that_means_two_things_or_none_is_refused(url: str, why: str) -> None:
    with pytest.raises(Unreachable, match=why):
        target(url)


def test_an_address_is_taken_apart() -> None:
    found = target("https://Bücher.example:8443/a/b?c=d")
    assert (found.host, found.port, found.path) == ("xn--bcher-kva.example", 8443, "/a/b?c=d")
    assert target("https://example.com").path == "/"


def test_a_network_may_be_allowed_and_only_there_will_http_do() -> None:
    allowed = [ip_network("10.0.0.0/8")]
    chosen = target("http://wallboard.example:8080/", allowed)
    assert [str(a) for a in resolved(chosen, allowed, lambda *_: ["10.1.2.3"])] == ["10.1.2.3"]
    with pytest.raises(Unreachable, match="https://"):
        resolved(chosen, allowed, lambda *_: ["8.8.8.8"])
    with pytest.raises(Unreachable, match="private network"):
        resolved(chosen, allowed, lambda *_: ["192.168.1.1"])


# --- over the wire

Serve = Callable[..., int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves one connection with some bytes, or a function; its port. What was asked is in `asked`."""
    threads: list[threading.Thread] = []
    listeners: list[socket.socket] = []

    def make(
        answer: bytes, asked: list[bytes], context: ssl.SSLContext | None = None, drip: bool = False
    ) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            try:
                plain, _ = listener.accept()
                with (
                    context.wrap_socket(plain, server_side=True) if context else plain as connection
                ):
                    asked.append(connection.recv(65536))
                    connection.sendall(answer)
                    while drip:
                        if not connection.recv(1):
                            return
                    # Whoever closes with something unread takes back what they have just said.
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
            except OSError:
                return

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        port: int = listener.getsockname()[1]
        return port

    yield make
    for listener in listeners:
        listener.close()
    for thread in threads:
        thread.join(5)


NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


def test_the_name_is_looked_up_once_and_its_second_answer_never_used(serve: Serve) -> None:
    asked: list[bytes] = []
    port = serve(NO_CONTENT, asked)
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    said = post(
        f"http://rebinds.example:{port}/in?x=1",
        b"{}",
        {"webhook-id": "msg_1"},
        allowed=LOOPBACK,
        resolve=lambda *_: answers.pop(0),
    )
    assert said.status == 204
    assert answers == [["10.0.0.1"]]
    (request,) = asked
    assert request.startswith(b"POST /in?x=1 HTTP/1.1\r\n")
    assert f"Host: rebinds.example:{port}\r\n".encode() in request


def test_a_name_that_turns_private_is_not_called(serve: Serve) -> None:
    asked: list[bytes] = []
    port = serve(NO_CONTENT, asked)
    with pytest.raises(Unreachable):
        post(f"https://rebinds.example:{port}/", b"", {}, resolve=lambda *_: ["127.0.0.1"])
    assert asked == []


def test_a_proxy_of_the_environment_is_not_used(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    asked: list[bytes] = []
    port = serve(NO_CONTENT, asked)
    assert called(port).status == 204


def called(port: int, **given: float) -> Answer:
    url = f"http://wallboard.example:{port}/"
    return post(url, b"{}", {}, allowed=LOOPBACK, resolve=lambda *_: ["127.0.0.1"], **given)  # type: ignore[arg-type]


def test_a_redirect_is_an_answer_like_any_other(serve: Serve) -> None:
    asked: list[bytes] = []
    inner = serve(NO_CONTENT, asked)
    where = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inner}/\r\n\r\n".encode()
    assert called(serve(where, [])).status == 302
    assert asked == []


def test_no_more_of_an_answer_is_kept_than_can_be_shown(serve: Serve) -> None:
    body = b"<h1>\x00\x1b[31mNo\r\n" + b"x" * 100_000
    head = f"HTTP/1.1 500 No\r\nRetry-After: 90\r\nContent-Length: {len(body)}\r\n\r\n"
    said = called(serve(head.encode() + body, []))
    assert said.status == 500
    assert len(said.said) <= 200
    assert said.said.startswith("<h1> [31mNo xxx")
    assert said.retry_after is not None
    assert said.retry_after.total_seconds() == 90


def test_who_trickles_is_hung_up_on(serve: Serve) -> None:
    port = serve(b"HTTP/1.1 200 OK\r\nX-Slow: ", [], drip=True)
    with pytest.raises(Undeliverable) as raised:
        called(port, longest=0.2)
    assert raised.value.retry_after is not None


def test_who_is_not_there_is_tried_again_later(serve: Serve) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Undeliverable, match="connection refused"):
            called(unused.getsockname()[1])

    def unknown(*_: object) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with pytest.raises(Undeliverable, match="its name isn't known"):
        post("https://nowhere.example/", b"", {}, resolve=unknown)


# --- certificates


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of wallboard.example, signed by itself."""
    folder = tmp_path_factory.mktemp("certificate")
    key, made = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(key), "-out", str(made), "-subj", "/CN=wallboard.example"),
            *("-addext", "subjectAltName=DNS:wallboard.example"),
        ],
        check=True,
        capture_output=True,
    )
    return key, made


def secured(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    return context


@pytest.mark.parametrize(
    ("name", "trusted", "taken"),
    [
        ("wallboard.example", True, True),
        ("other.example", True, False),
        ("wallboard.example", False, False),
    ],
)
def test_the_certificate_is_checked_for_the_name_and_not_for_the_address(
    serve: Serve, certificate: tuple[Path, Path], name: str, trusted: bool, taken: bool
) -> None:
    asked: list[bytes] = []
    port = serve(NO_CONTENT, asked, secured(certificate))
    trust = ssl.create_default_context(cafile=str(certificate[1]) if trusted else None)

    def call() -> Answer:
        return post(
            f"https://{name}:{port}/",
            b"{}",
            {},
            allowed=LOOPBACK,
            resolve=lambda *_: ["127.0.0.1"],
            trust=lambda: trust,
        )

    if taken:
        assert call().status == 204
        assert len(asked) == 1
    else:
        with pytest.raises(Undeliverable, match="certificate isn't trusted"):
            call()
        assert asked == []
