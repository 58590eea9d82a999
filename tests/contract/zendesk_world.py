"""A Zendesk account to sweep and to import: its people, a story, and what the story comes to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bridge.domain.model import AnyEvent
from bridge.domain.ticket import fold_all
from bridge.sandbox import Sandbox
from bridge.sandbox.zendesk_slas import SlaPolicy
from connectors.desks.zendesk import Zendesk
from tests.contract.wire import Asked, Said, Vendor

START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
EXPORT = ("GET", "/api/v2/incremental/ticket_events")
METRICS = ("GET", "/api/v2/incremental/ticket_metric_events")
SHOWN = ("GET", "/api/v2/tickets/show_many")
PEOPLE = ("GET", "/api/v2/users/show_many")
SEARCH = ("GET", "/api/v2/search/export")


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass(frozen=True)
class World:
    sandbox: Sandbox
    clock: Clock
    desk: Zendesk
    anna: int
    """A customer."""
    ben: int
    """An agent."""
    us: int
    billing: int

    @property
    def calls(self) -> dict[tuple[str, str], int]:
        """The calls since this was asked last."""
        made = {call: number for call, number in self.sandbox.zendesk.calls.items() if number}
        self.sandbox.zendesk.calls.clear()
        return made

    def open(self, **more: Any) -> int:
        return self.sandbox.zendesk.open_ticket(self.anna, "Invoice", "Please help", **more)


@contextmanager
def account() -> Iterator[World]:
    """An account with a customer, an agent, and us."""
    clock = Clock()
    with Sandbox(clock) as sandbox:
        zendesk = sandbox.zendesk
        us = zendesk.add_agent("Alert Bridge", "bridge@example.com", "admin")
        zendesk.add_token("good", us)
        desk = Zendesk(
            name="zendesk",
            subdomain="demo",
            base_url=sandbox.zendesk_url,
            user_id=str(us),
            token=lambda _: "good",
        )
        yield World(
            sandbox,
            clock,
            desk,
            anna=zendesk.add_customer("Anna Weber", "anna@example.com"),
            ben=zendesk.add_agent("Ben Ito", "ben@example.com"),
            us=us,
            billing=zendesk.add_group("Billing"),
        )


def with_targets(world: World) -> World:
    """The same account with service levels of its own, which are read."""
    world.sandbox.zendesk.sla_policies = [
        SlaPolicy(title="Usual", targets={"high": {"first_reply_time": 60, "agent_work_time": 600}})
    ]
    return replace(world, desk=replace(world.desk, slas="win"))


def nothing(_: Collection[str]) -> Collection[str]:
    return ()


def everything(ids: Collection[str]) -> Collection[str]:
    return ids


def live_through(world: World) -> int:
    """A ticket's life at broken seconds, with a handoff in one save, and a reopening."""
    zendesk, clock = world.sandbox.zendesk, world.clock
    clock.forward(seconds=0.4)
    ticket = world.open(tags=["vip", "new_customer"])
    clock.forward(minutes=5)
    zendesk.assign(ticket, world.ben, group=world.billing, assignee=world.ben)
    clock.forward(minutes=5, seconds=0.5)
    zendesk.reply(ticket, world.ben, "Looking into it")
    clock.forward(seconds=2)
    zendesk.set_status(ticket, world.ben, "pending")
    clock.forward(minutes=5)
    zendesk.reply(ticket, world.anna, "Still waiting")
    clock.forward(minutes=5)
    zendesk.set_priority(ticket, world.ben, "urgent")
    cara = zendesk.add_agent("Cara Lind", "cara@example.com")
    clock.forward(seconds=2)
    second = zendesk.add_group("Second level")
    zendesk.assign(ticket, world.ben, group=second, assignee=cara)
    clock.forward(minutes=5)
    zendesk.apply_update(ticket, {"tags": ["vip", "refund"]}, cara)
    clock.forward(seconds=2)
    zendesk.note(ticket, world.us, "Told the manager")
    clock.forward(minutes=5)
    zendesk.solve(ticket, cara, "Refunded")
    clock.forward(minutes=5)
    zendesk.reply(ticket, world.anna, "No, it isn't")
    clock.forward(minutes=5)
    zendesk.set_status(ticket, cara, "hold")
    return ticket


def gist(events: Sequence[AnyEvent]) -> dict[str, Any]:
    """What the events add up to, with times to the second."""
    ticket = fold_all(events)
    assert ticket is not None

    def second(moment: datetime | None) -> datetime | None:
        return moment and moment.replace(microsecond=0)

    return {
        "status": ticket.status,
        "phases": [(second(phase.at), phase.category) for phase in ticket.phases],
        "agent": ticket.agent,
        "team": ticket.team,
        "priority": ticket.priority,
        "tags": set(ticket.tags),
        "handoffs": [(second(h.at), h.of, h.source, h.target) for h in ticket.handoffs],
        "reopened": [second(moment) for moment in ticket.reopened],
        "replies": (ticket.public_replies, ticket.internal_notes, ticket.customer_messages),
        "first": (second(ticket.first_reply_at), ticket.first_reply_by),
        "waiting": second(ticket.waiting_since),
    }


def later(world: World) -> datetime:
    """Late enough for the export to tell it all: it holds the last minute back."""
    world.clock.forward(minutes=2)
    return world.clock.at


def begun(world: World) -> str:
    """The cursor after a first sweep."""
    return world.desk.sweep("", later(world), nothing).cursor


def at(vendor: Vendor, **more: Any) -> Zendesk:
    return Zendesk(
        name="zendesk", subdomain="demo", base_url=vendor.url, token=lambda _: "good", **more
    )


def saves(**more: Any) -> Said:
    """A page of the export with nothing in it."""
    page = {"ticket_events": [], "end_time": int(START.timestamp()), "end_of_stream": True}
    return Said.of(page | more)


def query(asked: Asked) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(asked.path).query))
