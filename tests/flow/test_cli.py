"""`bridge …` as people and programs use it: what it prints, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from bridge.cli import main
from bridge.domain.alerts import Change, Step
from bridge.domain.model import (
    Action,
    Alert,
    Delivery,
    Finding,
    Reason,
    Severity,
    Team,
)
from bridge.store import alerts, deliveries, inbox, teams

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
POLICY = """
[desks.zendesk]
kind = "zendesk"
subdomain = "demo"

[channels.slack]

[sources.zendesk]
kind = "zendesk"

[sources.slack]
kind = "slack"

[calendars.office]
zone = "Europe/Berlin"
"""
TEAMS = """
[teams.Support]
slack_channel = "C0123ABCD"
manager = "Nils Holm"
calendar = "office"
groups = ["zendesk:1"]

[teams."Billing & Refunds"]
parent = "Support"
slack_channel = "C0999"
"""
SECRETS = {
    "ZENDESK_SECRET": "s1",
    "SLACK_SECRET": "s5",
    "ZENDESK_CLIENT_ID": "s2",
    "ZENDESK_CLIENT_SECRET": "s3",
    "SLACK_BOT_TOKEN": "s4",
    "PUBLIC_URL": "https://alerts.example.com",
}

Bridge = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bridge.toml").write_text(POLICY)
    (tmp_path / "teams.toml").write_text(TEAMS)
    return tmp_path


@pytest.fixture
def bridge(url: str, folder: Path) -> Iterator[Bridge]:
    """Runs a command on a database of its own."""

    def run(*arguments: object, **env: str) -> Result:
        known = {
            **SECRETS,
            "DATABASE_URL": url,
            "BRIDGE_CONFIG": str(folder / "bridge.toml"),
            "BRIDGE_TEAMS": str(folder / "teams.toml"),
            "COLUMNS": "200",
        }
        return CliRunner().invoke(main, [str(a) for a in arguments], env={**known, **env})

    yield run
    structlog.reset_defaults()


def printed(result: Result) -> Any:
    """The JSON that a command printed for programs."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def commands(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    """Every command there is, the groups included."""
    yield before
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        else:
            yield (*before, name)


@pytest.mark.parametrize("command", [*commands(main)], ids=" ".join)
def test_every_command_says_what_it_is_for(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0
    _, _, words = result.output.partition("\n\n")
    assert words.strip()[0].isalpha(), "the help says what the command does"


def test_help_imports_nothing_heavy() -> None:
    look = (
        "import sys; sys.argv = ['bridge', '--help']\n"
        "from bridge.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert "Usage: bridge" in done.stdout
    loaded = set(done.stderr.split())
    heavy = {"sqlalchemy", "flask", "zenpy", "procrastinate", "pydantic", "slack_sdk", "psycopg"}
    assert heavy & loaded == set()


def test_a_missing_configuration_is_one_sentence_and_no_traceback(bridge: Bridge) -> None:
    result = bridge("inbox", "list", BRIDGE_CONFIG="nowhere.toml")
    assert result.exit_code == 1
    assert result.output.startswith("Error: nowhere.toml: no such file.")


# --- check, migrate


def test_check_is_content_when_all_is_well(bridge: Bridge, folder: Path) -> None:
    bridge("teams", "import", folder / "teams.toml")
    result = bridge("check")
    assert result.exit_code == 0, result.output
    assert "fix" not in result.output


def test_check_says_what_is_wrong_and_the_way_out(bridge: Bridge) -> None:
    result = bridge("check", "--json", SLACK_BOT_TOKEN="", PUBLIC_URL="")
    assert result.exit_code == 1
    fixes = {found["what"]: found["fix"] for found in json.loads(result.stdout) if not found["ok"]}
    assert fixes["slack"] == "set SLACK_BOT_TOKEN, or SLACK_BOT_TOKEN_FILE to a file that holds it"
    assert "PUBLIC_URL" in fixes["public address"]
    assert "bridge teams import" in fixes["default team"]


def test_check_tells_a_wrong_configuration(bridge: Bridge, folder: Path) -> None:
    (folder / "bridge.toml").write_text("default_tean = 'Support'\n")
    result = bridge("check")
    assert result.exit_code == 1
    assert "bridge.toml:1: default_tean: 'default_tean' is not known" in result.output
    assert "did you mean 'default_team'?" in result.output


def test_check_tells_a_database_that_is_away(bridge: Bridge) -> None:
    result = bridge("check", DATABASE_URL="postgresql://bridge@/bridge?host=/nowhere")
    assert result.exit_code == 1
    assert "look at DATABASE_URL" in result.output


def test_check_tells_a_database_without_our_tables(
    bridge: Bridge, database: Callable[..., str]
) -> None:
    result = bridge("check", DATABASE_URL=database(empty=True))
    assert result.exit_code == 1
    assert "run `bridge migrate`" in result.output


def test_migrate_makes_the_tables_and_seeds_the_teams_once(
    bridge: Bridge, database: Callable[..., str], folder: Path
) -> None:
    url = database(empty=True)
    first = bridge("migrate", DATABASE_URL=url)
    assert first.exit_code == 0
    assert "seeded teams" in first.output
    (folder / "teams.toml").write_text("[teams.Other]\n")
    assert "seeded" not in bridge("migrate", DATABASE_URL=url).output
    names = [team["name"] for team in printed(bridge("teams", "list", "--json", DATABASE_URL=url))]
    assert names == ["Billing & Refunds", "Support"]


# --- inbox


def keep(engine: Engine, key: str, state: str = inbox.WAITING, reason: str = "") -> int:
    row = inbox.Received(
        source="zendesk",
        delivery=key,
        received_at=NINE,
        method="POST",
        url="https://alerts.example.com/hooks/zendesk",
        headers={"content-type": "application/json"},
        body='{"words": "Grüße"}'.encode(),
    )
    with engine.begin() as connection:
        inbox.add(connection, [row])
        number = inbox.listing(connection, None, 1)[0].id
        inbox.settle(connection, [number], state, reason)
    return number


def jobs(engine: Engine) -> list[str]:
    with engine.begin() as connection:
        query = text("SELECT task_name FROM procrastinate_jobs")
        return list(connection.execute(query).scalars())


def test_the_inbox_is_listed_newest_first(bridge: Bridge, engine: Engine) -> None:
    assert "No delivery has come in yet." in bridge("inbox", "list").output
    keep(engine, "a", inbox.READ)
    bad = keep(engine, "b", inbox.UNREADABLE, "event.time: is missing")
    rows = printed(bridge("inbox", "list", "--json"))
    assert [row["state"] for row in rows] == ["unreadable", "read"]
    assert printed(bridge("inbox", "list", "--state", "unreadable", "--json")) == rows[:1]
    assert rows[0] == {
        "id": bad,
        "source": "zendesk",
        "received": "2026-03-10T09:00:00+00:00",
        "state": "unreadable",
        "bytes": 20,
        "reason": "event.time: is missing",
    }
    assert "event.time: is missing" in bridge("inbox", "list").output


def test_one_delivery_is_shown_with_its_body(bridge: Bridge, engine: Engine) -> None:
    number = keep(engine, "a", inbox.UNREADABLE, "event.time: is missing")
    shown = bridge("inbox", "show", number).output
    assert "event.time: is missing" in shown
    assert "content-type: application/json" in shown
    assert "Grüße" in shown
    assert printed(bridge("inbox", "show", number, "--json"))["body"] == '{"words": "Grüße"}'
    absent = bridge("inbox", "show", 10**9)
    assert (absent.exit_code, absent.output) == (1, f"Error: no delivery has the number {10**9}\n")


def test_deliveries_are_read_again_by_number_or_all_that_failed(
    bridge: Bridge, engine: Engine
) -> None:
    one, other = (keep(engine, key, inbox.UNREADABLE, "why") for key in "ab")
    read = keep(engine, "c", inbox.READ)
    dry = bridge("inbox", "replay", "--unreadable", "--dry-run")
    assert "2 would be read again" in dry.output
    assert jobs(engine) == []
    assert printed(bridge("inbox", "replay", one, read, "--json")) == {"replayed": 2, "found": 2}
    assert jobs(engine) == ["drain"]
    assert "1 to be read again" in bridge("inbox", "replay", "--unreadable").output
    states = [row["state"] for row in printed(bridge("inbox", "list", "--json"))]
    assert states == ["waiting"] * 3
    assert bridge("inbox", "replay", other, 10**9).exit_code == 1
    assert bridge("inbox", "replay").exit_code == 2
    assert bridge("inbox", "replay", one, "--unreadable").exit_code == 2


# --- deliveries


@pytest.fixture
def failed(engine: Engine) -> int:
    """The number of a post that failed."""
    finding = Finding(rule="low_score", severity=Severity.HIGH, headline="Rated 1", since=NINE)
    alert = Alert(
        subject="zendesk:1",
        ref="AB-1",
        severity=Severity.HIGH,
        opened_at=NINE,
        changed_at=NINE,
        reasons=(Reason(finding=finding, added_at=NINE),),
        team="Support",
    )
    post = Delivery(channel="slack", action=Action.POST, to="C0123ABCD", why="a new alert")
    with engine.begin() as connection:
        (saved,) = alerts.save(
            connection,
            [(alert, [Step(change=Change.OPENED, at=alert.opened_at, finding=finding)])],
        )
        (number,) = deliveries.add(connection, [(saved.number, post)], NINE)
        row = deliveries.take(connection, number, NINE)
        assert row is not None
        deliveries.failed(connection, row, "slack refused: is_archived")
    return number


def test_failed_deliveries_are_listed_and_retried(
    bridge: Bridge, engine: Engine, failed: int
) -> None:
    (row,) = printed(bridge("deliveries", "list", "--state", "failed", "--json"))
    assert (row["id"], row["action"], row["reason"]) == (
        failed,
        "post",
        "slack refused: is_archived",
    )
    assert "is_archived" in bridge("deliveries", "list").output
    assert printed(bridge("deliveries", "retry", failed, "--json")) == {"retried": [failed]}
    assert jobs(engine) == ["deliver"]
    (row,) = printed(bridge("deliveries", "list", "--json"))
    assert (row["state"], row["reason"]) == ("waiting", "")
    assert bridge("deliveries", "retry", 10**9).exit_code == 1
    assert bridge("deliveries", "retry").exit_code == 2


def test_check_counts_what_failed(bridge: Bridge, failed: int) -> None:
    assert "1 deliveries failed" in bridge("check").output


# --- teams


def test_teams_go_in_and_come_out_the_same(bridge: Bridge, engine: Engine, folder: Path) -> None:
    path = folder / "teams.toml"
    dry = bridge("teams", "import", path, "--dry-run")
    assert "add    Support" in dry.output
    assert "nothing was written" in dry.output
    assert printed(bridge("teams", "list", "--json")) == []

    assert bridge("teams", "import", path).exit_code == 0
    exported = bridge("teams", "export")
    copy = folder / "copy.toml"
    copy.write_text(exported.stdout)
    assert "nothing to change" in bridge("teams", "import", copy).output
    with engine.begin() as connection:
        found = teams.all_teams(connection)
    assert found[0] == Team(name="Billing & Refunds", parent="Support", slack_channel="C0999")
    assert "Nils Holm" in bridge("teams", "list").output


def test_only_prune_deletes_teams(bridge: Bridge, folder: Path) -> None:
    bridge("teams", "import", folder / "teams.toml")
    fewer = folder / "fewer.toml"
    fewer.write_text('[teams.Support]\nmanager = "Mona Berg"\n')
    result = bridge("teams", "import", fewer)
    assert "change Support" in result.output
    assert len(printed(bridge("teams", "list", "--json"))) == 2
    assert "delete Billing & Refunds" in bridge("teams", "import", fewer, "--prune").output
    assert [team["name"] for team in printed(bridge("teams", "list", "--json"))] == ["Support"]


def test_a_wrong_team_file_changes_nothing(bridge: Bridge, folder: Path) -> None:
    (folder / "teams.toml").write_text('[teams.Support]\nslack = "C1"\n')
    result = bridge("teams", "import", folder / "teams.toml")
    assert result.exit_code == 1
    assert "teams.Support.slack: not known; did you mean 'slack_channel'?" in result.output
    assert printed(bridge("teams", "list", "--json")) == []


# --- processes


def test_a_process_started_alone_needs_a_database(bridge: Bridge) -> None:
    result = bridge("web", DATABASE_URL="")
    assert result.exit_code == 1
    assert "DATABASE_URL is not set" in result.output


def test_web_does_not_start_with_a_source_that_proves_nothing(bridge: Bridge) -> None:
    result = bridge("web", ZENDESK_SECRET="")
    assert result.exit_code == 1
    assert "unsigned = true" in result.output
