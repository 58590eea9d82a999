"""The web process: takes in deliveries and customers' answers, and serves the pages and the API."""

from __future__ import annotations

import os

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from bridge.settings import load
from bridge.web.api import add_api
from bridge.web.digest import digest
from bridge.web.followup import followup
from bridge.web.health import health
from bridge.web.hooks import MOST_BYTES, Intake, hooks
from bridge.web.metrics import metrics
from bridge.web.pages import add_pages
from bridge.web.slack import slack
from bridge.web.sms import sms
from bridge.work.bridge import Bridge, require_sources


def create_app(bridge: Bridge) -> Flask:
    """The WSGI application. Raises ConfigError if a source has no secret and isn't `unsigned`."""
    secrets = require_sources(bridge.settings)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES + 1  # one more, to see that it is too much
    intake = Intake(bridge)
    app.register_blueprint(hooks(bridge, secrets, intake))
    app.register_blueprint(slack(bridge, secrets, intake))
    app.register_blueprint(health(bridge))
    app.register_blueprint(metrics(bridge))
    app.register_blueprint(followup(bridge))
    app.register_blueprint(digest(bridge))
    app.register_blueprint(sms(bridge))
    add_pages(app, bridge)
    add_api(app, bridge)
    if n := bridge.settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n, x_port=n)  # type: ignore[method-assign]
    return app


def application() -> Flask:
    """The application as the web server starts it: everything from the environment."""
    settings = load(os.environ)
    return create_app(Bridge(settings, settings.database_url))
