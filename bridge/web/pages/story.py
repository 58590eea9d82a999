"""The story of an alert in sentences: who did what, and what happened by itself."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from msgspec import Struct

from bridge.domain.alerts import Change, Step
from bridge.web.pages.wording import GOALS
from bridge.web.pages.zoned import zoned

_BY_PEOPLE: Mapping[Change, object] = {
    Change.ACKNOWLEDGED: _("%(who)s has it in hand"),
    Change.ATTEMPTED: _("%(who)s tried to reach the customer"),
    Change.CONTACTED: _("%(who)s contacted the customer"),
    Change.RESOLVED: _("%(who)s resolved it"),
    Change.COMPLETED: _("%(who)s completed the report"),
    Change.COACHED: _("%(who)s gave the coaching that it called for"),
    Change.CLOSED: _("It is closed: nothing is left to do"),
    Change.REOPENED: _("%(who)s opened it again"),
    Change.SNOOZED: _("%(who)s wants to be asked again later"),
    Change.ASSIGNED: _("%(who)s gave it to %(people)s"),
    Change.JOINED: _("%(who)s added %(people)s"),
    Change.NOTED: _("%(who)s noted"),
    Change.SAID: _("%(who)s said"),
    Change.USEFUL: _("%(who)s says that it was useful"),
    Change.USELESS: _("%(who)s says that it was not useful"),
    Change.REFUSED: _("What %(who)s wanted was refused"),
    Change.OBEYED: _("A command on the ticket was obeyed"),
}
_BY_ITSELF: Mapping[Change, object] = {
    Change.OPENED: _("The alert opened"),
    Change.ADDED: _("A further reason"),
    Change.UPDATED: _("A reason changed"),
    Change.NEARED: _("Nearer to the breach"),
    Change.REMINDED: _("Still not put right"),
    Change.RAISED: _("The severity was raised"),
    Change.EASED: _("A reason is gone"),
    Change.ENDED: _("It resolved itself"),
    Change.ESCALATED: _("Nobody had it: %(rise)s was told"),
    Change.NAGGED: _("Nobody had it: a reminder was sent"),
    Change.WOKEN: _("The snooze was over"),
    Change.NEAR: _("Soon due: %(goal)s"),
    Change.MISSED: _("Missed: %(goal)s"),
    Change.ASKED: _("The customer was asked whether it was put right"),
    Change.DUE_A_LOOK: _("It was looked what became of the customer"),
    Change.HEARD: _("The customer answered"),
    Change.CHECKED: _("What became of the customer"),
}
SENTENCES = {**_BY_PEOPLE, **_BY_ITSELF}

_KINDS: Mapping[Change, str] = {
    Change.OPENED: "bell",
    Change.ADDED: "plus-circle",
    Change.RAISED: "arrow-up-circle",
    Change.EASED: "dash-circle",
    Change.ENDED: "check-circle",
    Change.ACKNOWLEDGED: "hand-thumbs-up",
    Change.ATTEMPTED: "telephone-x",
    Change.CONTACTED: "telephone-outbound",
    Change.RESOLVED: "check-circle",
    Change.COMPLETED: "card-checklist",
    Change.COACHED: "mortarboard",
    Change.CLOSED: "check2-all",
    Change.REOPENED: "arrow-counterclockwise",
    Change.SNOOZED: "alarm",
    Change.WOKEN: "alarm",
    Change.ASSIGNED: "person-plus",
    Change.JOINED: "people",
    Change.NOTED: "pencil",
    Change.SAID: "chat",
    Change.ESCALATED: "megaphone",
    Change.NAGGED: "megaphone",
    Change.NEAR: "hourglass-split",
    Change.MISSED: "hourglass-bottom",
    Change.ASKED: "envelope",
    Change.HEARD: "chat-quote",
    Change.REFUSED: "slash-circle",
}


class Told(Struct, frozen=True, kw_only=True):
    """A line of the story: the sentence, what was said with it, and from where it came."""

    step: Step
    picture: str
    sentence: str
    words: str
    via: str


def told(step: Step) -> Told:
    """A step in words; a customer's or colleague's own words apart from ours."""
    sentence = str(SENTENCES[step.change]) % {
        "who": str(step.who) or gettext("Somebody"),
        "people": ", ".join(map(str, step.people)),
        "rise": str(step.rise.who) if step.rise else gettext("somebody else"),
        "goal": GOALS.get(step.goal, step.goal),
    }
    if step.change is Change.REOPENED and not step.who:
        sentence = gettext("It was opened again")
    return Told(
        step=step,
        picture=_KINDS.get(step.change, "dot"),
        sentence=sentence,
        words=zoned(step.words) or (step.finding.headline if step.finding else ""),
        via=str(_VIA.get(step.via, step.via)) if step.who else "",
    )


_VIA: Mapping[str, object] = {
    "slack": _("in Slack"),
    "ticket": _("on the ticket"),
    "page": _("on this page"),
    "api": _("by a program"),
    "command line": _("on the command line"),
}
