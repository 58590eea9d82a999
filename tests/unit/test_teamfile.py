"""Teams as a file: what goes out comes in again, and what is wrong is named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.model import ConfigError, Team
from bridge.teamfile import read, write

ROOT = Path(__file__).parents[2]


def refused(folder: Path, text: str) -> str:
    """Why a file is refused."""
    path = folder / "teams.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as raised:
        read(path)
    return str(raised.value).removeprefix(f"{path}: ")


def test_the_file_that_comes_with_it_can_be_read() -> None:
    assert [team.name for team in read(ROOT / "config" / "teams.toml")] == ["Support"]


def test_all_that_a_team_has_can_be_written(tmp_path: Path) -> None:
    team = Team(
        name="Rückgabe & Co",
        parent="Support",
        slack_channel="C1",
        manager='Mona "Mo" Berg',
        manager_slack="U1",
        manager_email="mona@example.com",
        manager_phone="+49301",
        calendar="office",
        routes="loud",
        groups=("zendesk:1", "zendesk:2"),
    )
    path = tmp_path / "teams.toml"
    path.write_text(write([team, Team(name="Support")]), "utf-8")
    assert read(path) == [team, Team(name="Support")]


_names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(_names, _names), max_size=4, unique_by=lambda pair: pair[0]))
def test_whatever_teams_and_managers_are_called(pairs: list[tuple[str, str]]) -> None:
    text = write([Team(name=name, manager=manager) for name, manager in pairs])
    found = tomllib.loads(text).get("teams", {})
    assert {name: table.get("manager", "") for name, table in found.items()} == dict(pairs)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[teams", "Expected"),
        ("", "write each team as [teams.<name>], and nothing else"),
        ("teams = 3", "write each team as [teams.<name>], and nothing else"),
        ("[teams.A]\n[other]", "write each team as [teams.<name>], and nothing else"),
        ("[teams]\nA = 3", "teams.A: must be a table: [teams.A]"),
        ('[teams.A]\nslak_channel = "C"', "did you mean 'slack_channel'?"),
        ("[teams.A]\nzzz = 1", "known are: parent"),
        ("[teams.A]\nmanager = 3", "teams.A: Expected `str`"),
        ('[teams.A]\nparent = "B"', "teams.A.parent: no team is called 'B'"),
        ('[teams.A]\ngroups = ["17"]', 'must be "<desk>:<group id>"'),
        (
            '[teams.A]\ngroups = ["zendesk:1"]\n[teams.B]\ngroups = ["zendesk:1"]',
            "teams.B.groups: zendesk:1 is A's already",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    assert words in refused(tmp_path, text)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read(tmp_path / "nowhere.toml")
