"""How much may be asked of a vendor's account: its limits, how urgent a call is, and buckets that say when it may go.

No database and no clock: `Bucket` is arithmetic alone, and whoever keeps buckets hands in the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from math import ceil
from typing import Protocol, runtime_checkable

import requests
from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.model import Undeliverable

LONGEST_QUEUE = timedelta(minutes=10)
"""Who would have to wait longer than this for a slot is told one from the front again."""

_GRAIN = timedelta(milliseconds=1)
_NEARLY = 0.001  # of a call: what is lost where times are rounded


class Urgency(IntEnum):
    """How soon a call has to go. Less urgent work leaves the more urgent a part of each limit."""

    SWEEP = 0
    READ = 1
    ALERT = 2


_RESERVE = {Urgency.SWEEP: 0.40, Urgency.READ: 0.15, Urgency.ALERT: 0.0}
"""The part of a limit that work of this urgency leaves alone."""

urgency: ContextVar[Urgency] = ContextVar("urgency", default=Urgency.READ)
"""How urgent the calls are that are made here and now."""


@contextmanager
def urgent(level: Urgency) -> Iterator[None]:
    """Calls in this block are as urgent as this."""
    before = urgency.set(level)
    try:
        yield
    finally:
        urgency.reset(before)


class Limit(Struct, frozen=True):
    """At most `many` calls at once, refilled evenly over `per`. The name is for people: "posts to C0123ABCD".

    A full bucket that is emptied and refilled within one `per` lets twice as many through. Where a vendor counts
    strictly and doesn't say what is left, write `many` and `per` so that both together stay below its limit.
    """

    name: str
    many: int
    per: timedelta


class Learnt(Struct, frozen=True, kw_only=True):
    """What an answer told of a limit: calls left, how many there are in all, how long until there are more."""

    limit: str
    left: int
    many: int | None = None
    resets: timedelta | None = None


@runtime_checkable
class Budget(Protocol):
    """What all callers of an account share."""

    def spend(self, account: str, limits: Sequence[Limit]) -> None:
        """Take one call from each limit, as urgent as `urgency` says.

        Raises Spent, which names the limit that is used up and says when to ask again; then nothing is spent.
        """

    def learn(self, account: str, told: Learnt) -> None:
        """Take the vendor's word for a limit that has been spent from. With none left it stays empty for `resets`."""


class Spent(Undeliverable):
    """A budget is used up for now, ours and not the vendor's word; nothing was asked."""


class Patient:
    """A budget that waits until it may go, for work that a person watches. `wait` is given seconds."""

    def __init__(self, budget: Budget, wait: Callable[[float], object]) -> None:
        self._budget, self._wait = budget, wait

    def spend(self, account: str, limits: Sequence[Limit]) -> None:
        """See `Budget.spend`; never refuses."""
        while True:
            try:
                return self._budget.spend(account, limits)
            except Spent as spent:
                self._wait((spent.retry_after or _GRAIN).total_seconds())

    def learn(self, account: str, told: Learnt) -> None:
        """See `Budget.learn`."""
        self._budget.learn(account, told)


class _Unlimited:
    def spend(self, account: str, limits: Sequence[Limit]) -> None:
        """Everything may go."""

    def learn(self, account: str, told: Learnt) -> None:
        """Nothing is remembered."""


UNLIMITED: Budget = _Unlimited()
"""For who asks seldom and alone: setting up, looking whether all is well."""


# --- where it is spent: on every request that is sent


class Rules(Protocol):
    """A vendor's limits. Pure: nothing is asked, nothing is kept."""

    def limits(self, method: str, url: str) -> Sequence[Limit]:
        """What a request counts towards."""

    def learnt(
        self, method: str, url: str, status: int, headers: Mapping[str, str]
    ) -> Iterable[Learnt]:
        """What its answer tells of these limits; header names are found in any case."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What every request to an account passes, on the way out and back."""

    account: str
    budget: Budget
    rules: Rules

    def before(self, request: requests.PreparedRequest) -> None:
        """Spend what the request costs. Raises Undeliverable: it may not be sent now."""
        limits = self.rules.limits(request.method or "", request.url or "")
        self.budget.spend(self.account, limits)

    def after(self, response: requests.Response) -> None:
        """Learn from the answer, a refusal as well."""
        method, url = response.request.method or "", response.request.url or ""
        for told in self.rules.learnt(method, url, response.status_code, response.headers):
            self.budget.learn(self.account, told)


# --- the arithmetic


