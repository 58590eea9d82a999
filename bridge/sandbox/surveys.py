"""Survey tools that send what customers answer: Typeform's shape, and Standard Webhooks.

Payloads follow the vendors' published shapes; each is signed when it is sent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bridge.sandbox.courier import Attempt, Courier, Shipment
from bridge.sandbox.wire import Clock

SCORE, WORDS, RESOLVED = "score", "words", "resolved"


class Surveys:
    """One customer after another answers; `sent_at` keeps the real time each key first left, in seconds."""

    def __init__(self, now: Clock, courier: Courier) -> None:
        self._now = now
        self._courier = courier
        self._numbers = itertools.count(1)
        self.sent_at: dict[str, float] = {}

    def typeform(
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
        """An answer to a form with a rating of 1 to 5 and a text; its event id."""
        number = f"{next(self._numbers):026d}"
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
        at = self._now()
        body = {
            "event_id": number,
            "event_type": "form_response",
            "form_response": {
                "form_id": "lT4Z3j",
                "token": f"token{number}",
                "landed_at": _iso(at - timedelta(seconds=40)),
                "submitted_at": _iso(at),
                "hidden": {
                    **({"ticket_id": str(ticket)} if ticket else {}),
                    **({"email": email} if email else {}),
                    **({"name": name} if name else {}),
                },
                "definition": {"id": "lT4Z3j", "title": "After your case", "fields": fields},
                "answers": answers,
            },
        }

        def sign(raw: bytes, _: datetime) -> Mapping[str, str]:
            self.sent_at.setdefault(number, time.perf_counter())
            digest = hmac.new(secret.encode(), raw, hashlib.sha256).digest()
            return {
                "Content-Type": "application/json",
                "Typeform-Signature": "sha256=" + base64.b64encode(digest).decode(),
            }

        self._ship("typeform", number, url, json.dumps(body).encode(), sign)
        return number

    def standard(self, url: str, secret: str, answer: Mapping[str, Any]) -> str:
        """An answer of a tool that signs by Standard Webhooks (`whsec_…`); its webhook id."""
        key = f"msg_{next(self._numbers)}"

        def sign(raw: bytes, at: datetime) -> Mapping[str, str]:
            self.sent_at.setdefault(key, time.perf_counter())
            stamp = str(int(at.timestamp()))
            signed = b".".join([key.encode(), stamp.encode(), raw])
            digest = hmac.new(
                base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256
            ).digest()
            return {
                "Content-Type": "application/json",
                "webhook-id": key,
                "webhook-timestamp": stamp,
                "webhook-signature": "v1," + base64.b64encode(digest).decode(),
            }

        self._ship("survey", key, url, json.dumps(answer).encode(), sign)
        return key

    def _ship(self, vendor: str, key: str, url: str, body: bytes, sign: Any) -> None:
        self._courier.send(
            Shipment(
                vendor=vendor,
                lane=f"{vendor}:{key}",
                key=key,
                url=url,
                body=body,
                sign=sign,
                retry=_patiently,
                label=f"{vendor} answer",
            )
        )


def _patiently(attempt: Attempt) -> timedelta | None:
    """Five tries, a minute apart."""
    return timedelta(minutes=1) if attempt.number < 5 else None


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
