"""Teams as a table: what goes out comes in again, and every mistake is told with its line and column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.model import Member, Team
from bridge.domain.people import Roster
from bridge.settings import Settings, parse
from bridge.teamcheck import Mistakes
from bridge.teamcsv import read, write_people, write_teams

POLICY = """
[desks.zendesk]
kind = "zendesk"
subdomain = "acme"

[calendars.office]
zone = "Europe/Berlin"
week = { mon-fri = "09:00-17:00" }
"""
BILLING = Team(
    name="Billing",
    slack_channel="C0123ABCD",
    manager="Mona Berg",
    manager_phone="+4930123456",
    calendar="office",
    groups=("zendesk:1", "zendesk:2"),
)
SUPPORT = Team(name="Support", groups=("zendesk:3",))
ROSTER = Roster((BILLING, SUPPORT), (Member(key="ana", name="Ana Lima"),))


@pytest.fixture(scope="module")
def settings() -> Settings:
    return parse(POLICY, {})


def mistakes(text: str, settings: Settings, *, prune: bool = False) -> list[str]:
    """What is said of a table that is refused, a line each."""
    with pytest.raises(Mistakes) as raised:
        read(text, settings, ROSTER, prune=prune)
    return str(raised.value).splitlines()


def test_all_that_a_team_has_comes_back(settings: Settings) -> None:
    found = read(write_teams([BILLING, SUPPORT]), settings, Roster())
    assert found.teams == (BILLING, SUPPORT)
    assert found.tables == ("teams",)


def test_a_column_that_is_not_there_stays_as_it_is(settings: Settings) -> None:
    [team] = read("name;manager\nBilling;Mia Berg\n", settings, ROSTER).teams
    assert (team.manager, team.slack_channel, team.groups) == (
        "Mia Berg",
        "C0123ABCD",
        BILLING.groups,
    )


def test_a_mistake_in_line_7_is_told_with_its_column_beside_all_others(settings: Settings) -> None:
    table = (
        "name,parent,manager_phone,calendar,groups\n"
        '"A, or B",,,,\n'
        "Billing,,+49 30 123456,office,zendesk:1\n"
        '"with\na break",,,,zendesk:8\n'
        "\n"
        "Refunds,Suport,030 1234,ofice,\n"
        "Refunds,,,,zendesk:8 17\n"
        "Much,,,,,,\n"
    )
    assert mistakes(table, settings) == [
        "line 7, manager_phone: '030 1234' is no phone number with its country: write it as +4930123456",
        "line 7, calendar: no calendar is called 'ofice' in config/bridge.toml; did you mean 'office'?",
        "line 7, parent: no team is called 'Suport'; did you mean 'Support'?",
        "line 8, groups: '17' is no group: write it as \"<desk>:<group id>\", like zendesk:360001",
        "line 8, name: 'Refunds' stands in line 7 already",
        "line 9: has 7 cells, and there are 5 columns; put quotes around commas",
    ]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "line 1, name: is missing: name the columns in the first line"),
        ("name,slak_channel\n", "line 1, slak_channel: no column is called so"),
        ("name,name\n", "line 1, name: is the name of two columns"),
        ('name\n"Billing\n', "line 2: can't be read: a quote is opened and not closed"),
        ("name\nA,B\n", "line 2: has 2 cells, and there are 1 columns"),
        ("name,digest\nSupport,8am\n", "line 2, digest: '8am' is no hour of the day"),
        ("name,groups\nSupport,zendesk:1\n", "line 2, groups: zendesk:1 is the group of Billing"),
        (
            "name,groups\nSupport,jsm:1\n",
            "line 2, groups: 'jsm' is no helpdesk in config/bridge.toml",
        ),
        ("name,parent\nSupport,Support\n", "is below this team itself"),
        ("key,email\nana,ana\n", "line 2, email: 'ana' is no e-mail address"),
        ("key\nmanager+1\n", "line 2, key: 'manager+1' means something else to a ladder"),
    ],
)
def test_what_is_wrong_is_named(settings: Settings, table: str, words: str) -> None:
    assert any(words in line for line in mistakes(table, settings))


def test_what_will_be_deleted_can_be_nobodys_parent(settings: Settings) -> None:
    table = "name,parent\nRefunds,Billing\n"
    assert read(table, settings, ROSTER).teams[0].parent == "Billing"
    assert "no team is called 'Billing'" in mistakes(table, settings, prune=True)[0]


def test_what_was_there_before_is_not_held_against_the_file(settings: Settings) -> None:
    old = Team(name="Old", slack_channel="#alerts", calendar="gone")
    [team] = read(
        "name,slack_channel,calendar,digest\nOld,#alerts,gone,off\n", settings, Roster((old,))
    ).teams
    assert team.digest == "off"


def test_people_are_known_by_their_key(settings: Settings) -> None:
    found = read(write_people(ROSTER.members), settings, Roster())
    assert found.members == ROSTER.members
    assert found.tables == ("people",)


def test_no_cell_is_a_formula_to_a_spreadsheet(settings: Settings) -> None:
    team = Team(name="=1+1", manager="@sum", manager_phone="+4930123456")
    text = write_teams([team])
    assert "'=1+1,,,'@sum,,,+4930123456" in text
    assert read(text, settings, Roster()).teams == (team,)


_words = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20).map(
    str.strip
)


@given(st.lists(st.tuples(_words.filter(bool), _words), max_size=4, unique_by=lambda pair: pair[0]))
def test_whatever_teams_and_managers_are_called(pairs: list[tuple[str, str]]) -> None:
    listed = tuple(Team(name=name, manager=manager) for name, manager in pairs)
    assert read(write_teams(listed), parse(POLICY, {}), Roster()).teams == listed
