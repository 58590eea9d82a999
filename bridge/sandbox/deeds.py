"""What people do in Zendesk and Jira, by a form or by curl: ask for help, answer, rate.

curl -d 'about=Where is my refund?' -d 'words=It is late.' <sandbox>/deeds/tickets
curl -d score=bad -d 'words=Nobody answers' <sandbox>/deeds/tickets/1/rating
curl -d 'about=Where is my order?' <sandbox>/deeds/requests
curl -d stars=1 <sandbox>/deeds/requests/10001/rating
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from flask import Blueprint, Response, abort, redirect, render_template, request

from bridge.sandbox import jira_records
from bridge.sandbox.zendesk import Zendesk
from bridge.sandbox.zendesk_records import Refused, User

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as Answer

    from bridge.sandbox import Sandbox

T = TypeVar("T")

_STATUSES = {"open", "pending", "hold", "solved"}


def create(sandbox: Sandbox) -> Blueprint:
    """The routes below /deeds, for the sandbox's pages."""
    routes = Blueprint("deeds", __name__, url_prefix="/deeds")
    zendesk, jira = sandbox.zendesk, sandbox.jira

    @routes.get("/")
    def form() -> str:
        with zendesk.lock, jira.lock:
            return render_template(
                "deeds.html",
                accounts=list(jira.users.values()),
                projects=list(jira.projects.values()),
                issues=[i for i in jira.issues.values() if not i.deleted][::-1],
                customers=_people(zendesk, staff=False),
                agents=_people(zendesk, staff=True),
                groups=list(zendesk.groups.values()),
                tickets=[t for t in zendesk.tickets.values() if not t.deleted][::-1],
                refresh=None,
            )

    @routes.post("/tickets")
    def open_ticket() -> Answer:
        customers = _people(zendesk, staff=False)
        who = _chosen("who", {str(user.id): user.id for user in customers})
        groups = {str(group.id): group.id for group in zendesk.groups.values()}
        group = _chosen("group", groups) if groups else None
        about = request.form.get("about") or "I need help"
        number = zendesk.open_ticket(who, about, request.form.get("words") or about, group)
        return redirect(f"/tickets/{number}", 303)

    @routes.post("/tickets/<int:number>/answer")
    def answer(number: int) -> Answer:
        """An agent's or the customer's public answer, and perhaps a new status."""
        people = {str(user.id): user.id for user in zendesk.users.values()}
        who = _chosen("who", people)
        if words := request.form.get("words"):
            zendesk.reply(number, who, words)
        if (status := request.form.get("status", "")) in _STATUSES:
            zendesk.set_status(number, who, status)
        return redirect(f"/tickets/{number}", 303)

    @routes.post("/tickets/<int:number>/rating")
    def rate(number: int) -> Answer:
        score: Literal["good", "bad"] = "good" if request.form.get("score") == "good" else "bad"
        zendesk.rate(number, score, request.form.get("words") or None)
        return redirect(f"/tickets/{number}", 303)

    @routes.post("/requests")
    def open_request() -> Answer:
        customers = [u for u in jira.users.values() if u.account_type == "customer"]
        who = _chosen("who", {user.account_id: user.account_id for user in customers})
        project = _chosen("project", {key: key for key in jira.projects})
        about = request.form.get("about") or "I need help"
        issue = jira.open_request(who, about, request.form.get("words") or about, project)
        return redirect(f"/issues/{issue}", 303)

    @routes.post("/requests/<issue>/answer")
    def answer_request(issue: str) -> Answer:
        who = _chosen("who", {account: account for account in jira.users})
        if words := request.form.get("words"):
            jira.reply(issue, who, words)
        if request.form.get("status") == "resolved":
            jira.resolve(issue, who)
        return redirect(f"/issues/{issue}", 303)

    @routes.post("/requests/<issue>/rating")
    def rate_request(issue: str) -> Answer:
        stars: dict[str, Literal[1, 2, 3, 4, 5]] = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
        jira.rate(issue, _chosen("stars", stars), request.form.get("words") or None)
        return redirect(f"/issues/{issue}", 303)

    @routes.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        return _said(str(error.body.get("description") or error.body.get("error")), error.status)

    @routes.errorhandler(jira_records.Refused)
    def refused_by_jira(error: jira_records.Refused) -> Response:
        found = [*error.body.get("errorMessages", ()), *error.body.get("errors", {}).values()]
        return _said(" ".join(found) or error.body.get("errorMessage", "no"), error.status)

    return routes


def _people(zendesk: Zendesk, *, staff: bool) -> list[User]:
    return [user for user in zendesk.users.values() if user.is_staff == staff]


def _said(words: str, status: int) -> Response:
    return Response(f"{words}\n", status, content_type="text/plain; charset=utf-8")


def _chosen(name: str, known: dict[str, T]) -> T:
    """What was chosen in the form; the first there is where nothing was."""
    if not known:
        abort(409)
    given = request.form.get(name) or next(iter(known))
    return known[given] if given in known else abort(400)
