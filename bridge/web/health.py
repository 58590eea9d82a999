"""`/healthz`: the process answers. `/readyz`: it can do its work."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from bridge.store import pending
from bridge.work.bridge import Bridge


def health(bridge: Bridge) -> Blueprint:
    """The routes for load balancers and people who look whether it runs."""
    routes = Blueprint("health", __name__)

    @routes.get("/")
    def index() -> Response:
        return redirect(url_for("pages.inbox.show"))

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
