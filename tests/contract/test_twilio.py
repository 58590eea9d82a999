"""The survey by phone: who is believed, what the caller hears, and what comes of what was said."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest

from bridge.domain.model import ConfigError, Forged, Rated, Unreadable
from connectors import Incoming
from connectors.calls.twilio import Twilio

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
URL = "https://bridge.example.com/hooks/phone"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
TOKEN = "12345"
SURVEY = Twilio(name="phone", desk="zendesk")


def came(
    url: str, body: str, signature: str = "", kind: str = FORM, method: str = "POST"
) -> Incoming:
    headers = {"content-type": kind, **({"x-twilio-signature": signature} if signature else {})}
    return Incoming(method=method, url=url, headers=headers, body=body.encode(), received_at=NOW)


def step(url: str = URL, **more: str) -> Incoming:
    """What Twilio sends at one step of a call."""
    call = {"CallSid": "CA1", "CallStatus": "in-progress", "From": "+15005550006"}
    return came(url, urlencode(call | {"Direction": "inbound"} | more))


def heard(incoming: Incoming, survey: Twilio = SURVEY) -> ET.Element:
    answer = survey.answer(incoming)
    assert answer is not None
    assert (answer.status, answer.keep) == (200, True)
    assert answer.type.startswith("text/xml")
    return ET.fromstring(answer.body)


def address(twiml: ET.Element, verb: str = "Gather", name: str = "action") -> str:
    found = twiml.find(verb)
    assert found is not None, ET.tostring(twiml)
    return found.get(name, "")


def asked(twiml: ET.Element) -> str:
    """Which question the caller is asked: its name, or "" for none."""
    gather = twiml.find("Gather")
    url = (
        gather.get("action", "")
        if gather is not None
        else (address(twiml, "Record") if twiml.find("Record") is not None else "")
    )
    return parse_qs(urlsplit(url).query).get("ask", [""])[0]


def said(twiml: ET.Element) -> str:
    return " ".join(one.text or "" for one in twiml.iter("Say"))


def rated(incoming: Incoming, survey: Twilio = SURVEY) -> Rated | None:
    events = list(survey.read(incoming))
    assert len(events) <= 1
    for event in events:
        assert isinstance(event, Rated)
        return event
    return None


# --- who is believed: the vectors that Twilio publishes with its libraries

PUBLISHED = "https://mycompany.com/myapp.php?foo=1&bar=2"
ONE = urlencode(
    {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
        "Caller": "+14158675309",
    }
)
TWICE = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"
JSON = '{"property": "value", "boolean": true}'
HASHED = f"{PUBLISHED}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
VECTORS = {
    "a form": came(PUBLISHED, ONE, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    "a repeated parameter": came(PUBLISHED, TWICE, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
    "JSON": came(HASHED, JSON, "a9nBmqA0ju/hNViExpshrM61xv4=", "application/json"),
}


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_what_twilio_publishes_is_proven(vector: Incoming) -> None:
    SURVEY.verify(vector, [TOKEN])
    SURVEY.verify(vector, ["another", TOKEN])
    SURVEY.verify(vector, [TOKEN, "another"])
    for secrets in ([], [""], ["another"]):
        with pytest.raises(Forged):
            SURVEY.verify(vector, secrets)


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_another_address_is_no_proof(vector: Incoming) -> None:
    url = vector.url.replace("foo=1", "foo=2")
    altered = Incoming(url=url, headers=vector.headers, body=vector.body, received_at=NOW)
    with pytest.raises(Forged):
        SURVEY.verify(altered, [TOKEN])


def test_the_port_may_be_named_or_not() -> None:
    with_port = PUBLISHED.replace(".com/", ".com:443/")
    SURVEY.verify(came(with_port, ONE, "RSOYDt4T1cUTdK1PDd93/VVr8B8="), [TOKEN])


def test_json_without_a_hash_of_it_in_the_address_is_no_proof() -> None:
    """Else a signature of the address alone would prove any body."""
    right = base64.b64encode(hmac.new(TOKEN.encode(), URL.encode(), hashlib.sha1).digest()).decode()
    with pytest.raises(Forged, match="no hash"):
        SURVEY.verify(came(URL, JSON, right, "application/json"), [TOKEN])


@pytest.mark.parametrize("url", ["", "http://[", "https://a:b/", "https://a:99999/x", "///", "é"])
@pytest.mark.parametrize("body", ["", "a=%ff", "\udcff", "&" * 20, "a=1;b=2", "=", "a" * 9000])
@pytest.mark.parametrize("kind", [FORM, "application/json", "multipart/form-data", ""])
def test_garbage_is_forged_and_nothing_worse(url: str, body: str, kind: str) -> None:
    headers = {"content-type": kind, "x-twilio-signature": "é"}
    raw = body.encode(errors="surrogateescape")
    with pytest.raises(Forged) as error:
        SURVEY.verify(Incoming(url=url, headers=headers, body=raw, received_at=NOW), [TOKEN])
    assert TOKEN not in str(error.value)


def test_a_get_is_answered_with_words_alone() -> None:
    answer = SURVEY.answer(came(URL, "", method="GET"))
    assert answer is not None
    assert (answer.status, answer.keep) == (405, False)
    assert "<" not in answer.body


# --- what the caller hears


def test_a_whole_call() -> None:
    """Every address is taken from what was said before, as Twilio takes it."""
    first = heard(step(f"{URL}?ticket=4711&agent=Ben"))
    assert asked(first) == "rating"
    assert "from 1, very dissatisfied, to 5, very satisfied" in said(first)
    gather = first.find("Gather")
    assert gather is not None
    assert (gather.get("numDigits"), gather.get("method")) == ("1", "POST")

    rating = step(address(first), Digits="2")
    second = heard(rating)
    assert asked(second) == "resolved"

    resolved = step(address(second), Digits="2")
    third = heard(resolved)
    assert asked(third) == "why"
    record = third.find("Record")
    assert record is not None
    assert record.get("transcribe") == "true"
    assert record.get("maxLength") == "120"

    last = heard(step(address(third, "Record"), Digits="#", RecordingDuration="9"))
    assert said(last) == "Thank you. Goodbye."
    assert last.find("Hangup") is not None
    assert last.find("Gather") is None

    link = "https://api.twilio.com/2010-04-01/Accounts/AC0/Recordings/RE1"
    recording = came(  # of two legs, Twilio may name the other one here
        address(third, "Record", "recordingStatusCallback"),
        urlencode(
            {
                "CallSid": "CA0",
                "RecordingSid": "RE1",
                "RecordingUrl": link,
                "RecordingStatus": "completed",
            }
        ),
    )
    words = step(
        address(third, "Record", "transcribeCallback"),
        RecordingSid="RE1",
        RecordingUrl=link,
        TranscriptionSid="TR1",
        TranscriptionStatus="completed",
        TranscriptionText="Nobody called back.",
    )
    assert SURVEY.answer(recording) is None
    assert SURVEY.answer(words) is None

    events = [rated(one) for one in (rating, resolved, recording, words)]
    assert all(event is not None for event in events)
    found = [event for event in events if event is not None]
    assert {event.subject for event in found} == {"zendesk:4711"}
    assert {event.answer.id for event in found} == {"phone:CA1"}
    assert len({event.id for event in found}) == 4
    assert [(e.answer.score, e.answer.resolved, e.answer.words) for e in found] == [
        (0.25, None, ""),
        (0.25, False, ""),
        (0.25, False, ""),
        (0.25, False, "Nobody called back."),
    ]
    assert [event.answer.recording for event in found] == ["", "", link, link]
    assert found[0].answer.contact.phone == "+15005550006"
    assert found[0].seen is not None
    assert found[0].seen.facts == {"call_agent": "Ben"}


def test_addresses_stay_at_the_same_door() -> None:
    twiml = heard(step(f"{URL}?ticket=4711&from=queue%201&bodySHA256=00"))
    for found in (address(twiml), twiml.findtext("Redirect", "")):
        parts = urlsplit(found)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == URL
        assert dict(parse_qsl(parts.query)) == {
            "ticket": "4711",
            "from": "queue 1",
            "ask": "rating",
            "try": "1",
            "call": "CA1",
        }


@pytest.mark.parametrize("key", ["", "9", "0", "*", "#", "12", "é"])
def test_a_wrong_key_or_none_is_asked_for_again_twice_then_it_goes_on(key: str) -> None:
    twiml = heard(step())
    for _ in range(2):
        wrong = step(address(twiml), Digits=key)
        assert rated(wrong) is None
        twiml = heard(wrong)
        assert asked(twiml) == "rating"
        assert said(twiml).startswith("Sorry, that did not work. How satisfied")
    assert asked(heard(step(address(twiml), Digits=key))) == "resolved"


def test_a_caller_who_presses_nothing_is_not_left_in_silence() -> None:
    """Without a key, Twilio goes on to the verb after Gather: it brings the call to the same place."""
    twiml = heard(step())
    assert twiml.findtext("Redirect", "") == address(twiml)


def test_the_right_key_at_the_second_time_counts() -> None:
    again = heard(step(address(heard(step())), Digits="9"))
    right = step(address(again), Digits="5")
    event = rated(right)
    assert event is not None
    assert event.answer.score == 1.0
    assert asked(heard(right)) == "resolved"


def test_without_a_recording_the_call_ends_with_thanks() -> None:
    """Twilio goes on to the verb after Record if nothing was said."""
    twiml = heard(step(f"{URL}?ask=resolved", Digits="1"))
    assert [verb.tag for verb in twiml] == ["Say", "Record", "Say", "Hangup"]


def test_questions_can_be_left_out() -> None:
    short = Twilio(name="phone", say_rating="", say_why="")
    first = heard(step(), short)
    assert asked(first) == "resolved"
    last = heard(step(address(first), Digits="2"), short)
    assert [verb.tag for verb in last] == ["Say", "Hangup"]


def test_language_voice_and_scale_are_settings() -> None:
    german = Twilio(
        name="phone",
        language="de-DE",
        voice="Polly.Vicki",
        worst=6,
        best=1,
        say_rating="Schulnote <{best}> bis {worst}?",
        transcribe=False,
        record_seconds=30,
    )
    first = heard(step(), german)
    say = first.find("Gather/Say")
    assert say is not None
    assert say.attrib == {"language": "de-DE", "voice": "Polly.Vicki"}
    assert say.text == "Schulnote <1> bis 6?"
    mark = step(address(first), Digits="6")
    event = rated(mark, german)
    assert event is not None
    assert (event.answer.score, event.answer.low, event.answer.high) == (0.0, 6, 1)
    record = heard(step(f"{URL}?ask=resolved", Digits="1"), german).find("Record")
    assert record is not None
    assert record.get("transcribe") == "false"
    assert record.get("transcribeCallback") is None


@pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
def test_nobody_is_spoken_to_when_the_call_is_over(status: str) -> None:
    assert SURVEY.answer(step(CallStatus=status)) is None


def test_hanging_up_while_recording_is_answered_with_twiml_all_the_same() -> None:
    """Else Twilio's error log complains of a type that is no TwiML."""
    hung_up = step(f"{URL}?ask=why", CallStatus="completed", Digits="hangup")
    assert [verb.tag for verb in heard(hung_up)] == ["Say", "Hangup"]
    assert rated(hung_up) is None


