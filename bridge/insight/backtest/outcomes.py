"""What came of a case: whether it went badly, by each of the mapping's outcomes, and when."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping as Map
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from bridge.domain.model import Category
from bridge.insight.backtest.case import Outcome
from bridge.insight.backtest.life import Life
from bridge.insight.backtest.records import AT, STATE, Layout
from bridge.insight.backtest.sections import OutcomeSection
from bridge.insight.backtest.times import Micros, moments

HOUR = 3_600_000_000


class Yardstick(Struct, frozen=True):
    """What outcomes are told by that no case tells alone: when the history ends, and from when on a case is slow.

    `slow` is by outcome; a case that takes longer, in microseconds, is one of the slowest share.
    """

    until: Micros
    slow: Map[str, Micros]


class Outcomes:
    """Reckons what came of cases. `normal` brings a score of the mapping's to 0..1."""

    def __init__(
        self, asked: Map[str, OutcomeSection], yard: Yardstick, low_scores: Map[str, float]
    ) -> None:
        self.asked, self.yard, self.low_scores = asked, yard, low_scores
        self.moment = moments()

    def of(
        self,
        life: Life,
        due: Micros | None,
        *,
        records: Sequence[Any] = (),
        shape: Layout | None = None,
        states: Map[str, Category] = {},
    ) -> dict[str, Outcome]:
        """By name. `due` is the implied deadline; columns are looked up in the records."""
        found = {}
        for name, asked in self.asked.items():
            bad, at = None, None
            match asked.kind:
                case "column" if shape is not None:
                    bad, at = _column(
                        asked, life, due=due, records=records, shape=shape, states=states
                    )
                case "score":
                    bad, at = self._score(name, life)
                case "reopened":
                    at = life.reopened[0] if life.reopened else None
                    bad = True if at is not None else (None if life.category.live else False)
                case "breached":
                    at = life.breached
                    bad = True if at is not None else (None if life.category.live else False)
                case "slowest" if name in self.yard.slow:
                    bad, at = self._late(life, life.opened + self.yard.slow[name])
                case "deadline" if due is not None:
                    bad, at = self._late(life, due)
            when = self.moment[at] if bad and at is not None else None
            found[name] = Outcome(bad=bad, at=when)
        return found

    def _score(self, name: str, life: Life) -> tuple[bool | None, Micros | None]:
        if not life.scores:
            return None, None
        bar = self.low_scores[name]
        low = [at for at, score in life.scores if score <= bar]
        return bool(low), min(low, default=None)

    def _late(self, life: Life, due: Micros) -> tuple[bool | None, Micros | None]:
        """Whether it was solved, for the last time, after it was due; not known of one that may yet be in time."""
        if life.solved is not None:
            return life.solved > due, due
        return (True, due) if self.yard.until > due else (None, None)


def _column(
    asked: OutcomeSection,
    life: Life,
    *,
    due: Micros | None,
    records: Sequence[Any],
    shape: Layout,
    states: Map[str, Category],
) -> tuple[bool | None, Micros | None]:
    """What a column says; only of a case that has come so far that it says the last word."""
    place = shape.places[asked.column]
    last = records[-1]
    if asked.row != "first" and not _told(asked, life, last, states):
        return None, None
    rows = {"last": records[-1:], "first": records[:1], "any": records}[asked.row]
    for record in rows:
        if record[place] in asked.values:
            at: Micros = record[AT]
            return True, at if due is None else min(due, at)
    return False, None


def _told(asked: OutcomeSection, life: Life, last: Any, states: Map[str, Category]) -> bool:
    """Whether the last row is one that tells: closed, where there is such a state, else solved."""
    if asked.known:
        return last[STATE].lower() in {word.lower() for word in asked.known}
    if not states:
        return True
    closes = Category.CLOSED in states.values()
    return life.category is Category.CLOSED if closes else not life.category.live


def slow_from(durations: array[int], share: float) -> Micros | None:
    """The longest that a case took that is none of the slowest share; None where there are no cases.

    Of cases that took just as long as the one at the border, all count or none, whichever comes nearer to the share.

    >>> slow_from(array("q", range(1, 11)), 0.2)
    8
    >>> slow_from(array("q", [1, 1, 2, 5, 5]), 0.3)
    2
    """
    if not durations:
        return None
    ranked = sorted(durations)
    border = ranked[min(int(len(ranked) * (1 - share)), len(ranked) - 1)]
    first = bisect_left(ranked, border)
    without, with_ties = len(ranked) - bisect_right(ranked, border), len(ranked) - first
    wanted = share * len(ranked)
    if abs(without - wanted) < abs(with_ties - wanted):
        return border
    return ranked[first - 1] if first else border - 1
