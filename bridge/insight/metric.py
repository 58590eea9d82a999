"""A metric of a subject as a chart needs it: its figures, what was usual for each, and the lines drawn for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.metrics import called, parted
from bridge.domain.model import Measure, Ticket
from bridge.domain.rules.account_shift import AccountShift
from bridge.domain.rules.metric_threshold import Limit, MetricThreshold
from bridge.domain.shifts import Band, usual
from bridge.settings import Settings
from bridge.store import tickets

POINTS = 120
"""So many of the newest figures are shown."""


class Point(Struct, frozen=True):
    """A figure, and what was usual then; None where too little was known."""

    figure: Measure
    band: Band | None


class Metric(Struct, frozen=True, kw_only=True):
    """What is shown of a metric. `parts` are the categories of a distribution by the times at which they were told."""

    subject: Ticket
    name: str
    points: tuple[Point, ...] = ()
    limits: tuple[Limit, ...] = ()
    times: tuple[datetime, ...] = ()
    parts: dict[str, tuple[float, ...]] = {}

    @property
    def title(self) -> str:
        """What people call it."""
        return called(self.name)


def metric(connection: Connection, settings: Settings, subject: str, name: str) -> Metric | None:
    """The newest figures of a metric; None where there are none."""
    state = tickets.find(connection, subject)
    if state is None:
        return None
    parts = {
        split[1]: figures
        for key, figures in state.measures.items()
        if (split := parted(key)) and split[0] == name
    }
    if parts:
        return _spread(state, name, parts)
    figures = state.measures.get(name, ())
    if not figures:
        return None
    chance, limits = _judged(settings, subject, name)
    first = max(len(figures) - POINTS, 0)
    points = tuple(
        Point(one, usual(figures[: first + n], one.at, chance, settings.hours.zone))
        for n, one in enumerate(figures[first:])
    )
    return Metric(subject=state, name=name, points=points, limits=limits)


def _spread(state: Ticket, name: str, parts: Mapping[str, Sequence[Measure]]) -> Metric:
    times = sorted({one.at for figures in parts.values() for one in figures})[-POINTS:]
    told = {part: {one.at: one.value for one in figures} for part, figures in parts.items()}
    return Metric(
        subject=state,
        name=name,
        times=tuple(times),
        parts={part: tuple(by.get(at, 0.0) for at in times) for part, by in told.items()},
    )


def _judged(settings: Settings, subject: str, name: str) -> tuple[float, tuple[Limit, ...]]:
    """By which chance a figure counts as unusual, and the lines that are drawn for it."""
    rules = {rule.name: rule for rule in settings.rules}
    lines = rules.get(MetricThreshold.name, MetricThreshold())
    shift = rules.get(AccountShift.name, AccountShift())
    limits: tuple[Limit, ...] = ()
    chance = MetricThreshold.chance
    if isinstance(lines, MetricThreshold):
        limits = tuple(one for one in lines.limits if one.drawn(name, subject))
        chance = lines.chance
    if subject.startswith("account:") and isinstance(shift, AccountShift):
        chance = shift.chance
    return chance, limits
