"""Do alerts help? Cases with an alert against those without, before against after a day, and whether that is fair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time

from msgspec import Struct
from sqlalchemy import Connection

from bridge.insight.choice import SATISFIED, Choice
from bridge.insight.comparing import UNLIKE, Stratum, standardised, within
from bridge.insight.intervals import (
    FEW,
    Interval,
    Sample,
    difference_of_means,
    difference_of_shares,
    share,
)
from bridge.insight.satisfaction import satisfaction
from bridge.insight.tables import Kind, Row, Table, table
from bridge.store.figures.counts import scored
from bridge.store.figures.effect import Cell, began, cells

LOW, CONTENT, MEAN = "low_score", "satisfied", "mean_score"
"""What is compared."""

AS_THEY_ARE, LIKE_WITH_LIKE = "as they are", "like with like"
OTHERWISE = "none"
_PARTS: Mapping[str, Callable[[Cell, Choice], str]] = {
    "priority": lambda one, _: one.priority or OTHERWISE,
    "team": lambda one, choice: choice.team_of(one.team),
    "age": lambda one, _: one.age,
    "scale": lambda one, _: one.scale or OTHERWISE,
}
"""What two groups of cases may differ in."""


class Group(Struct, frozen=True, kw_only=True):
    """Answers of one group, summed up."""

    many: int
    low: int
    satisfied: int
    mean: float
    variance: float | None


class Unlike(Struct, frozen=True, kw_only=True):
    """Something in which two groups differ: so many of the one (0..1), so many of the other, and the difference of
    these by how far such shares vary."""

    part: str
    value: str
    one: float
    other: float
    apart: float

    @property
    def far(self) -> bool:
        """Whether it is worth naming."""
        return abs(self.apart) > UNLIKE


class Compared(Struct, frozen=True, kw_only=True):
    """One group less another. `low` and `satisfied` are differences of shares, `mean` of scores (0..1); `low_alike` is
    the first within teams, priorities, ages and scales. `unlike` is in what they differ, the most first.
    """

    one: Group
    other: Group
    low: Interval | None
    low_alike: Interval | None
    satisfied: Interval | None
    mean: Interval | None
    unlike: tuple[Unlike, ...]

    @property
    def few(self) -> bool:
        """Whether one of both is too small to say much."""
        return min(self.one.many, self.other.many) < FEW

    @property
    def differences(self) -> tuple[Unlike, ...]:
        """In what they differ so much that the figures may come from it."""
        return tuple(one for one in self.unlike if one.far)


class Effect(Struct, frozen=True, kw_only=True):
    """Cases with an alert less those without, and answers from a day on less those before it, where a day was given.

    `began` are rules whose first alert lies within the period, with its day: days worth looking at.
    """

    alerted: Compared
    changed: Compared | None
    began: tuple[tuple[str, date], ...]
    tables: tuple[Table, ...]


def effect(connection: Connection, choice: Choice, now: datetime) -> Effect:
    """Reckon."""
    split = choice.changed
    zone = choice.period.zone
    at = datetime.combine(split, time(), zone).astimezone(UTC) if split else None
    found = cells(connection, choice.scope, choice.lines, SATISFIED, at)
    alerted = _compare(found, lambda one: one.alerted, choice)
    changed = _compare(found, lambda one: one.after, choice) if split else None
    tables = [
        _differences("effect", alerted, "alerted", "others"),
        satisfaction(connection, choice, now).table,
        _over_time(connection, choice, now),
        _unlike("comparability", alerted, "alerted", "others"),
    ]
    if changed:
        tables += [
            _differences("before_and_after", changed, "after", "before"),
            _unlike("comparability_over_time", changed, "after", "before"),
        ]
    return Effect(
        alerted=alerted,
        changed=changed,
        began=tuple(
            (rule, first.astimezone(zone).date()) for rule, first in began(connection, choice.scope)
        ),
        tables=tuple(tables),
    )


def _compare(found: Sequence[Cell], mine: Callable[[Cell], bool], choice: Choice) -> Compared:
    some, rest = [one for one in found if mine(one)], [one for one in found if not mine(one)]
    one, other = _sum(some), _sum(rest)
    both = bool(one.many and other.many)
    return Compared(
        one=one,
        other=other,
        low=difference_of_shares(one.low, one.many, other.low, other.many),
        low_alike=within(_strata(some, rest, choice)),
        satisfied=difference_of_shares(one.satisfied, one.many, other.satisfied, other.many),
        mean=difference_of_means(_sample(one), _sample(other)) if both else None,
        unlike=tuple(_apart(some, rest, choice)) if both else (),
    )


def _sum(some: Iterable[Cell]) -> Group:
    some = list(some)
    many, total = sum(one.many for one in some), sum(one.total for one in some)
    squares = sum(one.squares for one in some)
    mean = total / many if many else 0.0
    variance = max(0.0, squares - many * mean * mean) / (many - 1) if many > 1 else None
    return Group(
        many=many,
        low=sum(one.low for one in some),
        satisfied=sum(one.satisfied for one in some),
        mean=mean,
        variance=variance,
    )


def _sample(group: Group) -> Sample:
    return Sample(group.mean, group.variance, group.many)


def _strata(some: Sequence[Cell], rest: Sequence[Cell], choice: Choice) -> Iterator[Stratum]:
    """Both groups, divided by all that is known of them."""
    low: dict[bool, Counter[tuple[str, ...]]] = {True: Counter(), False: Counter()}
    many: dict[bool, Counter[tuple[str, ...]]] = {True: Counter(), False: Counter()}
    for mine, group in ((True, some), (False, rest)):
        for one in group:
            key = tuple(part(one, choice) for part in _PARTS.values())
            low[mine][key] += one.low
            many[mine][key] += one.many
    for key in sorted(many[True].keys() & many[False].keys()):
        yield Stratum(low[True][key], many[True][key], low[False][key], many[False][key])


def _apart(some: Sequence[Cell], rest: Sequence[Cell], choice: Choice) -> list[Unlike]:
    """Every part of both groups, the least alike first."""
    found = []
    for name, part in _PARTS.items():
        made: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        for mine, group in ((True, some), (False, rest)):
            for one in group:
                made[mine][part(one, choice)] += one.many
        totals = {mine: counted.total() for mine, counted in made.items()}
        for value in sorted(made[True].keys() | made[False].keys()):
            first, other = made[True][value] / totals[True], made[False][value] / totals[False]
            apart = standardised(first, other)
            found.append(Unlike(part=name, value=value, one=first, other=other, apart=apart))
    return sorted(found, key=lambda unlike: (-abs(unlike.apart), unlike.part, unlike.value))


# --- as tables


def _differences(name: str, found: Compared, one: str, other: str) -> Table:
    rows = [
        _row(LOW, AS_THEY_ARE, found, found.low, lambda group: group.low / group.many),
        _row(LOW, LIKE_WITH_LIKE, found, found.low_alike, None),
        _row(
            CONTENT, AS_THEY_ARE, found, found.satisfied, lambda group: group.satisfied / group.many
        ),
        _row(MEAN, AS_THEY_ARE, found, found.mean, lambda group: group.mean),
    ]
    return table(
        name,
        (
            ("measure", Kind.TEXT),
            ("compared", Kind.TEXT),
            (f"{one}_answers", Kind.COUNT),
            (one, Kind.SCORE),
            (f"{other}_answers", Kind.COUNT),
            (other, Kind.SCORE),
            *((f"difference{end}", Kind.CHANGE) for end in ("", "_low", "_high")),
        ),
        rows,
    )


def _row(
    measure: str,
    how: str,
    found: Compared,
    sure: Interval | None,
    value: Callable[[Group], float] | None,
) -> Row:
    cells: list[object] = [measure, how]
    for group in (found.one, found.other):
        cells += [group.many, value(group) if value and group.many else None]
    cells += [sure.value, sure.low, sure.high] if sure else [None] * 3
    return Row(cells=tuple(cells), key=measure, faint=found.few)


def _over_time(connection: Connection, choice: Choice, now: datetime) -> Table:
    found = {one.bucket: one for one in scored(connection, choice.scope, choice.lines)}
    rows = []
    for bucket in choice.period.buckets(now):
        one = found.get(bucket)
        sure = share(one.low, one.answers) if one else None
        cells = (
            bucket,
            one.answers if one else 0,
            one.low if one else 0,
            *((sure.value, sure.low, sure.high) if sure else (None, None, None)),
        )
        rows.append(Row(cells=cells, faint=not one or one.answers < FEW))
    return table(
        "low_over_time",
        (
            ("from", Kind.BUCKET),
            ("answers", Kind.COUNT),
            ("low", Kind.COUNT),
            *((f"share_low{end}", Kind.SHARE) for end in ("", "_at_least", "_at_most")),
        ),
        rows,
    )


def _unlike(name: str, found: Compared, one: str, other: str) -> Table:
    return table(
        name,
        (
            ("part", Kind.TEXT),
            ("value", Kind.TEXT),
            (f"share_of_{one}", Kind.SHARE),
            (f"share_of_{other}", Kind.SHARE),
            ("standardised_difference", Kind.CHANGE),
        ),
        [
            Row(
                cells=(unlike.part, unlike.value, unlike.one, unlike.other, unlike.apart),
                faint=not unlike.far,
            )
            for unlike in found.unlike
        ],
    )
