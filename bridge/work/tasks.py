"""The tasks of the queue, and the worker that runs them."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import ConnectorException
from sqlalchemy.engine import make_url

from bridge.domain.model import Undeliverable
from bridge.store import deliveries, inbox, tickets
from bridge.store import teams as store_teams
from bridge.work import drain as draining
from bridge.work.bridge import Bridge
from bridge.work.deliver import deliver
from bridge.work.faults import guarded
from bridge.work.queue import DELIVER, DRAIN, MATCH, QUEUE, READ, wake

HEARTBEATS = 4  # so many in the time after which a silent worker counts as gone
CONCURRENCY = 6
AGAIN = 1.0  # seconds until a worker that has lost its database looks for it again


log = structlog.get_logger()


def make_queue(bridge: Bridge) -> App:
    """The queue with its tasks, on connections of its own."""
    url = make_url(bridge.url).set(drivername="postgresql")
    queue = App(
        connector=PsycopgConnector(
            conninfo=url.render_as_string(hide_password=False), min_size=1, max_size=3
        )
    )

    @queue.task(name=DRAIN, queue=QUEUE)
    def _drain() -> None:
        draining.drain(bridge)

    @queue.task(name=DELIVER, queue=QUEUE)
    def _deliver(delivery: int) -> None:
        deliver(bridge, delivery)

    @queue.task(name=MATCH, queue=QUEUE, retry=RetryStrategy(wait=15))
    def _match(inbox: int) -> None:
        match(bridge, inbox)

    @queue.task(name=READ, queue=QUEUE, retry=RetryStrategy(max_attempts=8, exponential_wait=2))
    def _read(subject: str) -> None:
        read(bridge, subject)

    return queue


def run(bridge: Bridge) -> None:
    """Work until SIGTERM or SIGINT; what is under way is ended first."""

    async def until_told() -> None:
        working = asyncio.ensure_future(work(bridge))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, working.cancel)
        with suppress(asyncio.CancelledError):
            await working

    asyncio.run(until_told())


async def work(bridge: Bridge) -> None:
    """Run a worker until it is cancelled. One that loses its database waits for it and begins anew."""
    while True:
        try:
            await _work(bridge)
        except ConnectorException:
            log.error("the worker has lost its database")
        await asyncio.sleep(AGAIN)


async def _work(bridge: Bridge) -> None:
    queue = make_queue(bridge)
    silent = bridge.settings.recovery.silent.total_seconds()
    async with queue.open_async():
        await queue.run_worker_async(
            queues=[QUEUE],
            concurrency=CONCURRENCY,
            fetch_job_polling_interval=0.2,
            abort_job_polling_interval=60,
            delete_jobs="successful",
            update_heartbeat_interval=silent / HEARTBEATS,
            stalled_worker_timeout=silent,
            install_signal_handlers=False,
        )


def match(bridge: Bridge, number: int) -> None:
    """Look at the desk for the customer of a survey answer, then read the answer, matched or not."""
    with bridge.engine.begin() as connection:
        row = inbox.find(connection, number)
    if row is None or row.state != inbox.MATCHING:
        return
    setting = bridge.settings.sources.get(row.source)
    if setting is not None:
        guarded(lambda: _look(bridge, row, setting.source.desk), inbox=row.id)
    with bridge.engine.begin() as connection:
        draining.read_rows(bridge, connection, [row], looked=True)
        wake(connection, DRAIN)


def _look(bridge: Bridge, row: inbox.Kept, desk: str) -> None:
    now = bridge.now()
    for contact in draining.contacts_in(bridge, row):
        try:
            found = bridge.desks[desk].find_people(contact.email, contact.phone)
        except Undeliverable as error:
            draining.log.warning("customer not looked for", inbox=row.id, why=str(error))
            continue
        people = [
            store_teams.Known(
                desk=desk,
                id=p.id,
                name=p.name,
                email=p.email or contact.email,
                phone=p.phone or contact.phone,
                staff=p.staff,
                read_at=now,
            )
            for p in found
        ]
        with bridge.engine.begin() as connection:
            store_teams.save_people(connection, people)


def read(bridge: Bridge, subject: str) -> None:
    """Read a ticket from its desk, and store what happened to it as events."""
    desk, _, key = subject.partition(":")
    try:
        found = bridge.desks[desk].history(key)
    except Undeliverable as error:
        draining.log.warning("not read", subject=subject, why=str(error))
        if error.retry_after is None:
            return
        raise
    now = bridge.now()
    with bridge.engine.begin() as connection:
        owners = deliveries.our_users(connection)
        draining.store_events(connection, [tickets.arrive(e, now) for e in found], owners)
        wake(connection, DRAIN)
