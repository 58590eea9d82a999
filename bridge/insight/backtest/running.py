"""A whole history played: cases come one by one, are played in some processes, and become an album."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from datetime import datetime
from itertools import islice
from multiprocessing import get_context

from msgspec import msgpack

from bridge.insight.backtest.album import Album, Binder, Sheet, sheet
from bridge.insight.backtest.case import Case
from bridge.insight.backtest.plan import Plan
from bridge.insight.backtest.playing import play

TOGETHER = 400
"""So many cases are handed to a process at once."""

WAITING = 2
"""So many such parcels wait for each process, for memory's sake."""


def play_all(
    cases: Iterable[Case], plans: Sequence[Plan], *, jobs: int, until: Callable[[], datetime | None]
) -> Album:
    """Play every case under every plan; the album's variants are those of the plans, one after the other.

    `until` is asked at the end for the last moment of the history.
    """
    with closing(Binder(sum(len(plan.variants) for plan in plans))) as binder:
        for page in _pages(cases, plans, jobs):
            binder.add(page)
        return binder.album(until())


def _pages(cases: Iterable[Case], plans: Sequence[Plan], jobs: int) -> Iterator[Sheet]:
    """Sheets in the order of the cases, so that the same history always gives the same album."""
    parcels = iter(cases)
    if jobs <= 1:
        while some := tuple(islice(parcels, TOGETHER)):
            yield _played(some, plans)
        return
    context = get_context("forkserver")
    with ProcessPoolExecutor(jobs, context, _begin, (tuple(plans),)) as pool:
        under_way: deque[Future[Sheet]] = deque()
        while some := tuple(islice(parcels, TOGETHER)):
            under_way.append(pool.submit(_play_parcel, msgpack.encode(some)))
            if len(under_way) > jobs * WAITING:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _played(cases: Sequence[Case], plans: Sequence[Plan]) -> Sheet:
    return sheet(cases, [[play(case, plan) for plan in plans] for case in cases])


# --- in a process of its own


_PLANS: list[Plan] = []
_CASES = msgpack.Decoder(tuple[Case, ...])


def _begin(plans: Sequence[Plan]) -> None:
    _PLANS[:] = plans


def _play_parcel(parcel: bytes) -> Sheet:
    return _played(_CASES.decode(parcel), _PLANS)
