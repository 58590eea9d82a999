"""What survey tools post, how it is proven, and what their APIs say when they are asked for the rest."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from standardwebhooks import Webhook

from bridge.sandbox import Fault, Sandbox, Surveys

from .conftest import Call, Clock, Receiver

SECRET = "a-secret-of-two"
CLIENT = "client123&secret456"
ANNA: dict[str, Any] = {"ticket": 4711, "email": "anna@example.com", "name": "Anna Weber"}


@pytest.fixture
def surveys(sandbox: Sandbox) -> Surveys:
    return sandbox.surveys


@pytest.fixture
def sent(sandbox: Sandbox, receiver: Receiver) -> Callable[[], list[Call]]:
    """All that arrived so far, in order."""

    def calls() -> list[Call]:
        assert sandbox.courier.wait_idle(5)
        return receiver.calls

    return calls


Sent = Callable[[], list[Call]]


def form(call: Call) -> dict[str, str]:
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    return dict(parse_qsl(call.body.decode(), keep_blank_values=True, strict_parsing=True))


def ask(url: str, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers=headers, timeout=5)


class TestTypeform:
    def test_is_signed_over_its_very_bytes(
        self, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        event = surveys.typeform(receiver.url, SECRET, score=2, words="Zu langsam.", **ANNA)
        [call] = sent()
        digest = base64.b64encode(hmac.digest(SECRET.encode(), call.body, "sha256")).decode()
        assert call.headers["Typeform-Signature"] == f"sha256={digest}"
        assert call.json["event_id"] == event
        assert call.json["form_response"]["hidden"]["ticket_id"] == "4711"


class TestStandard:
    def test_is_taken_by_the_standards_own_library(
        self, surveys: Surveys, receiver: Receiver, sent: Sent, clock: Clock
    ) -> None:
        clock.at = datetime.now(UTC)  # which is what the library measures by
        key = surveys.standard(receiver.url, "whsec_c2VjcmV0LW9mLXR3bw==", {"score": 1})
        [call] = sent()
        assert call.headers["Webhook-Id"] == key
        names = {name.lower(): value for name, value in call.headers.items()}
        assert Webhook("whsec_c2VjcmV0LW9mLXR3bw==").verify(call.body, names) == {"score": 1}


class TestDelighted:
    def test_is_signed_with_the_api_key(
        self, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        event = surveys.delighted(receiver.url, "dl-key", score=0, **ANNA)
        [call] = sent()
        digest = hmac.digest(b"dl-key", call.body, "sha256").hex()
        assert call.headers["X-Delighted-Webhook-Signature"] == f"sha256={digest}"
        assert (len(event), call.json["event_id"]) == (64, event)
        data = call.json["event_data"]
        assert (data["score"], data["survey_type"], data["comment"]) == (0, "nps", None)
        assert data["person_properties"] == {"ticket_id": "4711"}
        assert data["created_at"] == 1795255200  # seconds

    def test_tells_the_same_response_again_when_a_comment_is_added(
        self, surveys: Surveys, receiver: Receiver, sent: Sent, clock: Clock
    ) -> None:
        first = surveys.delighted(receiver.url, "dl-key", score=3)
        sent()
        clock.forward(minutes=2)
        again = surveys.delighted(receiver.url, "dl-key", words="Nobody called.", response=first)
        before, after = (call.json for call in sent())
        assert again != first
        assert before["event_data"]["id"] == after["event_data"]["id"]
        assert (after["event_data"]["score"], after["event_data"]["comment"]) == (
            3,
            "Nobody called.",
        )
        assert after["event_data"]["updated_at"] - after["event_data"]["created_at"] == 120

    def test_has_null_for_no_properties(
        self, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        surveys.delighted(receiver.url, "dl-key", score=9)
        assert sent()[0].json["event_data"]["person_properties"] is None

    def test_knows_no_response_that_was_never_sent(
        self, surveys: Surveys, receiver: Receiver
    ) -> None:
        with pytest.raises(KeyError):
            surveys.delighted(receiver.url, "dl-key", words="And?", response="never")


class TestHeaderSecrets:
    def test_simplesat_posts_choice_label_and_sentiment(
        self, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        first = surveys.simplesat(receiver.url, SECRET, score=1, **ANNA)
        sent()
        surveys.simplesat(receiver.url, SECRET, words="Rude.", response=first)
        before, after = sent()
        assert before.headers["X-Bridge-Secret"] == after.headers["X-Bridge-Secret"] == SECRET
        assert before.json["id"] == after.json["id"]
        [answer] = after.json["answers"]
        assert (answer["choice"], answer["choice_label"]) == ("1", "Terrible")
        assert (answer["sentiment"], answer["comment"]) == ("negative", "Rude.")
        assert after.json["ticket"] == {"external_id": "4711"}
        assert after.json["customer"]["email"] == "anna@example.com"

    def test_asknicely_posts_text_and_counts(
        self, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        first = surveys.asknicely(receiver.url, SECRET, score=0, **ANNA)
        sent()
        surveys.asknicely(receiver.url, SECRET, words="Still waiting.", response=first)
        before, after = sent()
        assert before.headers["X-Bridge-Secret"] == SECRET
        assert [call.json["count"] for call in (before, after)] == [1, 2]
        values = [*before.json["person"].values(), *before.json["question"].values()]
        assert all(value is None or isinstance(value, str) for value in values)
        assert before.json["question"]["score"] == "0"
        assert before.json["question"]["id"] == after.json["question"]["id"]
        assert after.json["question"]["comment"] == "Still waiting."

    def test_a_thermometer_posts_a_form_and_the_comment_by_itself(
        self, sandbox: Sandbox, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        key = surveys.thermometer(
            receiver.url, SECRET, colour="Red Light", comment="Größer & besser?", **ANNA
        )
        clicked, said = sorted(map(form, sent()), key=lambda fields: fields["event"], reverse=True)
        assert {call.headers["X-Bridge-Secret"] for call in sent()} == {SECRET}
        assert (clicked["temperature"], clicked["custom_1"]) == ("Red Light", "4711")
        assert "comment" not in clicked
        assert (said["comment"], said["response_id"]) == (
            "Größer & besser?",
            clicked["response_id"],
        )
        keys = {attempt.shipment.key for attempt in sandbox.courier.attempts}
        assert keys == set(surveys.sent_at) == {key, f"{key}-comment"}

    def test_a_thermometer_has_four_colours(self, surveys: Surveys, receiver: Receiver) -> None:
        with pytest.raises(ValueError, match="blue"):
            surveys.thermometer(receiver.url, SECRET, colour="blue")


class TestSurveyMonkey:
    def test_posts_ids_only_and_signs_with_id_and_secret(
        self, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        event = surveys.surveymonkey(receiver.url, CLIENT, score=1, words="Rude.", **ANNA)
        [call] = sent()
        digest = base64.b64encode(hmac.digest(CLIENT.encode(), call.body, "sha1")).decode()
        assert call.headers["Sm-Signature"] == digest
        assert call.headers["Sm-Apikey"] == "client123"
        assert call.headers["Content-Type"] == "application/vnd.surveymonkey.response.v1+json"
        assert call.json["event_id"] == event
        assert call.json["event_type"] == "response_completed"
        assert b"Rude" not in call.body
        assert b"4711" not in call.body

    def test_tells_the_rest_to_who_has_a_token(
        self, sandbox: Sandbox, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        surveys.surveymonkey.add_token("sm-token")
        surveys.surveymonkey(receiver.url, CLIENT, score=1, words="Rude.", **ANNA)
        told = sent()[0].json
        survey = f"{sandbox.surveymonkey_url}/v3/surveys/{told['resources']['survey_id']}"
        asked = ask(
            f"{survey}/responses/{told['object_id']}/details", Authorization="bearer sm-token"
        )
        assert asked.status_code == 200
        response = asked.json()
        assert response["id"] == told["object_id"]
        assert response["custom_variables"]["ticket_id"] == "4711"
        rating, words = response["pages"][0]["questions"]
        assert words["answers"] == [{"text": "Rude."}]
        details = ask(f"{survey}/details", Authorization="Bearer sm-token").json()
        questions = {one["id"]: one for page in details["pages"] for one in page["questions"]}
        choices = {one["id"]: one for one in questions[rating["id"]]["answers"]["choices"]}
        chosen = choices[rating["answers"][0]["choice_id"]]
        assert (chosen["text"], chosen["weight"]) == ("Very bad", 1)
        assert questions[words["id"]]["headings"] == [{"heading": "Why?"}]

    def test_shows_a_response_as_it_is_now(
        self, sandbox: Sandbox, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        surveys.surveymonkey.add_token("sm-token")
        first = surveys.surveymonkey(receiver.url, CLIENT, score=5)
        sent()
        surveys.surveymonkey(receiver.url, CLIENT, score=1, response=first)
        before, after = (call.json for call in sent())
        assert after["event_type"] == "response_updated"
        assert after["event_id"] != before["event_id"]
        assert after["object_id"] == before["object_id"] == surveys.surveymonkey.response(first)
        path = f"/v3/surveys/{after['resources']['survey_id']}/responses/{after['object_id']}"
        url = f"{sandbox.surveymonkey_url}{path}/details"
        response = ask(url, Authorization="Bearer sm-token").json()
        [rating] = response["pages"][0]["questions"]
        assert rating["answers"][0]["choice_metadata"] == {"weight": "1"}
        assert response["href"] == f"{sandbox.surveymonkey_url}{path}"

    @pytest.mark.parametrize(
        ("authorization", "code"), [("", "1010"), ("Basic abc", "1010"), ("Bearer wrong", "1011")]
    )
    def test_lets_no_stranger_in(self, sandbox: Sandbox, authorization: str, code: str) -> None:
        url = f"{sandbox.surveymonkey_url}/v3/surveys/507618636/details"
        refused = ask(url, Authorization=authorization)
        assert (refused.status_code, refused.json()["error"]["id"]) == (401, code)

    def test_knows_no_response_that_was_deleted(
        self, sandbox: Sandbox, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        surveys.surveymonkey.add_token("sm-token")
        event = surveys.surveymonkey(receiver.url, CLIENT, score=1)
        told = sent()[0].json
        surveys.surveymonkey.delete(event)
        survey = f"{sandbox.surveymonkey_url}/v3/surveys/{told['resources']['survey_id']}"
        for path in (f"responses/{told['object_id']}/details", "responses", "nothing"):
            gone = ask(f"{survey}/{path}", Authorization="Bearer sm-token")
            assert (gone.status_code, gone.json()["error"]["id"]) == (404, "1020")

    def test_suffers_the_sandboxs_faults(self, sandbox: Sandbox) -> None:
        sandbox.faults = lambda vendor, _m, _p: Fault.status(503) if "monkey" in vendor else None
        assert ask(f"{sandbox.surveymonkey_url}/v3/surveys/1/details").status_code == 503


class TestQualtrics:
    def test_posts_ids_only_in_a_signed_message(
        self, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        key = surveys.qualtrics(receiver.url, SECRET, score=1, words="Rude.", **ANNA)
        [call] = sent()
        fields = form(call)
        assert set(fields) == {"HMAC", "MSG", "Topic", "undefined"}
        assert (
            fields["HMAC"] == hmac.digest(SECRET.encode(), fields["MSG"].encode(), "sha512").hex()
        )
        event = json.loads(fields["MSG"])
        assert event["ResponseID"] == surveys.qualtrics.response(key)
        assert event["CompletedDate"] == "2026-11-21 10:00:00"
        assert fields["Topic"] == f"acme.surveyengine.completedResponse.{event['SurveyID']}"
        assert b"Rude" not in call.body

    def test_posts_plain_fields_without_a_shared_key(
        self, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        surveys.qualtrics(receiver.url, "", score=1)
        fields = form(sent()[0])
        assert {"HMAC", "MSG"}.isdisjoint(fields)
        assert (fields["Status"], fields["BrandID"]) == ("Complete", "acme")

    def test_tells_the_rest_to_who_has_a_token(
        self, sandbox: Sandbox, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        surveys.qualtrics.add_token("q-token")
        first = surveys.qualtrics(receiver.url, SECRET, score=4, **ANNA)
        sent()
        again = surveys.qualtrics(receiver.url, SECRET, score=2, words="Rude.", response=first)
        assert surveys.qualtrics.response(first) == surveys.qualtrics.response(again)
        before, after = (json.loads(form(call)["MSG"]) for call in sent())
        assert before["ResponseID"] == after["ResponseID"]
        asked = ask(response_url(sandbox, after), **{"X-API-TOKEN": "q-token"})
        assert asked.status_code == 200
        result: dict[str, Any] = asked.json()["result"]
        assert result["responseId"] == after["ResponseID"]
        assert (result["values"]["QID1"], result["values"]["QID2_TEXT"]) == (2, "Rude.")
        assert (result["values"]["ticket_id"], result["labels"]["QID1"]) == ("4711", "Bad")
        assert asked.json()["meta"]["httpStatus"] == "200 - OK"

    def test_lets_no_stranger_in_and_knows_no_deleted_response(
        self, sandbox: Sandbox, surveys: Surveys, receiver: Receiver, sent: Sent
    ) -> None:
        surveys.qualtrics.add_token("q-token")
        key = surveys.qualtrics(receiver.url, SECRET, score=4)
        url = response_url(sandbox, json.loads(form(sent()[0])["MSG"]))
        for headers in ({}, {"X-API-TOKEN": "wrong"}, {"Authorization": "Bearer q-token"}):
            refused = ask(url, **headers)
            assert (refused.status_code, "result" in refused.json()) == (401, False)
        surveys.qualtrics.delete(key)
        gone = ask(url, **{"X-API-TOKEN": "q-token"})
        assert (gone.status_code, gone.json()["meta"]["httpStatus"]) == (404, "404 - Not Found")

    def test_suffers_the_sandboxs_faults(self, sandbox: Sandbox) -> None:
        sandbox.faults = lambda vendor, _m, _p: Fault.status(503) if vendor == "qualtrics" else None
        assert ask(f"{sandbox.qualtrics_url}/API/v3/surveys/1/responses/2").status_code == 503


def response_url(sandbox: Sandbox, event: dict[str, str]) -> str:
    path = f"/API/v3/surveys/{event['SurveyID']}/responses/{event['ResponseID']}"
    return sandbox.qualtrics_url + path


SENDERS: dict[str, Callable[[Surveys, str], str]] = {
    "typeform": lambda surveys, url: surveys.typeform(url, SECRET, score=1),
    "standard": lambda surveys, url: surveys.standard(url, "whsec_c2VjcmV0", {"score": 1}),
    "delighted": lambda surveys, url: surveys.delighted(url, SECRET, score=1),
    "simplesat": lambda surveys, url: surveys.simplesat(url, SECRET, score=1),
    "asknicely": lambda surveys, url: surveys.asknicely(url, SECRET, score=1),
    "thermometer": lambda surveys, url: surveys.thermometer(url, SECRET, colour="Gold Star"),
    "surveymonkey": lambda surveys, url: surveys.surveymonkey(url, CLIENT, score=1),
    "qualtrics": lambda surveys, url: surveys.qualtrics(url, SECRET, score=1),
}


@pytest.mark.parametrize("tool", SENDERS)
def test_what_nobody_takes_is_sent_five_times_as_it_was(
    sandbox: Sandbox, receiver: Receiver, sent: Sent, clock: Clock, tool: str
) -> None:
    receiver.answers = [(503, {})] * 9
    key = SENDERS[tool](sandbox.surveys, receiver.url)
    [call] = sent()
    left = sandbox.surveys.sent_at[key]
    for _ in range(6):
        clock.forward(minutes=1)
        sandbox.courier.run_due()
        sent()
    assert [one.body for one in sent()] == [call.body] * 5
    assert sandbox.courier.held() == 0
    assert sandbox.surveys.sent_at == {key: left}


def test_surveys_work_on_any_courier(sandbox: Sandbox, receiver: Receiver, clock: Clock) -> None:
    mine = Surveys(clock, sandbox.courier)
    mine.delighted(receiver.url, "dl-key", score=1)
    assert sandbox.courier.wait_idle(5)
    assert len(receiver.calls) == 1
    assert sandbox.surveys.sent_at == {}
