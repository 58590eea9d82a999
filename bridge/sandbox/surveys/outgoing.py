"""What every survey tool does alike: number its answers, remember them, and hand them to the courier."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bridge.sandbox.courier import Attempt, Courier, Shipment
from bridge.sandbox.wire import Clock


class Outgoing:
    """The way out of all tools; `sent_at` keeps the real time each key first left, in seconds."""

    def __init__(self, now: Clock, courier: Courier) -> None:
        self.now = now
        self.sent_at: dict[str, float] = {}
        self._courier = courier
        self._numbers = itertools.count(1)

    def number(self) -> int:
        """One that no answer has had."""
        return next(self._numbers)

    def send(
        self,
        vendor: str,
        key: str,
        url: str,
        body: bytes,
        headers: Callable[[bytes, datetime], Mapping[str, str]],
    ) -> None:
        """Hand one delivery over; `headers` are made anew for each try, so that a signature has its time."""

        def sign(raw: bytes, at: datetime) -> Mapping[str, str]:
            self.sent_at.setdefault(key, time.perf_counter())
            return headers(raw, at)

        self._courier.send(
            Shipment(
                vendor=vendor,
                lane=f"{vendor}:{key}",
                key=key,
                url=url,
                body=body,
                sign=sign,
                retry=patiently,
                label=f"{vendor} answer",
            )
        )


def patiently(attempt: Attempt) -> timedelta | None:
    """Five tries, a minute apart: what is assumed where a vendor publishes no rule, as most don't."""
    return timedelta(minutes=1) if attempt.number < 5 else None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one customer answered to one survey, in however many deliveries it is told."""

    number: int
    at: datetime
    """When it was first given."""
    deliveries: int = 1
    score: int | None
    words: str
    ticket: int | None
    email: str
    name: str

    def and_then(self, more: Answer) -> Answer:
        """The same answer after the customer came back to it; what is left out stays as it was."""
        return replace(
            self,
            deliveries=self.deliveries + 1,
            score=self.score if more.score is None else more.score,
            words=more.words or self.words,
            ticket=more.ticket or self.ticket,
            email=more.email or self.email,
            name=more.name or self.name,
        )


class Answers:
    """The answers of one tool, each by the key of every delivery that told of it."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out
        self._known: dict[str, Answer] = {}

    def __getitem__(self, key: str) -> Answer:
        """Raises KeyError for a key that no delivery had."""
        return self._known[key]

    def given(
        self,
        response: str | None,
        *,
        score: int | None,
        words: str,
        ticket: int | None,
        email: str,
        name: str,
    ) -> Answer:
        """A new answer, or with `response`, a key of an earlier delivery, that answer with more in it."""
        answer = Answer(
            number=self._out.number(),
            at=self._out.now(),
            score=score,
            words=words,
            ticket=ticket,
            email=email,
            name=name,
        )
        return answer if response is None else self._known[response].and_then(answer)

    def keep(self, key: str, answer: Answer) -> None:
        """Remember which answer the delivery with this key tells of."""
        self._known[key] = answer


def compact(record: Mapping[str, Any]) -> bytes:
    """JSON as most tools write it: without spaces, and without escapes for what is not ASCII."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
