"""No row waits for nobody: whoever stores one makes sure that a job waits which has not begun."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import psycopg
import pytest
from procrastinate import App
from procrastinate.jobs import Job
from sqlalchemy import Connection, Engine, text

from bridge.settings import parse
from bridge.store import inbox
from bridge.work.bridge import Bridge
from bridge.work.queue import DRAIN, QUEUE, wake, wake_deliveries
from bridge.work.tasks import make_queue
from bridge.work.tick import rescue_jobs, tick

T = TypeVar("T")
NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@pytest.fixture
def bridge(url: str) -> Iterator[Bridge]:
    made = Bridge(parse("", {}), url, now=lambda: NINE)
    yield made
    made.close()


def with_queue(bridge: Bridge, act: Callable[[App], Awaitable[T]]) -> T:
    """What a worker's queue answers."""

    async def ask() -> T:
        queue = make_queue(bridge)
        async with queue.open_async():
            return await act(queue)

    return asyncio.run(ask())


def fetch(bridge: Bridge) -> Job | None:
    """A worker asks for a job."""

    async def ask(queue: App) -> Job | None:
        worker = await queue.job_manager.register_worker()
        return await queue.job_manager.fetch_job(queues=[QUEUE], worker_id=worker)

    return with_queue(bridge, ask)


def take_in(connection: Connection, key: str, *, at: datetime = NINE) -> None:
    row = inbox.Received(
        source="zendesk", delivery=key, received_at=at, method="POST", url="", headers={}, body=b""
    )
    inbox.add(connection, [row])


def jobs(engine: Engine, status: str = "todo") -> list[str]:
    with engine.begin() as connection:
        query = text("SELECT task_name FROM procrastinate_jobs WHERE status = :s ORDER BY id")
        return list(connection.execute(query, {"s": status}).scalars())


def test_a_waiting_job_cannot_be_taken_before_the_row_it_is_needed_for_can_be_seen(
    bridge: Bridge,
) -> None:
    with bridge.engine.begin() as connection:
        wake(connection, DRAIN)
    with bridge.engine.begin() as intake:
        take_in(intake, "a")
        wake(intake, DRAIN)
        assert fetch(bridge) is None, "the worker passes over the job"
        assert jobs(bridge.engine) == ["drain"]
    job = fetch(bridge)
    assert job is not None
    assert job.task_name == DRAIN
    with bridge.engine.begin() as worker:
        assert [row.delivery for row in inbox.take(worker, 10)] == ["a"]


def test_a_job_that_has_begun_is_not_relied_upon(bridge: Bridge) -> None:
    with bridge.engine.begin() as connection:
        wake(connection, DRAIN)
    assert fetch(bridge) is not None
    with bridge.engine.begin() as intake:
        take_in(intake, "a")
        wake(intake, DRAIN)
    assert (jobs(bridge.engine, "doing"), jobs(bridge.engine)) == (["drain"], ["drain"])


def test_a_job_exists_if_and_only_if_the_row_does(bridge: Bridge) -> None:
    with bridge.engine.connect() as connection:
        take_in(connection, "a")
        wake(connection, DRAIN)
        connection.rollback()
    assert jobs(bridge.engine) == []


def test_two_at_once_make_one_job(bridge: Bridge) -> None:
    for _ in range(3):
        with bridge.engine.begin() as connection:
            wake(connection, DRAIN)
            wake_deliveries(connection, [7, 7, 8])
    assert sorted(jobs(bridge.engine)) == ["deliver", "deliver", "drain"]


def test_the_worker_is_told_at_the_commit_that_a_job_it_passed_over_can_be_taken(
    bridge: Bridge,
) -> None:
    with bridge.engine.begin() as connection:
        wake(connection, DRAIN)
    with psycopg.connect(bridge.url, autocommit=True) as worker:
        worker.execute(f'LISTEN "procrastinate_queue_v1#{QUEUE}"')
        with bridge.engine.begin() as intake:
            wake(intake, DRAIN)
        (told,) = worker.notifies(timeout=5, stop_after=1)
        assert "job_inserted" in told.payload


@pytest.mark.parametrize(("age", "found"), [(0.5, []), (1.5, ["drain"])])
def test_the_tick_finds_what_has_waited_for_more_than_a_second(
    bridge: Bridge, age: float, found: list[str]
) -> None:
    with bridge.engine.begin() as connection:
        take_in(connection, "a", at=NINE - timedelta(seconds=age))
    tick(bridge)
    assert jobs(bridge.engine) == found


# --- workers that are gone


def silent_for(engine: Engine, seconds: float) -> None:
    """No worker has been heard of for so long."""
    with engine.begin() as connection:
        query = text(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - make_interval(secs => :s)"
        )
        connection.execute(query, {"s": seconds})


def rescue(bridge: Bridge) -> int:
    return with_queue(bridge, lambda queue: rescue_jobs(queue, 20.0))


def test_the_job_of_a_worker_that_is_gone_is_done_by_another(bridge: Bridge) -> None:
    with bridge.engine.begin() as connection:
        wake_deliveries(connection, [7])
    assert fetch(bridge) is not None
    silent_for(bridge.engine, 19)
    assert rescue(bridge) == 0, "it may only be slow"
    silent_for(bridge.engine, 21)
    assert rescue(bridge) == 1
    job = fetch(bridge)
    assert job is not None
    assert job.task_kwargs == {"delivery": 7}


def test_a_lost_job_that_waits_again_already_is_not_done_twice(bridge: Bridge) -> None:
    with bridge.engine.begin() as connection:
        wake(connection, DRAIN)
    assert fetch(bridge) is not None
    with bridge.engine.begin() as connection:
        wake(connection, DRAIN)
    silent_for(bridge.engine, 60)
    assert rescue(bridge) == 1
    assert (jobs(bridge.engine, "doing"), jobs(bridge.engine)) == ([], ["drain"])
