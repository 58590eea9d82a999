"""Times as files write them, as microseconds since 1970 in UTC: quick, for a log has millions of them.

`datetime.strptime` takes some ten microseconds a time; here a form becomes a regular expression once, and what was read
before is remembered: a log repeats its times, row by row and column by column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from zoneinfo import ZoneInfo

from bridge.insight.backtest.remembering import Remembered

Micros = int
"""Microseconds since 1970-01-01T00:00Z."""

_DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARTS = {
    "Y": r"(?P<Y>\d{4})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
}
_KNOWN = "aAbBcdfGHIjmMpSuUVwWxXyYzZ%"
_EPOCHS = {"epoch": 1_000_000, "epoch ms": 1_000}


def unknown_directive(form: str) -> str:
    """What is wrong with a form of times, "" for nothing."""
    if form == "iso" or form in _EPOCHS:
        return ""
    directives = re.findall(r"%(.?)", form)
    if not directives:
        return "is no form of times"
    for one in directives:
        if not one or one not in _KNOWN:
            return f"%{one} is not known"
        if one != "%" and directives.count(one) > 1:
            return f"%{one} stands there twice"
    return ""


class Times:
    """Reads times of one file. Those without an offset are of its zone; None stands for what can't be read.

    A date alone is its last moment in `at`, for what it tells was perhaps not known before, and its first in `since`.
    """

    def __init__(self, forms: Sequence[str], zone: str) -> None:
        self.zone = UTC if zone == "UTC" else ZoneInfo(zone)
        self.readers = [_reader(form) for form in (*forms, *(() if "iso" in forms else ("iso",)))]
        self.at: Remembered[str, Micros | None] = Remembered(
            lambda text: self._read(text, last=True)
        )
        self.since: Remembered[str, Micros | None] = Remembered(
            lambda text: self._read(text, last=False)
        )

    def _read(self, text: str, *, last: bool) -> Micros | None:
        for reader in self.readers:
            try:
                found, day = reader(text.strip())
                aware = found if found.tzinfo else found.replace(tzinfo=self.zone)
                return micros(aware) + (_DAY - 1_000_000 if day and last else 0)
            except (ValueError, OverflowError, OSError):
                continue
        return None


def micros(at: datetime) -> Micros:
    """A moment, which has a zone, as microseconds."""
    passed = at - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def moments() -> Remembered[Micros, datetime]:
    """Microseconds as moments."""
    return Remembered(lambda at: _EPOCH + timedelta(microseconds=at))


_Read = Callable[[str], tuple[datetime, bool]]
"""Reads a time; whether it is a day without a time of day. Raises ValueError."""


def _reader(form: str) -> _Read:
    if form == "iso":
        return lambda text: (datetime.fromisoformat(_spaced(text)), len(text) <= 10)
    if form in _EPOCHS:
        part = _EPOCHS[form]
        return lambda text: (_EPOCH + timedelta(microseconds=round(float(text) * part)), False)
    day = not re.search(r"%[HIMScXsp]", form)
    if all(one in _PARTS for one in re.findall(r"%(.)", form)) and "%Y" in form:
        return _plain(form, day=day)
    return lambda text: (datetime.strptime(text, form), day)  # noqa: DTZ007 - the zone is the file's


def _plain(form: str, *, day: bool) -> _Read:
    """A form of figures alone, as a regular expression."""
    parts = re.split(r"%(.)", form)
    pattern = re.compile(
        "".join(_PARTS[p] if i % 2 else re.escape(p) for i, p in enumerate(parts)), re.ASCII
    )
    given = parts[1::2]
    places = [
        given.index(part) if part in given else len(given) + (part not in "md") for part in "YmdHMS"
    ]
    arrange = itemgetter(*places)  # what a form leaves out is 1 in a date and 0 in a time of day

    def read(text: str) -> tuple[datetime, bool]:
        match = pattern.fullmatch(text)
        if match is None:
            raise ValueError("another form")
        return datetime(*arrange((*map(int, match.groups()), 1, 0))), day  # noqa: DTZ001 - as above

    return read


def _spaced(text: str) -> str:
    """ISO 8601 as some write it: with a space before the offset."""
    return re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", text)
