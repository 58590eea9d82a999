"""Typeform: a form's answers, signed with the webhook's secret.

https://www.typeform.com/developers/webhooks/example-payload/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bridge.sandbox.surveys.outgoing import Outgoing
from bridge.sandbox.wire import iso

SCORE, WORDS = "score", "words"


class Typeform:
    """One form: a rating of 1 to 5 and a text, with hidden fields for the ticket and the customer."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out

    def __call__(
        self,
        url: str,
        secret: str,
        *,
        score: int,
        words: str = "",
        ticket: int | None = None,
        email: str = "",
        name: str = "",
    ) -> str:
        """A customer answers the form; the event's id."""
        number = f"{self._out.number():026d}"
        fields = [
            {
                "id": "f1",
                "ref": SCORE,
                "type": "rating",
                "title": "How did we do?",
                "properties": {"steps": 5},
            },
            {"id": "f2", "ref": WORDS, "type": "long_text", "title": "Why?", "properties": {}},
        ]
        answers: list[dict[str, Any]] = [
            {
                "type": "number",
                "number": score,
                "field": {"id": "f1", "type": "rating", "ref": SCORE},
            }
        ]
        if words:
            answers.append(
                {
                    "type": "text",
                    "text": words,
                    "field": {"id": "f2", "type": "long_text", "ref": WORDS},
                }
            )
        at = self._out.now()
        body = {
            "event_id": number,
            "event_type": "form_response",
            "form_response": {
                "form_id": "lT4Z3j",
                "token": f"token{number}",
                "landed_at": iso(at - timedelta(seconds=40)),
                "submitted_at": iso(at),
                "hidden": {
                    **({"ticket_id": str(ticket)} if ticket else {}),
                    **({"email": email} if email else {}),
                    **({"name": name} if name else {}),
                },
                "definition": {"id": "lT4Z3j", "title": "After your case", "fields": fields},
                "answers": answers,
            },
        }

        def headers(raw: bytes, _: datetime) -> Mapping[str, str]:
            digest = hmac.new(secret.encode(), raw, hashlib.sha256).digest()
            return {
                "Content-Type": "application/json",
                "Typeform-Signature": "sha256=" + base64.b64encode(digest).decode(),
            }

        self._out.send("typeform", number, url, json.dumps(body).encode(), headers)
        return number
