"""Settings of the survey sources, and what can't be told by one sample alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.domain.model import ConfigError, Forged, Rated, Unreadable
from connectors import Incoming
from connectors.desks.zendesk_webhooks import SATISFACTION_TEMPLATE, TEMPLATE, ZendeskEvents
from connectors.surveys.generic import Generic

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def posted(body: Any, **headers: str) -> Incoming:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Incoming(headers=named, body=json.dumps(body).encode(), received_at=NOW)


def rated(source: Generic, body: Any, **headers: str) -> Rated:
    [event] = source.read(posted(body, **headers))
    assert isinstance(event, Rated)
    return event


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"fields": {"score": "a["}}, "fields.score: 'a\\[' is no JMESPath"),
        ({"fields": {"score": ""}}, "fields.score: '' is no JMESPath"),
        ({"fields": {"score": "nofunction(@)"}}, "fields.score: Unknown function"),
        ({"fields": {"score": "length()"}}, "fields.score: Expected 1 argument"),
        ({"fields": {"rating": "a"}}, "fields.rating: unknown"),
        ({"fields": {"id": "a"}}, "fields: needs at least one of"),
        ({"records": "a["}, "records: "),
        ({"scale": "furlongs"}, "scale: unknown"),
        ({"low": 1.0, "high": 1.0}, "high: must differ"),
        ({"words": {"meh": 2.0}}, "words.meh: must be"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_at_once(setting: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=f"^{words}"):
        Generic(name="kiosk", **setting)


def test_a_path_whose_function_wants_a_real_answer_is_fine() -> None:
    source = Generic(name="kiosk", fields={"score": "length(marks)"})
    assert rated(source, {"marks": [1, 2]}).answer.raw == "2"
    with pytest.raises(Unreadable, match=r"^fields.score \(length\(marks\)\): "):
        rated(source, {"marks": None})


def test_the_same_answer_changed_is_another_event_of_one_answer() -> None:
    source = Generic(name="kiosk")
    first = rated(source, {"id": 1, "score": 2})
    again = rated(source, {"score": 2, "id": 1})
    changed = rated(source, {"id": 1, "score": 2, "comment": "Slow"})
    assert first.id == again.id != changed.id
    assert first.answer.id == changed.answer.id


def test_the_delivery_id_is_the_events() -> None:
    source = Generic(name="kiosk")
    first = rated(source, {"id": 1, "score": 2}, webhook_id="msg_1")
    assert first.id == "kiosk:msg_1"


def test_secrets_of_both_kinds_side_by_side() -> None:
    source = Generic(name="kiosk")
    standard = "whsec_" + "A" * 32
    source.verify(posted({}, x_bridge_secret="plain"), [standard, "plain"])
    for headers in ({}, {"x_bridge_secret": standard}, {"webhook_signature": "v1,AAAA"}):
        with pytest.raises(Forged):
            source.verify(posted({}, **headers), [standard, "plain"])
        with pytest.raises(Forged):
            source.verify(posted({}, **headers), [standard])


def test_the_templates_hold_ids_and_codes_only() -> None:
    for template in (TEMPLATE, SATISFACTION_TEMPLATE):
        body = json.loads(template)
        assert body["bridge"] == 1
        placeholders = [text for text in map(str, body.values()) if "{{" in text]
        assert placeholders
        assert all(text.endswith((".id}}", "_with_timestamp}}")) for text in placeholders)
    assert json.loads(TEMPLATE)["event"] != json.loads(SATISFACTION_TEMPLATE)["event"]


def test_two_webhooks_on_one_event_are_two_deliveries_of_it() -> None:
    body = {
        "id": "e1",
        "type": "zen:event-type:ticket.created",
        "time": "2026-03-02T09:00:00Z",
        "detail": {"id": "4711"},
        "event": {},
    }
    source = ZendeskEvents(name="zendesk")
    one, two = (posted(body, x_zendesk_webhook_invocation_id=name) for name in ("i1", "i2"))
    assert source.identify(one) != source.identify(two)
    assert list(source.read(one)) == list(source.read(two))
    assert source.identify(posted(body)) == "e1"
