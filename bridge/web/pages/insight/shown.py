"""Figures as people read them, in the viewer's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import format_date, format_decimal, format_percent, gettext
from markupsafe import Markup

from bridge.domain.model import Severity
from bridge.insight.causes import UNTOLD
from bridge.insight.effect import AS_THEY_ARE, CONTENT, LIKE_WITH_LIKE, LOW, MEAN
from bridge.insight.satisfaction import OVERALL
from bridge.insight.shadow import IN_SHADOW, LIVE
from bridge.insight.tables import Kind
from bridge.web.pages.times import lasting, pattern
from bridge.web.pages.wording import SEVERITIES

NONE = "–"
WORDS: Mapping[str, Callable[[], str]] = {
    UNTOLD: lambda: gettext("Not written down"),
    OVERALL: lambda: gettext("The answer as a whole"),
    LOW: lambda: gettext("share of low scores"),
    CONTENT: lambda: gettext("share of satisfied customers"),
    MEAN: lambda: gettext("mean score (0–1)"),
    AS_THEY_ARE: lambda: gettext("as they are"),
    LIKE_WITH_LIKE: lambda: gettext("like with like"),
    LIVE: lambda: gettext("live"),
    IN_SHADOW: lambda: gettext("in shadow"),
}
"""Cells that we wrote ourselves; all others are names that somebody gave."""

NUMBERS = frozenset(Kind) - {Kind.TEXT, Kind.BUCKET, Kind.MONTH}
"""Kinds that stand to the right of their column."""


def cell(value: Any, kind: Kind) -> str:
    """A cell of a table."""
    if value is None:
        return str(gettext("In total")) if kind is Kind.BUCKET else NONE
    return str(_WRITTEN[kind](value))


def percent(share: float | None) -> str:
    """A share in whole percents; with a digit more where it is small."""
    if share is None:
        return NONE
    fine = 0 < share < 0.1
    return str(format_percent(share, "0.0 %" if fine else "0 %"))


def points(difference: float) -> str:
    """A difference of shares in percentage points."""
    return str(format_decimal(100 * difference, format="+0.0;−0.0"))


def day(at: date, step: str) -> str:
    """A week or a month below a chart."""
    return str(format_date(at, pattern("d MMM") if step == "week" else "MMM yy"))


def bar(share: float | None) -> Markup:
    """A share as a bar beside its number."""
    width = max(0.0, min(1.0, share or 0.0))
    return Markup(
        '<svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rail" width="100" height="6"/><rect class="fill" width="{}" height="6"/></svg>'
    ).format(f"{100 * width:.1f}")


def promised(target: Sequence[tuple[Severity | None, timedelta]]) -> str:
    """A goal in words: "within 4 days", or by severity; "" where nothing is promised."""
    alike = [(severity, length) for severity, length in target if severity is None]
    if alike:
        return str(gettext("within %(time)s", time=exactly(alike[0][1])))
    usual = max((length for _, length in target), default=None)
    if usual is None:
        return ""
    sooner = [
        gettext("%(severity)s: %(time)s", severity=SEVERITIES[severity], time=exactly(length))
        for severity, length in target
        if severity is not None and length != usual
    ]
    words: str = gettext("within %(time)s", time=exactly(usual))
    return f"{words} ({', '.join(sooner)})" if sooner else words


def exactly(length: timedelta) -> str:
    """A length of time as it was promised: 24 hours stay 24 hours."""
    minutes = length // timedelta(minutes=1)
    if minutes % 60:
        return str(gettext("%(many)s min", many=minutes))
    hours = minutes // 60
    if hours <= 48 or hours % 24:
        return str(gettext("%(many)s h", many=hours))
    return str(gettext("%(many)s days", many=hours // 24))


_WRITTEN: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: lambda value: WORDS[value]() if value in WORDS else value,
    Kind.COUNT: format_decimal,
    Kind.SHARE: percent,
    Kind.SCORE: lambda value: format_decimal(value, format="0.00"),
    Kind.CHANGE: lambda value: format_decimal(value, format="+0.00;−0.00"),
    Kind.RATE: lambda value: format_decimal(value, format="0.0"),
    Kind.SPAN: lasting,
    Kind.BUCKET: lambda value: format_date(value, pattern("d MMM y")),
    Kind.MONTH: lambda value: format_date(value, "MMM y"),
}
