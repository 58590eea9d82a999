"""Other ways to take webhooks in, to compare ours with."""

from __future__ import annotations

import os

from flask import Flask

from bridge.settings import load
from bridge.store import inbox
from bridge.web.hooks import Intake, hooks
from bridge.work.bridge import Bridge, require_sources
from bridge.work.queue import DRAIN, wake


def bare() -> Flask:
    """A route that does nothing: what the web server and Flask alone can do."""
    app = Flask(__name__)

    @app.post("/hooks/<name>")
    def take(name: str) -> tuple[str, int]:  # noqa: ARG001
        return "kept\n", 202

    @app.get("/readyz")
    def ready() -> str:
        return "ok"

    return app


class OneByOne(Intake):
    """A transaction for each delivery, in the request's own thread."""

    def keep(self, received: inbox.Received) -> bool:
        """Keep a delivery durably; whether it is new."""
        with self.bridge.engine.begin() as connection:
            (new,) = inbox.add(connection, [received])
            if new:
                wake(connection, DRAIN)
        return new


def one_by_one() -> Flask:
    """Our route without group commit."""
    settings = load(os.environ)
    bridge = Bridge(settings, settings.database_url, pool=32)
    app = Flask(__name__)
    app.register_blueprint(hooks(bridge, require_sources(settings), OneByOne(bridge)))

    @app.get("/readyz")
    def ready() -> str:
        return "ok"

    return app
