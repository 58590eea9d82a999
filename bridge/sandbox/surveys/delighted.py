"""Delighted: one NPS answer, sent again whenever its customer adds to it; signed with the private API key.

https://app.delighted.com/docs/api/webhooks
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from bridge.sandbox.surveys.outgoing import Answer, Answers, Outgoing, compact
from bridge.sandbox.wire import Json


class Delighted:
    """One NPS survey, 0 to 10; the ticket comes as a property of the person."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out
        self._answers = Answers(out)

    def __call__(
        self,
        url: str,
        api_key: str,
        *,
        score: int | None = None,
        words: str = "",
        ticket: int | None = None,
        email: str = "",
        name: str = "",
        response: str | None = None,
    ) -> str:
        """A customer answers; the event's id.

        `response` is the event id of an earlier delivery: the same response again, with what is new in it. Raises
        KeyError if there was none.
        """
        answer = self._answers.given(
            response, score=score, words=words, ticket=ticket, email=email, name=name
        )
        key = hashlib.sha256(f"delighted:{answer.number}:{answer.deliveries}".encode()).hexdigest()
        self._answers.keep(key, answer)

        def headers(raw: bytes, _: datetime) -> Mapping[str, str]:
            digest = hmac.new(api_key.encode(), raw, hashlib.sha256).hexdigest()
            return {
                "Content-Type": "application/json",
                "X-Delighted-Webhook-Signature": f"sha256={digest}",
            }

        body = {
            "event_type": "survey_response.updated",
            "event_id": key,
            "event_data": self._response(answer),
        }
        self._out.send("delighted", key, url, compact(body), headers)
        return key

    def _response(self, answer: Answer) -> Json:
        began = int(answer.at.timestamp())
        return {
            "id": str(5000 + answer.number),
            "person": {
                "id": str(9000 + answer.number),
                "email": answer.email or None,
                "name": answer.name or None,
                "created_at": began - 600,
            },
            "survey_type": "nps",
            "score": answer.score,
            "comment": answer.words or None,
            "permalink": f"https://app.delighted.com/r/{answer.number}",
            "created_at": began,
            "updated_at": int(self._out.now().timestamp()),
            # Null, not {}, where there are none.
            "person_properties": {"ticket_id": str(answer.ticket)} if answer.ticket else None,
            "notes": [],
            "tags": [],
        }
