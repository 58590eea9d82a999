"""Attempts to sign in that fail: too many from one address, or with one link or mailbox, and there is a pause."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from math import ceil

from flask import Response, make_response, render_template, request

from bridge.store import users
from bridge.web.pages.here import bridge

MOST = 10
PER = timedelta(minutes=15)


def place(address: str) -> str:
    """Where a request comes from, as attempts are counted: of IPv6 the network, for each of its houses has many."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return "elsewhere"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)


def of(kind: str, what: str) -> str:
    """What an attempt was made with, as it is counted: never the link or the address itself."""
    return f"{kind}:{sha256(what.casefold().encode()).hexdigest()[:32]}"


def pause(*keys: str) -> timedelta | None:
    """How long whoever asks has to wait, for the place they ask from or one of these; None for not at all."""
    now = bridge().now()
    with bridge().engine.begin() as connection:
        found = [users.pause(connection, key, now, MOST, PER) for key in (_here(), *keys)]
    return max((one for one in found if one is not None), default=None)


def failed(*keys: str) -> None:
    """It did not work, from this place and with these."""
    now = bridge().now()
    with bridge().engine.begin() as connection:
        for key in (_here(), *keys):
            users.failed(connection, key, now)


def wait(length: timedelta) -> Response:
    """The page that asks for patience, and says when."""
    page = render_template("signin/wait.html", length=length)
    answer = make_response(page, 429)
    answer.headers["Retry-After"] = str(max(1, ceil(length.total_seconds())))
    return answer


def _here() -> str:
    """The proxies that are ours have been looked through already, and no others: BRIDGE_TRUSTED_PROXIES."""
    return f"from:{place(request.remote_addr or '')}"
