"""`bridge import`, as an admin runs it on the first day: what is printed where, how it ends, and the way out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bridge.domain.model import Ticket
from bridge.sandbox import Fault
from bridge.settings import load
from bridge.store import tickets
from bridge.work.bridge import Bridge, wall_clock
from bridge.work.judging import judge_tickets
from tests.flow.sites import Site, opened

GOAL = """
[goals.first_response]
target = "1h"
"""
JIRA = """
[desks.jsm]
kind = "jsm"
site = "demo"
user = "bridge@example.com"
token = "JSM_TOKEN"
base_url = "{jira}"
"""


@pytest.fixture
def site(url: str, tmp_path: Path) -> Iterator[Site]:
    """An account with two open tickets of yesterday and one of this minute; nothing told us of any."""
    with opened(url, tmp_path) as made:
        add(made, GOAL)
        desk = made.sandbox.zendesk
        [anna] = [user.id for user in desk.users.values() if not user.is_staff]
        desk.now = lambda: wall_clock() - timedelta(days=1)
        for words in ("Where is my refund?", "Where is my order?"):
            desk.open_ticket(anna, words, "It is late.")
        desk.now = wall_clock
        desk.open_ticket(anna, "Where is my invoice?", "It is late.")
        yield made


def add(site: Site, words: str) -> None:
    """Say more in the configuration."""
    policy = site.folder / "bridge.toml"
    policy.write_text(policy.read_text("utf-8") + words, "utf-8")


def add_jira(site: Site) -> None:
    """A second desk, with one open request."""
    jira = site.sandbox.jira
    jira.add_project("HELP", "Support")
    jira.add_token("token-of-the-first-day", jira.add_agent("Alert Bridge", "bridge@example.com"))
    anna = jira.add_customer("Anna Weber", "anna@example.org")
    jira.open_request(anna, "Where is my order?", "It is late.", "HELP")
    site.env["JSM_TOKEN"] = "token-of-the-first-day"
    add(site, JIRA.format(jira=site.sandbox.jira_url))


def bring(site: Site, *words: str, code: int = 0) -> list[dict[str, Any]]:
    """`bridge import --open --json …`; what it printed."""
    told: list[dict[str, Any]] = json.loads(
        site.run("import", "--open", "--json", *words, code=code).stdout
    )
    return told


def known(site: Site, engine: Engine) -> dict[str, Ticket]:
    """What a worker makes of what was read: tickets by subject."""
    bridge = Bridge(load(site.env), site.url, pool=1)
    while judge_tickets(bridge):
        pass
    bridge.close()
    with engine.begin() as connection:
        return tickets.find_all(connection, [f"zendesk:{number}" for number in (1, 2, 3)])


def away(site: Site, end: str = "") -> None:
    site.sandbox.faults = lambda vendor, _, path: (
        Fault.status(503) if vendor == "zendesk" and end in path else None
    )


def test_all_open_tickets_come_in_and_it_says_how_many(site: Site, engine: Engine) -> None:
    assert bring(site) == [{"desk": "zendesk", "tickets": 2, "one by one": 1}]
    found = known(site, engine)
    assert sorted(found) == ["zendesk:1", "zendesk:2"], "a worker reads the third one by itself"
    assert all(ticket.whole for ticket in found.values())
    assert all(ticket.rung["first_response"].quiet for ticket in found.values())


def test_what_is_told_on_standard_output_is_for_programs_and_progress_is_not(site: Site) -> None:
    result = site.run("import", "--open", "--json")
    assert len(result.stdout.splitlines()) == 1
    assert "2/3" in result.stderr
    people = site.run("import", "--open", "--again")
    assert people.stdout.split() == ["desk", "tickets", "one", "by", "one", "zendesk", "2", "1"]
    assert "2/3" in people.stderr


def test_a_dry_run_says_what_would_be_read_and_asks_nobody(site: Site, engine: Engine) -> None:
    add_jira(site)
    before = site.sandbox.zendesk.calls.total(), site.sandbox.jira.calls.total()
    assert bring(site, "--dry-run") == [
        {"desk": "zendesk", "would": "read all open tickets"},
        {"desk": "jsm", "would": "read all open tickets"},
    ]
    assert (site.sandbox.zendesk.calls.total(), site.sandbox.jira.calls.total()) == before
    assert known(site, engine) == {}


def test_only_the_desk_that_is_named_is_read(site: Site, engine: Engine) -> None:
    add_jira(site)
    before = site.sandbox.zendesk.calls.total()
    assert bring(site, "--desk", "jsm") == [{"desk": "jsm", "tickets": 1, "one by one": 0}]
    assert site.sandbox.zendesk.calls.total() == before
    assert known(site, engine) == {}


def test_an_unknown_desk_is_told_those_there_are(site: Site) -> None:
    result = site.run("import", "--open", "--desk", "zendek", "--json", code=1)
    assert result.stdout == ""
    assert "no desk is called 'zendek'; configured: zendesk" in result.stderr


def test_without_a_desk_it_is_said_where_one_is_made(site: Site) -> None:
    (site.folder / "bridge.toml").write_text(GOAL, "utf-8")
    result = site.run("import", "--open", code=1)
    assert "no desk is configured: uncomment [desks.…] in the configuration" in result.stderr
    named = site.run("import", "--open", "--desk", "zendesk", code=1)
    assert "no desk is called 'zendesk'; configured: none" in named.stderr


def test_which_tickets_has_to_be_said(site: Site) -> None:
    assert "say which tickets: --open" in site.run("import", code=2).stderr


@pytest.mark.parametrize("end", ["", "ticket_events.json"])
def test_a_desk_that_is_away_is_an_exit_code_and_a_way_out(
    site: Site, engine: Engine, end: str
) -> None:
    away(site, end)
    [row] = bring(site, code=1)
    assert (row["desk"], row["tickets"], row["one by one"]) == ("zendesk", 0, 0)
    assert "503" in row["failed"]
    assert row["failed"].endswith("run it again later, it goes on from here")
    site.sandbox.faults = lambda *_: None
    assert bring(site) == [{"desk": "zendesk", "tickets": 2, "one by one": 1}]
    assert sorted(known(site, engine)) == ["zendesk:1", "zendesk:2"]


def test_a_desk_that_is_away_keeps_no_other_from_being_read(site: Site) -> None:
    add_jira(site)
    away(site)
    zendesk, jsm = bring(site, code=1)
    assert "503" in zendesk["failed"]
    assert jsm == {"desk": "jsm", "tickets": 1, "one by one": 0}


def test_a_refused_client_is_told_without_its_secret(site: Site) -> None:
    site.env["ZENDESK_CLIENT_SECRET"] = "a-wrong-secret"
    result = site.run("import", "--open", "--json", code=1)
    [row] = json.loads(result.stdout)
    assert "check the client's identifier" in row["failed"]
    assert "a-wrong-secret" not in result.output


def test_a_missing_credential_is_named(site: Site) -> None:
    del site.env["ZENDESK_CLIENT_SECRET"]
    result = site.run("import", "--open", "--json", code=1)
    assert result.stdout == ""
    assert "set ZENDESK_CLIENT_SECRET" in result.stderr
