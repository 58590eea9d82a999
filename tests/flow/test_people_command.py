"""`bridge people`, and people in `bridge teams` and `bridge check`: who can be told, who is away, who stands in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from bridge.cli import main
from bridge.domain.model import Member, Team
from bridge.domain.people import Absence
from bridge.store import people, teams

POLICY = """
default_calendar = "office"

[calendars.office]
zone = "Europe/Berlin"

[ladders.steep]
steps = [{ who = "owner", after = "30m" }, { who = "director", after = "1h" }]
"""
TEAMS = """
[teams.Support]
manager = "ana"
slack_channel = "C0123ABCD"
ladder = "steep"

[teams.Billing]
parent = "Support"
manager = "Dana Example"
manager_slack = "U0DANA"
slack_channel = "C0456EFGH"

[people.ana]
name = "Ana Example"
email = "ana@example.com"

[people.director]
name = "Max Example"
slack = "U0MAX"

[[absences]]
member = "director"
deputy = "ana"
from = 2036-07-01
to = 2036-07-14
"""
Bridge = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bridge.toml").write_text(POLICY)
    (tmp_path / "teams.toml").write_text(TEAMS)
    return tmp_path


@pytest.fixture
def bridge(url: str, folder: Path) -> Iterator[Bridge]:
    """Runs a command on a database of its own."""

    def run(*arguments: object) -> Result:
        env = {
            "DATABASE_URL": url,
            "BRIDGE_CONFIG": str(folder / "bridge.toml"),
            "BRIDGE_TEAMS": str(folder / "teams.toml"),
            "COLUMNS": "200",
        }
        return CliRunner().invoke(main, [str(a) for a in arguments], env=env)

    yield run
    structlog.reset_defaults()


@pytest.fixture
def imported(bridge: Bridge, folder: Path) -> Bridge:
    done = bridge("teams", "import", folder / "teams.toml")
    assert done.exit_code == 0, done.output
    return bridge


def printed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def listed(bridge: Bridge) -> dict[str, dict[str, Any]]:
    return {one["key"]: one for one in printed(bridge("people", "list", "--json"))}


def around(days: int) -> str:
    """A day before or after today."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


# --- in and out


def test_people_and_absences_come_with_the_teams(imported: Bridge, engine: Engine) -> None:
    with engine.begin() as connection:
        roster = people.roster(connection)
    assert [member.key for member in roster.members] == ["ana", "director"]
    assert roster.absences == (
        Absence(
            member="director",
            deputy="ana",
            starts_at=datetime(2036, 6, 30, 22, tzinfo=UTC),
            ends_at=datetime(2036, 7, 14, 22, tzinfo=UTC),
        ),
    )


def test_what_is_exported_changes_nothing(imported: Bridge, folder: Path) -> None:
    copy = folder / "copy.toml"
    copy.write_text(imported("teams", "export").stdout)
    assert "[people.director]" in copy.read_text()
    assert "[[absences]]" in copy.read_text()
    assert imported("teams", "import", copy, "--prune").output == "nothing to change\n"
    assert imported("teams", "import", folder / "teams.toml").output == "nothing to change\n"


def test_what_would_change_is_only_said_in_a_dry_run(bridge: Bridge, folder: Path) -> None:
    told = bridge("teams", "import", folder / "teams.toml", "--dry-run").stdout.splitlines()
    assert told == [
        "add    Support",
        "add    Billing",
        "add    person ana",
        "add    person director",
        "add    absence of director from 2036-06-30 22:00:00 UTC",
        "dry run: nothing was written",
    ]
    assert listed(bridge) == {}


def test_only_prune_deletes_people_and_absences(imported: Bridge, folder: Path) -> None:
    fewer = folder / "fewer.toml"
    fewer.write_text('[teams.Support]\nmanager = "ana"\n[people.ana]\nname = "Ana Maria"\n')
    assert "change person ana" in imported("teams", "import", fewer).output
    assert set(listed(imported)) == {"ana", "director", "Dana Example"}
    told = imported("teams", "import", fewer, "--prune").output
    assert "delete person director" in told
    assert "delete absence of director from 2036-06-30 22:00:00 UTC" in told
    assert set(listed(imported)) == {"ana"}


def test_an_absence_that_is_over_stays_known_and_is_not_exported(
    imported: Bridge, engine: Engine, folder: Path
) -> None:
    over = Absence(
        member="ana",
        starts_at=datetime(2020, 1, 1, tzinfo=UTC),
        ends_at=datetime(2020, 1, 2, tzinfo=UTC),
    )
    with engine.begin() as connection:
        people.save_absences(connection, [over])
    assert "2020" not in imported("teams", "export").stdout
    again = imported("teams", "import", folder / "teams.toml", "--prune")
    assert again.output == "nothing to change\n"
    with engine.begin() as connection:
        assert over in people.roster(connection).absences


def test_an_empty_database_is_seeded_with_people_too(
    database: Callable[..., str], bridge: Bridge, folder: Path
) -> None:
    url = database(empty=True)
    env = {
        "DATABASE_URL": url,
        "BRIDGE_CONFIG": str(folder / "bridge.toml"),
        "BRIDGE_TEAMS": str(folder / "teams.toml"),
    }
    done = CliRunner().invoke(main, ["migrate"], env=env)
    assert done.exit_code == 0, done.output
    shown = CliRunner().invoke(main, ["people", "list", "--json"], env=env)
    assert {one["key"] for one in printed(shown)} == {"ana", "Dana Example", "director"}


# --- who there is


