"""Customers' accounts, and what else is known of the customers of tickets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from bridge.domain.accounts import Account, Change, Stakeholder, Stored, claimed_twice
from bridge.domain.model import BridgeError, Member
from bridge.store.schema import accounts


class Clash(BridgeError):
    """Two accounts would call the same domain, or the same organisation, theirs."""


def apply(connection: Connection, changes: Sequence[Change], now: datetime) -> list[Account]:
    """Carry out changes, all or none; the accounts that are other than before. Raises Clash.

    What is left out of a change stays as it is, and an account that is not named as well.
    """
    lock(connection)
    known = found(connection, [change.key for change in changes])
    after = {change.key: change.applied(known.get(change.key)) for change in changes}
    changed = {key: one for key, one in after.items() if one != known.get(key)}
    gone = [key for key, one in changed.items() if one is None]
    kept = {key: one for key, one in changed.items() if one is not None}
    if trouble := claimed_twice({**_beside(connection, kept, gone), **kept}):
        raise Clash(trouble)
    connection.execute(delete(accounts).where(accounts.c.key.in_(gone)))
    for one in kept.values():
        values = {
            "key": one.key,
            "name": one.name,
            "tier": one.tier,
            "team": one.team,
            "owner": msgspec.to_builtins(one.owner),
            "stakeholders": msgspec.to_builtins(one.stakeholders),
            "domains": list(one.domains),
            "organisations": list(one.organisations),
            "updated_at": now,
        }
        query = insert(accounts).values(values)
        connection.execute(query.on_conflict_do_update(index_elements=["key"], set_=values))
    return [*kept.values(), *(known[key] for key in gone if key in known)]


def lock(connection: Connection) -> None:
    """Let nobody else change accounts until the transaction ends; all may read."""
    connection.execute(text("LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE"))


def _beside(
    connection: Connection, kept: Mapping[str, Account], gone: Collection[str]
) -> dict[str, Account]:
    """The other accounts that call theirs what these do."""
    domains = [one for account in kept.values() for one in account.domains]
    organisations = [one for account in kept.values() for one in account.organisations]
    if not domains and not organisations:
        return {}
    query = select(accounts).where(
        accounts.c.domains.overlap(domains) | accounts.c.organisations.overlap(organisations),
        accounts.c.key.not_in([*kept, *gone]),
    )
    return {row.key: _account(row) for row in connection.execute(query)}


def found(connection: Connection, keys: Collection[str]) -> dict[str, Account]:
    """The accounts of these keys, those that there are."""
    if not keys:
        return {}
    rows = connection.execute(select(accounts).where(accounts.c.key.in_(sorted(set(keys)))))
    return {row.key: _account(row) for row in rows}


def one(connection: Connection, key: str) -> Stored | None:
    """An account, and since when it stands so."""
    row = connection.execute(select(accounts).where(accounts.c.key == key)).first()
    return Stored(account=_account(row), updated_at=row.updated_at) if row else None


def page(
    connection: Connection, *, after: str = "", search: str = "", limit: int = 50
) -> list[Stored]:
    """Accounts by key, those that come after this one; with `search`, those whose key or name has it in it."""
    query = select(accounts).where(accounts.c.key > after).order_by(accounts.c.key).limit(limit)
    if search:
        like = f"%{_plain(search.lower())}%"
        named = func.lower(accounts.c.name).like(like, escape="\\")
        query = query.where(named | func.lower(accounts.c.key).like(like, escape="\\"))
    rows = connection.execute(query)
    return [Stored(account=_account(row), updated_at=row.updated_at) for row in rows]


def every(connection: Connection) -> list[Account]:
    """All accounts, by key."""
    return [_account(row) for row in connection.execute(select(accounts).order_by(accounts.c.key))]


def many(connection: Connection) -> int:
    """How many accounts there are."""
    return int(connection.execute(select(func.count()).select_from(accounts)).scalar_one())


def _plain(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _account(row: Row[tuple[object, ...]]) -> Account:
    return Account(
        key=row.key,
        name=row.name,
        tier=row.tier,
        team=row.team,
        owner=msgspec.convert(row.owner, Member),
        stakeholders=msgspec.convert(row.stakeholders, tuple[Stakeholder, ...]),
        domains=tuple(row.domains),
        organisations=tuple(row.organisations),
    )


# --- what else is known of tickets' customers


class Customer(Struct, frozen=True):
    """Who a ticket is of, as far as is known: the desk's own ids."""

    subject: str
    requester: str = ""
    organisation: str = ""


