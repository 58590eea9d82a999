"""The real client against the Jira stand-in, and plain calls for what the client has no words for."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from jira import JIRA
from jira.exceptions import JIRAError

from bridge.sandbox import Fault, Sandbox

from .conftest import Clock, Rest, Site

DESK = "/rest/servicedeskapi/request/HELP-1"
HELP_1 = "/rest/api/3/issue/HELP-1"
INTERNAL = [{"key": "sd.public.comment", "value": {"internal": True}}]


def document(words: str) -> dict[str, Any]:
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": words}]}
    return {"type": "doc", "version": 1, "content": [paragraph]}


class TestReading:
    def test_an_issue_with_its_people(self, jira: JIRA, issue: str) -> None:
        found = jira.issue("HELP-1")
        assert found.id == issue == "10001"
        assert (found.fields.summary, found.fields.description) == ("Invoice wrong", "I paid twice")
        assert found.fields.status.statusCategory.key == "new"
        assert found.fields.priority.name == "High"
        assert found.fields.assignee is None
        assert found.fields.reporter.accountType == "customer"
        assert found.fields.reporter.emailAddress == "anna@example.com"
        assert found.fields.customfield_10010.requestType.name == "Get help"

    def test_version_3_has_documents_where_version_2_has_strings(
        self, rest: Rest, issue: str
    ) -> None:
        assert rest("GET", HELP_1).json()["fields"]["description"] == document("I paid twice")
        two = rest("GET", "/rest/api/2/issue/10001").json()
        assert two["fields"]["description"] == "I paid twice"

    def test_only_the_fields_asked_for(self, rest: Rest, issue: str) -> None:
        some = rest("GET", f"{HELP_1}?fields=summary,labels").json()["fields"]
        assert some == {"summary": "Invoice wrong", "labels": []}
        assert "labels" not in rest("GET", f"{HELP_1}?fields=-labels").json()["fields"]

    def test_a_moved_issue_is_found_by_both_keys(
        self, sandbox: Sandbox, jira: JIRA, issue: str, site: Site
    ) -> None:
        assert sandbox.jira.move(issue, site.ben, site.software) == "DEV-1"
        found = jira.issue("HELP-1")
        assert (found.id, found.key, found.fields.status.name) == (issue, "DEV-1", "To Do")
        assert [item["field"] for item in changes(jira, "DEV-1")] == ["project", "Key", "status"]

    def test_a_deleted_issue_is_missing(
        self, sandbox: Sandbox, rest: Rest, issue: str, site: Site
    ) -> None:
        sandbox.jira.delete(issue, site.ben)
        answer = rest("GET", HELP_1)
        assert answer.status_code == 404
        assert "does not exist or you do not have permission" in answer.json()["errorMessages"][0]

    def test_the_changelog_in_pages(
        self, sandbox: Sandbox, jira: JIRA, rest: Rest, issue: str, site: Site
    ) -> None:
        sandbox.jira.assign(issue, site.ben, site.ben)
        sandbox.jira.set_status(issue, site.ben, "In progress")
        sandbox.jira.resolve(issue, site.ben, "Refunded")
        page = rest("GET", f"{HELP_1}/changelog?maxResults=2").json()
        assert (page["total"], page["isLast"], len(page["values"])) == (3, False, 2)
        assert page["values"][0]["items"][0]["toString"] == "Ben Ito"
        rest_of_it = requests.get(page["nextPage"], auth=rest.session.auth, timeout=5).json()
        assert rest_of_it["isLast"]
        fields = [one["field"] for one in rest_of_it["values"][0]["items"]]
        assert fields == ["status", "resolution"]
        newest_first = jira.issue("HELP-1", expand="changelog").changelog.histories
        assert newest_first[0].items[0].toString == "Resolved"

    def test_many_at_once_without_a_word_on_what_is_missing(self, rest: Rest, issue: str) -> None:
        asked = {"issueIdsOrKeys": ["HELP-1", "HELP-99"], "fields": ["summary"]}
        found = rest("POST", "/rest/api/3/issue/bulkfetch", json=asked).json()
        assert [one["key"] for one in found["issues"]] == ["HELP-1"]
        assert found["issueErrors"] == []
        too_many = {"issueIdsOrKeys": [str(number) for number in range(101)]}
        assert rest("POST", "/rest/api/3/issue/bulkfetch", json=too_many).status_code == 400

    def test_people_and_their_addresses(self, jira: JIRA, rest: Rest, site: Site) -> None:
        assert jira.myself()["emailAddress"] == "bridge@example.com"
        [found] = jira.search_users(query="ben@")
        assert (found.accountId, hasattr(found, "emailAddress")) == (site.ben, False)
        anna = rest("GET", "/rest/api/3/user", params={"accountId": site.anna}).json()
        assert anna["emailAddress"] == "anna@example.com"
        both = {"accountId": [site.anna, site.ben, "nobody"]}
        assert rest("GET", "/rest/api/3/user/bulk", params=both).json()["total"] == 2
        assert rest("GET", "/rest/api/3/user?accountId=nobody").status_code == 404

    def test_projects_and_permissions(self, sandbox: Sandbox, rest: Rest, site: Site) -> None:
        desks = rest("GET", "/rest/api/3/project/search?typeKey=service_desk").json()
        assert [one["key"] for one in desks["values"]] == ["HELP"]
        sandbox.jira.add_token("jira-token", site.bridge, ["BROWSE_PROJECTS"])
        asked = "/rest/api/3/mypermissions?projectKey=HELP&permissions=BROWSE_PROJECTS,EDIT_ISSUES"
        told = rest("GET", asked).json()["permissions"]
        assert [one["havePermission"] for one in told.values()] == [True, False]
        assert rest("GET", "/rest/api/3/mypermissions").status_code == 400

    def test_the_site_tells_its_time(self, sandbox: Sandbox, site: Site) -> None:
        answer = requests.get(f"{sandbox.jira_url}/rest/api/3/serverInfo", timeout=5)
        assert answer.json()["serverTime"] == "2026-11-21T10:00:00.000+0000"
        assert answer.headers["Date"]


class TestEditing:
    def test_labels_are_added_and_removed_one_by_one(
        self, sandbox: Sandbox, jira: JIRA, issue: str
    ) -> None:
        found = jira.issue("HELP-1")
        found.update(update={"labels": [{"add": "vip"}, {"add": "alert"}]})
        found.update(update={"labels": [{"remove": "vip"}, {"add": "alert"}]})
        assert sandbox.jira.issues[issue].labels == ("alert",)
        told = [(item["fromString"], item["toString"]) for item in changes(jira, "HELP-1")]
        assert told == [("", "alert vip"), ("alert vip", "alert")]

    def test_an_edit_answers_nothing(self, rest: Rest, issue: str) -> None:
        edit = {"update": {"labels": [{"add": "alert"}]}}
        answer = rest("PUT", HELP_1, json=edit)
        assert (answer.status_code, answer.content) == (204, b"")
        answer = rest("PUT", f"{HELP_1}?returnIssue=true", json=edit)
        assert answer.json()["fields"]["labels"] == ["alert"]

    def test_a_label_with_a_space_is_refused(self, jira: JIRA, issue: str) -> None:
        with pytest.raises(JIRAError, match="contains spaces which is invalid") as refused:
            jira.issue("HELP-1").update(update={"labels": [{"add": "very important"}]})
        assert refused.value.status_code == 400

    @pytest.mark.parametrize(
        "edit",
        [
            {"fields": {"priority": {"name": "Urgent"}}},
            {"fields": {"assignee": {"accountId": "nobody"}}},
            {"fields": {"summary": ""}},
            {"fields": {"colour": "red"}},
            {"fields": {"labels": []}, "update": {"labels": []}},
            {"fields": {"description": "a string"}},
        ],
    )
    def test_what_is_not_valid(
        self, sandbox: Sandbox, rest: Rest, issue: str, edit: dict[str, Any]
    ) -> None:
        answer = rest("PUT", HELP_1, json=edit)
        assert answer.status_code == 400
        assert answer.json()["errors"]
        assert sandbox.jira.issues[issue].changelog == []

    def test_mail_is_held_back_for_administrators_only(
        self, sandbox: Sandbox, rest: Rest, issue: str, site: Site
    ) -> None:
        quiet = f"{HELP_1}?notifyUsers=false"
        rest("PUT", quiet, json={"update": {"labels": [{"add": "one"}]}})
        assert sandbox.jira.mailed[issue] == 0
        sandbox.jira.add_token("jira-token", site.bridge, ["BROWSE_PROJECTS", "EDIT_ISSUES"])
        rest("PUT", quiet, json={"update": {"labels": [{"add": "two"}]}})
        assert sandbox.jira.mailed[issue] == 1

    def test_a_comment_in_an_edit_is_read_by_the_customer(
        self, sandbox: Sandbox, rest: Rest, issue: str
    ) -> None:
        said = {"body": document("escalated"), "properties": INTERNAL}
        rest("PUT", HELP_1, json={"update": {"comment": [{"add": said}]}})
        assert sandbox.jira.public_view(issue)[-1] == ("Alert Bridge", "escalated")

    def test_a_mark_on_an_issue(self, rest: Rest, issue: str) -> None:
        mark = f"{HELP_1}/properties/alert"
        assert rest("GET", mark).status_code == 404
        assert rest("PUT", mark, json={"at": 1}).status_code == 201
        assert rest("PUT", mark, json={"at": 2}).status_code == 200
        assert rest("GET", mark).json() == {"key": "alert", "value": {"at": 2}}
        assert rest("GET", f"{HELP_1}?properties=alert").json()["properties"] == {
            "alert": {"at": 2}
        }
        assert rest("PUT", mark, data="{not json").status_code == 400


class TestComments:
    def test_an_internal_note_stays_out_of_the_customers_sight(
        self, sandbox: Sandbox, rest: Rest, issue: str
    ) -> None:
        answer = rest("POST", f"{DESK}/comment", json={"body": "call her", "public": False})
        assert (answer.status_code, answer.json()["public"]) == (201, False)
        assert sandbox.jira.notes(issue) == [("Alert Bridge", "call her")]
        assert sandbox.jira.public_view(issue) == [("Anna Weber", "I paid twice")]
        assert rest("GET", f"{DESK}/comment?internal=false").json()["values"] == []

    def test_whoever_forgets_to_say_so_tells_the_customer(
        self, sandbox: Sandbox, jira: JIRA, rest: Rest, issue: str
    ) -> None:
        rest("POST", f"{DESK}/comment", json={"body": "first"})
        jira.add_comment("HELP-1", "second")
        rest(
            "POST",
            f"{HELP_1}/comment",
            json={
                "body": document("third"),
                "properties": [{"key": "sd.public.comment", "value": {"internal": "true"}}],
            },
        )
        words = [words for _, words in sandbox.jira.public_view(issue)]
        assert words == ["I paid twice", "first", "second", "third"]
        assert sandbox.jira.notes(issue) == []

    def test_the_clients_internal_comment(
        self, sandbox: Sandbox, jira: JIRA, rest: Rest, issue: str
    ) -> None:
        said = jira.add_comment("HELP-1", "call her", is_internal=True)
        assert said.raw["jsdPublic"] is False
        assert sandbox.jira.notes(issue) == [("Alert Bridge", "call her")]
        [shown] = rest("GET", f"{HELP_1}/comment?expand=properties").json()["comments"]
        assert shown["properties"] == INTERNAL

    def test_in_a_software_project_everybody_reads_along(
        self, sandbox: Sandbox, jira: JIRA, rest: Rest, site: Site
    ) -> None:
        bug = sandbox.jira.open_request(site.ben, "Crash", "On start", site.software)
        assert jira.add_comment("DEV-1", "psst", is_internal=True).raw["jsdPublic"] is True
        assert sandbox.jira.public_view(bug)[-1] == ("Alert Bridge", "psst")
        answer = rest("POST", "/rest/servicedeskapi/request/DEV-1/comment", json={"body": "?"})
        assert answer.status_code == 404

    def test_comments_in_pages_and_turned_round(
        self, sandbox: Sandbox, rest: Rest, issue: str, site: Site
    ) -> None:
        for number in range(5):
            sandbox.jira.reply(issue, site.ben, f"update {number}")
        page = rest("GET", f"{HELP_1}/comment?startAt=1&maxResults=2&orderBy=-created").json()
        assert (page["startAt"], page["maxResults"], page["total"]) == (1, 2, 5)
        assert [one["body"] for one in page["comments"]] == [
            document("update 3"),
            document("update 2"),
        ]
        assert rest("GET", f"{HELP_1}/comment?orderBy=author").status_code == 400

    @pytest.mark.parametrize("body", ["a string", document(""), document("x" * 32_768), None])
    def test_words_that_are_none(self, rest: Rest, issue: str, body: object) -> None:
        answer = rest("POST", f"{HELP_1}/comment", json={"body": body})
        assert answer.status_code == 400
        assert answer.json()["errors"]["comment"]

    def test_notes_need_an_agent(
        self, sandbox: Sandbox, rest: Rest, issue: str, site: Site
    ) -> None:
        sandbox.jira.add_token("jira-token", site.bridge, ["BROWSE_PROJECTS", "ADD_COMMENTS"])
        answer = rest("POST", f"{DESK}/comment", json={"body": "psst", "public": False})
        assert answer.status_code == 403
        assert sandbox.jira.issues[issue].comments == []


class TestSatisfactionAndGoals:
    def test_feedback(self, sandbox: Sandbox, rest: Rest, issue: str) -> None:
        assert rest("GET", f"{DESK}/feedback").status_code == 404
        sandbox.jira.rate(issue, 2, "too slow")
        told = {"type": "csat", "rating": 2, "comment": {"body": "too slow"}}
        assert rest("GET", f"{DESK}/feedback").json() == told
        sandbox.jira.rate(issue, 5)
        assert rest("GET", f"{DESK}/feedback").json() == {"type": "csat", "rating": 5}
        found = rest("GET", f"{HELP_1}?fields=customfield_10033").json()["fields"]
        assert found == {"customfield_10033": {"rating": 5}}

    def test_the_clock_stands_still_while_the_customer_is_asked(
        self, sandbox: Sandbox, rest: Rest, issue: str, site: Site, clock: Clock
    ) -> None:
        clock.forward(hours=1)
        sandbox.jira.set_status(issue, site.ben, "Waiting for customer")
        clock.forward(hours=20)
        cycle = rest("GET", f"{DESK}/sla").json()["values"][0]["ongoingCycle"]
        assert (cycle["paused"], cycle["breached"]) == (True, False)
        assert "breachTime" not in cycle
        sandbox.jira.set_status(issue, site.ben, "In progress")
        clock.forward(hours=8)
        cycle = rest("GET", f"{DESK}/sla").json()["values"][0]["ongoingCycle"]
        assert (cycle["paused"], cycle["breached"]) == (False, True)
        assert cycle["remainingTime"]["millis"] == -3_600_000
        assert cycle["breachTime"]["iso8601"] == "2026-11-22T14:00:00+0000"

    def test_a_first_answer_and_a_reopening(
        self, sandbox: Sandbox, rest: Rest, issue: str, site: Site, clock: Clock
    ) -> None:
        sandbox.jira.note(issue, site.ben, "whose is this?")
        first = rest("GET", f"{DESK}/sla").json()["values"][1]
        assert "ongoingCycle" in first
        sandbox.jira.resolve(issue, site.ben, "Refunded")
        resolution, first = rest("GET", f"{DESK}/sla").json()["values"]
        assert not {"ongoingCycle"} & (first.keys() | resolution.keys())
        clock.forward(hours=1)
        sandbox.jira.reply(issue, site.anna, "It did not arrive")
        resolution, first = rest("GET", f"{DESK}/sla").json()["values"]
        assert len(resolution["completedCycles"]) == 1
        assert resolution["ongoingCycle"]["elapsedTime"]["millis"] == 0
        assert "ongoingCycle" not in first
        found = sandbox.jira.issues[issue]
        assert (found.status.name, found.resolved) == ("Waiting for support", None)


class TestWhoMayCall:
    @pytest.mark.parametrize(
        ("auth", "bearer"),
        [(("BRIDGE@example.com", "jira-token"), None), (None, "jira-token")],
    )
    def test_basic_and_bearer(
        self, sandbox: Sandbox, site: Site, auth: tuple[str, str] | None, bearer: str | None
    ) -> None:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        url = f"{sandbox.jira_url}/rest/api/3/myself"
        answer = requests.get(url, auth=auth, headers=headers, timeout=5)
        assert answer.json()["accountId"] == site.bridge

    def test_wrong_credentials_are_answered_with_text(self, sandbox: Sandbox, site: Site) -> None:
        url = f"{sandbox.jira_url}/rest/api/3/myself"
        for auth in (("bridge@example.com", "wrong"), ("ben@example.com", "jira-token")):
            answer = requests.get(url, auth=auth, timeout=5)
            assert answer.status_code == 401
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
        none = requests.get(url, timeout=5)
        assert (none.status_code, none.json()["status-code"]) == (401, 401)

    def test_a_revoked_token(self, sandbox: Sandbox, rest: Rest, issue: str) -> None:
        sandbox.jira.revoke("jira-token")
        assert rest("GET", HELP_1).status_code == 401

    def test_whoever_may_see_nothing_finds_nothing(
        self, sandbox: Sandbox, rest: Rest, issue: str, site: Site
    ) -> None:
        sandbox.jira.add_token("jira-token", site.bridge, [])
        assert rest("GET", HELP_1).status_code == 404
        assert rest("GET", f"{DESK}/sla").status_code == 404
        assert rest("GET", "/rest/webhooks/1.0/webhook").status_code == 403

    def test_an_unknown_address_is_a_page(self, rest: Rest) -> None:
        answer = rest("GET", "/rest/api/3/search")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")


class TestLimits:
    def test_writes_to_one_issue(
        self, sandbox: Sandbox, rest: Rest, issue: str, site: Site, clock: Clock
    ) -> None:
        other = sandbox.jira.open_request(site.anna, "Other", "?", site.desk)
        note = {"body": "note", "public": False}
        answers = [rest("POST", f"{DESK}/comment", json=note) for _ in range(21)]
        assert [one.status_code for one in answers] == [201] * 20 + [429]
        assert answers[-1].headers["RateLimit-Reason"] == "jira-per-issue-on-write"
        assert answers[-1].headers["Retry-After"] == "2"
        elsewhere = f"/rest/servicedeskapi/request/{other}/comment"
        assert rest("POST", elsewhere, json=note).status_code == 201
        clock.forward(seconds=2)
        assert rest("POST", f"{DESK}/comment", json=note).status_code == 201

    def test_writes_to_one_issue_in_half_a_minute(
        self, rest: Rest, issue: str, clock: Clock
    ) -> None:
        statuses = []
        for number in range(101):
            statuses.append(rest("PUT", f"{HELP_1}/properties/p{number}", json=number).status_code)
            clock.forward(seconds=0.2)
        assert statuses == [201] * 100 + [429]

    def test_bursts_to_one_endpoint(self, sandbox: Sandbox, rest: Rest, clock: Clock) -> None:
        answers = [rest("GET", "/rest/api/3/myself") for _ in range(101)]
        assert answers[0].headers["X-RateLimit-NearLimit"] == "false"
        assert answers[99].headers["X-RateLimit-NearLimit"] == "true"
        assert [one.status_code for one in answers[99:]] == [200, 429]
        assert answers[-1].headers["RateLimit-Reason"] == "jira-burst-based"
        assert answers[-1].headers["X-RateLimit-Reset"] == "2026-11-21T10:00:01Z"
        assert rest("GET", "/rest/api/3/field").status_code == 200
        clock.forward(seconds=1)
        assert rest("GET", "/rest/api/3/myself").status_code == 200

    def test_the_hourly_quota(self, sandbox: Sandbox, jira: JIRA, issue: str) -> None:
        sandbox.jira.quota_spent = True
        with pytest.raises(JIRAError) as refused:
            jira.issue("HELP-1")
        assert refused.value.status_code == 429
        headers = refused.value.response.headers  # type: ignore[union-attr]
        assert headers["Retry-After"] == "1847"
        assert headers["RateLimit-Reason"] == "jira-quota-tenant-based"

    def test_faults_come_before_the_site(self, sandbox: Sandbox, rest: Rest, issue: str) -> None:
        sandbox.faults = lambda vendor, _method, path: (
            Fault.status(503, headers={"Retry-After": "3"})
            if (vendor, path) == ("jira", "/rest/api/3/issue/HELP-1")
            else None
        )
        assert rest("GET", HELP_1).status_code == 503
        assert sandbox.jira.calls["GET", "/rest/api/3/issue/{issue}"] == 0


def changes(jira: JIRA, key: str) -> list[dict[str, Any]]:
    """All items of the changelog, oldest first."""
    histories = jira.issue(key, expand="changelog").raw["changelog"]["histories"]
    return [item for history in histories[::-1] for item in history["items"]]