def test_everybody_is_listed_with_what_they_manage(imported: Bridge) -> None:
    found = listed(imported)
    assert found["ana"]["name"] == "Ana Example"
    assert found["ana"]["manages"] == ["Support"]
    assert found["ana"]["email"] == "ana@example.com"
    assert found["Dana Example"]["slack"] == "U0DANA"
    assert found["director"]["manages"] == []
    assert [one["deputy"] for one in found["director"]["away"]] == ["ana"]
    told = imported("people", "list").stdout
    assert "from 01 Jul 2036 00:00 to 15 Jul 2036 00:00" in told
    assert "Max Example" in told


def test_nobody_is_said(bridge: Bridge) -> None:
    assert "Nobody yet" in bridge("people", "list").output


# --- away and back


def test_who_is_away_is_stood_in_for_until_they_are_back(imported: Bridge) -> None:
    told = imported("people", "away", "ana", "--deputy", "U0DANA", "--to", around(3))
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("Ana Example is away from ")
    assert told.stdout.endswith(": Dana Example stands in\n")
    assert listed(imported)["ana"]["stands_in"] == "Dana Example"

    told = imported("people", "back", "ana@example.com")
    assert told.stdout.startswith("Ana Example is back: was to be away from ")
    assert listed(imported)["ana"]["stands_in"] == ""
    assert listed(imported)["ana"]["away"] == []
    assert "Ana Example is not away" in imported("people", "back", "ana").output


def test_an_absence_to_come_is_in_the_zone_of_the_default_calendar(imported: Bridge) -> None:
    told = imported(
        "people", "away", "ana", "--from", "2037-01-04", "--to", "2037-01-05 12:00", "--json"
    )
    assert printed(told) == {
        "member": "ana",
        "deputy": "",
        "from": "2037-01-03T23:00:00+00:00",
        "to": "2037-01-05T11:00:00+00:00",
    }
    again = imported("people", "away", "Ana", "--from", "2037-01-04", "--to", "2037-01-04")
    assert again.stdout == (
        "Ana Example is away from 04 Jan 2037 00:00 to 05 Jan 2037 00:00: nobody stands in\n"
    )
    assert len(listed(imported)["ana"]["away"]) == 1


def test_absences_to_come_are_taken_back_only_if_asked(imported: Bridge) -> None:
    assert printed(imported("people", "back", "director", "--json")) == []
    assert len(listed(imported)["director"]["away"]) == 1
    taken = printed(imported("people", "back", "director", "--all", "--json"))
    assert [one["member"] for one in taken] == ["director"]
    assert listed(imported)["director"]["away"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("anna", "--to", "2037-01-05"), "nobody is called 'anna'; did you mean 'ana'?"),
        (("zzz", "--to", "2037-01-05"), "`bridge people list` shows everybody"),
        (("ana", "--deputy", "directer", "--to", "2037-01-05"), "did you mean 'director'?"),
        (
            ("ana", "--deputy", "Ana Example", "--to", "2037-01-05"),
            "nobody stands in for themselves",
        ),
        (("ana", "--to", "next week"), "'next week' is no date"),
        (("ana", "--from", "soon", "--to", "2037-01-05"), "'soon' is no date"),
        (("ana", "--from", "2037-01-06", "--to", "2037-01-05"), "is over before it begins"),
        (("ana", "--from", "2020-01-01", "--to", "2020-01-05"), "is over before it begins"),
        (("ana",), "Missing option '--to'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    imported: Bridge, arguments: tuple[str, ...], words: str
) -> None:
    result = imported("people", "away", *arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
    assert listed(imported)["ana"]["away"] == []


# --- what is named and not there


def fixes(bridge: Bridge) -> list[tuple[str, str]]:
    found = json.loads(bridge("check", "--json").stdout)
    return [(one["what"], one["fix"]) for one in found if not one["ok"]]


def test_a_check_finds_nothing_wrong_with_what_is_there(imported: Bridge) -> None:
    assert [what for what, _ in fixes(imported) if what.startswith(("team", "ladder", "abs"))] == []


def test_a_check_names_what_teams_ladders_and_absences_name_in_vain(
    imported: Bridge, engine: Engine, folder: Path
) -> None:
    wrong = Team(
        name="Wrong",
        slack_channel="C0",
        calendar="ofice",
        routes="defalt",
        ladder="step",
        awake="nights",
        digest="8am",
        follow_up="mail",
    )
    with engine.begin() as connection:
        teams.save(connection, [wrong])
        people.remove_members(connection, ["director"])
        people.save_members(connection, [Member(key="directors")])
    found = fixes(imported)
    path = folder / "bridge.toml"
    for one in (
        ("team Wrong", f"no calendar is called 'ofice' in {path}; did you mean 'office'?"),
        ("team Wrong", f"no routes are called 'defalt' in {path}; did you mean 'default'?"),
        ("team Wrong", f"no ladder is called 'step' in {path}; did you mean 'steep'?"),
        ("team Wrong", f"awake: no calendar is called 'nights' in {path}; known are: office"),
        (
            "team Wrong",
            'digest: \'8am\' is no hour of the day: write it as "08:00", or "off"',
        ),
        ("team Wrong", "follow_up: 'mail' is not known; did you mean 'email'?"),
        ("ladder steep", "nobody is called 'director'; did you mean 'directors'?"),
        ("absence of director", "nobody is called 'director'; did you mean 'directors'?"),
    ):
        assert one in found


def test_an_import_says_what_is_named_in_vain(bridge: Bridge, folder: Path) -> None:
    (folder / "other.toml").write_text('[teams.Support]\nladder = "stepe"\n')
    done = bridge("teams", "import", folder / "other.toml")
    assert done.exit_code == 0
    assert "team Support: no ladder is called 'stepe'" in done.stderr
    assert "ladder steep: nobody is called 'director'" in done.stderr
    assert done.stdout.splitlines() == ["add    Support", "done"]
