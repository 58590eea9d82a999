"""`bridge keys …`: keys of programs that use the API."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.shared import AS_JSON, VIA, login, opened, printed, table

if TYPE_CHECKING:
    from bridge.store.keys import Key

ROLES = ("viewer", "manager", "admin")
SCOPES = (
    "alerts:read",
    "alerts:write",
    "teams:read",
    "teams:write",
    "deliveries:read",
    "deliveries:write",
    "sources:read",
    "metrics:read",
)


@click.group()
def keys() -> None:
    """Keys of programs that use the API."""


@keys.command("create")
@click.argument("name")
@click.option(
    "--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What it may do."
)
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    required=True,
    help="What it may be used for.",
)
@click.option("--team", "teams", multiple=True, help='A team whose alerts it sees; "*" for all.')
@click.option(
    "--days",
    type=click.IntRange(0, 3650),
    default=90,
    show_default=True,
    help="How long it is good for; 0 for until it is revoked.",
)
@AS_JSON
def keys_create(
    name: str,
    *,
    role: str,
    scopes: tuple[str, ...],
    teams: tuple[str, ...],
    days: int,
    as_json: bool,
) -> None:
    """Make a key for the program NAME, and print it: it is told this once."""
    from bridge.domain.viewing import EVERY, Role
    from bridge.store import audit
    from bridge.store import keys as store

    chosen = Role(role)
    if chosen is not Role.ADMIN and not teams:
        raise click.BadParameter('name a team, or "*" for all', param_hint="--team")
    with opened() as bridge, bridge.engine.begin() as connection:
        known = {team.name for team in bridge.teams(connection)}
        for team in teams:
            if team != EVERY and team not in known:
                raise click.BadParameter(
                    f"no team is called {team!r}: `bridge teams list`", param_hint="--team"
                )
        key, token = store.create(
            connection,
            name,
            bridge.now(),
            role=chosen,
            scopes=[store.Scope(scope) for scope in scopes],
            teams=teams,
            by=login(),
            lasts=timedelta(days=days) if days else None,
        )
        _note(audit.write, connection, bridge.now(), "key added", key, after=store.told(key))
    if as_json:
        printed({**_record(key), "key": token})
        return
    click.echo(token)
    click.echo(f"Key {key.id} for {name}. It can't be shown again.", err=True)


@keys.command("list")
@AS_JSON
def keys_list(as_json: bool) -> None:
    """All keys, the newest first, with their first letters, what they may, and when they were last used."""
    from bridge.store import keys as store

    with opened() as bridge, bridge.engine.begin() as connection:
        found, now = store.listing(connection), bridge.now()
    if as_json:
        printed([{**_record(key), "state": key.state(now)} for key in found])
        return
    table(
        [
            {
                "id": key.id,
                "name": key.name,
                "key": f"{key.hint}…",
                "role": key.role.value,
                "scopes": " ".join(scope.value for scope in key.scopes),
                "teams": ", ".join(key.teams),
                "state": key.state(now),
                "expires": f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never",
                "used": f"{key.used_at:%Y-%m-%d %H:%M} UTC" if key.used_at else "never",
            }
            for key in found
        ],
        as_json,
        empty="No key yet: `bridge keys create NAME --scope alerts:read --team '*'`.",
    )


@keys.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@AS_JSON
def keys_revoke(number: int, *, as_json: bool) -> None:
    """Let a key be good no more, by its number."""
    from bridge.store import audit
    from bridge.store import keys as store

    with opened() as bridge, bridge.engine.begin() as connection:
        key = store.revoke(connection, number, bridge.now())
        if key is None:
            raise click.ClickException(f"no key {number} that is not revoked: `bridge keys list`")
        _note(audit.write, connection, bridge.now(), "key revoked", key, before=store.told(key))
    if as_json:
        printed({"revoked": number})
    else:
        click.echo(f"{key.name} ({key.hint}…) gets no answers any more")


def _note(write: Any, connection: Any, now: Any, what: str, key: Key, **changes: Any) -> None:
    write(
        connection,
        now,
        who=login(),
        via=VIA,
        what=what,
        object=f"key:{key.name}",
        **changes,
    )


def _record(key: Key) -> dict[str, Any]:
    """For programs."""
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "role": key.role.value,
        "scopes": [scope.value for scope in key.scopes],
        "teams": list(key.teams),
        "by": key.by,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "used_at": key.used_at,
        "revoked_at": key.revoked_at,
    }
