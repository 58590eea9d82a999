"""The web server: granian, which took in four times as much as gunicorn for our route (`make bench`)."""

from __future__ import annotations

from granian import Granian
from granian.constants import Interfaces


def serve(
    host: str,
    port: int,
    *,
    workers: int = 1,
    threads: int = 32,
    app: str = "bridge.web:application",
) -> None:
    """Serve until SIGTERM. `threads` requests are under way at once in each of `workers` processes."""
    Granian(
        app,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers,
        blocking_threads=threads,
        backlog=1024,
        backpressure=1024,
        websockets=False,
        respawn_failed_workers=True,
    ).serve()
