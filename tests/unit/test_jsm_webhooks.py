"""Jira's webhooks and automation rules: what can't be told by one sample alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.domain.model import (
    AnyEvent,
    Assigned,
    Forged,
    Party,
    Rated,
    Replied,
    StatusChanged,
    Touched,
)
from connectors import Incoming
from connectors.desks.jsm_webhooks import TEMPLATE, Jsm, JsmAutomation
from connectors.signing import digest

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SECRET = "It's a Secret to Everybody"
HELLO = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"  # of "Hello World!"
ANNA = {"accountId": "a1", "accountType": "atlassian"}
CARLA = {"accountId": "c1", "accountType": "customer"}


def posted(body: Any, **headers: str) -> Incoming:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Incoming(headers=named, body=raw, received_at=NOW)


def read(body: Any) -> list[AnyEvent]:
    return list(Jsm(name="jsm").read(posted(body)))


def issue(**fields: Any) -> dict[str, Any]:
    return {"id": "10100", "key": "HELP-12", "fields": fields}


def commented(**members: Any) -> dict[str, Any]:
    comment = {"id": "3", "author": ANNA, "body": "Hello."} | members
    service = {"key": "HELP", "projectTypeKey": "service_desk"}
    return {"webhookEvent": "comment_created", "comment": comment, "issue": issue(project=service)}


# --- proof ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("signature", [f"sha256={HELLO}", f"SHA256={HELLO.upper()}"])
def test_the_vendors_own_example_is_proven(signature: str) -> None:
    Jsm(name="jsm").verify(posted(b"Hello World!", x_hub_signature=signature), [SECRET])


def test_a_longer_digest_is_as_good() -> None:
    signature = "sha512=" + digest(SECRET, b"{}", algorithm="sha512")
    Jsm(name="jsm").verify(posted(b"{}", x_hub_signature=signature), [SECRET])


@pytest.mark.parametrize("method", ["sha1", "md5", "none", "", "sha256 "])
def test_another_method_is_refused(method: str) -> None:
    body = b"Hello World!"
    weak = digest(SECRET, body, algorithm="sha1")
    for signature in (f"{method}={weak}", weak, HELLO):
        with pytest.raises(Forged):
            Jsm(name="jsm").verify(posted(body, x_hub_signature=signature), [SECRET])


def test_a_rule_may_use_another_header() -> None:
    source = JsmAutomation(name="rules", header="X-Acme")
    source.verify(posted(b"{}", x_acme="s3cret"), ["s3cret"])
    with pytest.raises(Forged):
        source.verify(posted(b"{}", x_bridge_secret="s3cret"), ["s3cret"])


def test_attempts_share_the_identifier_and_bodies_stand_in_for_it() -> None:
    source = Jsm(name="jsm")
    first = posted({"a": 1}, x_atlassian_webhook_identifier="7f3c")
    again = posted({"a": 1}, x_atlassian_webhook_identifier="7f3c", x_atlassian_webhook_retry="1")
    assert source.identify(first) == source.identify(again) == "7f3c"
    assert source.identify(posted({"a": 1})) == source.identify(posted({"a": 1}))
    assert source.identify(posted({"a": 1})) != source.identify(posted({"a": 2}))


# --- comments ------------------------------------------------------------------------------------


def test_a_comment_of_which_it_is_not_sure_who_sees_it_is_asked_about() -> None:
    [event] = read(commented())
    assert isinstance(event, Touched)
    assert event.read


def test_its_later_reading_is_another_event() -> None:
    [unsure] = read(commented())
    [sure] = read(commented(jsdPublic=True))
    assert unsure.id != sure.id


def test_a_customers_comment_is_always_public() -> None:
    [event] = read(commented(author=CARLA))
    assert isinstance(event, Replied)
    assert event.public


def test_a_comment_for_a_role_is_internal_whatever_else_is_said() -> None:
    [event] = read(commented(jsdPublic=True, visibility={"type": "role", "value": "Staff"}))
    assert isinstance(event, Replied)
    assert not event.public


def test_a_comment_without_an_author_is_by_the_user() -> None:
    body = commented(jsdPublic=True)
    del body["comment"]["author"]
    [event] = read(body | {"user": ANNA})
    assert (event.by, event.actor) == (Party.AGENT, "a1")
    [event] = read(body)
    assert (event.by, event.actor) == (Party.SYSTEM, "")


def test_a_comment_is_as_old_as_it_says() -> None:
    body = commented(jsdPublic=True, created="2026-03-02T09:00:00.000+0000")
    [event] = read(body | {"timestamp": 1772444100000})
    assert event.at == NOW.replace(hour=9)
    del body["comment"]["created"]
    [event] = read(body | {"timestamp": 1772444100000})
    assert event.at == datetime(2026, 3, 2, 9, 35, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("issue_commented", Replied),
        ("issue_comment_edited", Touched),
        ("issue_comment_deleted", Touched),
    ],
)
def test_an_old_server_tells_of_comments_by_updates(kind: str, event: type) -> None:
    body = commented(jsdPublic=True) | {"issue_event_type_name": kind}
    nothing: tuple[Any, ...] = (None, {"items": []})
    for name in ("jira:issue_updated", ""):
        for changelog in nothing:
            [told] = read(body | {"webhookEvent": name, "changelog": changelog})
            assert type(told) is event
            assert "comment:3" in told.id


def test_a_transition_brings_its_comment_along() -> None:
    status = {"field": "status", "fieldId": "status", "fromString": "Open", "toString": "Done"}
    body = commented(jsdPublic=True) | {
        "webhookEvent": "jira:issue_updated",
        "changelog": {"id": "7", "items": [status]},
        "user": ANNA,
    }
    changed, said = read(body)
    assert isinstance(changed, StatusChanged)
    assert isinstance(said, Replied)
    assert said.id == "jsm:comment:3"
    assert said.seen is None


def test_an_update_with_a_comment_and_no_word_what_became_of_it_is_asked_about() -> None:
    body = commented(jsdPublic=True) | {"webhookEvent": "jira:issue_updated"}
    [event] = read(body | {"issue_event_type_name": "issue_generic"})
    assert isinstance(event, Touched)
    assert event.read


# --- changes -------------------------------------------------------------------------------------


def updated(*items: dict[str, Any], **fields: Any) -> list[AnyEvent]:
    changelog = {"id": "7", "items": list(items)}
    return read(
        {"webhookEvent": "jira:issue_updated", "issue": issue(**fields), "changelog": changelog}
    )


def test_a_null_is_nobody_but_nothing_is_unknown() -> None:
    [event] = updated({"field": "assignee", "to": None, "toString": None})
    assert isinstance(event, Assigned)
    assert event.agent == ""
    [event] = updated({"field": "assignee", "from": "a1"})
    assert isinstance(event, Touched)
    assert event.read


def test_an_account_id_goes_before_an_old_name() -> None:
    [event] = updated({"field": "assignee", "to": "anna", "tmpToAccountId": "a1"})
    assert isinstance(event, Assigned)
    assert event.agent == "a1"


@pytest.mark.parametrize(
    "item",
    [
        {"field": "status", "fieldtype": "custom", "fieldId": "customfield_1", "toString": "red"},
        {"field": "status", "fieldtype": "custom", "toString": "red"},
        {"field": "Rank", "toString": "Ranked higher"},
        {},
    ],
)
def test_a_field_that_is_no_concern_is_a_touch(item: dict[str, Any]) -> None:
    [event] = updated(item)
    assert isinstance(event, Touched)
    assert not event.read


def test_a_move_that_does_not_tell_the_key_is_asked_about() -> None:
    project = {"field": "project", "to": "10002", "toString": "Operations"}
    [event] = updated(project)
    assert isinstance(event, Touched)
    assert event.read
    touched, moved = updated(project, {"field": "Key", "toString": "OPS-7"})
    assert isinstance(touched, Touched)
    assert not touched.read
    assert isinstance(moved, Assigned)
    assert moved.team == "OPS"


def test_the_report_comes_once_and_without_what_changed() -> None:
    first, second = updated(
        {"field": "priority", "toString": "High"},
        {"field": "assignee", "to": "a1"},
        summary="Invoices are wrong",
        priority={"name": "Low"},
        assignee={"accountId": "b2"},
    )
    assert first.seen
    assert second.seen is None
    assert (first.seen.title, first.seen.priority, first.seen.agent) == (
        "Invoices are wrong",
        None,
        None,
    )


def test_items_of_one_save_keep_their_order() -> None:
    items = [{"field": "labels", "fromString": "", "toString": str(n)} for n in range(12)]
    events = updated(*items)
    assert [event.seq for event in events] == list(range(1, 13))
    assert {event.save for event in events} == {"7"}
    assert len({event.id for event in events}) == 12


def test_without_a_time_it_happened_when_it_came() -> None:
    [event] = updated({"field": "Rank"})
    assert event.at == NOW
    [event] = updated({"field": "Rank"}, updated="2026-03-02T09:00:00.000+0000")
    assert event.at == NOW.replace(hour=9)


# --- automation ----------------------------------------------------------------------------------


def test_the_template_is_read_as_jira_fills_it_in() -> None:
    filled = TEMPLATE
    for value, text in {
        "issue.id": "10100",
        "issue.key": "HELP-12",
        "now": "2026-03-02T09:55:00.0+0000",
        "issue.reporter.accountId": "c1",
        "issue.Satisfaction.rating": "2",
        "issue.Satisfaction.comment.jsonEncode": 'It \\"works\\".',
    }.items():
        filled = filled.replace("{{" + value + "}}", text)
    assert "{{" not in filled
    source = JsmAutomation(name="rules", desk="acme")
    touched, answer = source.read(posted(filled.encode()))
    assert isinstance(touched, Touched)
    assert touched.read
    assert isinstance(answer, Rated)
    assert (answer.subject, answer.answer.score) == ("acme:10100", 0.25)
    assert answer.answer.words == 'It "works".'
    assert answer.at == datetime(2026, 3, 2, 9, 55, tzinfo=UTC)
    assert touched.order < answer.order


def test_all_but_the_issue_may_be_left_unrendered() -> None:
    filled = TEMPLATE.replace("{{issue.id}}", "10100").encode()
    [event] = JsmAutomation(name="rules").read(posted(filled))
    assert isinstance(event, Touched)
    assert event.read
    assert (event.at, event.actor, event.seen) == (NOW, "", None)
