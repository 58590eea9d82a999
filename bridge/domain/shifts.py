"""A figure beside its own past: what is usual for its hour, its weekday or its time of year, and how far off it is.

Pure. Medians and median deviations stand for mean and standard deviation, so that the odd days of the past don't
hide the next (Iglewicz & Hoaglin, How to Detect and Handle Outliers, 1993). Figures that are never negative are
compared by their square roots, whose spread is nearly the same by night and by day, for counts as for shares (Bartlett,
The Square Root Transformation in Analysis of Variance, 1936): so the whole past tells of the spread, and the figures of
the same season only of the middle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import pairwise
from math import exp, pi, sqrt
from statistics import fmean, median

from msgspec import Struct

from bridge.domain.model import Measure

FEWEST = 8
"""With fewer figures in the past nothing is said of the next."""

SAME_SEASON = 5
"""So many figures of the same hour, weekday or week of the year tell what is usual for it."""

TAIL = 0.6745  # of a normal distribution: the median deviation in standard deviations
EFFICIENCY = 0.37  # of the median deviation beside the standard one, for normal figures
LOOK_BACK = 48  # so many figures back, at most, is looked for the beginning of a shift


class Band(Struct, frozen=True, kw_only=True):
    """What is usual at a moment: from `low` to `high`, around `middle`, out of `many` figures of the `season`."""

    low: float
    middle: float
    high: float
    many: int
    season: str

    def side(self, value: float) -> int:
        """1 above the band, -1 below it, 0 within."""
        return (value > self.high) - (value < self.low)

    def change(self, value: float) -> float:
        """How much more or less than the middle, as a share of it; of a middle of 0, all."""
        if self.middle:
            return (value - self.middle) / abs(self.middle)
        return (value > 0) - (value < 0)


class Shifted(Struct, frozen=True, kw_only=True):
    """The newest figure is outside its band, and has been since `since` without a break; `whole`: all that is known."""

    figure: Measure
    band: Band
    side: int
    since: datetime
    whole: bool = False


def usual(past: Sequence[Measure], at: datetime, chance: float, zone: tzinfo) -> Band | None:
    """What is usual at `at`, by figures that came before; None where there are fewer than `FEWEST`.

    A figure of a quiet subject is outside the band with a probability of `chance` (0..1, both sides together).
    """
    values = [one.value for one in past if one.at < at]
    if len(values) < FEWEST:
        return None
    before = past[: len(values)]
    rooted = min(values) >= 0
    shown = [sqrt(value) if rooted else value for value in values]
    season, middle, many = _middle(before, shown, at, zone)
    spread = _spread(before, shown, season, zone) * sqrt(1 + pi / (2 * many))
    reach = _reach(chance, len(values)) * spread
    low, high = middle - reach, middle + reach
    if rooted:
        none_is_usual = low <= 0 or (_counts(values) and exp(-(middle**2)) > chance / 2)
        return Band(
            low=-1.0 if none_is_usual else low**2,  # nothing is less than 0
            middle=middle**2,
            high=high**2,
            many=many,
            season=season,
        )
    return Band(low=low, middle=middle, high=high, many=many, season=season)


def shifted(
    figures: Sequence[Measure], chance: float, least: float, zone: tzinfo
) -> Shifted | None:
    """Whether the newest figure is outside its band and off by `least` as a share of the middle; since when."""
    found = _outside(figures, len(figures) - 1, chance, least, zone)
    if found is None:
        return None
    band, side = found
    first = len(figures) - 1
    while first > max(len(figures) - LOOK_BACK, 0):
        earlier = _outside(figures, first - 1, chance, least, zone)
        if earlier is None or earlier[1] != side:
            break
        first -= 1
    return Shifted(
        figure=figures[-1],
        band=band,
        side=side,
        since=figures[first].at,
        whole=first <= max(len(figures) - LOOK_BACK, 0),
    )


def standing(
    figures: Sequence[Measure], holds: Callable[[float], bool]
) -> tuple[datetime, bool] | None:
    """Since when, without a break, the figures hold; and whether all that are known do. None if the newest doesn't."""
    first = len(figures)
    while first and holds(figures[first - 1].value):
        first -= 1
    if first == len(figures):
        return None
    return figures[first].at, first == 0


