"""What a count by the hour usually is, so that a surge can be told from chance. Pure.

A Gamma-Poisson model: the expectation of an hour of the week is what that hour had in past weeks, drawn towards its
neighbours, these towards the hour of the day, and that towards the overall level, each the less the more was counted.
What is expected is itself uncertain, and real counts vary more than Poisson's: the predictive distribution is a
negative binomial. Source: Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6 and 13.6; the moment estimate of the
overdispersion is that of Breslow, Applied Statistics 33 (1984).

A running count of a fixed window only grows. So looking at it all the time rings for chance no more often than one look
at its end: whatever was unlikely in between is at least as unlikely then.

Imports numpy: whoever has to start quickly imports this when it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bridge.domain.chance import least, negative_binomial_tail
from bridge.domain.windows import DAY, WEEK, slot

Numbers = NDArray[np.float64]

WEEKS = 8
"""So many past weeks are compared with."""

SHORTEST = timedelta(days=3)
"""Before so much was seen, nothing is a surge."""

TESTS = WEEK + 7
"""Windows of a week that are looked at, for each series: every hour and every day."""

_LEVEL, _OF_DAY, _NEAR, _OWN = 0.5, 1.0, 2.0, 4.0
"""How strongly each estimate is drawn to the next wider one, as if so many had been counted there."""

_GROWTH = 20.0
"""How strongly the last week's level is drawn to that of all weeks, in the same unit."""

_VARIED, _VARIED_SEEN, _MOST_VARIED = 0.05, 5.0, 1.0
"""The overdispersion (1 / size) before anything is known of it, how strongly it is drawn there, and the most of it."""

_MARGIN = 1.4
"""What is found is taken that much greater, for the far tail weighs what is underestimated more than what is over:
with it, counts that were simulated with an overdispersion of 0 to 0.3 kept the stated chance down to 1 in 100,000."""


class Usual(Struct, frozen=True):
    """What is expected of a window: see `chance.negative_binomial_tail`."""

    mean: float
    size: float


