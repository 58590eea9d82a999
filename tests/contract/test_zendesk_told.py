"""Zendesk: one story told by webhooks, audits and the export is one ticket, and one fact has one id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import pytest

from bridge.domain.model import (
    AnyEvent,
    Party,
    Read,
)
from connectors import Incoming
from connectors.desks.zendesk_webhooks import ZendeskEvents
from tests.contract.wire import Said, Vendor
from tests.contract.zendesk_world import START, World, account, gist, live_through, nothing


@pytest.fixture
def world() -> Iterator[World]:
    with account() as found:
        yield found


def heard(vendor: Vendor, us: int) -> list[AnyEvent]:
    """What the webhooks told; what we did is marked as ours, as it is on its way in."""
    source = ZendeskEvents(name="zendesk")
    return [
        msgspec.structs.replace(event, by=Party.BRIDGE) if event.actor == str(us) else event
        for asked in vendor.asked
        for event in source.read(Incoming(headers={}, body=asked.body, received_at=START))
    ]


@pytest.fixture
def told(world: World) -> dict[str, list[AnyEvent]]:
    """One story, as webhooks, audits and the export tell it."""
    with Vendor(Said(200, b"")) as vendor:
        world.sandbox.zendesk.subscribe(vendor.url)
        ticket = live_through(world)
        assert world.sandbox.courier.wait_idle(5)
        webhooks = heard(vendor, world.us)
    audits = world.desk.history(str(ticket))
    cursor = msgspec.json.encode({"start": int(START.timestamp()), "metrics": 0}).decode()
    world.clock.forward(minutes=2)
    export = world.desk.sweep(cursor, world.clock.at, nothing).events
    return {"webhooks": webhooks, "audits": audits, "export": list(export)}


@pytest.mark.parametrize(
    "ways",
    [
        ("webhooks",),
        ("export",),
        ("webhooks", "audits"),
        ("audits", "export"),
        ("webhooks", "export"),
        ("webhooks", "audits", "export"),
    ],
)
def test_the_same_story_is_the_same_ticket_whichever_way_it_comes(
    told: dict[str, list[AnyEvent]], ways: Sequence[str]
) -> None:
    wanted = gist(told["audits"])
    assert (wanted["status"], len(wanted["phases"]), len(wanted["handoffs"])) == ("hold", 7, 1)
    assert (wanted["replies"], len(wanted["reopened"])) == ((2, 0, 3), 1)
    assert gist([event for way in ways for event in told[way]]) == wanted


def test_any_half_of_each_way_is_the_same_ticket_as_well(told: dict[str, list[AnyEvent]]) -> None:
    wanted = gist(told["audits"])
    for one, other in (("webhooks", "export"), ("export", "webhooks"), ("audits", "webhooks")):
        for half in (0, 1):
            kept = [
                event
                for number, unique in enumerate(sorted({e.id for e in told[one]}))
                for event in told[one]
                if event.id == unique and number % 2 == half
            ]
            assert gist([*kept, *told[other]]) == wanted


def test_the_same_fact_has_the_same_id_whichever_way_it_comes(
    told: dict[str, list[AnyEvent]],
) -> None:
    audits = {event.id for event in told["audits"] if not isinstance(event, Read)}
    assert {event.id for event in told["export"]} == audits
    assert {event.id for event in told["webhooks"]} == audits
    by_id = {event.id: event for event in told["audits"]}
    for event in told["export"]:
        twin = by_id[event.id]
        known = replace_seen(event), replace_seen(twin)
        assert known[0] == known[1]


def replace_seen(event: AnyEvent) -> AnyEvent:
    """The event without the ticket beside it, which the export knows less of."""
    return msgspec.structs.replace(event, seen=None)
