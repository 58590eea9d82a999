"""The web server: granian, which takes in twice as much as gunicorn for our route (`bridge bench ingest`)."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from functools import partial
from importlib import import_module
from multiprocessing import Value
from typing import Any

from granian import Granian
from granian.constants import Interfaces

THREADS = 64  # half of them wait for a commit while the others bring the next


def serve(
    host: str,
    port: int,
    *,
    workers: int = 1,
    threads: int = THREADS,
    app: str = "bridge.web:application",
) -> None:
    """Serve until SIGTERM. `threads` requests are under way at once in each of `workers` processes.

    `app` names the function that makes the application, in each of the processes.
    """
    # It finds so many threads odd; ours wait for the database.
    logging.getLogger("_granian").addFilter(
        lambda record: "Python threads" not in record.getMessage()
    )
    turn = Value("L", os.getpid())
    Granian(
        app,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        backlog=1024,
        backpressure=1024,
        websockets=False,
        log_access=False,
        respawn_failed_workers=True,
    ).serve(target_loader=partial(_load, turn))


def _load(turn: Any, app: str) -> Any:
    """The application of a process, on a core of its own.

    One thread at a time holds Python's lock. Handed on from core to core, it is idle for half of the
    time; on one core, a process takes in nearly twice as much.
    """
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        with turn.get_lock():
            turn.value += 1
            core = cores[turn.value % len(cores)]
        with suppress(OSError):  # not everybody may choose
            os.sched_setaffinity(0, {core})
    module, _, name = app.partition(":")
    return getattr(import_module(module), name)()