def test_two_calls_at_the_same_time_do_not_mix() -> None:
    ada, bob = (heard(step(CallSid=sid)) for sid in ("CA1", "CA2"))
    one = rated(step(address(ada), Digits="1", CallSid="CA1"))
    two = rated(step(address(bob), Digits="5", CallSid="CA2"))
    assert one is not None
    assert two is not None
    assert (one.answer.id, one.answer.score) == ("phone:CA1", 0.0)
    assert (two.answer.id, two.answer.score) == ("phone:CA2", 1.0)


# --- what comes of it


@pytest.mark.parametrize(
    "caller",
    [
        "+266696687",
        "+7378742833",
        "+86282452253",
        "anonymous",
        "Anonymous",
        "",
        "sip:a@b",
        "unknown",
    ],
)
def test_a_withheld_number_is_no_number(caller: str) -> None:
    event = rated(step(f"{URL}?ask=rating", Digits="1", From=caller))
    assert event is not None
    assert not event.answer.contact


def test_of_a_call_that_we_made_the_customer_is_the_other_end() -> None:
    ours = {"Direction": "outbound-api", "From": "+15005550001", "To": "+15005550006"}
    event = rated(step(f"{URL}?ask=rating", Digits="1", **ours))
    assert event is not None
    assert event.answer.contact.phone == "+15005550006"


