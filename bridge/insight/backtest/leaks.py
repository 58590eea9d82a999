"""Columns that tell the future: a rule that saw them would be right in the backtest, and never again."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from typing import Any

from msgspec import Struct

from bridge.insight.backtest.case import Outcome
from bridge.insight.backtest.mapping import Mapping, inputs
from bridge.insight.backtest.records import AT, FACTS, OPENED, SCORE, Layout
from bridge.insight.backtest.records import NAMED as PLACED
from bridge.insight.backtest.times import Times

SAMPLE = 4000
"""So many cases are looked at."""

ENOUGH = 20
"""With fewer cases than that nothing is said."""

NEARLY_ALL = 0.9
FORETOLD = 0.1
"""An outcome counts as foretold by a value where it explains all but this share of the rarer side."""

ON_THE_LAST = 0.95

_OF_THE_END = re.compile(r"resol[vu]|clos(e|ing|ure)|solved|finish|complet", re.IGNORECASE)
"""Names of columns that tell of the end: resolved_by, closed_code, resolution."""


class Sampled(Struct, frozen=True):
    """A case that is looked at: its records in order, and what came of it."""

    records: Sequence[Any]
    outcomes: Map[str, Outcome]


def refuse_or_warn(
    mapping: Mapping, shape: Layout, times: Times, sample: Sequence[Sampled]
) -> Iterator[str]:
    """Sentences about what looks like a leak. Raises ConfigError for what is one."""
    _refuse_stamps(mapping, sample)
    for told in _told(mapping, shape):
        if told.column not in mapping.leaks.allowed:
            _refuse_later(mapping, told, times, sample)
            yield from _named_late(told, sample)
            yield from _foretells(mapping, told, sample)
            if told.where[0] == "facts":
                yield from _only_last(told, sample)


class Told(Struct, frozen=True):
    """A column that rules are told of: the key that maps it, its name, and where records have it."""

    where: tuple[str, ...]
    column: str
    place: int

    def __str__(self) -> str:
        return f"{'.'.join(self.where)}: {self.column!r}"


def _told(mapping: Mapping, shape: Layout) -> Iterator[Told]:
    """All of them, but those that only say when something was, or which case it is."""
    facts = {name: FACTS + i for i, name in enumerate(shape.facts)}
    for where, column in inputs(mapping):
        place = PLACED.get(where[-1]) if where[0] == "columns" else None
        if where[-1] == "product" or where[0] == "facts":
            place = facts[where[-1]]
        elif where[-1] == "column":
            place = shape.places[column]
        if place is not None:
            yield Told(where, column, place)


def _refuse_stamps(mapping: Mapping, sample: Sequence[Sampled]) -> None:
    """A time that is the same on every row of a case is the case's, not the row's."""
    columns = mapping.columns
    many = [one.records for one in sample if len(one.records) > 1]
    same = sum(records[0][AT] == records[-1][AT] for records in many)
    if columns.time and len(many) >= ENOUGH and same >= NEARLY_ALL * len(many):
        mapping.fail(
            ("columns", "time"),
            f"{columns.time!r} is the same on every row of {same} of {len(many)} cases: it tells when the case began "
            "or ended, not when the row happened; name the column that rises from row to row",
        )
    opened = [one.records for one in sample if one.records[0][OPENED] is not None]
    after = sum(records[0][OPENED] > records[0][AT] for records in opened)
    if len(opened) >= ENOUGH and after >= NEARLY_ALL * len(opened) and columns.time:
        mapping.fail(
            ("columns", "opened"),
            f"{columns.opened!r} is later than the first row in {after} of {len(opened)} cases: no case is opened "
            "after its first update; leave it out, or name another column",
        )


def _refuse_later(mapping: Mapping, told: Told, times: Times, sample: Sequence[Sampled]) -> None:
    """A moment that is later than the first row, and stands on all rows alike, was written in afterwards."""
    place = told.place
    given = [one.records for one in sample if one.records[0][place]]
    if len(given) < ENOUGH:
        return
    later = 0
    for looked_at, records in enumerate(given):
        if looked_at - later > (1 - NEARLY_ALL) * len(given):
            return
        first, last = records[0], records[-1]
        if first[place] == last[place]:
            at = times.at[first[place]]
            later += at is not None and at > first[AT]
    if later >= NEARLY_ALL * len(given):
        mapping.fail(
            told.where,
            f"{told.column!r} holds a moment that is later than the first row in {later} of {len(given)} cases: it was "
            "written in afterwards, so no rule may be told of it; take it out, or, if it was known then (a date "
            f'that was promised), say [leaks] allowed = ["{told.column}"]',
        )


def _named_late(told: Told, sample: Sequence[Sampled]) -> Iterator[str]:
    """Whether a column is called after the end of a case, and says the same from the first row on."""
    many = [one.records for one in sample if len(one.records) > 1 and one.records[0][told.place]]
    same = sum(records[0][told.place] == records[-1][told.place] for records in many)
    if _OF_THE_END.search(told.column) and len(many) >= ENOUGH and same >= NEARLY_ALL * len(many):
        yield (
            f"{told} is called after the end of a case, and stands on the first row already, the same as on the last, "
            f"in {same} of {len(many)} cases: was it written in afterwards? If so take it out"
        )


def _foretells(mapping: Mapping, told: Told, sample: Sequence[Sampled]) -> Iterator[str]:
    """Whether the first value says how the case ends: told by how well others with the value tell it."""
    for name, asked in mapping.outcomes.items():
        if asked.kind == "score" and told.place == SCORE:
            continue  # it is the outcome itself, told when it is given
        groups: defaultdict[str, Counter[bool]] = defaultdict(Counter)
        for one in sample:
            bad, value = one.outcomes[name].bad, one.records[0][told.place]
            if bad is not None and value:
                groups[value][bad] += 1
        known = sum(counts.total() for counts in groups.values())
        bad_ones = sum(counts[True] for counts in groups.values())
        rarer = min(bad_ones, known - bad_ones)
        if rarer < ENOUGH:
            continue
        missed = sum(_missed(counts) for counts in groups.values())
        if missed <= FORETOLD * rarer:
            yield (
                f"{told} tells on the first row already how {name!r} comes out, in "
                f"{1 - missed / known:.1%} of {known} cases: was it written in afterwards? If so take it out"
            )


def _missed(counts: Counter[bool]) -> int:
    """How many cases the majority of the others with the same value tells wrong; a draw, or no other, is wrong."""
    good, bad = counts[False], counts[True]
    wrong_good = good if bad >= good - 1 else 0
    wrong_bad = bad if good >= bad - 1 else 0
    return wrong_good + wrong_bad


def _only_last(told: Told, sample: Sequence[Sampled]) -> Iterator[str]:
    """Whether a figure changes with the last row alone: it was counted when all was over."""
    changed = at_last = 0
    for one in sample:
        values = [record[told.place] for record in one.records]
        if len(values) > 2 and len(set(values)) > 1 and _is_figure(values[-1]):
            changed += 1
            at_last += len(set(values[:-1])) == 1
    if changed >= ENOUGH and at_last >= ON_THE_LAST * changed:
        yield (
            f"{told} changes only on the last row, in {at_last} of {changed} cases: it was "
            "counted when all was over, and no rule sees it in time"
        )


def _is_figure(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()
