"""Webhooks as a Zendesk account sends them, made up: some 2 KB each, signed, no two alike."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

SECRET = "the-signing-secret-of-a-made-up-account"
REQUESTER = "8001"
BYTES = 2_000
_FILLER = "The parcel was to be here on Monday, and nobody can tell me where it is. " * 30


def body(
    number: int,
    ticket: int,
    name: str,
    event: Mapping[str, Any],
    *,
    at: datetime,
    actor: str = REQUESTER,
    **detail: object,
) -> bytes:
    """The body of the account's webhook `number`: "comment_added", say, on a ticket."""
    whole = {
        "account_id": 4001,
        "detail": {
            "actor_id": actor,
            "assignee_id": "8101",
            "brand_id": "601",
            "created_at": _stamp(at),
            "custom_status": "701",
            "description": "",
            "external_id": None,
            "form_id": "501",
            "group_id": "901",
            "id": str(ticket),
            "is_public": True,
            "organization_id": None,
            "priority": "NORMAL",
            "requester_id": REQUESTER,
            "status": "OPEN",
            "subject": f"Where is parcel {ticket}?",
            "submitter_id": REQUESTER,
            "tags": ["parcel", "web"],
            "type": "QUESTION",
            "updated_at": _stamp(at),
            "via": {"channel": "web_service"},
        }
        | detail,
        "event": {"meta": {"sequence": {"id": f"SAVE{number}", "position": 1, "total": 1}}}
        | dict(event),
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "subject": f"zen:ticket:{ticket}",
        "time": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
        "type": f"zen:event-type:ticket.{name}",
        "zendesk_event_version": "2022-11-06",
    }
    bare = len(_pretty(whole))
    whole["detail"]["description"] = _FILLER[: max(BYTES - bare, 0)]  # type: ignore[index]
    return _pretty(whole)


def comment(number: int, *, staff: bool, public: bool = True, author: str = "") -> dict[str, Any]:
    """What a comment_added says."""
    text = "Thank you, I am looking into it." if staff else "I am still waiting."
    who = {"id": author or (REQUESTER if not staff else "8101"), "is_staff": staff, "name": "N. N."}
    return {
        "comment": {
            "id": str(55_000_000 + number),
            "body": text,
            "html_body": f"<p>{text}</p>",
            "is_public": public,
            "author": who,
        }
    }


def headers(payload: bytes, number: int, at: datetime | None = None) -> dict[str, str]:
    """The headers of a delivery, signed at a time, by default now."""
    stamp = _stamp(at or datetime.now(UTC))
    signed = hmac.digest(SECRET.encode(), stamp.encode() + payload, hashlib.sha256)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Zendesk Webhook",
        "X-Zendesk-Account-Id": "4001",
        "X-Zendesk-Webhook-Id": "01KHOOK0000000000000000001",
        "X-Zendesk-Webhook-Invocation-Id": f"01KINVOCATION{number:013d}",
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        "X-Zendesk-Webhook-Signature": base64.b64encode(signed).decode(),
    }


def request(payload: bytes, number: int) -> bytes:
    """A delivery as bytes on the wire."""
    lines = [f"{name}: {value}\r\n" for name, value in headers(payload, number).items()]
    top = "POST /hooks/zendesk HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    return f"{top}{''.join(lines)}Content-Length: {len(payload)}\r\n\r\n".encode() + payload


def replies(first: int, many: int) -> list[bytes]:
    """Deliveries as bytes: customers' replies on some thousands of tickets, from `first` on."""
    at = datetime.now(UTC) - timedelta(seconds=2)
    return [
        request(
            body(n, n % 5000, "comment_added", comment(n, staff=False), at=at),
            n,
        )
        for n in range(first, first + many)
    ]


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _pretty(whole: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(whole), indent=3)
