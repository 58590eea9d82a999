"""What else is known of tickets' customers: the account they belong to, and when they opened other tickets.

Two indexed queries for a whole batch, however many tickets are in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.domain.judge import Around
from bridge.domain.model import AnyEvent, Ticket
from bridge.store import accounts

CONTACTS_WITHIN = timedelta(days=90)
"""How far back other tickets of a customer are looked for."""


def customer(subject: str, ticket: Ticket | None, news: Iterable[AnyEvent]) -> accounts.Customer:
    """Whose ticket it is once the news is folded: they may tell it for the first time."""
    requester = ticket.requester if ticket else ""
    organisation = ticket.organisation if ticket else ""
    for event in news:
        if event.seen is not None:
            requester = event.seen.requester or requester
            organisation = event.seen.organisation or organisation
    return accounts.Customer(subject, requester, organisation)


def around(
    connection: Connection, customers: Sequence[accounts.Customer], since: datetime
) -> Mapping[str, Around]:
    """What is known, by subject; of whom nothing is known, nothing. Other tickets count from `since` on."""
    requesters = {one.subject: _whole(one) for one in customers if one.requester}
    belongs = accounts.belonging(connection, customers)
    opened = accounts.openings(connection, requesters.values(), since)
    found: dict[str, Around] = {}
    for one in customers:
        theirs = opened.get(requesters.get(one.subject, ""), ())
        others = tuple(at for subject, at in theirs if subject != one.subject)
        account = belongs.get(one.subject)
        if account is not None:
            found[one.subject] = Around(
                account=account.account, name=account.name, tier=account.tier, contacts=others
            )
        elif others:
            found[one.subject] = Around(contacts=others)
    return found


def _whole(one: accounts.Customer) -> str:
    """The requester as tickets are kept by: "<desk>:<user>"."""
    return f"{one.subject.partition(':')[0]}:{one.requester}"
