"""Sources whose webhooks hold ids only: what they ask the vendor, and what they make of its answers."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from bridge.domain.model import Undeliverable, Unreadable
from connectors import Fetching, Incoming
from connectors.fetching import fetch
from connectors.surveys.qualtrics import Qualtrics
from connectors.surveys.surveymonkey import SurveyMonkey
from tests.contract.wire import LOST, Asked, Said, Vendor, closed_port

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TOKEN = "sample-api-token"


def told(**body: Any) -> Incoming:
    return Incoming(headers={}, body=json.dumps(body).encode(), received_at=NOW)


def formed(**fields: str) -> Incoming:
    return Incoming(headers={}, body=urlencode(fields).encode(), received_at=NOW)


@dataclass(frozen=True)
class Case:
    """A source, a delivery of it, and what it asks."""

    cls: Any
    incoming: Incoming
    path: str
    header: str
    value: str

    def fetch(self, base_url: str, token: str = TOKEN) -> bytes:
        source = self.cls(name="after-care", base_url=base_url)
        assert isinstance(source, Fetching)
        return source.fetch(self.incoming, token)


MONKEY = Case(
    SurveyMonkey,
    told(
        event_type="response_completed",
        event_id="1",
        object_id="9001",
        resources={"survey_id": "5001"},
    ),
    "/v3/surveys/5001/responses/9001/details?simple=true",
    "Authorization",
    f"Bearer {TOKEN}",
)
QUALTRICS = Case(
    Qualtrics,
    formed(Topic="surveyengine.completedResponse.SV_1", SurveyID="SV_1", ResponseID="R_1"),
    "/API/v3/surveys/SV_1/responses/R_1",
    "X-API-TOKEN",
    TOKEN,
)
each = pytest.mark.parametrize("case", [MONKEY, QUALTRICS], ids=["surveymonkey", "qualtrics"])


def refused(case: Case, said: Said) -> Undeliverable:
    with Vendor(said) as vendor, pytest.raises(Undeliverable) as failure:
        case.fetch(vendor.url)
    assert len(vendor.asked) == 1  # trying again is not its business
    assert TOKEN not in str(failure.value)
    assert str(failure.value).startswith("after-care")
    return failure.value


@each
def test_the_response_is_asked_for_once_with_the_token(case: Case) -> None:
    with Vendor(Said.of({"id": "9001"})) as vendor:
        found = case.fetch(vendor.url + "/")
    assert json.loads(found) == {"id": "9001"}
    [asked] = vendor.asked
    assert (asked.method, asked.path) == ("GET", case.path)
    assert asked.headers[case.header] == case.value


@each
def test_what_was_fetched_is_what_is_read(case: Case) -> None:
    """The same delivery reads without a fault once the answer lies beside it."""
    body = {
        SurveyMonkey: {
            "pages": [{"questions": [{"answers": [{"choice_metadata": {"weight": "1"}}]}]}]
        },
        Qualtrics: {"result": {"values": {"QID1": 1}}},
    }[case.cls]
    with Vendor(Said.of(body)) as vendor:
        fetched = case.fetch(vendor.url)
    incoming = Incoming(headers={}, body=case.incoming.body, received_at=NOW, fetched=fetched)
    [event] = case.cls(name="after-care").read(incoming)
    assert event.answer.score == 0


@each
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_for_a_person_to_look_at(case: Case, status: int) -> None:
    error = refused(case, Said.of({"error": {"message": f"bad token {TOKEN}"}}, status))
    assert error.retry_after is None
    assert error.wide
    assert "check the token" in str(error)


def test_a_response_that_is_gone_is_not_asked_for_again() -> None:
    assert refused(MONKEY, Said.of({"error": {"id": "1020"}}, 404)).retry_after is None


def test_a_response_that_is_not_there_yet_is_asked_for_again() -> None:
    assert refused(QUALTRICS, Said.of({"meta": {}}, 404)).retry_after == timedelta(minutes=2)


@each
def test_a_rate_limit_says_when_to_come_back(case: Case) -> None:
    error = refused(case, Said.of({}, 429, Retry_After="37"))
    assert error.retry_after == timedelta(seconds=37)
    assert error.wide


@each
@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_outage_passes(case: Case, status: int) -> None:
    assert refused(case, Said.of({}, status)).retry_after is not None


@each
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"id"', b"\xff", b"[" * 9999])
def test_what_cannot_be_read_is_asked_for_again_and_not_quoted(case: Case, body: bytes) -> None:
    error = refused(case, Said(body=body))
    assert error.retry_after is not None
    assert str(error) == "after-care gave an answer that can't be read"


@each
def test_a_redirect_is_not_followed(case: Case) -> None:
    with Vendor() as elsewhere:
        error = refused(case, Said.of({}, 302, Location=elsewhere.url))
        assert not elsewhere.asked
    assert error.retry_after is None


@each
def test_a_lost_connection_passes(case: Case) -> None:
    assert refused(case, LOST).retry_after is not None
    with pytest.raises(Undeliverable) as failure:
        case.fetch(closed_port())
    assert failure.value.retry_after is not None
    assert TOKEN not in str(failure.value)


def test_a_slow_answer_is_not_waited_for() -> None:
    enough = threading.Event()

    def says(_: Asked) -> Said:
        enough.wait(10)
        return Said()

    with Vendor(says) as vendor:
        try:
            with pytest.raises(Undeliverable, match="gave no answer in time") as failure:
                fetch(vendor.url, {"X-Token": TOKEN}, TOKEN, who="them", timeout=(1, 0.05))
        finally:
            enough.set()
    assert failure.value.retry_after is not None


@each
@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "é"])
def test_without_a_usable_token_nothing_is_asked(case: Case, token: str) -> None:
    with Vendor() as vendor, pytest.raises(Undeliverable, match="holds no token") as failure:
        case.fetch(vendor.url, token)
    assert not vendor.asked
    assert failure.value.retry_after is None


@pytest.mark.parametrize("odd", ["..", "a/b", "1?x=1", "é", "%2e", "x" * 101])
def test_an_odd_id_leads_nowhere_else(odd: str) -> None:
    monkey = told(event_type="response_completed", object_id=odd, resources={"survey_id": "1"})
    with Vendor() as vendor:
        with pytest.raises(Unreadable, match=r"^object_id: expected an id"):
            SurveyMonkey(name="m", base_url=vendor.url).fetch(monkey, TOKEN)
        with pytest.raises(Unreadable, match=r"^SurveyID: expected an id"):
            Qualtrics(name="q", base_url=vendor.url).fetch(
                formed(SurveyID=odd, ResponseID="R_1"), TOKEN
            )
    assert not vendor.asked


@pytest.mark.parametrize(
    ("source", "incoming", "words"),
    [
        (SurveyMonkey(name="m"), told(event_type="response_completed"), "resources.survey_id: "),
        (SurveyMonkey(name="m"), told(), "event_type: "),
        (Qualtrics(name="q"), formed(Status="Complete"), "SurveyID: "),
        (Qualtrics(name="q"), formed(MSG="{}"), "SurveyID: "),
    ],
)
def test_a_delivery_that_does_not_say_what_to_ask_is_unreadable(
    source: Fetching, incoming: Incoming, words: str
) -> None:
    with pytest.raises(Unreadable, match=f"^{words}"):
        source.fetch(incoming, TOKEN)


def test_an_event_about_something_else_asks_nothing() -> None:
    with Vendor() as vendor:
        monkey = SurveyMonkey(name="m", base_url=vendor.url)
        qualtrics = Qualtrics(name="q", base_url=vendor.url)
        assert monkey.fetch(told(event_type="survey_updated"), TOKEN) == b""
        assert qualtrics.fetch(formed(Topic="controlpanel.activateSurvey"), TOKEN) == b""
    assert not vendor.asked
