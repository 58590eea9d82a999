"""`bridge teams …`: who is responsible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import click

from bridge.cli.shared import AS_JSON, opened, printed, table

if TYPE_CHECKING:
    from bridge.domain.people import Absence

T = TypeVar("T")


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
def teams_import(path: Path, dry_run: bool, prune: bool) -> None:
    """Bring teams, people and absences from a TOML file into the database.

    Dates and times without a zone of their own are local to the default calendar.
    """
    from bridge.store import people
    from bridge.store import teams as store
    from bridge.teamcheck import complaints
    from bridge.teamfile import read_all

    with opened() as bridge, bridge.engine.begin() as connection:
        wanted = read_all(path, lambda: bridge.settings.hours.zone)
        groups = _Changes("", store.all_teams(connection), wanted.teams, lambda one: one.name)
        members = _Changes(
            "person ", people.all_members(connection), wanted.members, lambda one: one.key
        )
        kept = people.all_absences(connection)
        absences = _Changes("absence of ", [one for _, one in kept], wanted.absences, _called)
        numbers = {_called(one): number for number, one in kept if one.ends_at > bridge.now()}
        absences.gone = [name for name in absences.gone if name in numbers]
        lines = [line for part in (groups, members, absences) for line in part.lines(prune=prune)]
        for line in lines:
            click.echo(line)
        if not dry_run:
            if prune:
                people.remove_absences(connection, [numbers[name] for name in absences.gone])
                people.remove_members(connection, members.gone)
                store.remove(connection, groups.gone)
            store.save(connection, groups.changed)
            people.save_members(connection, members.changed)
            people.save_absences(connection, absences.changed)
            for found in complaints(bridge.settings, people.roster(connection)):
                click.echo(f"{found.what}: {found.fix}", err=True)
    click.echo(
        "nothing to change" if not lines else "dry run: nothing was written" if dry_run else "done"
    )


@teams.command("export")
def teams_export() -> None:
    """Print teams, people and absences, but those that are over, as a file that `import` takes."""
    from bridge.store import people
    from bridge.teamfile import write

    with opened() as bridge, bridge.engine.begin() as connection:
        roster = people.roster(connection, since=bridge.now())
    click.echo(write(roster.teams, roster.members, roster.known_absences()), nl=False)


class _Changes(Generic[T]):
    """What of one kind a file adds and changes, and what it no longer has; `called` is what each is called by."""

    def __init__(
        self, kind: str, before: Iterable[T], wanted: Iterable[T], called: Callable[[T], str]
    ) -> None:
        there = {called(one): one for one in before}
        told = {called(one): one for one in wanted}
        self.kind = kind
        self.new = {name for name in told if name not in there}
        self.named = {name: one for name, one in told.items() if there.get(name) != one}
        self.gone = sorted(there.keys() - told.keys())

    @property
    def changed(self) -> Iterable[T]:
        return self.named.values()

    def lines(self, *, prune: bool) -> Iterator[str]:
        """What is said of it, a line each."""
        for name in self.named:
            yield ("add    " if name in self.new else "change ") + self.kind + name
        if prune:
            yield from (f"delete {self.kind}{name}" for name in self.gone)


def _called(absence: Absence) -> str:
    return f"{absence.member} from {absence.starts_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
