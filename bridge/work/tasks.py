"""The tasks of the queue, and the worker that runs them."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from sqlalchemy.engine import make_url

from bridge.work.bridge import Bridge
from bridge.work.deliver import deliver
from bridge.work.drain import drain
from bridge.work.errands import run as run_errand
from bridge.work.notices import call
from bridge.work.queue import ASK, DELIVER, DRAIN, NOTIFY, QUEUE

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
        drain(bridge)

    @queue.task(name=DELIVER, queue=QUEUE)
    def _deliver(delivery: int) -> None:
        deliver(bridge, delivery)

    @queue.task(name=ASK, queue=QUEUE)
    def _ask(errand: str, key: str) -> None:
        run_errand(bridge, errand, key)

    @queue.task(name=NOTIFY, queue=QUEUE)
    def _notify(endpoint: int) -> None:
        call(bridge, endpoint)

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
