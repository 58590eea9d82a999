"""People and absences beside the teams of a file: what goes out comes in again, and what is wrong is named."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.model import ConfigError, Member, Team
from bridge.domain.people import Absence
from bridge.teamfile import Contents, moment, read, read_all, write

BERLIN = ZoneInfo("Europe/Berlin")
TEAM = '[teams.Support]\nmanager = "Ana Example"\n'
PERSON = '[people.ben]\nname = "Ben Example"\n'
AWAY = '[[absences]]\nmember = "ben"\nfrom = 2026-07-01\nto = 2026-07-02\n'


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def contents(folder: Path, text: str) -> Contents:
    path = folder / "teams.toml"
    path.write_text(text, "utf-8")
    return read_all(path, lambda: BERLIN)


def refused(folder: Path, text: str) -> str:
    """Why a file is refused."""
    with pytest.raises(ConfigError) as raised:
        contents(folder, text)
    return str(raised.value).removeprefix(f"{folder / 'teams.toml'}: ")


def test_people_and_absences_stand_beside_the_teams(tmp_path: Path) -> None:
    found = contents(
        tmp_path,
        TEAM
        + """
        [people.ben]
        name = "Ben Example"
        email = "ben@example.com"
        phone = "+4930111"
        slack = "U0BEN"
        [[absences]]
        member = "Ana Example"
        deputy = "ben"
        from = 2026-07-01
        to = 2026-07-02
        [[absences]]
        member = "ben"
        from = 2026-07-03T12:00:00
        to = "2026-07-03T18:00:00+05:00"
        """,
    )
    assert found.members == (
        Member(
            key="ben", name="Ben Example", email="ben@example.com", phone="+4930111", slack="U0BEN"
        ),
    )
    assert found.absences == (
        Absence(
            member="Ana Example",
            deputy="ben",
            starts_at=at(2026, 6, 30, 22),
            ends_at=at(2026, 7, 2, 22),
        ),
        Absence(member="ben", starts_at=at(2026, 7, 3, 10), ends_at=at(2026, 7, 3, 13)),
    )


def test_what_goes_out_comes_in_again_in_any_zone(tmp_path: Path) -> None:
    teams = (Team(name="Support", manager="ana", ladder="steep", awake="office", digest="08:00"),)
    members = (Member(key="ana", name='Ana "A" Example'), Member(key="Ben Ö.", slack="U0BEN"))
    absences = (
        Absence(member="ana", deputy="Ben Ö.", starts_at=at(2026, 7, 1), ends_at=at(2026, 7, 9)),
        Absence(member="Ben Ö.", starts_at=at(2026, 7, 1, 9, 30, 1, 5), ends_at=at(2026, 7, 2)),
    )
    found = contents(tmp_path, write(teams, members, absences))
    assert found == Contents(teams=teams, members=members, absences=absences)


def test_the_teams_alone_can_be_read(tmp_path: Path) -> None:
    contents(tmp_path, TEAM + PERSON + AWAY)
    assert [team.name for team in read(tmp_path / "teams.toml")] == ["Support"]


def test_a_zone_is_asked_for_only_where_dates_have_none(tmp_path: Path) -> None:
    def none() -> ZoneInfo:
        raise ConfigError("no zone")

    contents(tmp_path, TEAM + PERSON)
    assert read_all(tmp_path / "teams.toml", none).members
    contents(tmp_path, TEAM + PERSON + AWAY)
    with pytest.raises(ConfigError, match="no zone"):
        read_all(tmp_path / "teams.toml", none)


@pytest.mark.parametrize(
    ("value", "last", "meant"),
    [
        (date(2026, 7, 1), False, at(2026, 6, 30, 22)),
        (date(2026, 7, 1), True, at(2026, 7, 1, 22)),
        ("2026-12-01", False, at(2026, 11, 30, 23)),
        ("2026-07-01 15:00", True, at(2026, 7, 1, 13)),
        ("2026-07-01T15:00:00Z", True, at(2026, 7, 1, 15)),
        (datetime(2026, 7, 1, 15, tzinfo=timezone(timedelta(hours=5))), True, at(2026, 7, 1, 10)),
    ],
)
def test_a_date_is_its_whole_day_and_a_time_itself(
    value: object, last: bool, meant: datetime
) -> None:
    assert moment(value, BERLIN, last=last) == meant


@pytest.mark.parametrize(
    "value",
    ["", "tomorrow", "2026-13-01", "2026-07-01T25:00", 3, None, date(9999, 12, 31), "24.12.2026"],
)
def test_anything_else_is_no_date(value: object) -> None:
    with pytest.raises(ValueError, match=r"is no date: write it as|is too far away"):
        moment(value, BERLIN, last=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TEAM + "[person.ben]\n", "nothing else but people and absences"),
        (PERSON, "write each team as [teams.<name>]"),
        ("people = 3\n" + TEAM, "people: must be tables: [people.<key>]"),
        ("people = { ben = 3 }\n" + TEAM, "people.ben: must be a table: [people.ben]"),
        (TEAM + '[people.ben]\nmail = "x"\n', "people.ben.mail: not known; did you mean 'email'?"),
        (TEAM + "[people.ben]\nphone = 49\n", "people.ben: Expected `str`"),
        (TEAM + "[people.ben]\n[people.Ben]\n", "differ in their case alone"),
        (TEAM + "[people.owner]\n", "people.owner: means something else to a ladder"),
        (TEAM + "[people.manager]\n", "means something else to a ladder"),
        (TEAM + '[people."manager+1"]\n', "means something else to a ladder"),
        (TEAM + '[people."manager+me"]\n', "means something else to a ladder"),
        (TEAM + '[people.""]\n', "choose another key"),
        ("absences = 3\n" + TEAM, "write each as [[absences]]"),
        ("absences = [3]\n" + TEAM, "absences.1: write it as [[absences]]"),
        (TEAM + PERSON + AWAY.replace("to =", "til ="), "absences.1.til: not known; "),
        (TEAM + PERSON + AWAY.replace("to = 2026-07-02", ""), "absences.1.to: is missing"),
        (
            TEAM + PERSON + AWAY.replace('"ben"', '"bem"'),
            "nobody is called 'bem'; did you mean 'ben'?",
        ),
        (TEAM + PERSON + AWAY + 'deputy = "Ana Exampel"\n', "did you mean 'Ana Example'?"),
        (TEAM + PERSON + AWAY + 'deputy = ""\n', "known are: ben, Ana Example"),
        (TEAM + PERSON + AWAY.replace('"ben"', "3"), "must be the key of one of [people]"),
        ("[teams.Support]\n" + AWAY, "absences.1.member: nobody is called 'ben'"),
        (TEAM + PERSON + AWAY.replace("2026-07-02", "2026-06-30"), "absences.1.to: is not after"),
        (TEAM + PERSON + AWAY.replace("2026-07-02", "'soon'"), "absences.1.to: 'soon' is no date"),
        (TEAM + PERSON + AWAY.replace("2026-07-02", "12:00:00"), "absences.1.to: "),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    assert words in refused(tmp_path, text)
