"""People: who is meant by a name, who manages a team, and who stands in while somebody is away. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.model import Member, Team


class Absence(Struct, frozen=True, kw_only=True):
    """`member` is away from `starts_at` up to, not including, `ends_at`; `deputy` stands in, "" for nobody.

    Both are called as `Roster.named` knows them.
    """

    member: str
    deputy: str = ""
    starts_at: datetime
    ends_at: datetime

    def covers(self, at: datetime) -> bool:
        """Whether they are away at that moment."""
        return self.starts_at <= at < self.ends_at


class Roster(Struct, frozen=True):
    """Everybody who may be told, and who is away: as it is in the database at one moment."""

    teams: tuple[Team, ...] = ()
    members: tuple[Member, ...] = ()
    absences: tuple[Absence, ...] = ()

    def named(self, key: str) -> Member | None:
        """Who is called so: by a member's key, else by anybody's name, e-mail address or Slack id, in any case."""
        wanted = key.strip().casefold()
        if not wanted:
            return None
        by_key = (one for one in self._all() if one.key.casefold() == wanted)
        by_name = (one for one in self._all() if wanted in _names(one))
        return next(by_key, None) or next(by_name, None)

    def above(self, team: Team, up: int) -> Team | None:
        """The team so many parents above; None beyond the top, and where parents go round in a ring."""
        by_name = {one.name: one for one in self.teams}
        passed = {team.name}
        higher: Team | None = team
        for _ in range(up):
            higher = by_name.get(higher.parent) if higher else None
            if higher is None or higher.name in passed:
                return None
            passed.add(higher.name)
        return higher

    def manager(self, team: Team, up: int = 0) -> Member:
        """The manager of the team, or of the team so many parents above; an empty member if there is nobody.

        What the team's row leaves empty is filled in where the manager is a member: by its key as the manager's name,
        or by the same e-mail address or Slack id.
        """
        higher = self.above(team, up)
        if higher is None:
            return Member()
        row = higher.responsible
        for member in self.members:
            called = member.key.casefold() == row.key.casefold()
            if called or member.same(row):
                return Member(
                    key=member.key,
                    name=(member.name or row.name) if called else (row.name or member.name),
                    email=row.email or member.email,
                    phone=row.phone or member.phone,
                    slack=row.slack or member.slack,
                )
        return row

    def everybody(self) -> tuple[Member, ...]:
        """Everybody once: managers first, by team, for what their teams' rows say of them counts; then members."""
        found: list[Member] = []
        for one in self._all():
            if one and not any(one == other or one.same(other) for other in found):
                found.append(one)
        return tuple(found)

    def means(self, key: str, who: Member) -> bool:
        """Whether somebody is the one who is called so."""
        person = self.named(key)
        return person is not None and person.same(who)

    def known_absences(self) -> tuple[Absence, ...]:
        """The absences of people who are known; a deputy who isn't is nobody."""
        return tuple(
            absence if self.named(absence.deputy) else replace(absence, deputy="")
            for absence in self.absences
            if self.named(absence.member)
        )

    def present(self, who: Member, at: datetime) -> Member:
        """Who is there at that moment for somebody: they themselves or, while they are away, their deputy.

        A deputy who is away has one, too. Where that leads to nobody, it is they themselves again.
        """
        return self._there(who, at, ()) or who

    def _there(self, who: Member, at: datetime, asked: tuple[Member, ...]) -> Member | None:
        away = [one for one in self.absences if one.covers(at) and self.means(one.member, who)]
        if not away:
            return who
        asked = (*asked, who)
        for absence in away:
            deputy = self.named(absence.deputy)
            if deputy is None or any(deputy.same(one) for one in asked):
                continue
            if found := self._there(deputy, at, asked):
                return found
        return None

    def _all(self) -> Iterator[Member]:
        yield from map(self.manager, self.teams)
        yield from self.members


def _names(one: Member) -> set[str]:
    return {name.casefold() for name in (one.name, one.email, one.slack) if name}
