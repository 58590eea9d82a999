"""`bridge teams …`: who is responsible."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli.shared import AS_JSON, opened, printed, table


@click.group()
def teams() -> None:
    """Who is responsible, and where they hear of alerts."""


@teams.command("list")
@AS_JSON
def teams_list(as_json: bool) -> None:
    """All teams."""
    import msgspec

    from bridge.store import teams as store

    with opened() as bridge, bridge.engine.begin() as connection:
        found = store.all_teams(connection)
    if as_json:
        printed([msgspec.to_builtins(team) | {"name": team.name} for team in found])
        return
    table(
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
    with opened() as bridge, bridge.engine.begin() as connection:
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

    with opened() as bridge, bridge.engine.begin() as connection:
        click.echo(write(store.all_teams(connection)), nl=False)
