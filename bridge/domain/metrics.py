"""Figures of subjects that are no tickets: what ours are called, how they are written, and where their chart is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

RESOLVED = "resolved_per_hour"
SATISFACTION = "satisfaction_7d"
BACKLOG = "backlog"
TICKETS = "tickets_per_week"
SCORE = "score_per_week"
SCORES = "scores"

OURS: Mapping[str, str] = {
    RESOLVED: "Resolved per hour",
    SATISFACTION: "Satisfaction over seven days",
    BACKLOG: "Backlog",
    TICKETS: "Tickets a week",
    SCORE: "Mean score of the week",
    SCORES: "Scores",
}
"""What we measure ourselves: of teams by the hour and the week, of accounts by the week."""

SHARES = frozenset({SATISFACTION, SCORE})
"""Those that are written as percents."""

KINDS = ("team", "topic", "agent", "account", "metric")
"""What a subject that is no ticket may be."""

RESERVED = frozenset({*KINDS, "answer", "test"})
"""What no desk may be called, for it is what subjects of other kinds begin with."""

NAME = re.compile(r"[a-z][a-z0-9_.-]{0,59}")
"""What a metric may be called."""

_PART = "="


def part(metric: str, name: str) -> str:
    """The metric that holds one category, or one score, of a distribution."""
    return f"{metric}{_PART}{name}"


def parted(metric: str) -> tuple[str, str] | None:
    """The distribution that a metric is a part of, and which part; None for a metric of its own."""
    whole, sign, name = metric.partition(_PART)
    return (whole, name) if sign else None


def called(metric: str) -> str:
    """What people call a metric: "Backlog"; one of somebody else's by its name in plain letters."""
    plain = re.sub(r"[_.-]+", " ", metric)
    return OURS.get(metric) or plain[:1].upper() + plain[1:]


def amount(metric: str, value: float) -> str:
    """A figure as people read it: "41", "12.5", "1,204", "87 %"."""
    if metric in SHARES:
        return f"{value:.0%}".replace("%", " %")
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def path(subject: str, metric: str) -> str:
    """The page with the chart of a metric, as it comes after the address of our pages."""
    whole = parted(metric)
    return f"/insight/metrics/{quote(subject, safe=':')}/{quote(whole[0] if whole else metric)}"


CHART = "Chart"
"""The fact of a finding that says where its chart is."""


def charted(subject: str, metric: str) -> tuple[str, str]:
    """The fact that leads to the chart."""
    return CHART, path(subject, metric)
