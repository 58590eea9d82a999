"""The sources of single survey tools: their settings, their proofs, and how two deliveries become one answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from bridge.domain.model import ConfigError, Forged, Unreadable
from bridge.domain.ticket import fold_all
from connectors import Incoming
from connectors.signing import digest
from connectors.surveys.delighted import Delighted
from connectors.surveys.qualtrics import Qualtrics
from connectors.surveys.simplesat import Simplesat
from connectors.surveys.surveymonkey import SurveyMonkey
from connectors.surveys.survicate import Survicate
from tests.contract.samples import Sample, samples

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
FORM = {"content-type": "application/x-www-form-urlencoded"}


def posted(body: Any, **headers: str) -> Incoming:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Incoming(headers=named, body=json.dumps(body).encode(), received_at=NOW)


def sample(kind: str, case: str) -> Sample:
    [found] = [one for one in samples() if (one.kind, one.case) == (kind, case)]
    return found


@pytest.mark.parametrize("cls", [Delighted, Qualtrics, Simplesat, SurveyMonkey, Survicate])
def test_a_scale_that_cannot_work_is_refused_at_once(cls: Any) -> None:
    with pytest.raises(ConfigError, match=r"^high: must differ"):
        cls(name="s", low=1.0, high=1.0)
    if cls is not Delighted:
        with pytest.raises(ConfigError, match=r"^scale: unknown; there are csat, ces"):
            cls(name="s", scale="furlongs")


def test_a_word_of_ones_own_is_worth_no_more_than_everything() -> None:
    with pytest.raises(ConfigError, match=r"^words\.meh: must be"):
        Survicate(name="s", words={"meh": 2.0})


@pytest.mark.parametrize(
    ("kind", "first", "second", "score", "words"),
    [
        ("delighted", "nps_zero_no_comment", "comment_added", 0, "I wrote three times."),
        ("simplesat", "one_of_five", "comment_later", 0, "Three calls.\nNo callback."),
        (
            "surveymonkey",
            "stars_and_words",
            "next_page_answered",
            0.25,
            "Nobody calls back. Still.",
        ),
        ("survicate", "choice_in_words", "text_of_the_same_response", 0, "Nobody calls back."),
    ],
)
def test_two_deliveries_of_one_response_are_one_answer(
    kind: str, first: str, second: str, score: float, words: str
) -> None:
    events = [event for case in (first, second) for event in sample(kind, case).events or ()]
    ticket = fold_all(events)
    assert ticket is not None
    [answer] = ticket.answers
    assert (answer.score, answer.words) == (score, words)


@pytest.mark.parametrize(
    ("kind", "score", "best"),
    [
        ("nps", 10, 10),
        ("eNPS", 10, 10),
        ("nps_10", 10, 10),
        ("csat", 5, 5),
        ("CSAT 3", 3, 3),
        ("ces", 7, 7),
        ("ces-5", 5, 5),
        ("5-star", 5, 5),
        ("stars_5", 5, 5),
        ("smileys5", 5, 5),
        ("thumbs", 1, 1),
    ],
)
def test_the_type_of_a_delighted_survey_says_its_scale(kind: str, score: int, best: int) -> None:
    data = {"id": "1", "survey_type": kind, "score": score}
    body = {"event_type": "survey_response.created", "event_id": "e", "event_data": data}
    [event] = Delighted(name="d").read(posted(body))
    assert (event.answer.score, event.answer.high) == (1, best)


def test_settings_win_over_the_type_of_a_delighted_survey() -> None:
    data = {"id": "1", "survey_type": "ces", "score": 1}
    body = {"event_type": "survey_response.created", "event_id": "e", "event_data": data}
    [event] = Delighted(name="d", low=5, high=1).read(posted(body))
    assert event.answer.score == 1


def test_an_event_without_a_name_is_unreadable() -> None:
    for source in (Delighted(name="s"), SurveyMonkey(name="s")):
        with pytest.raises(Unreadable, match=r"^event_type: expected an event's name"):
            list(source.read(posted({"event_id": "1"})))


def test_surveymonkey_finds_its_address_ready() -> None:
    for method in ("GET", "HEAD"):
        answer = SurveyMonkey(name="s").answer(Incoming(method=method, headers={}, received_at=NOW))
        assert answer is not None
        assert answer.status == 200
    assert SurveyMonkey(name="s").answer(posted({})) is None


def test_surveymonkey_signs_with_both_its_credentials() -> None:
    """Computed once by openssl: the key is client123&secret456."""
    body = b'{"event_type":"response_completed","object_id":"1"}'
    headers = {"sm-signature": "G0wJnN4wcYXn93uDIZdSmk77zb0="}
    incoming = Incoming(headers=headers, body=body, received_at=NOW)
    SurveyMonkey(name="s").verify(incoming, ["client123&secret456"])
    for wrong in ("secret456", "client123", "secret456&client123"):
        with pytest.raises(Forged):
            SurveyMonkey(name="s").verify(incoming, [wrong])


def test_a_later_change_of_a_surveymonkey_response_is_no_repeat() -> None:
    source = SurveyMonkey(name="s")
    first, later = (
        posted({"event_id": "1", "event_datetime": f"2026-03-02T09:4{minute}:00Z"})
        for minute in (1, 2)
    )
    assert source.identify(first) == source.identify(first) != source.identify(later)


def test_a_repeat_by_survicate_is_a_repeat_however_often_it_was_tried() -> None:
    source = Survicate(name="s")
    one, two = (
        posted({"messageId": "m", "deliveryTries": tries, "event": {"a": 1}}) for tries in (0, 3)
    )
    assert source.identify(one) == source.identify(two)
    other = posted({"messageId": "m", "deliveryTries": 0, "event": {"a": 2}})
    assert source.identify(one) != source.identify(other)


# --- the proof of Qualtrics is in the form


def subscribed(message: str, key: str = "right", **more: str) -> Incoming:
    proof = digest(key, message.encode(), algorithm="sha512")
    body = urlencode({"Topic": "t", "HMAC": proof, "MSG": message} | more).encode()
    return Incoming(headers=FORM, body=body, received_at=NOW)


def test_the_shared_key_proves_the_message_of_qualtrics() -> None:
    source, message = Qualtrics(name="q"), '{"ResponseID":"R_1","Umlaut":"ü +&="}'
    source.verify(subscribed(message), ["older", "right"])
    for forged in (
        subscribed(message, "wrong"),
        subscribed(message, MSG=message + " "),
        subscribed(message, HMAC=""),
        subscribed(message, MSG=""),
        subscribed(message, HMAC="é"),
    ):
        with pytest.raises(Forged):
            source.verify(forged, ["right"])
    with pytest.raises(Forged, match="nor was a form sent"):
        source.verify(posted({"HMAC": "x", "MSG": message}), ["right"])
    with pytest.raises(Forged, match="no form"):
        source.verify(Incoming(headers=FORM, body=b"MSG=\xff", received_at=NOW), ["right"])


def test_what_qualtrics_signed_is_what_is_read_whatever_stands_beside_it() -> None:
    """A second MSG, or fields beside it, are no way round the proof."""
    source = Qualtrics(name="q")
    incoming = subscribed('{"ResponseID":"R_1"}', ResponseID="R_9")
    source.verify(incoming, ["right"])
    assert source.identify(incoming) == "R_1:"
    doubled = Incoming(
        headers=FORM,
        body=incoming.body + b"&MSG=%7B%22ResponseID%22%3A%22R_9%22%7D",
        received_at=NOW,
    )
    source.verify(doubled, ["right"])
    assert source.identify(doubled) == "R_1:"


def test_a_secret_in_a_header_stands_in_for_the_signature_of_qualtrics() -> None:
    source = Qualtrics(name="q")
    source.verify(posted({}, x_bridge_secret="right"), ["right"])
    with pytest.raises(Forged, match="the secret does not match"):
        source.verify(posted({}, x_bridge_secret="wrong"), ["right"])
