"""`/healthz`: the process answers. `/readyz`: all of us can do our work, with the figures that say so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, jsonify, redirect, url_for
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from bridge.store import measures, pending, pulse
from bridge.work.bridge import Bridge

LONGEST_WAIT = timedelta(minutes=2)
"""Of a webhook or an event: else nobody works, or too few do."""

LONGEST_SILENCE = timedelta(seconds=60)
"""Of the clock."""


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
            with bridge.engine.begin() as connection:
                measures.be_quick(connection)
                if pending(connection):
                    return jsonify(ok=False, migrations="run `bridge migrate`"), 503
                checks = _checked(connection, bridge.now())
        except SQLAlchemyError:
            return jsonify(ok=False, database="not reachable"), 503
        well = all(check["ok"] for check in checks.values())
        told = {"ok": well, "database": "ok", "migrations": "ok", **checks}
        return jsonify(told), 200 if well else 503

    return routes


def _checked(connection: Connection, now: datetime) -> dict[str, dict[str, Any]]:
    """What is measured, each with its figure and its limit."""
    waits = measures.waits(connection, now)
    queue = _check(max(waits.values()), LONGEST_WAIT, "start `bridge worker`, or more of them")
    last = pulse.last(connection)
    # An installation that has never had a clock is only being set up: what waits for it tells soon enough.
    silent = max((now - last.beat_at).total_seconds(), 0.0) if last else 0.0
    clock = _check(silent, LONGEST_SILENCE, "start `bridge clock`")
    return {"queue": {**queue, "oldest": waits}, "clock": {**clock, "ever": last is not None}}


def _check(seconds: float, limit: timedelta, fix: str) -> dict[str, Any]:
    ok = seconds <= limit.total_seconds()
    return {
        "ok": ok,
        "seconds": round(seconds, 1),
        "limit": limit.total_seconds(),
        **({} if ok else {"fix": fix}),
    }
