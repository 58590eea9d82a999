"""`bridge digest`: what the next one says, to whom it goes, and sending it at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from bridge.cli import main
from bridge.store import digests
from tests.flow.readers import ENV, MONA, Readers, opened

Run = Callable[..., Result]


@pytest.fixture
def readers(database: Callable[..., str], tmp_path: Path) -> Iterator[Readers]:
    with ExitStack() as stack:
        yield stack.enter_context(opened(database(), tmp_path))


@pytest.fixture
def run(readers: Readers) -> Run:
    """`bridge digest …` on the readers' database, at the time of the machine."""

    def command(*arguments: str | Path, code: int = 0) -> Result:
        env = ENV | {"DATABASE_URL": readers.bridge.url, "BRIDGE_CONFIG": str(readers.policy)}
        words = [str(word) for word in arguments]
        result = CliRunner().invoke(main, ["digest", *words], env=env)
        structlog.reset_defaults()
        assert result.exit_code == code, result.output
        return result

    return command


def test_without_a_team_it_says_how_to_get_one(run: Run) -> None:
    assert "bridge teams import" in run().stderr
    assert json.loads(run("--json").stdout) == []


def test_a_team_that_is_not_there_is_told_with_those_that_are(readers: Readers, run: Run) -> None:
    readers.team()
    told = run("Biling", code=1).stderr
    assert "no team is called 'Biling'; known are: Billing" in told


def test_it_shows_what_the_next_one_says_and_sends_nothing(readers: Readers, run: Run) -> None:
    readers.team()
    readers.alert(4711)
    told = run("billing")
    assert "Ticket 4711: Where is my refund?" in told.stdout
    assert f"{MONA} (email), {readers.channel} (slack)" in told.stderr
    assert (readers.mails, readers.posts) == ([], [])


def test_nothing_to_do_is_said(readers: Readers, run: Run) -> None:
    readers.team()
    assert "Nothing to do: no alert is open" in run("Billing").stdout


def test_it_says_that_it_is_off_and_that_it_goes_to_nobody(readers: Readers, run: Run) -> None:
    readers.team(digest="off")
    assert "The digest is off" in run("Billing").stderr
    readers.team(manager_email="", slack_channel="")
    assert "It goes to nobody" in run("Billing").stderr


def test_for_programs(readers: Readers, run: Run) -> None:
    readers.team()
    readers.alert(4711)
    [told] = json.loads(run("--json").stdout)
    assert told["team"] == "Billing"
    assert told["to"] == [{"by": "email", "to": MONA}, {"by": "slack", "to": readers.channel}]
    assert [case["ref"] for case in told["active"]] == ["AB-00001267"]
    assert told["next_at"].endswith("+00:00")


def test_the_mail_can_be_looked_at(readers: Readers, run: Run, tmp_path: Path) -> None:
    readers.team()
    run("Billing", "--html", tmp_path / "digest.html")
    assert (tmp_path / "digest.html").read_text("utf-8").lstrip().startswith("<!doctype html>")
    assert "say whose" in run("--html", tmp_path / "x.html", code=2).stderr


def test_it_can_be_sent_at_once_and_the_daily_one_comes_all_the_same(
    readers: Readers, run: Run
) -> None:
    readers.team()
    run("Billing", "--send")
    run("Billing", "--send")
    assert (len(readers.mails), len(readers.posts)) == (2, 2)
    assert len({mail["Message-ID"] for mail in readers.mails}) == 2
    readers.until("2031-03-05 09:00")
    assert (len(readers.mails), len(readers.posts)) == (3, 3)


def test_who_wants_it_again_is_mailed_again(readers: Readers, run: Run) -> None:
    readers.team()
    with readers.bridge.engine.begin() as connection:
        digests.unsubscribe(connection, "Billing", MONA, readers.clock())
    assert MONA not in run("Billing").stderr
    assert f"{MONA} is mailed the digest again" in run("Billing", "--subscribe", MONA).stderr
    assert f"{MONA} (email)" in run("Billing").stderr
    assert "had not unsubscribed" in run("Billing", "--subscribe", MONA).stderr
