"""The queue: Procrastinate over our own PostgreSQL. A job exists if and only if the rows it speaks of do.

Jobs are deferred inside the caller's transaction. A job is a wake-up, not a message: what there is to
do stands in our own rows, so that a job too many is harmless and one too few is made good by the tick.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job
from sqlalchemy import Connection, text

from bridge.store import errands, raw

QUEUE = "bridge"
_CHANNEL = f"procrastinate_queue_v1#{QUEUE}"  # where workers of this queue listen
DRAIN, DELIVER, ASK, NOTIFY = "drain", "deliver", "ask", "notify"
MATCH, READ, FETCH, POLL = "match", "read", "fetch", "poll"  # the errands that ASK runs
PAST, CONFIRM, SWEEP, RETIME = "past", "confirm", "sweep", "retime"
WHO = "who"  # a customer whose e-mail address would tell their account
HOME = "home"  # somebody looks at the app in Slack
DIGEST = "digest"
CHECK = "check"
STORM = "storm"

_URGENT = {DRAIN: 3, CONFIRM: 2, DELIVER: 1}
"""What goes first: that a case is seen, before it is told, before anything else that can wait."""

_deferring = App(connector=SyncPsycopgConnector())  # only ever used on a connection handed in

_RING = text("""
    WITH job AS (
        SELECT id, queueing_lock AS lock FROM procrastinate_jobs
        WHERE queueing_lock = ANY(CAST(:locks AS text[])) AND status = 'todo' ORDER BY id FOR SHARE)
    SELECT lock, pg_notify(:channel, json_build_object('type', 'job_inserted', 'job_id', id)::text) FROM job
""")


def wake(connection: Connection, task: str, lock: str = "", **arguments: Any) -> None:
    """Make sure that a job of `task` waits which has not begun when this transaction commits.

    A waiting job is locked `FOR SHARE`, so that no worker takes and ends it before our rows can be
    seen; and because a worker passes over a locked row, it is told again at the commit.
    """
    _wake(connection, task, {lock or task: arguments})


def wake_deliveries(connection: Connection, ids: Iterable[int]) -> None:
    """Make sure that each of these deliveries has a job."""
    if wanted := {f"{DELIVER}:{number}": {"delivery": number} for number in ids}:
        _wake(connection, DELIVER, wanted)


def wake_endpoints(connection: Connection, ids: Iterable[int]) -> None:
    """Make sure that each of these endpoints of others has a job that calls it."""
    if wanted := {f"{NOTIFY}:{number}": {"endpoint": number} for number in ids}:
        _wake(connection, NOTIFY, wanted)


def ask(connection: Connection, task: str, keys: Sequence[str], now: datetime) -> None:
    """Have errands run: one row and one job each, however often they are asked for."""
    errands.want(connection, task, keys, now)
    wake_errands(connection, [(task, key) for key in keys])


def wake_errands(connection: Connection, wanted: Iterable[tuple[str, str]]) -> None:
    """Make sure that each of these errands has a job."""
    if jobs := {f"{task}:{key}": {"errand": task, "key": key} for task, key in wanted}:
        _wake(connection, ASK, jobs)


def _wake(connection: Connection, task: str, wanted: Mapping[str, dict[str, Any]]) -> None:
    """A job for each lock, with its arguments."""
    missing = dict(wanted)
    for _ in range(3):
        for row in connection.execute(_RING, {"locks": list(missing), "channel": _CHANNEL}):
            del missing[row.lock]
        if not missing:
            return
        jobs = [
            Job(
                queue=QUEUE,
                lock=None,
                queueing_lock=lock,
                task_name=task,
                task_kwargs=arguments,
                priority=_URGENT.get(arguments.get("errand", task), 0),
            )
            for lock, arguments in missing.items()
        ]
        savepoint = connection.begin_nested()
        try:
            _deferring.job_manager.batch_defer_jobs(jobs, connection=raw(connection))
        except AlreadyEnqueued:
            savepoint.rollback()
        else:
            savepoint.commit()
            return
    # Somebody else's job is made and taken faster than we can look: the tick makes this good.
