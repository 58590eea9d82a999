"""A ticket as Zendesk shows it now."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.domain.model import AnyEvent, Read, Seen
from connectors import State
from connectors.desks.zendesk_facts import second_of_save
from connectors.desks.zendesk_history import TicketRecord, current, utc
from connectors.desks.zendesk_sla import clocks
from connectors.reading import fingerprint


def seen(ticket: TicketRecord) -> Seen:
    """All that is tracked of the ticket; the clocks of its service levels where they were asked for."""
    return Seen(opened_at=utc(ticket.created_at), clocks=clocks(ticket.slas), **current(ticket))


def state(ticket: TicketRecord) -> State:
    """The ticket now. One in the bin has the status "deleted" (unconfirmed)."""
    key = str(ticket.id)
    if (ticket.status or "").lower() == "deleted":
        return State(key=key, gone="deleted")
    return State(key=key, updated_at=utc(ticket.updated_at), seen=seen(ticket))


def read(desk: str, ticket: TicketRecord, events: Sequence[AnyEvent] = ()) -> Read:
    """That the whole history of the ticket is known, which `events` are.

    It sorts last of them: at the last instant of the second, for the ticket tells its update in whole seconds.
    """
    shown = seen(ticket)
    newest = max([utc(ticket.updated_at), *(event.at for event in events)])
    begun = newest.replace(microsecond=0)
    seqs = [event.seq for event in events if event.at >= begun]
    updated, content = second_of_save(utc(ticket.updated_at)), fingerprint(shown)[:8]
    return Read(
        id=f"{desk}:read:{ticket.id}:{updated}:{content}",
        subject=f"{desk}:{ticket.id}",
        at=newest.replace(microsecond=999_999),
        seq=1 + max(seqs, default=-1),
        seen=shown,
    )
