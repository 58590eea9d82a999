"""The file's calendars, and the `Hours` they become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bridge.domain.hours import Hours, parse_spans, parse_week
from bridge.settings.public_holidays import PublicHolidays
from bridge.settings.sections import CalendarSection

if TYPE_CHECKING:
    from bridge.settings.reader import Reader


def read_calendars(
    reader: Reader, tables: Iterable[tuple[str, Mapping[str, Any]]]
) -> dict[str, Hours]:
    """All calendars by name; round the clock where there is none. Raises ConfigError."""
    sections = {
        name: reader.section(CalendarSection, ("calendars", name), table) for name, table in tables
    }
    made: dict[str, Hours] = {}
    for name in sections:
        _make(reader, name, sections, made, ())
    in_order = {name: made[name] for name in sections}
    return in_order or {"round-the-clock": Hours(ZoneInfo("UTC"), name="round-the-clock")}


def _make(
    reader: Reader,
    name: str,
    sections: Mapping[str, CalendarSection],
    made: dict[str, Hours],
    above: tuple[str, ...],
) -> Hours:
    """A calendar and, before it, those it follows; `above` are the ones that led here."""
    if name in made:
        return made[name]
    section, where = sections[name], ("calendars", name)
    if "follow" not in section.model_fields_set:
        made[name] = _own(reader, name, section)
        return made[name]
    if mixed := sorted(section.model_fields_set - {"follow"}):
        reader.fail((*where, mixed[0]), "the calendars that are followed say this: leave it out")
    if not section.follow:
        reader.fail((*where, "follow"), "is empty: name the calendars that take turns")
    for other in section.follow:
        if other not in sections:
            reader.fail((*where, "follow"), reader.near(other, sections.keys() - {name}))
        if other in (*above, name):
            circle = " -> ".join((*above, name, other))
            reader.fail((*where, "follow"), f"goes round in a circle: {circle}")
    parts = tuple(_make(reader, other, sections, made, (*above, name)) for other in section.follow)
    made[name] = Hours(parts[0].zone, name=name, follow=parts)
    return made[name]


def _own(reader: Reader, name: str, section: CalendarSection) -> Hours:
    """A calendar with hours of its own."""
    where = ("calendars", name)
    key = "zone"
    try:
        zone = _zone(reader, where, section.zone)
        key = "holidays"
        holidays = PublicHolidays(section.holidays) if section.holidays else None
        key = "special"
        special = {day: parse_spans(hours) for day, hours in section.special.items()}
        if both := sorted(special.keys() & set(section.days_off)):
            raise ValueError(f"{both[0]} is in days_off as well: say one of them")
        key = "week"
        return Hours(
            zone,
            parse_week(section.week),
            frozenset(section.days_off),
            name,
            holidays=holidays,
            special=special,
        )
    except ValueError as error:
        reader.fail((*where, key), str(error))


def _zone(reader: Reader, where: tuple[str, ...], name: str) -> ZoneInfo:
    if not name:
        reader.fail(where, 'zone is missing: zone = "Europe/London", or follow other calendars')
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is an OSError
        reader.fail((*where, "zone"), reader.near(name, available_timezones()))
