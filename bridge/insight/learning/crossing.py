"""How well what was learned does on comments that it has not seen, beside the cold start on the same ones.

Every choice (strength, line) is made without the comments it is judged on: nested cross-validation.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from bridge.insight.intervals import Interval
from bridge.insight.learning.counting import STRENGTHS, Counted, Progress

FOLDS = 5
_INNER = 3
_RESAMPLED = 400
_SEED = 0


class Quality(Struct, frozen=True, kw_only=True):
    """How well unhappy comments are told from others. `f1` and `auc` are in 0..1, each with its 95 % interval."""

    f1: Interval
    auc: Interval
    precision: float
    recall: float


class Compared(Struct, frozen=True, kw_only=True):
    """Cold start and learned on the same `comments`, `unhappy` of them; by how much learned is better."""

    comments: int
    unhappy: int
    cold: Quality
    learned: Quality
    f1: Interval
    auc: Interval

    @property
    def better(self) -> bool:
        """Whether learned is better by more than chance, at telling apart and at its line."""
        return self.f1.low > 0 and self.auc.low > 0


class Tuned(Struct, frozen=True):
    """What inner cross-validation chose, and how negative it found each row when it had not seen it."""

    strength: float
    line: float
    negative: Any


def crossed(counted: Counted, unhappy: Any, groups: Any, progress: Progress) -> tuple[Any, Any]:
    """For each comment, how negative it is by what the other folds taught, and whether that is above the line."""
    import numpy as np

    negative, above = np.zeros(len(unhappy)), np.zeros(len(unhappy), dtype=bool)
    for done, (train, test) in enumerate(_folds(FOLDS, unhappy, groups)):
        chosen = tuned(counted, train, unhappy, groups)
        fitted = counted.fit(train, unhappy[train]).at(chosen.strength)
        negative[test] = fitted.negative(test)
        above[test] = negative[test] >= chosen.line
        progress((done + 1) / FOLDS)
    return negative, above


def tuned(counted: Counted, rows: Any, unhappy: Any, groups: Any) -> Tuned:
    """The strength with the best AUC on inner folds of these rows, and the line with the best F1 at it."""
    import numpy as np

    labels = unhappy[rows]
    found = {strength: np.zeros(len(rows)) for strength in STRENGTHS}
    for train, test in _folds(_INNER, labels, groups[rows]):
        fitted = counted.fit(rows[train], labels[train])
        for strength, negative in found.items():
            negative[test] = fitted.at(strength).negative(rows[test])
    best = max(STRENGTHS, key=lambda strength: auc(labels, found[strength]))
    return Tuned(best, best_line(labels, found[best]), found[best])


def best_line(unhappy: Any, negative: Any) -> float:
    """The negativity from which on F1 is highest."""
    import numpy as np
    from sklearn.metrics import precision_recall_curve

    precision, recall, lines = precision_recall_curve(unhappy, negative)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(lines[int(np.argmax(f1[:-1]))])


def compare(unhappy: Any, groups: Any, cold: Any, learned: Any, above: tuple[Any, Any]) -> Compared:
    """Both on the same comments; `above` says which of them each holds negative.

    Intervals by resampling groups with repetition (percentile bootstrap, Efron 1979), the same ones for both.
    """
    import numpy as np

    random = np.random.default_rng(_SEED)
    _, group = np.unique(groups, return_inverse=True)
    many = int(group.max()) + 1
    draws = [np.ones(many), *(_drawn(random, many) for _ in range(_RESAMPLED))]
    rows = [_measured(unhappy, cold, learned, above, draw[group]) for draw in draws]
    table = np.array(rows)

    def interval(values: Any) -> Interval:
        low, high = np.nanpercentile(values[1:], (2.5, 97.5))
        return Interval(float(values[0]), float(low), float(high))

    def quality(at: int, flagged: Any) -> Quality:
        hits = int((flagged & unhappy).sum())
        return Quality(
            auc=interval(table[:, at]),
            f1=interval(table[:, at + 1]),
            precision=hits / max(int(flagged.sum()), 1),
            recall=hits / max(int(unhappy.sum()), 1),
        )

    return Compared(
        comments=len(unhappy),
        unhappy=int(unhappy.sum()),
        cold=quality(0, above[0]),
        learned=quality(2, above[1]),
        auc=interval(table[:, 2] - table[:, 0]),
        f1=interval(table[:, 3] - table[:, 1]),
    )


def auc(unhappy: Any, negative: Any, weights: Any = None) -> float:
    """How likely an unhappy comment is found more negative than another; NaN where there is but one kind."""
    import numpy as np

    weights = np.ones(len(unhappy)) if weights is None else weights
    _, rank = np.unique(negative, return_inverse=True)
    bad = np.bincount(rank, weights * unhappy)
    good = np.bincount(rank, weights * ~unhappy)
    if not bad.sum() or not good.sum():
        return float("nan")
    below = np.cumsum(good) - good
    return float((bad * (below + good / 2)).sum() / (bad.sum() * good.sum()))


def _drawn(random: Any, many: int) -> Any:
    import numpy as np

    return np.bincount(random.integers(0, many, many), minlength=many).astype(float)


def _measured(
    unhappy: Any, cold: Any, learned: Any, above: tuple[Any, Any], weights: Any
) -> list[float]:
    found = []
    for negative, flagged in zip((cold, learned), above, strict=True):
        found.append(auc(unhappy, negative, weights))
        both = float((weights * (flagged & unhappy)).sum())
        either = float((weights * flagged).sum() + (weights * unhappy).sum())
        found.append(2 * both / either if either else float("nan"))
    return found


def _folds(many: int, unhappy: Any, groups: Any) -> list[tuple[Any, Any]]:
    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold

    cut = StratifiedGroupKFold(many, shuffle=True, random_state=_SEED)
    return list(cut.split(np.zeros(len(unhappy)), unhappy, groups))
