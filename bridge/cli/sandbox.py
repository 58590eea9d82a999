"""`bridge sandbox`: the stand-ins for the vendors, served for as long as you like, and a configuration for them."""

from __future__ import annotations

import secrets
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bridge.domain.model import Team
    from bridge.sandbox import Sandbox

_POLICY = """\
# Alert Bridge on the stand-ins of `bridge sandbox`. They forget everything when they end.

default_team = "Support"

[desks.zendesk]
kind = "zendesk"
subdomain = "demo"
base_url = "{zendesk}"

[sources.zendesk]
kind = "zendesk"
secret = "ZENDESK_WEBHOOK_SECRET"

[sources.satisfaction]
kind = "zendesk-trigger"
secret = "SATISFACTION_WEBHOOK_SECRET"

[sources.survey]
kind = "generic"
desk = "zendesk"
secret = "SURVEY_SECRET"

[desks.jsm]
kind = "jsm"
site = "demo"
user = "bridge@example.com"
base_url = "{jira}"

[sources.jsm]
kind = "jsm"
secret = "JSM_WEBHOOK_SECRET"

[sources.feedback]
kind = "jsm-csat"
every = "1m"

[channels.slack]
token = "SLACK_BOT_TOKEN"
base_url = "{slack}"

[sources.slack]
kind = "slack"
secret = "SLACK_SIGNING_SECRET"

# Short, so that something is to be seen soon.
[goals.first_response]
target = {{ default = "2m" }}
warn = [0.5]
"""

_VARIABLES = ("ZENDESK_WEBHOOK_SECRET", "SATISFACTION_WEBHOOK_SECRET", "JSM_WEBHOOK_SECRET")
"""What `bridge setup … --save` writes for the two desks."""


@click.command()
@click.option("--port", type=int, default=8400, show_default=True, help="0 takes a free one.")
@click.option(
    "--app",
    default="http://127.0.0.1:8000",
    show_default=True,
    help="Where `bridge run` listens: buttons and webhooks go there.",
)
@click.option(
    "--save",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the configuration into this folder, instead of printing it.",
)
def sandbox(port: int, app: str, save: Path | None) -> None:
    """Serve stand-ins for Zendesk, Slack and others until Ctrl-C, with a configuration that leads to them."""
    from bridge.sandbox import Sandbox
    from bridge.work.bridge import wall_clock

    try:
        made = Sandbox(wall_clock, port=port)
    except OSError as error:
        raise click.ClickException(f"port {port}: {error.strerror}; try --port 0") from error
    with made:
        files = _configuration(made, app.rstrip("/"), (save or Path("sandbox")).absolute())
        if save is None:
            for name, text in files.items():
                click.echo(f"# --- {name}\n{text}")
        else:
            save.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, text in files.items():
                (save / name).write_text(text, "utf-8")
            click.echo(_steps(made, save))
        click.echo(f"{made.url}/deeds/ is where people write and rate.   Ctrl-C ends.")
        try:
            Event().wait()
        except KeyboardInterrupt:
            click.echo("bye", err=True)


def _configuration(made: Sandbox, app: str, folder: Path) -> dict[str, str]:
    """The texts of bridge.toml, teams.toml and of env, which a shell reads."""
    from bridge.teamfile import write

    client, token = secrets.token_urlsafe(24), f"xoxb-{secrets.token_urlsafe(24)}"
    jira_token = secrets.token_urlsafe(24)
    teams = _people(made, client, token)
    us = made.jira.add_agent("Alert Bridge", "bridge@example.com")
    made.jira.add_token(jira_token, us)
    made.slack.signing_secret = secrets.token_urlsafe(24)
    made.slack.app_url = app  # its pages have hands only where there is an app to press at
    made.slack.urls = {
        "interactivity": f"{app}/slack/actions",
        "command": f"{app}/slack/commands",
        "event": f"{app}/slack/events",
    }
    values = {
        "BRIDGE_CONFIG": str(folder / "bridge.toml"),
        "BRIDGE_TEAMS": str(folder / "teams.toml"),
        "PUBLIC_URL": app,
        "ZENDESK_CLIENT_ID": "alert_bridge",
        "ZENDESK_CLIENT_SECRET": client,
        "JSM_TOKEN": jira_token,
        "SLACK_BOT_TOKEN": token,
        "SLACK_SIGNING_SECRET": made.slack.signing_secret,
        "SURVEY_SECRET": secrets.token_urlsafe(24),
        **{f"{name}_FILE": str(folder / "secrets" / name) for name in _VARIABLES},
    }
    return {
        "bridge.toml": _POLICY.format(
            zendesk=made.zendesk_url, jira=made.jira_url, slack=made.slack_url
        ),
        "teams.toml": write(teams),
        "env": "".join(f"export {name}='{value}'\n" for name, value in values.items()),
    }


def _people(made: Sandbox, client_secret: str, token: str) -> list[Team]:
    """Two customers, two agents, and two teams: each a group, a project and a channel."""
    from bridge.domain.model import Team

    desk, jira, slack = made.zendesk, made.jira, made.slack
    us = desk.add_agent("Alert Bridge", "bridge@example.com", "admin")
    desk.add_client("alert_bridge", client_secret, us)
    slack.add_token(token)
    for name in ("Anna Weber", "Omar Said"):
        email = f"{name.split()[0].lower()}@example.org"
        desk.add_customer(name, email)
        jira.add_customer(name, email)
    for name in ("Ben Ito", "Clara Roy"):
        email = f"{name.split()[0].lower()}@example.com"
        desk.add_agent(name, email)
        jira.add_agent(name, email)
    return [
        Team(
            name=name,
            slack_channel=slack.add_channel(f"alerts-{name.lower()}", member=False),
            manager=manager,
            manager_slack=slack.add_user(name.lower(), f"{name.lower()}@example.com", manager),
            groups=(
                f"zendesk:{desk.add_group(name)}",
                f"jsm:{jira.add_project(name[:3].upper(), name)}",
            ),
        )
        for name, manager in (("Support", "Nils Holm"), ("Billing", "Mona Berg"))
    ]


def _steps(made: Sandbox, folder: Path) -> str:
    return f"""\
The stand-ins are at {made.url}. In another terminal:

  . {folder}/env
  bridge setup zendesk --save {folder}/secrets
  bridge setup jsm --save {folder}/secrets
  bridge setup slack
  bridge run

and in a third, after `. {folder}/env`:

  curl -d 'about=Where is my order?' {made.url}/deeds/requests
  curl -d 'about=Where is my refund?' {made.url}/deeds/tickets
  curl -d score=bad -d 'words=Nobody answers' {made.url}/deeds/tickets/1/rating
  bridge doctor

In a channel at {made.url}, choose who you are: then its buttons are pressed by you. /alerts, forms and the Home tab are
on that person's page.
"""
