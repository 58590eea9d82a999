"""What has to be asked of a desk before a delivery makes sense: a ticket's history, a customer's tickets."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.domain.model import Contact, Undeliverable
from bridge.store import deliveries, inbox, teams, tickets
from bridge.work.bridge import Bridge
from bridge.work.queue import DRAIN, wake
from bridge.work.reading import answers_in, read_rows, store_events
from connectors import Person


def match(bridge: Bridge, number: int, *, look: bool = True) -> None:
    """Look at the desk for the ticket or the customer of a survey answer, then read the answer.

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


def read(bridge: Bridge, subject: str) -> None:
    """Read a ticket from its desk, and store what happened to it as events. Raises Undeliverable."""
    desk, _, key = subject.partition(":")
    found = bridge.desks[desk].history(key)
    now = bridge.now()
    with bridge.engine.begin() as connection:
        owners = deliveries.our_users(connection)
        store_events(connection, [tickets.arrive(e, now) for e in found], owners)
        wake(connection, DRAIN)


def _look(bridge: Bridge, row: inbox.Kept, desk: str) -> None:
    for rated in answers_in(bridge, row):
        try:
            if rated.subject.partition(":")[0] in bridge.settings.desks:
                read(bridge, rated.subject)
            else:
                _find_customer(bridge, desk, rated.answer.contact)
        except Undeliverable as error:
            if error.retry_after is not None:
                raise


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
