"""A change of a ticket as an event: one fact, one id, whether a webhook, an audit or an export tells of it.

A change is told by what it changed, to what, and in which second it was saved. A twin whose second differs is
harmless, for folding the same value twice changes nothing. The second names the save as well, so that two halves of
a save that came different ways are known to belong together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from bridge.domain.model import (
    AnyEvent,
    Assigned,
    Gone,
    Party,
    PriorityChanged,
    Seen,
    StatusChanged,
    Tagged,
    Touched,
)
from connectors import Person
from connectors.reading import fingerprint

_LATE = timedelta(seconds=2)  # how long after its save an event may be dated
_EVENTS: Mapping[str, type[Any]] = {
    "status": StatusChanged,
    "priority": PriorityChanged,
    "team": Assigned,
    "agent": Assigned,
}


def second_of_save(at: datetime, updated_at: datetime | None = None) -> int:
    """The epoch second of the save that an event of `at` is about.

    A webhook's time comes with a fraction and may fall into the next second, so the ticket's `updated_at` goes
    before where it is less than two seconds earlier. That both name the same second is unconfirmed.
    """
    if updated_at and timedelta(0) <= at - updated_at < _LATE:
        return int(updated_at.timestamp())
    return int(at.timestamp())


def change_id(desk: str, what: str, ticket: str, value: str, second: int) -> str:
    """The id of a change: `what` is status, priority, team, agent or tags, `value` "" for nobody."""
    return f"{desk}:{what}:{ticket}:{value}:{second}"


def gone_id(desk: str, ticket: str, why: str, second: int) -> str:
    """The id of a ticket's end: `why` is deleted, spam, merged, or back for one that came back."""
    return f"{desk}:gone:{ticket}:{why}:{second}"


def tags_value(added: Iterable[str], removed: Iterable[str]) -> str:
    """What stands for a change of tags in its id: the same in whatever order they were told."""
    return fingerprint([sorted(added), sorted(removed)])[:12]


def change(name: str, now: Any, before: Any, unique: str, common: dict[str, Any]) -> AnyEvent:
    """The event that a change of one thing is, `name` being what `Seen` calls it.

    `common` is what it shares with others of its save, `unique` the id of a change without an event of its own.
    That a ticket in the bin has the status "deleted", and its former one when it comes back, is unconfirmed.
    """
    desk, _, ticket = common["subject"].partition(":")
    second = second_of_save(common["at"])
    if name == "status" and "deleted" in (now, before):
        back = before == "deleted"
        unique = gone_id(desk, ticket, "back" if back else "deleted", second)
        return Gone(id=unique, back=back, seen=Seen(status=now) if back else None, **common)
    if name == "tags":
        added = tuple(tag for tag in now if tag not in before)
        removed = tuple(tag for tag in before if tag not in now)
        unique = change_id(desk, name, ticket, tags_value(added, removed), second)
        return Tagged(id=unique, added=added, removed=removed, **common)
    if name in _EVENTS:
        unique = change_id(desk, name, ticket, now, second)
        found: AnyEvent = _EVENTS[name](id=unique, **{name: now}, **common)
        return found
    return Touched(id=unique, seen=Seen(**{name: now}), **common)


def party(
    author: int | None, via: Any, *, us: str, people: Mapping[str, Person], requester: str
) -> Party:
    """Who saved something: `via` is the channel, by its name or in an object; people unknown are agents."""
    channel = via.get("channel") if isinstance(via, dict) else via
    automatic = isinstance(channel, str) and channel.lower() in {"rule", "system"}
    if automatic or author is None or author < 0:
        return Party.SYSTEM
    if str(author) == us:
        return Party.BRIDGE
    person = people.get(str(author))
    if str(author) == requester or (person and not person.staff):
        return Party.CUSTOMER
    return Party.AGENT


class Turns:
    """The order of events within one second, counted the same way wherever they are read."""

    def __init__(self) -> None:
        self._next: dict[tuple[str, datetime], Iterator[int]] = {}

    def next(self, ticket: str, moment: datetime) -> int:
        """The next turn of the ticket in this second, from 0."""
        return next(self._next.setdefault((ticket, moment), count()))