class Forecast(Struct, frozen=True):
    """What is expected of each hour of the week (last axis: 168), and of each day of it (7)."""

    hours: Numbers
    hours_size: Numbers
    days: Numbers
    days_size: Numbers

    def of(self, window: str, at: datetime, zone: tzinfo) -> Usual:
        """What is expected of the hour or the day in which `at` lies, of a single series."""
        place = slot(at, zone) % WEEK
        if window == DAY:
            return Usual(float(self.days[place // 24]), float(self.days_size[place // 24]))
        return Usual(float(self.hours[place]), float(self.hours_size[place]))


def forecast(
    counts: Mapping[datetime, int], since: datetime, today: datetime, zone: tzinfo
) -> Forecast | None:
    """What a series of counts by hour makes expected from `today` (a local midnight) on; None for too short a past.

    `since` is the hour from which on anything was counted: from then on, an hour without a count is one of none.
    """
    if today - since < SHORTEST:
        return None
    end, many = slot(today, zone), np.zeros(WEEKS * WEEK)
    begin = end - WEEKS * WEEK
    for hour, count in counts.items():
        if begin <= (at := slot(hour, zone)) < end:
            many[at - begin] += count
    known = np.arange(begin, end) >= slot(since, zone)
    # Day by day the window of past weeks moves on, and the hours of the week keep their columns.
    many = np.roll(many.reshape(WEEKS, WEEK), begin % WEEK, axis=1)
    known = np.roll(known.reshape(WEEKS, WEEK), begin % WEEK, axis=1)
    return usual(many, known)


def usual(many: Any, known: Any = None) -> Forecast:
    """What is expected after past weeks.

    `many` are counts of shape (…, weeks, 168), the oldest week first; `known` says of which of them there is any
    knowledge, all by default. What was a gross surge itself does not count for what is usual.
    """
    weight = np.ones(many.shape) if known is None else known.astype(float)
    mean, _ = _expected(many, weight, np.zeros(1))
    rough = mean[..., None, :]
    weight = weight * (many <= rough + 6 * np.sqrt(rough + 0.25 * rough**2) + 5)
    mean, _ = _expected(many, weight, np.zeros(1))
    # Where counts vary much, a single hour tells less: its mean is drawn further to its neighbours'.
    mean, doubt = _expected(many, weight, mean * _varied(many, weight, mean))
    hours_varied = _varied(many, weight, mean)
    by_day = (*many.shape[:-1], 7, 24)
    whole = weight.reshape(by_day).min(axis=-1)
    day_mean = mean.reshape(*mean.shape[:-1], 7, 24).sum(axis=-1)
    days_varied = _varied(many.reshape(by_day).sum(axis=-1), whole, day_mean)
    day_seen = (many * weight).sum(axis=-2).reshape(*mean.shape[:-1], 7, 24).sum(axis=-1)
    grown, grown_doubt = _growth(many, weight, mean)
    day_doubt = 1 / (_OWN + day_seen)
    return Forecast(
        mean * grown,
        1 / (doubt + grown_doubt + hours_varied),
        day_mean * grown,
        1 / (day_doubt + grown_doubt + days_varied * (1 + 1 / np.maximum(whole.sum(axis=-2), 1))),
    )


def _expected(many: Any, weight: Any, extra: Any) -> tuple[Any, Any]:
    """The mean of each hour of the week, and the variance of that estimate in units of its square.

    `extra` is the variance of a count beyond Poisson's, in units of the mean.
    """
    total = (many * weight).sum(axis=-2) / (1 + extra)
    hours = weight.sum(axis=-2) / (1 + extra)
    all_of_it, all_hours = total.sum(axis=-1, keepdims=True), hours.sum(axis=-1, keepdims=True)
    level = (all_of_it + _LEVEL) / (all_hours + 1)
    level_doubt = 1 / (all_of_it + _LEVEL)
    near, near_hours = _smoothed(total), _smoothed(hours)
    days = (*total.shape[:-1], 7, 24)
    daily = np.tile(near.reshape(days).sum(axis=-2), 7)
    daily_hours = np.tile(near_hours.reshape(days).sum(axis=-2), 7)
    mean, doubt = _drawn(daily, daily_hours, level, level_doubt, _OF_DAY)
    mean, doubt = _drawn(near, near_hours, mean, doubt, _NEAR)
    return _drawn(total, hours, mean, doubt, _OWN)


def _drawn(many: Any, hours: Any, wider: Any, wider_doubt: Any, strength: float) -> tuple[Any, Any]:
    """The mean of what was counted in so many hours, drawn to a wider mean, and how sure it is."""
    weight = strength / wider
    mean = (strength + many) / (weight + hours)
    return mean, 1 / (strength + many) + (weight / (weight + hours)) ** 2 * wider_doubt


def _smoothed(by_hour: Any) -> Any:
    """Each hour with half of its neighbours on either side, round the week.

    Weights are scaled so that a sum is worth as much as that many counts of its own: (Σw)² / Σw² of equal hours.
    """
    near = np.roll(by_hour, 1, axis=-1) + np.roll(by_hour, -1, axis=-1)
    return (by_hour + near / 2) * (4 / 3)


def _varied(many: Any, weight: Any, mean: Any) -> Any:
    """The overdispersion: how much more than Poisson's the counts vary about their means, with a standard error on top.

    Its square root is how far, in shares of the mean, one window's level is typically from another's.
    """
    expected = mean[..., None, :]
    fitted = np.maximum(weight.sum(axis=-2, keepdims=True), 2)
    excess = (many - expected) ** 2 * fitted / (fitted - 1) - expected
    both = (-2, -1)
    among = (weight * expected**2).sum(axis=both) + _VARIED_SEEN
    varied = ((weight * excess).sum(axis=both) + _VARIED * _VARIED_SEEN) / among
    varied = _MARGIN * np.maximum(varied, 0)
    spread = expected + varied[..., None, None] * expected**2
    error = np.sqrt((weight * (2 * spread**2 + expected)).sum(axis=both)) / among
    return np.minimum(varied + error, _MOST_VARIED)[..., None]


def _growth(many: Any, weight: Any, mean: Any) -> tuple[Any, Any]:
    """How the last week's level compares with that of all of them, and how sure that is."""
    last = (many[..., -1, :] * weight[..., -1, :]).sum(axis=-1)
    usually = (mean * weight[..., -1, :]).sum(axis=-1)
    grown = (last + _GROWTH) / (usually + _GROWTH)
    return grown[..., None], (1 / (last + _GROWTH))[..., None]


def chance(many: int, expected: Usual, series: int) -> float:
    """How often a week, at most, a count so high is seen by chance alone in any window of so many series; in 0..1."""
    tail = negative_binomial_tail(many, expected.mean, expected.size)
    return min(1.0, tail * max(series, 1) * TESTS)


def line(expected: Usual, series: int, a_week: float) -> int:
    """From how many on a window is so unusual that chance rings for it less often than `a_week` (over 0)."""
    return least(expected.mean, expected.size, a_week / (max(series, 1) * TESTS))
