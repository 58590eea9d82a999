"""Satisfaction of cases with an alert against those without, and how far the two can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection

from bridge.insight.choice import SATISFIED, Choice
from bridge.insight.intervals import (
    FEW,
    Interval,
    Sample,
    difference_of_means,
    difference_of_shares,
)
from bridge.insight.tables import Kind, Row, Table, ratio, table
from bridge.store.figures.satisfaction import Group, Mixed, groups, mixed, over_time

UNLIKE = 0.25
"""So far apart (0 alike, 1 nothing in common), two groups are made of different teams, or scales."""

OVERALL = "overall"
"""What the answer as a whole is called in the table."""


class Compared(Struct, frozen=True, kw_only=True):
    """A question, "" for the answer as a whole, and what both groups gave. A difference is alerted less others.

    `warnings`: "few" where a group is small, "teams" and "scales" where the groups are made of different ones.
    """

    question: str
    alerted: Group
    others: Group
    mean: Interval | None
    satisfied: Interval | None
    warnings: tuple[str, ...] = ()


class Satisfaction(Struct, frozen=True, kw_only=True):
    """All questions, the answer as a whole first, and the latter by week or month."""

    compared: tuple[Compared, ...]
    table: Table
    over_time: Table

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them."""
        return (self.table, self.over_time)


def satisfaction(connection: Connection, choice: Choice, now: datetime) -> Satisfaction:
    """Reckon."""
    found = groups(connection, choice.scope, SATISFIED)
    mix = mixed(connection, choice.scope)
    unlike = tuple(_unlike(mix, choice))
    compared = tuple(
        _compare(question, found, unlike) for question in sorted({one.question for one in found})
    )
    return Satisfaction(
        compared=compared,
        table=_table(compared),
        over_time=_over_time(connection, choice, now),
    )


def _compare(question: str, found: Sequence[Group], unlike: tuple[str, ...]) -> Compared:
    mine = {one.alerted: one for one in found if one.question == question}
    alerted = mine.get(True) or Group(question=question, alerted=True)
    others = mine.get(False) or Group(question=question, alerted=False)
    few = ("few",) if min(alerted.many, others.many) < FEW else ()
    both = bool(alerted.many and others.many)
    return Compared(
        question=question,
        alerted=alerted,
        others=others,
        mean=difference_of_means(_sample(alerted), _sample(others)) if both else None,
        satisfied=difference_of_shares(
            alerted.satisfied, alerted.many, others.satisfied, others.many
        ),
        warnings=(*few, *(unlike if both else ())),
    )


def _sample(group: Group) -> Sample:
    return Sample(group.mean, group.variance, group.many)


def _unlike(mix: Sequence[Mixed], choice: Choice) -> Iterable[str]:
    """In what both groups differ so much that the difference may come from it."""
    parts: tuple[tuple[str, Callable[[Mixed], str]], ...] = (
        ("teams", lambda one: choice.team_of(one.team)),
        ("scales", lambda one: one.scale),
    )
    for name, part in parts:
        if apart(mix, part) > UNLIKE:
            yield name


def apart(mix: Iterable[Mixed], part: Callable[[Mixed], str]) -> float:
    """How differently both groups are made up: 0 alike, 1 nothing in common; 0 where one is empty."""
    made = {True: Counter[str](), False: Counter[str]()}
    for one in mix:
        made[one.alerted][part(one)] += one.many
    totals = {group: sum(counts.values()) for group, counts in made.items()}
    if not all(totals.values()):
        return 0.0
    names = made[True].keys() | made[False].keys()
    return (
        sum(abs(made[True][n] / totals[True] - made[False][n] / totals[False]) for n in names) / 2
    )


def _table(compared: Sequence[Compared]) -> Table:
    rows = []
    for one in compared:
        cells: list[object] = [one.question or OVERALL]
        for group in (one.alerted, one.others):
            mean = group.mean if group.many else None
            cells += [group.many, mean, ratio(group.satisfied, group.many)]
        for interval in (one.mean, one.satisfied):
            cells += [interval.value, interval.low, interval.high] if interval else [None] * 3
        rows.append(Row(cells=tuple(cells), key=one.question, faint="few" in one.warnings))
    kinds = (Kind.COUNT, Kind.SCORE, Kind.SHARE)
    measured = ("answers", "mean", "share_satisfied")
    return table(
        "satisfaction",
        (
            ("question", Kind.TEXT),
            *((f"alerted_{n}", kind) for n, kind in zip(measured, kinds, strict=True)),
            *((f"others_{n}", kind) for n, kind in zip(measured, kinds, strict=True)),
            *((f"mean_difference{end}", Kind.CHANGE) for end in ("", "_low", "_high")),
            *((f"satisfied_difference{end}", Kind.CHANGE) for end in ("", "_low", "_high")),
        ),
        rows,
    )


def _over_time(connection: Connection, choice: Choice, now: datetime) -> Table:
    found = {
        (one.bucket, one.alerted): one for one in over_time(connection, choice.scope, SATISFIED)
    }
    rows = []
    for bucket in choice.period.buckets(now):
        cells: list[object] = [bucket]
        for alerted in (True, False):
            group = found.get((bucket, alerted))
            cells += (
                [group.many, group.mean, group.satisfied / group.many] if group else [0, None, None]
            )
        rows.append(Row(cells=tuple(cells)))
    kinds = (Kind.COUNT, Kind.SCORE, Kind.SHARE)
    measured = ("answers", "mean", "share_satisfied")
    return table(
        "satisfaction_over_time",
        (
            ("from", Kind.BUCKET),
            *((f"alerted_{n}", kind) for n, kind in zip(measured, kinds, strict=True)),
            *((f"others_{n}", kind) for n, kind in zip(measured, kinds, strict=True)),
        ),
        rows,
    )
