"""What the clock does each second, and from time to time. Costs as much as there is due, not as there is."""

from __future__ import annotations

from datetime import timedelta

import structlog
from msgspec import Struct
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status

from bridge.domain.model import Due
from bridge.store import deliveries, errands, inbox, tickets
from bridge.work.bridge import Bridge
from bridge.work.queue import DRAIN, wake, wake_deliveries, wake_errands

RING_BATCH = 500
FAILED_JOBS_HOURS = 7 * 24
LEFT_BEHIND = timedelta(seconds=1)

log = structlog.get_logger()


class Ticked(Struct, frozen=True):
    """What a tick found to do."""

    rung: int
    deliveries: int
    errands: int

    def __bool__(self) -> bool:
        return bool(self.rung or self.deliveries or self.errands)


def tick(bridge: Bridge) -> Ticked:
    """Ring the timers that are due, send and ask what may be now, and make good what was left behind."""
    now = bridge.now()
    with bridge.engine.begin() as connection:
        due = tickets.take_due(connection, now, RING_BATCH)
        rung = [
            Due(
                id=f"due:{subject}:{timer.goal}:{timer.stage}:{timer.due_at.isoformat()}",
                subject=subject,
                at=timer.due_at,
                goal=timer.goal,
                stage=timer.stage,
            )
            for subject, timer in due
        ]
        tickets.add_events(connection, [tickets.arrive(event, now) for event in rung])
        left = now - LEFT_BEHIND
        if (
            rung
            or inbox.waiting_since(connection, left)
            or tickets.waiting_before(connection, left)
        ):
            wake(connection, DRAIN)
        deliveries.rescue(connection, now - bridge.settings.recovery.cut_off)
        ready = deliveries.due(connection, now, RING_BATCH)
        wake_deliveries(connection, ready)
        asked = errands.due(connection, now, RING_BATCH)
        wake_errands(connection, asked)
    return Ticked(len(rung), len(ready), len(asked))


def tidy(bridge: Bridge) -> None:
    """Delete what is older than it is to be kept."""
    now, keep = bridge.now(), bridge.settings.keep
    while True:
        with bridge.engine.begin() as connection:
            gone = inbox.forget(connection, now - keep.raw)
            gone += tickets.forget_events(connection, now - keep.events)
        if not gone:
            return


async def forget_jobs(queue: App) -> None:
    """Delete jobs that failed for good a week ago. Those that ended well are never kept."""
    await queue.job_manager.delete_old_jobs(nb_hours=FAILED_JOBS_HOURS, include_failed=True)


async def rescue_jobs(queue: App, silent_for: float) -> int:
    """Let jobs of workers that have been silent for so many seconds run again; how many there were."""
    stalled: list[Job] = list(
        await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_for)
    )
    for job in stalled:
        if job.id is None:
            continue
        try:
            await queue.job_manager.retry_job(job)
        except ConnectorException:
            # The same job waits already under its queueing lock: that one does the work.
            await queue.job_manager.finish_job_by_id_async(
                job_id=job.id, status=Status.FAILED, delete_job=True
            )
        log.warning("rescued", job=job.id, task=job.task_name)
    return len(stalled)
