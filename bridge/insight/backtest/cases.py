"""A history as cases: the way in for whoever plays them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from bridge.insight.backtest.answers import Answers
from bridge.insight.backtest.building import Builder, Common
from bridge.insight.backtest.case import LAST_CONTACTS, Case, Flaw, Found, Outcome, Tell
from bridge.insight.backtest.changes import Changes
from bridge.insight.backtest.gathering import Gathered, without_collector
from bridge.insight.backtest.leaks import SAMPLE, Sampled, refuse_or_warn
from bridge.insight.backtest.life import Life
from bridge.insight.backtest.mapping import Mapping
from bridge.insight.backtest.outcomes import Outcomes, Yardstick, slow_from
from bridge.insight.backtest.records import (
    ACCOUNT,
    AT,
    PRIORITY,
    Layout,
    bearable,
    gather,
    layout,
    ordered,
)
from bridge.insight.backtest.remembering import Remembered
from bridge.insight.backtest.snapshots import Snapshots
from bridge.insight.backtest.times import Micros, Times, moments

__all__ = ["Case", "Flaw", "Found", "Outcome", "Tell", "cases"]


def cases(
    files: Sequence[Path], mapping: Mapping, *, tell: Tell | None = None, found: Found | None = None
) -> Iterator[Case]:
    """The cases of a history in files, in any order. `found` is filled with what was met with on the way.

    All files are read before the first case comes, and memory is bounded however many there are. `mapping.statuses`
    belongs into the policy that judges them. Raises ConfigError where a file is not as the mapping says, or a column
    tells the future.
    """
    met = Found() if found is None else found
    shape = layout(mapping)
    times = Times(mapping.file.time, mapping.file.zone)
    with Gathered() as gathered:
        history = _History(mapping, shape, gathered)
        with without_collector():
            gather(files, mapping, gathered, shape=shape, times=times, found=met, tell=tell)
            history.survey(met)
            met.warnings += refuse_or_warn(mapping, shape, times, history.sampled())
        yield from history.cases(met)


def builder_of(mapping: Mapping, shape: Layout) -> Builder:
    """Who makes events of such rows."""
    match mapping.file.rows:
        case "changes":
            return Changes(mapping, shape)
        case "answers":
            return Answers(mapping, shape)
        case rows:
            return Snapshots(mapping, shape, sparse=rows == "updates")


class _History:
    """All rows by case. It is gone through twice: what is slow, and who came before, no case tells alone."""

    def __init__(self, mapping: Mapping, shape: Layout, gathered: Gathered) -> None:
        self.mapping, self.shape, self.gathered = mapping, shape, gathered
        self.builder = builder_of(mapping, shape)
        self.common = Common(mapping, shape)
        self.moment = moments()
        self.contacts: dict[str, array[int]] = {}
        self.sample: list[tuple[list[Any], Life]] = []
        self.only = [(shape.places[name], values) for name, values in mapping.only.items()]
        low = {
            name: mapping.normal(outcome.at_most) + 1e-9
            for name, outcome in mapping.outcomes.items()
            if outcome.at_most is not None
        }
        self.outcomes = Outcomes(mapping.outcomes, Yardstick(0, {}), low)
        self.allowed = Remembered(self._allowed)

    def survey(self, found: Found) -> None:
        """Look at all cases once. Raises ConfigError where too much is wrong with the rows."""
        durations: array[int] = array("q")
        began = until = None
        for _, records in self.gathered.cases():
            rows = ordered(records, found)
            first, last = rows[0], rows[-1][AT]
            until = last if until is None or last > until else until
            if self._left_out(first):
                found.left_out += 1
                continue
            found.cases += 1
            life = self.builder.life(rows, found)
            began = life.opened if began is None or life.opened < began else began
            found.still_open += life.category.live
            if life.solved is not None:
                durations.append(life.solved - life.opened)
            if requester := self.common.requester(first):
                self.contacts.setdefault(requester, array("q")).append(life.opened)
            if len(self.sample) < SAMPLE:
                self.sample.append((rows, life))
        bearable(self.mapping, found)
        for requester, openings in self.contacts.items():
            if len(openings) > 1:
                self.contacts[requester] = array("q", sorted(openings))
        found.began = None if began is None else self.moment[began]
        found.until = None if until is None else self.moment[until]
        slow = {}
        for name, outcome in self.mapping.outcomes.items():
            border = slow_from(durations, outcome.share) if outcome.kind == "slowest" else None
            if border is not None:
                slow[name] = border
        self.outcomes.yard = Yardstick(until or 0, slow)

    def sampled(self) -> list[Sampled]:
        """Some of the cases, with what came of them; they are forgotten then."""
        some, self.sample = self.sample, []
        return [Sampled(rows, self._outcomes(rows, life)[1]) for rows, life in some]

    def cases(self, found: Found) -> Iterator[Case]:
        """All cases that the mapping does not leave out."""
        desk, moment = self.mapping.desk, self.moment
        names = self.shape.facts
        kinds: Counter[type] = Counter()
        for key, records in self.gathered.cases():
            rows = ordered(records)
            first = rows[0]
            if self._left_out(first):
                continue
            life = self.builder.life(rows)
            due, outcomes = self._outcomes(rows, life)
            subject = f"{desk}:{key}"
            events = self.builder.events(subject, rows)
            requester = self.common.requester(first)
            facts = self.common.facts(first) if names else {}
            if first[PRIORITY]:
                facts["priority"] = first[PRIORITY]
            kinds.update(map(type, events))
            yield Case(
                id=subject,
                opened_at=moment[life.opened],
                events=events,
                outcomes=outcomes,
                resolved_at=None if life.solved is None else moment[life.solved],
                closed_at=None if life.ended is None else moment[life.ended],
                deadline_at=None if due is None else moment[due],
                requester=requester,
                account=first[ACCOUNT],
                contacts=self._contacts(requester, life.opened) if requester else (),
                facts=facts,
            )
        found.kinds.update({kind.__name__: many for kind, many in kinds.items()})

    def _outcomes(self, rows: list[Any], life: Life) -> tuple[Micros | None, dict[str, Outcome]]:
        """The implied deadline by the priority that a case has in the end, and what came of the case."""
        allowed = self.allowed[rows[-1][PRIORITY]]
        due = None if allowed is None else life.opened + allowed
        return due, self.outcomes.of(
            life, due, records=rows, shape=self.shape, states=self.mapping.states
        )

    def _allowed(self, priority: str) -> Micros | None:
        """How long a case of this priority may take."""
        time = self.mapping.deadline(priority)
        return None if time is None else time // timedelta(microseconds=1)

    def _left_out(self, first: Any) -> bool:
        """By what its first row says: what it says later isn't known when it is opened."""
        return any(first[place] not in values for place, values in self.only)

    def _contacts(self, requester: str, opened: Micros) -> tuple[Any, ...]:
        openings = self.contacts[requester]
        before = bisect_left(openings, opened)
        return tuple(
            map(self.moment.__getitem__, openings[max(before - LAST_CONTACTS, 0) : before])
        )
