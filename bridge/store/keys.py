"""Keys of programs: what each may ask for, how often, and what was answered to actions that may be repeated.

A key is `ab_` and 43 letters, told once. It is kept as its SHA-256 alone: of 256 random bits nothing can be guessed,
so that no slower hash is needed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from secrets import token_urlsafe

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select, text, update

from bridge.domain.viewing import Role
from bridge.store.schema import api_keys, idempotency

BEGINS = "ab_"
HINT = 8
"""So many of its first letters are shown, to tell keys apart."""

USED_EVERY = timedelta(minutes=1)
"""How exactly it is kept when a key was last used."""

KEPT = timedelta(days=1)
"""How long the answer to an action with an Idempotency-Key is kept."""

GIVEN_UP = timedelta(minutes=1)
"""An action under way for so long was cut off, and may be tried again."""


class Scope(Enum):
    """What a key may be used for, besides what its role allows."""

    ALERTS_READ = "alerts:read"
    ALERTS_WRITE = "alerts:write"
    TEAMS_READ = "teams:read"
    TEAMS_WRITE = "teams:write"
    DELIVERIES_READ = "deliveries:read"
    DELIVERIES_WRITE = "deliveries:write"
    SOURCES_READ = "sources:read"
    METRICS_READ = "metrics:read"


class Key(Struct, frozen=True, kw_only=True):
    """A key as it is kept. `teams` are those whose alerts it sees, with all below; "*" for all."""

    id: int
    name: str
    hint: str
    role: Role
    scopes: tuple[Scope, ...]
    teams: tuple[str, ...]
    by: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None

    def state(self, now: datetime) -> str:
        """ "good", "expired" or "revoked"."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "good"


_COLUMNS = [column for column in api_keys.c if column.name != "digest"]


def create(
    connection: Connection,
    name: str,
    now: datetime,
    *,
    role: Role,
    scopes: Collection[Scope],
    teams: Collection[str] = (),
    by: str = "",
    lasts: timedelta | None = None,
) -> tuple[Key, str]:
    """Make a key; the second is the key itself, which can't be told again. Without `lasts` it is good until revoked."""
    token = BEGINS + token_urlsafe(32)
    query = (
        insert(api_keys)
        .values(
            name=name,
            digest=digest(token),
            hint=token[:HINT],
            role=role.value,
            scopes=sorted(scope.value for scope in scopes),
            teams=sorted(set(teams)),
            by=by,
            created_at=now,
            expires_at=now + lasts if lasts else None,
        )
        .returning(*_COLUMNS)
    )
    return _key(connection.execute(query).mappings().one()), token


