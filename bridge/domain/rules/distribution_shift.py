"""Distribution shift: what comes in, or how it is rated, is spread otherwise than in the weeks before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from bridge.domain.distributions import Spread, categories, scores
from bridge.domain.judge import Moment
from bridge.domain.metrics import called, charted, parted
from bridge.domain.model import Finding, Measure, Severity
from bridge.domain.rules import lasting, moment_in_words

_Parts = Mapping[str, Sequence[Measure]]


@dataclass(frozen=True, kw_only=True)
class DistributionShift:
    """The figures of the last `window` are spread otherwise than those of the `weeks` weeks before it.

    Categories are compared by the chi-squared test with Cramér's V as the size of the effect, scores (categories that
    are all numbers) by the Mann-Whitney U test with Cliff's delta. It is found where chance alone would do so with a
    probability below `chance`, and the effect is `effect` at least: 0.1 is small, 0.3 is medium.

    >>> weeks = [Measure(ago(weeks=w), 50) for w in range(6, -1, -1)]
    >>> grew = (*weeks[:-1], Measure(NOW, 150))
    >>> example(DistributionShift(), measures={"topic=login": grew, "topic=bill": tuple(weeks)})
    ['Topic: more “login”, 75 % instead of 50 %']
    >>> same = {"topic=login": tuple(weeks), "topic=bill": tuple(weeks)}
    >>> example(DistributionShift(), measures=same)
    []
    """

    name: ClassVar[str] = "distribution_shift"
    playbook: ClassVar[str] = (
        "Read some of what grew, name what is behind it, and give that to its owner."
    )
    begins_in_shadow: ClassVar[bool] = True
    chance: float = 0.001
    effect: float = 0.1
    window: timedelta = timedelta(days=7)
    weeks: int = 8
    severity: Severity = Severity.WARNING

    def __post_init__(self) -> None:
        if not 0 < self.chance < 0.5:
            raise ValueError(f"chance must be more than 0 and less than 0.5, not {self.chance}")
        if not 0 <= self.effect < 1:
            raise ValueError(f"effect must be 0 or more and less than 1, not {self.effect}")
        if self.window <= timedelta():
            raise ValueError("window must be more than nothing")
        if self.weeks < 1:
            raise ValueError(f"weeks must be 1 or more, not {self.weeks}")

    def check(self, moment: Moment) -> Iterable[Finding]:
        wholes: dict[str, dict[str, Sequence[Measure]]] = {}
        for metric, figures in moment.ticket.measures.items():
            if figures and (split := parted(metric)):
                wholes.setdefault(split[0], {})[split[1]] = figures
        found = (self._found(moment.ticket.id, whole, parts) for whole, parts in wholes.items())
        return [one for one in found if one is not None]

    def _found(self, subject: str, whole: str, parts: _Parts) -> Finding | None:
        newest = max(figures[-1].at for figures in parts.values())
        began = newest - self.window
        now = _counted(parts, began, newest)
        before = _counted(parts, began - timedelta(weeks=self.weeks), began)
        if all(_is_number(name) for name in parts):
            spread = scores(_by_score(before), _by_score(now))
            words = _of_scores(before, now)
        else:
            spread = categories(before, now)
            words = ""
        if spread is None or spread.chance >= self.chance or abs(spread.effect) < self.effect:
            return None
        return Finding(
            rule=self.name,
            severity=self.severity,
            headline=f"{called(whole)}: {words or _of_categories(spread)}",
            since=began,
            about=whole,
            # Found anew each day while the window passes over one change: that is told once.
            occurrence=f"{spread.grew}{'+' if spread.effect > 0 else '-'}{began:%Y-%m}",
            facts=(
                ("Since", moment_in_words(began)),
                ("Test", f"{spread.test}, p {_chance(spread.chance)}, {_effect(spread)}"),
                ("Compared with", f"{lasting(timedelta(weeks=self.weeks))} before"),
                charted(subject, whole),
            ),
            fix="the usual spread, or a reason why this one is to stay",
        )


def _counted(parts: _Parts, since: datetime, until: datetime) -> dict[str, float]:
    """How many of each in the time after `since` and up to `until`."""
    sums = {
        name: sum(one.value for one in figures if since < one.at <= until)
        for name, figures in parts.items()
    }
    return {name: many for name, many in sums.items() if many > 0}


def _is_number(name: str) -> bool:
    return name.replace(".", "", 1).removeprefix("-").isdecimal()


def _by_score(counts: Mapping[str, float]) -> dict[float, float]:
    return {float(name): many for name, many in counts.items()}


def _of_categories(spread: Spread) -> str:
    now, before = (f"{share:.0%}".replace("%", " %") for share in (spread.now, spread.before))
    return f"more “{spread.grew}”, {now} instead of {before}"


def _of_scores(before: Mapping[str, float], now: Mapping[str, float]) -> str:
    means = [
        sum(score * many for score, many in side.items()) / sum(side.values())
        for side in map(_by_score, (before, now))
        if side
    ]
    if len(means) < 2:
        return ""
    way = "lower" if means[1] < means[0] else "higher"
    return f"{way}, {means[1]:.3g} on average instead of {means[0]:.3g}"


def _chance(chance: float) -> str:
    return "below 0.0001" if chance < 0.0001 else f"{chance:.4f}"


def _effect(spread: Spread) -> str:
    return (
        f"{'Cramér’s V' if spread.test == 'chi-squared' else 'Cliff’s delta'} {spread.effect:.2f}"
    )
