"""`bridge …`: every command. Imports only what a command needs, so that `--help` is quick."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bridge.work.bridge import Bridge

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


class _Group(click.Group):
    """Errors of ours are told in one sentence, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        from bridge.domain.model import BridgeError
        from bridge.embedded import EmbeddedError

        try:
            return super().invoke(ctx)
        except (BridgeError, EmbeddedError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="alert-bridge")
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
def main(verbose: bool) -> None:
    """Ring the responsible manager while a customer's support experience can still be saved.

    Configuration is read from BRIDGE_CONFIG (default config/bridge.toml); data lives at
    DATABASE_URL (absent: an embedded PostgreSQL under ./var).
    """
    signal.signal(signal.SIGTERM, _stop)
    if not sys.argv[1:2] or sys.argv[1] not in ("--help", "-h"):
        from bridge.logs import set_up

        set_up(verbose=verbose)


def _stop(number: int, _: object) -> None:
    """End as after an error, so that an embedded database of ours is stopped as well."""
    sys.exit(128 + number)


# --- processes


@main.command()
@click.option("--port", type=int, envvar="PORT", default=8000, show_default=True)
def run(port: int) -> None:
    """Run everything in Procfile: migrate, then web, worker and clock, until Ctrl-C."""
    from bridge.supervisor import run as supervise

    sys.exit(supervise(Path("Procfile"), port))


@main.command()
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
    _need_database()
    serve(host, port, workers=workers, threads=threads)


@main.command()
def worker() -> None:
    """Work off what came in: judge tickets, send alerts."""
    from bridge.work.tasks import run as work

    with _bridge() as bridge:
        _ = bridge.channels  # a missing credential is told now
        work(bridge)


@main.command()
def clock() -> None:
    """Ring timers each second; rescue jobs of workers that died; tidy up."""
    from bridge.work.clock import run as keep_time

    with _bridge() as bridge:
        keep_time(bridge)


@main.command()
def migrate() -> None:
    """Bring the database's tables up to date, and seed the teams of an empty database."""
    from bridge.store import connect, teams
    from bridge.store import migrate as upgrade
    from bridge.teamfile import read

    with _database() as url:
        upgrade(url)
        seed = Path(os.environ.get("BRIDGE_TEAMS", "config/teams.toml"))
        engine = connect(url, pool=1)
        with engine.begin() as connection:
            if seed.exists() and not teams.all_teams(connection):
                teams.save(connection, read(seed))
                click.echo(f"seeded teams from {seed}", err=True)
        engine.dispose()
    click.echo("the database is up to date", err=True)


# --- looking


@main.command()
@AS_JSON
def check(as_json: bool) -> None:
    """Check configuration, secrets, database and teams; exit code 1 if something is wrong."""
    from bridge.checks import check as examine

    with _database() as url:
        found = examine(os.environ, url)
    if as_json:
        _print([{"ok": f.ok, "what": f.what, "fix": f.fix} for f in found])
    else:
        for f in found:
            mark = click.style("ok  ", fg="green") if f.ok else click.style("fix ", fg="red")
            click.echo(f"{mark} {f.what}" + (f"\n     -> {f.fix}" if f.fix else ""))
    sys.exit(0 if all(f.ok for f in found) else 1)


@main.group()
def inbox() -> None:
    """Webhooks as they came: list them, look at one, have it read again."""


@inbox.command("list")
@click.option("--state", type=click.Choice(["waiting", "read", "matching", "fetching", "unreadable"]))
@click.option("--limit", default=50, show_default=True)
@AS_JSON
def inbox_list(state: str | None, limit: int, as_json: bool) -> None:
    """The newest deliveries."""
    from bridge.store import inbox as store

    with _bridge() as bridge, bridge.engine.begin() as connection:
        rows = store.listing(connection, state, limit)
    _table(
        [
            {
                "id": r.id,
                "source": r.source,
                "received": r.received_at.isoformat(timespec="seconds"),
                "state": r.state,
                "bytes": len(r.body),
                "reason": r.reason,
            }
            for r in rows
        ],
        as_json,
        empty="No delivery has come in yet.",
    )


