"""Alert Bridge before anything is set up, beside the vendors' stand-ins, as an admin finds it on the first day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from click.testing import CliRunner, Result

from bridge.cli import main
from bridge.domain.model import Team
from bridge.sandbox import Sandbox
from bridge.sandbox.serve import Server
from bridge.settings import load
from bridge.store import connect, inbox, teams
from bridge.web import create_app
from bridge.work.bridge import Bridge, wall_clock

POLICY = """
default_team = "Support"

[desks.zendesk]
kind = "zendesk"
subdomain = "demo"
base_url = "{zendesk}"

[sources.zendesk]
kind = "zendesk"
secret = "ZENDESK_WEBHOOK_SECRET"

[sources.ratings]
kind = "zendesk-trigger"
secret = "RATINGS_WEBHOOK_SECRET"

[sources.form]
kind = "typeform"
desk = "zendesk"

[channels.slack]
base_url = "{slack}"

[sources.slack]
kind = "slack"
secret = "SLACK_SIGNING_SECRET"
"""


@dataclass
class Site:
    """One admin's installation; `env` is what is exported, `public` what serves PUBLIC_URL."""

    sandbox: Sandbox
    public: Server
    url: str
    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    bridges: list[Bridge] = field(default_factory=list)

    def run(self, *words: str | Path, code: int = 0, **more: str) -> Result:
        """`bridge …`, which must end with this code."""
        result = CliRunner().invoke(main, [str(word) for word in words], env={**self.env, **more})
        structlog.reset_defaults()
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    def set_up(self) -> None:
        """Both vendors set up, and what they gave exported; the application runs."""
        for line in self.run("setup", "zendesk").stdout.splitlines():
            name, _, value = line.partition("=")
            self.env[name] = value
        self.run("setup", "slack")
        self.serve()

    def serve(self) -> None:
        """Serve the application at PUBLIC_URL."""
        bridge = Bridge(load(self.env), self.url, pool=2)
        self.bridges.append(bridge)
        self.public.app = create_app(bridge)

    def wrong(self, code: int = 1) -> dict[str, str]:
        """What the doctor finds wrong, each with the way out."""
        found: list[dict[str, Any]] = json.loads(self.run("doctor", "--json", code=code).stdout)
        return {one["what"]: one["fix"] for one in found if not one["ok"]}

    def arrived(self) -> int:
        """Deliveries in our inbox."""
        assert self.sandbox.courier.wait_idle()
        engine = connect(self.url, pool=1)
        with engine.connect() as connection:
            many = len(inbox.listing(connection, None, 100))
        engine.dispose()
        return many


@contextmanager
def opened(url: str, folder: Path) -> Iterator[Site]:
    """A site on an empty database: Billing and Support have a channel each, which the bot isn't in yet."""
    with Sandbox(wall_clock) as sandbox:
        desk, slack = sandbox.zendesk, sandbox.slack
        us = desk.add_agent("Alert Bridge", "bridge@example.com", "admin")
        desk.add_client("alert_bridge", "the-client's-secret", us)
        desk.add_customer("Anna Weber", "anna@example.org")
        slack.add_token("xoxb-first-day")
        policy = POLICY.format(zendesk=sandbox.zendesk_url, slack=sandbox.slack_url)
        (folder / "bridge.toml").write_text(policy, "utf-8")
        engine = connect(url, pool=1)
        with engine.begin() as connection:
            teams.save(
                connection,
                [
                    Team(
                        name=name,
                        slack_channel=slack.add_channel(f"alerts-{name.lower()}", member=False),
                        groups=(f"zendesk:{desk.add_group(name)}",),
                    )
                    for name in ("Billing", "Support")
                ],
            )
        engine.dispose()
        public = Server(_nobody)
        public.start()
        env = {
            "DATABASE_URL": url,
            "BRIDGE_CONFIG": str(folder / "bridge.toml"),
            "BRIDGE_TEAMS": str(folder / "teams.toml"),
            "PUBLIC_URL": public.url,
            "ZENDESK_CLIENT_ID": "alert_bridge",
            "ZENDESK_CLIENT_SECRET": "the-client's-secret",
            "SLACK_BOT_TOKEN": "xoxb-first-day",
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "FORM_SECRET": "the-form's-secret",
            "COLUMNS": "200",
        }
        site = Site(sandbox, public, url, folder, env)
        yield site
        public.stop()
        for bridge in site.bridges:
            bridge.close()


def _nobody(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("502 Bad Gateway", [])
    return []
