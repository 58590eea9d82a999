"""What was worked out before need not be again: a log repeats its times, states and scores, row by row."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

AT_MOST = 100_000
"""So many are remembered; then all are forgotten."""


class Remembered(dict[K, V]):
    """A function as a table that fills itself: looking up costs no call where it is known.

    >>> double = Remembered(lambda number: number * 2)
    >>> double[21]
    42
    """

    def __init__(self, work_out: Callable[[K], V]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, key: K) -> V:
        if len(self) >= AT_MOST:
            self.clear()
        self[key] = found = self._work_out(key)
        return found
