"""`bridge hours`: the sum and its steps, for teams and for calendars."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from bridge.cli import main

POLICY = """
default_calendar = "office"

[calendars.office]
zone = "Europe/Berlin"
week = { mon-fri = ["08:30-12:30", "13:00-17:30"] }
holidays = "DE-BY"
days_off = ["2026-12-28"]
special = { "2026-12-24" = "08:30-12:30" }

[calendars.apac]
zone = "Australia/Sydney"
week = { mon-fri = "09:00-17:00" }

[calendars.sun]
follow = ["office", "apac"]

[calendars.round-the-clock]
zone = "UTC"
"""
TEAMS = """
[teams.Support]
calendar = "round-the-clock"

[teams.Billing]

[teams.Returns]
calendar = "nights"
"""
Bridge = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bridge.toml").write_text(POLICY)
    (tmp_path / "teams.toml").write_text(TEAMS)
    return tmp_path


def run(folder: Path, *arguments: str, **env: str) -> Result:
    known = {
        "DATABASE_URL": "",
        "BRIDGE_CONFIG": str(folder / "bridge.toml"),
        "BRIDGE_TEAMS": str(folder / "teams.toml"),
    }
    return CliRunner().invoke(main, ["hours", *arguments], env={**known, **env})


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def told(url: str, folder: Path) -> Callable[..., Any]:
    """What the command says of a team, for programs; teams stand in a database of its own."""
    env = {"DATABASE_URL": url}
    command = ["teams", "import", str(folder / "teams.toml")]
    known = {"BRIDGE_CONFIG": str(folder / "bridge.toml"), **env}
    for arguments in (["migrate"], command):
        done = CliRunner().invoke(main, arguments, env=known)
        assert done.exit_code == 0, done.output

    def ask(*arguments: str) -> Any:
        result = run(folder, *arguments, "--json", **env)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return ask


# --- calendars


def test_each_step_of_the_sum_is_told(folder: Path) -> None:
    result = run(folder, "office", "--from", "2026-12-23 15:00", "--add", "10h")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "office (Europe/Berlin), from Wed 23 Dec 2026 15:00:00",
        "  Wed 23 Dec 2026: 15:00 - 17:30: 2h30m",
        "  Thu 24 Dec 2026: 08:30 - 12:30: 4h, special hours",
        "  Fri 25 Dec 2026: public holiday (Erster Weihnachtstag)",
        "  Sat 26 Dec 2026: weekend, public holiday (Zweiter Weihnachtstag)",
        "  Sun 27 Dec 2026: weekend",
        "  Mon 28 Dec 2026: day off",
        "  Tue 29 Dec 2026: 08:30 - 12:00: 3h30m",
        "10h of working time",
        "until Tue 29 Dec 2026 12:00:00 CET = 2026-12-29 11:00:00 UTC",
    ]


def test_time_may_be_measured_instead(folder: Path) -> None:
    result = run(folder, "office", "--from", "2026-12-24 12:00", "--until", "2026-12-29 08:31:05")
    assert "\n31m5s of working time\n" in result.stdout


def test_of_calendars_in_turn_each_says_why_it_is_closed(folder: Path) -> None:
    result = run(folder, "sun", "--from", "2026-12-24 12:00", "--until", "2026-12-26 12:00")
    assert "  Thu 24 Dec 2026: 23:00 - Fri 25 Dec 2026 07:00: 8h, apac\n" in result.stdout
    assert "  Fri 25 Dec 2026: office: public holiday (Erster Weihnachtstag)\n" in result.stdout
    assert "  Sat 26 Dec 2026: apac: weekend\n" in result.stdout


def test_programs_are_told_the_same(folder: Path) -> None:
    arguments = ("office", "--from", "2026-12-24 12:00", "--add", "1h", "--json")
    assert json.loads(run(folder, *arguments).stdout) == {
        "calendar": "office",
        "zone": "Europe/Berlin",
        "from": "2026-12-24T12:00:00+01:00",
        "until": "2026-12-29T09:00:00+01:00",
        "until_utc": "2026-12-29T08:00:00+00:00",
        "work": 3600.0,
        "windows": [
            {
                "opens": "2026-12-24T12:00:00+01:00",
                "closes": "2026-12-24T12:30:00+01:00",
                "counts": 1800.0,
                "notes": ["special hours"],
            },
            {
                "opens": "2026-12-29T08:30:00+01:00",
                "closes": "2026-12-29T09:00:00+01:00",
                "counts": 1800.0,
                "notes": [],
            },
        ],
        "skipped": [
            {
                "day": "2026-12-25",
                "calendar": "office",
                "why": "public holiday (Erster Weihnachtstag)",
            },
            {
                "day": "2026-12-26",
                "calendar": "office",
                "why": "weekend, public holiday (Zweiter Weihnachtstag)",
            },
            {"day": "2026-12-27", "calendar": "office", "why": "weekend"},
            {"day": "2026-12-28", "calendar": "office", "why": "day off"},
        ],
    }


def test_a_moment_may_bring_its_own_zone(folder: Path) -> None:
    result = run(folder, "office", "--from", "2026-12-29T10:00+00:00", "--add", "30m", "--json")
    assert json.loads(result.stdout)["from"] == "2026-12-29T11:00:00+01:00"


def test_without_a_beginning_it_is_now(folder: Path) -> None:
    result = run(folder, "round-the-clock", "--add", "1h", "--json")
    until = datetime.fromisoformat(json.loads(result.stdout)["until_utc"])
    assert abs(until - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=5)


# --- teams


def test_a_team_has_its_calendar_or_the_default_one(told: Callable[..., Any]) -> None:
    assert told("Support", "--add", "1h")["calendar"] == "round-the-clock"
    assert told("Billing", "--add", "1h")["calendar"] == "office"
    assert told("apac", "--add", "1h")["calendar"] == "apac"


def test_a_team_whose_calendar_is_gone_has_the_default_one_and_says_so(
    told: Callable[..., Any], url: str, folder: Path
) -> None:
    result = run(folder, "Returns", "--add", "1h", DATABASE_URL=url)
    assert (
        result.stderr == "Returns has the calendar 'nights', which is not known: the default one\n"
    )
    assert result.stdout.startswith("office (")


def test_a_name_that_nobody_has_is_told_with_the_nearest(
    told: Callable[..., Any], url: str, folder: Path
) -> None:
    result = run(folder, "Biling", "--add", "1h", DATABASE_URL=url)
    assert result.exit_code == 1
    said = "Error: 'Biling' is no team or calendar that is known; did you mean 'Billing'?\n"
    assert result.stderr == said


def test_a_calendar_needs_no_database_that_answers(folder: Path) -> None:
    away = "postgresql://nobody@127.0.0.1:1/none"
    result = run(folder, "office", "--add", "1h", DATABASE_URL=away)
    assert result.exit_code == 0
    assert "the database does not answer" in result.stderr
    assert "'office' is taken as a calendar" in result.stderr
    assert run(folder, "Support", "--add", "1h", DATABASE_URL=away).exit_code == 1


# --- what is refused


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("ofice", "--add", "1h"), 1, "no calendar .* did you mean 'office'"),
        (("xyz", "--add", "1h"), 1, "DATABASE_URL .* known are: apac, office"),
        (("office",), 2, "either --add or --until"),
        (("office", "--add", "1h", "--until", "2026-12-24"), 2, "either --add or --until"),
        (("office", "--until", ""), 2, "is no date and time"),
        (("office", "--add", "one"), 2, "'one' is no duration"),
        (("office", "--add", "999999999999d"), 2, "Invalid value"),
        (("office", "--add", "999999d"), 2, "was asked for"),
        (("office", "--add", "1h", "--from", "noon"), 2, "--from: 'noon' is no date and time"),
        (("apac", "--add", "1h", "--from", "0001-01-01"), 2, "is no date and time"),
        (("office", "--add", "1h", "--from", "1950-01-01"), 2, "years 1970 to 2199"),
        (("office", "--until", "2027-03-28 02:30"), 2, "--until: .* the clocks went forward"),
    ],
)
def test_what_makes_no_sense_is_refused(
    folder: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = run(folder, *arguments)
    assert result.exit_code == code, result.output
    assert re.search(words, " ".join(result.stderr.split()))
    assert result.stdout == ""
