"""What a backtest plays: cases of the past, each with its events and with what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct, field

from bridge.domain.judge import Around
from bridge.domain.model import AnyEvent

Tell = Callable[[int, int], object]
"""Told how many bytes have been read, and of how many."""

LAST_CONTACTS = 100
"""So many earlier cases of the same customer are told of."""

EXAMPLES_SHOWN = 5
"""So many rows are named for each thing that was wrong with some."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a case, of one kind.

    `bad` is None where it is not known yet: the case had not ended when the history did. `at` is when the bad thing
    happened: only an alert before it could have helped. It is None where nothing bad happened, or no instant is known.
    """

    bad: bool | None
    at: datetime | None = None


class Case(Struct, frozen=True, kw_only=True):
    """A subject of the past with all that happened to it.

    `id` is the subject, "<desk>:<case>". `events` are in the order in which they are folded. `outcomes` are by the name
    that the mapping gives them. `resolved_at` is when it was solved for the last time; `closed_at` when it ended for
    good, None for one that was still open at the end of the history. `deadline_at` is what its priority promises.
    `requester` and `account` are "" where unknown; `contacts` are when the requester opened other cases before this
    one, oldest first. `facts` are what the figures may be split by: the priority at the opening, say.
    """

    id: str
    opened_at: datetime
    events: tuple[AnyEvent, ...]
    outcomes: Mapping[str, Outcome]
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    deadline_at: datetime | None = None
    requester: str = ""
    account: str = ""
    contacts: tuple[datetime, ...] = ()
    facts: Mapping[str, str] = {}

    @property
    def around(self) -> Around:
        """What a rule is told of the customer."""
        return Around(account=self.account, name=self.account, contacts=self.contacts)


class Flaw(Struct):
    """How many rows have one thing wrong with them, and the numbers of the first; row 1 is the one after the header."""

    many: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, row: int) -> None:
        self.many += 1
        if len(self.rows) < EXAMPLES_SHOWN:
            self.rows.append(row)


class Found(Struct, kw_only=True):
    """What was met with while a history was read. Complete once all its cases were handed out.

    `until` is the last moment that the history tells of. `left_out` are cases that the mapping's `only` leaves out.
    `kinds` counts events by kind. `warnings` are sentences for whoever chose the mapping.
    """

    rows: int = 0
    cases: int = 0
    left_out: int = 0
    still_open: int = 0
    began: datetime | None = None
    until: datetime | None = None
    flaws: dict[str, Flaw] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    def flaw(self, name: str, row: int) -> None:
        self.flaws.setdefault(name, Flaw()).add(row)
