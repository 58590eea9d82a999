"""The queue: Procrastinate over our own PostgreSQL. A job exists if and only if the rows it speaks of do.

Jobs are deferred inside the caller's transaction. A job is a wake-up, not a message: what there is to
do stands in our own rows, so that a job too many is harmless and one too few is made good by the tick.
"""

from __future__ import annotations

from typing import Any

import msgspec
from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import Connection, text

from bridge.store import raw

QUEUE = "bridge"
DRAIN, MATCH, READ, DELIVER = "drain", "match", "read", "deliver"

_deferring = App(connector=SyncPsycopgConnector())  # only ever used on a connection handed in

_WAITING = text("""
    SELECT id FROM procrastinate_jobs WHERE queueing_lock = :lock AND status = 'todo' FOR SHARE
""")
_RING = text("SELECT pg_notify(:channel, :payload)")


def wake(connection: Connection, task: str, lock: str = "", **arguments: Any) -> None:
    """Make sure that a job of `task` waits which has not begun when this transaction commits.

    A waiting job is locked `FOR SHARE`, so that no worker takes and ends it before our rows can be
    seen; and because a worker passes over a locked row, it is told again at the commit.
    """
    lock = lock or task
    for _ in range(3):
        job = connection.execute(_WAITING, {"lock": lock}).scalar()
        if job is not None:
            payload = msgspec.json.encode({"type": "job_inserted", "job_id": job}).decode()
            connection.execute(
                _RING, {"channel": f"procrastinate_queue_v1#{QUEUE}", "payload": payload}
            )
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
