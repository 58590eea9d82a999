"""Whether two groups can be compared, and how they differ where like is compared with like. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, sqrt

from msgspec import Struct

from bridge.insight.intervals import Interval, Z

UNLIKE = 0.1
"""A standardised difference beyond it is worth naming; see `standardised`."""


class Stratum(Struct, frozen=True):
    """Of `whole` in one group `part` have it, of `others` in the other group `other`; all of them alike in the rest."""

    part: int
    whole: int
    other: int
    others: int


def standardised(one: float, other: float) -> float:
    """How far two shares (0..1) are apart, by how far shares of their size vary: 0 is alike, beyond 0.1 is not.

    Unlike a test it doesn't grow with the number of cases. Infinite where one is 0 and the other 1.
    P. C. Austin, Balance diagnostics for comparing the distribution of baseline covariates, 2009.

    >>> round(standardised(0.5, 0.4), 3), standardised(0.0, 0.0)
    (0.202, 0.0)
    """
    spread = sqrt((one * (1 - one) + other * (1 - other)) / 2)
    if spread:
        return (one - other) / spread
    return 0.0 if one == other else inf * (one - other)


def within(strata: Iterable[Stratum]) -> Interval | None:
    """The first group's share less the other's, within strata: like against like. None where no stratum has both.

    The Mantel-Haenszel risk difference, with the variance of Sato, Greenland and Robins (Biometrics 45, 1989), which
    holds for few large strata and for many small ones.

    >>> within([Stratum(30, 100, 20, 100)])
    Interval(value=0.09999999999999998, low=-0.019219954858942387, high=0.21921995485894236)
    """
    weights = apart = inner = outer = 0.0
    for one in strata:
        if not one.whole or not one.others:
            continue
        all_of_it = one.whole + one.others
        weight = one.whole * one.others / all_of_it
        weights += weight
        apart += weight * (one.part / one.whole - one.other / one.others)
        inner += (
            one.whole**2 * one.other
            - one.others**2 * one.part
            + one.whole * one.others * (one.others - one.whole) / 2
        ) / all_of_it**2
        outer += (one.part * (one.others - one.other) + one.other * (one.whole - one.part)) / (
            2 * all_of_it
        )
    if not weights:
        return None
    value = apart / weights
    half = Z * sqrt(max(0.0, value * inner + outer)) / weights
    return Interval(value, value - half, value + half)
