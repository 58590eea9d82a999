"""Jira Service Management: notes that are never public, labels that leave others alone, and an issue's history."""

from __future__ import annotations

import json
import logging
import re
import threading
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bridge.domain.model import (
    Action,
    ConfigError,
    Message,
    Opened,
    Party,
    Rated,
    Replied,
    StatusChanged,
    Undeliverable,
)
from connectors import Person, Unsearchable
from connectors.desks.jsm import JiraServiceManagement, host
from connectors.desks.jsm_note import note_text
from connectors.desks.jsm_shapes import Missing
from tests.contract.messages import LINE, MESSAGE, SINCE, dispatch, nasty
from tests.contract.wire import LOST, Asked, Said, Vendor

SECRET = "secret-0a1b2c3d4e5f"
US = "712020:us"
COMMENTS = "/rest/servicedeskapi/request/10002/comment"
ISSUE = "/rest/api/2/issue/10002"


def at(vendor: Vendor, **more: Any) -> JiraServiceManagement:
    given: dict[str, Any] = {"name": "jsm", "site": "acme", "token": lambda _: SECRET}
    return JiraServiceManagement(base_url=vendor.url, **given | more)


def path(asked: Asked) -> str:
    return urlsplit(asked.path).path


def query(asked: Asked) -> dict[str, list[str]]:
    return parse_qs(urlsplit(asked.path).query)


NO_SUCH_ISSUE = Said.of({"errorMessages": ["Issue does not exist"], "errors": {}}, 404)
NO_REQUEST = Said.of({"errorMessage": "The request does not exist"}, 404)


@dataclass
class Site:
    """A site with one issue, HELP-12, which is a request unless `portal` is False."""

    portal: bool = True
    labels: list[str] = field(default_factory=lambda: ["vip"])
    comments: list[dict[str, Any]] = field(default_factory=list)
    trouble: str = ""

    def __call__(self, asked: Asked) -> Said:
        trouble, self.trouble = self.trouble, ""
        if trouble == "before":
            return LOST
        said = self.answer(asked.method, path(asked), asked.json if asked.body else None)
        return LOST if trouble == "after" else said

    def answer(self, method: str, where: str, body: Any) -> Said:
        if where == ISSUE and method == "GET":
            return Said.of({"id": "10002", "key": "HELP-12", "fields": {"labels": self.labels}})
        if where == ISSUE and method == "PUT":
            for change in body["update"]["labels"]:
                self.labels = [label for label in self.labels if label not in change.values()]
                self.labels += [change["add"]] if "add" in change else []
            return Said(204, b"")
        if where == f"{ISSUE}/comment" and method == "GET":
            return Said.of({"comments": self.comments[::-1], "total": len(self.comments)})
        if where == COMMENTS and method == "POST" and self.portal:
            return Said.of(self.write(body), 201)
        return NO_REQUEST if "servicedesk" in where else NO_SUCH_ISSUE

    def write(self, body: Any) -> dict[str, Any]:
        number = str(501 + len(self.comments))
        kept = {"id": number, "body": body["body"], "jsdPublic": body["public"]}
        kept |= {"author": {"accountId": US}, "created": "2026-11-21T10:00:00.000+0000"}
        self.comments.append(kept)
        created = {"iso8601": "2026-11-21T10:00:00+0000", "epochMillis": 1795255200000}
        return {"id": number, "body": body["body"], "public": body["public"], "created": created}


# -- notes --


@pytest.mark.parametrize("message", [MESSAGE, nasty()])
def test_a_note_is_internal(message: Message) -> None:
    with Vendor(Site()) as vendor:
        receipt = at(vendor).send(dispatch(Action.NOTE, "10002", message))
    (asked,) = vendor.asked
    assert (asked.method, asked.path) == ("POST", COMMENTS)
    assert asked.json == {"body": note_text(message, "d-4f9a2c"), "public": False}
    assert asked.json["public"] is False
    assert (receipt.ref, receipt.own, receipt.remark) == ("501", ("comment:501",), "")


