"""Moments that are named in a sentence: "by Friday", "within 24 hours", "bis morgen 17 Uhr". Pure.

English, German, French and Spanish. Where words can be read in two ways, the later moment is taken: nobody is to be
blamed for a promise that was meant otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from msgspec import Struct

_DAY = timedelta(days=1)

_COUNTS = {
    word: count
    for count, words in (
        (1, "a an one ein eine einem einer einen un une una uno"),
        (2, "two couple zwei deux dos"),
        (3, "three few drei trois tres"),
        (4, "four vier quatre cuatro"),
        (5, "five fünf cinq cinco"),
        (6, "six sechs seis"),
        (7, "seven sieben sept siete"),
        (8, "eight acht huit ocho"),
        (10, "ten zehn dix diez"),
        (12, "twelve zwölf douze doce"),
        (14, "fourteen vierzehn quinze quince"),
        (24, "twenty-four"),
        (48, "forty-eight"),
    )
    for word in words.split()
}
_N = rf"\d{{1,3}}|{'|'.join(sorted(_COUNTS, key=len, reverse=True))}"
_LASTING = re.compile(
    r"\b(?:within|in|next|another|up to|over|innerhalb(?: von)?|binnen|nächsten|kommenden|bis zu|sous|dans|d['’]ici"
    r"|prochaine?s|en|dentro de|próxim[ao]s)\s+(?:(?:the|next|den|nächsten|las|los|les|de|a|about|approximately|etwa"
    r"|ca\.|unos|unas|max\.?)\s+)*?"
    rf"(?P<first>{_N})(?:\s*(?:-|–|to|or|bis|oder|à|ou|a|o)\s*(?P<last>{_N}))?\s*(?:of\s+)?"
    r"(?P<work>business\s+|working\s+|work\s+|werk|arbeits)?"
    r"(?P<unit>min(?:ute|uto)?[ns]?|hours?|hrs?|h|std\.?|stunden?|heures?|horas?|days?|tage?n?|jours?|d[ií]as?"
    r"|weeks?|wochen?|semaines?|semanas?|months?|monate?n?|mois|mes(?:es)?)\b"
    r"(?P<after>\s+(?:ouvr\w+|hábiles|laborables))?",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\b(?:by|at|before|until|till|around|from|bis|um|vor|gegen|ab|avant|à|vers|a las|las)\s+"
    r"(?P<hour>\d{1,2})(?:(?P<sep>[:.h])(?P<minute>\d{2}))?\s*"
    r"(?P<half>[ap]\.?m\b\.?)?(?P<suffix>\s*(?:uhr|h|hrs|o['’]clock)\b)?",
    re.IGNORECASE,
)
_SURE_CLOCK = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2})(?:(?::(?P<minute>\d{2})\b)?\s*(?:(?P<half>[ap]\.?m\b)|(?P<suffix>uhr\b))"
    r"|:(?P<after>\d{2})\b)",
    re.IGNORECASE,
)
_NOON = re.compile(
    r"\b(?:by|at|before|until|bis|um|avant)?\s*(?:noon|midday|midi|mediodía)\b", re.IGNORECASE
)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner janvier enero",
            "february feb februar février febrero",
            "march mar märz mär mars marzo",
            "april apr avril abril",
            "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet julio",
            "august aug août agosto",
            "september sep sept septembre septiembre",
            "october oct oktober okt octobre octubre",
            "november nov novembre noviembre",
            "december dec dezember dez décembre diciembre",
        ),
        1,
    )
    for name in names.split()
}
_M = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    rf"\b(?P<d1>\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?(?P<m1>{_M})\b\.?(?:,?\s+(?:de\s+)?(?P<y1>\d{{4}}))?"
    rf"|\b(?P<m2>{_M})\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,?\s+(?P<y2>\d{{4}}))?",
    re.IGNORECASE,
)
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)(?!\d)")
_DOTTED = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(?:(\d{4}|\d{2})\b)?")
_SLASHED = re.compile(r"\b(?!24/7\b)(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?\b")

_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday montag lundi lunes",
            "tuesday dienstag mardi martes",
            "wednesday mittwoch mercredi miércoles",
            "thursday donnerstag jeudi jueves",
            "friday freitag vendredi viernes",
            "saturday samstag sonnabend samedi sábado",
            "sunday sonntag dimanche domingo",
        )
    )
    for name in names.split()
}
_WEEKDAY = re.compile(
    rf"(?P<last>\b(?:last|letzten?|vergangenen?)\s+)?\b(?P<day>{'|'.join(_WEEKDAYS)})\b",
    re.IGNORECASE,
)

_AFTER_TOMORROW = re.compile(
    r"\b(?:day after tomorrow|übermorgen|après-demain|pasado mañana)\b", re.IGNORECASE
)
_TOMORROW = re.compile(
    r"\b(?:tomorrow|(?<!guten )(?<!heute )(?<!jeden )morgen|demain|(?<!la )(?<!esta )mañana)\b",
    re.IGNORECASE,
)
_TODAY = re.compile(
    r"\b(?:later today|today|tonight|this (?:morning|afternoon|evening)|end of (?:the |this )?(?:business )?day"
    r"|close of business|eod|cob|heute|ende des tages|feierabend|aujourd['’]hui|fin de journée|ce soir|hoy"
    r"|esta (?:tarde|noche)|final del día)\b",
    re.IGNORECASE,
)
_THIS_WEEK = re.compile(
    r"\b(?:this week|end of the week|week['’]s end|diese(?:r)? woche|ende der woche|cette semaine"
    r"|fin de la semaine|esta semana)\b",
    re.IGNORECASE,
)
_NEXT_WEEK = re.compile(
    r"\b(?:next week|(?:nächste|kommende)[nr]? woche|semaine prochaine|próxima semana|semana que viene)\b",
    re.IGNORECASE,
)
_MONTHS_END = re.compile(
    r"\b(?:this month|end of (?:the|this) month|monatsende|ende des monats|diesen monat|fin du mois|fin de mes)\b",
    re.IGNORECASE,
)


class Named(Struct, frozen=True):
    """A moment that somebody named. `clock`: to the hour; else `due` is the end of a day in `zone`."""

    due: datetime
    clock: bool
    zone: tzinfo = UTC

    def __str__(self) -> str:
        shown = (self.due if self.clock else self.due - _DAY / 2).astimezone(self.zone)
        return f"{shown:%a} {day_in_words(shown)}" + (f" {shown:%H:%M %Z}" if self.clock else "")


def day_in_words(at: datetime) -> str:
    """A day as people say it: "3 March"."""
    return f"{at.day} {at:%B}"


@lru_cache(4096)
def named(sentence: str, at: datetime, zone: tzinfo = UTC) -> Named | None:
    """The latest moment after `at` that a sentence written at `at` names; None for none.

    Times of the day and days are those of `zone`; a day without a time means its end.
    """
    here = at.astimezone(zone)
    found = [*_lengths(sentence, here, zone)]
    days = [day for day in _days(sentence, here) if day >= here.date()]
    clock = _clock(sentence)
    if clock and not days and not found:
        days = [here.date() if clock > here.time() else here.date() + _DAY]
    for day in days:
        if clock:
            found.append(Named(datetime.combine(day, clock, zone).astimezone(UTC), True, zone))
        else:
            found.append(_end(day, zone))
    return max((one for one in found if one.due > at), key=lambda one: one.due, default=None)


def _end(day: date, zone: tzinfo) -> Named:
    return Named(datetime.combine(day + _DAY, time(), zone).astimezone(UTC), False, zone)


def _lengths(sentence: str, here: datetime, zone: tzinfo) -> Iterator[Named]:
    """From now on: "within 24 hours", "in 2 bis 3 Werktagen"."""
    for match in _LASTING.finditer(sentence):
        many = _count(match["last"] or match["first"])
        unit = match["unit"].casefold()
        if unit.startswith("min"):
            yield Named(_after(here, timedelta(minutes=many)), True, zone)
        elif unit.startswith(("h", "st")):
            yield Named(_after(here, timedelta(hours=many)), True, zone)
        elif unit.startswith(("mo", "mes")):
            yield _end(here.date() + many * 31 * _DAY, zone)
        elif unit.startswith(("w", "sem")):
            yield _end(here.date() + many * 7 * _DAY, zone)
        elif match["work"] or match["after"]:
            yield _end(_working_days(here.date(), many), zone)
        else:
            yield _end(here.date() + many * _DAY, zone)


def _after(here: datetime, length: timedelta) -> datetime:
    return here.astimezone(UTC) + length


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _COUNTS[word.casefold()]


def _working_days(day: date, many: int) -> date:
    """So many weekdays later; holidays are not known here."""
    while many > 0:
        day += _DAY
        many -= day.weekday() < 5
    return day


def _clock(sentence: str) -> time | None:
    """The latest time of the day in a sentence."""
    found = [time(12)] if _NOON.search(sentence) else []
    for match in (*_CLOCK.finditer(sentence), *_SURE_CLOCK.finditer(sentence)):
        parts = match.groupdict()
        half = (parts["half"] or "").lower()
        parts["minute"] = parts["minute"] or parts.get("after")
        if not half and not parts["minute"] and not parts["suffix"]:
            continue  # "by 5" may be five of anything
        if parts.get("sep") == "." and not parts["suffix"] and not half:
            continue  # "bis 5.30" is rather a date, or an amount
        hour = int(parts["hour"])
        hour = hour % 12 + 12 * half.startswith("p") if half else hour
        minute = int(parts["minute"] or 0)
        if hour < 24 and minute < 60:
            found.append(time(hour, minute))
    return max(found, default=None)


def _days(sentence: str, here: datetime) -> Iterator[date]:
    """Every day that a sentence names, past ones among them."""
    today = here.date()
    monday = today - today.weekday() * _DAY
    if _AFTER_TOMORROW.search(sentence):
        yield today + 2 * _DAY
    elif _TOMORROW.search(sentence):
        yield today + _DAY
    elif _TODAY.search(sentence):
        yield today
    if _THIS_WEEK.search(sentence):
        yield monday + 6 * _DAY
    if _NEXT_WEEK.search(sentence):
        yield monday + 13 * _DAY
    if _MONTHS_END.search(sentence):
        yield (today.replace(day=1) + 32 * _DAY).replace(day=1) - _DAY
    for match in _WEEKDAY.finditer(sentence):
        if not match["last"]:
            # On a Friday, "by Friday" is rather the next; said of a day with its date, the date counts.
            ahead = (_WEEKDAYS[match["day"].casefold()] - today.weekday() - 1) % 7 + 1
            if not (_DATE.search(sentence) or _ISO.search(sentence)):
                yield today + ahead * _DAY
    yield from _dates(sentence, today)


def _dates(sentence: str, today: date) -> Iterator[date]:
    """Days of the calendar; one without a year is the nearest."""
    for match in _DATE.finditer(sentence):
        day, month = match["d1"] or match["d2"], match["m1"] or match["m2"]
        yield from _date(match["y1"] or match["y2"], _MONTHS[month.casefold()], int(day), today)
    for match in _ISO.finditer(sentence):
        yield from _date(match[1], int(match[2]), int(match[3]), today)
    for match in _DOTTED.finditer(sentence):
        yield from _date(match[3], int(match[2]), int(match[1]), today)
    for match in _SLASHED.finditer(sentence):
        yield from _date(match[3], int(match[2]), int(match[1]), today)
        yield from _date(match[3], int(match[1]), int(match[2]), today)


def _date(year: str | None, month: int, day: int, today: date) -> Iterator[date]:
    """The day, unless there is no such day."""
    years = (
        [int(year) + (2000 if len(year) == 2 else 0)]
        if year
        else [today.year - 1, today.year, today.year + 1]
    )
    found = []
    for one in years:
        try:
            found.append(date(one, month, day))
        except ValueError:
            continue  # 31 April, or something that is no date at all: 40/50
    if found:
        yield min(found, key=lambda d: abs(d - today))
