"""What changes with time and from one kind of case to another, and how well choosing does while time goes on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bridge.insight.backtest.album import Album, Bools, Floats, Ints
from bridge.insight.backtest.choosing import Choice, Pool, Wish, choose
from bridge.insight.backtest.reckoning import Scene, figures
from bridge.insight.backtest.report_of import Figures, Month, Slice
from bridge.insight.intervals import FEW

STEP = 0.05
"""After so large a share of all cases is chosen anew."""

MANY_KINDS = 12
"""A fact with more values than that is no way to split cases."""


def months(scene: Scene, present: Floats, recommended: Floats | None) -> tuple[Month, ...]:
    """The figures of the cases opened in each month, the oldest first."""
    rows = scene.whole
    opened = (scene.album.opened[rows] * 3600).astype("datetime64[s]").astype("datetime64[M]")
    return tuple(
        Month(
            month=str(month),
            present=figures(scene, present, rows[opened == month]),
            recommended=_if_any(scene, recommended, rows[opened == month]),
        )
        for month in np.unique(opened)
    )


def slices(scene: Scene, present: Floats, recommended: Floats | None) -> tuple[Slice, ...]:
    """The figures of the later cases by each fact that has few values, for those with enough cases."""
    found = []
    for fact, words in scene.album.words.items():
        numbers = scene.album.facts[fact][scene.later]
        values, many = np.unique(numbers[numbers >= 0], return_counts=True)
        if not 1 < len(values) <= MANY_KINDS:
            continue
        for value, cases in zip(values, many, strict=True):
            if cases < FEW:
                continue
            rows = scene.later[numbers == value]
            found.append(
                Slice(
                    by=fact,
                    value=words[value],
                    present=figures(scene, present, rows),
                    recommended=_if_any(scene, recommended, rows),
                )
            )
    return tuple(found)


def _if_any(scene: Scene, first: Floats | None, rows: Ints) -> Figures | None:
    return None if first is None else figures(scene, first, rows)


# --- choosing while time goes on


def walked(
    pool: Pool, wish: Wish, tell: Callable[[], object] | None = None
) -> tuple[Floats, Ints, list[Choice | None]]:
    """When the later cases are alerted if the set is chosen anew again and again, by what was known each time alone.

    Tells also which cases were so judged, and what was chosen; nothing is told as long as nothing could be chosen.
    """
    scene = pool.scene
    first = np.full(len(scene.album), np.inf, np.float32)
    step = max(round(len(scene.album) * STEP), 1)
    chosen: list[Choice | None] = []
    for begin in range(scene.split, len(scene.album), step):
        rows, bad = known_at(scene, float(scene.album.opened[begin]), wish)
        choice = choose(pool, rows, wish, bad) if len(rows) else None
        chosen.append(choice)
        if choice is not None:
            mine = np.arange(begin, min(begin + step, len(scene.album)))
            first[mine] = pool.together(choice.members, mine)
        if tell is not None:
            tell()
    return first, scene.later, chosen


def known_at(scene: Scene, now: float, wish: Wish) -> tuple[Ints, Bools]:
    """The newest cases of whose end something was known at `now` (hours since 1970), and which were known to be bad.

    A case that had ended is known. So is one whose deadline had passed: it was bad unless it was solved before. Newer
    cases are left out, known or not: those of them that had ended were the quick ones.
    """
    album = scene.album
    before = np.flatnonzero(scene.known & (album.opened < now))
    since = now - album.opened[before]
    ended = album.ended[before] <= since
    due = album.deadline[before] <= since
    matured = _matures(album, before, since)
    told = (ended | due) & (since >= matured)
    rows, by_deadline = before[told], ~ended[told]
    bad = np.where(
        by_deadline, ~(album.resolved[rows] < album.deadline[rows]), scene.bad[rows]
    ).astype(np.bool_)
    keep = min(wish.enough, len(rows))
    return rows[len(rows) - keep :], bad[len(rows) - keep :]


def _matures(album: Album, before: Ints, since: NDArray[np.float64]) -> float:
    """Hours after which most cases are known: the usual deadline, else what nine of ten took that had ended."""
    deadlines = album.deadline[before]
    if np.isfinite(deadlines).any():
        return float(np.median(deadlines[np.isfinite(deadlines)]))
    ended = album.ended[before]
    lived = ended[ended <= since]
    return float(np.quantile(lived, 0.9)) if len(lived) else 0.0
