"""Metric threshold: a figure is beyond a line that somebody drew, or far from what is usual for its hour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bridge.domain.judge import Moment
from bridge.domain.metrics import amount, called, charted, parted
from bridge.domain.model import Finding, Measure, Severity
from bridge.domain.rules import lasting, moment_in_words
from bridge.domain.shifts import Shifted, shifted, standing


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A line for a metric, which is called like the line unless `metric` says otherwise.

    What is above or below it for at least `lasts` is found: of every subject that has the metric, or of those alone
    that begin like one of `subjects` ("team:Billing", or "team:" for all teams). `severity` goes before the rule's.
    """

    name: str
    metric: str = ""
    above: float | None = None
    below: float | None = None
    lasts: timedelta = timedelta()
    subjects: tuple[str, ...] = ()
    severity: Severity | None = None

    def __post_init__(self) -> None:
        if self.above is None and self.below is None:
            raise ValueError("needs above or below")

    def beyond(self, value: float) -> bool:
        """Whether the value is on the wrong side."""
        return (self.above is not None and value > self.above) or (
            self.below is not None and value < self.below
        )

    def drawn(self, metric: str, subject: str) -> bool:
        """Whether the line is drawn for this metric of this subject."""
        mine = not self.subjects or subject.startswith(self.subjects)
        return mine and metric == (self.metric or self.name)


@dataclass(frozen=True, kw_only=True)
class MetricThreshold:
    """A metric crossed one of `limits`; or, where it has none, is far from its own past, and off by `least` at least.

    `past` names the metrics that are compared with their own past, "*" all of them, none unless asked for: what is far
    from usual may be good news. Left out are those of accounts, which have a rule of their own, and what was compared
    before it came here. A figure of a quiet subject is found with a probability of `chance`: 0.0001 is one false alarm
    in ten thousand figures, which are 14 months of an hourly metric. `least` is a share of what is usual.

    >>> figures = [Measure(ago(hours=h), 40 + h % 3) for h in range(200, 0, -1)]
    >>> example(MetricThreshold(past=("*",)), measures={"backlog": (*figures, Measure(NOW, 90))})
    ['Backlog is 90, usually 40']
    >>> example(MetricThreshold(past=("*",)), measures={"backlog": (*figures, Measure(NOW, 42))})
    []
    """

    name: ClassVar[str] = "metric_threshold"
    playbook: ClassVar[str] = (
        "Open the chart, find what changed when it began, and say what is done about it."
    )
    limits: tuple[Limit, ...] = field(default=(), metadata={"tables": Limit})
    past: tuple[str, ...] = ()
    chance: float = 0.0001
    least: float = 0.3
    severity: Severity = Severity.HIGH

    def __post_init__(self) -> None:
        if not 0 < self.chance < 0.5:
            raise ValueError(f"chance must be more than 0 and less than 0.5, not {self.chance}")
        if self.least < 0:
            raise ValueError(f"least must be 0 or more, not {self.least}")

    def check(self, moment: Moment) -> Iterable[Finding]:
        return [
            finding
            for metric, figures in moment.ticket.measures.items()
            if figures and not parted(metric)
            for finding in self._found(moment, metric, figures)
        ]

    def _found(self, moment: Moment, metric: str, figures: Sequence[Measure]) -> Iterator[Finding]:
        subject = moment.ticket.id
        limits = [one for one in self.limits if one.drawn(metric, subject)]
        for limit in limits:
            found = standing(figures, limit.beyond)
            if found is not None and figures[-1].at - found[0] >= limit.lasts:
                yield self._beyond(subject, metric, limit, figures)
        compared = subject.startswith("account:") or figures[-1].chance is not None
        if limits or compared or not {metric, "*"} & {*self.past}:
            return
        far = shifted(figures, self.chance, self.least, moment.hours.zone)
        if far is not None:
            yield self._unusual(subject, metric, far)

    def _beyond(
        self, subject: str, metric: str, limit: Limit, figures: Sequence[Measure]
    ) -> Finding:
        value = figures[-1].value
        since, whole = standing(figures, limit.beyond) or (figures[-1].at, False)
        over = limit.above is not None and value > limit.above
        line = amount(metric, (limit.above if over else limit.below) or 0.0)
        held = f", for {lasting(figures[-1].at - since)}" if limit.lasts else ""
        return Finding(
            rule=self.name,
            severity=limit.severity or self.severity,
            headline=f"{called(metric)} is {amount(metric, value)}, "
            f"{'above' if over else 'below'} {line}{held}",
            since=since,
            about=limit.name,
            occurrence="" if whole else since.isoformat(),
            level=amount(metric, value),
            facts=(("Since", moment_in_words(since)), charted(subject, metric)),
            fix=f"{called(metric)} {'at or below' if over else 'at or above'} {line}",
        )

    def _unusual(self, subject: str, metric: str, far: Shifted) -> Finding:
        band, value = far.band, far.figure.value
        usual = f"{amount(metric, max(band.low, 0.0))} to {amount(metric, band.high)}"
        return Finding(
            rule=self.name,
            severity=self.severity,
            headline=f"{called(metric)} is {amount(metric, value)}, "
            f"usually {amount(metric, band.middle)}",
            since=far.since,
            about=metric,
            occurrence="" if far.whole else far.since.isoformat(),
            level=amount(metric, value),
            facts=(
                ("Since", moment_in_words(far.since)),
                ("Usual", f"{usual}, by {band.many} figures of {band.season}"),
                charted(subject, metric),
            ),
            fix=f"{called(metric)} between {usual.replace(' to ', ' and ')}",
        )
