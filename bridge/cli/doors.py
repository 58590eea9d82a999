"""The vendors' side: `bridge check`, `setup`, `doctor` and `test-alert`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.shared import AS_JSON, findings, opened, printed, stored, table

if TYPE_CHECKING:
    from bridge.settings import Settings
    from connectors import Step

_COLOURS = {"create": "green", "change": "yellow", "remove": "red", "by hand": "magenta"}


@click.command()
@AS_JSON
def check(as_json: bool) -> None:
    """Check configuration, secrets, database and teams; exit code 1 if something is wrong."""
    from bridge.checks import check as examine

    with stored() as url:
        found = examine(os.environ, url)
    sys.exit(0 if findings(found, as_json) else 1)


@click.command()
@AS_JSON
def doctor(as_json: bool) -> None:
    """Check all that `check` does, and ask the vendors too; exit code 1 if something is wrong."""
    from bridge.doctor import examine

    with stored() as url:
        found = examine(os.environ, url)
    sys.exit(0 if findings(found, as_json) else 1)


@click.command("test-alert")
@click.argument("team")
@click.option("--ticket", default="", help="On this ticket too: DESK:KEY, say zendesk:4711.")
@AS_JSON
def test_alert(team: str, ticket: str, as_json: bool) -> None:
    """Send an alert marked as a test to TEAM, and say what came of each delivery; exit code 1 if one failed."""
    from bridge.store import deliveries
    from bridge.work.drill import drill

    with opened() as bridge:
        bridge.wait_for_budget()
        sent = drill(bridge, team, ticket)
    rows = [
        {"id": r.id, "channel": r.channel, "action": r.action.value, "to": r.to}
        | {"state": r.state, "reason": r.reason}
        for r in sent
    ]
    table(rows, as_json, empty="The team's routes tell nobody.")
    sys.exit(1 if any(r.state == deliveries.FAILED for r in sent) else 0)


@click.command()
@click.argument("name", default="")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--remove", is_flag=True, help="Take away what setup has made, and nothing else.")
@click.option(
    "--save",
    type=click.Path(path_type=Path, file_okay=False),
    help="Put secrets into files in this folder, instead of printing them.",
)
@AS_JSON
def setup(name: str, dry_run: bool, remove: bool, save: Path | None, as_json: bool) -> None:
    """Set up the vendor's side of NAME: a desk, slack, or a source. Without NAME: what there is to set up.

    May be run again at any time: it makes what is missing and mends what differs. Secrets go to standard output,
    or with --save to files that only you can read; all else is told on standard error.
    """
    from bridge.settings import load
    from bridge.setup import guide, places, side

    settings = load(os.environ)
    if not name:
        rows = [
            {"name": p.name, "what": p.what, "missing": ", ".join(p.missing)}
            for p in places(settings)
        ]
        table(rows, as_json, empty="Nothing is configured yet: docs/setup-zendesk.md begins.")
        return
    out = _Told(save, as_json)
    made = side(settings, name, lambda: _channels(settings))
    try:
        if made is not None:
            out.steps(made.remove(dry=dry_run) if remove else made.run(dry=dry_run))
        elif remove:
            raise click.ClickException(f"{name}: nothing was made there by us; do it by hand")
        else:
            told = guide(settings, name, folder=save, dry=dry_run)
            out.text(told.text)
            out.steps(told.steps)
    finally:
        out.end()


def _channels(settings: Settings) -> dict[str, str]:
    """Each team's Slack channel: from the database, or from the file that will seed it."""
    from sqlalchemy.exc import SQLAlchemyError

    from bridge.store import connect, pending, teams
    from bridge.teamfile import read

    with stored() as url:
        engine = connect(url, pool=1)
        try:
            with engine.connect() as connection:
                known = [] if pending(connection) else teams.all_teams(connection)
        except SQLAlchemyError as error:
            raise click.ClickException("the database does not answer: `bridge check`") from error
        finally:
            engine.dispose()
    seed = Path(settings.env.get("BRIDGE_TEAMS", "config/teams.toml"))
    if not known and seed.exists():
        known = read(seed)
    return {team.name: team.slack_channel for team in known}


class _Told:
    """Tells steps as they are done: people on standard error, secrets on standard output or into files."""

    def __init__(self, folder: Path | None, as_json: bool) -> None:
        self.folder = folder
        self.as_json = as_json
        self.done: list[dict[str, str]] = []
        self.texts: list[str] = []
        self.secrets: dict[str, str] = {}
        self.files: dict[str, str] = {}

    def text(self, words: str) -> None:
        """What is to be pasted or done by hand."""
        self.texts.append(words)
        if not self.as_json:
            click.echo(words)

    def steps(self, steps: Iterable[Step]) -> None:
        """Each as it happens, so that nothing is lost where a later one fails."""
        for step in steps:
            self.done.append({"do": step.do, "what": step.what, "detail": step.detail})
            if not self.as_json:
                mark = click.style(f"{step.do:8}", fg=_COLOURS.get(step.do))
                more = f": {step.detail}" if step.detail else ""
                click.echo(f"{mark} {step.what}{more}", err=True)
            if step.variable and step.secret:
                self._secret(step.variable, step.secret)

    def _secret(self, variable: str, value: str) -> None:
        from bridge.setup import keep

        if self.folder is None:
            self.secrets[variable] = value
            line = f"{variable}={value}"
        else:
            self.files[f"{variable}_FILE"] = str(keep(self.folder, variable, value))
            line = f"{variable}_FILE={self.files[f'{variable}_FILE']}"
        if not self.as_json:
            click.echo(line)

    def end(self) -> None:
        """For programs, all at once."""
        if self.as_json:
            told = {"steps": self.done, "texts": self.texts}
            printed(told | ({"files": self.files} if self.folder else {"secrets": self.secrets}))
