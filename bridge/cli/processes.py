"""What runs: everything at once, or one process of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from bridge.cli.shared import need_database, opened, stored


@click.command()
@click.option("--port", type=int, envvar="PORT", default=8000, show_default=True)
def run(port: int) -> None:
    """Run everything in Procfile: migrate, then web, worker and clock, until Ctrl-C."""
    from bridge.supervisor import run as supervise

    sys.exit(supervise(Path("Procfile"), port))


@click.command()
@click.option("--host", envvar="BRIDGE_HOST", default="0.0.0.0", show_default=True)  # noqa: S104
@click.option("--port", type=int, envvar="PORT", default=8000, show_default=True)
@click.option("--workers", type=int, envvar="WEB_CONCURRENCY", default=1, show_default=True)
@click.option("--threads", type=int, default=64, show_default=True, help="Requests at once.")
def web(host: str, port: int, workers: int, threads: int) -> None:
    """Take deliveries in (granian)."""
    from bridge.settings import load
    from bridge.web.serve import serve
    from bridge.work.bridge import require_sources

    settings = load(os.environ)
    require_sources(settings)
    need_database()
    serve(host, port, workers=workers, threads=threads)


@click.command()
def worker() -> None:
    """Work off what came in: judge tickets, send alerts."""
    from bridge.work.tasks import run as work

    with opened() as bridge:
        _ = bridge.channels, bridge.tokens  # a missing credential is told now
        work(bridge)


@click.command()
def clock() -> None:
    """Ring timers each second; rescue jobs of workers that died; tidy up."""
    from bridge.work.clock import run as keep_time

    with opened() as bridge:
        keep_time(bridge)


@click.command()
def migrate() -> None:
    """Bring the database's tables up to date, and seed the teams of an empty database."""
    from bridge.settings import load
    from bridge.store import connect, people, teams
    from bridge.store import migrate as upgrade
    from bridge.teamfile import read_all

    with stored() as url:
        upgrade(url)
        seed = Path(os.environ.get("BRIDGE_TEAMS", "config/teams.toml"))
        engine = connect(url, pool=1)
        with engine.begin() as connection:
            if seed.exists() and not teams.all_teams(connection):
                found = read_all(seed, lambda: load(os.environ).hours.zone)
                teams.save(connection, found.teams)
                people.save_members(connection, found.members)
                people.save_absences(connection, found.absences)
                click.echo(f"seeded teams from {seed}", err=True)
        engine.dispose()
    click.echo("the database is up to date", err=True)
