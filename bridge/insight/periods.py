"""The time that figures are about: the last days or months, or dates of one's own, cut into weeks or months. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from bridge.domain.model import ConfigError

MONTH, QUARTER, YEAR, OWN = "30d", "90d", "12m", "own"
KINDS = (MONTH, QUARTER, YEAR, OWN)

LONGEST = timedelta(days=5 * 366)
WEEKLY = timedelta(days=120)
"""Up to this length a period is cut into weeks; a longer one into months."""

_DAY = timedelta(days=1)


class Period(Struct, frozen=True, kw_only=True):
    """From the beginning of the day `first` to the end of the day `last`, in a zone."""

    kind: str
    first: date
    last: date
    zone: ZoneInfo
    step: Literal["week", "month"]

    @property
    def since(self) -> datetime:
        """The moment at which it begins."""
        return _midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The moment before which it ends."""
        return _midnight(self.last + _DAY, self.zone)

    def buckets(self, now: datetime) -> tuple[date, ...]:
        """The first days of its weeks or months that have begun by now. The first and the last may be cut short."""
        found, day = [], self.start(self.first)
        last = min(self.last, now.astimezone(self.zone).date())
        while day <= last:
            found.append(day)
            day = self.start(day + timedelta(days=7 if self.step == "week" else 32))
        return tuple(found)

    def start(self, day: date) -> date:
        """The first day of the week (its Monday) or the month that a day lies in."""
        return day - timedelta(days=day.weekday()) if self.step == "week" else day.replace(day=1)


def period(
    kind: str,
    now: datetime,
    zone: ZoneInfo,
    *,
    first: date | None = None,
    last: date | None = None,
) -> Period:
    """The period of this kind up to now; "own" lies between two dates, both included.

    Raises ConfigError for a kind that is none, and for dates that are missing, turned round or too far apart.
    """
    today = now.astimezone(zone).date()
    match kind:
        case "30d" | "90d":
            first, last = today - timedelta(days=int(kind[:-1]) - 1), today
        case "12m":
            first, last = _months_before(today.replace(day=1), 11), today
        case "own":
            if first is None or last is None:
                raise ConfigError("give both dates, the first and the last")
        case _:
            raise ConfigError(f"{kind!r} is no period: it is one of {', '.join(KINDS)}")
    if first > last:
        raise ConfigError("the first date is after the last")
    if last - first > LONGEST:
        raise ConfigError("a period is five years long at most")
    if not (date(1970, 1, 1) <= first and last <= date(2999, 12, 31)):
        raise ConfigError("a date lies between 1970 and 2999")
    step: Literal["week", "month"] = "week" if last - first <= WEEKLY else "month"
    return Period(kind=kind, first=first, last=last, zone=zone, step=step)


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
