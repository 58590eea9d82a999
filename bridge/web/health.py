"""`/healthz`: the process answers. `/readyz`: it can do its work."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from bridge.store import pending
from bridge.work.bridge import Bridge


def health(bridge: Bridge) -> Blueprint:
    """The routes for load balancers and people who look whether it runs."""
    routes = Blueprint("health", __name__)

    @routes.get("/")
    def index() -> Response:
        names = sorted(bridge.settings.sources)
        doors = "".join(f"  POST /hooks/{name}\n" for name in names)
        words = (
            f"Alert Bridge takes deliveries at\n{doors}"
            if doors
            else (
                "Alert Bridge runs, but no source is configured yet.\n"
                f"Add [sources.…] to {bridge.settings.path}; docs/setup-zendesk.md says how.\n"
            )
        )
        return Response(words, content_type="text/plain; charset=utf-8")

    @routes.get("/healthz")
    def alive() -> Response:
        return jsonify(ok=True)

    @routes.get("/readyz")
    def ready() -> tuple[Response, int]:
        try:
            with bridge.engine.connect() as connection:
                behind = pending(connection)
        except SQLAlchemyError:
            return jsonify(ok=False, database="not reachable"), 503
        if behind:
            return jsonify(ok=False, migrations="run `bridge migrate`"), 503
        return jsonify(ok=True), 200

    return routes
