"""The tree of teams, whatever their rows say of each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.model import Team
from bridge.domain.people import Roster
from bridge.web.pages.admin.teams_tree import DEEPEST, lines, trail


def drawn(*teams: tuple[str, str]) -> list[tuple[str, int]]:
    return [(one.team.name, one.depth) for one in lines([Team(name=n, parent=p) for n, p in teams])]


def test_each_team_stands_below_its_parent_and_beside_its_like_by_name() -> None:
    found = drawn(("Support", "Europe"), ("Acme", ""), ("Europe", "Acme"), ("billing", "Europe"))
    assert found == [("Acme", 0), ("Europe", 1), ("billing", 2), ("Support", 2)]


def test_a_team_whose_parent_is_not_there_stands_at_the_top() -> None:
    assert drawn(("Support", "Gone")) == [("Support", 0)]


def test_teams_in_a_ring_are_shown_all_the_same() -> None:
    assert drawn(("A", "B"), ("B", "A"), ("C", "")) == [("C", 0), ("A", 0), ("B", 1)]


_names = st.sampled_from(["", "A", "B", "C", "D"])


@given(st.dictionaries(_names.filter(bool), _names))
def test_every_team_is_shown_once(parents: dict[str, str]) -> None:
    teams = [Team(name=name, parent=parent) for name, parent in parents.items()]
    found = lines(teams)
    assert sorted(one.team.name for one in found) == sorted(parents)
    assert all(one.depth <= DEEPEST for one in found)
    assert all(len(trail(team, Roster(tuple(teams)))) < len(teams) for team in teams)
