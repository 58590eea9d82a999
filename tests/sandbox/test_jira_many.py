"""The Jira stand-in asked for many things at once, and what an issue leaves out of itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bridge.sandbox import Sandbox

from .conftest import Clock, Rest, Site

BULK = "/rest/api/2/changelog/bulkfetch"


@pytest.fixture
def changed(sandbox: Sandbox, site: Site, clock: Clock) -> list[str]:
    """Two issues; the first was changed, then the second, then the first again, a second apart."""
    jira = sandbox.jira
    first, second = (jira.open_request(site.anna, f"No. {n}", "?", site.desk) for n in (1, 2))
    jira.assign(first, site.ben, site.ben)
    clock.forward(seconds=1)
    jira.save(second, site.ben, {"priority": "High"})
    clock.forward(seconds=1)
    jira.set_status(first, site.ben, "Pending")
    return [first, second]


def told(page: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [
        (log["issueId"], [item["field"] for one in log["changeHistories"] for item in one["items"]])
        for log in page["issueChangeLogs"]
    ]


class TestChangelogs:
    def test_of_many_issues_at_once(self, rest: Rest, changed: list[str]) -> None:
        first, second = changed
        page = rest("POST", BULK, json={"issueIdsOrKeys": [*changed, "HELP-1", "9999"]}).json()
        assert told(page) == [(first, ["assignee", "status"]), (second, ["priority"])]
        assert page["nextPageToken"] is None
        change = page["issueChangeLogs"][0]["changeHistories"][0]
        assert change["created"] == 1795255200000
        assert change["author"]["displayName"] == "Ben Ito"
        [alone, _] = rest("GET", f"/rest/api/2/issue/{first}/changelog").json()["values"]
        assert (alone["id"], alone["items"]) == (change["id"], change["items"])

    def test_in_pages_by_time(self, rest: Rest, changed: list[str]) -> None:
        first, second = changed
        asked: dict[str, Any] = {"issueIdsOrKeys": changed, "maxResults": 2}
        page = rest("POST", BULK, json=asked).json()
        assert told(page) == [(first, ["assignee"]), (second, ["priority"])]
        asked["nextPageToken"] = page["nextPageToken"]
        page = rest("POST", BULK, json=asked).json()
        assert told(page) == [(first, ["status"])]
        assert page["nextPageToken"] is None

    def test_of_some_fields(self, rest: Rest, changed: list[str]) -> None:
        asked = {"issueIdsOrKeys": changed, "fieldIds": ["priority"]}
        assert told(rest("POST", BULK, json=asked).json()) == [(changed[1], ["priority"])]

    @pytest.mark.parametrize(
        "asked",
        [
            {},
            {"issueIdsOrKeys": []},
            {"issueIdsOrKeys": [str(n) for n in range(1001)]},
            {"issueIdsOrKeys": ["1"], "fieldIds": [str(n) for n in range(11)]},
            {"issueIdsOrKeys": ["1"], "maxResults": 10_001},
            {"issueIdsOrKeys": ["1"], "nextPageToken": "zzz"},
        ],
    )
    def test_not_of_too_many(self, rest: Rest, asked: dict[str, Any]) -> None:
        assert rest("POST", BULK, json=asked).status_code == 400

    def test_not_at_all_where_it_is_switched_off_or_may_not_be_seen(
        self, sandbox: Sandbox, rest: Rest, changed: list[str], site: Site
    ) -> None:
        asked = {"issueIdsOrKeys": changed}
        sandbox.jira.add_token("jira-token", site.bridge, [])
        assert told(rest("POST", BULK, json=asked).json()) == []
        sandbox.jira.bulk_changelogs = False
        assert rest("POST", BULK, json=asked).status_code == 404


class TestWhatAnIssueShows:
    def test_its_newest_comments_and_how_many_there_are(
        self, sandbox: Sandbox, rest: Rest, issue: str, site: Site
    ) -> None:
        for number in range(25):
            sandbox.jira.note(issue, site.ben, f"No. {number}")
        by_itself = rest("GET", f"/rest/api/2/issue/{issue}").json()
        query = {"jql": "project = HELP", "fields": ["comment"]}
        [found] = rest("POST", "/rest/api/2/search/jql", json=query).json()["issues"]
        for shown in (by_itself, found):
            within = shown["fields"]["comment"]
            assert (within["total"], within["maxResults"], within["startAt"]) == (25, 20, 0)
            assert [one["body"] for one in within["comments"]] == [f"No. {n}" for n in range(5, 25)]
            assert not any(one["jsdPublic"] for one in within["comments"])
        assert set(found["fields"]) == {"comment"}
        sandbox.jira.embeds_public = False
        shown = rest("GET", f"/rest/api/2/issue/{issue}?fields=comment").json()
        assert "jsdPublic" not in shown["fields"]["comment"]["comments"][0]
        without = rest("GET", f"/rest/api/2/issue/{issue}?fields=*all,-comment").json()
        assert "comment" not in without["fields"]

    def test_its_newest_changes_and_how_many_there_are(
        self, sandbox: Sandbox, rest: Rest, issue: str, site: Site
    ) -> None:
        for number in range(45):
            sandbox.jira.save(issue, site.ben, {"summary": f"No. {number}"})
        shown = rest("GET", f"/rest/api/2/issue/{issue}?expand=changelog").json()["changelog"]
        assert (shown["total"], len(shown["histories"])) == (45, 40)
        assert shown["histories"][0]["items"][0]["toString"] == "No. 44"

    def test_its_service_levels_unless_told_otherwise(
        self, sandbox: Sandbox, rest: Rest, issue: str
    ) -> None:
        path = f"/rest/api/2/issue/{issue}?fields=customfield_10030"
        [level] = rest("GET", path).json()["fields"].values()
        assert (level["name"], level["completedCycles"]) == ("Time to resolution", [])
        assert not level["ongoingCycle"]["paused"]
        sandbox.jira.shows_slas = False
        assert list(rest("GET", path).json()["fields"].values()) == [None]
        levels = rest("GET", f"/rest/servicedeskapi/request/{issue}/sla").json()["values"]
        assert [one["name"] for one in levels] == ["Time to resolution", "Time to first response"]


class TestMany:
    def test_what_could_not_be_fetched_is_named_and_what_is_missing_is_not(
        self, sandbox: Sandbox, rest: Rest, changed: list[str]
    ) -> None:
        first, second = changed
        sandbox.jira.unfetchable = {second}
        asked = {"issueIdsOrKeys": [second, "9999", first], "fields": ["summary"]}
        found = rest("POST", "/rest/api/2/issue/bulkfetch", json=asked).json()
        assert [one["id"] for one in found["issues"]] == [first]
        assert [one["id"] for one in found["issueErrors"]] == [second]
        assert rest("GET", f"/rest/api/2/issue/{second}").ok

    def test_how_many_there_are(self, rest: Rest, changed: list[str]) -> None:
        path = "/rest/api/3/search/approximate-count"
        assert rest("POST", path, json={"jql": "priority is not EMPTY"}).status_code == 400
        assert rest("POST", path, json={"jql": "project = HELP"}).json() == {"count": 2}

    def test_a_site_full_of_open_requests_is_made_at_once(
        self, sandbox: Sandbox, rest: Rest, site: Site, clock: Clock
    ) -> None:
        sandbox.jira.subscribe("http://127.0.0.1:9/in")
        since = clock.at - timedelta(days=1)
        issues = sandbox.jira.seed(site.anna, site.ben, site.desk, 10_000, since)
        assert len(set(issues)) == 10_000
        assert not sandbox.courier.pending()
        shown = rest("GET", f"/rest/api/2/issue/{issues[60]}?expand=changelog").json()
        fields, changes = shown["fields"], shown["changelog"]["histories"]
        assert (shown["key"], fields["status"]["name"]) == ("HELP-61", "In progress")
        assert fields["created"] == "2026-11-20T10:01:00.000+0000"
        assert fields["updated"] == "2026-11-20T10:01:50.000+0000"
        assert [one["items"][0]["field"] for one in changes] == ["status", "assignee"]
        assert [one["jsdPublic"] for one in fields["comment"]["comments"]] == [True, False]
        levels = rest("GET", f"/rest/servicedeskapi/request/{issues[60]}/sla").json()["values"]
        assert ["ongoingCycle" in one for one in levels] == [True, False]
        assert sandbox.jira.open_request(site.anna, "Next", "?", site.desk) not in issues
