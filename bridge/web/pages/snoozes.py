"""Until when an alert can be put off: some moments that are often meant, and any other in the viewer's zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

from flask_babel import lazy_gettext as _

from bridge.domain.hours import Hours
from bridge.web.pages.times import zone

OWN = "own"
PRESETS: Mapping[str, object] = {
    "1h": _("In an hour"),
    "4h": _("In 4 hours"),
    "morning": _("Tomorrow morning, when the team opens"),
    OWN: _("At a time of your own"),
}
LONGEST = timedelta(days=90)
_MORNING = time(8)


def until(preset: str, hours: Hours, now: datetime, own: datetime | None = None) -> datetime | None:
    """The moment, in UTC; None where it isn't said. `hours` are the team's, `own` is in the viewer's zone."""
    match preset:
        case "1h":
            return now + timedelta(hours=1)
        case "4h":
            return now + timedelta(hours=4)
        case "morning":
            return morning(hours, now)
    return own.replace(tzinfo=zone()).astimezone(UTC) if own else None


def morning(hours: Hours, now: datetime) -> datetime:
    """When the team begins to work after today; at eight o'clock where it never stops."""
    tomorrow = now.astimezone(hours.zone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), hours.zone).astimezone(UTC)
    opens = hours.next_open(midnight)
    if opens > midnight:
        return opens
    return datetime.combine(tomorrow, _MORNING, hours.zone).astimezone(UTC)


def parsed(words: str) -> datetime | None:
    """What a browser sends for a date and a time; None for anything else."""
    try:
        return datetime.fromisoformat(words).replace(tzinfo=None)
    except ValueError:
        return None
