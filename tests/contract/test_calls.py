"""Amazon Connect and Aircall: settings, secrets, and what can't be told by one sample alone."""

from __future__ import annotations

import doctest
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.domain.model import ConfigError, Forged, Rated
from connectors import Incoming
from connectors.calls import caller
from connectors.calls.aircall import Aircall
from connectors.calls.connect import Connect

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TOKEN = "token-of-the-webhook"


def posted(body: Any, **headers: str) -> Incoming:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Incoming(headers=named, body=raw, received_at=NOW)


def tagged(*tags: str, at: int = 1772445540, **more: Any) -> Incoming:
    data = {"id": 7, "tags": [{"name": tag} for tag in tags], **more}
    return posted({"event": "call.tagged", "timestamp": at, "token": TOKEN, "data": data})


def one(source: Aircall | Connect, incoming: Incoming) -> Rated:
    [event] = source.read(incoming)
    assert isinstance(event, Rated)
    return event


def test_numbers_are_told_from_what_is_none() -> None:
    assert doctest.testmod(caller).failed == 0


# --- Aircall


def test_aircalls_token_proves_it() -> None:
    source = Aircall(name="aircall")
    source.verify(tagged("x"), [TOKEN])
    source.verify(tagged("x"), ["another", TOKEN])
    for secrets in ([], [""], ["another"]):
        with pytest.raises(Forged) as error:
            source.verify(tagged("x"), secrets)
        assert TOKEN not in str(error.value)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b'{"token": ""}', b'{"token": 1}', b'{"token": ["a"]}']
)
def test_a_body_without_a_token_is_forged(body: bytes) -> None:
    with pytest.raises(Forged):
        Aircall(name="aircall").verify(posted(body), [TOKEN, "1", ""])


def test_the_token_is_not_kept_and_what_is_kept_reads_the_same() -> None:
    source = Aircall(name="aircall")
    whole = tagged("csat-1", started_at=1772445000)
    kept = posted(source.scrub(whole))
    assert TOKEN.encode() in whole.body
    assert TOKEN.encode() not in kept.body
    assert list(source.read(kept)) == list(source.read(whole))
    assert source.identify(kept) == source.identify(whole)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[1]", b"7"])
def test_what_cannot_be_scrubbed_is_left_as_it_is(body: bytes) -> None:
    assert Aircall(name="aircall").scrub(posted(body)) == body


def test_of_several_tags_the_last_counts() -> None:
    answer = one(Aircall(name="aircall"), tagged("csat-1", "Billing", "csat-4", "resolved")).answer
    assert (answer.raw, answer.score, answer.resolved) == ("4", 0.75, True)


def test_all_that_happens_to_a_call_is_one_answer_and_each_an_event() -> None:
    source = Aircall(name="aircall")
    first, second = (one(source, tagged("csat-1", at=at)) for at in (1772445540, 1772445541))
    assert first.answer.id == second.answer.id == "aircall:7"
    assert first.id != second.id


def test_a_mood_never_takes_the_place_of_the_customers_own_score() -> None:
    source = Aircall(name="aircall", moods=True)
    mood = posted(
        {
            "event": "sentiment.created",
            "timestamp": 1772445600,
            "data": {"call_id": 7, "sentiments": [{"value": "POSITIVE", "type": "external"}]},
        }
    )
    assert one(source, mood).answer.id != one(source, tagged("csat-1")).answer.id


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"scale": "furlongs"}, "scale: unknown"),
        ({"scores": {"great": 6.0}}, "scores.great: score: 6 is not on the scale"),
        ({"scale": "number"}, "scores.csat-1: score: 1 means nothing before low and high"),
    ],
)
def test_a_setting_of_aircall_that_cannot_work_is_refused(setting: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=f"^{words}"):
        Aircall(name="aircall", **setting)


# --- Amazon Connect


def contact(**attributes: str) -> Incoming:
    data = {
        "Attributes": attributes,
        "ContactId": "c-2",
        "InitialContactId": "c-1",
        "Channel": "Voice",
        "CustomerEndpoint": {"Address": "+15005550006", "Type": "TELEPHONE_NUMBER"},
        "Queue": None,
    }
    return posted({"Details": {"ContactData": data, "Parameters": {}}, "Name": "ContactFlowEvent"})


def test_an_answer_that_comes_in_parts_is_one_answer() -> None:
    source = Connect(name="connect")
    first = one(source, contact(survey_score="1"))
    second = one(source, contact(survey_score="1", survey_comment="Nobody called"))
    assert first.answer.id == second.answer.id == "connect:c-1"
    assert first.id != second.id
    assert one(source, contact(survey_score="1")).id == first.id


@pytest.mark.parametrize(
    ("pressed", "resolved"), [("1", True), ("2", False), ("yes", True), ("No", False)]
)
def test_a_key_says_whether_it_is_resolved(pressed: str, resolved: bool) -> None:
    assert (
        one(Connect(name="connect"), contact(survey_resolved=pressed)).answer.resolved is resolved
    )


def test_the_secret_comes_in_a_header_of_ones_own() -> None:
    source = Connect(name="connect", header="X-Acme")
    body = contact(survey_score="1").body
    source.verify(posted(body, x_acme="right"), ["right"])
    for headers in ({}, {"x_acme": "wrong"}, {"x_bridge_secret": "right"}):
        with pytest.raises(Forged):
            source.verify(posted(body, **headers), ["right"])


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"scale": "furlongs"}, "scale: unknown"),
        ({"low": 1.0, "high": 1.0}, "high: must differ"),
        ({"yes": "1", "no": "1"}, "no: must differ"),
    ],
)
def test_a_setting_of_connect_that_cannot_work_is_refused(setting: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=f"^{words}"):
        Connect(name="connect", **setting)