@inbox.command("show")
@click.argument("number", type=int)
@AS_JSON
def inbox_show(number: int, as_json: bool) -> None:
    """One delivery with its headers and body. It holds what a customer wrote: mind who sees it."""
    from bridge.store import inbox as store

    with _bridge() as bridge, bridge.engine.begin() as connection:
        row = store.find(connection, number)
    if row is None:
        raise click.ClickException(f"no delivery has the number {number}")
    body = row.body.decode("utf-8", "replace")
    if as_json:
        _print(
            {
                "id": row.id,
                "source": row.source,
                "delivery": row.delivery,
                "received": row.received_at.isoformat(),
                "state": row.state,
                "reason": row.reason,
                "headers": row.headers,
                "body": body,
            }
        )
        return
    click.echo(f"{row.id}  {row.source}  {row.received_at:%Y-%m-%d %H:%M:%S}  {row.state}")
    if row.reason:
        click.echo(row.reason)
    for key, value in row.headers.items():
        click.echo(f"{key}: {value}")
    click.echo(f"\n{body}")


@inbox.command("replay")
@click.argument("numbers", type=int, nargs=-1)
@click.option("--unreadable", is_flag=True, help="All that could not be read.")
@click.option("--dry-run", is_flag=True, help="Say what would be read again, and why it failed.")
@AS_JSON
def inbox_replay(numbers: tuple[int, ...], unreadable: bool, dry_run: bool, as_json: bool) -> None:
    """Have deliveries read again: by number, or all that are unreadable. What is known changes nothing."""
    from bridge.store import inbox as store
    from bridge.work.queue import DRAIN, wake

    if bool(numbers) == unreadable:
        raise click.UsageError("name the deliveries' numbers, or say --unreadable")
    with _bridge() as bridge, bridge.engine.begin() as connection:
        if dry_run:
            rows = (
                store.listing(connection, store.UNREADABLE, 10_000)
                if unreadable
                else [r for n in numbers if (r := store.find(connection, n))]
            )
            many = len(rows)
            for row in rows:
                click.echo(f"{row.id}  {row.source}  {row.state}  {row.reason}", err=True)
        else:
            many = store.replay(connection, numbers or None)
            if many:
                wake(connection, DRAIN)
    if as_json:
        _print({"replayed": 0 if dry_run else many, "found": many})
    else:
        click.echo(f"{many} to be read again" if not dry_run else f"{many} would be read again")
    sys.exit(0 if unreadable or many == len(numbers) else 1)


@main.group()
def deliveries() -> None:
    """What was sent, is to be sent, was held or failed."""


@deliveries.command("list")
@click.option("--state", type=click.Choice(["waiting", "sending", "sent", "held", "failed"]))
@click.option("--limit", default=50, show_default=True)
@AS_JSON
def deliveries_list(state: str | None, limit: int, as_json: bool) -> None:
    """The newest deliveries, with the reason where one was held or failed."""
    from bridge.store import deliveries as store

    with _bridge() as bridge, bridge.engine.begin() as connection:
        rows = store.listing(connection, state, limit)
    _table(
        [
            {
                "id": r.id,
                "alert": r.alert,
                "channel": r.channel,
                "action": r.action.value,
                "to": r.to,
                "state": r.state,
                "attempts": r.attempts,
                "next": r.not_before.isoformat(timespec="seconds") if r.state == "waiting" else "",
                "reason": r.reason,
            }
            for r in rows
        ],
        as_json,
        empty="Nothing has been sent yet.",
    )


@deliveries.command("retry")
@click.argument("numbers", type=int, nargs=-1, required=True)
@AS_JSON
def deliveries_retry(numbers: tuple[int, ...], as_json: bool) -> None:
    """Try failed or held deliveries again, now."""
    from bridge.store import deliveries as store
    from bridge.work.queue import wake_deliveries

    with _bridge() as bridge, bridge.engine.begin() as connection:
        ids = store.retry(connection, numbers, bridge.now())
        wake_deliveries(connection, ids)
    if as_json:
        _print({"retried": ids})
    else:
        click.echo(f"{len(ids)} of {len(numbers)} will be tried again")
    sys.exit(0 if len(ids) == len(numbers) else 1)


@main.group()
def teams() -> None:
    """Who is responsible, and where they hear of alerts."""


@teams.command("list")
@AS_JSON
def teams_list(as_json: bool) -> None:
    """All teams."""
    import msgspec

    from bridge.store import teams as store

    with _bridge() as bridge, bridge.engine.begin() as connection:
        found = store.all_teams(connection)
    if as_json:
        _print([msgspec.to_builtins(team) | {"name": team.name} for team in found])
        return
    _table(
        [
            {
                "team": t.name,
                "parent": t.parent,
                "slack": t.slack_channel,
                "manager": t.manager,
                "calendar": t.calendar,
                "groups": ", ".join(t.groups),
            }
            for t in found
        ],
        as_json,
        empty="No team yet: `bridge teams import config/teams.toml`.",
    )


