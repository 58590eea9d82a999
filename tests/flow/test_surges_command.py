"""`bridge surges`: a file of complaints played in simulated time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bridge.cli import main

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "airline_dev.csv"
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three weeks in which Acme has two complaints an hour, then 30 more within one of them, and a day of peace."""
    rows = ["when,brand,mood,words"]
    for hour in range(24 * 22):
        at = BEGIN + timedelta(hours=hour)
        rows += [f"{at:%Y-%m-%d %H}:1{n}:00,Acme,bad,late" for n in range(2)]
        rows.append(f"{at:%Y-%m-%d %H}:30:00,Acme,good,thanks")
    burst = BEGIN + timedelta(days=21, hours=2)
    rows += [f"{burst:%Y-%m-%d %H}:{n:02}:30,Acme,bad,nothing works" for n in range(25, 55)]
    rows += ["yesterday,Acme,bad,when?", f"{BEGIN:%Y-%m-%d} 01:00:00,,bad,whose?"]
    path = tmp_path / "complaints.csv"
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["surges", *map(str, arguments)], env={"COLUMNS": "200"})


def found(*arguments: object) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_what_rang_when_and_when_it_was_over(file: Path) -> None:
    told = found(file, "--time", "when", "--topic", "brand", "--bad", "mood=bad")
    [surge] = told["surges"]
    assert surge["topic"] == "Acme"
    assert surge["window"] == "hour"
    assert surge["rang_at"].startswith("2026-01-26T02:3")
    assert 1.5 < surge["expected"] < 2.5
    assert surge["peak"] == 32
    assert surge["closed_at"].startswith("2026-01-26T05:")
    assert (told["unread"], told["topics"]) == (2, 1)
    assert told["counted"] == 24 * 22 * 2 + 30


def test_people_read_a_table(file: Path) -> None:
    result = run(file, "--time", "when", "--topic", "brand", "--bad", "mood=bad")
    assert "1 surges of 1 topics" in result.output
    assert "2026-01-26 02:3" in result.output
    assert "2 rows have no topic" in result.output


def test_a_short_past_is_said(file: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.csv"
    short.write_text("".join(file.read_text("utf-8").splitlines(keepends=True)[:100]), "utf-8")
    told = found(short, "--time", "when", "--topic", "brand")
    assert told["surges"] == []
    assert "less than 3 days" in told["warnings"][0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--time", "at", "--topic", "brand"), "has no column 'at'; it has: when, brand"),
        (("--time", "when", "--topic", "brand", "--bad", "mood"), "write it as COLUMN=VALUE"),
        (("--time", "when", "--topic", "brand", "--zone", "Mars"), "is no time zone"),
    ],
)
def test_what_is_asked_wrongly_says_what_is_right(
    file: Path, arguments: tuple[str, ...], words: str
) -> None:
    result = run(file, *arguments)
    assert result.exit_code != 0
    assert words in result.output


def test_a_file_of_which_no_row_counts_is_no_success(file: Path) -> None:
    assert run(file, "--time", "when", "--topic", "brand", "--bad", "mood=angry").exit_code == 1


@pytest.mark.skipif(not SHARED.exists(), reason="the reference data is not there")
def test_the_days_of_the_cancelled_flights() -> None:
    told = found(
        SHARED,
        "--time",
        "tweet_created",
        "--topic",
        "airline",
        "--bad",
        "airline_sentiment=negative",
    )
    assert {"US Airways"} <= {one["topic"] for one in told["surges"]}
    assert any("holds 7 days" in words for words in told["warnings"])
