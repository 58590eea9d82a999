"""The Jira stand-in's service desk API (`/rest/servicedeskapi`) and its admin webhooks.

Sources: developer.atlassian.com/cloud/jira/service-desk/rest (request) and
developer.atlassian.com/cloud/jira/platform/webhooks (admin webhooks).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import g, request

from bridge.sandbox.jira import Jira
from bridge.sandbox.jira_gate import body_of, root, spend_write, visible
from bridge.sandbox.jira_records import Issue, Refused
from bridge.sandbox.jira_shapes import Shapes
from bridge.sandbox.wire import Json

_REQUEST = "/rest/servicedeskapi/request/<issue>"
_WEBHOOK = "/rest/webhooks/1.0/webhook"


def routes(jira: Jira) -> list[tuple[str, str, Callable[..., Any]]]:
    """Method, path and view of each call."""
    desk, hooks = _Desk(jira), _Webhooks(jira)
    return [
        ("GET", f"{_REQUEST}/comment", desk.comments),
        ("POST", f"{_REQUEST}/comment", desk.add_comment),
        ("GET", f"{_REQUEST}/feedback", desk.feedback),
        ("GET", f"{_REQUEST}/sla", desk.slas),
        ("GET", _WEBHOOK, hooks.listed),
        ("POST", _WEBHOOK, hooks.create),
        ("GET", f"{_WEBHOOK}/<int:webhook>", hooks.one),
        ("DELETE", f"{_WEBHOOK}/<int:webhook>", hooks.delete),
    ]


class _Desk:
    """The views of `/rest/servicedeskapi`: it knows requests only, not other issues."""

    def __init__(self, jira: Jira) -> None:
        self.jira = jira
        self.shapes = Shapes(jira, base=root)

    def comments(self, issue: str) -> Json:
        found = self._request(issue)
        wanted = {
            flag
            for flag, name in ((True, "public"), (False, "internal"))
            if request.args.get(name, "true") == "true"
        }
        shown = [one for one in found.comments if one.public in wanted]
        return _page(shown, lambda one: self.shapes.desk_comment(found, one))

    def add_comment(self, issue: str) -> tuple[Json, int]:
        """`public` is true unless it is said to be false."""
        asked = body_of()
        found = self._request(issue)
        spend_write(self.jira, found)
        public = asked.get("public", True)
        words = asked.get("body")
        if not isinstance(public, bool) or not isinstance(words, str) or not words.strip():
            raise Refused.desk(400, "The comment's body or its public flag is not valid.")
        if "ADD_COMMENTS" not in g.permissions or not (
            public or "SERVICEDESK_AGENT" in g.permissions
        ):
            raise Refused.desk(403, "You do not have permission to comment on this request.")
        said = self.jira.comment(found.id, g.user.account_id, words, public=public)
        return self.shapes.desk_comment(found, said), 201

    def feedback(self, issue: str) -> Json:
        feedback = self._request(issue).feedback
        if feedback is None:
            raise Refused.desk(404, "There is no feedback for this request.")
        words = {"comment": {"body": feedback.comment}} if feedback.comment else {}
        return {"type": "csat", "rating": feedback.rating, **words}

    def slas(self, issue: str) -> Json:
        return _page(self._request(issue).slas, self.shapes.sla)

    def _request(self, issue: str) -> Issue:
        try:
            found = visible(self.jira, issue)
        except Refused:
            found = None
        if found is None or not found.is_request:
            message = "The request you are trying to view does not exist or you may not see it."
            raise Refused.desk(404, message)
        return found


class _Webhooks:
    """The views of `/rest/webhooks/1.0`, for administrators."""

    def __init__(self, jira: Jira) -> None:
        self.jira = jira
        self.shapes = Shapes(jira, base=root)

    def listed(self) -> list[Json]:
        _administrator()
        return [self.shapes.webhook(one) for one in list(self.jira.webhooks.values())]

    def create(self) -> tuple[Json, int]:
        _administrator()
        asked = body_of()
        if not asked.get("name") or not str(asked.get("url") or "").startswith("http"):
            raise Refused.because(400, "A webhook needs a name and a URL.")
        jql = (asked.get("filters") or {}).get("issue-related-events-section") or ""
        webhook = self.jira.subscribe(
            asked["url"],
            asked.get("secret") or None,
            asked.get("events") or (),
            jql=jql,
            name=asked["name"],
            created_by=g.user.account_id,
        )
        return self.shapes.webhook(webhook), 201

    def one(self, webhook: int) -> Json:
        _administrator()
        self._known(webhook)
        return self.shapes.webhook(self.jira.webhooks[webhook])

    def delete(self, webhook: int) -> tuple[str, int]:
        _administrator()
        self._known(webhook)
        self.jira.webhooks.pop(webhook)
        return "", 204

    def _known(self, webhook: int) -> None:
        if webhook not in self.jira.webhooks:
            raise Refused.because(404, f"Webhook with ID {webhook} does not exist.")


def _administrator() -> None:
    if "ADMINISTER" not in g.permissions:
        raise Refused.because(403, "You need to be a Jira administrator to manage webhooks.")


def _page(items: Sequence[Any], show: Callable[[Any], Json]) -> Json:
    start, limit = int(request.args.get("start", 0)), int(request.args.get("limit", 50))
    page = [show(one) for one in items[start : start + limit]]
    return {
        "size": len(page),
        "start": start,
        "limit": limit,
        "isLastPage": start + limit >= len(items),
        "_links": {"base": root(), "context": ""},
        "values": page,
    }
