"""Times as people read them: how long ago or ahead, in the viewer's zone and language, with the exact one at hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from flask import request
from flask_babel import format_datetime, format_timedelta, get_locale, get_timezone, gettext
from markupsafe import Markup, escape

from bridge.web.pages.here import bridge

ZONE = "bridge_zone"
"""The cookie in which a page's script leaves the browser's zone."""

LANGUAGES = ("en", "de")


def zone() -> ZoneInfo:
    """The viewer's time zone: the browser's if it has said so, else that of the default calendar."""
    name = request.cookies.get(ZONE, "")
    return ZoneInfo(name) if name in _zones() else bridge().settings.hours.zone


def language() -> str:
    """The best of our languages for the viewer."""
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def when(at: datetime | None, *, empty: str = "–") -> Markup:
    """A time in the past or the future: "3 hours ago", with the exact one on hover and for machines."""
    if at is None:
        return escape(empty)
    apart = at - bridge().now()
    words = format_timedelta(apart, granularity="minute", add_direction=True, threshold=1.5)
    if abs(apart) < timedelta(minutes=1):
        words = gettext("now")
    elif abs(apart) > timedelta(days=6):
        words = format_datetime(at, pattern("d MMM y"))
    return _time(at, words)


def moment(at: datetime | None, *, empty: str = "–") -> Markup:
    """A time as the clock shows it, to the minute, in the viewer's zone."""
    return (
        escape(empty) if at is None else _time(at, format_datetime(at, pattern("d MMM y, HH:mm")))
    )


def pattern(english: str) -> str:
    """How a date is written in the viewer's language: German has a point behind the day."""
    return english.replace("d MMM", "d. MMM") if get_locale().language == "de" else english


def lasting(span: timedelta | None, *, empty: str = "–") -> str:
    """How long: "3 hours", in the viewer's language."""
    return empty if span is None else format_timedelta(span, granularity="minute", threshold=1.5)


def _time(at: datetime, words: str) -> Markup:
    local = format_datetime(at, pattern("EEEE, d MMMM y, HH:mm:ss"))
    exact = f"{local} {get_timezone()} · {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.astimezone(UTC).isoformat(), exact, words
    )


def _zones() -> set[str]:
    if not _KNOWN:
        _KNOWN.update(available_timezones())
    return _KNOWN


_KNOWN: set[str] = set()
