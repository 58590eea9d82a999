"""What is done when a form of an alert's page is sent, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash
from flask_babel import lazy_gettext as _

from bridge.domain.model import Alert, BridgeError
from bridge.domain.people import Roster
from bridge.store import people
from bridge.web.pages.deeds import Deed, Relate
from bridge.web.pages.here import bridge, viewer
from bridge.web.pages.zoned import zoned
from bridge.work.acting import act, relate

DONE: Mapping[str, object] = {
    "acknowledge": _("It is yours now. The ticket and Slack follow in a moment."),
    "contact": _("Noted. The ticket and Slack follow in a moment."),
    "resolve": _("Resolved. The ticket and Slack follow in a moment."),
    "snooze": _("Put off: you are asked again then. Slack follows in a moment."),
    "assign": _("Given on. They hear of it in a moment."),
    "add": _("Added. They hear of it in a moment."),
    "note": _("Noted. Slack follows in a moment."),
    "say": _("Said. It stands in the thread in a moment."),
    "coach": _("Noted: the coaching was given."),
    "useful": _("Thank you: noted that it was useful."),
    "useless": _("Thank you: noted that it was not useful."),
    "reopen": _("Open again, and yours. The ticket and Slack follow in a moment."),
    "relation": _("Thank you: noted what became of the customer."),
}
"""What is told when it is done: it is judged by the worker, which takes a moment."""


def done(alert: Alert, form: Deed) -> str:
    """Do it, and say so on the next page; else why it is refused."""
    try:
        if isinstance(form, Relate):
            relate(bridge(), viewer(), alert.ref, *form.told())
        else:
            act(bridge(), viewer(), alert.ref, form.press, **form.said())
    except BridgeError as error:
        return zoned(str(error).removeprefix(f"{alert.ref}: "))
    flash(str(DONE[form.what]), "success")
    return ""


def roster() -> Roster:
    """Everybody whom an alert can be given to."""
    with bridge().engine.begin() as connection:
        return people.roster(connection, since=bridge().now())
