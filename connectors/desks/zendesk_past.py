"""All open tickets of a Zendesk account with their past: what a first import reads.

First the open tickets, by the export of a search (a thousand to a call,
https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/#export-search-results); then what
happened on those that are not too old, by the incremental export of ticket events (a thousand to a call, ten calls a
minute); last, that their past is known. Older tickets are left to be read one by one, and so are those that
changed just now: the export does not have that yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from bridge.domain.model import AnyEvent, Read
from connectors import Past, Person
from connectors.desks.zendesk_export import events
from connectors.desks.zendesk_history import TicketRecord
from connectors.desks.zendesk_shapes import Results, Saves
from connectors.desks.zendesk_state import read
from connectors.desks.zendesk_sweep import SAVES, WITH_COMMENTS, strangers

if TYPE_CHECKING:
    from connectors.desks.zendesk import Zendesk

_OPEN = {"query": "status<solved", "filter[type]": "ticket", "page[size]": "1000"}
_STEP = 500  # tickets told at once
_UNTOLD = timedelta(minutes=2)  # the export leaves out the last minute
_BEFORE = 60  # seconds before the oldest ticket from which the export is read


class _Cursor(Struct, frozen=True):
    """The epoch second from which the export goes on."""

    start: int


def past(desk: Zendesk, cursor: str, now: datetime) -> Iterator[Past]:
    """Every open ticket with its history. Raises Undeliverable half way.

    `done` and `total` count tickets. While the export is read, `done` is 0, for a ticket's history is complete only
    with the last page. Those that are older than the desk's `import_days`, or changed within the last two minutes, come
    as `unread` in the last steps and don't count as done. From a given cursor the open tickets are asked for again,
    and the export goes on.
    """
    tickets = {
        str(one.id): one
        for page in desk.pages("search/export.json", Results, params=_OPEN)
        for one in page.results
    }
    oldest = now - timedelta(days=desk.import_days)
    settled = now - _UNTOLD
    young = {
        key: one
        for key, one in tickets.items()
        if one.created_at >= oldest and one.updated_at <= settled
    }
    at = _cursor(cursor)
    if at is None:
        begun = min((one.created_at for one in young.values()), default=now)
        at = _Cursor(int(begun.timestamp()) - _BEFORE)
    total = len(tickets)
    yield Past(cursor=_text(at), done=0, total=total)
    if young:
        for reached, told in _exported(desk, at, young):
            at = reached
            yield Past(cursor=_text(at), done=0, total=total, events=tuple(told))
    done = 0
    keys = sorted(young, key=int)
    for some in _steps(keys):
        reads = _read(desk, [young[key] for key in some])
        done += len(some)
        yield Past(cursor=_text(at), done=done, total=total, events=tuple(reads))
    for some in _steps(sorted(tickets.keys() - young.keys(), key=int)):
        yield Past(cursor=_text(at), done=done, total=total, unread=tuple(some))


def _exported(
    desk: Zendesk, at: _Cursor, tickets: Mapping[str, TicketRecord]
) -> Iterator[tuple[_Cursor, list[AnyEvent]]]:
    """Page by page, what happened on these tickets; people are asked for once."""
    requesters = {key: str(one.requester_id) for key, one in tickets.items()}
    people: dict[str, Person] = {}
    asked: set[str] = set()
    more = True
    while more:
        page = desk.exported(SAVES, Saves, at.start, WITH_COMMENTS)
        if page is None:
            return
        records = [one for one in page.ticket_events if str(one.ticket_id) in tickets]
        told = events(desk.name, desk.user_id, records, people, requesters)
        if unknown := strangers(told) - asked:
            asked |= unknown
            people |= {person.id: person for person in desk.people(unknown)}
            told = events(desk.name, desk.user_id, records, people, requesters)
        at, more = _Cursor(page.further(at.start)), not page.end_of_stream
        yield at, told


def _read(desk: Zendesk, tickets: Sequence[TicketRecord]) -> list[Read]:
    """That the tickets were read; afresh with their clocks, which a search doesn't show, where these are asked for."""
    if desk.slas == "off":
        return [read(desk.name, one) for one in tickets]
    fresh = desk.records([str(one.id) for one in tickets])
    return [read(desk.name, one) for one in fresh.values()]


def _steps(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _STEP):
        yield keys[start : start + _STEP]


def _text(cursor: _Cursor) -> str:
    return msgspec.json.encode(cursor).decode()


def _cursor(text: str) -> _Cursor | None:
    try:
        return msgspec.json.decode(text, type=_Cursor)
    except msgspec.DecodeError:  # none yet, or not ours
        return None
