"""What the clock does each second, and from time to time. Costs as much as there is due, not as there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from msgspec import Struct
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from sqlalchemy import Connection

from bridge.domain.model import Elapsed, Party
from bridge.store import (
    alerts,
    deliveries,
    due,
    errands,
    inbox,
    notices,
    tickets,
)
from bridge.work.bridge import Bridge
from bridge.work.counting import count
from bridge.work.queue import (
    CONFIRM,
    DRAIN,
    ask,
    wake,
    wake_deliveries,
    wake_endpoints,
    wake_errands,
)

BATCH = 500
FAILED_JOBS_HOURS = 7 * 24
LEFT_BEHIND = timedelta(seconds=1)

log = structlog.get_logger()


class Ticked(Struct, frozen=True):
    """What a tick found to do."""

    desks: int  # that have timers due
    deliveries: int
    errands: int
    alerts: int = 0  # timers of theirs that ran out
    endpoints: int = 0  # of others, that webhooks wait for
    signals: int = 0  # of cases, counted

    def __bool__(self) -> bool:
        found = (self.desks, self.deliveries, self.errands, self.alerts, self.endpoints)
        return any(found) or self.signals > 0


def tick(bridge: Bridge) -> Ticked:
    """See which timers are due, send and ask what may be now, and make good what was left behind.

    A due timer of a ticket doesn't ring here: its desk's `confirm` errand looks at the ticket first. One of an alert
    becomes an event of its ticket.
    """
    now = bridge.now()
    left, cut_off = now - LEFT_BEHIND, now - bridge.settings.recovery.cut_off
    with bridge.engine.begin() as connection:
        if not due.anything(connection, now, left=left, cut_off=cut_off):
            return Ticked(0, 0, 0)
        desks = _free(connection, tickets.due_desks(connection, now), now)
        ask(connection, CONFIRM, desks, now)
        ran = _run_out(connection, now)
        if inbox.waiting_since(connection, left) or tickets.waiting_before(connection, left):
            wake(connection, DRAIN)
        deliveries.rescue(connection, cut_off)
        ready = deliveries.due(connection, now, BATCH)
        wake_deliveries(connection, ready)
        asked = errands.due(connection, now, BATCH)
        wake_errands(connection, asked)
        notices.rescue(connection, cut_off)
        called = notices.due(connection, now)
        wake_endpoints(connection, called)
    return Ticked(len(desks), len(ready), len(asked), ran, len(called), count(bridge))


def _run_out(connection: Connection, now: datetime) -> int:
    """Have the timers of alerts that are due judged; how many there were."""
    over = alerts.take_timers(connection, now, BATCH)
    events = [
        Elapsed(
            id=f"elapsed:{ran.ref}:{ran.name}:{ran.due_at.isoformat()}",
            subject=ran.subject,
            at=now,
            by=Party.BRIDGE,
            alert=ran.ref,
            timer=ran.name,
        )
        for ran in over
    ]
    tickets.add_events(connection, [tickets.arrive(event, now) for event in events])
    if events:
        wake(connection, DRAIN)
    return len(over)


def _free(connection: Connection, desks: Sequence[str], now: datetime) -> list[str]:
    """The desks that are not being asked already, or away."""
    if not desks:
        return []
    busy = errands.find(connection, [(CONFIRM, desk) for desk in desks])
    return [d for d in desks if not any(e.key == d and e.not_before > now for e in busy)]


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
