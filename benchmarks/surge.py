"""Does a surge ring when nothing is wrong, and how soon when something is? Quiet weeks and outages made by chance.

Figures of the very functions that run live (`bridge.domain.surges`). What is simulated is known: a false alarm is
certain to be one. Seeded, so the same figures each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from time import perf_counter
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import betainc, gammaincinv

from bridge.domain.rules.surge import Surge
from bridge.domain.surges import TESTS, WEEKS, Forecast, Usual, line, usual
from bridge.domain.windows import WEEK

Say = Callable[[str], object]

SEED = 20310311
QUIET_WEEKS = 10_000
CHUNK = 500

VOLUMES = (0.05, 0.5, 3.0, 20.0)
"""Cases an hour, on average over the week."""

VARIED = (0.0, 0.1, 0.3)
"""How much more than Poisson's the counts vary: 1 / size, of each hour by itself."""

EACH = 2
FACTORS = (3, 5, 10)
TRIALS = 400
AT = 24 + 10
"""Outages begin within the hour after Tuesday 10:00."""

LONGEST = 24

_OF_DAY = (0.1,) * 6 + (0.2, 0.5, 1, 2, 2, 2, 1.5, 1.5, 2, 2, 2, 1.5, 1, 0.5, 0.3, 0.2, 0.1, 0.1)
_OF_WEEK = (1.2, 1.0, 1.0, 1.0, 1.0, 0.3, 0.3)


def run(say: Say = lambda _: None) -> Mapping[str, Any]:
    """False alarms a week against the stated budget, and how long outages take to ring."""
    began = perf_counter()
    random = np.random.default_rng(SEED)
    rule = Surge()
    kinds = list(product(VOLUMES, VARIED))
    series = len(kinds) * EACH
    rang = dict.fromkeys(kinds, 0)
    for number, kind in enumerate(kinds, 1):
        for _ in range(EACH):
            rang[kind] += _quiet(random, kind, series, rule)
        say(f"quiet weeks {number}/{len(kinds)}: {rang[kind]} false alarms at {kind[0]} an hour")
    total = sum(rang.values())
    a_week = total / QUIET_WEEKS
    low, high = _poisson_interval(total)
    outages = {
        f"{volume:g} an hour, varied {varied:g}": {
            f"x{factor}": _outage(random, (volume, varied), factor, series, rule)
            for factor in FACTORS
        }
        for volume, varied in kinds
    }
    over = low / QUIET_WEEKS > rule.false_alarms_per_week
    return {
        "quiet weeks": QUIET_WEEKS,
        "series": series,
        "windows a week": series * TESTS,
        "false alarms a week": a_week,
        "95 % interval": f"{low / QUIET_WEEKS:.4f} to {high / QUIET_WEEKS:.4f}",
        "budget a week": rule.false_alarms_per_week,
        "false alarms": {f"{v:g} an hour, varied {p:g}": many for (v, p), many in rang.items()},
        "outages": outages,
        "seconds": perf_counter() - began,
        "over": ["false alarms are above the budget"] if over else [],
    }


def shape() -> Any:
    """What a week looks like: the share of each hour, 1 on average."""
    week = np.outer(_OF_WEEK, _OF_DAY).ravel()
    return week / week.mean()


def drawn(random: Any, mean: Any, varied: float) -> Any:
    """Counts of these means, varied by more than Poisson's law or not."""
    if not varied:
        return random.poisson(mean)
    return random.poisson(random.gamma(1 / varied, mean * varied))


