"""AskNicely: all numbers and times as text, no signature, a header of one's own; `count` tells new from update.

https://github.com/api-evangelist/asknicely shows the body. No rule for repeats is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bridge.sandbox.surveys.outgoing import Answer, Answers, Outgoing, compact
from bridge.sandbox.wire import Json


class AskNicely:
    """One NPS survey, 0 to 10; the ticket comes as a custom field of the person."""

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
        """A customer answers; the delivery's key, which is not in the body.

        `response` is the key of an earlier delivery: the same question answered again, counted up. Raises KeyError if
        there was none.
        """
        answer = self._answers.given(
            response, score=score, words=words, ticket=ticket, email=email, name=name
        )
        key = f"asknicely-{answer.number}-{answer.deliveries}"
        self._answers.keep(key, answer)

        def headers(_raw: bytes, _: datetime) -> Mapping[str, str]:
            return {"Content-Type": "application/json", "X-Bridge-Secret": secret}

        self._out.send("asknicely", key, url, compact(self._body(answer)), headers)
        return key

    def _body(self, answer: Answer) -> Json:
        first, _, last = answer.name.partition(" ")
        return {
            "count": answer.deliveries,
            "person": {
                "id": str(160000 + answer.number),
                "name": answer.name,
                "firstname": first,
                "lastname": last,
                "email": answer.email,
                "created": _epoch(answer.at - timedelta(minutes=10)),
                "segment": "general",
                "ticket_id": str(answer.ticket) if answer.ticket else None,
            },
            "question": {
                "id": str(340000 + answer.number),
                "score": None if answer.score is None else str(answer.score),
                "comment": answer.words or None,
                "sent": _epoch(answer.at - timedelta(minutes=9)),
                "opened": _epoch(answer.at - timedelta(minutes=1)),
                "responded": _epoch(self._out.now()),
                "segment": "general",
                "deliverymethod": "email",
                "survey_template": "Default",
                "question_type": "nps",
            },
        }


def _epoch(at: datetime) -> str:
    return str(int(at.timestamp()))
