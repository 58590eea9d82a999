"""Whether how something is spread has changed: over categories, or over a scale; by a named test, and by how much.

A p-value alone rings for nothing where there is much to count, so each test comes with the size of its effect. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from msgspec import Struct

EXPECTED = 5.0
"""So many must be expected of each category, or the chi-squared test is not to be trusted (Cochran, 1954)."""

OTHERS = "others"
MOST = 200_000
"""So many scores of a side are compared at most: beyond, counts are scaled down, for their order alone tells."""


class Spread(Struct, frozen=True, kw_only=True):
    """What a test found. `chance`: how likely such a difference is where there is none, in 0..1.

    `effect` is Cramér's V in 0..1 for categories; for scores Cliff's delta in -1..1, below 0 where the later are lower.
    `grew` is the category whose share grew most, from `before` to `now` (0..1), "" where none did.
    """

    test: str
    chance: float
    effect: float
    grew: str = ""
    before: float = 0.0
    now: float = 0.0


def categories(before: Mapping[str, float], now: Mapping[str, float]) -> Spread | None:
    """Compare counts by category: Pearson's chi-squared test, Cramér's V. None where too little is counted.

    Categories too rare for the test are taken together as "others".
    """
    from scipy.stats import chi2_contingency  # noqa: PLC0415 - takes long to import

    table = _enough(before, now)
    if len(table) < 2:
        return None
    rows = [[old for old, _ in table.values()], [new for _, new in table.values()]]
    found = chi2_contingency(rows, correction=False)
    old_sum, new_sum = (sum(row) for row in rows)
    shares = {name: (old / old_sum, new / new_sum) for name, (old, new) in table.items()}
    # By how surely it grew, not by how much: a share that was large already grows most by chance.
    grew = max(shares, key=lambda name: _risen(*shares[name]))
    return Spread(
        test="chi-squared",
        chance=float(found.pvalue),
        effect=sqrt(float(found.statistic) / (old_sum + new_sum)),
        grew=grew,
        before=shares[grew][0],
        now=shares[grew][1],
    )


def scores(before: Mapping[float, float], now: Mapping[float, float]) -> Spread | None:
    """Compare counts by score: the Mann-Whitney U test, Cliff's delta. None with fewer than `EXPECTED` on a side.

    Scores come in few values, so that there are many ties: the test accounts for them, that of Kolmogorov and Smirnov
    would not.
    """
    import numpy as np  # noqa: PLC0415 - takes long to import
    from scipy.stats import mannwhitneyu  # noqa: PLC0415

    sides = [np.repeat(list(side), _whole(side)) for side in (before, now) if side]
    if len(sides) < 2 or min(len(side) for side in sides) < EXPECTED:
        return None
    old, new = sides
    if len(set(old) | set(new)) < 2:
        return Spread(test="Mann-Whitney", chance=1.0, effect=0.0)
    found = mannwhitneyu(new, old, alternative="two-sided", method="asymptotic")
    return Spread(
        test="Mann-Whitney",
        chance=float(found.pvalue),
        effect=2 * float(found.statistic) / (len(old) * len(new)) - 1,
    )


def _enough(
    before: Mapping[str, float], now: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Counts before and now by category, the rare ones together; what is still too rare is left out."""
    both = {name: (before.get(name, 0.0), now.get(name, 0.0)) for name in sorted({*before, *now})}
    whole = sum(old + new for old, new in both.values())
    smaller = min(sum(before.values()), sum(now.values()))
    if not whole or not smaller:
        return {}

    def expected(old: float, new: float) -> float:
        return (old + new) * smaller / whole

    kept = {name: pair for name, pair in both.items() if expected(*pair) >= EXPECTED}
    rare = [pair for name, pair in both.items() if name not in kept]
    rest = (sum(old for old, _ in rare), sum(new for _, new in rare))
    if expected(*rest) >= EXPECTED:
        kept[OTHERS] = rest
    return kept


def _risen(before: float, now: float) -> float:
    middle = (before + now) / 2
    return (now - before) / sqrt(middle * (1 - middle)) if 0 < middle < 1 else 0.0


def _whole(side: Mapping[float, float]) -> list[int]:
    many = sum(side.values())
    scale = min(1.0, MOST / many) if many else 1.0
    return [round(count * scale) for count in side.values()]
