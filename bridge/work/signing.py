"""The secrets that webhooks to others are signed with: derived, so that no copy of the database holds one."""

from __future__ import annotations

import hmac
from base64 import b64encode

from bridge.store.endpoints import Endpoint
from bridge.work.bridge import Bridge
from bridge.work.secret import our_key


def secrets_of(bridge: Bridge, endpoint: Endpoint) -> tuple[str, ...]:
    """What its webhooks are signed with, the newest first: two for a day after a change."""
    key = our_key(bridge, "endpoints")
    return tuple(_secret(key, salt) for salt in endpoint.salts(bridge.now()))


def _secret(key: bytes, salt: str) -> str:
    """As Standard Webhooks write a secret: whsec_ and base64."""
    return "whsec_" + b64encode(hmac.digest(key, salt.encode(), "sha256")).decode()
