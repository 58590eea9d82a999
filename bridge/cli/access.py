"""`bridge login` and `bridge users …`: who may sign in to the pages, and links that let them in once."""

from __future__ import annotations

import getpass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.shared import AS_JSON, opened, printed, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bridge.domain.viewing import Role
    from bridge.store.users import User
    from bridge.work.bridge import Bridge

ROLES = ("viewer", "manager", "admin")
HERE = "http://localhost:8000"
"""Where `bridge run` listens, unless PUBLIC_URL says otherwise."""

_ROLE = click.option("--role", type=click.Choice(ROLES), help="What they may do.")
_TEAM = click.option("--team", "teams", multiple=True, help='A team they see; "*" for all.')
_NAME = click.option("--name", default=None, help="As colleagues call them.")


@click.command()
@click.argument("email")
@_ROLE
@_TEAM
@click.option(
    "--minutes",
    type=click.IntRange(1, 7 * 24 * 60),
    default=15,
    show_default=True,
    help="How long the link is good for.",
)
@AS_JSON
def login(
    email: str, *, role: str | None, teams: tuple[str, ...], minutes: int, as_json: bool
) -> None:
    """Print a link that signs EMAIL in once. Who is new is added, as a viewer unless --role says otherwise.

    The role and the teams of somebody who is known stay as they are, unless they are given here.
    """
    from bridge.domain.viewing import Role
    from bridge.store import users

    with opened() as bridge, bridge.engine.begin() as connection:
        _address(email)
        known = users.by_email(connection, email)
        if known is None:
            user = _add(
                bridge, connection, email, role=Role(role or Role.VIEWER.value), teams=teams
            )
        else:
            user = _changed(bridge, connection, known, role=role, teams=teams or None)
        if user.disabled:
            raise click.ClickException(
                f"{user.email} may not sign in: `bridge users change {user.email} --enable`"
            )
        now, lasts = bridge.now(), timedelta(minutes=minutes)
        token = users.make_link(connection, user.id, now, lasts)
        ends_at = now + lasts
        _note(bridge, connection, "login link made", user, after={"ends_at": ends_at.isoformat()})
        base = bridge.settings.public_url or HERE
        zone = bridge.settings.hours.zone
    link = f"{base}/sign-in/link/{token}"
    if as_json:
        printed({**_record(user), "link": link, "ends_at": ends_at.isoformat()})
        return
    click.echo(link)
    click.echo(
        f"Signs {user.email} ({user.role.value}) in once, until {ends_at.astimezone(zone):%d %b %Y %H:%M}.",
        err=True,
    )


@click.group()
def users() -> None:
    """Who may sign in to the pages, as what, and for which teams."""


@users.command("list")
@AS_JSON
def users_list(as_json: bool) -> None:
    """Everybody who may sign in."""
    from bridge.store import users as store

    with opened() as bridge, bridge.engine.begin() as connection:
        found = store.listing(connection)
        zone = bridge.settings.hours.zone
    rows = [_record(user) for user in found]
    if not as_json:
        for row, user in zip(rows, found, strict=True):
            row["teams"] = ", ".join(user.teams)
            row["disabled"] = "yes" if user.disabled else ""
            seen = user.seen_at
            row["seen_at"] = f"{seen.astimezone(zone):%d %b %Y %H:%M}" if seen else "never"
    table(rows, as_json, empty="Nobody yet: `bridge login you@example.com --role admin`.")


@users.command("add")
@click.argument("email")
@_ROLE
@_TEAM
@_NAME
@AS_JSON
def users_add(
    email: str, *, role: str | None, teams: tuple[str, ...], name: str | None, as_json: bool
) -> None:
    """List EMAIL, so that they may sign in; as a viewer unless --role says otherwise."""
    from bridge.domain.viewing import Role
    from bridge.store import users as store

    with opened() as bridge, bridge.engine.begin() as connection:
        _address(email)
        if store.by_email(connection, email):
            raise click.ClickException(f"{email} is listed already: `bridge users change`")
        chosen = Role(role or Role.VIEWER.value)
        user = _add(bridge, connection, email, role=chosen, teams=teams, name=name or "")
    _said(user, f"{user.email} may sign in as {user.role.value}", as_json=as_json)


@users.command("change")
@click.argument("email")
@_ROLE
@_TEAM
@click.option("--no-teams", is_flag=True, help="No teams but those they lead.")
@_NAME
@click.option("--disable", is_flag=True, help="They may not sign in for now, and are signed out.")
@click.option("--enable", is_flag=True, help="They may sign in again.")
@AS_JSON
def users_change(
    *,
    email: str,
    role: str | None,
    teams: tuple[str, ...],
    no_teams: bool,
    name: str | None,
    disable: bool,
    enable: bool,
    as_json: bool,
) -> None:
    """Change the role, the teams or the name of EMAIL. Teams given take the place of those before."""
    if disable and enable:
        raise click.UsageError("--disable or --enable, not both")
    if teams and no_teams:
        raise click.UsageError("--team or --no-teams, not both")
    with opened() as bridge, bridge.engine.begin() as connection:
        user = _changed(
            bridge,
            connection,
            _known(connection, email),
            role=role,
            teams=() if no_teams else teams or None,
            name=name,
            disabled=True if disable else False if enable else None,
        )
    state = "may not sign in" if user.disabled else f"may sign in as {user.role.value}"
    _said(user, f"{user.email} {state}", as_json=as_json)


@users.command("remove")
@click.argument("email")
@AS_JSON
def users_remove(email: str, as_json: bool) -> None:
    """Take EMAIL off the list, and sign them out."""
    from bridge.store import users as store

    with opened() as bridge, bridge.engine.begin() as connection:
        user = _known(connection, email)
        store.remove(connection, user.id)
        _note(bridge, connection, "user removed", user, before=store.told(user))
    _said(user, f"{user.email} can't sign in any more", as_json=as_json)


@users.command("sign-out")
@click.argument("email")
@AS_JSON
def users_sign_out(email: str, as_json: bool) -> None:
    """Sign EMAIL out everywhere; links that were made for them end, too."""
    from bridge.store import users as store

    with opened() as bridge, bridge.engine.begin() as connection:
        user = _known(connection, email)
        many = store.end_all(connection, user.id)
        _note(bridge, connection, "user signed out", user, before={"sessions": many})
    if as_json:
        printed({**_record(user), "sessions": many})
        return
    click.echo(f"{user.email} was signed in in {many} browsers, and isn't any more")


def _add(
    bridge: Bridge,
    connection: Connection,
    email: str,
    *,
    role: Role,
    teams: tuple[str, ...],
    name: str = "",
) -> User:
    from bridge.store import users as store

    _there(connection, teams)
    user = store.save(connection, email, role, bridge.now(), name=name, teams=teams)
    _note(bridge, connection, "user added", user, after=store.told(user))
    return user


def _changed(
    bridge: Bridge,
    connection: Connection,
    known: User,
    *,
    role: str | None = None,
    teams: tuple[str, ...] | None = None,
    name: str | None = None,
    disabled: bool | None = None,
) -> User:
    """Somebody who is known as they are from now on; what isn't given stays."""
    from bridge.domain.viewing import Role
    from bridge.store import users as store

    _there(connection, teams or ())
    user = store.change(
        connection,
        known.id,
        name=known.name if name is None else name,
        role=known.role if role is None else Role(role),
        teams=known.teams if teams is None else teams,
        disabled=known.disabled if disabled is None else disabled,
    )
    if user is None:
        raise click.ClickException(f"{known.email} is not listed any more")
    if user != known:
        before, after = store.told(known), store.told(user)
        _note(bridge, connection, "user changed", user, before=before, after=after)
    return user


def _known(connection: Connection, email: str) -> User:
    """Who has this address. Raises BadParameter with the nearest."""
    from difflib import get_close_matches

    from bridge.store import users as store

    if found := store.by_email(connection, email):
        return found
    known = [user.email for user in store.listing(connection)]
    close = get_close_matches(email.lower(), known, n=1, cutoff=0.6)
    way = f"did you mean {close[0]}?" if close else "`bridge users list` shows everybody"
    raise click.BadParameter(f"{email} is not listed; {way}", param_hint="EMAIL")


def _address(email: str) -> None:
    """Raises BadParameter for what is no e-mail address."""
    name, _, host = email.strip().partition("@")
    if not name or "." not in host.strip(".") or " " in email.strip() or "@" in host:
        raise click.BadParameter(
            f"{email!r} is no e-mail address: write it as name@example.com", param_hint="EMAIL"
        )


def _there(connection: Connection, names: tuple[str, ...]) -> None:
    """Raises BadParameter for a team that there is not, with the nearest."""
    from difflib import get_close_matches

    from bridge.domain.viewing import EVERY
    from bridge.store import teams as store

    known = {team.name for team in store.all_teams(connection)}
    for name in names:
        if name not in known and name != EVERY:
            close = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
            way = f"did you mean {close[0]!r}?" if close else "`bridge teams list` shows all"
            raise click.BadParameter(f"no team is called {name!r}; {way}", param_hint="--team")


def _note(bridge: Bridge, connection: Connection, what: str, user: User, **said: Any) -> None:
    from bridge.store import audit

    audit.write(
        connection,
        bridge.now(),
        who=getpass.getuser(),
        via="command line",
        what=what,
        object=f"user:{user.email}",
        **said,
    )


def _record(user: User) -> dict[str, Any]:
    """For programs: moments as ISO 8601 in UTC."""
    return {
        "email": user.email,
        "name": user.name,
        "role": user.role.value,
        "teams": list(user.teams),
        "disabled": user.disabled,
        "seen_at": user.seen_at.isoformat() if user.seen_at else None,
    }


def _said(user: User, words: str, *, as_json: bool) -> None:
    if as_json:
        printed(_record(user))
    else:
        click.echo(words)
