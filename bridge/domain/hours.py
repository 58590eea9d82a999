"""Working time: when a team is at work, and sums over it.

Inside, a moment is a whole number of microseconds since 1970. The open windows of some years lie
in an index with the running total of open time, so that every question is a search by halves.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from threading import Lock
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

Span = tuple[time, time]
"""Local opening and closing time. A close at or before the opening lies on the next day, so 00:00
as a close is midnight, and two equal times are a whole day."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ROUND_THE_CLOCK: Mapping[int, tuple[Span, ...]] = {day: ((time(), time()),) for day in range(7)}

_SPAN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*(?:([01]?\d|2[0-3]):([0-5]\d)|24:00)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_YEAR = 2199
_BUILDING = Lock()
_DAY = timedelta(days=1)


class Holidays(Protocol):
    """Public holidays. Only days that are asked about have to be worked out, one at a time."""

    def __contains__(self, day: date, /) -> bool:
        """Tell whether `day` is one."""

    def name(self, day: date) -> str:
        """What it is called; "" for any other day."""


class _Index(NamedTuple):
    """The windows that matter from `begin` to `end`; a window that ends later may go on further."""

    begin: int
    end: int
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    totals: tuple[int, ...]  # open time in all windows up to and including this one

    def total(self, at: int) -> int:
        """Open time up to `at`."""
        n = bisect_right(self.opens, at) - 1
        return self.totals[n] - max(self.closes[n] - at, 0) if n >= 0 else 0


