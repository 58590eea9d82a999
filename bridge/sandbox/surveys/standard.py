"""Any tool that signs by Standard Webhooks (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bridge.sandbox.surveys.outgoing import Outgoing


class Standard:
    """Sends whatever JSON it is given."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out

    def __call__(self, url: str, secret: str, answer: Mapping[str, Any]) -> str:
        """Send an answer, signed with a secret as `whsec_…`; its webhook id."""
        key = f"msg_{self._out.number()}"

        def headers(raw: bytes, at: datetime) -> Mapping[str, str]:
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

        self._out.send("survey", key, url, json.dumps(answer).encode(), headers)
        return key
