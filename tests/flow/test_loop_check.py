"""`bridge check` on closing the loop: mediums that aren't there, buttons that do nothing, links without a secret."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

from bridge.cli import main

POLICY = """
[desks.zendesk]
kind = "zendesk"
subdomain = "demo"

[sources.zendesk]
kind = "zendesk"

[channels.slack]
"""
BUTTONS = """
[sources.slack]
kind = "slack"
secret = "SLACK_SIGNING_SECRET"
"""
MAIL = """
[channels.email]
host = "smtp.example.com"
sender = "Alert Bridge <alerts@example.com>"
"""
SMS = """
[channels.sms]
account = "AC00000000000000000000000000000000"
sender = "+15005550001"
"""
TEAM = """
[teams.Support]
slack_channel = "C0123ABCD"
manager = "Mona Berg"
"""
ENV = {
    "ZENDESK_SECRET": "s1",
    "ZENDESK_CLIENT_ID": "s2",
    "ZENDESK_CLIENT_SECRET": "s3",
    "SLACK_BOT_TOKEN": "s4",
    "SLACK_SIGNING_SECRET": "s5",
    "TWILIO_AUTH_TOKEN": "s6",
    "BRIDGE_SECRET": "s7",
    "PUBLIC_URL": "https://bridge.example.com",
}

Wrong = Callable[..., dict[str, str]]


@pytest.fixture
def wrong(url: str, tmp_path: Path) -> Iterator[Wrong]:
    """What `bridge check` finds wrong with a policy and a team, each with the way out."""
    policy, teams = tmp_path / "bridge.toml", tmp_path / "teams.toml"
    env = {"DATABASE_URL": url, "BRIDGE_CONFIG": str(policy), "BRIDGE_TEAMS": str(teams), **ENV}

    def look(more: str = BUTTONS, team: str = "", **other: str) -> dict[str, str]:
        policy.write_text(POLICY + more, "utf-8")
        teams.write_text(TEAM + team, "utf-8")
        runner = CliRunner(env={**env, **other})
        assert runner.invoke(main, ["teams", "import", str(teams)]).exit_code == 0
        result = runner.invoke(main, ["check", "--json"])
        found = {one["what"]: one["fix"] for one in json.loads(result.stdout) if not one["ok"]}
        assert result.exit_code == bool(found)
        return found

    yield look
    structlog.reset_defaults()


def test_what_comes_by_itself_needs_neither_mail_server_nor_text_messages(wrong: Wrong) -> None:
    assert wrong() == {}


def test_buttons_that_would_do_nothing_are_found(wrong: Wrong) -> None:
    [(what, fix)] = wrong("").items()
    assert what == "slack: the buttons of its messages do nothing"
    assert "[sources.slack]" in fix


def test_a_missing_signing_secret_is_found(wrong: Wrong) -> None:
    [(what, fix)] = wrong(SLACK_SIGNING_SECRET="").items()
    assert (what, "SLACK_SIGNING_SECRET" in fix) == ("source slack", True)


@pytest.mark.parametrize(("medium", "section"), [("sms", SMS), ("email", MAIL)])
def test_a_route_by_a_medium_that_is_not_there_is_found(
    wrong: Wrong, medium: str, section: str
) -> None:
    routes = f'[routes.default]\nhigh = ["slack", "{medium}"]\n'
    [(what, fix)] = wrong(BUTTONS + routes).items()
    assert what == f"routes default: there is no [channels.{medium}]"
    assert f"docs/setup-{medium}.md" in fix
    assert wrong(BUTTONS + routes + section) == {}


@pytest.mark.parametrize(("medium", "section"), [("sms", SMS), ("email", MAIL)])
def test_a_step_of_a_ladder_by_a_medium_that_is_not_there_is_found(
    wrong: Wrong, medium: str, section: str
) -> None:
    step = f'{{ who = "manager", after = "20m", by = ["slack", "{medium}"] }}'
    ladder = f"[ladders.steep]\nsteps = [{step}]\n"
    assert list(wrong(BUTTONS + ladder)) == [f"ladder steep: there is no [channels.{medium}]"]
    assert wrong(BUTTONS + ladder + section) == {}


@pytest.mark.parametrize("missing", ["BRIDGE_SECRET", "PUBLIC_URL"])
def test_a_question_to_customers_without_a_link_is_found(wrong: Wrong, missing: str) -> None:
    found = wrong(team='follow_up = "ticket"\n', **{missing: ""})
    assert missing in found["team Support: its customers can't be asked"]
    assert wrong(team='follow_up = "ticket"\n') == {}
    never = '[loop]\nfollow_up_after = "none"\n'
    assert missing not in str(wrong(BUTTONS + never, 'follow_up = "ticket"\n', BRIDGE_SECRET=""))


def test_a_question_by_e_mail_without_a_mail_server_is_found(wrong: Wrong) -> None:
    [(what, fix)] = wrong(team='follow_up = "email"\n').items()
    assert what == "team Support: its customers can't be asked by e-mail"
    assert "[channels.email]" in fix
    assert wrong(BUTTONS + MAIL, team='follow_up = "email"\n') == {}


@pytest.mark.parametrize("missing", ["BRIDGE_SECRET", "PUBLIC_URL"])
def test_digests_that_nobody_can_be_rid_of_are_found(wrong: Wrong, missing: str) -> None:
    reader = 'manager_email = "mona@example.com"\n'
    found = wrong(BUTTONS + MAIL, team=reader, **{missing: ""})
    assert missing in found["digest: its mails have no link to be rid of them"]


@pytest.mark.parametrize(
    ("more", "team"),
    [
        (MAIL, 'manager_email = "mona@example.com"\ndigest = "off"\n'),
        (MAIL + '[digest]\nat = "off"\n', 'manager_email = "mona@example.com"\n'),
        (MAIL + '[digest]\nby = ["slack"]\n', 'manager_email = "mona@example.com"\n'),
        (MAIL, ""),
        ("", 'manager_email = "mona@example.com"\n'),
    ],
    ids=["the team wants none", "nobody gets one", "in Slack only", "no address", "no server"],
)
def test_without_a_digest_by_mail_no_secret_is_asked_for(
    wrong: Wrong, more: str, team: str
) -> None:
    assert wrong(BUTTONS + more, team=team, BRIDGE_SECRET="") == {}
