"""`/alerts/<ref>`: a case at a glance, what was done about it, and what can be done."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from bridge.domain.model import Alert, Press
from bridge.domain.presses import offered
from bridge.store import cases
from bridge.web.pages import acts
from bridge.web.pages.bulk import hours_of_teams
from bridge.web.pages.casefile import casefile, people_on
from bridge.web.pages.deeds import FORMS, Deed, Setting
from bridge.web.pages.here import bridge, viewer
from bridge.web.pages.inbox import subjects
from bridge.web.pages.story import told
from bridge.web.pages.wording import CHANNELS, COACHING, GOALS, OUTCOMES, RELATIONS, SENT
from bridge.work.acting import Unseen, seen

LIKELY = 3
"""What can be done that is seen at once; the rest is folded."""


def blueprint() -> Blueprint:
    """The routes."""
    routes = Blueprint("alert", __name__)

    @routes.get("/alerts")
    def search() -> Response:
        """The alert of a ticket; a list where it has had several, or none that one may see."""
        ticket = request.args.get("ticket", "").replace("\x00", "").strip()
        if not ticket:
            return redirect(url_for("pages.inbox.show"))
        with bridge().engine.begin() as connection:
            wanted = cases.Filter(state="", subjects=subjects(connection, ticket))
            found = cases.page(connection, viewer(), wanted, limit=2).cases
        if len(found) == 1:
            return redirect(url_for("pages.alert.show", ref=found[0].alert.ref))
        return redirect(url_for("pages.inbox.show", ticket=ticket, state="all"))

    @routes.get("/alerts/<ref>")
    def show(ref: str) -> str:
        return page(found(ref))

    @routes.post("/alerts/<ref>/<what>")
    def act(ref: str, what: str) -> Response | tuple[str, int]:
        if what not in FORMS:
            abort(404)
        alert = found(ref)
        if not viewer().acts_on(alert):
            abort(403)
        form = FORMS[what](setting(alert))
        trouble = acts.done(alert, form) if form.validate() else ""
        if form.errors or trouble:
            return page(alert, form, trouble), 400
        return redirect(url_for("pages.alert.show", ref=alert.ref), 303)

    return routes


def found(ref: str) -> Alert:
    """The alert; a page that says that there is nothing where there is none, or none of theirs."""
    try:
        return seen(bridge(), viewer(), ref)
    except Unseen:
        abort(404)


def setting(alert: Alert, roster: Any = None) -> Setting:
    """What the forms about an alert offer."""
    settings = bridge().settings
    return Setting(
        roster=roster or acts.roster(),
        hours=hours_of_teams()(alert.team),
        causes=settings.loop.causes,
        months=settings.loop.check_after,
        now=bridge().now(),
    )


def page(alert: Alert, sent: Deed | None = None, trouble: str = "") -> str:
    """The whole page; `sent` is a form that couldn't be done, with what was filled in, `trouble` the reason."""
    file = casefile(bridge(), alert)
    may = viewer().acts_on(alert)
    offers = _offers(file.alert) if may else []
    choices = setting(alert, file.roster) if may else None
    forms = {}
    if choices:
        names = dict.fromkeys([*offers, *([sent.what] if sent and sent.fields_shown else [])])
        forms = {what: FORMS[what](choices, formdata=None) for what in names}
    if sent and sent.fields_shown:
        forms[sent.what] = sent
    return render_template(
        "alert/show.html",
        file=file,
        alert=file.alert,
        story=[told(step) for step in reversed(file.story)],
        attempts=[told(step) for step in file.attempts],
        also=people_on(file.alert),
        likely=dict(list(forms.items())[:LIKELY]),
        further=dict(list(forms.items())[LIKELY:]),
        sent=sent,
        trouble=trouble,
        may=may,
        goals=GOALS,
        outcomes=OUTCOMES,
        coachings=COACHING,
        relations=RELATIONS,
        channels={**dict.fromkeys(bridge().settings.desks, gettext("Ticket")), **CHANNELS},
        sendings=SENT,
        web=_web,
        now=bridge().now(),
    )


_WHAT = {
    Press.ACKNOWLEDGE: "acknowledge",
    Press.CONTACT: "contact",
    Press.RESOLVE: "resolve",
    Press.REOPEN: "reopen",
    Press.SNOOZE: "snooze",
    Press.ASSIGN: "assign",
    Press.ADD: "add",
    Press.NOTE: "note",
    Press.COACH: "coach",
    Press.USEFUL: "useful",
    Press.USELESS: "useless",
}


def _offers(alert: Alert) -> list[str]:
    """What can be done, the likeliest first; of the customer it can be said once it is over."""
    names = [_WHAT[press] for press in offered(alert)]
    names.insert(names.index("note") + 1, "say")
    if "useful" not in names:
        names.insert(names.index("useless"), "useful")
    if not alert.live and bridge().settings.loop.check_after:
        names.append("relation")
    return names


def _web(address: str) -> str:
    """The address if it is one of the web, else "": what others wrote may be anything."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in ("http", "https") and parts.netloc else ""