@teams.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--prune", is_flag=True, help="Delete teams that are not in the file.")
def teams_import(path: Path, dry_run: bool, prune: bool) -> None:
    """Bring teams from a TOML file into the database."""
    from bridge.store import teams as store
    from bridge.teamfile import read

    wanted = read(path)
    with _bridge() as bridge, bridge.engine.begin() as connection:
        before = {team.name: team for team in store.all_teams(connection)}
        changed = [team for team in wanted if before.get(team.name) != team]
        gone = sorted(set(before) - {t.name for t in wanted}) if prune else []
        for team in changed:
            click.echo(("change " if team.name in before else "add    ") + team.name)
        for name in gone:
            click.echo(f"delete {name}")
        if not dry_run:
            store.remove(connection, gone)
            store.save(connection, changed)
    click.echo(
        "nothing to change"
        if not changed and not gone
        else "dry run: nothing was written"
        if dry_run
        else "done"
    )


@teams.command("export")
def teams_export() -> None:
    """Print all teams as a file that `import` takes."""
    from bridge.store import teams as store
    from bridge.teamfile import write

    with _bridge() as bridge, bridge.engine.begin() as connection:
        click.echo(write(store.all_teams(connection)), nl=False)


@main.group()
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

    with _database() as url:
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


# --- trying it out


@main.command()
@click.option("--seed", default=1, show_default=True)
@click.option("--once", is_flag=True, help="End when the day is over.")
@AS_JSON
def demo(seed: int, once: bool, as_json: bool) -> None:
    """A working day in under a minute, on stand-ins for Zendesk and Slack. Needs nothing else."""
    from bridge.simulate.run import run as simulate_run

    sys.exit(simulate_run("day", seed, pages=not once, as_json=as_json))


@main.command()
@click.argument("scenario", type=click.Choice(["day"]))
@click.option("--seed", default=1, show_default=True)
@AS_JSON
def simulate(scenario: str, seed: int, as_json: bool) -> None:
    """Run a scripted scenario in simulated time, and compare what came of it with what was planned."""
    from bridge.simulate.run import run as simulate_run

    sys.exit(simulate_run(scenario, seed, pages=False, as_json=as_json))


@main.command()
@click.argument("what", type=click.Choice(["ingest", "drain", "judge", "latency", "all"]))
@click.option("--keep", type=click.Path(path_type=Path), help="Also write results to this folder.")
@AS_JSON
def bench(what: str, keep: Path | None, as_json: bool) -> None:
    """Measure ourselves, on this machine."""
    from benchmarks.run import run as measure

    sys.exit(measure(what, keep=keep, as_json=as_json))


# --- shared


@contextmanager
def _database() -> Iterator[str]:
    """DATABASE_URL, or the embedded database for as long as it is needed."""
    from bridge.settings import database_url

    if url := database_url(os.environ):
        yield url
        return
    from bridge.embedded import embedded_postgres

    with embedded_postgres() as url:
        yield url


def _need_database() -> None:
    from bridge.settings import database_url

    if not database_url(os.environ):
        raise click.ClickException(
            "DATABASE_URL is not set. `bridge run` starts the embedded database for its processes;"
            " a process started alone needs DATABASE_URL"
        )


@contextmanager
def _bridge() -> Iterator[Bridge]:
    from sqlalchemy.exc import OperationalError

    from bridge.settings import load
    from bridge.store import pending
    from bridge.work.bridge import Bridge as Made

    settings = load(os.environ)
    with _database() as url:
        made = Made(settings, url)
        try:
            with made.engine.connect() as connection:
                if pending(connection):
                    raise click.ClickException("the tables are not up to date: `bridge migrate`")
            yield made
        except OperationalError as error:
            raise click.ClickException(
                f"the database does not answer ({type(error.orig).__name__}): look at DATABASE_URL"
            ) from error
        finally:
            made.close()


def _print(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


def _table(rows: list[dict[str, Any]], as_json: bool, empty: str) -> None:
    if as_json:
        _print(rows)
        return
    if not rows:
        click.echo(empty, err=True)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