@dataclass(frozen=True, slots=True)
class Hours:
    """When a team works.

    `week` maps a weekday (0 = Monday) to its spans; a day that is not named is closed, and an empty
    week means round the clock. Spans may overlap: time is never counted twice. On a date in
    `days_off` or `holidays` nothing opens, round the clock or not; a night shift belongs to the date
    it begins. `special` gives single dates spans of their own, whatever else is said of them.

    `follow` instead of all that is hours that take turns: open when any of them is. `zone` is then
    only the one that people are told times in.

    An opening or closing time is the first moment when the clock on the wall shows that time or a
    later one. So where clocks go forward, a time that is skipped is the moment of the change; where
    they go back, a time that comes twice is its first coming.

    Moments given must have a time zone and lie in the years 1970 to 2199; results are in UTC. A
    window holds its opening moment, not its closing one. All methods may be called from several
    threads, and raise `ValueError` for a moment that is naive or out of range.
    """

    zone: ZoneInfo
    week: Mapping[int, tuple[Span, ...]] = field(default_factory=dict, hash=False)
    days_off: frozenset[date] = frozenset()
    name: str = ""
    holidays: Holidays | None = None
    special: Mapping[date, tuple[Span, ...]] = field(default_factory=dict, hash=False)
    follow: tuple[Hours, ...] = ()
    _index: _Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raise `ValueError` for an impossible week, or for days that contradict each other."""
        week = {day: tuple(sorted(spans)) for day, spans in sorted(self.week.items())}
        special = {day: tuple(sorted(spans)) for day, spans in sorted(self.special.items())}
        if not week.keys() <= ROUND_THE_CLOCK.keys():
            raise ValueError(f"{self}: days of the week are 0 (Monday) to 6, not {list(week)}")
        named = (*week.values(), *special.values())
        if any(edge.tzinfo for spans in named for span in spans for edge in span):
            raise ValueError(f"{self}: spans are local times, they take no time zone of their own")
        if week and not any(week.values()):
            raise ValueError(f"{self}: never open; give a day some hours, or leave the week empty")
        if both := sorted(special.keys() & self.days_off):
            raise ValueError(
                f"{self}: {both[0]} is a day off and has special hours: say one of them"
            )
        object.__setattr__(self, "week", week)
        object.__setattr__(self, "special", special)
        object.__setattr__(self, "days_off", frozenset(self.days_off))
        object.__setattr__(self, "follow", tuple(self.follow))
        has_own = self.days_off or special or self.holidays is not None
        if self.follow and (week or has_own):
            raise ValueError(f"{self}: hours that follow others have none of their own")
        object.__setattr__(self, "_index", _NOTHING)
        always = any(each._index == _ALWAYS for each in self.follow)
        if always or (not (self.follow or has_own) and week in ({}, ROUND_THE_CLOCK)):
            object.__setattr__(self, "_index", _ALWAYS)

    def __str__(self) -> str:
        """Name these hours in an error."""
        return f"hours {self.name or 'without a name'} ({self.zone})"

    def add(self, start: datetime, work: timedelta) -> datetime:
        """Find the first moment at which `work` of open time has passed since `start`.

        No work is done at once, even when closed; work that fills a window to its end is done when
        that window closes, not when the next one opens. Raises `ValueError` for negative work, or
        for more than there is open time until the year 2200.
        """
        need = _length(work)
        if need < 0:
            raise ValueError(f"work must not be negative, as {work} is")
        return _moment(self._after(_micros(start, "start"), need))

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Sum the open time from `start` to `end`; zero if `end` is not after `start`."""
        a, b = _micros(start, "start"), _micros(end, "end")
        if b <= a:
            return timedelta()
        index = self._covering(a, b)
        return timedelta(0, 0, index.total(b) - index.total(a))

    def is_open(self, at: datetime) -> bool:
        """Tell whether `at` lies in an open window."""
        now = _micros(at, "at")
        index = self._covering(now, now)
        n = bisect_right(index.opens, now) - 1
        return n >= 0 and now < index.closes[n]

    def next_open(self, at: datetime) -> datetime:
        """Find the first open moment from `at` on: `at` itself when open.

        Raises `ValueError` if there is none until the year 2200.
        """
        return _moment(self._after(_micros(at, "at"), 1) - 1)

    def windows(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Iterate lazily over (opens, closes), in order and apart, from `start` to the year 2200.

        Where `start` lies in a window, the first one opens at `start`.
        """
        return self._windows(_micros(start, "start"))

    def spans(self, day: date) -> tuple[Span, ...]:
        """The spans that begin on `day`; none where it is off, or where others are followed."""
        if self.follow:
            return ()
        if (special := self.special.get(day)) is not None:
            return special
        spans = (self.week or ROUND_THE_CLOCK).get(day.weekday(), ())
        # Holidays come last: only for a day that would be open do they have to be worked out.
        off = (
            not spans
            or day in self.days_off
            or (self.holidays is not None and day in self.holidays)
        )
        return () if off else spans

    def _windows(self, at: int) -> Iterator[tuple[datetime, datetime]]:
        while at < _END:
            index = self._covering(at, at)
            n = bisect_right(index.closes, at)
            while index.end < _END and (n == len(index.closes) or index.closes[n] > index.end):
                index = self._covering(at, index.end + 1)
                n = bisect_right(index.closes, at)
            if n == len(index.closes) or index.opens[n] >= _END:
                return
            opens, at = max(index.opens[n], at), min(index.closes[n], _END)
            yield _moment(opens), _moment(at)

    def _after(self, at: int, need: int) -> int:
        """Find the first moment at which `need` of open time has passed since `at`."""
        if not need:
            return at
        index = self._index
        if not index.begin <= at <= index.end:
            index = self._covering(at, at)
        while True:
            goal = index.total(at) + need
            n = bisect_left(index.totals, goal)
            if n < len(index.totals):
                found = index.closes[n] - index.totals[n] + goal
                if found <= index.end:
                    return found
            if index.end == _END:
                left = timedelta(0, 0, index.total(_END) - index.total(at))
                raise ValueError(
                    f"{self}: open for {left} from {_moment(at)} to the year {_LAST_YEAR + 1}, but "
                    f"{timedelta(0, 0, need)} was asked for; look at the week and the days off"
                )
            index = self._covering(at, index.end + 1)

    def _covering(self, first: int, last: int) -> _Index:
        """Return an index from `first` to `last` and all it held; at each side it doubles, or stays."""
        index = self._index
        if index.begin <= first and last <= index.end:
            return index
        with _BUILDING:
            index = self._index  # another thread may have built it meanwhile
            if index.begin <= first and last <= index.end:
                return index
            begin, end = _moment(index.begin).year, _moment(index.end).year
            years = max(end - begin, 0)
            if first < index.begin:
                begin = min(begin - years, _moment(first).year - 1)
            if last > index.end:
                end = max(end + years, _moment(last).year + 2)
            index = self._build(begin, end)
            object.__setattr__(self, "_index", index)
            return index

    def _build(self, first: int, last: int) -> _Index:
        """Index the years from `first` up to, not including, `last`, as far as the calendar goes."""
        begin = max(datetime(first, 1, 1, tzinfo=UTC), _EPOCH)
        end = datetime(min(last, _LAST_YEAR + 1), 1, 1, tzinfo=UTC)
        opens: list[int] = []
        closes: list[int] = []
        # A span is a day long at most and a zone less than a day away: three days more are enough.
        for a, b in self._opened(begin.date() - 3 * _DAY, end.date() + 3 * _DAY):
            if closes and a <= closes[-1]:
                closes[-1] = max(closes[-1], b)
            else:
                opens.append(a)
                closes.append(b)
        totals, total = [], 0
        for a, b in zip(opens, closes, strict=True):
            total += b - a
            totals.append(total)
        return _Index(
            _micros(begin, "begin"), _micros(end, "end"), tuple(opens), tuple(closes), tuple(totals)
        )

    def _opened(self, day: date, stop: date) -> Iterator[tuple[int, int]]:
        """(opens, closes) of each span from `day` up to, not including, `stop`, by opening moment."""
        if self.follow:
            yield from merge(*(each._opened(day, stop) for each in self.follow))
            return
        while day < stop:
            following = day + _DAY
            for opening, closing in self.spans(day):
                a = _edge(day, opening, self.zone)
                b = _edge(day if closing > opening else following, closing, self.zone)
                if a < b:
                    yield a, b
            day = following


def parse_week(written: Mapping[str, str | Sequence[str]]) -> dict[int, tuple[Span, ...]]:
    """Read a week as the configuration file gives it, for `Hours`.

    `{"mon-fri": ["08:00-12:00", "13:30-18:00"], "sat,sun": "22:00-06:00"}`. Days are `mon` to `sun`,
    lists of them, or ranges, which may go over the weekend (`fri-mon`). Hours are `HH:MM-HH:MM`,
    local, over midnight where the end is not after the start; `24:00` is midnight. A day with an
    empty list is closed. Raises `ValueError`, which names the bad piece, also for a day given twice.
    """
    week: dict[int, tuple[Span, ...]] = {}
    for days, hours in written.items():
        spans = parse_spans(hours)
        for day in sorted({day for piece in days.split(",") for day in _days(piece)}):
            if day in week:
                raise ValueError(f"{DAYS[day]} is given twice, again in {days!r}: name a day once")
            week[day] = spans
    return week


def parse_spans(hours: str | Sequence[str]) -> tuple[Span, ...]:
    """Read the hours of one day, as in `parse_week`. Raises `ValueError`, which names the bad piece."""
    return tuple(_span(piece) for piece in ([hours] if isinstance(hours, str) else hours))


def _days(piece: str) -> list[int]:
    """Read `mon`, `mon-fri` or `fri-mon`."""
    first, _, last = (end.strip() for end in piece.lower().partition("-"))
    if first not in DAYS or (last or first) not in DAYS or piece.strip().endswith("-"):
        raise ValueError(f"{piece!r} is no day: write one of {', '.join(DAYS)}, or mon-fri")
    a, b = DAYS.index(first), DAYS.index(last or first)
    return [(a + n) % 7 for n in range((b - a) % 7 + 1)]


def _span(piece: str) -> Span:
    """Read `09:00-17:00`."""
    match = _SPAN.fullmatch(piece.strip())
    if match is None:
        raise ValueError(f"{piece!r} is no span of hours: write it as 09:00-17:00, up to 24:00")
    hour, minute, end_hour, end_minute = (int(part or 0) for part in match.groups())
    return time(hour, minute), time(end_hour, end_minute)


def _edge(day: date, at: time, zone: ZoneInfo) -> int:
    """Find the first moment when the clock on the wall of `zone` shows `at` on `day`, or later."""
    there = datetime.combine(day, at, zone)
    again = there.replace(fold=1)
    high = _length(there - _EPOCH)
    if there.utcoffset() == again.utcoffset():  # the usual case, and the quick one
        return high
    low = _length(again - _EPOCH)
    if high <= low:  # shown twice: PEP 495 gives the first with fold=0
        return high
    wall = datetime.combine(day, at)
    return bisect_left(  # skipped: between the two readings lies the change of the clock
        range(high),
        True,
        lo=low,
        key=lambda micros: _moment(micros).astimezone(zone).replace(tzinfo=None) >= wall,
    )


def _micros(at: datetime, name: str) -> int:
    try:
        micros = _length(at - _EPOCH)
    except TypeError as error:
        raise ValueError(f"{name} must be a datetime with a time zone, not {at!r}") from error
    if not 0 <= micros <= _END:
        raise ValueError(f"{name} must lie in the years 1970 to {_LAST_YEAR}, not {at}")
    return micros


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(0, 0, micros)


def _length(duration: timedelta) -> int:
    return (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds


_END = _length(datetime(_LAST_YEAR + 1, 1, 1, tzinfo=UTC) - _EPOCH)
_NOTHING = _Index(_END, 0, (), (), ())
_ALWAYS = _Index(0, _END, (0,), (_END,), (_END,))
