"""`bridge database …`: its address, its clients, an end to the embedded one."""

from __future__ import annotations

import os
import sys

import click

from bridge.cli.shared import stored


@click.group()
def database() -> None:
    """The database: its address, its clients, an end to the embedded one."""


@database.command("url")
def database_url_() -> None:
    """Print the address of the database in use. It holds the password: mind who sees it."""
    from bridge.embedded import default_root, find
    from bridge.settings import database_url

    running = find(default_root())
    url = database_url(os.environ) or (running.url if running else "")
    if not url:
        raise click.ClickException("the embedded database is not running: `bridge run` starts it")
    click.echo(url)


@database.command("run", context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def database_run(command: tuple[str, ...]) -> None:
    """Run a COMMAND with DATABASE_URL set and PostgreSQL's clients in its path, say pg_dump.

    bridge database run sh -c 'pg_dump --format=custom --file=alert-bridge.dump "$DATABASE_URL"'
    """
    import subprocess

    from bridge.embedded import clients

    with stored() as url:
        path = os.pathsep.join([str(clients()), os.environ.get("PATH", os.defpath)])
        environ = {**os.environ, "DATABASE_URL": url, "PATH": path}
        try:
            done = subprocess.run(command, env=environ, check=False)
        except OSError as error:
            raise click.ClickException(f"{command[0]}: {error.strerror}") from error
    sys.exit(done.returncode)


@database.command("stop")
def database_stop() -> None:
    """Stop the embedded database, should one have been left running. What is stored stays."""
    from bridge.embedded import default_root, stop

    stop(default_root())
    click.echo("stopped", err=True)