def test_a_note_that_became_public_is_remarked_on() -> None:
    with Vendor(Said.of({"id": "501", "public": True}, 201)) as vendor:
        assert "customer" in at(vendor).send(dispatch(Action.NOTE, "10002")).remark


def test_an_issue_that_is_no_request_gets_no_note_at_all() -> None:
    with Vendor(Site(portal=False)) as vendor, pytest.raises(Undeliverable) as failure:
        at(vendor).send(dispatch(Action.NOTE, "10002"))
    assert str(failure.value) == (
        "issue HELP-12 is not a service request: "
        "a comment on it would be seen by everyone, so there is no note"
    )
    assert failure.value.retry_after is None
    assert not failure.value.wide
    assert [(one.method, path(one)) for one in vendor.asked] == [("POST", COMMENTS), ("GET", ISSUE)]


def test_an_issue_that_is_gone() -> None:
    with Vendor(NO_SUCH_ISSUE) as vendor:
        desk = at(vendor)
        for call in (
            lambda: desk.send(dispatch(Action.NOTE, "10002")),
            lambda: desk.send(dispatch(Action.TAG, "10002", tags=("a",))),
            lambda: desk.history("10002"),
        ):
            with pytest.raises(Undeliverable, match="10002 does not exist any more") as failure:
                call()
            assert failure.value.retry_after is None
            assert not failure.value.wide


@pytest.mark.parametrize("trouble", ["before", "after"])
def test_after_an_ambiguous_failure_the_note_is_looked_for(trouble: str) -> None:
    site, note = Site(), dispatch(Action.NOTE, "10002", marker="77aa")
    with Vendor(site) as vendor:
        desk = at(vendor, user_id=US)
        assert desk.find(note, SINCE) is None
        site.trouble = trouble
        with pytest.raises(Undeliverable) as failure:
            desk.send(note)
        assert failure.value.unsure
        found = desk.find(note, SINCE)
        assert desk.find(dispatch(Action.NOTE, "10002", marker="77ab"), SINCE) is None
    assert (found is not None) is (trouble == "after")
    if found:
        assert found.own == (f"comment:{found.ref}",)
    assert sum(asked.method == "POST" for asked in vendor.asked) == 1


def comments(*bodies: str, **more: Any) -> dict[str, Any]:
    author = {"accountId": US}
    made = [
        {"id": str(n), "body": body, "jsdPublic": False, "author": author} | more
        for n, body in enumerate(bodies, 1)
    ]
    return {"comments": made, "startAt": 0, "maxResults": 100, "total": len(made)}


@pytest.mark.parametrize(
    ("page", "found"),
    [
        (comments("x", "Ref AB-1 · d-4f9a2c"), "2"),
        (comments(r"Ref AB\-1 · d\-4f9a2c"), "1"),
        (comments("Ref d-4f9a2c", jsdPublic=True), None),
        (comments("Ref d-4f9a2c", jsdPublic=None), "1"),
        (comments("Ref d-4f9a2c", author={"accountId": "somebody else"}), None),
        (comments(), None),
    ],
)
def test_only_an_internal_comment_of_ours_counts(page: dict[str, Any], found: str | None) -> None:
    with Vendor(Said.of(page)) as vendor:
        receipt = at(vendor, user_id=US).find(dispatch(Action.NOTE, "10002"), SINCE)
    assert (receipt.ref if receipt else None) == found
    assert query(vendor.asked[0])["orderBy"] == ["-created"]


