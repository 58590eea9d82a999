"""What the changes of alerts are called on the page of endpoints, and why an endpoint fails."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from bridge.store.notices import CUT_OFF
from bridge.work.notices import DISABLED, REDIRECTS, UNWANTED
from bridge.work.publicly import NOT_SECURE, PRIVATE

KINDS = {
    "alert.opened": _("An alert opens"),
    "alert.updated": _("A reason comes, changes or goes"),
    "alert.raised": _("It becomes graver"),
    "alert.acknowledged": _("Somebody takes it in hand"),
    "alert.assigned": _("It is given to somebody"),
    "alert.people_added": _("People are added"),
    "alert.snoozed": _("It is snoozed"),
    "alert.woken": _("The snooze is over"),
    "alert.contact_attempted": _("Somebody tries to reach the customer"),
    "alert.contacted": _("The customer is reached"),
    "alert.resolved": _("It is resolved"),
    "alert.report_completed": _("Its report is completed"),
    "alert.coached": _("The coaching is given"),
    "alert.closed": _("It is closed"),
    "alert.reopened": _("It is opened again"),
    "alert.noted": _("A note is added"),
    "alert.not_useful": _("Somebody says that it was of no use"),
    "alert.escalated": _("It goes to the next on the ladder"),
    "alert.not_taken": _("Nobody has it yet"),
    "alert.goal_near": _("A goal is near"),
    "alert.goal_missed": _("A goal is missed"),
    "alert.customer_asked": _("The customer is asked whether it helped"),
    "alert.customer_answered": _("The customer answers"),
    "alert.relation_known": _("What became of the customer is known"),
}
"""Every type of webhook, as people say it."""


def reason(why: str) -> str:
    """Why an attempt failed, in the viewer's language where it is one of our own sentences."""
    ours: dict[str, str] = {
        PRIVATE: gettext(
            "the address leads into a private network: only public ones are called, and those that"
            " “allow” in [outgoing] names"
        ),
        NOT_SECURE: gettext("the address has to begin with https://"),
        REDIRECTS: gettext("it redirects, which is not followed: give the last address"),
        DISABLED: gettext("the endpoint was disabled"),
        UNWANTED: gettext("it answered 410: it wants no more webhooks"),
        CUT_OFF: gettext("the attempt was cut off"),
    }
    return ours.get(why, why)
