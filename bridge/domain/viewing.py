"""Who looks, and what they may see and do. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import Enum

from msgspec import Struct

from bridge.domain.model import Alert, Member, Team
from bridge.domain.people import Roster
from bridge.domain.redaction import OPEN, Redaction

EVERY = "*"
"""In a list of teams: all of them."""


PRIVATE = "agent:"
"""How subjects begin whose alerts are private: for coaching, and never for all to read."""


def private(subject: str) -> bool:
    """Whether alerts about the subject are for the manager alone: no channel, no page of others."""
    return subject.startswith(PRIVATE)


class Role(Enum):
    """What somebody is to us. Each may do all that the one before it may."""

    VIEWER = "viewer"
    MANAGER = "manager"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """Grows with what they may do."""
        return list(Role).index(self)


class Viewer(Struct, frozen=True, kw_only=True):
    """Somebody who is signed in, or a program with a key.

    `teams` are the names of the teams that they see, those below included; None for every team there is and will be.
    `user` is the number of their row, 0 for a program; `key` that of a program's key, 0 for people. `hides` is what of
    customers lists don't show them.
    """

    who: Member
    role: Role
    teams: frozenset[str] | None = frozenset()
    user: int = 0
    key: int = 0
    hides: Redaction = OPEN

    def may(self, role: Role) -> bool:
        """Whether they are of this role or of one that may do more."""
        return self.role.rank >= role.rank

    def sees_team(self, team: str) -> bool:
        """Whether a team's figures and alerts are theirs to see."""
        return self.teams is None or team in self.teams

    def sees(self, alert: Alert) -> bool:
        """Whether they may look at an alert: one of their teams', or one that they own or are on.

        What is private is for managers, whose team it is, and those who are on it.
        """
        known = self.sees_team(alert.team) and (
            not private(alert.subject) or self.may(Role.MANAGER)
        )
        return known or self._is_on(alert)

    def acts_on(self, alert: Alert) -> bool:
        """Whether they may do something about an alert. Viewers may not."""
        return self.may(Role.MANAGER) and self.sees(alert)

    def _is_on(self, alert: Alert) -> bool:
        return any(one.same(self.who) for one in (alert.owner, *alert.people))


def viewer(
    who: Member,
    role: Role,
    teams: Collection[str],
    roster: Roster,
    at: datetime,
    *,
    user: int = 0,
    key: int = 0,
    hides: Redaction = OPEN,
) -> Viewer:
    """Somebody with all that they see at a moment: an admin everything, others `teams` and all below.

    A manager's are also those that they manage, or stand in for the manager of.
    """
    known = roster.named(who.email) or who
    who = Member(
        key=known.key,
        name=known.name or who.name,
        email=who.email or known.email,
        phone=known.phone,
        slack=known.slack or who.slack,
    )
    if role is Role.ADMIN or EVERY in teams:
        return Viewer(who=who, role=role, teams=None, user=user, key=key, hides=hides)
    own = set(teams)
    if role is Role.MANAGER:
        own |= {team.name for team in roster.teams if _leads(who, team, roster, at)}
    teams = below(own, roster)
    return Viewer(who=who, role=role, teams=teams, user=user, key=key, hides=hides)


def _leads(who: Member, team: Team, roster: Roster, at: datetime) -> bool:
    manager = roster.manager(team)
    return bool(manager) and (manager.same(who) or roster.present(manager, at).same(who))


def below(names: Collection[str], roster: Roster) -> frozenset[str]:
    """These teams, and all that are below them."""
    found = set(names)
    while more := {t.name for t in roster.teams if t.parent in found and t.name not in found}:
        found |= more
    return frozenset(found)
