"""Zendesk: a first import of all open tickets with their past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.model import (
    AnyEvent,
    ConfigError,
    Read,
    Undeliverable,
)
from tests.contract.zendesk_world import (
    EXPORT,
    PEOPLE,
    SEARCH,
    START,
    World,
    account,
    gist,
    later,
    with_targets,
)


@pytest.fixture
def world() -> Iterator[World]:
    with account() as found:
        yield found


@pytest.fixture
def with_slas(world: World) -> World:
    return with_targets(world)


def test_all_open_tickets_come_with_their_past(world: World) -> None:
    zendesk = world.sandbox.zendesk
    old = zendesk.seed(
        40,
        requester=world.anna,
        agent=world.ben,
        since=START - timedelta(days=90),
        until=START - timedelta(days=40),
    )
    young = zendesk.seed(
        1200, requester=world.anna, agent=world.ben, since=START - timedelta(days=20)
    )
    zendesk.solve(young[0], world.ben, "Done")
    now = later(world)
    steps = list(world.desk.past("", now))
    calls = world.calls
    assert calls[SEARCH] == 2
    assert calls[PEOPLE] == 1
    assert calls[EXPORT] <= 10
    events = [event for step in steps for event in step.events]
    reads = [event for event in events if isinstance(event, Read)]
    assert {event.subject for event in events} == {f"zendesk:{key}" for key in young[1:]}
    assert len(reads) == 1199
    assert [key for step in steps for key in step.unread] == [str(key) for key in old]
    assert {step.total for step in steps} == {1239}
    assert (steps[0].done, steps[-1].done) == (0, 1199)
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert max(len(step.events) for step in steps if step.done) == 500
    last = f"zendesk:{young[-1]}"
    assert gist([event for event in events if event.subject == last]) == gist(
        world.desk.history(str(young[-1]))
    )


def test_an_import_goes_on_where_it_broke_off(world: World) -> None:
    zendesk = world.sandbox.zendesk
    zendesk.export_page = 30
    tickets = zendesk.seed(
        100, requester=world.anna, agent=world.ben, since=START - timedelta(days=2)
    )
    now = later(world)
    found: list[AnyEvent] = []
    cursor = ""

    def on() -> None:
        nonlocal cursor
        for step in world.desk.past(cursor, now):
            cursor = step.cursor
            found.extend(step.events)

    with pytest.raises(Undeliverable, match="429"):
        on()
    assert not [event for event in found if isinstance(event, Read)]
    world.clock.forward(minutes=1)
    on()
    for ticket in tickets[::17]:
        own = [event for event in found if event.subject == f"zendesk:{ticket}"]
        assert gist(own) == gist(world.desk.history(str(ticket)))
        assert len([event for event in own if isinstance(event, Read)]) == 1


def test_how_old_is_old_is_a_setting(world: World) -> None:
    ticket = world.open()
    world.clock.forward(days=2)
    *_, last = replace(world.desk, import_days=1).past("", world.clock.at)
    assert last.unread == (str(ticket),)
    assert EXPORT not in world.calls
    *_, last = replace(world.desk, import_days=3).past("", world.clock.at)
    assert (last.unread, last.done) == ((), 1)


@pytest.mark.parametrize("days", [-1, 3651])
def test_an_import_goes_back_ten_years_at_most(world: World, days: int) -> None:
    with pytest.raises(ConfigError, match="import_days"):
        replace(world.desk, import_days=days)


def test_an_import_reads_clocks_where_they_are_wanted(with_slas: World) -> None:
    world = with_slas
    world.open(priority="high")
    *_, last = world.desk.past("", later(world))
    (read,) = last.events
    assert read.seen is not None
    assert read.seen.clocks
    assert len(read.seen.clocks) == 2


def test_an_account_without_open_tickets_is_soon_done(world: World) -> None:
    (only,) = world.desk.past("", START)
    assert (only.done, only.total, only.events, only.unread) == (0, 0, (), ())
