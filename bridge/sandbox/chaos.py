"""Bad days for a sandbox: vendors that fail in every way they know, and webhooks that go astray.

    sandbox.faults = Chaos(Random(7), share=0.2)
    sandbox.courier.mangle = Mangle(Random(7), sandbox.now, late=0.1, twice=0.1)

The same seed and the same order of calls make the same day.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from itertools import count
from random import Random

from bridge.sandbox.courier import Shipment
from bridge.sandbox.surveys import qualtrics_api, surveymonkey_api
from bridge.sandbox.wire import Clock, Fault, Json

LONGEST_RETRY = 30
"""Seconds; the shortest is 1."""

SLOWEST = 0.3
"""Real seconds; the least is 0.05."""

LATEST = timedelta(minutes=30)
"""How late a webhook may come unless said otherwise; the least is a thirtieth of it."""


class Way(StrEnum):
    """What may become of a call to a vendor."""

    UNANSWERED = "done, then no answer"
    RESET = "not done, connection closed"
    LIMITED = "not done, 429"
    BROKEN = "not done, 500"
    BROKEN_AFTER = "done, then 500"
    AWAY = "not done, 503"
    SLOW = "done, but slowly"


_STATUS = {Way.LIMITED: 429, Way.BROKEN: 500, Way.BROKEN_AFTER: 500, Way.AWAY: 503}


class Chaos:
    """Lets a `share` (0 to 1) of all calls fail, of those `vendors` or of all; to be put into `sandbox.faults`.

    At each vendor every way comes up once before any comes up again, in an order of chance. `done` counts by vendor and
    way. May be asked by several threads. Raises ValueError for a share out of range.
    """

    def __init__(
        self, random: Random, share: float = 0.1, vendors: Collection[str] | None = None
    ) -> None:
        self.done: Counter[tuple[str, Way]] = Counter()
        self._random = random
        self._share = _share(share)
        self._vendors = vendors
        self._decks: dict[str, list[Way]] = {}
        self._lock = threading.Lock()

    def __call__(self, vendor: str, method: str, _path: str) -> Fault | None:
        """What goes wrong with this call, if anything."""
        if self._vendors is not None and vendor not in self._vendors:
            return None
        with self._lock:
            if self._random.random() >= self._share:
                return None
            deck = self._decks.setdefault(vendor, [])
            if not deck:
                deck += self._random.sample(list(Way), len(Way))
            way = deck.pop()
            self.done[vendor, way] += 1
            return self._fault(way, vendor, method)

    def _fault(self, way: Way, vendor: str, method: str) -> Fault:
        if way is Way.UNANSWERED:
            return Fault.timeout_after_applying()
        if way is Way.RESET:
            return Fault.reset_before()
        if way is Way.SLOW:
            return Fault.slow(self._random.uniform(0.05, SLOWEST))
        status = _STATUS[way]
        body, headers = _said(vendor, status)
        if status in {429, 503}:
            headers["Retry-After"] = str(self._random.randint(1, LONGEST_RETRY))
        if status == 429 and vendor == "jira":
            headers |= self._reason(method)
        answer = Fault.status_after_applying if way is Way.BROKEN_AFTER else Fault.status
        return answer(status, body, headers)

    def _reason(self, method: str) -> Mapping[str, str]:
        """Which of Jira's limits it was; only writes have one for each issue.

        https://developer.atlassian.com/cloud/jira/platform/rate-limiting
        """
        reasons = ["jira-burst-based", "jira-quota-tenant-based", "jira-quota-global-based"]
        if method != "GET":
            reasons.append("jira-per-issue-on-write")
        return {"RateLimit-Reason": self._random.choice(reasons), "X-RateLimit-Remaining": "0"}


class Mangle:
    """Loses webhooks, delays them, doubles them, lets them overtake; to be put into `sandbox.courier.mangle`.

    Each of the four is the share (0 to 1) of webhooks that it happens to; one that isn't lost may suffer several.
    `now` is the sandbox's clock. `done` counts by name. Raises ValueError for a share out of range.
    """

    def __init__(
        self,
        random: Random,
        now: Clock,
        *,
        lost: float = 0.0,
        late: float = 0.1,
        twice: float = 0.1,
        swapped: float = 0.1,
        latest: timedelta = LATEST,
    ) -> None:
        self.done: Counter[str] = Counter()
        self._random = random
        self._now = now
        self._latest = latest
        self._shares = {"lost": lost, "late": late, "twice": twice, "swapped": swapped}
        for share in self._shares.values():
            _share(share)
        self._lanes = count(1)
        self._lock = threading.Lock()

    def __call__(self, shipment: Shipment) -> list[Shipment]:
        """What really sets out."""
        with self._lock:
            if self._happens("lost"):
                return []
            if self._happens("late"):
                wait = self._latest * self._random.uniform(1 / 30, 1)
                shipment = replace(shipment, not_before=self._now() + wait)
            if self._happens("swapped"):
                shipment = self._aside(shipment)
            if self._happens("twice"):
                return [shipment, self._aside(shipment)]  # both may be under way at once
            return [shipment]

    def _happens(self, what: str) -> bool:
        if self._random.random() >= self._shares[what]:
            return False
        self.done[what] += 1
        return True

    def _aside(self, shipment: Shipment) -> Shipment:
        """In a lane of its own, where it waits for nobody."""
        return replace(shipment, lane=f"{shipment.lane}:aside-{next(self._lanes)}")


def _share(share: float) -> float:
    if not 0 <= share <= 1:
        raise ValueError(f"a share is from 0 to 1, not {share}")
    return share


def _said(vendor: str, status: int) -> tuple[str, dict[str, str]]:
    """Body and headers with which a vendor says 429, 500 or 503.

    Zendesk's and others' texts, Twilio's codes for 500 and 503, and Qualtrics' are unconfirmed.
    """
    record = _record(vendor, status)
    if record is None:
        texts = {429: "Rate limit exceeded. Please wait before trying again.", 500: "Sorry."}
        return texts.get(status, "Service unavailable."), {"Content-Type": "text/plain"}
    return json.dumps(record), {"Content-Type": "application/json"}


def _record(vendor: str, status: int) -> Json | None:
    words = {429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}
    match vendor:
        case "slack":
            errors = {429: "ratelimited", 500: "internal_error", 503: "service_unavailable"}
            return {"ok": False, "error": errors[status]}
        case "jira":
            return {"errorMessages": [words[status]], "errors": {}}
        case "twilio":
            code = 20000 + status
            more = f"https://www.twilio.com/docs/errors/{code}"
            return {"code": code, "message": words[status], "more_info": more, "status": status}
        case "surveymonkey":
            return surveymonkey_api.problem({429: 1040, 500: 1050, 503: 1051}[status])
        case "qualtrics":
            return qualtrics_api.problem(status, words[status], f"QTS_{status}")
        case _:
            return None
