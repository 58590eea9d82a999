"""Series under watch: what is expected of each today, kept for as long as that holds, and what is unusual about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.signals import ALERT, LOW, OPENED, family
from bridge.domain.windows import DAY, HOUR, day_of, hour_of
from bridge.store import signals
from bridge.store.signals import Key, Known

if TYPE_CHECKING:
    from bridge.domain.surges import Forecast

KINDS = (OPENED, LOW, ALERT)
"""What a surge may be one of."""

LOOKED_BACK = timedelta(weeks=8, days=1)


class Figure(Struct, frozen=True, kw_only=True):
    """A window of a series as it stands, against what is usual.

    `chance` is how often a week, at most, chance alone makes anything that is watched so unusual; in 0..1.
    """

    key: Key
    window: str
    begins: datetime
    value: int
    usual: float
    chance: float

    @property
    def metric(self) -> str:
        return f"{self.key[1]}.{self.window}"


class Watch:
    """What is expected of series, by what they were up to the beginning of the day."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self.today: datetime | None = None
        self.hour: datetime | None = None
        self.known: Mapping[Key, Known] = {}
        self.forecasts: dict[Key, Forecast | None] = {}

    @property
    def series(self) -> int:
        """How many are watched."""
        return sum(known.many for known in self.known.values())

    def look(
        self, connection: Connection, begins: Mapping[Key, set[datetime]], now: datetime, least: int
    ) -> list[Figure]:
        """The windows in which these hours of series lie, as far as they have `least`, or more, and a past."""
        self._keep_current(connection, now)
        first = day_of(
            min((at for hours in begins.values() for at in hours), default=now), self.zone
        )
        running = signals.series(connection, begins, first)
        wanted: list[tuple[Key, str, datetime, int]] = []
        for key, hours in begins.items():
            windows = {(HOUR, at) for at in hours} | {(DAY, day_of(at, self.zone)) for at in hours}
            for window, at in sorted(windows):
                many = _within(running[key], window, at, self.zone)
                if many >= least:
                    wanted.append((key, window, at, many))
        self._learn(connection, {key for key, *_ in wanted})
        return [found for one in wanted if (found := self._figure(*one)) is not None]

    def _figure(self, key: Key, window: str, begins: datetime, many: int) -> Figure | None:
        from bridge.domain.surges import chance  # noqa: PLC0415 - imports scipy

        forecast = self.forecasts.get(key)
        if forecast is None:
            return None
        usual = forecast.of(window, begins, self.zone)
        return Figure(
            key=key,
            window=window,
            begins=begins,
            value=many,
            usual=usual.mean,
            chance=chance(many, usual, self.series),
        )

    def _keep_current(self, connection: Connection, now: datetime) -> None:
        """Begin anew each day; count each hour how much is watched."""
        today, hour = day_of(now, self.zone), hour_of(now)
        if today != self.today:
            self.today = today
            self.forecasts.clear()
        if hour != self.hour:
            self.hour = hour
            self.known = signals.families(connection, KINDS, today - LOOKED_BACK)

    def _learn(self, connection: Connection, keys: set[Key]) -> None:
        """Make out what is expected of series that were not looked at yet today."""
        from bridge.domain.surges import forecast  # noqa: PLC0415 - imports numpy

        new = sorted(key for key in keys if key not in self.forecasts)
        if not new or self.today is None:
            return
        past = signals.series(connection, new, self.today - LOOKED_BACK)
        for key in new:
            known = self.known.get((family(key[0]), key[1]))
            since = known.since if known else self.today
            self.forecasts[key] = forecast(past[key], since, self.today, self.zone)


def _within(counts: Mapping[datetime, int], window: str, begins: datetime, zone: tzinfo) -> int:
    if window == HOUR:
        return counts.get(begins, 0)
    return sum(many for hour, many in counts.items() if day_of(hour, zone) == begins)