@pytest.mark.parametrize("ascending", [True, False])
def test_old_comments_are_not_read_and_too_many_are_unsearchable(ascending: bool) -> None:
    old, new = "2026-11-21T08:00:00.000+0000", "2026-11-21T10:00:00.000+0000"

    def says(_: Asked) -> Said:
        page = comments("a", "b")
        times = (old, new) if ascending else (new, old)
        for comment, time in zip(page["comments"], times, strict=True):
            comment["created"] = time
        return Said.of(page | {"total": 1000})

    with Vendor(says) as vendor:
        if ascending:
            with pytest.raises(Unsearchable):
                at(vendor).find(dispatch(Action.NOTE, "10002"), SINCE)
        else:
            assert at(vendor).find(dispatch(Action.NOTE, "10002"), SINCE) is None
    assert [query(one)["startAt"] for one in vendor.asked] == (
        [["0"], ["2"], ["4"]] if ascending else [["0"]]
    )


# -- the text of a note --


def worded(words: str) -> str:
    """How the note tells a customer's words, without the mark before each line."""
    line = type(LINE)(rule="x", severity=LINE.severity, headline="x", words=words)
    text = note_text(type(MESSAGE)(**given() | {"lines": (line,), "headline": "x"}), "d-1")
    return "\n".join(one[2:] for one in text.split("\n") if one.startswith("> "))


def given() -> dict[str, Any]:
    return {name: getattr(MESSAGE, name) for name in MESSAGE.__struct_fields__}


def test_a_note_of_everyday_words_is_left_as_it_is() -> None:
    assert note_text(MESSAGE, "d-1") == (
        "Alert Bridge · High: Anna rated her ticket 1 of 5\n"
        "Since 21 Nov 2026, 09:30 UTC · Team Billing\n"
        "  Score: 1 of 5\n"
        "  Answered: 4 minutes ago\n"
        "The customer's words:\n"
        "> Nobody called me back.\n"
        "> I want to speak to a manager!\n"
        "Listen: https://calls.example.com/r/1.mp3\n"
        "What would put it right: Call her today, then say in the ticket what was agreed.\n"
        "Playbook: https://wiki.example.com/low-score\n"
        "Told: #billing-alerts, Mona (manager)\n"
        "Discussed at: https://demo.slack.com/archives/C1/p1\n"
        "Ref AB-12 · d-1"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("[~accountid:5b10] and @ben", "［～accountid:5b10］ and ＠ben"),
        ("{code}x{code} {color:red}y{color}", "｛code｝x｛code｝ ｛color:red｝y｛color｝"),
        ("!https://evil.example/p.png! No!", "！https://evil.example/p.png！ No!"),
        ("|a|b|", "｜a｜b｜"),
        ("*bold* _it_ but a_b 3*4", "＊bold＊ ＿it＿ but a_b 3*4"),
        (r"C:\temp\[x]", "C:＼temp＼［x］"),
        ("anna_w@example.com", "anna_w@example.com"),
        (
            "see https://example.com/~anna/a_b?x={1}!y.",
            "see https://example.com/~anna/a_b?x=%7B1%7D%21y.",
        ),
        ("https://example.com/a![~accountid:5b10]", "https://example.com/a%21%5B~accountid:5b10］"),
    ],
)
def test_markup_means_nothing_in_a_note(words: str, told: str) -> None:
    assert worded(words) == told


@pytest.mark.parametrize("start", ["h1. Big", "bq. So they said", "# one", "- one", "---- "])
def test_no_line_of_a_note_begins_as_markup(start: str) -> None:
    """Only what stands before a colon can come first in a line."""
    line = type(LINE)(rule="x", severity=LINE.severity, headline="x", facts=((start, "y"),))
    text = note_text(type(MESSAGE)(**given() | {"lines": (line,)}), "d-1")
    assert not re.search(r"^\s*(h\d\.|bq\.|[-#*]+)(\s|$)", text, re.MULTILINE)