@pytest.mark.parametrize(
    "more",
    [
        {"TranscriptionStatus": "failed", "TranscriptionText": ""},
        {"TranscriptionStatus": "completed", "TranscriptionText": ""},
        {},
    ],
)
def test_no_transcription_says_nothing(more: Any) -> None:
    assert rated(step(f"{URL}?ask=words&rating=1", **more)) is None


@pytest.mark.parametrize("status", ["in-progress", "absent", "failed", ""])
def test_no_recording_says_nothing(status: str) -> None:
    link = {"RecordingUrl": "https://api.twilio.com/RE1", "RecordingStatus": status}
    assert rated(step(f"{URL}?ask=recording&rating=1", **link)) is None


def test_a_repeat_is_known_by_twilios_token_or_else_by_what_it_brings() -> None:
    def key(token: str, **more: str) -> str:
        incoming = step(f"{URL}?ask=rating", **more)
        headers = {**incoming.headers, "i-twilio-idempotency-token": token}
        return SURVEY.identify(
            Incoming(url=incoming.url, headers=headers, body=incoming.body, received_at=NOW)
        )

    assert key("a", Digits="1") == key("a", Digits="1")
    assert key("a", Digits="1") != key("b", Digits="1")
    assert key("", Digits="1") == key("", Digits="1")
    assert key("", Digits="1") != key("", Digits="2")
    assert key("", Digits="1") != key("", Digits="1", CallSid="CA2")


def test_an_unreadable_call_is_hung_up_and_kept() -> None:
    broken = came(URL, "Digits=1")
    assert [verb.tag for verb in heard(broken)] == ["Hangup"]
    with pytest.raises(Unreadable, match="CallSid"):
        SURVEY.identify(broken)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"worst": 10}, "worst: must be a key"),
        ({"best": -1}, "best: must be a key"),
        ({"worst": 3, "best": 3}, "best: must differ"),
        ({"say_rating": "", "say_resolved": ""}, "say_rating: there must be"),
        ({"record_seconds": 1}, "record_seconds: must be"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_at_once(setting: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=f"^{words}"):
        Twilio(name="phone", **setting)
