"""`bridge teams …`: who is responsible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.shared import AS_JSON, VIA, login, opened, printed, table

if TYPE_CHECKING:
    from bridge.domain.people import Roster
    from bridge.settings import Settings
    from bridge.teamchanges import Change
    from bridge.teamcheck import Mistakes
    from bridge.teamfile import Contents


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
@click.option("--prune", is_flag=True, help="Delete what is not in the file.")
@AS_JSON
def teams_import(path: Path, dry_run: bool, prune: bool, as_json: bool) -> None:
    """Bring teams, people and absences from a TOML file into the database; or teams, or people, from a CSV file.

    Dates and times without a zone of their own are local to the default calendar. Nothing is written if anything in a
    CSV file is wrong: each mistake is told with its line and column.
    """
    from bridge.store import people
    from bridge.teamchanges import carry_out, planned
    from bridge.teamcheck import Mistakes, complaints
    from bridge.work.policy import notice_change

    with opened() as bridge:
        with bridge.engine.begin() as connection:
            try:
                wanted = _wanted(path, bridge.settings, people.roster(connection), prune=prune)
            except Mistakes as error:
                raise _told(error, path, as_json=as_json) from error
            plan = planned(connection, wanted, bridge.now(), prune=prune)
            if not dry_run:
                carry_out(connection, plan, bridge.now(), who=login(), via=VIA)
            found = [] if dry_run else complaints(bridge.settings, people.roster(connection))
        if plan.changes and not dry_run:
            notice_change(bridge)
    if as_json:
        printed(
            {
                "written": not dry_run,
                "changes": [_record(change) for change in plan.changes],
                "complaints": [{"what": one.what, "fix": one.fix} for one in found],
            }
        )
        return
    for change in plan.changes:
        click.echo("\n".join(_lines(change)))
    for one in found:
        click.echo(f"{one.what}: {one.fix}", err=True)
    done = "dry run: nothing was written" if dry_run else "done"
    click.echo(done if plan.changes else "nothing to change")


@teams.command("export")
@click.option(
    "--format", "form", type=click.Choice(["toml", "csv"]), default="toml", show_default=True
)
@click.option("--people", "of_people", is_flag=True, help="With csv: people in place of teams.")
def teams_export(form: str, of_people: bool) -> None:
    """Print teams, people and absences, but those that are over, as a file that `import` takes.

    A CSV file holds teams alone, or people alone.
    """
    from bridge.store import people
    from bridge.teamcsv import write_people, write_teams
    from bridge.teamfile import write

    if of_people and form != "csv":
        raise click.UsageError("--people is for --format csv: TOML has people beside the teams")
    with opened() as bridge, bridge.engine.begin() as connection:
        roster = people.roster(connection, since=bridge.now())
    if form == "csv":
        text = write_people(roster.members) if of_people else write_teams(roster.teams)
    else:
        text = write(roster.teams, roster.members, roster.known_absences())
    click.echo(text, nl=False)


def _wanted(path: Path, settings: Settings, roster: Roster, *, prune: bool) -> Contents:
    """What a file holds, by what it is called. Raises ConfigError; Mistakes for a table."""
    from bridge.teamcsv import read
    from bridge.teamfile import read_all, text_of

    if path.suffix.lower() == ".csv":
        return read(text_of(path), settings, roster, prune=prune)
    return read_all(path, lambda: settings.hours.zone)


def _told(error: Mistakes, path: Path, *, as_json: bool) -> click.ClickException:
    """All that is wrong, for whom it is told."""
    if as_json:
        wrong = [{"line": one.line, "field": one.field, "why": one.words()} for one in error.found]
        printed({"written": False, "mistakes": wrong})
    many = len(error.found)
    told = "" if as_json else f"\n{error}"
    return click.ClickException(
        f"{path}: {many} mistake{'' if many == 1 else 's'}, nothing was written{told}"
    )


def _lines(change: Change) -> Iterator[str]:
    """What is said of a change: a line, and one for each field that is other than before."""
    kind = {"team": "", "person": "person ", "absence": "absence of "}[change.kind]
    verb = {"added": "add    ", "changed": "change ", "removed": "delete "}[change.verb]
    yield f"{verb}{kind}{change.name}"
    if change.verb == "changed":
        for name, (before, after) in change.fields.items():
            yield f"         {name}: {_shown(before)} -> {_shown(after)}"


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return repr(" ".join(value) if isinstance(value, tuple) else value)


def _record(change: Change) -> dict[str, object]:
    fields = change.fields if change.verb == "changed" else {}
    return {
        "kind": change.kind,
        "name": change.name,
        "verb": change.verb,
        "fields": {name: {"before": a, "after": b} for name, (a, b) in fields.items()},
    }
