"""A webhook as an admin reads it: states and events in words, headers and address without what proves anything."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask_babel import lazy_gettext as _
from msgspec import Struct

from bridge.store.inbox import FETCHING, MATCHING, READ, UNREADABLE, WAITING

MOST_BYTES = 65_536

STATES: Mapping[str, object] = {
    UNREADABLE: _("Unreadable"),
    WAITING: _("Waits to be read"),
    FETCHING: _("Being fetched"),
    MATCHING: _("Looking for its ticket"),
    READ: _("Read"),
}

EVENTS: Mapping[str, object] = {
    "opened": _("Ticket opened"),
    "replied": _("Comment written"),
    "status": _("Status changed"),
    "priority": _("Priority changed"),
    "assigned": _("Given to somebody else"),
    "tagged": _("Tags changed"),
    "touched": _("Something else changed"),
    "gone": _("Ticket removed or brought back"),
    "rated": _("Survey answered"),
    "read": _("Whole history read"),
    "due": _("Timer rang"),
    "pressed": _("Somebody acted on the alert"),
    "elapsed": _("Time of the alert ran out"),
    "heard": _("Customer answered whether it helped"),
    "checked": _("Looked what became of the customer"),
}

_PROOF = re.compile(r"signature|authorization|cookie|secret|token|password|api-?key", re.IGNORECASE)
_HIDDEN = "…"


class Said(Struct, frozen=True):
    """A body for people: pretty where it is JSON, cut where it is long. `bytes` is its whole length."""

    text: str
    bytes: int
    cut: bool


def said(body: bytes) -> Said:
    """The body as text, never more of it than `MOST_BYTES`."""
    pretty = body
    if len(body) <= MOST_BYTES:
        try:
            pretty = json.dumps(json.loads(body), indent=2, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            pretty = body
    text = pretty[:MOST_BYTES].decode("utf-8", "replace")
    return Said(text, len(body), len(pretty) > MOST_BYTES)


def headers(kept: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers that were kept, without the value of any that could prove who calls."""
    return [(name, _HIDDEN if _PROOF.search(name) else kept[name]) for name in sorted(kept)]


def address(url: str) -> str:
    """The address that was called, without the value of any parameter that could prove who calls."""
    parts = urlsplit(url)
    hidden = [
        (name, _HIDDEN if _PROOF.search(name) else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    query = f"?{urlencode(hidden, safe=_HIDDEN)}" if hidden else ""
    return f"{parts.path}{query}"
