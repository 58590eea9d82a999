"""How far a standing errand has come: what its cursor tells, whichever connector it is of."""

from __future__ import annotations

import json
from datetime import UTC, datetime


def reached(cursor: str) -> datetime | None:
    """The earliest moment that a cursor names, in whole seconds since 1970; None where it names none."""
    try:
        found = json.loads(cursor)
    except ValueError:
        return None
    parts = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    moments = [part for part in parts if type(part) is int and 1e9 <= part < 1e10]
    return datetime.fromtimestamp(min(moments), UTC) if moments else None
