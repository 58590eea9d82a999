"""How good the updates of agents are: what they say judged for substance, each with reasons that are fair. Pure.

`reading` finds what was written at all, `times` the moments that are named, `phrases` what a sentence does, `questions`
what was asked; `quality` weighs it. Here it is done for a ticket.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from bridge.domain.model import Said, Ticket
from bridge.domain.text import Words
from bridge.domain.updates.quality import GOOD, LINE, WEIGHTS, Lack, Quality, Setting, quality
from bridge.domain.updates.reading import sentences

__all__ = [
    "LINE",
    "WEIGHTS",
    "Judged",
    "Lack",
    "Quality",
    "judge_one",
    "judged",
    "new_thin",
    "new_updates",
    "thin",
]

SOON = timedelta(minutes=5)
"""A ticket that is solved so soon after an update was solved with it."""


class Judged(NamedTuple):
    """An update that was judged: what tells it from others on the ticket, who wrote it, when, and how good it is."""

    ref: str
    actor: str
    at: datetime
    quality: Quality


def judged(ticket: Ticket, words: Words, zone: tzinfo = UTC) -> tuple[Judged, ...]:
    """The updates that are kept with the ticket, oldest first. "By 5 pm" and "today" are read in `zone`."""
    return tuple(judge_one(ticket, place, words, zone) for place in range(len(ticket.updates)))


def thin(ticket: Ticket, words: Words, zone: tzinfo = UTC) -> tuple[Judged, ...]:
    """Those of them that are thin."""
    return tuple(one for one in judged(ticket, words, zone) if one.quality.thin)


def new_updates(
    before: Ticket | None, after: Ticket, words: Words, zone: tzinfo = UTC
) -> Iterator[Judged]:
    """The updates that the ticket has `after` some events and had not `before`, judged."""
    known = {one.ref for one in before.updates} if before else set()
    for place, one in enumerate(after.updates):
        if one.ref not in known:
            yield judge_one(after, place, words, zone)


def new_thin(
    before: Ticket | None, after: Ticket, words: Words, zone: tzinfo = UTC
) -> Iterator[Judged]:
    """Those of them that are thin."""
    return (one for one in new_updates(before, after, words, zone) if one.quality.thin)


def judge_one(ticket: Ticket, place: int, words: Words, zone: tzinfo = UTC) -> Judged:
    """The update at that place of `ticket.updates`, which solves nothing unless the ticket says so."""
    update = ticket.updates[place]
    if _solved(ticket, update):
        return Judged(update.ref, update.by, update.at, GOOD)
    earlier = ticket.updates[:place]
    heard = earlier[-1].at if earlier else None
    setting = Setting(
        earlier=earlier,
        asked=tuple(
            one.text
            for one in ticket.messages
            if one.at < update.at and (heard is None or one.at > heard)
        ),
        first=not earlier and ticket.public_replies <= len(ticket.updates),
        zone=zone,
        stock=frozenset(one for one in sentences(update.text) if words.boilerplate(one)),
    )
    return Judged(update.ref, update.by, update.at, quality(update, setting))


def _solved(ticket: Ticket, update: Said) -> bool:
    """Whether the update closed the case, or came when it was closed."""
    after = [phase for phase in ticket.phases if phase.at <= update.at + SOON]
    return bool(after) and not after[-1].category.live