def _outside(
    figures: Sequence[Measure], at: int, chance: float, least: float, zone: tzinfo
) -> tuple[Band, int] | None:
    if at < 0:
        return None
    figure = figures[at]
    band = usual(figures[:at], figure.at, chance, zone)
    if band is None or not (side := band.side(figure.value)):
        return None
    return (band, side) if abs(band.change(figure.value)) >= least else None


def _counts(values: Sequence[float]) -> bool:
    """Whether they are whole numbers: then 0 is as usual as it is for a Poisson count of the same middle."""
    return all(value == int(value) for value in values)


# --- seasons

HOUR_OF_WEEK, HOUR, WEEKDAY, WEEK, ALL = (
    "this hour of the week",
    "this hour of such days",
    "this weekday",
    "this time of the year",
    "all before",
)
"""What figures are compared with, the closest first."""

_KEYS: dict[str, Callable[[datetime], object]] = {
    HOUR_OF_WEEK: lambda at: (at.weekday(), at.hour),
    HOUR: lambda at: (at.weekday() > 4, at.hour),
    WEEKDAY: lambda at: at.weekday(),
}


def _seasons(past: Sequence[Measure]) -> tuple[str, ...]:
    """Which seasons figures have that come so often."""
    hours = median((later.at - one.at).total_seconds() / 3600 for one, later in pairwise(past))
    if hours < 12:
        return (HOUR_OF_WEEK, HOUR)
    return (WEEKDAY,) if hours < 5 * 24 else (WEEK,)


def _middle(
    past: Sequence[Measure], shown: Sequence[float], at: datetime, zone: tzinfo
) -> tuple[str, float, int]:
    """The middle of the closest season that has enough figures, and how many they are."""
    here = at.astimezone(zone)
    for season in _seasons(past):
        same = [
            value
            for one, value in zip(past, shown, strict=True)
            if _together(season, one.at.astimezone(zone), here)
        ]
        if len(same) >= SAME_SEASON:
            return season, median(same), len(same)
    return ALL, median(shown), len(shown)


def _together(season: str, one: datetime, other: datetime) -> bool:
    if season != WEEK:
        return _KEYS[season](one) == _KEYS[season](other)
    apart = abs(one.isocalendar().week - other.isocalendar().week)
    return one.year != other.year and min(apart, 52 - apart) <= 1


def _spread(past: Sequence[Measure], shown: Sequence[float], season: str, zone: tzinfo) -> float:
    """The standard deviation about the middles of the season, robustly; never nothing."""
    if season in _KEYS:
        left = list(_left(past, shown, _KEYS[season], zone))
    else:
        middle = median(shown)
        left = [abs(value - middle) for value in shown]
    deviation = median(left) / TAIL
    if not deviation:  # more than half are the same: the others tell (Iglewicz & Hoaglin)
        deviation = fmean(left) * sqrt(pi / 2)
    return max(deviation, 0.01 * abs(median(shown)), 1e-9)


def _left(
    past: Sequence[Measure],
    shown: Sequence[float],
    key: Callable[[datetime], object],
    zone: tzinfo,
) -> Iterator[float]:
    """How far each figure is from the middle of its own season, those of seasons with but two figures left out.

    Few figures lie nearer to their own middle than to the true one: that is made good.
    """
    groups: dict[object, list[float]] = {}
    for one, value in zip(past, shown, strict=True):
        groups.setdefault(key(one.at.astimezone(zone)), []).append(value)
    for group in groups.values():
        if len(group) > 2:
            middle, more = median(group), sqrt(len(group) / (len(group) - 1))
            yield from (abs(value - middle) * more for value in group)


@lru_cache(maxsize=4096)
def _reach(chance: float, many: int) -> float:
    """How many deviations lie between the middle and the edge: of Student's t, for the deviation is estimated too."""
    from scipy.special import stdtrit  # noqa: PLC0415 - takes long to import

    return float(-stdtrit(max(EFFICIENCY * (many - 1), 1.0), chance / 2))
