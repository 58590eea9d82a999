"""How sure a figure is: 95 % intervals of shares and of differences. Pure."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from msgspec import Struct

Z = NormalDist().inv_cdf(0.975)

FEW = 30
"""Below so many of a kind a figure says little; see docs/insight.md."""


class Interval(Struct, frozen=True):
    """A figure, and between what it lies with a confidence of 95 %."""

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether a difference is more than chance: its interval leaves out zero."""
        return self.low > 0 or self.high < 0


def share(part: int, whole: int) -> Interval | None:
    """A share, by Wilson's score interval; None of nothing.

    >>> share(5, 10)
    Interval(value=0.5, low=0.2365930905125611, high=0.7634069094874389)
    """
    if not whole:
        return None
    p, z2 = part / whole, Z * Z
    middle = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z / (1 + z2 / whole) * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole))
    return Interval(p, max(0.0, middle - half), min(1.0, middle + half))


def difference_of_shares(part: int, whole: int, other: int, others: int) -> Interval | None:
    """The first share less the second: Newcombe's interval, made of Wilson's two; None where one is of nothing.

    Newcombe, Interval estimation for the difference between independent proportions, 1998, method 10.
    """
    one, two = share(part, whole), share(other, others)
    if one is None or two is None:
        return None
    apart = one.value - two.value
    below = sqrt((one.value - one.low) ** 2 + (two.high - two.value) ** 2)
    above = sqrt((one.high - one.value) ** 2 + (two.value - two.low) ** 2)
    return Interval(apart, apart - below, apart + above)


class Sample(Struct, frozen=True):
    """Scores summed up: their mean, their variance (None of a single one), and how many there are."""

    mean: float
    variance: float | None
    many: int


def difference_of_means(one: Sample, other: Sample) -> Interval | None:
    """The first mean less the second, each with its own variance; None where one has a single score.

    For groups of `FEW` and more, where means are as good as normally distributed; with fewer it is too narrow.
    """
    if one.variance is None or other.variance is None:
        return None
    apart = one.mean - other.mean
    half = Z * sqrt(one.variance / one.many + other.variance / other.many)
    return Interval(apart, apart - half, apart + half)
