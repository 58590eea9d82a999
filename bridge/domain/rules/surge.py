"""Surge: something bigger. Far more cases, low scores or alerts of one topic or team than it usually has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log
from typing import ClassVar

from msgspec import Struct

from bridge.domain.judge import Moment
from bridge.domain.model import Finding, Measure, Severity
from bridge.domain.rules import lasting, moment_in_words
from bridge.domain.windows import DAY, HOUR, day_of, hour_of, window_end

_KINDS = {
    "opened": ("new case", "new cases"),
    "low": ("low score", "low scores"),
    "alert": ("alert", "alerts"),
}
_AN_HOUR = timedelta(hours=1)
_STEP = 1.1
"""A surge that has grown by a tenth is worth a fresh look at the message."""

_WEEKS_OF_A_YEAR = 52.18


class _Wave(Struct):
    """A surge as it went on: its first window and its last one, with how many there were in each."""

    begins: datetime
    last: datetime
    rang: Measure
    now: Measure
    windows: dict[datetime, Measure]

    @property
    def total(self) -> float:
        return sum(figure.value for figure in self.windows.values())


@dataclass(frozen=True, kw_only=True)
class Surge:
    """A count within a clock hour, or a day, that is too high for this topic or team at this time of the week.

    `false_alarms_per_week` is the promise for the whole installation: so often, at most, chance alone rings. It is over
    when `quiet_hours` have passed in which the count was no more than twice the usual; one of a day ends with the day.

    >>> calls = Measure(ago(minutes=10), 23, None, 2.0, 0.0001)
    >>> example(Surge(), id="topic:zendesk:brand:Acme", name="Acme", measures={"opened.hour": (calls,)})
    ['23 new cases about Acme in an hour; usually 2']
    >>> few = Measure(ago(minutes=10), 5, None, 2.0, 1.0)
    >>> example(Surge(), id="topic:zendesk:brand:Acme", name="Acme", measures={"opened.hour": (few,)})
    []
    """

    name: ClassVar[str] = "surge"
    playbook: ClassVar[str] = (
        "Find what these cases have in common, tell whoever can stop it, and tell the customers once for all."
    )
    false_alarms_per_week: float = 0.1
    at_least: int = 5
    quiet_hours: int = 2
    severity: Severity = Severity.HIGH

    def __post_init__(self) -> None:
        if not 0 < self.false_alarms_per_week < 1:
            given = self.false_alarms_per_week
            raise ValueError(f"false_alarms_per_week must be over 0 and below 1, not {given}")
        if self.at_least < 2 or self.quiet_hours < 1:
            raise ValueError("at_least must be 2 or more, and quiet_hours 1 or more")

    def check(self, moment: Moment) -> Iterable[Finding]:
        if moment.ticket.desk not in ("topic", "team"):
            return
        for kind in _KINDS:
            found = self._hourly(moment, kind) or self._daily(moment, kind)
            if found is not None:
                yield found

    def rings(self, figure: Measure) -> bool:
        """Whether a window is a surge for itself."""
        unlikely = figure.chance is not None and figure.chance <= self.false_alarms_per_week
        return unlikely and figure.value >= self.at_least

    def _raised(self, figure: Measure) -> bool:
        return figure.value >= self.at_least and figure.value > 2 * (figure.usual or 0)

    def _hourly(self, moment: Moment, kind: str) -> Finding | None:
        wave = self._wave(moment.ticket.measures.get(f"{kind}.{HOUR}", ()))
        if wave is None or moment.now >= wave.last + (1 + self.quiet_hours) * _AN_HOUR:
            return None
        return self._finding(moment, kind, HOUR, wave)

    def _wave(self, figures: Sequence[Measure]) -> _Wave | None:
        """The newest surge by the hour: what rang, and the hours after it that were still raised."""
        wave: _Wave | None = None
        for figure in figures:
            begins = hour_of(figure.at)
            going_on = wave is not None and begins <= wave.last + self.quiet_hours * _AN_HOUR
            if self.rings(figure) and (wave is None or not going_on):
                wave = _Wave(begins, begins, figure, figure, {begins: figure})
            elif wave is not None and going_on and (self.rings(figure) or self._raised(figure)):
                wave.last, wave.now = begins, figure
                wave.windows[begins] = figure
                wave.rang = figure if self.rings(figure) else wave.rang
        return wave

    def _daily(self, moment: Moment, kind: str) -> Finding | None:
        """A day that rings although none of its hours does: it lasts till the day is over."""
        zone = moment.hours.zone
        rang = [f for f in moment.ticket.measures.get(f"{kind}.{DAY}", ()) if self.rings(f)]
        if not rang:
            return None
        figure, begins = rang[-1], day_of(rang[-1].at, zone)
        hours = moment.ticket.measures.get(f"{kind}.{HOUR}", ())
        by_the_hour = any(self.rings(f) and f.at >= begins for f in hours)
        if by_the_hour or moment.now >= window_end(DAY, begins, zone):
            return None
        return self._finding(
            moment, kind, DAY, _Wave(begins, begins, figure, figure, {begins: figure})
        )

    def _finding(self, moment: Moment, kind: str, window: str, wave: _Wave) -> Finding:
        ticket, many, usually = moment.ticket, wave.now.value, wave.now.usual or 0.0
        what = _KINDS[kind][0 if many == 1 else 1]
        about = "about" if ticket.desk == "topic" else "for"
        name = ticket.name or ticket.key
        span = "in an hour" if window == HOUR else "in a day"
        newest = ticket.facts.get(f"{kind}.{window}", "")
        facts = [
            ("Usual", f"{_some(usually)} {span}"),
            ("By chance", rarely(wave.rang.chance or 0.0)),
            ("Since", moment_in_words(wave.begins)),
        ]
        if len(wave.windows) > 1:
            lasted = lasting(wave.last + _AN_HOUR - wave.begins)
            facts.append(("All of it", f"{wave.total:.0f} in {lasted}"))
        if newest:
            facts.append(("Newest", newest))
        return Finding(
            rule=self.name,
            severity=self.severity,
            headline=f"{many:.0f} {what} {about} {name} {span}; usually {_some(usually)}",
            since=wave.begins,
            about=kind,
            occurrence=wave.begins.isoformat(),
            level=f"{window}:{wave.last.isoformat()}:{int(log(max(wave.total, 1), _STEP))}",
            facts=tuple(facts),
            fix="the common cause found and stopped",
        )


def rarely(a_week: float) -> str:
    """How often that happens by chance among all that is watched: "once in 30 weeks", "once in 3,000 years"."""
    weeks = 1 / max(a_week, 1e-9)
    if weeks < 2 * _WEEKS_OF_A_YEAR:
        return f"once in {weeks:.0f} weeks" if weeks >= 2 else "every week"
    years = min(weeks / _WEEKS_OF_A_YEAR, 1e6)
    return f"once in {years:,.0f} years" + (" or more seldom" if years == 1e6 else "")


def _some(mean: float) -> str:
    """An expectation as people say it: "2", "0.3", "less than 0.1"."""
    return f"{mean:.0f}" if mean >= 1.5 else f"{mean:.1g}" if mean >= 0.1 else "less than 0.1"
