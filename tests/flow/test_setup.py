"""`bridge setup` and `bridge sandbox`: from nothing to a webhook that is taken, and secrets that stay secret."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bridge.cli.sandbox import _VARIABLES, _configuration
from bridge.sandbox import Sandbox
from bridge.settings import load
from bridge.slackapp import MANIFEST
from bridge.work.bridge import wall_clock
from connectors.channels.slack_setup import CREATE, SCOPES
from tests.flow.sites import Site, opened


@pytest.fixture
def site(url: str, tmp_path: Path) -> Iterator[Site]:
    with opened(url, tmp_path) as made:
        yield made


# --- a desk


def test_set_up_twice_makes_all_and_then_keeps_it(site: Site) -> None:
    first = site.run("setup", "zendesk", "--json").stdout
    assert {step["do"] for step in json.loads(first)["steps"]} == {"create"}
    again = site.run("setup", "zendesk", "--json").stdout
    assert {step["do"] for step in json.loads(again)["steps"]} == {"keep"}
    assert json.loads(first)["secrets"] == json.loads(again)["secrets"] != {}


def test_what_is_told_after_set_up_is_all_that_a_webhook_needs(site: Site) -> None:
    site.set_up()
    desk = site.sandbox.zendesk
    [anna] = [user.id for user in desk.users.values() if not user.is_staff]
    ticket = desk.open_ticket(anna, "Where is my refund?", "It is late.")
    desk.rate(ticket, "bad")
    assert site.arrived() == 2


def test_secrets_go_to_standard_output_and_all_else_does_not(site: Site) -> None:
    result = site.run("setup", "zendesk")
    names = [line.partition("=")[0] for line in result.stdout.splitlines()]
    assert names == ["ZENDESK_WEBHOOK_SECRET", "RATINGS_WEBHOOK_SECRET"]
    assert "create" in result.stderr
    assert not any(hook.secret in result.stderr for hook in site.sandbox.zendesk.webhooks.values())


def test_saved_secrets_are_shown_nowhere_and_read_by_nobody_else(site: Site) -> None:
    folder = site.folder / "secrets"
    result = site.run("setup", "zendesk", "--save", folder)
    secrets = {hook.secret for hook in site.sandbox.zendesk.webhooks.values()}
    assert not any(secret in result.output for secret in secrets)
    lines = dict(line.split("=", 1) for line in result.stdout.splitlines())
    assert set(lines) == {"ZENDESK_WEBHOOK_SECRET_FILE", "RATINGS_WEBHOOK_SECRET_FILE"}
    assert {Path(path).read_text().strip() for path in lines.values()} == secrets
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert load({**site.env, **lines}).secret("ZENDESK_WEBHOOK_SECRET") in secrets


def test_a_saved_secret_takes_the_place_of_an_old_one(site: Site) -> None:
    old = site.folder / "ZENDESK_WEBHOOK_SECRET"
    old.write_text("old")
    old.chmod(0o644)
    site.run("setup", "zendesk", "--save", site.folder)
    assert old.read_text().strip() in {h.secret for h in site.sandbox.zendesk.webhooks.values()}
    assert stat.S_IMODE(old.stat().st_mode) == 0o600


def test_a_folder_that_can_not_be_written_to_is_one_sentence(site: Site) -> None:
    (site.folder / "taken").write_text("a file")
    result = site.run(
        "setup", "form", "--save", site.folder / "taken" / "x", code=1, FORM_SECRET=""
    )
    assert "FORM_SECRET can't be written" in result.output


def test_a_file_that_is_named_but_not_there_yet_is_no_obstacle(site: Site) -> None:
    there = str(site.folder / "secrets" / "ZENDESK_WEBHOOK_SECRET")
    site.run(
        "setup", "zendesk", "--save", site.folder / "secrets", ZENDESK_WEBHOOK_SECRET_FILE=there
    )
    assert Path(there).exists()


def test_a_dry_run_changes_nothing_and_shows_no_secret(site: Site) -> None:
    desk = site.sandbox.zendesk
    result = site.run("setup", "zendesk", "--dry-run")
    assert (desk.webhooks, desk.triggers, desk.views) == ({}, {}, {})
    assert result.stdout == ""
    assert "create" in result.stderr


def test_all_that_was_made_can_be_taken_away(site: Site) -> None:
    desk = site.sandbox.zendesk
    site.run("setup", "zendesk")
    site.run("setup", "zendesk", "--remove", "--dry-run")
    assert len(desk.webhooks) == 2
    site.run("setup", "zendesk", "--remove")
    assert (desk.webhooks, desk.triggers, desk.views) == ({}, {}, {})


def test_without_an_address_the_way_out_is_named(site: Site) -> None:
    result = site.run("setup", "zendesk", code=1, PUBLIC_URL="")
    assert result.output.startswith("Error: set PUBLIC_URL")


def test_a_refused_client_is_one_sentence(site: Site) -> None:
    result = site.run("setup", "zendesk", code=1, ZENDESK_CLIENT_SECRET="wrong-secret")
    assert "check the client's identifier, its secret" in result.output
    assert "wrong-secret" not in result.output


def test_an_unknown_name_is_told_the_known_ones(site: Site) -> None:
    result = site.run("setup", "zendek", code=1)
    assert "there is: zendesk, slack, form" in result.output


def test_without_a_name_it_says_what_is_still_missing(site: Site) -> None:
    missing = {"FORM_SECRET": "", "SLACK_SIGNING_SECRET": ""}
    rows = json.loads(site.run("setup", "--json", **missing).stdout)
    assert {row["name"]: row["missing"] for row in rows} == {
        "zendesk": "ZENDESK_WEBHOOK_SECRET, RATINGS_WEBHOOK_SECRET",
        "slack": "SLACK_SIGNING_SECRET",
        "form": "FORM_SECRET",
    }


# --- Slack


def test_the_bot_joins_public_channels_and_asks_to_be_invited_to_private_ones(site: Site) -> None:
    slack = site.sandbox.slack
    channels = list(slack.channels.values())
    channels[1].is_private = True
    before = site.run("setup", "slack", "--dry-run")
    assert not any(channel.is_member for channel in channels)
    assert "the bot joins it" in before.stderr
    result = site.run("setup", "slack")
    assert [channel.is_member for channel in channels] == [True, False]
    assert "/invite @Alert Bridge" in result.stderr
    assert site.run("setup", "slack").stderr.count("the bot is in it") == 1


def test_membership_is_seen_with_the_scopes_of_the_manifest_alone(site: Site) -> None:
    site.sandbox.slack.add_token("xoxb-first-day", SCOPES)
    assert site.run("setup", "slack").stderr.count("the bot joins it") == 2
    assert site.run("setup", "slack").stderr.count("the bot is in it") == 2


def test_a_missing_scope_is_named_with_what_it_costs(site: Site) -> None:
    site.sandbox.slack.add_token("xoxb-first-day", set(SCOPES) - {"groups:history"})
    assert "scope groups:history" in site.run("setup", "slack").stderr


def test_before_there_is_a_token_the_manifest_is_shown_with_our_own_address(site: Site) -> None:
    result = site.run("setup", "slack", SLACK_BOT_TOKEN="")
    [_, shown] = result.stdout.rstrip().split(":\n\n", 1)
    told, meant = (yaml(text) for text in (shown, MANIFEST.read_text("utf-8")))
    assert told == meant.replace("https://bridge.example.com", site.public.url)
    assert told.count(site.public.url) == 3
    assert CREATE in result.stdout
    assert "set SLACK_BOT_TOKEN" in result.stderr


def yaml(text: str) -> str:
    """A manifest without its comments."""
    return "\n".join(re.sub(r" *# .*", "", line) for line in text.splitlines()).strip()


def test_without_an_address_the_manifest_is_shown_as_it_is(site: Site) -> None:
    result = site.run("setup", "slack", SLACK_BOT_TOKEN="", PUBLIC_URL="")
    assert MANIFEST.read_text("utf-8").rstrip() in result.stdout
    assert "set PUBLIC_URL" in result.stderr


def test_what_buttons_need_is_told_with_the_app(site: Site) -> None:
    told = site.run("setup", "slack").stderr
    for path in ("actions", "commands", "events"):
        assert f"by hand  {site.public.url}/slack/{path}: " in told
    assert "keep     SLACK_SIGNING_SECRET: it is set" in told
    assert site.env["SLACK_SIGNING_SECRET"] not in told
    told = site.run("setup", "slack", SLACK_SIGNING_SECRET="").stderr
    assert "by hand  SLACK_SIGNING_SECRET: set it to Basic Information" in told


def test_without_a_source_for_them_buttons_are_said_to_do_nothing(site: Site) -> None:
    path = site.folder / "bridge.toml"
    path.write_text(path.read_text().partition("[sources.slack]")[0])
    assert "add [sources.slack], or its buttons do nothing" in site.run("setup", "slack").stderr


def test_the_manifest_asks_for_the_scopes_that_are_looked_for() -> None:
    asked = re.findall(r"^ +- ([a-z:.]+)", MANIFEST.read_text("utf-8"), re.MULTILINE)
    assert set(asked) >= set(SCOPES)


# --- any other source


def test_a_source_is_told_in_steps_with_its_address_and_secret(site: Site) -> None:
    words = site.run("setup", "form").stdout
    assert f"{site.public.url}/hooks/form" in words
    assert "the-form's-secret" in words
    assert "FORM_SECRET" in words
    assert "{" not in words


def test_a_secret_of_our_choosing_is_made_once_and_told(site: Site) -> None:
    result = site.run("setup", "form", FORM_SECRET="")
    [line] = [one for one in result.stdout.splitlines() if one.startswith("FORM_SECRET=")]
    secret = line.removeprefix("FORM_SECRET=")
    assert len(secret) >= 40
    assert result.stdout.count(secret) == 2  # where it is to be pasted, and where it is to be set
    other = site.run("setup", "form", FORM_SECRET="").stdout
    assert secret not in other


def test_a_made_secret_that_is_saved_is_not_shown(site: Site) -> None:
    result = site.run("setup", "form", "--save", site.folder / "secrets", FORM_SECRET="")
    secret = (site.folder / "secrets" / "FORM_SECRET").read_text().strip()
    assert secret not in result.output
    assert f"FORM_SECRET_FILE={site.folder / 'secrets' / 'FORM_SECRET'}" in result.stdout


def test_a_dry_run_makes_no_secret(site: Site) -> None:
    folder = site.folder / "secrets"
    result = site.run("setup", "form", "--dry-run", "--save", folder, FORM_SECRET="")
    assert "(a new secret)" in result.stdout
    assert not folder.exists()


def test_there_is_nothing_to_take_away_of_a_source(site: Site) -> None:
    assert "by hand" in site.run("setup", "form", "--remove", code=1).output


# --- a place to try it


@pytest.fixture
def playground(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """`bridge sandbox` as it runs in a terminal: the folder it wrote to, and its address."""
    folder = tmp_path / "try"
    command = [sys.executable, "-m", "bridge.cli", "sandbox", "--port", "0", "--save", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if found := re.match(r"(http\S+)/deeds/", line):
                break
        assert found
        try:
            yield folder, found[1]
            process.terminate()  # SIGINT is ignored below a shell that runs us in the background
            assert process.wait(30) == 0  # as after Ctrl-C
        finally:
            process.kill()


def test_buttons_of_the_sandbox_are_pressed_at_the_application(url: str, tmp_path: Path) -> None:
    """What it writes makes a press on its page a step of the alert."""
    with opened(url, tmp_path) as site, Sandbox(wall_clock) as made:
        files = _configuration(made, site.public.url, tmp_path / "try")
        (tmp_path / "bridge.toml").write_text(files["bridge.toml"], "utf-8")
        lines = re.findall(r"^export (\w+)='(.*)'$", files["env"], re.MULTILINE)
        site.env |= dict(lines) | {"BRIDGE_CONFIG": str(tmp_path / "bridge.toml")}
        site.env |= {f"{name}_FILE": "" for name in _VARIABLES} | dict.fromkeys(_VARIABLES, "s")
        site.serve()
        nils = next(user for user in made.slack.users.values() if user.name == "support")
        channel = next(one for one in made.slack.channels if one.startswith("C"))
        shown = requests.get(f"{made.url}/channels/{channel}?still", timeout=10).text
        assert f'<option value="{nils.id}"' in shown
        page = f"{made.url}/people/{nils.id}"
        requests.post(f"{page}/command", {"text": "help", "channel": channel}, timeout=10)
        assert "my open alerts" in requests.get(page, timeout=10).text
        assert made.slack.answers[-1].status == 200
        made.slack.signing_secret = "somebody-else's"
        requests.post(f"{page}/command", {"text": "help", "channel": channel}, timeout=10)
        assert made.slack.answers[-1].status == 401


def test_the_sandbox_writes_a_configuration_that_leads_to_it(
    playground: tuple[Path, str], url: str
) -> None:
    folder, address = playground
    lines = re.findall(r"^export (\w+)='(.*)'$", (folder / "env").read_text(), re.MULTILINE)
    site = Site(None, None, url, folder, {**dict(lines), "DATABASE_URL": url})  # type: ignore[arg-type]
    site.run("migrate")
    site.run("setup", "zendesk", "--save", folder / "secrets")
    site.run("setup", "jsm", "--save", folder / "secrets")
    assert site.run("setup", "slack").stderr.count("the bot joins it") == 2
    check = site.run("check")
    assert "fix" not in check.output
    ticket = requests.post(f"{address}/deeds/tickets", {"about": "My refund"}, timeout=10)
    assert "My refund" in ticket.text
    rated = requests.post(f"{address}/deeds/tickets/1/rating", {"score": "bad"}, timeout=10)
    assert "rated bad" in requests.get(address, timeout=10).text
    assert rated.status_code == 200
    assert "Where is my refund?" in requests.get(f"{address}/deeds/", timeout=10).text
    solved = {"status": "solved", "words": "Done"}
    requests.post(f"{address}/deeds/tickets/1/answer", solved, timeout=10).raise_for_status()
    assert "solved" in requests.get(f"{address}/tickets/1", timeout=10).text
    missing = requests.post(f"{address}/deeds/tickets/9/rating", {"score": "bad"}, timeout=10)
    assert missing.status_code == 404
    request = requests.post(f"{address}/deeds/requests", {"about": "My order"}, timeout=10)
    assert "My order" in request.text
    issue = request.url.rpartition("/")[2]
    done = {"status": "resolved", "words": "Here it is"}
    requests.post(f"{address}/deeds/requests/{issue}/answer", done, timeout=10).raise_for_status()
    stars = requests.post(f"{address}/deeds/requests/{issue}/rating", {"stars": "1"}, timeout=10)
    assert stars.status_code == 200
    missing = requests.post(f"{address}/deeds/requests/99/rating", {"stars": "1"}, timeout=10)
    assert (missing.status_code, "does not exist" in missing.text) == (404, True)
