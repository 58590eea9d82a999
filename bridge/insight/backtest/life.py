"""What became of a case, apart from its events: when it was opened, solved, closed and reopened, and its scores."""

from __future__ import annotations

from msgspec import Struct, field

from bridge.domain.model import Category
from bridge.insight.backtest.times import Micros

_OVER = (Category.SOLVED, Category.CLOSED)


class Life(Struct):
    """A case as far as outcomes ask for it; times are microseconds.

    `solved` is when it was solved for the last time, None while it is not; `ended` the same for the state that it is in
    at the end. `scores` are on the scale 0..1.
    """

    opened: Micros
    category: Category = Category.NEW
    solved: Micros | None = None
    ended: Micros | None = None
    reopened: list[Micros] = field(default_factory=list)
    scores: list[tuple[Micros, float]] = field(default_factory=list)
    breached: Micros | None = None

    def become(self, at: Micros, category: Category) -> None:
        """The case came into a state."""
        if category is self.category:
            return
        was_over = self.category in _OVER
        if category not in _OVER:
            if was_over:
                self.reopened.append(at)
            self.solved = self.ended = None
        else:
            if not was_over:
                self.solved = at
            self.ended = at
        self.category = category
