"""What people read for the names of tables and columns. Programs know them by the names."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from bridge.domain.model import Severity
from bridge.domain.promises import ACKNOWLEDGE, CLOSE, CONTACT, RESOLVE
from bridge.insight.causes import OTHERS, UNTOLD
from bridge.insight.tables import Kind
from bridge.web.pages.wording import SEVERITIES

DAY, SPAN, SCORE, CHANGE, RATE = Kind.BUCKET, Kind.SPAN, Kind.SCORE, Kind.CHANGE, Kind.RATE
"""Kinds, as templates name them."""

GOALS: Mapping[str, object] = {
    CONTACT: _("Customer contacted"),
    RESOLVE: _("Resolved"),
    CLOSE: _("Closed"),
    ACKNOWLEDGE: _("Taken in hand"),
}
TABLES: Mapping[str, object] = {
    **GOALS,
    "answered": _("Unhappy customers answered"),
    "follow_up": _("Asked whether it helped"),
    "alerts": _("Alerts by severity"),
    "causes": _("Alerts by cause"),
    "top_causes": _("All causes"),
    "cases_alerted": _("Cases with an alert"),
    "low_scores": _("Low scores"),
    "satisfaction": _("Cases with and without an alert"),
    "satisfaction_over_time": _("Satisfaction over time"),
    "level": _("As a whole"),
    "teams_below": _("Teams below"),
    "employees": _("Employees"),
    "associates": _("Associates"),
    "recurring_rules": _("Rules that recur"),
    "rules": _("Rules"),
    "recovered": _("Recovered customers"),
    "not_recovered": _("All other customers"),
    "cohorts": _("Recovered customers by month"),
}
COLUMNS: Mapping[str, object] = {
    "from": _("From"),
    "alerts": _("Alerts"),
    "decided": _("Decided"),
    "in_time": _("In time"),
    "share_in_time": _("Share in time"),
    "running": _("Still running"),
    "median_hours": _("Half within"),
    "p90_hours": _("9 of 10 within"),
    "unhappy": _("Unhappy answers"),
    "answered": _("Answered"),
    "share_answered": _("Share answered"),
    "asked": _("Asked"),
    "heard": _("Replied"),
    "share_heard": _("Share replied"),
    "helped": _("It helped"),
    "share_helped": _("Share helped"),
    "total": _("In total"),
    "cause": _("Cause"),
    "share": _("Share"),
    "tickets": _("Tickets"),
    "alerted": _("With an alert"),
    "share_alerted": _("Share with an alert"),
    "answers": _("Answers"),
    "low": _("Low scores"),
    "share_low": _("Share of low scores"),
    "question": _("Question"),
    "alerted_answers": _("Answers, with an alert"),
    "alerted_mean": _("Mean score (0–1), with an alert"),
    "alerted_share_satisfied": _("Satisfied, with an alert"),
    "others_answers": _("Answers, without"),
    "others_mean": _("Mean score (0–1), without"),
    "others_share_satisfied": _("Satisfied, without"),
    "mean_difference": _("Difference of means"),
    "mean_difference_low": _("at least"),
    "mean_difference_high": _("at most"),
    "satisfied_difference": _("Difference of satisfied"),
    "satisfied_difference_low": _("at least"),
    "satisfied_difference_high": _("at most"),
    "name": _("Name"),
    "agent": _("Helpdesk id"),
    "contact_in_time": _("Contacted in time"),
    "resolve_in_time": _("Resolved in time"),
    "share_itself": _("Resolved itself"),
    "share_recovered": _("Recovered"),
    "mean_score": _("Mean score (0–1)"),
    "share_satisfied": _("Satisfied"),
    "alerted_per_100": _("Per 100 tickets"),
    "alerted_per_100_low": _("at least"),
    "alerted_per_100_high": _("at most"),
    "coaching_needed": _("Coaching needed"),
    "coaching_open": _("Still open"),
    "coaching_given": _("Given"),
    "rule": _("Rule"),
    "not_useful": _("Not useful"),
    "share_not_useful": _("Share not useful"),
    "resolved_itself": _("Resolved itself"),
    "share_acknowledged_in_time": _("Taken in hand in time"),
    "pings": _("Pings"),
    "pings_per_alert": _("Pings per alert"),
    "months": _("Months since"),
    "due": _("Look was due"),
    "stayed": _("Stayed"),
    "at_risk": _("At risk"),
    "left": _("Left"),
    "unknown": _("Not known"),
    "share_stayed": _("Stayed, of those known"),
    "resolved_in": _("Resolved in"),
}
"""Columns whose name is a cause or a rule are called by it."""

_SEVERITIES = {severity.name.lower(): SEVERITIES[severity] for severity in Severity}


def heading(name: str) -> str:
    """What a column is called."""
    if name in _SEVERITIES:
        return str(_SEVERITIES[name])
    if name == OTHERS:
        return str(gettext("Other causes"))
    if name == UNTOLD:
        return str(gettext("Not written down"))
    return str(COLUMNS.get(name, name))


def rule(name: str) -> str:
    """A rule in words: its name."""
    return name.replace("_", " ")
