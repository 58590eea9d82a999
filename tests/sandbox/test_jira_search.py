"""JQL over the Jira stand-in: pages, dates, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from jira import JIRA

from bridge.sandbox import Sandbox

from .conftest import Clock, Rest, Site


@pytest.fixture
def issues(sandbox: Sandbox, site: Site, clock: Clock) -> list[str]:
    """Five, an hour apart, the first at ten. At three the second is resolved, the fourth labelled."""
    made = []
    for number in range(5):
        made.append(sandbox.jira.open_request(site.anna, f"No. {number}", "?", site.desk))
        clock.forward(hours=1)
    sandbox.jira.resolve(made[1], site.ben)
    sandbox.jira.save(made[3], site.ben, {"labels": ["alert"]})
    return made


def test_page_by_page(jira: JIRA, rest: Rest, issues: list[str]) -> None:
    found = jira.enhanced_search_issues("project = HELP ORDER BY created", maxResults=2)
    assert [one.id for one in found] == issues[:2]
    more = jira.enhanced_search_issues(
        "project = HELP ORDER BY created", nextPageToken=found.nextPageToken, maxResults=2
    )
    assert [one.id for one in more] == issues[2:4]
    every = jira.enhanced_search_issues("project = HELP", maxResults=False, use_post=True)
    assert [one.id for one in every] == issues[::-1]
    answer = rest("GET", "/rest/api/3/search/jql?jql=project=HELP&nextPageToken=zzz")
    assert answer.status_code == 400


def test_ids_and_nothing_else_unless_asked_for(rest: Rest, issue: str) -> None:
    asked: dict[str, Any] = {"jql": "project = HELP"}
    found = rest("POST", "/rest/api/3/search/jql", json=asked).json()
    assert found == {"issues": [{"id": issue}], "isLast": True}
    asked["fields"] = ["summary"]
    [shown] = rest("POST", "/rest/api/3/search/jql", json=asked).json()["issues"]
    assert (shown["key"], shown["fields"]) == ("HELP-1", {"summary": "Invoice wrong"})


@pytest.mark.parametrize(
    ("jql", "places"),
    [
        ('updated >= "2026-11-21 12:00" ORDER BY updated ASC, id', [2, 4, 1, 3]),
        ('updated >= "2026/11/21 12:00" and updated < "2026-11-21 13:00"', [2]),
        ("created >= -90m order by key", [4]),
        ("created > 1795262400000 ORDER BY created DESC", [4, 3]),
        ("project in (HELP, 'Development') AND statusCategory = Done", [1]),
        ("project = DEV", []),
        ("statusCategory != Done AND id in (10001, HELP-2, 10003) order by id", [0, 2]),
        ('resolved >= "2026-11-21"', [1]),
        ("resolved is not EMPTY", [1]),
        ("labels = alert", [3]),
        ("labels is empty AND status = 'waiting for support' order by created", [0, 2, 4]),
        ("project not in (DEV) AND labels in (alert, other)", [3]),
    ],
)
def test_what_is_asked(jira: JIRA, issues: list[str], jql: str, places: list[int]) -> None:
    assert [one.id for one in jira.enhanced_search_issues(jql)] == [issues[n] for n in places]


def test_dates_are_read_in_the_zone_of_whoever_asks(
    sandbox: Sandbox, rest: Rest, issues: list[str]
) -> None:
    west = sandbox.jira.add_app("West", "west@example.com", zone="America/New_York")
    sandbox.jira.add_token("west", west)
    asked = {"jql": 'created >= "2026-11-21 07:00" ORDER BY created'}
    rest.session.auth = ("west@example.com", "west")
    found = rest("POST", "/rest/api/3/search/jql", json=asked).json()["issues"]
    assert [one["id"] for one in found] == issues[2:]
    assert rest("GET", "/rest/api/3/myself").json()["timeZone"] == "America/New_York"


@pytest.mark.parametrize(
    ("jql", "why"),
    [
        ("", "Unbounded"),
        ("order by created", "Unbounded"),
        ("project = NOPE", "does not exist for the field 'project'"),
        ("id = 99999", "does not exist for field 'id'"),
        ("colour = red", "Field 'colour' does not exist"),
        ("project = HELP OR project = DEV", "Expecting"),
        ("updated >= yesterday", "is invalid"),
        ("updated = -1d", "not supported"),
        ("project >= HELP", "not supported"),
        ("project in (HELP", "Expecting"),
        ('summary ~ "', "cannot be read"),
        ("project = HELP order by colour", "Not able to sort"),
    ],
)
def test_what_is_not_understood(rest: Rest, issue: str, jql: str, why: str) -> None:
    answer = rest("GET", "/rest/api/3/search/jql", params={"jql": jql})
    assert answer.status_code == 400
    assert why in answer.json()["errorMessages"][0]


def test_the_index_lags_behind(sandbox: Sandbox, jira: JIRA, issue: str, clock: Clock) -> None:
    sandbox.jira.index_lag = timedelta(seconds=5)
    assert jira.enhanced_search_issues("project = HELP") == []
    known = jira.enhanced_search_issues("project = HELP", reconcileIssues=[int(issue)])
    assert [one.id for one in known] == [issue]
    clock.forward(seconds=5)
    assert len(jira.enhanced_search_issues("project = HELP")) == 1
