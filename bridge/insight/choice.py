"""Whose figures they are: a team with all below it, or an employee, as far as the one who looks may see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from bridge.domain.model import Team
from bridge.domain.people import Roster
from bridge.domain.viewing import below
from bridge.insight.periods import Period
from bridge.settings import Settings
from bridge.store.figures.scope import ANSWER, Lines, Scope

SATISFIED = 0.75
"""A score at or above it is a satisfied customer's: four or five of five."""


class Choice(Struct, frozen=True, kw_only=True):
    """What was chosen to be looked at, with all teams there are. `visible` are those that may be seen, None for all.

    `team` is "" for everything that may be seen; `agent` is "<desk>:<id>", "" for everybody. From the day `changed` on
    something was different: before and after it are compared.
    """

    period: Period
    roster: Roster
    settings: Settings
    visible: frozenset[str] | None = None
    team: str = ""
    agent: str = ""
    changed: date | None = None

    @property
    def lines(self) -> Lines:
        """Which scores are low: as the rule `low_score` is set, else as it is by default."""
        for rule in self.settings.rules:
            if rule.name == "low_score":
                return Lines(
                    usual=getattr(rule, "at_or_below", Lines().usual),
                    nps=getattr(rule, "nps_at_or_below", Lines().nps),
                )
        return Lines()

    @property
    def teams(self) -> frozenset[str] | None:
        """The teams that are looked at; None for every one there is, was and will be."""
        if not self.team:
            return self.visible
        chosen = below([self.team], self.roster)
        return chosen if self.visible is None else chosen & self.visible

    @property
    def scope(self) -> Scope:
        """What is counted."""
        return self._scope(self.teams)

    def of(self, team: str) -> Scope:
        """What is counted of one team without those below it."""
        return self._scope(frozenset({team}) if self.sees(team) else frozenset())

    def sees(self, team: str) -> bool:
        """Whether a team may be seen."""
        return self.visible is None or team in self.visible

    def _scope(self, teams: frozenset[str] | None) -> Scope:
        named = frozenset[str]() if teams is None else teams
        known = self.roster.teams
        default = self.settings.default_team
        return Scope(
            since=self.period.since,
            until=self.period.until,
            zone=self.period.zone.key,
            step=self.period.step,
            teams=teams,
            groups=frozenset(g for team in known if team.name in named for g in team.groups),
            mapped=frozenset(group for team in known for group in team.groups),
            rest=default in named,
            sources=frozenset(
                name
                for name, setting in self.settings.sources.items()
                if (setting.team or default) in named
            ),
            agent=self.agent,
        )

    def team_of(self, key: str) -> str:
        """Our team of a helpdesk group ("<desk>:<id>") or of a source of answers without a ticket."""
        default = self.settings.default_team
        if key.startswith(ANSWER):
            setting = self.settings.sources.get(key.removeprefix(ANSWER))
            return (setting and setting.team) or default
        return next((team.name for team in self.roster.teams if key in team.groups), default)

    # --- the tree, as far as it may be seen

    def path(self) -> tuple[Team, ...]:
        """The teams above the chosen one that may be seen, the highest first, and itself at the end."""
        found: list[Team] = []
        named = {team.name: team for team in self.roster.teams}
        name = self.team
        while name in named and self.sees(name) and named[name] not in found:
            found.append(named[name])
            name = named[name].parent
        return tuple(reversed(found))

    def children(self) -> tuple[Team, ...]:
        """The teams directly below the chosen one; without one, the highest that may be seen."""
        if self.team:
            return tuple(
                t for t in self.roster.teams if t.parent == self.team and self.sees(t.name)
            )
        return tuple(self._highest())

    def _highest(self) -> Iterator[Team]:
        names = {team.name for team in self.roster.teams}
        for team in self.roster.teams:
            if self.sees(team.name) and (team.parent not in names or not self.sees(team.parent)):
                yield team

    def options(self) -> list[tuple[str, int]]:
        """Every team that may be chosen, with how deep it stands below the highest, in the order of the tree."""
        found: list[tuple[str, int]] = []

        def add(team: Team, depth: int) -> None:
            if team.name in {name for name, _ in found}:
                return
            found.append((team.name, depth))
            for child in self.roster.teams:
                if child.parent == team.name and self.sees(child.name):
                    add(child, depth + 1)

        for team in self._highest():
            add(team, 0)
        for team in self.roster.teams:  # teams that are below each other in a circle
            if self.sees(team.name):
                add(team, 0)
        return found
