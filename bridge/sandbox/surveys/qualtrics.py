"""Qualtrics: an event as a form that names a response and says nothing of it; what was said is in the API.

With a shared key the event lies as JSON in `MSG`, beside the hexadecimal HMAC-SHA512 of that text in `HMAC`, which is
what https://github.com/kyma-incubator/connector-tools (qualtrics-event-gw/pkg/hmac) checks and has a real event for.
Responses: https://api.qualtrics.com (Retrieve a Survey Response).
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from bridge.sandbox.surveys.outgoing import Answer, Answers, Outgoing, compact
from bridge.sandbox.wire import Ids, Json, iso, iso_fraction

SURVEY, BRAND = "SV_1KjHq2LmN3pQr4t", "acme"
SCORE, WORDS = "QID1", "QID2_TEXT"
_LABELS = {1: "Very bad", 2: "Bad", 3: "Fair", 4: "Good", 5: "Very good"}


class Qualtrics:
    """A brand with one survey: a choice of 1 to 5, a text, and embedded data of its link."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out
        self._answers = Answers(out)
        self._ids = Ids("qualtrics")
        self._lock = threading.Lock()
        self._responses: dict[str, Json] = {}
        self._names: dict[int, str] = {}
        self.tokens: set[str] = set()
        """API tokens that the API takes."""

    def add_token(self, token: str) -> None:
        """Let somebody with this API token ask the API."""
        self.tokens.add(token)

    def __call__(
        self,
        url: str,
        shared_key: str,
        *,
        score: int | None = None,
        words: str = "",
        ticket: int | None = None,
        email: str = "",
        name: str = "",
        response: str | None = None,
    ) -> str:
        """A customer answers; the delivery's key, which is not in the body. Without a shared key nothing is signed.

        `response` is the key of an earlier delivery: the same response, edited. Raises KeyError if there was none.
        """
        answer = self._answers.given(
            response, score=score, words=words, ticket=ticket, email=email, name=name
        )
        with self._lock:
            number = self._names.setdefault(answer.number, f"R_{self._ids.hex(15)}")
            self._responses[number] = self._response(number, answer)
        key = f"{number}-{answer.deliveries}"
        self._answers.keep(key, answer)
        body = urlencode(self._fields(number, shared_key)).encode()
        self._out.send("qualtrics", key, url, body, _headers)
        return key

    def response(self, key: str) -> str:
        """The id of the response that a delivery told of. Raises KeyError if there was none."""
        return self._names[self._answers[key].number]

    def delete(self, key: str) -> None:
        """Delete the response that a delivery told of: whoever asks for it is told that there is none."""
        with self._lock:
            self._responses.pop(self.response(key), None)

    def find(self, survey: str, response: str) -> Json | None:
        """A response with all that was answered, as the API shows it."""
        with self._lock:
            return self._responses.get(response) if survey == SURVEY else None

    def _fields(self, number: str, shared_key: str) -> Mapping[str, str]:
        topic = f"{BRAND}.surveyengine.completedResponse.{SURVEY}"
        event = {
            "Status": "Complete",
            "SurveyID": SURVEY,
            "ResponseID": number,
            "CompletedDate": self._out.now().strftime("%Y-%m-%d %H:%M:%S"),
            "BrandID": BRAND,
        }
        if not shared_key:
            return {"Topic": topic, **event}
        text = compact(event)
        proof = hmac.new(shared_key.encode(), text, hashlib.sha512).hexdigest()
        # A key that means nothing comes along.
        return {"HMAC": proof, "MSG": text.decode(), "Topic": topic, "undefined": ""}

    def _response(self, number: str, answer: Answer) -> Json:
        recorded = self._out.now()
        values: Json = {
            "startDate": iso(answer.at - timedelta(seconds=40)),
            "endDate": iso(recorded),
            "status": 0,
            "ipAddress": "192.0.2.1",
            "progress": 100,
            "duration": 40,
            "finished": 1,
            "recordedDate": iso_fraction(recorded, 3),
            "_recordId": number,
            "distributionChannel": "anonymous",
            "userLanguage": "EN",
        }
        labels: Json = {"status": "IP Address", "finished": "True"}
        if answer.score is not None:
            values[SCORE], labels[SCORE] = answer.score, _LABELS[answer.score]
        if answer.words:
            values[WORDS] = answer.words
        embedded = {
            "ticket_id": str(answer.ticket) if answer.ticket else "",
            "email": answer.email,
            "name": answer.name,
        }
        values |= {key: value for key, value in embedded.items() if value}
        return {
            "responseId": number,
            "values": values,
            "labels": labels,
            "displayedFields": [SCORE, WORDS],
            "displayedValues": {SCORE: list(_LABELS)},
        }


def _headers(_raw: bytes, _: datetime) -> Mapping[str, str]:
    return {"Content-Type": "application/x-www-form-urlencoded"}
