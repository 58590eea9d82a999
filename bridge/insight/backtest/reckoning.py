"""Figures of rules and sets of rules, from the hours at which each first held in each case.

A hit is a case that came out badly and was alerted before that: an alert at the very moment or after it is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np

from bridge.insight.backtest.album import Album, Bools, Floats, Ints
from bridge.insight.backtest.report_of import Figures, Manager, Parts
from bridge.insight.intervals import Interval, Z, share


def lift(hits: int, alerted: int, bad: int, cases: int) -> Interval | None:
    """Precision by base rate, with its interval; None where there is no hit.

    By the delta method on its logarithm, hits, alerted and bad being parts of the same cases.

    >>> lift(60, 100, 200, 1000)
    Interval(value=3.0, low=2.5563536801446873, high=3.5206396008124385)
    """
    if not hits:
        return None
    value = hits * cases / (alerted * bad)
    variance = 1 / hits - 1 / alerted - 1 / bad + (2 * hits / (alerted * bad)) - 1 / cases
    half = Z * sqrt(max(variance, 0.0))
    return Interval(value, exp(log(value) - half), exp(log(value) + half))


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A history as it is seen for one outcome. `known` are the cases whose outcome is known, `moment` when it was bad.

    `split` is the number of the first case of the later part.
    """

    album: Album
    outcome: str
    split: int

    @property
    def bad(self) -> Bools:
        """Which cases came out badly."""
        bad: Bools = self.album.bad[self.outcome] == 1
        return bad

    @property
    def known(self) -> Bools:
        """Which cases' outcome is known."""
        known: Bools = self.album.bad[self.outcome] >= 0
        return known

    @property
    def moment(self) -> Floats:
        """Hours from the opening to the bad outcome, or to when it would have been; `inf` where no instant is known."""
        return self.album.moments[self.outcome]

    @property
    def earlier(self) -> Ints:
        """The cases by which is chosen."""
        return np.flatnonzero(self.known[: self.split])

    @property
    def later(self) -> Ints:
        """The cases on which is shown."""
        return self.split + np.flatnonzero(self.known[self.split :])

    @property
    def whole(self) -> Ints:
        """All of them."""
        return np.flatnonzero(self.known)

    def first(self, columns: Sequence[int]) -> Floats:
        """When the first of some variants held in each case."""
        if not columns:
            return np.full(len(self.album), np.inf, np.float32)
        found: Floats = np.min(self.album.first[list(columns)], axis=0)
        return found


def parts(scene: Scene, first: Floats) -> Parts:
    """The figures of alerts at these hours, of the earlier part, the later part, and both."""
    return Parts(
        earlier=figures(scene, first, scene.earlier),
        later=figures(scene, first, scene.later),
        whole=figures(scene, first, scene.whole),
    )


def figures(scene: Scene, first: Floats, rows: Ints) -> Figures:
    """The figures of alerts at these hours (one for each case), for some of the cases."""
    at, bad, moment = first[rows], scene.bad[rows], scene.moment[rows]
    alerted = np.isfinite(at)
    hit = alerted & bad & (at < moment)
    lead = moment[hit] - at[hit]
    lead = lead[np.isfinite(lead)]
    ended = scene.album.ended[rows]
    lived = alerted & np.isfinite(ended) & (ended > 0)
    life = np.minimum(at[lived] / ended[lived], 1.0)
    many, hits, all_bad = int(alerted.sum()), int(hit.sum()), int(bad.sum())
    pings = by_manager(scene.album, first, rows)
    days = days_of(scene.album, rows)
    return Figures(
        cases=len(rows),
        bad=all_bad,
        alerted=many,
        hits=hits,
        late=int((alerted & bad).sum()) - hits,
        rate=share(many, len(rows)),
        base=share(all_bad, len(rows)),
        precision=share(hits, many),
        recall=share(hits, all_bad),
        lift=lift(hits, many, all_bad, len(rows)),
        lead=_quantile(lead, 0.5),
        lead_low=_quantile(lead, 0.25),
        lead_high=_quantile(lead, 0.75),
        life=_quantile(life, 0.5),
        pings=many / days / len(pings) if pings else None,
        pings_busiest=max(pings.values()) / days if pings else None,
    )


def _quantile(values: Floats, part: float) -> float | None:
    return float(np.quantile(values, part)) if len(values) else None


def days_of(album: Album, rows: Ints) -> float:
    """Over how many days the cases were opened, one at least."""
    if not len(rows):
        return 1.0
    return max((float(album.opened[rows[-1]]) - float(album.opened[rows[0]])) / 24, 1.0)


def by_manager(album: Album, first: Floats, rows: Ints) -> dict[int, int]:
    """How many alerts each team had that ever had one of these cases; a case without a team is -1's."""
    alerted = rows[np.isfinite(first[rows])]
    teams = album.team_at(alerted, first[alerted])
    counts: dict[int, int] = dict.fromkeys(_teams_of(album, rows), 0)
    for team, many in zip(*np.unique(teams, return_counts=True), strict=True):
        counts[int(team)] = int(many)
    return counts


def _teams_of(album: Album, rows: Ints) -> list[int]:
    """The teams that some cases were with."""
    if not len(rows):
        return []
    begin, end = album.starts[rows[0]], album.starts[rows[-1] + 1]
    found = [int(team) for team in np.unique(album.team[begin:end]) if album.teams[team]]
    return found or [-1]


def managers(album: Album, first: Floats) -> tuple[Manager, ...]:
    """Every team's alerts over the whole history, the busiest first."""
    rows = np.arange(len(album))
    alerted = rows[np.isfinite(first)]
    days = days_of(album, rows)
    teams = album.team_at(alerted, first[alerted])
    day = ((album.opened[alerted] + first[alerted]) // 24).astype(np.int64)
    found = []
    for team in np.unique(teams):
        mine = day[teams == team]
        found.append(
            Manager(
                team=album.teams[team] if team >= 0 else "",
                alerts=len(mine),
                by_day=len(mine) / days,
                busiest_day=int(np.unique(mine, return_counts=True)[1].max()),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.alerts, one.team)))