class Belongs(Struct, frozen=True):
    """The account that a ticket's customer belongs to."""

    subject: str
    account: str
    name: str
    tier: str


_ACCOUNTS_OF = text("""
    WITH asked AS (
        SELECT s, split_part(s, ':', 1) AS desk, r, lower(o) AS o
        FROM unnest(CAST(:subjects AS text[]), CAST(:requesters AS text[]), CAST(:organisations AS text[]))
             AS asked (s, r, o)),
    known AS (
        SELECT s, asked.desk, o, lower(split_part(p.email, '@', 2)) AS domain
        FROM asked LEFT JOIN people AS p ON p.desk = asked.desk AND p.id = asked.r),
    found AS (
        SELECT s, a.key, a.name, a.tier, 1 AS rank FROM known JOIN accounts AS a
            ON o <> '' AND a.organisations && ARRAY[desk || ':' || o, o]
        UNION ALL
        SELECT s, a.key, a.name, a.tier, 2 FROM known JOIN accounts AS a
            ON domain <> '' AND a.domains @> ARRAY[domain]
        UNION ALL
        SELECT s, a.key, a.name, a.tier, 0 FROM known JOIN accounts AS a
            ON desk = 'account' AND a.key = substr(s, 9))
    SELECT DISTINCT ON (s) s AS subject, key AS account, name, tier FROM found ORDER BY s, rank, key
""")


def belonging(connection: Connection, customers: Sequence[Customer]) -> dict[str, Belongs]:
    """The accounts that tickets' customers belong to, by subject: the organisation tells, else the e-mail's domain."""
    if not customers:
        return {}
    rows = connection.execute(
        _ACCOUNTS_OF,
        {
            "subjects": [one.subject for one in customers],
            "requesters": [one.requester for one in customers],
            "organisations": [one.organisation for one in customers],
        },
    )
    return {row.subject: Belongs(row.subject, row.account, row.name, row.tier) for row in rows}


_STRANGERS = text("""
    SELECT DISTINCT desk || ':' || id AS requester
    FROM unnest(CAST(:desks AS text[]), CAST(:ids AS text[])) AS asked (desk, id)
    WHERE EXISTS (SELECT 1 FROM accounts WHERE domains <> '{}')
      AND NOT EXISTS (SELECT 1 FROM people AS p WHERE p.desk = asked.desk AND p.id = asked.id)
""")


def strangers(connection: Connection, wanted: Sequence[tuple[str, str]]) -> list[str]:
    """Those of these customers, by desk and id, whose e-mail address was never read and could tell their account."""
    if not wanted:
        return []
    given = {"desks": [desk for desk, _ in wanted], "ids": [number for _, number in wanted]}
    return sorted(connection.execute(_STRANGERS, given).scalars())


_OPENINGS = text("""
    SELECT requester, id, opened_at FROM tickets
    WHERE requester = ANY(CAST(:requesters AS text[])) AND requester <> ''
      AND updated_at >= :since AND opened_at >= :since
    ORDER BY opened_at
""")


def openings(
    connection: Connection, requesters: Iterable[str], since: datetime
) -> dict[str, list[tuple[str, datetime]]]:
    """The tickets that these customers ("<desk>:<user>") opened since a time, with when, oldest first."""
    wanted = sorted({one for one in requesters if one})
    found: dict[str, list[tuple[str, datetime]]] = {one: [] for one in wanted}
    if wanted:
        for row in connection.execute(_OPENINGS, {"requesters": wanted, "since": since}):
            found[row.requester].append((row.id, row.opened_at))
    return found
