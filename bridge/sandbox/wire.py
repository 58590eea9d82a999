"""What every stand-in shares: the clock, faults, rate limits in handed-in time, ids and dates."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from uuid import UUID

from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Json: TypeAlias = dict[str, Any]
Clock: TypeAlias = Callable[[], datetime]


# -- faults ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call. Built by the constructors below."""

    kind: Literal[
        "status", "status_after_applying", "timeout_after_applying", "reset_before", "slow"
    ]
    code: int = 0
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @classmethod
    def status(cls, code: int, body: str = "", headers: Mapping[str, str] | None = None) -> Fault:
        """Answer with this status instead of doing what was asked."""
        return cls("status", code=code, body=body, headers=headers or {})

    @classmethod
    def status_after_applying(
        cls, code: int, body: str = "", headers: Mapping[str, str] | None = None
    ) -> Fault:
        """Do what was asked, then answer with this status all the same."""
        return cls("status_after_applying", code=code, body=body, headers=headers or {})

    @classmethod
    def timeout_after_applying(cls) -> Fault:
        """Do what was asked, then close the connection without an answer."""
        return cls("timeout_after_applying")

    @classmethod
    def reset_before(cls) -> Fault:
        """Close the connection without doing anything."""
        return cls("reset_before")

    @classmethod
    def slow(cls, seconds: float) -> Fault:
        """Wait this many real seconds, then do what was asked and answer."""
        return cls("slow", seconds=seconds)


Faults: TypeAlias = Callable[[str, str, str], Fault | None]
"""Asked once for each call with (vendor, method, path under the vendor's prefix)."""


class HangUp(Exception):
    """Close the connection without answering."""


class Gate:
    """Stands before a vendor's app and lets faults happen."""

    def __init__(self, vendor: str, app: WSGIApplication, faults: Callable[[], Faults]) -> None:
        self._vendor = vendor
        self._app = app
        self._faults = faults
        self.faulted: list[tuple[str, str, Fault]] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        fault = self._faults()(self._vendor, method, path)
        if fault is None:
            return self._app(environ, start_response)
        self.faulted.append((method, path, fault))
        if fault.kind == "reset_before":
            raise HangUp
        if fault.kind in {"status", "status_after_applying"}:
            if fault.kind == "status_after_applying":
                run_wsgi_app(self._app, environ, buffered=True)
            answer = Response(fault.body, fault.code, fault.headers)
            return answer(environ, start_response)
        time.sleep(fault.seconds)
        answered = self._app(environ, start_response)
        if fault.kind == "timeout_after_applying":
            raise HangUp
        return answered


def hang_up(connection: socket.socket) -> None:
    """Close both directions of a connection at once; harmless when the other side has gone."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


# -- rate limits ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a rate limit after asking for one call."""

    granted: bool
    limit: int
    remaining: int
    seconds: int
    """Whole seconds until a place is free again, at least 1."""


class Window:
    """At most `limit` calls for each key in any `span` of handed-in time. No limit when None."""

    def __init__(self, now: Clock, limit: int | None, span: timedelta) -> None:
        self._now = now
        self.limit = limit
        self._span = span
        self._taken: dict[object, deque[datetime]] = {}
        self._lock = threading.Lock()

    def take(self, key: object = None) -> Allowance:
        """Ask for one call; a call that is refused does not count."""
        limit = self.limit
        if limit is None:
            return Allowance(True, 1_000_000, 1_000_000, 1)
        with self._lock:
            at = self._now()
            taken = self._taken.setdefault(key, deque())
            while taken and taken[0] <= at - self._span:
                taken.popleft()
            granted = len(taken) < limit
            if granted:
                taken.append(at)
            wait = (taken[0] + self._span - at).total_seconds() if taken else 0.0
            return Allowance(granted, limit, limit - len(taken), max(1, ceil(wait)))


class Bucket:
    """Steady calls with short bursts: `rate` a second for each key, `burst` at once."""

    def __init__(self, now: Clock, rate: float | None, burst: int) -> None:
        self._now = now
        self.rate = rate
        self.burst = burst
        self._level: dict[object, tuple[float, datetime]] = {}
        self._lock = threading.Lock()

    def take(self, key: object = None) -> Allowance:
        """Ask for one call; a call that is refused does not count."""
        rate = self.rate
        if rate is None:
            return Allowance(True, self.burst, self.burst, 1)
        with self._lock:
            at = self._now()
            level, since = self._level.get(key, (float(self.burst), at))
            level = min(float(self.burst), level + (at - since).total_seconds() * rate)
            granted = level >= 1
            level -= granted
            self._level[key] = (level, at)
            return Allowance(granted, self.burst, int(level), max(1, ceil((1 - level) / rate)))


# -- ids and dates --------------------------------------------------------------------------------

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Ids:
    """Ids that look like a vendor's and come out the same in every run."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0
        self._lock = threading.Lock()

    def _bytes(self) -> bytes:
        with self._lock:
            self._count += 1
            return hashlib.sha256(f"{self._seed}:{self._count}".encode()).digest()

    def uuid(self) -> str:
        """A version 4 UUID."""
        return str(UUID(bytes=self._bytes()[:16], version=4))

    def ulid(self, at: datetime) -> str:
        """26 characters of base 32: milliseconds, then 80 bits of chance."""
        number = int(at.timestamp() * 1000) << 80 | int.from_bytes(self._bytes()[:10])
        return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))

    def hex(self, length: int = 32) -> str:
        """Lower-case hexadecimal digits, up to 64."""
        return self._bytes().hex()[:length]

    def secret(self) -> str:
        """A signing secret as vendors show them: base64, used as text."""
        return base64.b64encode(self._bytes()).decode()


def iso(at: datetime) -> str:
    """UTC to the second with a Z, as in `2026-11-21T10:00:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_fraction(at: datetime, digits: int) -> str:
    """UTC with this many fractional digits (0 to 9) and a Z."""
    fraction = f"{at.microsecond:06d}000"[:digits]
    return iso(at)[:-1] + (f".{fraction}" if digits else "") + "Z"
