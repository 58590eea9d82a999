"""A budget that waits: work that a person watches is never refused, only held up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bridge.domain.model import Undeliverable
from connectors.budget import UNLIMITED, Learnt, Limit, Patient, Spent

CALLS = Limit("calls", 10, timedelta(minutes=1))


class _Busy:
    """Refuses some times, then lets pass; remembers what it was taught."""

    def __init__(self, *refusals: Undeliverable) -> None:
        self.left = list(refusals)
        self.taught: list[tuple[str, int]] = []

    def spend(self, account: str, limits: Sequence[Limit]) -> None:
        if self.left:
            raise self.left.pop(0)

    def learn(self, account: str, told: Learnt) -> None:
        self.taught.append((told.limit, told.left))


def test_it_waits_as_long_as_it_is_told_and_then_goes() -> None:
    waited: list[float] = []
    busy = _Busy(
        Spent("used up", retry_after=timedelta(seconds=6)),
        Spent("used up", retry_after=timedelta(seconds=3)),
    )
    Patient(busy, waited.append).spend("zendesk", [CALLS])
    assert waited == [6.0, 3.0]


def test_what_is_no_matter_of_the_budget_is_raised() -> None:
    with pytest.raises(Undeliverable, match="away"):
        Patient(_Busy(Undeliverable("away")), lambda _: None).spend("zendesk", [CALLS])


def test_what_a_vendor_teaches_is_passed_on() -> None:
    busy = _Busy()
    Patient(busy, lambda _: None).learn("zendesk", Learnt(limit="calls", left=3))
    assert busy.taught == [("calls", 3)]
    Patient(UNLIMITED, lambda _: None).spend("zendesk", [CALLS])
