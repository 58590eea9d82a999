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
_EARLY = _(
    "nothing is told that began only after the goal resolution was breached: a warning, no obituary"
)
_EARLY_COUNTED = _("nothing is told that began only after the goal resolution was breached")
_HANDED = {
    "with_handoffs": _("only where the case has changed hands at least so often"),
    "at_risk_with_handoffs": _("the same, for warnings before the breach alone"),
    "early": _EARLY,
}
_TIMED = {"at_risk": _AT_RISK, "breached": _BREACHED, **_HANDED}
_LISTENED = {
    "languages": _("the languages that are listened for"),
    "also": _("more words or phrases, of any language"),
    "never": _("built-in ones that are not looked for"),
    "severity": _SEVERITY,
}

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
            **_HANDED,
        },
    ),
    "next_reply": Explained(
        _("The customer wrote again and waits too long: the goal next_reply."), _TIMED
    ),
    "stale_update": Explained(
        _(
            "The customer has been answered once and then heard nothing for too long: the goal periodic_update."
        ),
        {
            "at_risk": _("severity at each of the goal's warnings"),
            "breached": _BREACHED,
            **_HANDED,
        },
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
            **_HANDED,
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
            "early": _EARLY_COUNTED,
            "teams_only": _("from one agent to another of the same team does not count"),
        },
    ),
    "ping_pong": Explained(
        _("A live ticket went from one team to another and straight back."),
        {"at_least": _("how many times"), "severity": _SEVERITY, "early": _EARLY_COUNTED},
    ),
    "reopened": Explained(
        _("A live ticket was solved and came back."),
        {"at_least": _("how many times"), "severity": _SEVERITY, "early": _EARLY_COUNTED},
    ),
    "negative_words": Explained(
        _("What a customer wrote or said sounds unhappy, whatever the score."),
        {
            "at_or_above": _(
                "the negativity, in 0 to 1, from which on a text is told; 0.0 is the line of whatever judges"
            ),
            "min_words": _("a text of fewer words is too short to be judged"),
            "severity": _("severity of a survey's words"),
            "on_comments": _("severity of a comment, or “off”"),
        },
    ),
    "grave_words": Explained(
        _("A customer uses a grave word (cancel, refund, lawyer, unsafe) and doesn't deny it."),
        {
            **_LISTENED,
            "en": _("the English words and phrases; empty for those that are built in"),
            "de": _("the German words and phrases; empty for those that are built in"),
            "fr": _("the French words and phrases; empty for those that are built in"),
            "es": _("the Spanish words and phrases; empty for those that are built in"),
            "nl": _("the Dutch words and phrases; empty for those that are built in"),
            "it": _("the Italian words and phrases; empty for those that are built in"),
            "pt": _("the Portuguese words and phrases; empty for those that are built in"),
        },
    ),
    "wants_contact": Explained(
        _(
            "A customer asks to be called or contacted, or for a person, a manager or a supervisor,"
            " and doesn't deny it."
        ),
        {
            **_LISTENED,
            "en": _("the English phrases; empty for those that are built in"),
            "de": _("the German phrases; empty for those that are built in"),
            "fr": _("the French phrases; empty for those that are built in"),
            "es": _("the Spanish phrases; empty for those that are built in"),
            "nl": _("the Dutch phrases; empty for those that are built in"),
            "it": _("the Italian phrases; empty for those that are built in"),
            "pt": _("the Portuguese phrases; empty for those that are built in"),
        },
    ),
    "thin_update": Explained(
        _(
            "A live ticket's last updates tell the customer little, several times in a row."
            " A single one rings nobody."
        ),
        {
            "at_least": _("how many in a row, at the end; 2 to 5"),
            "severity": _SEVERITY,
            "below": _("an update with a lower score is thin. 1 is good, 0 says nothing"),
        },
    ),
    "surge": Explained(
        _(
            "Far more new cases, low scores or alerts of one topic or team within a clock hour, or a day,"
            " than it usually has at this time of the week."
        ),
        {
            "false_alarms_per_week": _(
                "so often, at most, chance alone rings in the whole installation; over 0 and below 1"
            ),
            "at_least": _("the fewest that may ring"),
            "quiet_hours": _("it is over after so many hours with no more than twice the usual"),
            "severity": _SEVERITY,
        },
    ),
    "agent_pattern": Explained(
        _(
            "Within thirty days, far more of an agent's answers were low, or of their updates thin,"
            " than of others'."
        ),
        {
            "false_alarms_per_quarter": _(
                "so often, at most, chance makes any agent look like that; over 0 and below 1"
            ),
            "at_least": _("the fewest low scores, or thin updates"),
            "severity": _SEVERITY,
        },
    ),
    "process_pattern": Explained(
        _(
            "Within thirty days, far more answers about one topic were low than about others,"
            " or far more alerts had one cause than in the ninety days before."
        ),
        {
            "false_alarms_per_quarter": _(
                "so often, at most, chance makes any topic or cause look like that; over 0 and below 1"
            ),
            "at_least": _("the fewest low scores, or alerts with that cause"),
            "severity": _SEVERITY,
        },
    ),
    "metric_threshold": Explained(
        _(
            "A metric crossed a line that was drawn for it, or is far from what is usual for its hour."
        ),
        {
            "limits": _("the lines: a table each, with above or below"),
            "past": _(
                "the metrics that are compared with their own past, “*” for all."
                " Accounts have a rule of their own"
            ),
            "chance": _(
                "how likely a figure of a quiet metric is found by chance alone:"
                " one in ten thousand is once in 14 months of an hourly metric"
            ),
            "least": _("so far it has to be off, as a share of what is usual"),
            "severity": _SEVERITY,
        },
    ),
    "distribution_shift": Explained(
        _("What comes in, or how it is rated, is spread otherwise than in the weeks before."),
        {
            "chance": _("how likely it has to be at most that chance alone did it"),
            "effect": _(
                "how large the change has to be, Cramér's V or Cliff's delta: 0.1 is small, 0.3 is medium"
            ),
            "window": _("how much time counts as now"),
            "weeks": _("how many weeks before it are compared"),
            "severity": _SEVERITY,
        },
    ),
    "account_shift": Explained(
        _(
            "An account's usage, spend, tickets or scores are far from that account's own past, down or up."
        ),
        {
            "least": _("so far it has to be off, as a share of what is usual"),
            "chance": _(
                "how likely a figure of a quiet account is found by chance alone:"
                " 0.002 is once in 500 weeks of one metric"
            ),
            "down": _("severity where it fell, or “off”"),
            "up": _("severity where it rose, or “off”"),
        },
    ),
    "repeat_contact": Explained(
        _("The same customer opened ticket after ticket."),
        {
            "at_least": _("how many, this one among them; 2 or more"),
            "within": _("in how much time"),
            "severity": _SEVERITY,
        },
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
    "negative_words": _("Unhappy words"),
    "grave_words": _("Grave words"),
    "wants_contact": _("Wants to be contacted"),
    "thin_update": _("Thin updates"),
    "surge": _("Something bigger"),
    "agent_pattern": _("Pattern around an agent"),
    "process_pattern": _("Pattern of a process"),
    "metric_threshold": _("Metric off its line"),
    "distribution_shift": _("Changed spread"),
    "account_shift": _("Account has changed"),
    "repeat_contact": _("Customer comes back"),
}
