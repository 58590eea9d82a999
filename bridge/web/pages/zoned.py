"""Sentences of the loop name moments in UTC, for they are kept; a page tells them in its viewer's zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask_babel import format_datetime

from bridge.web.pages.times import pattern

_MOMENT = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d UTC\b")


def zoned(words: str) -> str:
    """The words with each moment in them as the viewer's clock shows it; what is none stays."""
    return _MOMENT.sub(_local, words)


def _local(found: re.Match[str]) -> str:
    try:
        at = datetime.strptime(found[0], "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)
    except ValueError:  # it only looks like one
        return found[0]
    return str(format_datetime(at, pattern("d MMM y, HH:mm")))
