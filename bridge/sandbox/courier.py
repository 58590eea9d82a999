"""Carries the vendors' webhooks to whoever subscribed, as vendors do: at least once, mostly in order.

A courier has a few sender threads. Shipments of one lane (a webhook and its ticket, say) leave in
the order in which they were handed over; a shipment that failed waits for its retry without holding
up the lane, so retries do overtake and are overtaken. Retries are due in *handed-in* time: whoever
moves that time calls `run_due()` afterwards (the threads also look for themselves now and then, so
that a live sandbox needs no help).
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import requests

from bridge.sandbox.wire import Clock

_GLANCE = 0.25  # real seconds between looks for retries that have become due


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver, and what came of it."""

    shipment: Shipment
    number: int
    """1 for the first try."""
    at: datetime
    """Handed-in time of sending."""
    status: int | None
    """HTTP status of the answer; None when there was none."""
    error: str
    """"" or "timeout" or "unreachable"."""
    retry_after: str | None
    elapsed: float
    """Real seconds until the answer."""

    @property
    def delivered(self) -> bool:
        """Was it answered with a success?"""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Shipment:
    """One webhook call on its way."""

    vendor: str
    lane: str
    """Order is kept among shipments of the same lane."""
    key: str
    """The same across all attempts; Zendesk's invocation id."""
    url: str
    body: bytes
    sign: Callable[[bytes, datetime], Mapping[str, str]]
    """All headers, for this body and this time of sending: asked anew for each attempt."""
    retry: Callable[[Attempt], timedelta | None]
    """The vendor's rule: how long after this failed attempt comes the next, None for never."""
    not_before: datetime | None = None
    """Held until this handed-in time, if any."""
    attempt: int = 1
    label: str = ""
    """What it is, for people."""
    answered: Callable[[bytes], None] | None = None
    """Given the body of the answer that was a success, in the sender's thread; what it sends counts as pending."""


def as_is(shipment: Shipment) -> list[Shipment]:
    """The honest road: each shipment arrives once."""
    return [shipment]


class Courier:
    """Sends shipments in threads of its own.

    `mangle` may be replaced at any time: it is given each new shipment (not its retries) and returns
    what really sets out: [] loses it, two copies deliver it twice, `replace(s, not_before=...)` makes
    it late, another `lane` lets it overtake.
    """

    def __init__(self, now: Clock, *, senders: int = 4, timeout: float = 12.0) -> None:
        self._now = now
        self.timeout = timeout
        """Real seconds to wait for an answer; Zendesk waits 12."""
        self.mangle: Callable[[Shipment], list[Shipment]] = as_is
        self.attempts: list[Attempt] = []
        self._lanes: dict[str, deque[Shipment]] = {}
        self._ready: deque[str] = deque()
        self._later: list[tuple[datetime, int, Shipment]] = []
        self._order = itertools.count()
        self._in_flight = 0
        self._stopping = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"courier-{number}", daemon=True)
            for number in range(senders)
        ]

    def start(self) -> None:
        """Begin to send; shipments handed over before are waiting."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send nothing more; what is in flight is given a second to end."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(1.0)

    def send(self, shipment: Shipment) -> None:
        """Hand over one shipment; returns at once."""
        with self._changed:
            for each in self.mangle(shipment):
                self._put(each)

    def run_due(self) -> int:
        """Send what was held until now; to be called after handed-in time moved. How many they were."""
        with self._changed:
            return self._release()

    def pending(self) -> int:
        """Shipments queued or in flight, without those held for later."""
        with self._changed:
            return self._pending()

    def held(self) -> int:
        """Shipments that wait for a later time: retries, and what `mangle` delayed."""
        with self._changed:
            return len(self._later)

    def next_due(self) -> datetime | None:
        """When the first held shipment is due: the time to move to."""
        with self._changed:
            return self._later[0][0] if self._later else None

    def wait_idle(self, timeout: float = 10.0) -> bool:
        """Wait (real seconds) until nothing is pending; False when that took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._pending() == 0, timeout)

    # -- inside, all with the condition held unless said otherwise --

    def _pending(self) -> int:
        return sum(map(len, self._lanes.values())) + self._in_flight

    def _put(self, shipment: Shipment) -> None:
        due = shipment.not_before
        if due is not None and due > self._now():
            heapq.heappush(self._later, (due, next(self._order), shipment))
            self._changed.notify_all()
            return
        waiting = self._lanes.get(shipment.lane)
        if waiting is None:
            self._lanes[shipment.lane] = deque([shipment])
            self._ready.append(shipment.lane)
            self._changed.notify_all()
        else:
            waiting.append(shipment)

    def _release(self) -> int:
        count = 0
        while self._later and self._later[0][0] <= self._now():
            self._put(heapq.heappop(self._later)[2])
            count += 1
        return count

    def _work(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (shipment := self._next()) is not None:
                attempt = self._carry(session, shipment)
                self._done(attempt)

    def _next(self) -> Shipment | None:
        with self._changed:
            while not self._stopping:
                self._release()
                if self._ready:
                    # The lane stays in _lanes while its shipment is under way: nobody else takes it.
                    shipment = self._lanes[self._ready.popleft()].popleft()
                    self._in_flight += 1
                    return shipment
                self._changed.wait(_GLANCE if self._later else None)
            return None

    def _carry(self, session: requests.Session, shipment: Shipment) -> Attempt:
        """One call, without the condition held."""
        at = self._now()
        started = time.perf_counter()
        status, error, retry_after, body = None, "", None, b""
        try:
            answer = session.post(
                shipment.url,
                data=shipment.body,
                headers=dict(shipment.sign(shipment.body, at)),
                timeout=self.timeout,
                allow_redirects=False,
            )
            status, retry_after = answer.status_code, answer.headers.get("Retry-After")
            body = answer.content
        except requests.Timeout:
            error = "timeout"
        except requests.RequestException:
            error = "unreachable"
        elapsed = time.perf_counter() - started
        attempt = Attempt(shipment, shipment.attempt, at, status, error, retry_after, elapsed)
        if attempt.delivered and shipment.answered is not None:
            shipment.answered(body)
        return attempt

    def _done(self, attempt: Attempt) -> None:
        shipment = attempt.shipment
        wait = None if attempt.delivered else shipment.retry(attempt)
        with self._changed:
            self.attempts.append(attempt)
            self._in_flight -= 1
            if self._lanes[shipment.lane]:
                self._ready.append(shipment.lane)
            else:
                del self._lanes[shipment.lane]
            if wait is not None:
                due = self._now() + wait
                self._put(replace(shipment, attempt=attempt.number + 1, not_before=due))
            self._changed.notify_all()
