"""What happened on any Zendesk ticket since the last time, in a call or two, however many tickets there are.

By the incremental exports, which hold back the last minute, are given to admins only, and take ten calls a minute:
https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/ and
.../tickets/ticket_metric_events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.model import AnyEvent, Party, Undeliverable
from connectors import Known, State, Swept
from connectors.desks.zendesk_export import events
from connectors.desks.zendesk_shapes import Metrics, SaveRecord, Saves

if TYPE_CHECKING:
    from connectors.desks.zendesk import Zendesk

SAVES = "incremental/ticket_events.json"
WITH_COMMENTS = {"include": "comment_events"}

_FIRST = timedelta(minutes=5)  # how far back the very first sweep looks
_OVERLAP = 60  # seconds that are asked for once more
_IDLE = {"measure", "update_status"}  # events of metrics by which no clock changes


class _Cursor(Struct, frozen=True):
    """The epoch seconds from which to go on."""

    start: int
    metrics: int


def sweep(desk: Zendesk, cursor: str, now: datetime, known: Known) -> Swept:
    """One page: nothing but that is asked if all in it is known already. Raises Undeliverable.

    Events that are known are left out. Where the account's own service levels are read, the tickets whose clocks
    changed come as states; if that fails, the events are kept and it is asked again.
    """
    at = _cursor(cursor, now)
    found: list[AnyEvent] = []
    page = desk.exported(SAVES, Saves, at.start, WITH_COMMENTS)
    more = page is not None and not page.end_of_stream
    if page:
        found = _news(desk, page.ticket_events, known)
        at = replace(at, start=_further(at.start, page.further(at.start), more))
    states: Sequence[State] = ()
    failure = None
    if desk.slas == "off":
        at = replace(at, metrics=at.start)  # should they be turned on one day
    else:
        try:
            at, states, further = _clocks(desk, at)
            more = more or further
        except Undeliverable as error:
            failure = error
    return Swept(
        events=tuple(found),
        cursor=msgspec.json.encode(at).decode(),
        states=tuple(states),
        more=more,
        failure=failure,
    )


def _news(desk: Zendesk, records: list[SaveRecord], known: Known) -> list[AnyEvent]:
    told = events(desk.name, desk.user_id, records, {}, {})
    old = set(known({event.id for event in told}))
    news = [event for event in told if event.id not in old]
    unknown = strangers(news)
    if not unknown:
        return news
    people = {person.id: person for person in desk.people(unknown)}
    told = events(desk.name, desk.user_id, records, people, {})
    return [event for event in told if event.id not in old]


def strangers(told: Iterable[AnyEvent]) -> set[str]:
    """Who is taken for an agent, but may be a customer."""
    return {event.actor for event in told if event.by is Party.AGENT and event.actor}


def _clocks(desk: Zendesk, at: _Cursor) -> tuple[_Cursor, Sequence[State], bool]:
    page = desk.exported("incremental/ticket_metric_events.json", Metrics, at.metrics)
    if page is None:
        return at, (), False
    more = not page.end_of_stream
    changed = {str(one.ticket_id) for one in page.ticket_metric_events if one.type not in _IDLE}
    states = desk.states(sorted(changed, key=int))
    return replace(at, metrics=_further(at.metrics, page.further(at.metrics), more)), states, more


def _further(start: int, end: int, more: bool) -> int:
    """Where to go on: at the end of the stream a little earlier, for what Zendesk tells last may come late."""
    return end if more else max(start, end - _OVERLAP)


def _cursor(cursor: str, now: datetime) -> _Cursor:
    first = int((now - _FIRST).timestamp())
    try:
        return msgspec.json.decode(cursor, type=_Cursor)
    except msgspec.DecodeError:  # none yet, or not ours
        return _Cursor(start=first, metrics=first)
