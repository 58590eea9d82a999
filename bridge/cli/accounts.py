"""`bridge accounts …`: which customers there are, what is theirs, and who looks after them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.shared import AS_JSON, VIA, login, opened, printed, table

if TYPE_CHECKING:
    from bridge.accountchanges import Planned
    from bridge.domain.accounts import Stored


@click.group()
def accounts() -> None:
    """Customers' accounts: what belongs to each, how it ranks, who looks after it."""


@accounts.command("list")
@click.option("--search", default="", help="Only those whose key or name has this in it.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@AS_JSON
def accounts_list(search: str, limit: int, as_json: bool) -> None:
    """All accounts, by key."""
    from bridge.store import accounts as store

    with opened() as bridge, bridge.engine.begin() as connection:
        found = store.page(connection, search=search, limit=limit)
    rows = [_record(one) if as_json else _row(one) for one in found]
    empty = "No account is called so." if search else "No accounts yet: `bridge accounts import`."
    table(rows, as_json, empty=empty)


@accounts.command()
@click.argument("key")
@AS_JSON
def show(key: str, as_json: bool) -> None:
    """One account, with the figures that are known of it."""
    from bridge.domain.metrics import amount, called, parted
    from bridge.store import accounts as store
    from bridge.store import tickets

    with opened() as bridge, bridge.engine.begin() as connection:
        found = store.one(connection, key)
        if found is None:
            raise click.BadParameter(
                "no account is called so; `bridge accounts list` shows all", param_hint="KEY"
            )
        state = tickets.find(connection, found.account.subject)
    measures = state.measures if state else {}
    newest = {name: all_[-1] for name, all_ in measures.items() if all_ and not parted(name)}
    if as_json:
        figures = {
            name: {"value": one.value, "at": one.at.isoformat()} for name, one in newest.items()
        }
        printed(_record(found) | {"figures": figures})
        return
    for name, value in _row(found).items():
        click.echo(f"{name:<14} {value}")
    for name, one in newest.items():
        click.echo(f"{called(name)}: {amount(name, one.value)} ({one.at:%Y-%m-%d})")


@accounts.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@AS_JSON
def accounts_import(path: Path, dry_run: bool, as_json: bool) -> None:
    """Bring accounts from a CSV, TOML or JSON file into the database.

    What the file doesn't name stays as it is, a column that isn't there as well; an account goes only where its
    `deleted` says so. Nothing is written if anything is wrong.
    """
    from bridge.accountchanges import carry_out, planned
    from bridge.accountfile import form_of, read
    from bridge.domain.model import ConfigError
    from bridge.teamfile import text_of

    try:
        changes = read(text_of(path), form_of(path))
        with opened() as bridge, bridge.engine.begin() as connection:
            plan = planned(connection, changes)
            if not dry_run:
                now = bridge.now()
                carry_out(connection, changes, plan.state, now, who=login(), via=VIA)
    except ConfigError as error:
        raise click.ClickException(f"{path}: {error}; nothing was written") from error
    if as_json:
        told = [
            {
                "key": one.key,
                "verb": one.verb,
                "fields": {name: {"before": a, "after": b} for name, (a, b) in one.fields.items()},
            }
            for one in plan.changes
        ]
        printed({"written": not dry_run, "changes": told})
        return
    for one in plan.changes:
        click.echo("\n".join(_lines(one)))
    done = "dry run: nothing was written" if dry_run else "done"
    click.echo(done if plan.changes else "nothing to change")


def _lines(one: Planned) -> Iterator[str]:
    yield f"{one.verb:<8} {one.key}"
    for name, (before, after) in one.fields.items() if one.verb == "changed" else ():
        yield f"         {name}: {before or '(empty)'} -> {after or '(empty)'}"


def _row(one: Stored) -> dict[str, object]:
    """For people."""
    account = one.account
    return {
        "key": account.key,
        "name": account.name,
        "tier": account.tier,
        "team": account.team,
        "owner": str(account.owner),
        "stakeholders": ", ".join(map(str, account.stakeholders)),
        "domains": ", ".join(account.domains),
        "organisations": ", ".join(account.organisations),
    }


def _record(one: Stored) -> dict[str, object]:
    """For programs: as `POST /hooks/accounts` takes it."""
    import msgspec

    account = one.account
    people = [{"role": each.role, **msgspec.to_builtins(each.who)} for each in account.stakeholders]
    return {
        **_row(one),
        "owner": msgspec.to_builtins(account.owner) or None,
        "stakeholders": people,
        "domains": list(account.domains),
        "organisations": list(account.organisations),
        "updated_at": one.updated_at.isoformat(),
    }
