"""When the clock was last seen alive, and the last time that it was not."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection, select, text

from bridge.store.schema import pulse

CLOCK = "clock"


class Pulse(Struct, frozen=True):
    """The last beat, and the last outage, from the beat before it to the one after it."""

    name: str
    beat_at: datetime
    down_from: datetime | None
    down_to: datetime | None

    def down_at(self, moment: datetime) -> bool:
        """Whether the clock stood still at a moment, as far as is remembered."""
        if self.down_from is None or self.down_to is None:
            return False
        return self.down_from <= moment <= self.down_to


def beat(connection: Connection, now: datetime, silence: timedelta) -> None:
    """Say that the clock is alive; a silence longer than `silence` is remembered as an outage."""
    connection.execute(
        text("""
            INSERT INTO pulse AS p (name, beat_at) VALUES (:name, :now)
            ON CONFLICT (name) DO UPDATE SET
                down_from = CASE WHEN :now - p.beat_at > :silence THEN p.beat_at ELSE p.down_from END,
                down_to = CASE WHEN :now - p.beat_at > :silence THEN :now ELSE p.down_to END,
                beat_at = :now
        """),
        {"name": CLOCK, "now": now, "silence": silence},
    )


def last(connection: Connection) -> Pulse | None:
    """The clock's pulse; None if it never ran."""
    row = connection.execute(select(pulse).where(pulse.c.name == CLOCK)).first()
    return Pulse(*row) if row else None


def database_time(connection: Connection) -> datetime:
    """What the database's own clock shows."""
    moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment
