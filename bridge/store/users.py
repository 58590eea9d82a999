"""Who may sign in, who is signed in, and one-time links. Tokens are kept as their SHA-256 alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql import ColumnElement

from bridge.domain.model import BridgeError
from bridge.domain.viewing import Role
from bridge.store.schema import login_links, login_tries, sessions, users

SEEN_EVERY = timedelta(minutes=5)
"""How exactly it is kept when somebody was last there."""


MOST = 50
"""How many of them stand on a page."""


class LastAdmin(BridgeError):
    """Without this admin there would be none."""


class User(Struct, frozen=True, kw_only=True):
    """Somebody who may sign in; `teams` are those they see besides the ones that they manage, "*" for all."""

    id: int
    email: str
    name: str
    role: Role
    teams: tuple[str, ...]
    disabled: bool
    created_at: datetime
    seen_at: datetime | None


class Session(Struct, frozen=True, kw_only=True):
    """A browser in which somebody is signed in."""

    digest: str
    user: int
    via: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    browser: str


def told(user: User) -> dict[str, object]:
    """What stands in the audit log of somebody."""
    return {
        "name": user.name,
        "role": user.role.value,
        "teams": list(user.teams),
        "disabled": user.disabled,
    }


def listing(connection: Connection) -> list[User]:
    """Everybody, by e-mail address."""
    rows = connection.execute(select(users).order_by(users.c.email)).mappings()
    return [_user(row) for row in rows]


def page(
    connection: Connection, *, after: str = "", text: str = "", limit: int = MOST
) -> tuple[list[User], str]:
    """Those after an address, in the order of addresses, by name or address; and where the next page begins.

    The second is "" on the last page.
    """
    query = select(users).where(users.c.email > after).order_by(users.c.email).limit(limit + 1)
    if words := text.strip():
        columns = (users.c.email, users.c.name)
        query = query.where(or_(*(c.icontains(words, autoescape=True) for c in columns)))
    found = [_user(row) for row in connection.execute(query).mappings()]
    return found[:limit], found[limit - 1].email if len(found) > limit else ""


def find(connection: Connection, number: int) -> User | None:
    """One of them."""
    row = connection.execute(select(users).where(users.c.id == number)).mappings().first()
    return _user(row) if row else None


def by_email(connection: Connection, email: str) -> User | None:
    """Who has this address, in any case."""
    query = select(users).where(users.c.email == email.strip().lower())
    row = connection.execute(query).mappings().first()
    return _user(row) if row else None


def save(
    connection: Connection,
    email: str,
    role: Role,
    now: datetime,
    *,
    name: str = "",
    teams: Sequence[str] = (),
    disabled: bool = False,
) -> User:
    """Add somebody, or change what is known by this address."""
    values = {
        "name": name,
        "role": role.value,
        "teams": sorted(set(teams)),
        "disabled": disabled,
    }
    query = upsert(users).values(email=email.strip().lower(), created_at=now, **values)
    row = connection.execute(
        query.on_conflict_do_update(index_elements=["email"], set_=values).returning(users)
    ).mappings()
    return _user(row.one())


def change(
    connection: Connection,
    number: int,
    *,
    name: str,
    role: Role,
    teams: Sequence[str],
    disabled: bool = False,
) -> User | None:
    """Let somebody be otherwise; as they are now. Who is disabled is signed out at once. None if they are gone.

    Raises LastAdmin where nobody could change anything any more.
    """
    values = {"name": name, "role": role.value, "teams": sorted(set(teams)), "disabled": disabled}
    if role is not Role.ADMIN or disabled:
        _keep_an_admin(connection, number)
    query = update(users).where(users.c.id == number).values(**values).returning(users)
    row = connection.execute(query).mappings().first()
    if disabled:
        end_all(connection, number)
    return _user(row) if row else None


def _keep_an_admin(connection: Connection, number: int) -> None:
    """Admins are locked, so that two can't take each other's place at one moment."""
    query = (
        select(users.c.id)
        .where(users.c.role == Role.ADMIN.value, ~users.c.disabled)
        .order_by(users.c.id)
        .with_for_update()
    )
    if list(connection.execute(query).scalars()) == [number]:
        raise LastAdmin("they are the last admin: make somebody else one first")


def remove(connection: Connection, number: int) -> None:
    """Delete somebody, with all their sessions and links.

    Raises LastAdmin where nobody could change anything any more.
    """
    _keep_an_admin(connection, number)
    connection.execute(delete(users).where(users.c.id == number))


# --- sessions


def digest(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode()).hexdigest()


def begin(
    connection: Connection,
    user: int,
    now: datetime,
    lasts: timedelta,
    *,
    via: str,
    browser: str = "",
) -> str:
    """Sign somebody in; the token for their cookie, which is told once and kept nowhere."""
    token = token_urlsafe(32)
    connection.execute(
        insert(sessions).values(
            digest=digest(token),
            user=user,
            via=via,
            created_at=now,
            seen_at=now,
            ends_at=now + lasts,
            browser=browser[:200],
        )
    )
    connection.execute(update(users).where(users.c.id == user).values(seen_at=now))
    return token


def signed_in(connection: Connection, token: str, now: datetime, idle: timedelta) -> User | None:
    """Whose token it is, if it is still good and they may still sign in.

    It isn't any more when it has ended, or has not been seen for as long as `idle`.
    """
    query = (
        select(users, sessions.c.seen_at.label("here_at"))
        .join(sessions, sessions.c.user == users.c.id)
        .where(sessions.c.digest == digest(token), *_alive(now, idle), ~users.c.disabled)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    if now - row["here_at"] >= SEEN_EVERY:
        connection.execute(
            update(sessions).where(sessions.c.digest == digest(token)).values(seen_at=now)
        )
        connection.execute(update(users).where(users.c.id == row["id"]).values(seen_at=now))
    return _user({key: value for key, value in row.items() if key != "here_at"})


def _alive(now: datetime, idle: timedelta) -> tuple[ColumnElement[bool], ...]:
    return (sessions.c.ends_at > now, sessions.c.seen_at > now - idle)


def sessions_of(
    connection: Connection, user: int, now: datetime, idle: timedelta, limit: int = MOST
) -> list[Session]:
    """Where somebody is signed in: those that were seen last, first."""
    query = (
        select(sessions)
        .where(sessions.c.user == user, *_alive(now, idle))
        .order_by(sessions.c.seen_at.desc(), sessions.c.created_at.desc())
        .limit(limit)
    )
    return [Session(**row) for row in connection.execute(query).mappings()]


def end(connection: Connection, token: str) -> None:
    """Sign out where this token is."""
    connection.execute(delete(sessions).where(sessions.c.digest == digest(token)))


def end_one(connection: Connection, user: int, known: str) -> bool:
    """Sign somebody out of one browser, by the digest of its token; whether they were signed in there."""
    gone = delete(sessions).where(sessions.c.digest == known, sessions.c.user == user)
    return connection.execute(gone).rowcount > 0


def end_all(connection: Connection, user: int) -> int:
    """Sign somebody out everywhere; in how many browsers they were signed in. Their links end, too."""
    connection.execute(delete(login_links).where(login_links.c.user == user))
    return connection.execute(delete(sessions).where(sessions.c.user == user)).rowcount


# --- one-time links


def make_link(connection: Connection, user: int, now: datetime, lasts: timedelta) -> str:
    """The token of a link that signs somebody in once."""
    token = token_urlsafe(32)
    connection.execute(
        insert(login_links).values(digest=digest(token), user=user, ends_at=now + lasts)
    )
    return token


def use_link(connection: Connection, token: str, now: datetime) -> User | None:
    """Who a link is for, if it is still good: it is not any more. None for any other."""
    gone = (
        delete(login_links)
        .where(login_links.c.digest == digest(token))
        .returning(login_links.c.user, login_links.c.ends_at)
    )
    row = connection.execute(gone).first()
    if row is None or row.ends_at <= now:
        return None
    user = find(connection, row.user)
    return user if user and not user.disabled else None


# --- failed attempts


def failed(connection: Connection, key: str, now: datetime) -> None:
    """An attempt to sign in failed; `key` says from where."""
    connection.execute(insert(login_tries).values(key=key, at=now))


def pause(
    connection: Connection, key: str, now: datetime, most: int, per: timedelta
) -> timedelta | None:
    """How long to wait, after as many failed attempts as are let through within a time; None for not at all."""
    query = (
        select(login_tries.c.at)
        .where(login_tries.c.key == key, login_tries.c.at > now - per)
        .order_by(login_tries.c.at.desc())
        .offset(most - 1)
        .limit(1)
    )
    first = connection.execute(query).scalar()
    return None if first is None else first + per - now


def tidy(connection: Connection, now: datetime, tries: timedelta) -> None:
    """Delete sessions and links that have ended, and failed attempts that are so old."""
    connection.execute(delete(sessions).where(sessions.c.ends_at <= now))
    connection.execute(delete(login_links).where(login_links.c.ends_at <= now))
    connection.execute(delete(login_tries).where(login_tries.c.at <= now - tries))


def _user(row: object) -> User:
    values = dict(row)  # type: ignore[call-overload]
    return User(**{**values, "role": Role(values["role"]), "teams": tuple(values["teams"])})
