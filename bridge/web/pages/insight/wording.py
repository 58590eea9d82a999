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
    "effect": _("With an alert, and without"),
    "before_and_after": _("After that day, and before it"),
    "low_over_time": _("Low scores over time"),
    "comparability": _("What cases with and without an alert are made of"),
    "comparability_over_time": _("What cases before and after are made of"),
    "level": _("As a whole"),
    "teams_below": _("Teams below"),
    "employees": _("Employees"),
    "associates": _("Associates"),
    "recurring_rules": _("Rules that recur"),
    "rules": _("Rules"),
    "shadow_rules": _("Rules in shadow, and live ones"),
    "shadow_weeks": _("Found in shadow, and rung, over time"),
    "shadow_teams": _("What they would add, by team"),
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
    "measure": _("Measure"),
    "compared": _("Compared"),
    "others": _("Without"),
    "after_answers": _("Answers since"),
    "after": _("Since"),
    "before_answers": _("Answers before"),
    "before": _("Before"),
    "difference": _("Difference"),
    "difference_low": _("at least"),
    "difference_high": _("at most"),
    "share_low_at_least": _("at least"),
    "share_low_at_most": _("at most"),
    "part": _("In what"),
    "value": _("Which"),
    "share_of_alerted": _("Of those with an alert"),
    "share_of_others": _("Of those without"),
    "share_of_after": _("Of those since"),
    "share_of_before": _("Of those before"),
    "standardised_difference": _("Standardised difference"),
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
    "updates_judged": _("Updates judged"),
    "updates_thin": _("Thin updates"),
    "thin_mostly": _("Most frequent reason"),
    "rule": _("Rule"),
    "useful": _("Useful"),
    "asked_useful": _("Said whether useful"),
    "share_useful": _("Useful, of those said"),
    "not_useful": _("Not useful"),
    "share_not_useful": _("Share not useful"),
    "resolved_itself": _("Resolved itself"),
    "share_acknowledged_in_time": _("Taken in hand in time"),
    "pings": _("Pings"),
    "pings_per_alert": _("Pings per alert"),
    "told": _("It is"),
    "found": _("Found"),
    "share_alerted_before": _("Others had rung before"),
    "share_alerted_later": _("Others rang later"),
    "low_after": _("Low score afterwards"),
    "reopened_after": _("Reopened afterwards"),
    "share_bad_after": _("Came out badly"),
    "share_bad_after_low": _("at least"),
    "share_bad_after_high": _("at most"),
    "adds": _("Cases it would add"),
    "pings_per_manager_day": _("Pings per manager and day"),
    "team": _("Team"),
    "pings_per_day": _("Pings per day it would add"),
    "live": _("Rung by live rules"),
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


LACKS = {
    "near_copy": _("nearly the same as before"),
    "promise_passed": _("a promise had passed"),
    "boilerplate": _("would fit any case"),
    "unanswered": _("questions left open"),
    "no_next_step": _("no next step"),
    "too_short": _("too short for the question"),
    "no_time": _("no time named"),
}
"""What a thin update lacks."""


def lack(name: str) -> str:
    """What most of somebody's thin updates lack."""
    return str(LACKS.get(name, name))


def rule(name: str) -> str:
    """A rule in words: its name."""
    return name.replace("_", " ")
