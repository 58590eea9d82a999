"""What is around one agent, topic or cause more often than around all others, adjusted for volume. Pure.

So many of so many are compared with the share that others have. That share isn't the same for everybody: it is taken as
beta distributed, no narrower than people usually differ. So somebody with many cases has many low scores without being
conspicuous, and somebody with few needs a higher share. Source: the beta-binomial model of Gelman et al., Bayesian Data
Analysis, 3rd ed., 5.3; chances are multiplied by the number of looks (Bonferroni), so that the promise holds for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from bridge.domain.model import Finding, Measure, Severity

if TYPE_CHECKING:
    from bridge.domain.judge import Moment

SPAN = timedelta(days=30)
"""What is looked at: the last thirty days."""

LOOKS = 90
"""How often in a quarter: once a day."""

ENOUGH = 100
"""So many of a team's own are compared with; where there are fewer, everybody's."""

ALIKE = 200
"""How alike people are, as if each one's share had been seen in so many: one in five varies by 3 points."""

BACK = 1.25
"""A pattern is over once there are no more than so many times as many as usual."""


class Share(Struct, frozen=True):
    """So many `bad` of `all`."""

    bad: int = 0
    all: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.bad + other.bad, self.all + other.all)

    def __sub__(self, other: Share) -> Share:
        return Share(self.bad - other.bad, self.all - other.all)


def usual(own: Share, others: Share) -> float:
    """How many would be bad of as many as `own` by the share that others have."""
    return own.all * (others.bad + 0.5) / (others.all + 1)


def chance(own: Share, others: Share, compared: int) -> float:
    """How often a quarter, at most, chance makes any of so many that are compared look so bad; in 0..1."""
    from bridge.domain.chance import beta_binomial_tail  # noqa: PLC0415 - imports scipy

    share = (others.bad + 0.5) / (others.all + 1)
    known = min(others.all + 1, ALIKE)
    tail = beta_binomial_tail(own.bad, own.all, share * known, (1 - share) * known)
    return min(1.0, tail * max(compared, 1) * LOOKS)


class Found(Struct, frozen=True):
    """A pattern that stands: since when, and its newest figure."""

    since: datetime
    now: Measure


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """What the rules about patterns have in common: how sure, from how many on, and how grave that is.

    `desk` is what they are about, `says` the words for each metric that they look at.
    """

    name: ClassVar[str]
    begins_in_shadow: ClassVar[bool] = True
    desk: ClassVar[str]
    says: ClassVar[Mapping[str, str]]
    fix: ClassVar[str]
    false_alarms_per_quarter: float = 0.5
    at_least: int = 3
    severity: Severity = Severity.WARNING

    def __post_init__(self) -> None:
        if not 0 < self.false_alarms_per_quarter < 1:
            given = self.false_alarms_per_quarter
            raise ValueError(f"false_alarms_per_quarter must be over 0 and below 1, not {given}")
        if self.at_least < 1:
            raise ValueError(f"at_least must be 1 or more, not {self.at_least}")

    def check(self, moment: Moment) -> Iterable[Finding]:
        """The patterns that stand, one for each metric."""
        ticket = moment.ticket
        if ticket.desk != self.desk:
            return
        for metric, words in self.says.items():
            if found := self.standing(ticket.measures.get(metric, ())):
                bad, of = found.now.value, found.now.of or 0
                newest = ticket.facts.get(metric, "")
                yield Finding(
                    rule=self.name,
                    severity=self.severity,
                    headline=words.format(bad=bad, of=of, name=ticket.name or ticket.key),
                    since=found.since,
                    about=metric,
                    occurrence=found.since.isoformat(),
                    level=f"{bad:.0f}/{of:.0f}",
                    facts=(*_shared(found.now), *((("Newest", newest),) if newest else ())),
                    fix=self.fix,
                )

    def standing(self, measures: Iterable[Measure]) -> Found | None:
        """The pattern that figures show by now: one begins when it is sure, and ends when it is back near the usual."""
        since, newest = None, None
        for figure in measures:
            newest = figure
            if figure.value < self.at_least or figure.value <= BACK * (figure.usual or 0):
                since = None
            elif since is None and figure.chance is not None:
                since = figure.at if figure.chance <= self.false_alarms_per_quarter else None
        return Found(since, newest) if since and newest else None


def _shared(figure: Measure) -> tuple[tuple[str, str], ...]:
    """What a finding tells of its figures."""
    of = figure.of or 0
    share, usually = figure.value / max(of, 1), (figure.usual or 0) / max(of, 1)
    return (
        ("Share", f"{share:.0%}, {usually:.0%} among others"),
        ("Usual", f"{figure.usual or 0:.1f} of {of:.0f}"),
        (
            "By chance",
            f"{figure.chance or 0:.2g} such alerts a quarter, among all that are compared",
        ),
    )
