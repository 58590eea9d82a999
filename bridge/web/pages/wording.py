"""What people read for the words that the domain knows: severities, states, goals, outcomes."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _

from bridge.domain.model import AlertState, Coaching, Outcome, Relation, Severity

SEVERITIES: Mapping[Severity, object] = {
    Severity.CRITICAL: _("Critical"),
    Severity.HIGH: _("High"),
    Severity.WARNING: _("Warning"),
    Severity.INFO: _("Info"),
}
STATES: Mapping[str, object] = {
    "live": _("All that are live"),
    AlertState.OPEN.value: _("Open"),
    AlertState.ACKNOWLEDGED.value: _("Acknowledged"),
    AlertState.CONTACTED.value: _("Contacted"),
    AlertState.RESOLVED.value: _("Resolved"),
    "all": _("All, resolved ones too"),
}
GOALS: Mapping[str, object] = {
    "acknowledge": _("Take it in hand"),
    "contact": _("Contact the customer"),
    "resolve": _("Resolve it"),
    "close": _("Write down the cause and close it"),
}
"""What is to be done for each goal of the loop."""

OUTCOMES: Mapping[Outcome, object] = {
    Outcome.RECOVERED: _("Recovered: the customer is content again"),
    Outcome.NOT_RECOVERED: _("Not recovered"),
    Outcome.UNREACHABLE: _("Unreachable: the customer couldn't be reached"),
    Outcome.NOT_JUSTIFIED: _("Not justified: nothing had gone wrong"),
}
COACHING: Mapping[Coaching, object] = {
    Coaching.NOT_NEEDED: _("Not needed"),
    Coaching.NEEDED: _("Needed: somebody should talk to whoever handled it"),
    Coaching.DONE: _("Done"),
}
RELATIONS: Mapping[Relation, object] = {
    Relation.STAYED: _("Stayed"),
    Relation.AT_RISK: _("At risk"),
    Relation.LEFT: _("Left"),
    Relation.UNKNOWN: _("Not known"),
}
HOW: Mapping[str, object] = {
    "phone": _("Phone"),
    "e-mail": _("E-mail"),
    "ticket": _("The ticket"),
    "chat": _("Chat"),
    "visit": _("A visit"),
}
"""By what a customer can have been contacted."""

CHANNELS: Mapping[str, object] = {
    "slack": _("Slack"),
    "email": _("E-mail"),
    "sms": _("SMS"),
}
SENT: Mapping[str, tuple[str, object]] = {
    "waiting": ("warn", _("Waiting")),
    "sending": ("warn", _("Being sent")),
    "sent": ("good", _("Sent")),
    "held": ("idle", _("Held back")),
    "failed": ("bad", _("Failed")),
}
"""How a delivery stands: good or bad, and in a word."""
