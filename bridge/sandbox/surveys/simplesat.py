"""Simplesat: a response with its answers, the customer and the ticket; no signature, a header of one's own.

Fields as in https://fivetran.com/docs/connectors/applications/simplesat; how a webhook nests them is unconfirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bridge.sandbox.surveys.outgoing import Answer, Answers, Outgoing, compact
from bridge.sandbox.wire import Json, iso

_LABELS = {1: "Terrible", 2: "Bad", 3: "Okay", 4: "Good", 5: "Great"}


class Simplesat:
    """One CSAT survey of five steps, and a follow-up question for what somebody would like to add."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out
        self._answers = Answers(out)

    def __call__(
        self,
        url: str,
        secret: str,
        *,
        score: int | None = None,
        words: str = "",
        ticket: int | None = None,
        email: str = "",
        name: str = "",
        response: str | None = None,
    ) -> str:
        """A customer answers with 1 to 5; the delivery's key.

        `response` is the key of an earlier delivery: the same response again, with what is new in it. Raises KeyError
        if there was none.
        """
        answer = self._answers.given(
            response, score=score, words=words, ticket=ticket, email=email, name=name
        )
        key = f"simplesat-{answer.number}-{answer.deliveries}"
        self._answers.keep(key, answer)

        def headers(_raw: bytes, _: datetime) -> Mapping[str, str]:
            return {"Content-Type": "application/json", "X-Bridge-Secret": secret}

        self._out.send("simplesat", key, url, compact(self._response(answer)), headers)
        return key

    def _response(self, answer: Answer) -> Json:
        created, modified = iso(answer.at), iso(self._out.now())
        return {
            "id": 700000 + answer.number,
            "survey": {"id": 31, "name": "After your case"},
            "created": created,
            "modified": modified,
            "answers": [
                {
                    "id": 900000 + answer.number,
                    "question": {"id": 62, "text": "How did we do?", "metric": "CSAT"},
                    "choice": None if answer.score is None else str(answer.score),
                    "choice_label": None if answer.score is None else _LABELS[answer.score],
                    "sentiment": _sentiment(answer.score),
                    "comment": answer.words or None,
                    "follow_up_answer": None,
                    "created": created,
                    "modified": modified,
                }
            ],
            "customer": {
                "id": 40000 + answer.number,
                "external_id": None,
                "name": answer.name or None,
                "email": answer.email or None,
                "company": None,
            },
            "ticket": {"external_id": str(answer.ticket)} if answer.ticket else None,
        }


def _sentiment(score: int | None) -> str | None:
    if score is None:
        return None
    return "negative" if score < 3 else "neutral" if score == 3 else "positive"
