"""The set of rules that tells most bad cases in time under a budget. Chosen on cases of the past, never on those shown.

Where the share of bad cases drifts, a budget that was kept over a whole year is not kept today. So the choice is made
on the newest of the earlier cases: so many that the share of alerted cases is known to a percent, and no more than half
of them. All rules and all pairs of rules on the grid are tried; two are only taken where they tell clearly more than
one, for of many sets some look good by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bridge.insight.backtest.album import Bools, Floats, Ints
from bridge.insight.backtest.plan import Variant
from bridge.insight.backtest.reckoning import Scene, by_manager, days_of

STANDARD_ERROR = 0.01
"""How well the share of alerted cases is known on the cases that a set is chosen by."""

GAIN = 0.01
"""So much more of the bad cases (0..1) a pair has to tell than the best single rule."""

LOOKED_AT = 2000
"""So many of the best pairs are looked at closely."""


class Wish(Struct, frozen=True, kw_only=True):
    """What a set must keep to: at most a share of cases alerted, or so many pings by manager and day; at least this
    precision (0..1) and this median lead in hours."""

    budget: float | None = 0.15
    pings: float | None = None
    precision: float = 0.85
    lead: float = 24.0

    def allowed(self, cases: int) -> float:
        """How many of some cases may be alerted: a standard error less than the budget, which others have to keep."""
        share = self.budget if self.budget is not None else 1.0
        return cases * share - sqrt(cases * share * (1 - share))

    @property
    def enough(self) -> int:
        """By how many cases the share of alerted cases is known well enough."""
        share = self.budget if self.budget is not None else 0.15
        return max(round(share * (1 - share) / STANDARD_ERROR**2), 200)


class Member(Struct, frozen=True, kw_only=True):
    """What is taken or left as one: a rule with its values, or two rules that together say one thing.

    `columns` are its variants.
    """

    columns: tuple[int, ...]
    variants: tuple[Variant, ...]

    @property
    def conditions(self) -> int:
        """How much it asks: the fewer the better."""
        return sum(1 + (one.with_handoffs > 0) for one in self.variants)


class Choice(Struct, frozen=True, kw_only=True):
    """A set that was chosen. `floor` is False where none reached the precision asked for, so that it was let go.

    `cases` are those that it was chosen by; the shares are on them. `tried` is how many sets there were.
    """

    members: tuple[Member, ...]
    rate: float
    precision: float
    recall: float
    lead: float
    cases: int
    tried: int
    floor: bool = True

    @property
    def columns(self) -> tuple[int, ...]:
        """The variants of all members."""
        return tuple(sorted({column for member in self.members for column in member.columns}))


def members(variants: Sequence[Variant]) -> list[Member]:
    """All that can be taken: every variant, and no first answer together with no further update.

    A promised deadline itself is no warning before it: it could be nearer for a case of another priority in the end.
    """
    found = [
        Member(columns=(n,), variants=(one,))
        for n, one in enumerate(variants)
        if not (one.share and one.value == 1.0)
    ]
    updates = {
        (one.value, one.with_handoffs): (n, one)
        for n, one in enumerate(variants)
        if one.goal == "periodic_update"
    }
    for n, one in enumerate(variants):
        other = updates.get((one.value, one.with_handoffs))
        if one.goal == "first_response" and other is not None:
            found.append(Member(columns=(n, other[0]), variants=(one, other[1])))
    return found


def fits(one: Member, other: Member, *, warn_apart: bool) -> bool:
    """Whether two can stand in one configuration, and the second adds to the first.

    A clock has one target and a warning before it, and the warning may ask for more handoffs. `warn_apart`: the target
    of `resolution` is taken by the deadline, so that only a single warning before it is left.
    """
    for a in one.variants:
        for b in other.variants:
            if a.rule != b.rule:
                continue
            early, late = (a, b) if a.number < b.number else (b, a)
            nested = bool(a.goal) and early.with_handoffs > late.with_handoffs
            if not nested or early.number == late.number or (warn_apart and a.share):
                return False
    return True


@dataclass(frozen=True, kw_only=True)
class Pool:
    """All that may be chosen from: by member and case when it first holds. `base` is when a case is alerted anyway.

    `early`: what comes at a case's deadline or later is not told, and does not count.
    """

    scene: Scene
    members: Sequence[Member]
    first: Floats
    base: Floats
    early: bool

    def of(self, member: Member, rows: Ints) -> Floats:
        """When a member first holds in some cases."""
        found: Floats = np.min([self.first[column][rows] for column in member.columns], axis=0)
        if self.early:
            found = np.where(found < self.scene.album.deadline[rows], found, np.float32(np.inf))
        return found

    def together(self, chosen: Sequence[Member], rows: Ints) -> Floats:
        """When some cases are alerted by a set."""
        found: Floats = np.min([self.base[rows], *(self.of(m, rows) for m in chosen)], axis=0)
        return found


def newest(rows: Ints, wish: Wish) -> Ints:
    """The newest of some cases: enough of them, and no more than half."""
    return rows[-min(wish.enough, max(len(rows) // 2, 1)) :]


def choose(pool: Pool, rows: Ints, wish: Wish, bad: Bools | None = None) -> Choice | None:
    """The best set by some cases; None where none keeps to the budget and tells of any case in time.

    `bad` is what is known of the cases, by default all that is known of them today.
    """
    asked = _Search(pool, rows, wish, pool.scene.bad[rows] if bad is None else bad)
    return asked.best(wish.precision) or asked.best(0.0, floor=False)


class _Search:
    """Alerts and hits of all members and all pairs, counted."""

    def __init__(self, pool: Pool, rows: Ints, wish: Wish, bad: Bools) -> None:
        self.pool, self.rows, self.wish, self.bad = pool, rows, wish, bad
        self.moment = pool.scene.moment[rows]
        base = pool.base[rows]
        at = [np.minimum(pool.of(member, rows), base) for member in pool.members]
        kept = [n for n, hours in enumerate(at) if self._lead(hours) >= wish.lead]
        self.members = [pool.members[n] for n in kept]
        self.at = np.array([at[n] for n in kept], np.float32).reshape(len(kept), len(rows))
        alerts = np.isfinite(self.at)
        hits = alerts & bad & (self.at < self.moment)
        self.alerts, self.hits = _united(alerts), _united(hits)
        self.tried = len(pool.members) * (len(pool.members) + 1) // 2

    def best(self, precision: float, *, floor: bool = True) -> Choice | None:
        """The single member or the pair with most hits that keeps to all that is wished."""
        if not self.members:
            return None
        fair = (self.hits > 0) & (self.hits >= precision * self.alerts)
        if self.wish.budget is not None:
            fair &= self.alerts <= self.wish.allowed(len(self.rows))
        one = self._first(np.diag(np.diag(fair)), floor)
        two = self._first(np.triu(fair, 1), floor)
        if one is None or two is None:
            return one or two
        return two if two.recall >= one.recall + GAIN else one

    def _first(self, fair: Bools, floor: bool) -> Choice | None:
        """Of all that is fair, the one with most hits; of equals the simplest, then the one with the longest lead."""
        found: list[tuple[int, int, float, Choice]] = []
        for i, j in self._by_hits(fair):
            hits = int(self.hits[i, j])
            if found and hits < found[0][0]:
                break
            choice = self._look(sorted({i, j}), floor)
            if choice is not None:
                asked = sum(member.conditions for member in choice.members)
                found.append((hits, asked, -choice.lead, choice))
        return min(found, key=lambda one: (-one[0], one[1], one[2]))[3] if found else None

    def _by_hits(self, fair: Bools) -> Iterator[tuple[int, int]]:
        pairs = np.argwhere(fair)
        order = np.argsort(-self.hits[fair], kind="stable")[:LOOKED_AT]
        for n in order:
            yield int(pairs[n][0]), int(pairs[n][1])

    def _look(self, chosen: Sequence[int], floor: bool) -> Choice | None:
        """A set in full, if it can be configured and keeps to the lead and to the pings."""
        taken = tuple(self.members[n] for n in chosen)
        if len(taken) > 1 and not fits(*taken, warn_apart=self.pool.early):
            return None
        at = np.min(self.at[list(chosen)], axis=0)
        lead = self._lead(at)
        if lead < self.wish.lead or not self._few_pings(at):
            return None
        i, j = chosen[0], chosen[-1]
        alerts, hits = int(self.alerts[i, j]), int(self.hits[i, j])
        return Choice(
            members=taken,
            rate=alerts / len(self.rows),
            precision=hits / alerts,
            recall=hits / int(self.bad.sum()),
            lead=lead,
            cases=len(self.rows),
            tried=self.tried,
            floor=floor,
        )

    def _lead(self, at: Floats) -> float:
        """Median hours between alert and bad outcome; without end where no instant is known, -1 without a hit."""
        hit = self.bad & np.isfinite(at) & (at < self.moment)
        return float(np.median(self.moment[hit] - at[hit])) if hit.any() else -1.0

    def _few_pings(self, at: Floats) -> bool:
        """Whether no manager has more alerts a day than is wished."""
        if self.wish.pings is None:
            return True
        album = self.pool.scene.album
        first = np.full(len(album), np.inf, np.float32)
        first[self.rows] = at
        counts = by_manager(album, first, self.rows)
        return max(counts.values(), default=0) / days_of(album, self.rows) <= self.wish.pings


def _united(what: Bools) -> NDArray[np.float32]:
    """In how many cases one of two holds, for all pairs; on the diagonal, of each alone."""
    as_numbers = what.astype(np.float32)
    alone = as_numbers.sum(axis=1)
    united: NDArray[np.float32] = alone[:, None] + alone[None, :] - as_numbers @ as_numbers.T
    return united
