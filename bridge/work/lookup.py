"""What has to be asked of a desk before a delivery makes sense: a ticket's history, a customer's tickets."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec.structs import replace

from bridge.domain.model import AnyEvent, Contact, Rated, Read, Seen, Ticket, Touched, Undeliverable
from bridge.store import deliveries, inbox, teams, tickets
from bridge.work.bridge import Bridge
from bridge.work.queue import DRAIN, wake
from bridge.work.reading import events_in, read_rows, store_events, strangers
from connectors import Person, State
from connectors.reading import fingerprint

SETTLES = timedelta(seconds=2)


def match(bridge: Bridge, number: int, *, look: bool = True) -> None:
    """Look at the desk for the ticket or the customer of a survey answer, or for who wrote; then read the delivery.

    Raises Undeliverable if the desk may say more later; what does not exist is no failure.
    """
    with bridge.engine.begin() as connection:
        row = inbox.find(connection, number)
    if row is None or row.state != inbox.MATCHING:
        return
    setting = bridge.settings.sources.get(row.source)
    if look and setting is not None:
        _look(bridge, row, setting.source.desk)
    with bridge.engine.begin() as connection:
        read_rows(bridge, connection, [row], looked=True)
        wake(connection, DRAIN)


def read(bridge: Bridge, subject: str, *, quiet: bool = False) -> None:
    """Read a ticket from its desk, and store what happened to it as events. Raises Undeliverable.

    `quiet`: what is wrong with it already is told to nobody.
    """
    desk, _, key = subject.partition(":")
    now = bridge.now()
    found = settled(bridge.desks[desk].history(key), now)
    store_found(bridge, [hushed(event, now) for event in found] if quiet else found)
    if not any(isinstance(event, Read) for event in found):
        raise Undeliverable("it changes at this very moment", retry_after=SETTLES)


def settled(found: Sequence[AnyEvent], now: datetime) -> list[AnyEvent]:
    """What was read, without the word that this is all where the moment it speaks of is not over yet.

    A helpdesk that tells times in whole seconds may change the ticket once more within the second that was read.
    """
    return [event for event in found if not (isinstance(event, Read) and event.at > now)]


def hushed(event: AnyEvent, now: datetime) -> AnyEvent:
    """A `Read` that has nobody told what was wrong already; any other event as it is."""
    return replace(event, quiet=True, found_at=now) if isinstance(event, Read) else event


def store_found(bridge: Bridge, found: Sequence[AnyEvent]) -> int:
    """Store what a desk was asked for, as events like those of any webhook; how many were not known yet."""
    if not found:
        return 0
    with suppress(Undeliverable):  # then they are called an agent
        _meet(bridge, found)
    now = bridge.now()
    with bridge.engine.begin() as connection:
        owners = deliveries.our_users(connection)
        new = store_events(connection, [tickets.arrive(e, now) for e in found], owners)
        if new:
            wake(connection, DRAIN)
    return new


def clocks_moved(ticket: Ticket, state: State, now: datetime) -> Touched | None:
    """How the helpdesk's own clocks stand, if otherwise than we knew."""
    if state.seen is None or state.seen.clocks is None or state.updated_at is None:
        return None
    if state.seen.clocks == ticket.clocks:
        return None
    seen = Seen(clocks=state.seen.clocks)
    return Touched(
        id=f"{ticket.id}:clocks:{state.updated_at.isoformat()}:{fingerprint(seen)[:12]}",
        subject=ticket.id,
        at=state.updated_at,
        seq=int(now.timestamp()),  # of several at one moment, the last that was asked for counts
        seen=seen,
    )


def _look(bridge: Bridge, row: inbox.Kept, desk: str) -> None:
    events = events_in(bridge, row)
    try:
        _meet(bridge, events)
    except Undeliverable as error:
        if error.retry_after is not None:
            raise
    for rated in (event for event in events if isinstance(event, Rated)):
        try:
            if rated.subject.partition(":")[0] in bridge.settings.desks:
                read(bridge, rated.subject)
            else:
                _find_customer(bridge, desk, rated.answer.contact)
        except Undeliverable as error:
            if error.retry_after is not None:
                raise


def _meet(bridge: Bridge, events: Sequence[AnyEvent]) -> None:
    """Learn the names of those who do something about an alert."""
    with bridge.engine.begin() as connection:
        unknown = strangers(bridge, connection, events)
    for desk, numbers in unknown.items():
        remember(bridge, desk, bridge.desks[desk].people(numbers), Contact())


def _find_customer(bridge: Bridge, desk: str, contact: Contact) -> None:
    remember(bridge, desk, bridge.desks[desk].find_people(contact.email, contact.phone), contact)


def remember(
    bridge: Bridge, desk: str, people: Sequence[Person], asked: Contact
) -> list[teams.Known]:
    """Keep users of a desk as they were read now; `asked` is how they were found, where they don't say."""
    known = [
        teams.Known(
            desk=desk,
            id=person.id,
            name=person.name,
            email=person.email or asked.email,
            phone=person.phone or asked.phone,
            staff=person.staff,
            read_at=bridge.now(),
        )
        for person in people
    ]
    with bridge.engine.begin() as connection:
        teams.save_people(connection, known)
    return known
