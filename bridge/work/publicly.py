"""Calls to addresses that others have chosen: they reach the public internet, and nothing of ours.

A name is resolved once. Every address it has must be public, or in a network that the configuration allows, and the
connection goes to one of the very addresses that were looked at: another answer a moment later changes nothing. The
certificate is checked for the name. No proxy is used, no redirect followed, no cookie kept.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from msgspec import Struct

from bridge.domain.model import BridgeError
from connectors.http import retry_after, transport

CONNECT = 5.0  # seconds for each of the addresses
LONGEST = 15.0  # seconds for all of a call, however slowly the answer trickles in
MOST_TRIED = 3  # addresses
KEPT = 200  # bytes of an answer
LOWEST_PORT = 1024  # below it, only those of the web

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a name, as texts. Raises OSError where it has none."""

PRIVATE = (
    "the address leads into a private network: only public ones are called, and those that"
    " `allow` in [outgoing] names"
)
NOT_SECURE = "the address has to begin with https://"

_V4 = [ip_network("192.88.99.0/24"), ip_network("192.0.0.0/24")]
_V6_PUBLIC = IPv6Network("2000::/3")
_V6 = [
    ip_network(one)
    for one in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
]
"""What lies among the public ones and is none: tunnels (Teredo, 6to4), examples, and what is kept for protocols."""


class Unreachable(BridgeError):
    """An address is none that we call; the message says why, and what to do."""


class Target(Struct, frozen=True, kw_only=True):
    """An address taken apart. `host` is what the certificate is checked for."""

    secure: bool
    host: str
    port: int
    path: str


class Answer(Struct, frozen=True, kw_only=True):
    """What came back; `said` are the first words of it, `retry_after` how long we are asked to wait."""

    status: int
    said: str
    retry_after: timedelta | None


def target(url: str, allowed: Sequence[Network] = ()) -> Target:
    """Take an address apart. Raises Unreachable where it can't be one to call, whatever its name resolves to."""
    if not url.isprintable() or re.search(r"[\s\\]", url):
        raise Unreachable("the address has a blank or a backslash in it")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Unreachable("the address can't be read: write https://host/path") from error
    secure = parts.scheme == "https"
    if not secure and not (parts.scheme == "http" and allowed):
        raise Unreachable(NOT_SECURE)
    if "@" in parts.netloc or parts.fragment:
        raise Unreachable("no user, password or # may stand in the address: the secret signs")
    try:
        host = host.encode("idna").decode()
    except UnicodeError as error:
        raise Unreachable("the address names no host") from error
    if not re.fullmatch(r"[a-z0-9._:-]+", host):
        raise Unreachable("the address names no host")
    web = 443 if secure else 80
    port = web if port is None else port
    if port != web and port < LOWEST_PORT:
        raise Unreachable(f"port {port} is not called: {web}, or {LOWEST_PORT} and above")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    found = Target(secure=secure, host=host, port=port, path=path)
    try:
        literal = ip_address(host)
    except ValueError:
        return found
    _check([literal], found, allowed)
    return found


def resolved(chosen: Target, allowed: Sequence[Network], resolve: Resolve) -> list[Address]:
    """The addresses of the host, all of them such as may be called. Raises Unreachable, and OSError without any."""
    found = [ip_address(text) for text in resolve(chosen.host, chosen.port)]
    if not found:
        raise OSError("no address")
    _check(found, chosen, allowed)
    return found


def public(address: Address) -> bool:
    """Whether an address belongs to the internet, and to nothing that leads elsewhere."""
    if isinstance(address, IPv6Address):
        return address in _V6_PUBLIC and not any(address in network for network in _V6)
    odd = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not odd and not any(address in network for network in _V4)


def _check(found: Sequence[Address], chosen: Target, allowed: Sequence[Network]) -> None:
    for address in found:
        if any(address in network for network in allowed):
            continue
        if not public(address):
            raise Unreachable(PRIVATE)
        if not chosen.secure:
            raise Unreachable(NOT_SECURE)


def look_up(host: str, port: int) -> list[str]:
    """What the system knows of a name."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]).partition("%")[0] for row in rows))


@cache
def trusted() -> ssl.SSLContext:
    """The certificates that this machine trusts."""
    return ssl.create_default_context()


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allowed: Sequence[Network] = (),
    resolve: Resolve = look_up,
    trust: Callable[[], ssl.SSLContext] = trusted,
    longest: float = LONGEST,
) -> Answer:
    """Post to an address. Raises Unreachable where it may not be called, Undeliverable where nobody answers."""
    chosen = target(url, allowed)
    who = chosen.host
    try:
        addresses = resolved(chosen, allowed, resolve)
        caller = _Caller(chosen, addresses[:MOST_TRIED], trust)
        return caller.call(body, headers, longest)
    except (OSError, http.client.HTTPException) as error:
        raise transport(error, who=who) from error


class _Caller(http.client.HTTPConnection):
    """A connection to one of the addresses that were looked at, whatever the name means by now."""

    auto_open = 0  # else it would look the name up once more

    def __init__(
        self, chosen: Target, addresses: Sequence[Address], trust: Callable[[], ssl.SSLContext]
    ) -> None:
        host = f"[{chosen.host}]" if ":" in chosen.host else chosen.host
        super().__init__(host, chosen.port, timeout=CONNECT)
        self.default_port = 443 if chosen.secure else 80  # so that Host names no usual port
        self._chosen, self._addresses, self._trust = chosen, addresses, trust
        self._late = False

    def call(self, body: bytes, headers: Mapping[str, str], longest: float) -> Answer:
        """Post, and read no more of the answer than is kept. It is hung up on after so many seconds."""
        over = threading.Timer(longest, self._hang_up)
        over.daemon = True
        try:
            self.sock = self._reached()
            over.start()
            self.sock.settimeout(longest)
            if self._chosen.secure:
                self.sock = secured = self._trust().wrap_socket(
                    self.sock, server_hostname=self._chosen.host, do_handshake_on_connect=False
                )
                secured.do_handshake()
            self.request("POST", self._chosen.path, body, dict(headers))
            answer = self.getresponse()
            said = answer.read(KEPT)
            if self._late:
                raise TimeoutError  # an answer that was broken off looks like one that has ended
            return Answer(
                status=answer.status,
                said=_plain(said),
                retry_after=retry_after(dict(answer.getheaders())),
            )
        finally:
            over.cancel()
            self.close()

    def _reached(self) -> socket.socket:
        """The first address that takes the call."""
        for address in self._addresses[:-1]:
            try:
                return socket.create_connection((str(address), self.port), CONNECT)
            except OSError:
                continue
        return socket.create_connection((str(self._addresses[-1]), self.port), CONNECT)

    def _hang_up(self) -> None:
        """From another thread: what waits for the socket wakes up."""
        self._late = True
        with suppress(OSError, TypeError):  # it had ended by itself
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


def _plain(said: bytes) -> str:
    """Words that can be shown in a line."""
    words = "".join(c if c.isprintable() else " " for c in said.decode("utf-8", "replace"))
    return " ".join(words.split())
