"""The tree of teams: organisation, region, branch, team; as deep as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from bridge.domain.model import Team
from bridge.domain.people import Roster

DEEPEST = 6
"""Beyond this depth lines are not moved in any further."""


class Line(Struct, frozen=True):
    """A team in the tree, and how many are above it."""

    team: Team
    depth: int


def lines(teams: Sequence[Team]) -> list[Line]:
    """All teams, each after the one above it and beside its like by name; those in a ring come last, at the top."""
    below: dict[str, list[Team]] = {}
    named = {team.name for team in teams}
    for team in sorted(teams, key=lambda one: one.name.casefold()):
        below.setdefault(team.parent if team.parent in named else "", []).append(team)
    found: list[Line] = []
    passed: set[str] = set()

    def walk(team: Team, depth: int) -> Iterator[Line]:
        passed.add(team.name)
        yield Line(team, min(depth, DEEPEST))
        for one in below.get(team.name, ()):
            if one.name not in passed:
                yield from walk(one, depth + 1)

    for top in below.get("", ()):
        found += walk(top, 0)
    for team in teams:
        if team.name not in passed:
            found += walk(team, 0)
    return found


def trail(team: Team, roster: Roster) -> list[Team]:
    """The teams above one, the topmost first."""
    found: list[Team] = []
    while higher := roster.above(team, len(found) + 1):
        found.insert(0, higher)
    return found