def listing(
    connection: Connection, *, before: int | None = None, limit: int | None = None
) -> list[Key]:
    """Keys, the newest first, those that are good no more included; those older than number `before`."""
    query = select(*_COLUMNS).order_by(api_keys.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(api_keys.c.id < before)
    return [_key(row) for row in connection.execute(query).mappings()]


def find(connection: Connection, number: int) -> Key | None:
    """One of them."""
    row = connection.execute(select(*_COLUMNS).where(api_keys.c.id == number)).mappings().first()
    return _key(row) if row else None


def used(connection: Connection, token: str, now: datetime) -> Key | None:
    """The key that this is, if it is still good; that it was used is kept."""
    query = select(*_COLUMNS).where(api_keys.c.digest == digest(token))
    row = connection.execute(query).mappings().first()
    key = _key(row) if row else None
    if key is None or key.state(now) != "good":
        return None
    if key.used_at is None or now - key.used_at >= USED_EVERY:
        connection.execute(update(api_keys).where(api_keys.c.id == key.id).values(used_at=now))
    return key


def revoke(connection: Connection, number: int, now: datetime) -> Key | None:
    """Let a key be good no more; what it was before, None if there is none that could be revoked."""
    before = find(connection, number)
    query = update(api_keys).where(api_keys.c.id == number, api_keys.c.revoked_at.is_(None))
    changed = connection.execute(query.values(revoked_at=now)).rowcount
    return before if changed else None


def digest(token: str) -> str:
    """What is kept of a key."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _key(row: object) -> Key:
    values = dict(row)  # type: ignore[call-overload]
    known = {scope.value: scope for scope in Scope}
    return Key(
        **{
            **values,
            "role": Role(values["role"]),
            "scopes": tuple(known[name] for name in values["scopes"] if name in known),
            "teams": tuple(values["teams"]),
        }
    )


# --- how often


class Spent(Struct, frozen=True):
    """What is left after one more request, or that it was one too many; `wait` is until there is one again."""

    allowed: bool
    left: int
    wait: timedelta


_SPEND = text(
    """
    INSERT INTO api_rates AS r (api_key, tokens, filled_at) VALUES (:key, :many - 1.0, :now)
    ON CONFLICT (api_key) DO UPDATE SET
        filled_at = GREATEST(r.filled_at, :now),
        refused = {there} < 1,
        tokens = CASE WHEN {there} < 1 THEN {there} ELSE {there} - 1 END
    RETURNING tokens, refused
""".replace(
        "{there}",
        """
    LEAST(:many, r.tokens + GREATEST(EXTRACT(EPOCH FROM :now - r.filled_at)::float8, 0) * :many / 60.0)
""",
    )
)


def spend(connection: Connection, key: int, many: int, now: datetime) -> Spent:
    """Count one request of a key against `many` a minute: a bucket that is filled again all the time."""
    row = connection.execute(_SPEND, {"key": key, "many": float(many), "now": now}).one()
    missing = max(1 - row.tokens, 0.0) if row.refused else 0.0
    return Spent(not row.refused, int(row.tokens), timedelta(seconds=missing * 60 / many))


# --- what was answered


class Repeat(Struct, frozen=True):
    """What is known of an action by its Idempotency-Key; `status` None while it is under way."""

    request: str
    status: int | None
    body: bytes


_BEGIN = text("""
    INSERT INTO idempotency AS i (api_key, key, request, at) VALUES (:api_key, :key, :request, :now)
    ON CONFLICT (api_key, key) DO UPDATE SET request = :request, status = NULL, body = NULL, at = :now
    WHERE i.at <= :forgotten OR (i.status IS NULL AND i.at <= :given_up AND i.request = :request)
    RETURNING 1
""")


def begin(
    connection: Connection, api_key: int, key: str, request: str, now: datetime
) -> Repeat | None:
    """Begin an action that `key` stands for: None for the first, who does it; else what is known of it.

    `request` tells whether two are the same.
    """
    values = {
        "api_key": api_key,
        "key": key,
        "request": request,
        "now": now,
        "forgotten": now - KEPT,
        "given_up": now - GIVEN_UP,
    }
    if connection.execute(_BEGIN, values).first():
        return None
    query = select(idempotency).where(idempotency.c.api_key == api_key, idempotency.c.key == key)
    row = connection.execute(query).one()
    return Repeat(row.request, row.status, row.body or b"")


def answered(connection: Connection, api_key: int, key: str, status: int, body: bytes) -> None:
    """Keep what an action was answered."""
    connection.execute(
        update(idempotency)
        .where(idempotency.c.api_key == api_key, idempotency.c.key == key)
        .values(status=status, body=body)
    )


def undo(connection: Connection, api_key: int, key: str) -> None:
    """An action came to nothing: it may be tried again under the same key."""
    connection.execute(
        delete(idempotency).where(idempotency.c.api_key == api_key, idempotency.c.key == key)
    )


def forget(connection: Connection, now: datetime) -> int:
    """Delete answers that are older than they are kept; how many there were."""
    return connection.execute(delete(idempotency).where(idempotency.c.at <= now - KEPT)).rowcount


def told(key: Key) -> dict[str, object]:
    """A key as the audit log keeps it."""
    return {
        "name": key.name,
        "hint": key.hint,
        "role": key.role.value,
        "scopes": [scope.value for scope in key.scopes],
        "teams": list(key.teams),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }
