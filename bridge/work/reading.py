"""Deliveries into events: read, bound to their tickets, marked where they are our own doing, and stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.accounts import Change
from bridge.domain.commands import asks
from bridge.domain.model import (
    AboutAlert,
    Alert,
    AnyEvent,
    Contact,
    Party,
    Rated,
    Replied,
    Touched,
    Unreadable,
)
from bridge.domain.presses import answers_customer
from bridge.store import alerts, deliveries, inbox, teams, tickets
from bridge.work.accounts import carry_out
from bridge.work.bridge import Bridge
from bridge.work.faults import Fault, guarded
from bridge.work.queue import FETCH, MATCH, READ, ask
from connectors import Fetching, Incoming, Telling

BATCH = 500
MATCH_WITHIN = timedelta(days=14)


class _Read(Struct, frozen=True):
    """A delivery's outcome: its events and what it says of accounts, or why there is none, or the errand before it."""

    row: inbox.Kept
    events: tuple[tickets.Arrived, ...] = ()
    unreadable: str = ""
    first: str = ""
    changes: tuple[Change, ...] = ()


def read_deliveries(bridge: Bridge) -> int:
    """Read waiting deliveries into events; how many there were.

    Those that tell of accounts are read by one worker at a time: the last word is that which came last.
    """
    in_turn = [n for n, one in bridge.settings.sources.items() if isinstance(one.source, Telling)]
    with bridge.engine.begin() as connection:
        free = not in_turn or inbox.in_turn(connection)
        rows = inbox.take(connection, BATCH, but=() if free else in_turn)
        if rows:
            read_rows(bridge, connection, rows)
        return len(rows)


def read_rows(
    bridge: Bridge, connection: Connection, rows: Sequence[inbox.Kept], *, looked: bool = False
) -> None:
    """Store what deliveries say. `looked`: their customers and authors have been looked for at the desk already."""
    owners = deliveries.our_users(connection)
    readings = []
    for row in rows:
        reading = guarded(lambda row=row: _read(bridge, row), inbox=row.id)  # type: ignore[misc]
        readings.append(_Read(row, unreadable=reading) if isinstance(reading, Fault) else reading)
    readings = [_carried_out(bridge, connection, r) for r in _about(connection, readings)]
    known = tickets.subjects_of(connection, [e.answer.id for r in readings for e in _answers(r)])
    outcomes = [
        replace(r, first=MATCH)
        if not looked and strangers(bridge, connection, [a.event for a in r.events])
        else _bound(bridge, connection, r, known, looked=looked)
        for r in readings
    ]
    tickets.bind(connection, known)
    found = [event for outcome in outcomes for event in outcome.events if not outcome.first]
    store_events(connection, found, owners)
    inbox.settle(
        connection,
        [o.row.id for o in outcomes if not o.unreadable and not o.first],
        inbox.READ,
    )
    for arrived in found:
        _read_from_desk(bridge, connection, arrived.event, owners)
    for outcome in outcomes:
        if outcome.unreadable:
            inbox.settle(connection, [outcome.row.id], inbox.UNREADABLE, outcome.unreadable)
        elif outcome.first:
            inbox.settle(connection, [outcome.row.id], _STATES[outcome.first])
            ask(connection, outcome.first, [str(outcome.row.id)], bridge.now())


_STATES = {MATCH: inbox.MATCHING, FETCH: inbox.FETCHING}


def incoming_of(row: inbox.Kept) -> Incoming:
    """The request as it came, and what was fetched for it."""
    return Incoming(
        method=row.method,
        url=row.url,
        headers=row.headers,
        body=row.body,
        received_at=row.received_at,
        fetched=row.fetched or b"",
    )


def _read(bridge: Bridge, row: inbox.Kept) -> _Read:
    setting = bridge.settings.sources.get(row.source)
    if setting is None:
        return _Read(row, unreadable=f"no source {row.source!r} is configured any more")
    if row.fetched is None and isinstance(setting.source, Fetching):
        return _Read(row, first=FETCH)
    try:
        events = tuple(
            tickets.arrive(event, row.received_at, row.id)
            for event in setting.source.read(incoming_of(row))
        )
        told = setting.source
        changes = told.changes(incoming_of(row)) if isinstance(told, Telling) else ()
    except Unreadable as error:
        return _Read(row, unreadable=str(error))
    return _Read(row, events, changes=changes)


def _carried_out(bridge: Bridge, connection: Connection, reading: _Read) -> _Read:
    """Change the accounts as the delivery says; it can't be read where that can't be."""
    if not reading.changes:
        return reading
    trouble = carry_out(connection, reading.changes, bridge.now())
    return _Read(reading.row, unreadable=trouble) if trouble else reading


def _about(connection: Connection, readings: Sequence[_Read]) -> list[_Read]:
    """Give what people did about alerts the subjects of those: a button says no more than the alert's reference."""
    refs = [a.event.alert for r in readings for a in r.events if isinstance(a.event, AboutAlert)]
    if not refs:
        return list(readings)
    known = alerts.all_named(connection, refs)
    return [_given(reading, known) for reading in readings]


def _given(reading: _Read, known: Mapping[str, Alert]) -> _Read:
    given = []
    for arrived in reading.events:
        event = arrived.event
        if isinstance(event, AboutAlert):
            if event.alert not in known:
                return _Read(reading.row, unreadable=f"alert: no alert is called {event.alert!r}")
            event = replace(event, subject=known[event.alert].subject)
            given.append(tickets.arrive(event, arrived.received_at, arrived.inbox))
        else:
            given.append(arrived)
    return replace(reading, events=tuple(given))