@pytest.mark.parametrize("message", [nasty(), nasty(resolved=True), nasty(lines=())])
def test_a_hostile_note_is_tamed(message: Message) -> None:
    text = note_text(message, "d-1")
    assert len(text) < 4000
    text.encode()
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200f\u202a-\u202e\u2028\u2066-\u2069]", text
    )
    assert not re.search(r"[{}\[\]|\\]|![^\n]*!|javascript:", text)
    *above, last = text.split("\n")
    assert last.startswith("Ref ")
    assert last.endswith(" · d-1")
    ours = ("Alert Bridge · ", "Since ", "• ", "  ", "> ", ">", "The customer's words:", "Listen: ")
    ours += ("What would ", "Playbook: ", "No longer so: ", "Told: ", "Please note: ", "…")
    assert all(line.startswith(ours) for line in above)


# -- labels --


def test_labels_are_added_and_taken_off_and_others_left_alone() -> None:
    site = Site()
    with Vendor(site) as vendor:
        desk = at(vendor)
        tag = dispatch(Action.TAG, "10002", tags=("alert_high", "vip"))
        assert desk.find(tag, SINCE) is None
        desk.send(tag)
        assert site.labels == ["vip", "alert_high"]
        assert desk.find(tag, SINCE)
        untag = dispatch(Action.UNTAG, "10002", tags=("alert_high", "never_there"))
        assert desk.find(untag, SINCE) is None
        desk.send(untag)
        assert site.labels == ["vip"]
        assert desk.find(untag, SINCE)


def test_labels_cost_one_look_and_one_write_that_mails_nobody() -> None:
    with Vendor(Site()) as vendor:
        at(vendor).send(dispatch(Action.TAG, "10002", tags=("a", "b", "vip")))
    look, write = vendor.asked
    assert (look.method, query(look)) == ("GET", {"fields": ["labels"]})
    assert (write.method, write.path) == ("PUT", f"{ISSUE}?notifyUsers=false")
    assert write.json == {"update": {"labels": [{"add": "a"}, {"add": "b"}]}}


def test_labels_that_are_as_wanted_are_not_written() -> None:
    with Vendor(Site()) as vendor:
        at(vendor).send(dispatch(Action.TAG, "10002", tags=("vip",)))
        at(vendor).send(dispatch(Action.UNTAG, "10002", tags=("alert_high",)))
    assert [one.method for one in vendor.asked] == ["GET", "GET"]


@pytest.mark.parametrize("key", ["", "HELP-12", "12/../13", "-1", "1.5", "²", "9" * 30])
def test_what_is_no_ticket_is_not_asked_for(key: str) -> None:
    with Vendor() as vendor:
        for call in (
            lambda: at(vendor).send(dispatch(Action.NOTE, key)),
            lambda: at(vendor).find(dispatch(Action.TAG, key), SINCE),
            lambda: at(vendor).history(key),
            lambda: at(vendor).feedback(key),
        ):
            with pytest.raises(Undeliverable, match="is no ticket of jsm"):
                call()
    assert not vendor.asked


# -- refusals --


@pytest.mark.parametrize(
    ("reason", "asked", "wait", "wide"),
    [
        ("jira-quota-global-based", "1847", 1847, True),
        ("jira-quota-tenant-based", "", 60, True),
        ("jira-burst-based", "", 5, True),
        ("jira-burst-based", "2", 2, True),
        ("jira-per-issue-on-write", "", 30, False),
        ("JIRA-PER-ISSUE-ON-WRITE", "3", 3, False),
        ("something new", "", 60, True),
        ("", "9", 9, True),
    ],
)
def test_a_limit_is_the_issues_or_the_whole_sites(
    reason: str, asked: str, wait: int, wide: bool
) -> None:
    headers = {"RateLimit-Reason": reason, "Retry-After": asked}
    with Vendor(Said(429, b"", headers)) as vendor, pytest.raises(Undeliverable) as failure:
        at(vendor).send(dispatch(Action.NOTE, "10002"))
    assert failure.value.retry_after == timedelta(seconds=wait)
    assert failure.value.wide is wide
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, {"errorMessages": [], "errors": {"labels": "has spaces"}}, "400: has spaces"),
        (400, {"errorMessages": ["No such field"], "errors": {}}, "400: No such field"),
        (403, {"errorMessage": "Not an agent"}, "403: Not an agent"),
        (409, {"message": "Edit conflict"}, "409: Edit conflict"),
        (413, {"errorMessages": ["Too many comments"]}, "413: Too many comments"),
        (500, "Anna's words in a page", "500"),
    ],
)
def test_the_vendors_own_reason_is_told(status: int, body: object, words: str) -> None:
    with Vendor(Said.of(body, status)) as vendor, pytest.raises(Undeliverable) as failure:
        at(vendor).send(dispatch(Action.NOTE, "10002"))
    assert words in str(failure.value)
    assert "Anna" not in str(failure.value)
    assert "issue 10002" in str(failure.value)


