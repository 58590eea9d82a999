"""The queue: Procrastinate over our own PostgreSQL. A job exists if and only if the rows it speaks of do.

Jobs are deferred inside the caller's transaction. A job is a wake-up, not a message: what there is to
do stands in our own rows, so that a job too many is harmless and one too few is made good by the tick.
"""

from __future__ import annotations

from typing import Any

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import Connection, text

from bridge.store import raw

QUEUE = "bridge"
_CHANNEL = f"procrastinate_queue_v1#{QUEUE}"  # where workers of this queue listen
DRAIN, MATCH, READ, DELIVER = "drain", "match", "read", "deliver"

_deferring = App(connector=SyncPsycopgConnector())  # only ever used on a connection handed in

_RING = text("""
    WITH job AS (
        SELECT id FROM procrastinate_jobs WHERE queueing_lock = :lock AND status = 'todo' FOR SHARE)
    SELECT pg_notify(:channel, json_build_object('type', 'job_inserted', 'job_id', id)::text) FROM job
""")


def wake(connection: Connection, task: str, lock: str = "", **arguments: Any) -> None:
    """Make sure that a job of `task` waits which has not begun when this transaction commits.

    A waiting job is locked `FOR SHARE`, so that no worker takes and ends it before our rows can be
    seen; and because a worker passes over a locked row, it is told again at the commit.
    """
    lock = lock or task
    for _ in range(3):
        if connection.execute(_RING, {"lock": lock, "channel": _CHANNEL}).first():
            return
        savepoint = connection.begin_nested()
        try:
            _deferring.configure_task(
                task,
                allow_unknown=True,
                queue=QUEUE,
                queueing_lock=lock,
                connection=raw(connection),
            ).defer(**arguments)
        except AlreadyEnqueued:
            savepoint.rollback()
        else:
            savepoint.commit()
            return
    # Somebody else's job is made and taken faster than we can look: the tick makes this good.


def wake_deliveries(connection: Connection, ids: list[int]) -> None:
    """Make sure that each of these deliveries has a job."""
    for number in ids:
        wake(connection, DELIVER, f"{DELIVER}:{number}", delivery=number)
