"""What Jira sends when issues change, and what it does when nobody takes it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

import pytest
import requests
from jira import JIRA

from bridge.sandbox import Sandbox
from bridge.sandbox.jira_records import Refused
from bridge.sandbox.serve import Server

from .conftest import Call, Clock, Receiver, Rest, Site

SECRET = "jira-demo-secret"
HOOKS = "/rest/webhooks/1.0/webhook"


@pytest.fixture
def listening(sandbox: Sandbox, receiver: Receiver, issue: str) -> Receiver:
    """Subscribed to everything, after the issue was opened."""
    sandbox.jira.subscribe(receiver.url, SECRET)
    return receiver


def settle(sandbox: Sandbox) -> None:
    assert sandbox.courier.wait_idle(5)


def signature(call: Call, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), call.body, hashlib.sha256).hexdigest()


def events(receiver: Receiver) -> list[str]:
    return [call.json["webhookEvent"] for call in receiver.calls]


class TestEvents:
    def test_an_opened_issue(self, sandbox: Sandbox, receiver: Receiver, site: Site) -> None:
        sandbox.jira.subscribe(receiver.url, SECRET)
        sandbox.jira.open_request(site.anna, "Invoice wrong", "I paid *twice*", site.desk)
        settle(sandbox)
        [call] = receiver.calls
        told = call.json
        assert call.headers["X-Hub-Signature"] == signature(call, SECRET)
        assert call.headers["X-Hub-Signature"] != signature(call, "another")
        assert call.headers["X-Atlassian-Webhook-Flow"] == "Primary"
        assert "X-Atlassian-Webhook-Retry" not in call.headers
        assert (told["webhookEvent"], told["timestamp"]) == ("jira:issue_created", 1795255200000)
        assert told["user"]["accountType"] == "customer"
        assert "emailAddress" not in told["user"]
        assert told["issue"]["self"] == "https://demo.atlassian.net/rest/api/2/issue/10001"
        assert told["issue"]["fields"]["description"] == "I paid *twice*"
        assert "changelog" not in told

    def test_a_known_signature(self, sandbox: Sandbox, receiver: Receiver) -> None:
        webhook = sandbox.jira.subscribe(receiver.url, "It's a Secret to Everybody")
        known = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
        assert webhook.sign(b"Hello World!") == f"sha256={known}"

    def test_without_a_secret_nothing_is_signed(
        self, sandbox: Sandbox, receiver: Receiver, issue: str, site: Site
    ) -> None:
        sandbox.jira.subscribe(receiver.url)
        sandbox.jira.reply(issue, site.ben, "Hello")
        settle(sandbox)
        assert "X-Hub-Signature" not in receiver.calls[0].headers

    def test_a_comment_tells_little_of_its_issue(
        self, sandbox: Sandbox, listening: Receiver, issue: str, site: Site
    ) -> None:
        sandbox.jira.note(issue, site.ben, "call her")
        settle(sandbox)
        told = listening.calls[0].json
        assert set(told) == {"timestamp", "webhookEvent", "comment", "issue"}
        assert (told["comment"]["body"], told["comment"]["jsdPublic"]) == ("call her", False)
        assert told["comment"]["author"]["accountId"] == site.ben
        few = {"summary", "issuetype", "project", "assignee", "priority", "status"}
        assert set(told["issue"]["fields"]) == few

    def test_an_update_tells_what_changed(
        self, sandbox: Sandbox, listening: Receiver, issue: str, site: Site
    ) -> None:
        sandbox.jira.assign(issue, site.ben, site.ben)
        sandbox.jira.resolve(issue, site.ben, "Refunded")
        settle(sandbox)
        assigned, said, resolved = (call.json for call in listening.calls)
        assert assigned["issue_event_type_name"] == "issue_assigned"
        [item] = assigned["changelog"]["items"]
        assert (item["from"], item["to"], item["toString"]) == (None, site.ben, "Ben Ito")
        assert said["comment"]["body"] == "Refunded"
        assert resolved["issue_event_type_name"] == "issue_generic"
        status, resolution = resolved["changelog"]["items"]
        assert (status["fromString"], status["toString"]) == ("Waiting for support", "Resolved")
        assert resolution["toString"] == "Done"
        assert resolved["issue"]["fields"]["resolution"]["name"] == "Done"

    def test_a_move_keeps_the_id(
        self, sandbox: Sandbox, listening: Receiver, issue: str, site: Site
    ) -> None:
        other = sandbox.jira.add_project("OPS", "Operations")
        sandbox.jira.move(issue, site.ben, other)
        settle(sandbox)
        told = listening.calls[0].json
        assert told["issue_event_type_name"] == "issue_moved"
        assert (told["issue"]["id"], told["issue"]["key"]) == (issue, "OPS-1")
        key = told["changelog"]["items"][1]
        assert (key["field"], key["fromString"], key["toString"]) == ("Key", "HELP-1", "OPS-1")

    def test_a_customers_answer_reopens_by_an_app(
        self, sandbox: Sandbox, listening: Receiver, issue: str, site: Site
    ) -> None:
        sandbox.jira.set_status(issue, site.ben, "Waiting for customer")
        sandbox.jira.reply(issue, site.anna, "Here it is")
        settle(sandbox)
        assert events(listening) == ["jira:issue_updated", "comment_created", "jira:issue_updated"]
        told = listening.calls[-1].json
        assert told["user"]["accountType"] == "app"
        assert told["changelog"]["items"][0]["toString"] == "Waiting for support"

    def test_what_was_closed_stays_closed(self, sandbox: Sandbox, issue: str, site: Site) -> None:
        sandbox.jira.set_status(issue, site.ben, "Closed")
        sandbox.jira.reply(issue, site.anna, "Thanks")
        assert sandbox.jira.issues[issue].status.name == "Closed"

    def test_a_deleted_issue(
        self, sandbox: Sandbox, listening: Receiver, issue: str, site: Site
    ) -> None:
        sandbox.jira.delete(issue, site.ben)
        settle(sandbox)
        told = listening.calls[0].json
        assert (told["webhookEvent"], told["issue"]["key"]) == ("jira:issue_deleted", "HELP-1")
        assert "issue_event_type_name" not in told

    def test_programs_hear_their_own_writes(
        self, sandbox: Sandbox, listening: Receiver, jira: JIRA, rest: Rest, site: Site
    ) -> None:
        jira.issue("HELP-1").update(update={"labels": [{"add": "alert"}]})
        note = {"body": "the manager knows", "public": False}
        rest("POST", "/rest/servicedeskapi/request/HELP-1/comment", json=note)
        settle(sandbox)
        assert events(listening) == ["jira:issue_updated", "comment_created"]
        edited, noted = (call.json for call in listening.calls)
        assert edited["user"]["accountId"] == noted["comment"]["author"]["accountId"] == site.bridge
        assert edited["issue"]["fields"]["labels"] == ["alert"]
        assert edited["issue"]["self"].startswith("https://demo.atlassian.net/")

    def test_what_changes_nothing_is_not_told(
        self, sandbox: Sandbox, listening: Receiver, jira: JIRA, issue: str
    ) -> None:
        jira.issue("HELP-1").update(update={"labels": [{"remove": "alert"}]})
        sandbox.jira.rate(issue, 1, "never again")
        settle(sandbox)
        assert listening.calls == []


class TestSubscribing:
    def test_by_program(self, sandbox: Sandbox, receiver: Receiver, rest: Rest, issue: str) -> None:
        asked: dict[str, Any] = {
            "name": "bridge",
            "url": receiver.url,
            "events": ["comment_created"],
            "filters": {"issue-related-events-section": "project = HELP"},
            "secret": SECRET,
        }
        answer = rest("POST", HOOKS, json=asked)
        made = answer.json()
        assert (answer.status_code, made["isSigned"], "secret" in made) == (201, True, False)
        assert requests.get(made["self"], auth=rest.session.auth, timeout=5).json() == made
        assert rest("GET", HOOKS).json() == [made]
        sandbox.jira.reply(issue, next(iter(sandbox.jira.users)), "Hello")
        settle(sandbox)
        [call] = receiver.calls
        assert call.headers["X-Hub-Signature"] == signature(call, SECRET)
        number = made["self"].rpartition("/")[2]
        assert rest("DELETE", f"{HOOKS}/{number}").status_code == 204
        assert rest("GET", f"{HOOKS}/{number}").status_code == 404
        assert rest("GET", HOOKS).json() == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"events": ["jira:nothing"]},
            {"events": []},
            {"url": "nowhere"},
            {"name": ""},
            {"filters": {"issue-related-events-section": "colour = red"}},
        ],
    )
    def test_what_is_refused(self, sandbox: Sandbox, rest: Rest, wrong: dict[str, Any]) -> None:
        good = {"name": "x", "url": "https://example.com/in", "events": ["comment_created"]}
        assert rest("POST", HOOKS, json=good | wrong).status_code == 400
        assert sandbox.jira.webhooks == {}

    def test_a_webhook_hears_what_its_query_finds(
        self, sandbox: Sandbox, receiver: Receiver, issue: str, site: Site
    ) -> None:
        sandbox.jira.subscribe(receiver.url, SECRET, jql="project = DEV")
        sandbox.jira.reply(issue, site.ben, "Hello")
        bug = sandbox.jira.open_request(site.ben, "Crash", "On start", site.software)
        settle(sandbox)
        assert [call.json["issue"]["id"] for call in receiver.calls] == [bug]
        with pytest.raises(Refused):
            sandbox.jira.subscribe(receiver.url, SECRET, jql="project = NOPE")


class TestRetries:
    def test_the_same_identifier_and_a_count(
        self, sandbox: Sandbox, listening: Receiver, issue: str, site: Site, clock: Clock
    ) -> None:
        listening.answers = [(503, {})] * 10
        sandbox.jira.reply(issue, site.ben, "Hello")
        for _ in range(7):
            settle(sandbox)
            clock.forward(minutes=5)
            sandbox.courier.run_due()
        assert len(listening.calls) == 6
        retries = [call.headers.get("X-Atlassian-Webhook-Retry") for call in listening.calls]
        assert retries == [None, "1", "2", "3", "4", "5"]
        assert (
            len({call.headers["X-Atlassian-Webhook-Identifier"] for call in listening.calls}) == 1
        )
        assert len({call.body for call in listening.calls}) == 1
        assert all(
            call.headers["X-Hub-Signature"] == signature(call, SECRET) for call in listening.calls
        )

    @pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
    def test_what_is_tried_again(
        self, sandbox: Sandbox, listening: Receiver, issue: str, site: Site, status: int
    ) -> None:
        listening.answers = [(status, {})]
        sandbox.jira.reply(issue, site.ben, "Hello")
        settle(sandbox)
        assert sandbox.courier.next_due() == sandbox.now() + timedelta(minutes=5)

    @pytest.mark.parametrize("status", [200, 202, 301, 400, 401, 403, 404, 410, 422])
    def test_what_is_not(
        self, sandbox: Sandbox, listening: Receiver, issue: str, site: Site, status: int
    ) -> None:
        listening.answers = [(status, {})]
        sandbox.jira.reply(issue, site.ben, "Hello")
        settle(sandbox)
        assert sandbox.courier.held() == 0

    def test_nobody_there(self, sandbox: Sandbox, issue: str, site: Site) -> None:
        gone = Server(Receiver())
        gone.server_close()
        sandbox.jira.subscribe(f"{gone.url}/in", SECRET)
        sandbox.jira.reply(issue, site.ben, "Hello")
        settle(sandbox)
        assert sandbox.courier.attempts[-1].error == "unreachable"
        assert sandbox.courier.held() == 1


class TestAutomation:
    def test_a_rating_is_sent_with_the_issue_at_the_root(
        self, sandbox: Sandbox, receiver: Receiver, issue: str
    ) -> None:
        sandbox.jira.automation(receiver.url, "X-Bridge-Token", "rule-secret")
        sandbox.jira.rate(issue, 1, "never again")
        settle(sandbox)
        [call] = receiver.calls
        assert call.headers["X-Bridge-Token"] == "rule-secret"
        assert "X-Hub-Signature" not in call.headers
        assert set(call.json) == {"self", "id", "key", "changelog", "fields"}
        assert (call.json["id"], call.json["key"]) == (10001, "HELP-1")
        assert call.json["fields"]["project"]["id"] == 10001
        assert call.json["fields"]["customfield_10033"] == {"rating": 1}

    def test_it_is_sent_once(self, sandbox: Sandbox, receiver: Receiver, issue: str) -> None:
        sandbox.jira.automation(receiver.url, "X-Bridge-Token", "rule-secret")
        receiver.answers = [(503, {})]
        sandbox.jira.rate(issue, 1)
        settle(sandbox)
        assert (len(receiver.calls), sandbox.courier.held()) == (1, 0)

    def test_it_hears_only_what_it_was_made_for(
        self, sandbox: Sandbox, receiver: Receiver, issue: str, site: Site
    ) -> None:
        sandbox.jira.automation(receiver.url, "X-Bridge-Token", "s", on=["assigned", "deleted"])
        sandbox.jira.reply(issue, site.ben, "Hello")
        sandbox.jira.assign(issue, site.ben, site.ben)
        sandbox.jira.rate(issue, 5)
        sandbox.jira.delete(issue, site.ben)
        settle(sandbox)
        assert len(receiver.calls) == 2
        with pytest.raises(ValueError, match="closed"):
            sandbox.jira.automation(receiver.url, "X", "s", on=["closed"])
