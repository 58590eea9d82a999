"""Zendesk: what a sweep finds and costs, tickets as they are now, and their own clocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta

import msgspec
import pytest

from bridge.domain.model import (
    AnyEvent,
    Gone,
    Opened,
    Party,
    Replied,
    StatusChanged,
    Undeliverable,
)
from tests.contract.wire import Said, Vendor
from tests.contract.zendesk_world import (
    EXPORT,
    METRICS,
    PEOPLE,
    SHOWN,
    START,
    World,
    account,
    at,
    begun,
    everything,
    gist,
    later,
    live_through,
    nothing,
    query,
    saves,
    with_targets,
)


@pytest.fixture
def world() -> Iterator[World]:
    with account() as found:
        yield found


def test_fifty_changed_among_ten_thousand_cost_two_calls(world: World) -> None:
    tickets = world.sandbox.zendesk.seed(
        10_000,
        requester=world.anna,
        agent=world.ben,
        since=START - timedelta(days=9),
        until=START - timedelta(hours=1),
    )
    cursor = begun(world)
    for ticket in tickets[:50]:
        world.sandbox.zendesk.reply(ticket, world.anna, "Any news?")
    at = later(world)
    assert world.calls
    swept = world.desk.sweep(cursor, at, nothing)
    assert world.calls == {EXPORT: 1, PEOPLE: 1}
    assert [type(event) for event in swept.events] == [Replied] * 50
    assert {event.by for event in swept.events} == {Party.CUSTOMER}
    assert (swept.more, swept.states, swept.failure) == (False, (), None)


def test_what_is_known_is_left_out_and_costs_nothing_more(world: World) -> None:
    cursor = begun(world)
    live_through(world)
    at = later(world)
    found = world.desk.sweep(cursor, at, nothing)
    assert world.calls
    assert world.desk.sweep(cursor, at, everything).events == ()
    assert world.calls == {EXPORT: 1}
    missed = {event.id for event in found.events[3:6]}
    news = world.desk.sweep(cursor, at, lambda ids: set(ids) - missed).events
    assert news == found.events[3:6]


def test_a_first_sweep_looks_back_five_minutes(world: World) -> None:
    world.open()
    world.clock.forward(minutes=4)
    last = world.open()
    later(world)
    (opened,) = world.desk.sweep("", world.clock.at, nothing).events
    assert isinstance(opened, Opened)
    assert opened.subject == f"zendesk:{last}"


def test_windows_overlap_by_a_minute(world: World) -> None:
    with Vendor(saves()) as vendor:
        cursor = at(vendor).sweep("", START, nothing).cursor
        cursor = at(vendor).sweep(cursor, START, nothing).cursor
        assert at(vendor).sweep(cursor, START, nothing).cursor == cursor
    starts = [query(asked)["start_time"] for asked in vendor.asked]
    first = int(START.timestamp()) - 300
    assert starts == [str(first), str(first + 240), str(first + 240)]
    assert {query(asked)["include"] for asked in vendor.asked} == {"comment_events"}


def test_more_is_asked_for_at_once_and_always_further_on(world: World) -> None:
    world.sandbox.zendesk.export_page = 3
    cursor = begun(world)
    ticket = live_through(world)
    at = later(world)
    found: list[AnyEvent] = []
    more = True
    while more:
        old = {event.id for event in found}
        swept = world.desk.sweep(cursor, at, old.intersection)
        assert swept.cursor != cursor or not swept.more
        cursor, more = swept.cursor, swept.more
        found += swept.events
        world.clock.forward(minutes=1)
    assert gist(found) == gist(world.desk.history(str(ticket)))


def test_a_page_that_ends_where_it_began_does_not_hold_the_sweep(world: World) -> None:
    start = int(START.timestamp()) - 300
    with Vendor(saves(end_time=start, end_of_stream=False)) as vendor:
        swept = at(vendor).sweep("", START, nothing)
        assert swept.more
        at(vendor).sweep(swept.cursor, START, nothing)
    assert query(vendor.asked[1])["start_time"] == str(start + 1)


def test_too_early_for_the_export_is_nothing_new(world: World) -> None:
    second = int(START.timestamp())
    recent = msgspec.json.encode({"start": second, "metrics": second}).decode()
    swept = world.desk.sweep(recent, START, nothing)
    assert (swept.events, swept.cursor, swept.more) == ((), recent, False)


@pytest.mark.parametrize("status", [403, 422, 429])
def test_other_refusals_are_told(status: int) -> None:
    with Vendor(Said.of({"error": "No"}, status)) as vendor, pytest.raises(Undeliverable):
        at(vendor).sweep("", START, nothing)


def test_exports_are_for_admins(world: World) -> None:
    world.sandbox.zendesk.add_token("agents", world.ben)
    desk = replace(world.desk, token=lambda _: "agents")
    with pytest.raises(Undeliverable, match="403"):
        desk.sweep("", START, nothing)


@pytest.mark.parametrize("cursor", ["", "x", "{}", "[]", '{"start": "soon"}'])
def test_a_cursor_that_is_not_ours_begins_again(cursor: str) -> None:
    with Vendor(saves()) as vendor:
        at(vendor).sweep(cursor, START, nothing)
    assert query(vendor.asked[0])["start_time"] == str(int(START.timestamp()) - 300)


def test_a_deleted_ticket_is_gone(world: World) -> None:
    ticket = world.open()
    cursor = begun(world)
    world.sandbox.zendesk.delete(ticket, world.ben)
    gone_at = int(world.clock.at.timestamp())
    *_, gone = world.desk.sweep(cursor, later(world), nothing).events
    assert isinstance(gone, Gone)
    assert gone.id == f"zendesk:gone:{ticket}:deleted:{gone_at}"
    assert (gone.why, gone.back) == ("deleted", False)


def test_a_merged_ticket_is_closed_as_its_audits_tell(world: World) -> None:
    lost, kept = world.open(), world.open()
    cursor = begun(world)
    world.sandbox.zendesk.merge(lost, kept, world.ben)
    events = world.desk.sweep(cursor, later(world), nothing).events
    closed = [event for event in events if isinstance(event, StatusChanged)]
    assert [(one.subject, one.status) for one in closed] == [(f"zendesk:{lost}", "closed")]


# -- states --


def test_states_answer_every_key_once_and_in_order(world: World) -> None:
    tickets = world.sandbox.zendesk.seed(
        230, requester=world.anna, agent=world.ben, since=START - timedelta(days=9)
    )
    world.sandbox.zendesk.delete(tickets[7], world.ben)
    keys = [str(ticket) for ticket in reversed(tickets)]
    assert world.calls == {}
    states = world.desk.states([*keys, "999999", keys[0]])
    assert world.calls == {SHOWN: 3}
    assert [state.key for state in states] == [*keys, "999999"]
    gone = [state.key for state in states if state.gone]
    assert gone == [str(tickets[7]), "999999"]
    assert all(state.seen is None and state.updated_at is None for state in states if state.gone)
    one = states[0]
    assert one.seen is not None
    assert one.updated_at is not None
    assert one.updated_at.tzinfo is UTC
    assert (one.seen.status, one.seen.agent, one.seen.clocks) == ("open", str(world.ben), None)
    assert world.desk.states([]) == []


def test_a_deleted_ticket_that_is_shown_is_gone_all_the_same(world: World) -> None:
    world.sandbox.zendesk.shows_deleted = True
    ticket = world.open()
    world.sandbox.zendesk.delete(ticket, world.ben)
    (state,) = world.desk.states([str(ticket)])
    assert state.gone == "deleted"


def test_what_is_no_ticket_is_not_asked_for() -> None:
    with Vendor() as vendor, pytest.raises(Undeliverable, match="is no ticket of zendesk"):
        at(vendor).states(["12", "13,14"])
    assert not vendor.asked


# -- the account's own service levels --


@pytest.fixture
def with_slas(world: World) -> World:
    return with_targets(world)


def test_clocks_come_with_the_ticket(with_slas: World) -> None:
    world = with_slas
    ticket = world.open(priority="high")
    (state,) = world.desk.states([str(ticket)])
    read = world.desk.history(str(ticket))[-1]
    assert state.seen is not None
    assert read.seen is not None
    clocks = state.seen.clocks
    assert clocks is not None
    assert [(one.name, one.paused) for one in clocks] == [
        ("first_reply_time", False),
        ("agent_work_time", False),
    ]
    assert clocks[0].breach_at == START + timedelta(hours=1)
    assert read.seen.clocks == clocks


def test_clocks_that_wait_have_no_moment_and_those_that_are_over_are_gone(with_slas: World) -> None:
    world = with_slas
    ticket = world.open(priority="high")
    world.sandbox.zendesk.reply(ticket, world.ben, "Which one?")
    world.sandbox.zendesk.set_status(ticket, world.ben, "pending")
    (state,) = world.desk.states([str(ticket)])
    assert state.seen is not None
    assert state.seen.clocks is not None
    (work,) = state.seen.clocks
    assert (work.name, work.paused, work.breach_at) == ("agent_work_time", True, None)


def test_a_sweep_brings_the_clocks_that_changed(with_slas: World) -> None:
    world = with_slas
    quiet = world.open(priority="high")
    world.clock.forward(minutes=10)
    cursor = begun(world)
    ticket = world.open(priority="high")
    at = later(world)
    assert world.calls
    swept = world.desk.sweep(cursor, at, everything)
    assert world.calls == {EXPORT: 1, METRICS: 1, SHOWN: 1}
    assert [state.key for state in swept.states] == [str(ticket)]
    assert quiet != ticket
    world.clock.forward(minutes=65)
    breached = world.desk.sweep(swept.cursor, world.clock.at, everything)
    assert {state.key for state in breached.states} == {str(quiet), str(ticket)}


def test_clocks_that_are_turned_on_are_not_asked_for_from_the_beginning(world: World) -> None:
    cursor = ""
    for _ in range(3):
        world.open(priority="high")
        world.clock.forward(days=1)
        cursor = world.desk.sweep(cursor, world.clock.at, nothing).cursor
    with Vendor(saves(ticket_metric_events=[])) as vendor:
        at(vendor, slas="lose").sweep(cursor, world.clock.at, nothing)
    assert len({query(asked)["start_time"] for asked in vendor.asked}) == 1


def test_clocks_that_cannot_be_read_do_not_cost_the_events(with_slas: World) -> None:
    world = with_slas
    cursor = begun(world)
    world.open(priority="high")
    at = later(world)
    world.sandbox.zendesk.export_limit = type(world.sandbox.zendesk.export_limit)(
        world.clock, 1, timedelta(minutes=1)
    )
    swept = world.desk.sweep(cursor, at, nothing)
    assert [type(event) for event in swept.events] == [Opened]
    assert swept.failure is not None
    assert swept.failure.retry_after
    world.clock.forward(minutes=2)
    world.sandbox.zendesk.export_limit = type(world.sandbox.zendesk.export_limit)(
        world.clock, 10, timedelta(minutes=1)
    )
    assert len(world.desk.sweep(swept.cursor, world.clock.at, everything).states) == 1
