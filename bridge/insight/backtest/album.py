"""What playing came to, case by case, in small arrays: all that figures and choosing need of a history.

The hours at which each variant held lie in a temporary file that is mapped into memory: a history of millions of cases
needs no more memory than what is being looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from tempfile import TemporaryFile
from typing import Any
from zlib import crc32

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bridge.insight.backtest.case import Case
from bridge.insight.backtest.playing import Played

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_APART = 1e7
"""More hours than any case lasts."""

AT_ONCE = 8192
"""So many cases are put in order in one go."""


class Sheet(Struct, frozen=True):
    """Some cases that were played: one entry for each in every list, and `first` a row for each."""

    opened: list[float]
    ended: list[float]
    resolved: list[float]
    deadline: list[float]
    codes: list[int]
    outcomes: dict[str, list[tuple[bool | None, float]]]
    facts: list[Mapping[str, str]]
    shifts: list[tuple[tuple[float, str], ...]]
    events: int
    first: bytes


def sheet(cases: Sequence[Case], played: Sequence[Sequence[Played]]) -> Sheet:
    """The cases and what each came to under every plan."""
    rows = [[hours for one in each for hours in one.first] for each in played]
    return Sheet(
        opened=[case.opened_at.timestamp() / 3600 for case in cases],
        ended=[_since(case, case.closed_at or case.resolved_at) for case in cases],
        resolved=[_since(case, case.resolved_at) for case in cases],
        deadline=[_since(case, case.deadline_at) for case in cases],
        codes=[crc32(case.id.encode()) for case in cases],
        outcomes=_outcomes(cases),
        facts=[case.facts for case in cases],
        shifts=[_shifts(case, each) for case, each in zip(cases, played, strict=True)],
        events=sum(len(case.events) for case in cases),
        first=np.array(rows, np.float32).tobytes(),
    )


def _outcomes(cases: Sequence[Case]) -> dict[str, list[tuple[bool | None, float]]]:
    """By name: whether it was bad, and the hours from the opening to when; `inf` where no instant is known."""
    names = dict.fromkeys(name for case in cases for name in case.outcomes)
    found: dict[str, list[tuple[bool | None, float]]] = {name: [] for name in names}
    for case in cases:
        for name, told in found.items():
            outcome = case.outcomes.get(name)
            at = (outcome.at or case.deadline_at) if outcome else None
            told.append((outcome.bad if outcome else None, _since(case, at)))
    return found


def _since(case: Case, at: datetime | None) -> float:
    return (at - case.opened_at).total_seconds() / 3600 if at else np.inf


def _shifts(case: Case, played: Sequence[Played]) -> tuple[tuple[float, str], ...]:
    ticket = next((one.ticket for one in played if one.ticket), None)
    shifts = ticket.shifts if ticket else ()
    return tuple((_since(case, shift.at), shift.team) for shift in shifts)


@dataclass(frozen=True, kw_only=True)
class Album:
    """A history in arrays, one entry for each case, oldest first. Times are hours since the case's opening.

    `opened` are hours since 1970. `ended`, `resolved`, `deadline` and `moments` are `inf` where unknown. `bad` is 1, 0,
    or -1 for not known, by outcome. `facts` are numbers of the words in `words`, by fact. `first[v]` is when variant v
    first held, `inf` for never. `teams` are the managers; case i was with `team[k]` from `since[k]` on, k from
    `starts[i]` to `starts[i + 1]`.
    """

    opened: NDArray[np.float64]
    ended: Floats
    resolved: Floats
    deadline: Floats
    bad: Mapping[str, NDArray[np.int8]]
    moments: Mapping[str, Floats]
    facts: Mapping[str, NDArray[np.int32]]
    words: Mapping[str, tuple[str, ...]]
    first: Floats
    teams: tuple[str, ...]
    starts: Ints
    since: Floats
    team: NDArray[np.int32]
    events: int

    def __len__(self) -> int:
        return len(self.opened)

    def team_at(self, cases: Ints, hours: Floats) -> NDArray[np.int32]:
        """Who had each of the cases at that time: the team it was with, else the first that it came to; -1 for none."""
        begin, end = self.starts[cases], self.starts[cases + 1]
        # One search for all: a case's shifts lie apart from those of the one before it.
        last = np.searchsorted(self._keys, cases * _APART + hours, "right") - 1
        place = np.clip(last, begin, np.maximum(end - 1, begin))
        found = np.full(len(cases), -1, np.int32)
        some = begin < end
        found[some] = self.team[place[some]]
        return found

    @cached_property
    def _keys(self) -> NDArray[np.float64]:
        whose = np.repeat(np.arange(len(self)), np.diff(self.starts))
        keys: NDArray[np.float64] = np.add(whose * _APART, self.since, dtype=np.float64)
        return keys

    def opened_at(self, case: int) -> datetime:
        """When a case was opened."""
        return datetime.fromtimestamp(float(self.opened[case]) * 3600, UTC)


class Binder:
    """Takes sheets in any order, and makes the album of them. To be closed."""

    def __init__(self, variants: int) -> None:
        self.variants = variants
        self.raw = TemporaryFile()  # noqa: SIM115 - `close` does
        self.cases = self.events = 0
        self.teams: dict[str, int] = {}
        self.words: dict[str, dict[str, int]] = {}
        self.columns: dict[str, list[NDArray[Any]]] = {}

    def add(self, page: Sheet) -> None:
        """Put some cases to the others."""
        self.raw.write(page.first)
        many = len(page.opened)
        self._keep("opened", page.opened, np.float64)
        self._keep("ended", page.ended, np.float32)
        self._keep("resolved", page.resolved, np.float32)
        self._keep("deadline", page.deadline, np.float32)
        self._keep("codes", page.codes, np.uint32)
        for name, told in page.outcomes.items():
            self._missing("bad " + name, np.int8, -1)
            self._missing("at " + name, np.float32, np.inf)
            self._keep("bad " + name, [-1 if bad is None else int(bad) for bad, _ in told], np.int8)
            self._keep("at " + name, [at for _, at in told], np.float32)
        for name in {name: None for facts in page.facts for name in facts}:
            self._missing("fact " + name, np.int32, -1)
            words = self.words.setdefault(name, {})
            told_words = (facts.get(name, "") for facts in page.facts)
            numbers = [words.setdefault(word, len(words)) for word in told_words]
            self._keep("fact " + name, numbers, np.int32)
        self._keep("shifts", [len(one) for one in page.shifts], np.int32)
        flat = [shift for one in page.shifts for shift in one]
        self._keep("since", [at for at, _ in flat], np.float32)
        self._keep("team", [self.teams.setdefault(t, len(self.teams)) for _, t in flat], np.int32)
        self.cases += many
        self.events += page.events
        for name in self.columns:
            if name.startswith(("bad ", "fact ")):
                self._missing(name, np.int8 if name.startswith("bad ") else np.int32, -1)
            elif name.startswith("at "):
                self._missing(name, np.float32, np.inf)

    def _keep(self, name: str, values: Any, kind: Any) -> None:
        self.columns.setdefault(name, []).append(np.array(values, kind))

    def _missing(self, name: str, kind: Any, value: Any) -> None:
        """Fill a column that some earlier sheets knew nothing of."""
        known = sum(map(len, self.columns.get(name, ())))
        if known < self.cases:
            self._keep(name, np.full(self.cases - known, value, kind), kind)

    def album(self, until: datetime | None) -> Album:
        """The cases by their opening. What would have been found after `until` is left out: nobody knows of it."""
        if not self.cases:
            return self._empty()
        whole = {name: np.concatenate(parts) for name, parts in self.columns.items()}
        order = np.lexsort((whole["codes"], whole["opened"]))
        opened = whole["opened"][order]
        first = self._first(order, opened, until)
        starts, places = _laid_out(whole["shifts"], order)
        named = {name.partition(" ")[2]: name for name in whole if name.startswith("bad ")}
        facts = {name: whole["fact " + name][order] for name in self.words}
        return Album(
            opened=opened,
            ended=whole["ended"][order],
            resolved=whole["resolved"][order],
            deadline=whole["deadline"][order],
            bad={name: whole["bad " + name][order] for name in named},
            moments={name: whole["at " + name][order] for name in named},
            facts=facts,
            words={name: tuple(words) for name, words in self.words.items()},
            first=first,
            teams=tuple(self.teams),
            starts=starts,
            since=whole["since"][places],
            team=whole["team"][places],
            events=self.events,
        )

    def _first(
        self, order: Ints, opened: NDArray[np.float64], until: datetime | None
    ) -> NDArray[np.float32]:
        """The hours by variant instead of by case, in order."""
        if not self.variants:
            return np.zeros((0, self.cases), np.float32)
        self.raw.flush()
        raw = np.memmap(self.raw, np.float32, "r", shape=(self.cases, self.variants))
        with TemporaryFile() as file:  # what is mapped stays when the file is closed
            first = np.memmap(file, np.float32, "w+", shape=(self.variants, self.cases))
        for begin in range(0, self.cases, AT_ONCE):
            some = order[begin : begin + AT_ONCE]
            hours = raw[some].T
            if until is not None:
                known = until.timestamp() / 3600 - opened[begin : begin + AT_ONCE]
                hours = np.where(hours > known[None, :], np.float32(np.inf), hours)
            first[:, begin : begin + AT_ONCE] = hours
        return first

    def close(self) -> None:
        """Let go of the file."""
        self.raw.close()

    def _empty(self) -> Album:
        none = np.zeros(0, np.float32)
        return Album(
            opened=np.zeros(0),
            ended=none,
            resolved=none,
            deadline=none,
            bad={},
            moments={},
            facts={},
            words={},
            first=np.zeros((self.variants, 0), np.float32),
            teams=(),
            starts=np.zeros(1, np.int64),
            since=none,
            team=np.zeros(0, np.int32),
            events=0,
        )


def _laid_out(many: NDArray[np.int32], order: Ints) -> tuple[Ints, Ints]:
    """Where each case's shifts begin when cases are in order, and the old places of all of them."""
    begins = np.concatenate([[0], np.cumsum(many)])
    mine = many[order]
    starts = np.concatenate([[0], np.cumsum(mine)]).astype(np.int64)
    places = np.arange(starts[-1]) - np.repeat(starts[:-1], mine) + np.repeat(begins[order], mine)
    return starts, places.astype(np.int64)
