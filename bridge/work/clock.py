"""The clock process: APScheduler calls the tick each second, and the chores from time to time.

Of several clocks one leads, and the others stand by: they try for its lock each second.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from datetime import timedelta
from types import FrameType

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import DBAPIError

from bridge.store import pulse
from bridge.store.lead import Lead
from bridge.work.bridge import Bridge, wall_clock
from bridge.work.counting import review
from bridge.work.errands import begin_standing
from bridge.work.hold import remind
from bridge.work.keeping import tidy
from bridge.work.measuring import measure
from bridge.work.patterns import look
from bridge.work.policy import notice_change
from bridge.work.tasks import make_queue
from bridge.work.tick import forget_jobs, rescue_jobs, tick

TICK_EACH = 1  # seconds
RESCUE_EACH = 5
BEAT_EACH = 10
LOOK_EACH = 60
TIDY_EACH = 3600
STAND_BY = 1.0
SILENCE = timedelta(seconds=60)
"""So long without a beat, the bridge was down."""

SKEW = timedelta(seconds=2)
"""How far this machine's clock and the database's may be apart: retries of the queue go by the database's."""

log = structlog.get_logger()


def run(bridge: Bridge) -> None:
    """Keep time until SIGTERM or SIGINT, as soon as no other clock does."""
    ended = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not ended.is_set():
        try:
            lead = Lead(bridge.url)
        except DBAPIError as error:
            log.warning("no database", why=type(error.orig).__name__)
            ended.wait(STAND_BY)
            continue
        try:
            if _stood_by(lead, ended):
                _keep_time(bridge, lead, ended)
        except DBAPIError as error:
            log.warning("no database", why=type(error.orig).__name__)
        finally:
            lead.close()


def _stood_by(lead: Lead, ended: threading.Event) -> bool:
    """Wait for the lead; whether we have it, or were ended before."""
    if lead.take():
        return True
    log.info("standing by")
    while not ended.wait(STAND_BY):
        if lead.take():
            return True
    return False


def _keep_time(bridge: Bridge, lead: Lead, ended: threading.Event) -> None:
    """Lead until we are ended, or until the connection that holds the lock is gone: another may lead by then."""
    log.info("leading")
    begin_standing(bridge)
    beat(bridge)
    check_skew(bridge)
    notice_change(bridge)
    over = threading.Event()

    def ticking() -> None:
        if ended.is_set() or not lead.held():
            over.set()
        else:
            tick(bridge)

    chores = (
        (lambda: beat(bridge), BEAT_EACH),
        (lambda: asyncio.run(_rescue(bridge)), RESCUE_EACH),
        (lambda: check_skew(bridge), LOOK_EACH),
        (lambda: notice_change(bridge), LOOK_EACH),
        (lambda: begin_standing(bridge), LOOK_EACH),
        (lambda: remind(bridge), LOOK_EACH),
        (lambda: measure(bridge), LOOK_EACH),
        (lambda: review(bridge), LOOK_EACH),
        (lambda: look(bridge), LOOK_EACH),
        (lambda: tidy(bridge), TIDY_EACH),
        (lambda: asyncio.run(_forget(bridge)), TIDY_EACH),
    )
    scheduler = BackgroundScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1}
    )
    # At once, for what came due since another led; and late rather than not at all.
    at_once = {"next_run_time": wall_clock(), "misfire_grace_time": None}
    scheduler.add_job(ticking, "interval", seconds=TICK_EACH, **at_once)
    for chore, seconds in chores:
        scheduler.add_job(chore, "interval", seconds=seconds)
    scheduler.start()
    over.wait()
    scheduler.shutdown()
    if not ended.is_set():
        log.error("lost the lead: the connection to the database is gone")


def beat(bridge: Bridge) -> None:
    """Leave word that the clock is alive."""
    with bridge.engine.begin() as connection:
        pulse.beat(connection, bridge.now(), SILENCE)


def check_skew(bridge: Bridge) -> timedelta:
    """How far our clock is ahead of the database's; too far is an error in the log."""
    with bridge.engine.begin() as connection:
        ahead = bridge.now() - pulse.database_time(connection)
    if abs(ahead) > SKEW:
        log.error("clock skew", seconds=round(ahead.total_seconds(), 1), fix="set up NTP on both")
    return ahead


async def _rescue(bridge: Bridge) -> None:
    queue = make_queue(bridge)
    async with queue.open_async():
        await rescue_jobs(queue, bridge.settings.recovery.silent.total_seconds())


async def _forget(bridge: Bridge) -> None:
    queue = make_queue(bridge)
    async with queue.open_async():
        await forget_jobs(queue)
