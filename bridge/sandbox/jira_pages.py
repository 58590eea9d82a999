"""The names of next pages, as Jira gives them: opaque, and good for one kind of list only."""

from __future__ import annotations

import base64
from typing import Any

from bridge.sandbox.jira_records import Refused


def token(kind: str, start: int) -> str:
    """The name of the page of a list of this kind that begins at `start`."""
    return base64.urlsafe_b64encode(f"{kind}:{start}".encode()).decode()


def offset(kind: str, given: Any) -> int:
    """Where the page of that name begins; 0 without a name. Raises Refused (400) for one of another kind, or none."""
    if not given:
        return 0
    try:
        mark, _, start = base64.urlsafe_b64decode(str(given)).decode().partition(":")
    except ValueError:
        mark, start = "", ""
    if mark != kind or not start.isdigit():
        raise Refused.because(400, "The provided next page token is invalid or expired.")
    return int(start)
