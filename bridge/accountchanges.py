"""What a file of accounts would change, shown before it is carried out as it was shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.accounts import Account, Change, claimed_twice
from bridge.domain.model import BridgeError, ConfigError, Member
from bridge.store import accounts, audit, teams

ADDED, CHANGED, REMOVED = "added", "changed", "removed"


class Outdated(BridgeError):
    """Accounts have changed since the plan was made."""


class Planned(Struct, frozen=True, kw_only=True):
    """What becomes of an account: what each field was and will be."""

    key: str
    verb: str
    before: Account | None
    after: Account | None

    @property
    def fields(self) -> dict[str, tuple[str, str]]:
        """Each field that differs: what it was, and what it will be, in words."""
        blank = Account(key=self.key)
        old, new = self.before or blank, self.after or blank
        return {
            name: (said(getattr(old, name)), said(getattr(new, name)))
            for name in Account.__struct_fields__
            if name != "key" and getattr(old, name) != getattr(new, name)
        }


class Plan(Struct, frozen=True, kw_only=True):
    """All that would change. `state` tells whether it still would, in the same way."""

    changes: tuple[Planned, ...]
    state: str


def planned(connection: Connection, changes: Sequence[Change]) -> Plan:
    """What these changes come to. Raises ConfigError for a team that there isn't, and where accounts overlap."""
    known = {one.key: one for one in accounts.every(connection)}
    names = {team.name for team in teams.all_teams(connection)}
    found: list[Planned] = []
    after = dict(known)
    for change in changes:
        before, then = known.get(change.key), change.applied(known.get(change.key))
        if change.deleted and before is None:
            raise ConfigError(f"{change.key}: there is no such account to delete")
        if then is not None and then.team and then.team not in names:
            raise ConfigError(f"{change.key}: no team is called {then.team!r}")
        if before != then:
            verb = REMOVED if then is None else CHANGED if before else ADDED
            found.append(Planned(key=change.key, verb=verb, before=before, after=then))
        if then is None:
            after.pop(change.key, None)
        else:
            after[change.key] = then
    if trouble := claimed_twice(after):
        raise ConfigError(trouble)
    return Plan(changes=tuple(found), state=_state(known, found))


def carry_out(
    connection: Connection,
    changes: Sequence[Change],
    state: str,
    now: datetime,
    *,
    who: str,
    via: str,
) -> Plan:
    """Carry out what a plan of that `state` showed, and write it into the audit log. Raises Outdated, ConfigError."""
    accounts.lock(connection)
    plan = planned(connection, changes)
    if plan.state != state:
        raise Outdated("accounts have changed since: look again at what would change")
    accounts.apply(connection, changes, now)
    for one in plan.changes:
        audit.write(
            connection,
            now,
            who=who,
            via=via,
            what=f"account {one.verb}",
            object=f"account:{one.key}",
            before=one.before,
            after=one.after,
        )
    return plan


def said(value: Any) -> str:
    """A field of an account in words."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, Member):
        return str(value) if value else ""
    return str(value)


def _state(known: dict[str, Account], found: Sequence[Planned]) -> str:
    told = [one.before for one in found], sorted(known)
    return sha256(msgspec.json.encode(told)).hexdigest()[:32]
