"""How far our clock is from a vendor's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from connectors import Found

TOLERANCE = timedelta(seconds=60)
"""How far clocks may be apart. Signatures are refused from 5 minutes on."""


def skew(who: str, date: str, now: datetime) -> Iterator[Found]:
    """A finding if our clock is off by more than TOLERANCE; `date` is an answer's Date header, in whole seconds."""
    try:
        theirs = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return
    apart = now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))
    if abs(apart) > TOLERANCE:
        way = "ahead of" if apart > timedelta(0) else "behind"
        what = f"{who}: our clock is {int(abs(apart).total_seconds())} s {way} theirs"
        yield Found(False, what, "set this machine's clock (NTP); soon signatures count as too old")
