"""Figures of a backtest as people read them. English, and the same everywhere. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bridge.insight.intervals import Interval

NONE = "–"

SETUPS: Mapping[str, str] = {
    "recommended": "Recommended",
    "present": "As configured now",
    "naive": "Every rule at once",
}
"""What the sets of rules are called."""


def percent(share: float | None) -> str:
    """A share in whole percents; with a digit more where it is small.

    >>> percent(0.137), percent(0.05), percent(0.0672), percent(None)
    ('14 %', '5 %', '6.7 %', '–')
    """
    if share is None:
        return NONE
    fine = f"{100 * share:.1f}" if 0 < share < 0.1 else f"{100 * share:.0f}"
    return f"{fine.removesuffix('.0')} %"


def times(lift: float | None) -> str:
    """How many times as often as without choosing.

    >>> times(3.64)
    '3.6×'
    """
    return NONE if lift is None else f"{lift:.1f}×"


def between(sure: Interval | None, written: str = "share") -> str:
    """The interval of a share, or of a lift.

    >>> between(Interval(0.88, 0.851, 0.904)), between(Interval(3.6, 3.31, 3.9), "lift")
    ('85–90 %', '3.3–3.9×')
    """
    if sure is None:
        return NONE
    if written == "lift":
        return f"{sure.low:.1f}–{sure.high:.1f}×"
    fine = 0 < sure.high < 0.1
    low, high = (f"{100 * end:.{1 if fine else 0}f}" for end in (sure.low, sure.high))
    return f"{low} %" if low == high else f"{low}–{high} %"


def hours(length: float | None) -> str:
    """A length of time in hours, as people say it.

    >>> hours(0.6), hours(43.2), hours(120), hours(None)
    ('36 min', '43 h', '5.0 days', '–')
    """
    if length is None:
        return NONE
    if abs(length) < 1:
        return f"{60 * length:.0f} min"
    return f"{length:.0f} h" if abs(length) < 72 else f"{length / 24:.1f} days"


def number(value: float | None) -> str:
    """A number with its thousands set apart; a digit or two more where it is small.

    >>> number(141712), number(2.34), number(0.123)
    ('141,712', '2.3', '0.12')
    """
    if value is None:
        return NONE
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}" if abs(value) < 1 else f"{value:,.1f}"


def day(at: datetime | None) -> str:
    """A day.

    >>> day(datetime(2026, 3, 1))
    '1 March 2026'
    """
    return NONE if at is None else f"{at.day} {at:%B %Y}"


def month(name: str) -> str:
    """A month of a report.

    >>> month("2026-03")
    'Mar 26'
    """
    return f"{datetime.strptime(name, '%Y-%m'):%b %y}"  # noqa: DTZ007 - a month has no zone


def sentence(written: str) -> str:
    """What a report says of a rule, with the rule's name in words.

    >>> sentence("stale_update: no update for 72 h"), sentence("surge")
    ('Stale update: no update for 72 h', 'Surge')
    """
    name, colon, rest = written.partition(":")
    return f"{rule(name).capitalize()}{colon}{rest}"


def without(name: str, written: str) -> str:
    """The same without the name, beside which it stands.

    >>> without("stale_update", "stale_update: 3 d"), without("surge", "surge")
    ('3 d', '')
    """
    return written.removeprefix(name).removeprefix(":").strip()


def setup(name: str) -> str:
    """What a set of rules is called."""
    return SETUPS.get(name, rule(name).capitalize())


def rule(name: str) -> str:
    """A rule in words.

    >>> rule("first_response")
    'first response'
    """
    return name.replace("_", " ")