class Bucket(Struct, frozen=True, kw_only=True):
    """One limit of an account as it stands.

    `many` is what the vendor allows, `given` what we thought before it said so. `tokens` are the calls left at
    `filled_at`, which lies ahead while the vendor wants no call before: till then it is closed. `told` are the last
    slots that were given to those who were refused, by urgency. `refused` counts them since the bucket was last full.
    """

    name: str
    given: int
    many: int
    per: timedelta
    tokens: float
    filled_at: datetime
    told: tuple[datetime, ...]
    refused: int = 0
    refused_at: datetime | None = None

    @classmethod
    def full(cls, limit: Limit, now: datetime) -> Bucket:
        """One that nobody has used yet."""
        return cls(
            name=limit.name,
            given=limit.many,
            many=limit.many,
            per=limit.per,
            tokens=limit.many,
            filled_at=now,
            told=(now,) * len(Urgency),
        )

    def at(self, now: datetime) -> Bucket:
        """With what has been refilled by now. A full one has forgotten who was refused."""
        if now <= self.filled_at:
            return self
        tokens = self.tokens + (now - self.filled_at) / self.per * self.many
        if tokens < self.many:
            return replace(self, tokens=tokens, filled_at=now)
        told = (now,) * len(Urgency)
        return replace(self, tokens=float(self.many), filled_at=now, told=told, refused=0)

    def under(self, limit: Limit) -> Bucket:
        """By the limit as it is written now: what the vendor taught holds until somebody writes another one."""
        if (limit.many, limit.per) == (self.given, self.per):
            return self
        tokens = min(self.tokens, limit.many)
        return replace(self, given=limit.many, many=limit.many, per=limit.per, tokens=tokens)

    def needs(self, level: Urgency) -> float:
        """How many calls have to be left for one of this urgency; a full bucket will do for any."""
        return min(1 + _RESERVE[level] * self.many, self.many)

    def has(self, level: Urgency, now: datetime) -> bool:
        """Whether a call of this urgency may go."""
        return now >= self.filled_at and self.tokens >= self.needs(level) - _NEARLY

    def slot(self, level: Urgency, now: datetime) -> datetime:
        """When a call of this urgency may go that comes after those who were told a slot before."""
        ready = max(now, self.filled_at) + self._takes(self.needs(level) - self.tokens)
        slot = max(ready, self.told[level] + self._takes(1))
        return slot if slot - ready <= LONGEST_QUEUE else ready

    def _takes(self, tokens: float) -> timedelta:
        """How long it takes to refill so many, in whole milliseconds."""
        return ceil(max(tokens, 0) * self.per / self.many / _GRAIN) * _GRAIN

    def less(self) -> Bucket:
        """With one call taken out."""
        return replace(self, tokens=max(self.tokens - 1, 0.0))

    def refusing(self, level: Urgency, slot: datetime, now: datetime) -> Bucket:
        """Once more somebody was told to come at `slot`."""
        told = tuple(slot if one == level else at for one, at in enumerate(self.told))
        return replace(self, told=told, refused=self.refused + 1, refused_at=now)

    def learnt(self, told: Learnt, now: datetime) -> Bucket:
        """By the vendor's word, which makes it emptier but never fuller: other calls may be under way.

        More than we thought are allowed: then there are so many more. None are left for a time: then it is closed.
        """
        bucket = self.at(now)
        many = told.many if told.many is not None and told.many > 0 else bucket.many
        tokens = bucket.tokens + max(many - bucket.many, 0)
        bucket = replace(bucket, many=many, tokens=min(tokens, max(told.left, 0), many))
        if told.left > 0 or told.resets is None:
            return bucket
        # From the moment that the vendor names, calls may go again: as many as there were, and one at least.
        until = max(bucket.filled_at, now + told.resets)
        return replace(bucket, tokens=min(max(tokens, 1.0), many), filled_at=until)


class Wait(Struct, frozen=True):
    """Which limit is used up, and for how long this asker has to wait."""

    bucket: Bucket
    wait: timedelta


def spent(
    buckets: Iterable[Bucket], level: Urgency, now: datetime
) -> tuple[list[Bucket], Wait | None]:
    """The buckets that changed: each with a call less; or, where one has to wait, that one alone, and how long."""
    filled = [bucket.at(now) for bucket in buckets]
    short = [bucket for bucket in filled if not bucket.has(level, now)]
    if not short:
        return [bucket.less() for bucket in filled], None
    worst = max(short, key=lambda bucket: bucket.slot(level, now))
    slot = worst.slot(level, now)
    refusing = worst.refusing(level, slot, now)
    return [refusing], Wait(refusing, max(slot - now, _GRAIN))
