"""Reading a Jira issue: what is shown, what is left out, and fields that have another id on every site."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.domain.model import Category, Contact, Party, Seen, Unreadable, VendorClock
from connectors.desks.jsm_issue import (
    LONGEST_TEXT,
    STATUSES,
    account,
    issue_id,
    party,
    rated,
    seen,
    team,
    words,
)
from connectors.reading import Node

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NOBODY = Node(None, found=False)


def report(**fields: Any) -> Seen:
    return seen(Node({"id": "10100", "fields": fields}, "issue"))


def facts(value: Any) -> dict[str, str]:
    return report(customfield_10020=value).facts or {}


# --- the issue -----------------------------------------------------------------------------------


def test_reads_all_that_is_shown() -> None:
    fields = {
        "created": "2026-03-02T10:30:00.000+0100",
        "summary": " Invoices are wrong ",
        "status": {"name": "In Progress", "statusCategory": {"key": "indeterminate"}},
        "priority": {"name": "High"},
        "issuetype": {"name": "Incident"},
        "project": {"key": "HELP"},
        "assignee": {"accountId": "a1"},
        "reporter": {"accountId": "c1", "accountType": "customer"},
        "labels": ["billing", "vip"],
        "customfield_10002": [{"id": "5", "name": "Acme Ltd", "_links": {"self": "x"}}],
    }
    assert seen(Node({"id": "10100", "key": "HELP-12", "fields": fields})) == Seen(
        opened_at=NOW,
        name="HELP-12",
        title="Invoices are wrong",
        status="in progress",
        means=Category.OPEN,
        priority="high",
        type="incident",
        team="HELP",
        agent="a1",
        requester="c1",
        organisation="Acme Ltd",
        tags=("billing", "vip"),
        facts={"customer account type": "customer"},
    )


@pytest.mark.parametrize("issue", [{}, {"fields": None}, {"fields": {}}, None])
def test_what_is_not_shown_is_not_reported(issue: Any) -> None:
    assert seen(Node(issue)) == Seen()


def test_nobody_and_nothing_are_reported_as_such() -> None:
    assert report(assignee=None, reporter=None, priority=None, labels=None) == Seen(
        agent="", requester="", priority="", tags=()
    )


def test_what_no_issue_is_without_is_not_taken_for_empty() -> None:
    assert report(summary=None, status=None, issuetype=None, project=None, created=None) == Seen()


@pytest.mark.parametrize(
    ("key", "means"),
    [
        ("new", Category.NEW),
        ("indeterminate", Category.OPEN),
        ("done", Category.SOLVED),
        ("undefined", None),
        (None, None),
    ],
)
def test_a_status_means_what_its_category_says(key: str | None, means: Category | None) -> None:
    assert report(status={"name": "Tier 9", "statusCategory": {"key": key}}).means is means


@pytest.mark.parametrize(
    ("key", "project"), [("HELP-12", "HELP"), ("A-B-1", "A-B"), ("HELP", ""), ("HELP-x", "")]
)
def test_the_project_stands_in_the_key(key: str, project: str) -> None:
    assert team(key) == project
    assert seen(Node({"key": key})).team == (project or None)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ([], "issue.fields: expected an object, got a list"),
        ({"status": "Open"}, "issue.fields.status: expected an object"),
        ({"status": {"name": 3.5, "statusCategory": 1}}, "issue.fields.status.statusCategory"),
        ({"assignee": "anna"}, "issue.fields.assignee: expected an object"),
        ({"labels": {"a": 1}}, "issue.fields.labels: expected a list"),
        ({"created": "soon"}, "issue.fields.created: expected a time"),
        ({"summary": ["x"]}, "issue.fields.summary: expected a string"),
    ],
)
def test_a_system_field_of_another_shape_is_refused(fields: Any, complaint: str) -> None:
    with pytest.raises(Unreadable) as error:
        seen(Node({"fields": fields}, "issue"))
    assert str(error.value).startswith(complaint)


def test_closed_can_be_written_to() -> None:
    assert STATUSES["closed"] is Category.SOLVED
    assert Category.CLOSED not in STATUSES.values()
    assert all(word == word.lower() for word in STATUSES)


# --- ids -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issue", "comment"),
    [
        ({"id": "10100"}, None),
        ({"id": 10100, "self": "https://acme.example.com/rest/api/2/issue/7"}, None),
        ({"self": "https://acme.example.com/rest/api/2/issue/10100"}, None),
        ({"self": "https://acme.example.com/rest/api/2/10100"}, None),
        (None, {"self": "https://acme.example.com/rest/api/2/issue/10100/comment/3"}),
    ],
)
def test_an_issue_is_known_by_its_number(issue: Any, comment: Any) -> None:
    assert issue_id(Node(issue, "issue"), Node(comment, "comment")) == "10100"


@pytest.mark.parametrize(
    ("issue", "comment"),
    [
        ({"key": "HELP-12"}, None),
        ({"id": "HELP-12"}, None),
        ({"id": "{{issue.id}}"}, None),
        ({"id": "١٢"}, None),
        ({"self": "https://acme.example.com/rest/api/2/issue/HELP-12"}, None),
        (None, {"self": "https://acme.example.com/rest/api/2/comment/3"}),
        (None, None),
    ],
)
def test_without_its_number_it_is_refused(issue: Any, comment: Any) -> None:
    with pytest.raises(Unreadable, match=r"issue\.id: expected"):
        issue_id(Node(issue, "issue"), Node(comment, "comment"))


@pytest.mark.parametrize(
    ("user", "who"),
    [
        ({"accountId": "a1", "key": "k", "name": "n"}, "a1"),
        ({"key": "JIRAUSER1", "name": "olga"}, "JIRAUSER1"),
        ({"name": "olga"}, "olga"),
        ({"displayName": "Olga"}, ""),
        (None, ""),
    ],
)
def test_who_a_user_is(user: Any, who: str) -> None:
    assert account(Node(user)) == who


def test_a_user_who_is_not_shown_is_not_nobody() -> None:
    assert account(NOBODY) is None


@pytest.mark.parametrize(
    ("user", "whose"),
    [
        ({"accountId": "c9", "accountType": "customer"}, Party.CUSTOMER),
        ({"accountId": "r1", "accountType": "atlassian"}, Party.CUSTOMER),
        ({"name": "r1"}, Party.CUSTOMER),
        ({"accountId": "a1", "accountType": "atlassian"}, Party.AGENT),
        ({"key": "olga"}, Party.AGENT),
        ({"accountId": "p1", "accountType": "app"}, Party.SYSTEM),
        ({"accountId": "r1", "accountType": "app"}, Party.SYSTEM),
        ({"accountId": "u0", "accountType": "app"}, Party.BRIDGE),
        ({"accountId": "u0", "accountType": "atlassian"}, Party.BRIDGE),
        ({"displayName": "Former user"}, Party.SYSTEM),
        ({}, Party.SYSTEM),
        (None, Party.SYSTEM),
    ],
)
def test_whose_doing_it_was(user: Any, whose: Party) -> None:
    assert party(Node(user), "r1", "u0") is whose


def test_an_unknown_reporter_is_nobody() -> None:
    assert party(Node({"displayName": "Former user"}), "", "") is Party.SYSTEM
    assert party(Node({"accountId": "a1"}), "", "") is Party.AGENT


# --- fields with an id of the site's own --------------------------------------------------------


def test_the_request_type() -> None:
    assert facts({"requestType": {"name": "Billing question"}}) == {
        "request type": "Billing question"
    }


def test_service_levels_are_clocks_and_no_facts() -> None:
    level = {"name": "Time to resolution", "completedCycles": [], "ongoingCycle": {"paused": True}}
    told = report(customfield_10020=level, customfield_10010={"requestType": {"name": "Billing"}})
    assert told == Seen(
        facts={"request type": "Billing"},
        clocks=(VendorClock(name="Time to resolution", paused=True),),
    )


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "x",
        [],
        [None, 1, "x", {}],
        {},
        {"requestType": "x"},
        {"requestType": {"name": 5}},
        {"requestType": {"name": ""}},
        {"name": "Time to resolution"},
        {"name": "Time to resolution", "ongoingCycle": 5},
        {"name": None, "ongoingCycle": {}},
        [{"name": "Acme Ltd"}],
        [{"name": 5, "_links": {}}],
        [{"name": "Acme Ltd", "_links": "x"}],
        [{"name": "Waiting for approval", "_links": {}, "finalDecision": "pending"}],
    ],
)
def test_a_field_of_an_unknown_shape_is_passed_over(value: Any) -> None:
    assert report(customfield_10020=value) == Seen()


def test_only_fields_of_the_site_are_looked_through() -> None:
    assert report(parent={"requestType": {"name": "x"}}) == Seen()


def test_sizes_are_bounded() -> None:
    assert len(facts({"requestType": {"name": "x" * 5000}})["request type"]) <= 200
    assert len(words(Node("x" * 100_000))) == LONGEST_TEXT
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": "y"}]}
    assert len(words(Node({"content": [paragraph] * 50_000}))) <= LONGEST_TEXT


# --- texts ---------------------------------------------------------------------------------------


def test_wiki_markup_stays_as_it_is() -> None:
    assert words(Node(" *Two* of\nthree. ")) == "*Two* of\nthree."
    assert words(Node(None)) == ""


def test_a_document_gives_its_words() -> None:
    def text(said: str) -> dict[str, Any]:
        return {"type": "text", "text": said, "marks": [{"type": "strong"}]}

    document = {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "heading", "attrs": {"level": 1}, "content": [text("Hello")]},
            {
                "type": "paragraph",
                "content": [
                    text("ask "),
                    {"type": "mention", "attrs": {"id": "a1", "text": "@Anna"}},
                    {"type": "hardBreak"},
                    {"type": "emoji", "attrs": {"shortName": ":smile:"}},
                ],
            },
            {
                "type": "bulletList",
                "content": [
                    {
                        "type": "listItem",
                        "content": [{"type": "paragraph", "content": [text(said)]}],
                    }
                    for said in ("one", "two")
                ],
            },
            {"type": "inlineCard", "attrs": {"url": "https://acme.example.com"}},
            {"type": [], "text": 5, "attrs": 5, "content": "x"},
            "stray",
        ],
    }
    assert words(Node(document)) == ("Hello\nask @Anna\n:smile:\none\ntwohttps://acme.example.com")


def test_a_text_of_another_shape_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"comment\.body: expected a string, got a list"):
        words(Node(["x"], "comment.body"))


# --- ratings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stars", "score"), [(1, 0.0), (3, 0.5), (5, 1.0)])
def test_stars_are_a_score(stars: int, score: float) -> None:
    event = rated("jsm", "10100", stars, "Well.", NOW, contact=Contact("Carla"), actor="c1")
    answer = event.answer
    assert (event.subject, event.by, event.actor) == ("jsm:10100", Party.CUSTOMER, "c1")
    assert (answer.id, answer.score, answer.raw) == ("jsm:csat:10100", score, str(stars))
    assert (answer.low, answer.high, answer.scale) == (1, 5, "csat")
    assert (answer.words, answer.contact.name) == ("Well.", "Carla")


def test_a_changed_rating_is_news_about_the_same_answer() -> None:
    def told(stars: int, said: str) -> tuple[str, str]:
        event = rated("jsm", "10100", stars, said, NOW, contact=Contact(), actor="")
        return event.id, event.answer.id

    assert told(1, "Bad.") == told(1, "Bad.")
    assert len({told(1, "Bad."), told(1, ""), told(2, "Bad.")}) == 3
    assert len({answer for _, answer in (told(1, "Bad."), told(2, ""))}) == 1


@pytest.mark.parametrize("stars", [0, 6, -1])
def test_stars_off_the_scale_are_refused(stars: int) -> None:
    with pytest.raises(Unreadable, match="score"):
        rated("jsm", "10100", stars, "", NOW, contact=Contact(), actor="")
