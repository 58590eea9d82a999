"""How likely a count is by chance alone: exact upper tails, and where they cross a line. Pure.

Source of the closed forms: NIST Digital Library of Mathematical Functions, 8.17 and 8.2 (dlmf.nist.gov), as
scipy.special has them. Imports scipy: whoever has to start quickly imports this when it is needed.
"""

from __future__ import annotations

from math import inf, isinf

import numpy as np
from scipy.special import betainc, betaln, gammainc


def poisson_tail(many: int, mean: float) -> float:
    """How likely `many` or more are where `mean` are expected, each on its own."""
    if many <= 0:
        return 1.0
    return float(gammainc(many, mean)) if mean > 0 else 0.0


def negative_binomial_tail(many: int, mean: float, size: float = inf) -> float:
    """How likely `many` or more are where `mean` are expected, and the expectation itself varies.

    The variance is mean + mean² / size: the smaller `size` (over 0), the more varied; infinite for a Poisson count.
    """
    if isinf(size):
        return poisson_tail(many, mean)
    if many <= 0:
        return 1.0
    return float(betainc(many, size, mean / (mean + size))) if mean > 0 else 0.0


def binomial_tail(many: int, of: int, share: float) -> float:
    """How likely `many` or more of `of` are where each is one with the probability `share`, in 0..1."""
    if many <= 0:
        return 1.0
    return float(betainc(many, of - many + 1, share)) if many <= of else 0.0


def beta_binomial_tail(many: int, of: int, yes: float, no: float) -> float:
    """How likely `many` or more of `of` are where the probability itself is known from `yes` against `no` others.

    Both are over 0, and may be fractions: the parameters of the beta distribution of that probability.
    """
    if many <= 0:
        return 1.0
    if many > of:
        return 0.0
    k = np.arange(many, of + 1)
    ways = -betaln(of - k + 1, k + 1) - np.log(of + 1)
    return min(1.0, float(np.exp(ways + betaln(k + yes, of - k + no) - betaln(yes, no)).sum()))


def least(mean: float, size: float, chance: float) -> int:
    """The smallest count that is as unlikely as `chance` (over 0), by `negative_binomial_tail`."""
    low, high = 0, 1
    while negative_binomial_tail(high, mean, size) > chance:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if negative_binomial_tail(middle, mean, size) > chance:
            low = middle
        else:
            high = middle
    return high
