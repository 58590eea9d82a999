"""What a file of teams and people would change, as a plan that can be looked at first; and carrying it out.

A plan is good for the state it was made from: whoever changes a team meanwhile makes it void.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.model import ConfigError
from bridge.domain.people import Absence
from bridge.store import audit, people, teams
from bridge.teamfile import Contents

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
TEAM, PERSON, ABSENCE = "team", "person", "absence"


class Change(Struct, frozen=True, kw_only=True):
    """What happens to one of them: `kind` and `verb` are of those above; None is what isn't there."""

    kind: str
    name: str
    verb: str
    before: Any = None
    after: Any = None

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """What is other than before, by the names of the fields: as it was, and as it will be."""
        before = msgspec.structs.asdict(self.before) if self.before else {}
        after = msgspec.structs.asdict(self.after) if self.after else {}
        named = {**before, **after}
        empty = {"groups": ()}
        found = {
            name: (before.get(name, empty.get(name, "")), after.get(name, "")) for name in named
        }
        return {name: pair for name, pair in found.items() if pair[0] != pair[1]}


class Plan(Struct, frozen=True, kw_only=True):
    """All changes, and the `state` that they are made from."""

    changes: tuple[Change, ...]
    state: str


class Outdated(ConfigError):
    """Somebody changed teams or people since the plan was made."""


def planned(connection: Connection, wanted: Contents, now: datetime, *, prune: bool) -> Plan:
    """What has to change so that it is as wanted; with `prune` what isn't wanted is deleted."""
    found: list[Change] = []
    if "teams" in wanted.tables:
        known = teams.all_teams(connection)
        found += _changes(TEAM, known, wanted.teams, lambda one: one.name, prune=prune)
    if "people" in wanted.tables:
        there = people.all_members(connection)
        found += _changes(PERSON, there, wanted.members, lambda one: one.key, prune=prune)
    if "absences" in wanted.tables:
        kept = [one for _, one in people.all_absences(connection)]
        away = _changes(ABSENCE, kept, wanted.absences, called, prune=prune)
        found += [one for one in away if one.verb != REMOVED or one.before.ends_at > now]
    return Plan(changes=tuple(found), state=state(connection))


def state(connection: Connection) -> str:
    """A digest of all teams, people and absences as they are."""
    told = [
        teams.all_teams(connection),
        people.all_members(connection),
        people.all_absences(connection),
    ]
    return sha256(msgspec.json.encode(told)).hexdigest()


def carry_out(connection: Connection, plan: Plan, now: datetime, *, who: str, via: str) -> None:
    """Make the changes, and write each into the audit log. Raises Outdated, with nothing changed."""
    teams.lock(connection)
    if state(connection) != plan.state:
        raise Outdated("teams or people have changed meanwhile: look at what would change again")
    gone = {
        kind: [c for c in plan.changes if (c.kind, c.verb) == (kind, REMOVED)] for kind in _KINDS
    }
    new = {kind: [c.after for c in plan.changes if c.kind == kind and c.after] for kind in _KINDS}
    numbers = {called(one): number for number, one in people.all_absences(connection)}
    people.remove_absences(connection, [numbers[one.name] for one in gone[ABSENCE]])
    people.remove_members(connection, [one.name for one in gone[PERSON]])
    teams.remove(connection, [one.name for one in gone[TEAM]])
    teams.save(connection, new[TEAM])
    people.save_members(connection, new[PERSON])
    people.save_absences(connection, new[ABSENCE])
    for one in plan.changes:
        audit.write(
            connection,
            now,
            who=who,
            via=via,
            what=f"{one.kind} {one.verb}",
            object=f"{one.kind}:{one.name}",
            before=one.before,
            after=one.after,
        )


def called(absence: Absence) -> str:
    """What tells an absence from others: whose it is, and since when."""
    return f"{absence.member} from {absence.starts_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


_KINDS = (TEAM, PERSON, ABSENCE)


def _changes(
    kind: str,
    before: Iterable[Any],
    wanted: Iterable[Any],
    named: Callable[[Any], str],
    *,
    prune: bool,
) -> Iterator[Change]:
    there = {named(one): one for one in before}
    told = {named(one): one for one in wanted}
    for name, one in told.items():
        old = there.get(name)
        if old is None:
            yield Change(kind=kind, name=name, verb=ADDED, after=one)
        elif _sorted(old) != _sorted(one):
            yield Change(kind=kind, name=name, verb=CHANGED, before=old, after=one)
    if prune:
        for name in sorted(there.keys() - told.keys()):
            yield Change(kind=kind, name=name, verb=REMOVED, before=there[name])


def _sorted(one: Any) -> Any:
    """As the database gives it back: groups have no order of their own."""
    groups = getattr(one, "groups", ())
    return msgspec.structs.replace(one, groups=tuple(sorted(groups))) if groups else one