def strangers(
    bridge: Bridge, connection: Connection, events: Sequence[AnyEvent]
) -> dict[str, set[str]]:
    """Users of desks who do something about a live alert and are known by their number alone, by desk."""
    acting = [e for e in events if e.actor and (asks(e) or answers_customer(e))]
    live = alerts.live(connection, [e.subject for e in acting]) if acting else {}
    who = {(e.subject.partition(":")[0], e.actor) for e in acting if e.subject in live}
    ours = deliveries.our_users(connection) if who else {}
    found: dict[str, set[str]] = {}
    for desk, actor in who - teams.persons(connection, who).keys():
        if desk in bridge.settings.desks and actor not in ours.get(desk, ()):
            found.setdefault(desk, set()).add(actor)
    return found


def _answers(reading: _Read) -> list[Rated]:
    return [a.event for a in reading.events if isinstance(a.event, Rated)]


def _bound(
    bridge: Bridge, connection: Connection, outcome: _Read, known: dict[str, str], *, looked: bool
) -> _Read:
    """Give survey answers without a ticket the customer's newest ticket, where there is one.

    All parts of one answer go to the same subject: `known` says which, and learns it. A customer whom we
    do not know yet is looked for at the desk, outside this transaction.
    """
    if not _answers(outcome):
        return outcome
    bound: dict[str, str] = {}
    events = []
    for arrived in outcome.events:
        event = arrived.event
        if not isinstance(event, Rated):
            events.append(arrived)
            continue
        subject = known.get(event.answer.id, event.subject)
        if subject.startswith("answer:") and event.answer.id not in known:
            found = _ticket_of(bridge, connection, outcome.row, event.answer.contact)
            if found is None and not looked and _can_look(bridge, outcome.row, event):
                return replace(outcome, first=MATCH)
            subject = found or subject
        elif not looked and _unheard_of(bridge, connection, subject):
            return replace(outcome, first=MATCH)
        bound[event.answer.id] = subject
        events.append(
            tickets.arrive(replace(event, subject=subject), arrived.received_at, arrived.inbox)
        )
    known |= bound
    return replace(outcome, events=tuple(events))


def _unheard_of(bridge: Bridge, connection: Connection, subject: str) -> bool:
    """Whether an answer's ticket must be read first, for its team to be known."""
    desk = subject.partition(":")[0]
    return desk in bridge.settings.desks and tickets.find(connection, subject) is None


def _read_from_desk(
    bridge: Bridge, connection: Connection, event: AnyEvent, owners: dict[str, set[str]]
) -> None:
    """Have a ticket read of which a source could tell no more than that somebody else changed it."""
    desk = event.subject.partition(":")[0]
    if not isinstance(event, Touched) or not event.read or desk not in bridge.settings.desks:
        return
    if event.actor not in owners.get(desk, ()):
        ask(connection, READ, [event.subject], bridge.now())


def events_in(bridge: Bridge, row: inbox.Kept) -> list[AnyEvent]:
    """The events in a delivery."""
    outcome = guarded(lambda: _read(bridge, row), inbox=row.id)
    return [] if isinstance(outcome, Fault) else [a.event for a in outcome.events]


def _ticket_of(
    bridge: Bridge, connection: Connection, row: inbox.Kept, contact: Contact
) -> str | None:
    desk = bridge.settings.sources[row.source].source.desk
    people = teams.customers(connection, desk, contact.email, contact.phone)
    since = row.received_at - MATCH_WITHIN
    return tickets.newest_of(connection, [f"{desk}:{p}" for p in people], since) if people else None


def _can_look(bridge: Bridge, row: inbox.Kept, event: Rated) -> bool:
    desk = bridge.settings.sources[row.source].source.desk
    contact = event.answer.contact
    return desk in bridge.settings.desks and bool(contact.email or contact.phone)


def store_events(
    connection: Connection,
    found: Sequence[tickets.Arrived],
    owners: dict[str, set[str]],
    *,
    judged: bool = False,
) -> int:
    """Store events, those that our own writing caused marked as ours; how many were not known yet."""
    notes = {desk: [n for a in found if (n := _note(a.event, desk))] for desk in owners}
    ours = {desk: deliveries.ours(connection, desk, refs) for desk, refs in notes.items() if refs}
    own = [_own(arrived, owners, ours) for arrived in found]
    return tickets.add_events(connection, own, judged=judged)


def _own(
    arrived: tickets.Arrived, owners: Mapping[str, set[str]], ours: Mapping[str, set[str]]
) -> tickets.Arrived:
    event = arrived.event
    desk = event.subject.partition(":")[0]
    by_us = event.actor in owners.get(desk, ()) or _note(event, desk) in ours.get(desk, ())
    if not by_us or event.by is Party.BRIDGE:
        return arrived
    return tickets.arrive(replace(event, by=Party.BRIDGE), arrived.received_at, arrived.inbox)


def _note(event: AnyEvent, desk: str) -> str:
    """What a comment on a ticket of the desk is remembered by, if we wrote it; "" for any other event."""
    if not isinstance(event, Replied) or not event.ref:
        return ""
    return f"comment:{event.ref}" if event.subject.startswith(f"{desk}:") else ""