def test_a_refused_token_needs_an_admin() -> None:
    refused = Said(401, b"Client must be authenticated")
    with Vendor(refused) as vendor, pytest.raises(Undeliverable, match="the token") as failure:
        at(vendor).send(dispatch(Action.NOTE, "10002"))
    assert failure.value.wide
    assert failure.value.retry_after is None
    assert len(vendor.asked) == 1


def test_a_captcha_needs_a_person() -> None:
    denied = Said(403, b"", {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=x"})
    with Vendor(denied) as vendor, pytest.raises(Undeliverable, match="CAPTCHA") as failure:
        at(vendor).me()
    assert failure.value.wide


def test_a_redirect_is_not_followed() -> None:
    with (
        Vendor() as elsewhere,
        Vendor(Said.of({}, 302, Location=elsewhere.url)) as vendor,
        pytest.raises(Undeliverable, match="302"),
    ):
        at(vendor).send(dispatch(Action.NOTE, "10002"))
    assert len(vendor.asked) == 1
    assert not elsewhere.asked


# -- credentials --


def test_a_user_and_its_token_go_together_and_a_token_alone_is_a_bearers() -> None:
    basic = b64encode(f"bridge@example.com:{SECRET}".encode()).decode()
    with Vendor(Site()) as vendor:
        at(vendor, user="bridge@example.com").send(dispatch(Action.NOTE, "10002"))
        at(vendor).send(dispatch(Action.NOTE, "10002"))
    sent = [asked.headers["Authorization"] for asked in vendor.asked]
    assert sent == [f"Basic {basic}", f"Bearer {SECRET}"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 200])
def test_neither_form_of_the_secret_gets_out(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    basic = b64encode(f"bridge@example.com:{SECRET}".encode()).decode()
    echo = Said.of({"errorMessages": [basic, SECRET], "message": f"Basic {basic}"}, status)
    with Vendor(echo) as vendor, pytest.raises(Undeliverable) as failure:
        at(vendor, user="bridge@example.com").send(dispatch(Action.NOTE, "10002"))
    told = f"{failure.value}{failure.value.args}{caplog.text}{at(vendor)!r}"
    assert SECRET not in told
    assert basic not in told


@pytest.mark.parametrize(
    "body", [b"<p>Anna's words</p>", b'["Anna"]', b'{"issues": {"a": "Anna"}}']
)
def test_an_answer_that_cant_be_read_is_not_logged(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Vendor(Said(200, body)) as vendor, pytest.raises(Undeliverable) as failure:
        list(at(vendor).search("project = HELP", ["summary"]))
    assert failure.value.retry_after
    assert "Anna" not in f"{failure.value}{caplog.text}"


@pytest.mark.parametrize("site", ["", "acme.atlassian.net", "https://acme", "a/b", "-a", "Acme"])
def test_a_site_is_a_word(site: str) -> None:
    with pytest.raises(ConfigError, match="site"):
        JiraServiceManagement(name="jsm", site=site, token=lambda _: SECRET)


def test_where_an_agent_opens_an_issue() -> None:
    desk = JiraServiceManagement(name="jsm", site="acme", token=lambda _: SECRET)
    assert host("acme") == "https://acme.atlassian.net"
    assert desk.ticket_url("10002", "HELP-12") == "https://acme.atlassian.net/browse/HELP-12"
    assert desk.ticket_url("10002") == "https://acme.atlassian.net/issues/?jql=id%3D10002"
    own = JiraServiceManagement(
        name="jsm", site="acme", base_url="https://jira.example.com/jira/", token=lambda _: SECRET
    )
    assert own.ticket_url("10002", "HELP-12") == "https://jira.example.com/jira/browse/HELP-12"


# -- people and projects --

ANNA = {
    "accountId": "qm:anna",
    "displayName": "Anna Weber",
    "emailAddress": "anna@example.com",
    "accountType": "customer",
}
BEN = {"accountId": "712020:ben", "displayName": "Ben Ito", "accountType": "atlassian"}


def test_we_know_who_we_are() -> None:
    with Vendor(Said.of({"accountId": US, "displayName": "Alert Bridge"})) as vendor:
        assert at(vendor).me() == Person(id=US, name="Alert Bridge")
    assert vendor.asked[0].path == "/rest/api/2/myself"
    with Vendor(Said.of({})) as vendor, pytest.raises(Undeliverable, match="who we are") as failure:
        at(vendor).me()
    assert failure.value.wide


def test_people_are_asked_for_in_fifties() -> None:
    ids = [f"712020:{n:03}" for n in range(120)]
    with Vendor(Said.of({"values": [ANNA, BEN, {"displayName": "nobody"}]})) as vendor:
        found = at(vendor).people([*ids, ids[0], "", "not an id", "x" * 200])
    assert [len(query(one)["accountId"]) for one in vendor.asked] == [50, 50, 20]
    assert all(query(one)["maxResults"] == ["50"] for one in vendor.asked)
    assert found[:2] == [
        Person(id="qm:anna", name="Anna Weber", email="anna@example.com"),
        Person(id="712020:ben", name="Ben Ito", staff=True),
    ]
    assert len(found) == 6
    with Vendor() as vendor:
        assert at(vendor).people([]) == []
    assert not vendor.asked


def test_a_server_that_knows_no_account_ids_names_nobody() -> None:
    with Vendor(Said(404, b"")) as vendor:
        assert at(vendor).people(["admin"]) == []


QUIET = {"accountId": "qm:quiet", "displayName": "Anna", "accountType": "customer"}
APP = {"accountId": "557058:app", "displayName": "Anna's app", "accountType": "app"}


@pytest.mark.parametrize(
    ("users", "found"),
    [
        ([ANNA], ["qm:anna"]),
        ([ANNA, QUIET], ["qm:anna"]),
        ([QUIET], ["qm:quiet"]),
        ([QUIET, APP], ["qm:quiet"]),
        ([QUIET, BEN], []),
        ([ANNA | {"emailAddress": "anna@example.community"}], []),
        ([], []),
    ],
)
def test_customers_are_found_by_their_address(users: list[Any], found: list[str]) -> None:
    with Vendor(Said.of(users)) as vendor:
        people = at(vendor).find_people(" Anna@Example.com ", "+49 30 123456")
    assert [one.id for one in people] == found
    assert query(vendor.asked[0])["query"] == ["anna@example.com"]


@pytest.mark.parametrize(("email", "phone"), [("", "+4930123456"), ("anna", ""), ("", "")])
def test_nobody_is_looked_for_without_an_address(email: str, phone: str) -> None:
    with Vendor() as vendor:
        assert at(vendor).find_people(email, phone) == []
    assert not vendor.asked


def test_all_service_projects_are_groups() -> None:
    names = [(f"P{n}", f"Project {n}") for n in range(7)]

    def says(asked: Asked) -> Said:
        start = int(query(asked)["startAt"][0])
        some = [{"key": key, "name": name} for key, name in names[start : start + 3]]
        return Said.of({"values": some, "isLast": start + 3 >= len(names), "total": 7})

    with Vendor(says) as vendor:
        assert at(vendor).groups() == dict(names)
    assert len(vendor.asked) == 3
    assert query(vendor.asked[0])["typeKey"] == ["service_desk"]


# -- search --


def test_a_search_reads_all_pages_and_asks_for_nothing_else() -> None:
    pages = {"": ([{"id": "1"}, {"id": "2"}], "p2"), "p2": ([{"id": "3"}], "")}

    def says(asked: Asked) -> Said:
        issues, following = pages[query(asked).get("nextPageToken", [""])[0]]
        more = {"nextPageToken": following} if following else {"isLast": True}
        return Said.of({"issues": issues} | more)

    with Vendor(says) as vendor:
        found = list(at(vendor).search("project = HELP", ["summary", "status"]))
    assert [issue["id"] for issue in found] == ["1", "2", "3"]
    assert {path(one) for one in vendor.asked} == {"/rest/api/2/search/jql"}
    assert len(vendor.asked) == 2
    assert query(vendor.asked[0])["fields"] == ["summary", "status"]
    assert query(vendor.asked[0])["jql"] == ["project = HELP"]


def test_a_search_that_turns_in_circles_ends() -> None:
    with Vendor(Said.of({"issues": [{"id": "1"}], "nextPageToken": "same"})) as vendor:
        assert len(list(at(vendor).search("project = HELP", ["summary"]))) == 2
    assert len(vendor.asked) == 2


def test_any_call_can_be_made_and_what_is_missing_is_told_apart() -> None:
    with Vendor(Said.of([{"name": "ours"}])) as vendor:
        body = at(vendor).request("POST", "rest/webhooks/1.0/webhook", body={"name": "ours"})
    assert json.loads(body) == [{"name": "ours"}]
    assert vendor.asked[0].json == {"name": "ours"}
    with Vendor(Said(404, b"")) as vendor, pytest.raises(Missing, match="404"):
        at(vendor).request("GET", "rest/webhooks/1.0/webhook")


# -- history --


def issue(**fields: Any) -> dict[str, Any]:
    given = {
        "summary": "Invoice is wrong",
        "description": "Please help",
        "created": "2026-11-21T09:00:00.000+0000",
        "updated": "2026-11-21T11:00:00.000+0000",
        "status": {"name": "Waiting for support", "statusCategory": {"key": "indeterminate"}},
        "project": {"key": "HELP", "projectTypeKey": "service_desk"},
        "reporter": ANNA,
        "creator": ANNA,
        "labels": ["vip"],
        "resolution": None,
    }
    return {"id": "10002", "key": "HELP-12", "fields": given | fields}


def change(number: int, before: str, after: str) -> dict[str, Any]:
    item = {"field": "status", "fieldId": "status", "fromString": before, "toString": after}
    created = f"2026-11-21T10:{number:02}:00.000+0000"
    return {"id": str(700 + number), "author": BEN, "created": created, "items": [item]}


CHANGES = [change(1, "New", "Escalated"), change(2, "Escalated", "Waiting for support")]


def life(
    vendor_issue: dict[str, Any],
    feedback: Said = NO_REQUEST,
    notes: list[dict[str, Any]] | None = None,
) -> Callable[[Asked], Said]:
    def says(asked: Asked) -> Said:
        where, start = path(asked), int(query(asked).get("startAt", ["0"])[0])
        if where.endswith("/feedback"):
            return feedback
        if where.endswith("/changelog"):
            last = start + 1 >= len(CHANGES)
            return Said.of({"values": CHANGES[start : start + 1], "isLast": last})
        if where.endswith("/comment"):
            listed = notes or []
            return Said.of({"comments": listed[start : start + 1], "total": len(listed)})
        return Said.of(vendor_issue)

    return says


@pytest.mark.parametrize("shown", [2, 1, 0])
def test_a_life_is_told(shown: int) -> None:
    """All changes come with the issue, or some do, or none."""
    said = {"accountId": US, "accountType": "app"}
    notes = [
        {"id": "501", "body": "Help \ud83d", "author": ANNA, "jsdPublic": True},
        {"id": "502", "body": "Ours", "author": said, "jsdPublic": False},
    ]
    for number, note in enumerate(notes):
        note["created"] = f"2026-11-21T10:3{number}:00.000+0000"
    whole = issue() | {"changelog": {"histories": CHANGES[:shown], "total": 2}}
    with Vendor(life(whole, notes=notes)) as vendor:
        events = at(vendor, user_id=US).history("10002")
    opened = events[0]
    assert isinstance(opened, Opened)
    assert (opened.by, opened.text, opened.subject) == (
        Party.CUSTOMER,
        "Please help",
        "jsm:10002",
    )
    statuses = [event.status for event in events if isinstance(event, StatusChanged)]
    assert statuses == ["escalated", "waiting for support"]
    replies = [event for event in events if isinstance(event, Replied)]
    assert [(one.by, one.public, one.text) for one in replies] == [
        (Party.CUSTOMER, True, "Help ?"),
        (Party.BRIDGE, False, "Ours"),
    ]
    assert [event.order for event in events] == sorted(event.order for event in events)
    asked = [path(one) for one in vendor.asked]
    assert asked.count(f"{ISSUE}/changelog") == (0 if shown == 2 else 2)
    assert asked.count(f"{ISSUE}/comment") == 2
    assert not [one for one in asked if one.endswith("/feedback")]
    assert all(one.method == "GET" for one in vendor.asked)


def test_a_resolved_request_is_asked_for_its_rating() -> None:
    done = issue(resolution={"name": "Done"}) | {"changelog": {"histories": [], "total": 0}}
    answer = {"type": "csat", "rating": 2, "comment": {"body": "Too late"}}
    with Vendor(life(done, Said.of(answer))) as vendor:
        events = at(vendor).history("10002")
    (rating,) = [event for event in events if isinstance(event, Rated)]
    assert (rating.answer.raw, rating.answer.score, rating.answer.words) == ("2", 0.25, "Too late")
    assert rating.answer.contact.email == "anna@example.com"
    assert (rating.actor, rating.by) == ("qm:anna", Party.CUSTOMER)
    assert rating.at == datetime(2026, 11, 21, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "feedback", [NO_REQUEST, Said.of({}), Said.of({"rating": None}), Said.of({"rating": 9})]
)
def test_what_is_not_rated_is_no_rating(feedback: Said) -> None:
    done = issue(resolution={"name": "Done"}) | {"changelog": {"histories": [], "total": 0}}
    with Vendor(life(done, feedback)) as vendor:
        assert not [one for one in at(vendor).history("10002") if isinstance(one, Rated)]


@pytest.mark.parametrize("fields", [{"created": "yesterday"}, {"created": None}, {"labels": {}}])
def test_an_issue_of_another_shape_may_be_read_later(fields: dict[str, Any]) -> None:
    with Vendor(life(issue(**fields))) as vendor, pytest.raises(Undeliverable) as failure:
        at(vendor).history("10002")
    assert failure.value.retry_after


# -- threads --


def test_one_desk_serves_many_threads() -> None:
    site, errors = Site(), list[Undeliverable]()
    lock = threading.Lock()

    def says(asked: Asked) -> Said:
        with lock:
            return site(asked)

    def work(number: int) -> None:
        try:
            desk.send(dispatch(Action.NOTE, "10002", marker=f"marker-{number:02}"))
        except Undeliverable as error:
            errors.append(error)

    with Vendor(says) as vendor:
        desk = at(vendor)
        threads = [threading.Thread(target=work, args=(number,)) for number in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not errors
    written = sorted(comment["body"].rpartition(" · ")[2] for comment in site.comments)
    assert written == [f"marker-{number:02}" for number in range(24)]
