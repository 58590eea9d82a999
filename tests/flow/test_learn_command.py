"""`bridge learn`: of a file, of our own answers, when it is due; which version judges."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, insert, select, update

from bridge import settings
from bridge.cli import main
from bridge.domain.model import Answer, Ticket
from bridge.domain.text import Learned
from bridge.insight.learn import due
from bridge.store import wordings
from bridge.store.schema import audit, tickets
from bridge.store.schema import wordings as table
from bridge.work.bridge import wall_clock
from tests.unit.test_learning import comments

Run = Callable[..., Result]


@pytest.fixture
def run(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    config = tmp_path / "bridge.toml"
    config.write_text("[words]\nbudget = 0.4\n", "utf-8")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("BRIDGE_CONFIG", str(config))

    def run(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, ["learn", *words])
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "scores.csv"
    with path.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["said", "score", "at"])
        for one in comments():
            rows.writerow([one.text, 1 if one.unhappy else 5, one.at])
    return path


def answered(engine: Engine) -> None:
    """Our own answers: the same comments, with scores."""
    with engine.begin() as connection:
        for number, one in enumerate(comments(180)):
            score = 0.0 if one.unhappy else 1.0
            answer = Answer(id=f"a{number}", score=score, words=one.text, at=one.at)
            assert one.at
            case = Ticket(id=f"zendesk:{number}", as_of=(one.at, 0, ""), answers=(answer,))
            state = msgspec.to_builtins(case)
            connection.execute(insert(tickets).values(id=case.id, state=state, updated_at=one.at))


def test_a_file_is_tried_without_a_database(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    columns = ("--text", "said", "--score", "score", "--time", "at")
    told = json.loads(run("--from", str(file), *columns, "--dry-run", "--json").stdout)
    assert told["used"] is True
    assert told["figures"]["comments"] == 360
    assert told["figures"]["budget"] == 0.15
    assert told["figures"]["later"]["comments"] < 110
    shown = run("--from", str(file), "--text", "said", "--score", "score", "--dry-run").output
    assert "360 comments, 120 of unhappy customers" in shown
    assert "better by" in shown
    assert "Weighed most: " in shown


def test_what_was_learned_of_our_answers_judges_until_another_does(
    run: Run, engine: Engine
) -> None:
    answered(engine)
    told = json.loads(run("--json").stdout)
    assert (told["used"], told["figures"]["budget"]) == (True, 0.4)
    with engine.connect() as connection:
        body = wordings.used(connection)
    assert body
    assert Learned.from_body(body).name == told["name"]
    [listed] = json.loads(run("--show", "--json").stdout)
    assert (listed["name"], listed["state"]) == (told["name"], "used")
    run("--forget")
    assert [one["state"] for one in json.loads(run("--show", "--json").stdout)] == ["old"]
    assert told["name"] in run("--use", told["name"]).output
    assert json.loads(run("--use", told["name"], "--json").stdout) == {"used": told["name"]}
    assert "weighed" in run("--show").output
    with engine.connect() as connection:
        noted = connection.scalars(select(audit.c.what)).all()
    assert noted == ["words switched"] * 3


def test_too_little_to_learn_of_is_told_and_keeps_nothing(run: Run, engine: Engine) -> None:
    assert "30 of each are needed" in run(code=1).output
    assert "Nothing was learned yet" in run("--show").output
    run("--if-due")
    with engine.connect() as connection:
        assert wordings.versions(connection) == []


def test_it_learns_again_when_that_is_due(run: Run, engine: Engine) -> None:
    answered(engine)
    assert json.loads(run("--if-due", "--json").stdout)["used"]
    assert json.loads(run("--if-due", "--json").stdout) == {"due": False}
    assert "not due yet" in run("--if-due").output
    with engine.begin() as connection:
        long_ago = wall_clock() - timedelta(days=8)
        connection.execute(update(table).values(made_at=long_ago))
        never = settings.parse('[words]\nretrain = "off"', {})
        assert not due(connection, never, wall_clock())
        assert due(connection, settings.parse("", {}), wall_clock())


def test_a_file_can_be_learned_of_in_earnest(run: Run, file: Path, engine: Engine) -> None:
    run("--from", str(file), "--text", "said", "--score", "score")
    with engine.connect() as connection:
        assert wordings.used(connection)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--show", "--forget"), "exclude each other"),
        (("--from", __file__), "needs --text and --score"),
        (("--from", __file__, "--text", "a", "--score", "b", "--low", "5"), "below --high"),
        (("--time-format", "%Q"), "%Q is not known"),
    ],
    ids=["two at once", "no columns", "lines", "times"],
)
def test_a_wrong_call_says_what_is_wrong(run: Run, words: tuple[str, ...], why: str) -> None:
    assert why in run(*words, code=2).output


def test_a_version_that_there_is_not_cant_be_used(run: Run) -> None:
    assert "nothing learned is called 'nine'" in run("--use", "nine", code=1).output
