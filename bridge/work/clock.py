"""The clock process: APScheduler calls the tick each second, and the chores from time to time."""

from __future__ import annotations

import asyncio
import signal
from types import FrameType

from apscheduler.schedulers.blocking import BlockingScheduler

from bridge.work.bridge import Bridge
from bridge.work.errands import begin_polls
from bridge.work.tasks import make_queue
from bridge.work.tick import forget_jobs, rescue_jobs, tick, tidy

RESCUE_EACH = 5  # seconds
TIDY_EACH = 3600


def run(bridge: Bridge) -> None:
    """Keep time until SIGTERM or SIGINT."""
    begin_polls(bridge)
    scheduler = BlockingScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1}
    )
    scheduler.add_job(lambda: tick(bridge), "interval", seconds=1)
    scheduler.add_job(lambda: asyncio.run(_rescue(bridge)), "interval", seconds=RESCUE_EACH)
    scheduler.add_job(lambda: tidy(bridge), "interval", seconds=TIDY_EACH)
    scheduler.add_job(lambda: asyncio.run(_forget(bridge)), "interval", seconds=TIDY_EACH)

    def stop(_: int, __: FrameType | None) -> None:
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    scheduler.start()


async def _rescue(bridge: Bridge) -> None:
    queue = make_queue(bridge)
    async with queue.open_async():
        await rescue_jobs(queue, bridge.settings.recovery.silent.total_seconds())


async def _forget(bridge: Bridge) -> None:
    queue = make_queue(bridge)
    async with queue.open_async():
        await forget_jobs(queue)