def _quiet(random: Any, kind: tuple[float, float], series: int, rule: Surge) -> int:
    """The false alarms of one series in all quiet weeks, one after the other: hours that ring, and days without one."""
    volume, varied = kind
    weeks = drawn(random, np.tile(volume * shape(), (QUIET_WEEKS + WEEKS, 1)), varied)
    past = sliding_window_view(weeks, (WEEKS, WEEK))[:-1, 0].astype(float)
    line_of = rule.false_alarms_per_week / (series * TESTS)
    alarms = 0
    for first in range(0, QUIET_WEEKS, CHUNK):
        found = usual(past[first : first + CHUNK])
        now = weeks[WEEKS + first : WEEKS + first + CHUNK]
        hours = _rings(now, found.hours, found.hours_size, line_of, rule.at_least)
        by_day = now.reshape(-1, 7, 24).sum(axis=-1)
        days = _rings(by_day, found.days, found.days_size, line_of, rule.at_least)
        alarms += int(_begun(hours).sum())
        alarms += int((days & ~hours.reshape(-1, 7, 24).any(axis=-1)).sum())
    return alarms


def _rings(many: Any, mean: Any, size: Any, chance: float, least: int) -> Any:
    """`chance.negative_binomial_tail` for all windows at once."""
    tail = betainc(np.maximum(many, 1), size, mean / (mean + size))
    return (many >= least) & (tail <= chance)


def _begun(hours: Any) -> Any:
    """The hours that ring, but for those that go on with what rang within the two hours before."""
    earlier = np.zeros_like(hours)
    earlier[:, 1:] |= hours[:, :-1]
    earlier[:, 2:] |= hours[:, :-2]
    return hours & ~earlier


def _outage(
    random: Any, kind: tuple[float, float], factor: int, series: int, rule: Surge
) -> dict[str, Any]:
    """How many minutes pass until an outage rings that makes so many times as many cases."""
    volume, varied = kind
    past = drawn(random, np.tile(volume * shape(), (TRIALS, WEEKS, 1)), varied).astype(float)
    found = usual(past)
    waited = [
        _rung_after(random, _one_of(found, trial), kind, factor, series=series, rule=rule)
        for trial in range(TRIALS)
    ]
    rung = sorted(minutes for minutes in waited if minutes is not None)
    share = len(rung) / TRIALS
    median = rung[TRIALS // 2] if share > 0.5 else None
    return {
        "rings": f"{share:.0%} within a day",
        "median": "-" if median is None else f"{median:.0f} min",
    }


def _rung_after(
    random: Any,
    found: Forecast,
    kind: tuple[float, float],
    factor: int,
    *,
    series: int,
    rule: Surge,
) -> float | None:
    """The minutes from the beginning of one outage, at a random minute, until its count rings; None within a day."""
    volume, varied = kind
    begins, budget = random.random(), rule.false_alarms_per_week
    today = int(drawn(random, volume * shape()[AT - AT % 24 : AT], varied).sum())
    for hour in range(LONGEST + 1):
        place = (AT + hour) % WEEK
        if place % 24 == 0:
            today = 0
        mean, day = volume * shape()[place], place // 24
        by_hour = Usual(float(found.hours[place]), float(found.hours_size[place]))
        by_day = Usual(float(found.days[day]), float(found.days_size[day]))
        needed = max(line(by_hour, series, budget), rule.at_least)
        needed_today = max(line(by_day, series, budget), rule.at_least) - today
        quiet = begins if hour == 0 else 0.0
        before = int(drawn(random, mean * quiet, varied)) if quiet else 0
        during = int(drawn(random, mean * factor * (1 - quiet), varied))
        missing = max(min(needed, needed_today) - before, 1)
        if during >= missing:
            at = quiet + (1 - quiet) * random.beta(missing, during - missing + 1)
            return float((hour + at - begins) * 60)
        today += before + during
    return None


def _one_of(found: Forecast, number: int) -> Forecast:
    return Forecast(
        found.hours[number], found.hours_size[number], found.days[number], found.days_size[number]
    )


def _poisson_interval(many: int) -> tuple[float, float]:
    """The exact 95 % interval of what is expected where so many were seen (Garwood 1936)."""
    low = float(gammaincinv(many, 0.025)) if many else 0.0
    return low, float(gammaincinv(many + 1, 0.975))
