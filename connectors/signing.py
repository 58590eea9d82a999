"""Who sent this? HMAC signatures, secret headers and the replay window.

Every function raises Forged or returns nothing. The words of a Forged say which proof failed, never what would
have been right. All comparisons take constant time, and all secrets are tried even after one has matched, so that
two secrets can be valid while one replaces the other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from bridge.domain.model import Forged, Unreadable
from connectors import REPLAY_WINDOW, Incoming
from connectors.reading import moment

Algorithm = Literal["sha1", "sha256", "sha512"]
Encoding = Literal["hex", "base64"]

STANDARD_PREFIX = "whsec_"

_EPOCH = re.compile(r"[0-9]{1,11}", re.ASCII)


def header(incoming: Incoming, name: str) -> str:
    """The header's text without white space around it. Raises Forged if it is missing or empty."""
    value = incoming.headers.get(name.lower(), "").strip()
    if not value:
        raise Forged(f"the header {name} is missing")
    return value


def digest(
    secret: str | bytes,
    message: bytes,
    *,
    algorithm: Algorithm = "sha256",
    encoding: Encoding = "hex",
) -> str:
    """The HMAC of the message as text: lower-case hex or standard base64 with padding."""
    key = secret.encode() if isinstance(secret, str) else secret
    raw = hmac.digest(key, message, getattr(hashlib, algorithm))
    return raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()


def check_signature(
    given: str,
    message: bytes,
    secrets: Sequence[str],
    *,
    algorithm: Algorithm = "sha256",
    encoding: Encoding = "hex",
    prefix: str = "",
) -> None:
    """Raise Forged unless `given` is `prefix` and the HMAC of the raw bytes under one of the secrets.

    The secrets are used as text, undecoded. Hex is compared in lower case.
    """
    if not given.startswith(prefix):
        raise Forged("the signature has an unknown form")
    text = given[len(prefix) :]
    if encoding == "hex":
        text = text.lower()
    _check(
        text,
        secrets,
        lambda secret: digest(secret, message, algorithm=algorithm, encoding=encoding),
        "the signature does not match",
    )


def check_secret(given: str, secrets: Sequence[str]) -> None:
    """Raise Forged unless `given` is one of the secrets."""
    _check(given, secrets, lambda secret: secret, "the secret does not match")


def check_given(incoming: Incoming, name: str, secrets: Sequence[str]) -> None:
    """Raise Forged unless one of the secrets came with the request.

    It may be in the header `name`, the token of `Authorization: Bearer`, or the password of `Authorization: Basic`
    (RFC 6750, RFC 7617): the latter for tools that can do no more than put user:password into the address.
    """
    given = list(filter(None, (incoming.headers.get(name.lower(), "").strip(), _login(incoming))))
    if not given:
        raise Forged(f"neither the header {name} nor Authorization holds a secret")
    proven = False
    for text in given:
        proven |= _proven(text, secrets, lambda secret: secret)
    if not proven:
        raise Forged("the secret does not match")


def check_age(sent_at: datetime, incoming: Incoming, *, window: timedelta = REPLAY_WINDOW) -> None:
    """Raise Forged if the signature's time lies further from the time of receipt than `window`, either way."""
    if abs(incoming.received_at - sent_at) > window:
        raise Forged(
            "the signature's time is too far from ours: a repeated request, or a wrong clock"
        )


def iso_time(text: str) -> datetime:
    """The time in a header that holds ISO 8601 text. Raises Forged."""
    try:
        return moment(text)
    except Unreadable:
        raise Forged("the signature's time is unreadable") from None


def epoch_time(text: str) -> datetime:
    """The time in a header that holds whole seconds since 1970. Raises Forged."""
    if not _EPOCH.fullmatch(text):
        raise Forged("the signature's time is unreadable")
    return datetime.fromtimestamp(int(text), UTC)


def check_standard(incoming: Incoming, secrets: Sequence[str]) -> None:
    """Raise Forged unless one of the `whsec_` secrets proves the request as Standard Webhooks lay it down.

    Headers webhook-id, webhook-timestamp (seconds) and webhook-signature, a list of "v1,<base64>" separated by
    spaces; signed is id + "." + timestamp + "." + body; the key is the base64 after the prefix
    (https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md). The project's own library
    reads the computer's clock and needs a body in UTF-8, so it serves as the yardstick in our tests instead.
    """
    name = header(incoming, "webhook-id")
    stamp = header(incoming, "webhook-timestamp")
    given = header(incoming, "webhook-signature").split(" ")
    sent_at = epoch_time(stamp)
    message = f"{name}.{stamp}.".encode() + incoming.body
    keys = [_standard_key(secret) for secret in secrets]
    proven = False
    for key in keys:
        right = digest(key, message, encoding="base64").encode()
        for entry in given:
            version, _, signature = entry.partition(",")
            proven |= version == "v1" and hmac.compare_digest(_bytes(signature), right)
    if not proven:
        raise Forged("the signature does not match")
    check_age(sent_at, incoming)


def check_slack(incoming: Incoming, secrets: Sequence[str]) -> None:
    """Raise Forged unless one of the app's signing secrets proves the request, and it was sent just now.

    X-Slack-Signature is "v0=" and the HMAC of "v0:" + X-Slack-Request-Timestamp (seconds) + ":" + raw body in hex
    (https://docs.slack.dev/authentication/verifying-requests-from-slack). Slack's SDK needs a body in UTF-8 and falls
    over a timestamp that is no number, so it serves as the yardstick in our tests instead.
    """
    stamp = header(incoming, "X-Slack-Request-Timestamp")
    given = header(incoming, "X-Slack-Signature")
    sent_at = epoch_time(stamp)
    message = f"v0:{stamp}:".encode() + incoming.body
    check_signature(given, message, secrets, prefix="v0=")
    check_age(sent_at, incoming)


def _standard_key(secret: str) -> bytes:
    text = secret.removeprefix(STANDARD_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise Forged("a configured secret is not base64 after whsec_") from None
    if not key:
        raise Forged("a configured secret is empty")
    return key


def _login(incoming: Incoming) -> str:
    """The bearer token, or the password of a basic login; "" for anything else, also for garbled base64."""
    scheme, _, rest = incoming.headers.get("authorization", "").strip().partition(" ")
    text = rest.strip()
    if scheme.lower() == "bearer":
        return text
    if scheme.lower() != "basic":
        return ""
    try:
        login = base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""
    return login.partition(":")[2]


def _check(given: str, secrets: Sequence[str], right: Callable[[str], str], otherwise: str) -> None:
    if not _proven(given, secrets, right):
        raise Forged(otherwise)


def _proven(given: str, secrets: Sequence[str], right: Callable[[str], str]) -> bool:
    proven = False
    for secret in filter(None, secrets):  # an empty secret would let everybody in
        proven |= hmac.compare_digest(_bytes(given), _bytes(right(secret)))
    return proven


def _bytes(text: str) -> bytes:
    """Comparable bytes of any text: compare_digest refuses text beyond ASCII."""
    return text.encode(errors="backslashreplace")
