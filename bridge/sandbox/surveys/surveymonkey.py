"""SurveyMonkey: a webhook that names a response and says nothing of it; what was said is in the API.

Signed by base64 HMAC-SHA1 of the body under `<client id>&<client secret>`. Shapes:
https://github.com/SurveyMonkey/public_api_docs (includes/_webhooks.md, _responses.md, _surveys.md); weights of
choices as in answers to their API that others have published, otherwise unconfirmed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Mapping
from datetime import datetime

from bridge.sandbox.surveys.outgoing import Answer, Answers, Outgoing, compact
from bridge.sandbox.wire import Json, iso

SURVEY, PAGE, COLLECTOR = "507618636", "103332310", "50253690"
RATING, ROW, WORDS = "319352786", "3057839050", "319352787"
_CHOICES = {
    weight: (str(3057839050 + weight), text)
    for weight, text in enumerate(("Very bad", "Bad", "Fair", "Good", "Very good"), start=1)
}


class SurveyMonkey:
    """An account with one survey: a rating of 1 to 5, a text, and the custom variables of its link."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out
        self._answers = Answers(out)
        self._lock = threading.Lock()
        self._responses: dict[str, Json] = {}
        self.tokens: set[str] = set()
        """Access tokens that the API takes."""

    def add_token(self, token: str) -> None:
        """Let somebody with this access token ask the API."""
        self.tokens.add(token)

    def __call__(
        self,
        url: str,
        client: str,
        *,
        score: int | None = None,
        words: str = "",
        ticket: int | None = None,
        email: str = "",
        name: str = "",
        response: str | None = None,
    ) -> str:
        """A customer answers; the event's id. `client` is `<client id>&<client secret>`.

        `response` is the id of an earlier event: the same response, edited. Raises KeyError if there was none.
        """
        answer = self._answers.given(
            response, score=score, words=words, ticket=ticket, email=email, name=name
        )
        key = str(10_000_000 + answer.number * 100 + answer.deliveries)
        self._answers.keep(key, answer)
        told = self._response(answer)
        with self._lock:
            self._responses[told["id"]] = told

        def headers(raw: bytes, _: datetime) -> Mapping[str, str]:
            digest = hmac.new(client.encode(), raw, hashlib.sha1).digest()
            return {
                "Content-Type": "application/vnd.surveymonkey.response.v1+json",
                "Sm-Apikey": client.partition("&")[0],
                "Sm-Signature": base64.b64encode(digest).decode(),
            }

        self._out.send("surveymonkey", key, url, compact(self._event(key, answer)), headers)
        return key

    def response(self, event: str) -> str:
        """The id of the response that an event told of. Raises KeyError if there was none."""
        return _id(self._answers[event])

    def delete(self, event: str) -> None:
        """Delete the response that an event told of: whoever asks for it is told that there is none."""
        with self._lock:
            self._responses.pop(self.response(event), None)

    def find(self, survey: str, response: str) -> Json | None:
        """A response with all that was answered, as the API shows it."""
        with self._lock:
            return self._responses.get(response) if survey == SURVEY else None

    def _event(self, key: str, answer: Answer) -> Json:
        kind = "response_completed" if answer.deliveries == 1 else "response_updated"
        return {
            "name": "Alerts",
            "filter_type": "survey",
            "filter_id": SURVEY,
            "event_type": kind,
            "event_id": key,
            "object_type": "response",
            "object_id": _id(answer),
            "event_datetime": self._out.now().isoformat(timespec="microseconds"),
            "resources": {
                "respondent_id": _id(answer),
                "collector_id": COLLECTOR,
                "survey_id": SURVEY,
                "user_id": "40017",
            },
        }

    def _response(self, answer: Answer) -> Json:
        questions: list[Json] = []
        if answer.score is not None:
            chosen = {
                "choice_id": _CHOICES[answer.score][0],
                "row_id": ROW,
                "choice_metadata": {"weight": str(answer.score)},
            }
            questions.append({"id": RATING, "answers": [chosen]})
        if answer.words:
            questions.append({"id": WORDS, "answers": [{"text": answer.words}]})
        variables = {
            "ticket_id": str(answer.ticket) if answer.ticket else "",
            "email": answer.email,
            "name": answer.name,
        }
        return {
            "id": _id(answer),
            "survey_id": SURVEY,
            "collector_id": COLLECTOR,
            "recipient_id": "",
            "response_status": "completed",
            "collection_mode": "default",
            "total_time": 40,
            "date_created": _offset(answer.at),
            "date_modified": _offset(self._out.now()),
            "custom_variables": {key: value for key, value in variables.items() if value},
            "custom_value": "",
            "first_name": "",
            "last_name": "",
            "email_address": "",
            "ip_address": "",
            "logic_path": {},
            "page_path": [],
            "metadata": {"contact": {}},
            "pages": [{"id": PAGE, "questions": questions}],
        }


def details() -> Json:
    """The survey with its pages and questions, as the API shows it."""
    choices = [
        {"id": number, "text": text, "weight": weight, "position": weight, "visible": True}
        for weight, (number, text) in _CHOICES.items()
    ]
    rating = {
        "id": RATING,
        "position": 1,
        "visible": True,
        "family": "matrix",
        "subtype": "rating",
        "headings": [{"heading": "How did we do?"}],
        "answers": {
            "rows": [{"id": ROW, "text": "", "position": 1, "visible": True}],
            "choices": choices,
        },
    }
    words = {
        "id": WORDS,
        "position": 2,
        "visible": True,
        "family": "open_ended",
        "subtype": "essay",
        "headings": [{"heading": "Why?"}],
    }
    return {
        "id": SURVEY,
        "title": "After your case",
        "nickname": "",
        "language": "en",
        "custom_variables": {"ticket_id": "Ticket", "email": "E-mail", "name": "Name"},
        "question_count": 2,
        "page_count": 1,
        "pages": [
            {
                "id": PAGE,
                "title": "",
                "position": 1,
                "question_count": 2,
                "questions": [rating, words],
            }
        ],
    }


def _id(answer: Answer) -> str:
    return str(12_000_000_000 + answer.number)


def _offset(at: datetime) -> str:
    return iso(at)[:-1] + "+00:00"
