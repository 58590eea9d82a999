"""The rules in words: what each finds, and what its tunables mean. docs/triggers.md says the same, and more."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from msgspec import Struct


class Explained(Struct, frozen=True):
    """What a rule finds, and what each of its tunables means."""

    meaning: object
    tunables: Mapping[str, object]


_AT_RISK = _("severity at each of the goal's warnings, or “off”")
_BREACHED = _("severity once the target has passed")
_SEVERITY = _("severity")
_TIMED = {"at_risk": _AT_RISK, "breached": _BREACHED}

RULES: Mapping[str, Explained] = {
    "first_response": Explained(
        _(
            "A customer waits too long for the first answer: the goal first_response is at risk, or breached."
        ),
        {
            "at_risk": _(
                "severity at each of the goal's warnings; “off”: nobody is told before the breach"
            ),
            "breached": _BREACHED,
        },
    ),
    "next_reply": Explained(
        _("The customer wrote again and waits too long: the goal next_reply."), _TIMED
    ),
    "stale_update": Explained(
        _(
            "The customer has been answered once and then heard nothing for too long: the goal periodic_update."
        ),
        {"at_risk": _("severity at each of the goal's warnings"), "breached": _BREACHED},
    ),
    "resolution_time": Explained(
        _("The ticket takes too long to solve: the goal resolution."), _TIMED
    ),
    "requester_wait": Explained(
        _(
            "All the time that the customer waited for somebody adds up to too much: the goal requester_wait."
        ),
        _TIMED,
    ),
    "agent_work": Explained(
        _("The ticket has been with the agents for too long: the goal agent_work."), _TIMED
    ),
    "helpdesk_sla": Explained(
        _("A service level of the helpdesk's own, that is none of the six goals, breaches."),
        {
            "at_risk": _("severity before the breach, or “off”"),
            "breached": _("severity once it is missed"),
        },
    ),
    "low_score": Explained(
        _("A survey answer at or below a line."),
        {
            "at_or_below": _("the line: 1 and 2 of 5, 0 to 4 of 10, “bad”"),
            "nps_at_or_below": _("the line for NPS: 0 to 6"),
            "grave_at_or_below": _(
                "at or below this, the answer is grave: 1 of 5, 0 and 1 of 10."
                " Only for numbers on scales of more than two values"
            ),
            "severity": _SEVERITY,
            "grave": _("severity of a grave answer"),
        },
    ),
    "not_resolved": Explained(
        _("The customer says in a survey that the problem is not resolved, whatever the score."),
        {"severity": _SEVERITY},
    ),
    "handoffs": Explained(
        _("A live ticket went through too many hands."),
        {
            "at_least": _("how many; at twice, three times as many it is news again"),
            "severity": _SEVERITY,
        },
    ),
    "ping_pong": Explained(
        _("A live ticket went from one team to another and straight back."),
        {"at_least": _("how many times"), "severity": _SEVERITY},
    ),
    "reopened": Explained(
        _("A live ticket was solved and came back."),
        {"at_least": _("how many times"), "severity": _SEVERITY},
    ),
}
"""By the rule's name; a test says that none is missing, and that the page of the documentation says it so too."""

NAMES: Mapping[str, object] = {
    "first_response": _("First answer"),
    "next_reply": _("Next answer"),
    "stale_update": _("No update"),
    "resolution_time": _("Time to solve"),
    "requester_wait": _("Customer waits in all"),
    "agent_work": _("Time with agents"),
    "helpdesk_sla": _("Helpdesk's service level"),
    "low_score": _("Low score"),
    "not_resolved": _("Not resolved"),
    "handoffs": _("Many hands"),
    "ping_pong": _("Back and forth"),
    "reopened": _("Reopened"),
}
