"""How a Jira site's records look in answers and webhooks, and its document format for rich text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from bridge.sandbox.jira_records import (
    FIELDS,
    ORGANIZATIONS,
    PRIORITIES,
    REQUEST_TYPE,
    RESOLUTION,
    SATISFACTION,
    SLA_FIELDS,
    Comment,
    Cycle,
    History,
    Issue,
    Project,
    Sla,
    Status,
    User,
    Webhook,
)
from bridge.sandbox.wire import Json

if TYPE_CHECKING:
    from bridge.sandbox.jira import Jira

_CATEGORIES: dict[str, Json] = {
    "new": {"id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"},
    "indeterminate": {
        "id": 4,
        "key": "indeterminate",
        "colorName": "yellow",
        "name": "In Progress",
    },
    "done": {"id": 3, "key": "done", "colorName": "green", "name": "Done"},
}
_FEW = ("summary", "issuetype", "project", "assignee", "priority", "status")
"""All that a comment's webhook tells of its issue."""


class Shapes:
    """How records look. `version` is that of the REST API: 3 has documents where 2 has strings.

    `base` says what the links in them begin with: the address that the site believes to have, unless
    the caller reaches it by another one.
    """

    def __init__(self, jira: Jira, version: int = 2, base: Callable[[], str] | None = None) -> None:
        self._jira = jira
        self._version = version
        self._base = base or (lambda: jira.host)

    def link(self, path: str) -> str:
        """An address under this version of the API."""
        return f"{self._base()}/rest/api/{self._version}/{path}"

    def words(self, text: str) -> Any:
        """Rich text as this version has it."""
        return document(text) if self._version == 3 else text

    def user(self, user: User | None, *, email: bool = False) -> Json | None:
        """A person; the e-mail address is withheld unless asked for."""
        if user is None:
            return None
        shown: Json = {
            "self": self.link(f"user?accountId={quote(user.account_id, safe='')}"),
            "accountId": user.account_id,
            "avatarUrls": self._avatars("avatar"),
            "displayName": user.name,
            "active": True,
            "timeZone": user.zone,
            "accountType": user.account_type,
        }
        return shown | {"emailAddress": user.email} if email else shown

    def person(self, account_id: str | None, *, email: bool = False) -> Json | None:
        """The same, by account id."""
        return self.user(self._jira.users.get(account_id or ""), email=email)

    def _avatars(self, what: str) -> Json:
        return {f"{n}x{n}": f"{self._base()}/{what}/{n}.png" for n in (48, 24, 16, 32)}

    def project(self, project: Project) -> Json:
        """A project, as in an issue and in lists."""
        return {
            "self": self.link(f"project/{project.id}"),
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "service_desk" if project.is_desk else "software",
            "simplified": False,
            "avatarUrls": self._avatars("project"),
        }

    def status(self, status: Status) -> Json:
        """A status with its category."""
        category = _CATEGORIES[status.category]
        return {
            "self": self.link(f"status/{status.id}"),
            "description": "",
            "iconUrl": f"{self._base()}/",
            "name": status.name,
            "id": status.id,
            "statusCategory": {"self": self.link(f"statuscategory/{category['id']}"), **category},
        }

    def issue(
        self, issue: Issue, fields: Iterable[str] = ("*all",), *, email: bool = False
    ) -> Json:
        """An issue with some of its fields, named as the API's `fields` parameter names them."""
        return {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog",
            "id": issue.id,
            "self": self.link(f"issue/{issue.id}"),
            "key": issue.key,
            "fields": chosen(self.fields(issue, email=email), fields),
        }

    def issue_of_comment(self, issue: Issue) -> Json:
        """What a comment's webhook tells of its issue: no labels, no reporter, no custom fields."""
        shown = self.issue(issue, _FEW)
        del shown["expand"]
        return shown

    def fields(self, issue: Issue, *, email: bool = False) -> Json:
        """All fields of an issue."""
        done = issue.resolved is not None
        return {
            "issuetype": {
                "self": self.link("issuetype/10001"),
                "id": "10001",
                "description": "",
                "iconUrl": f"{self._base()}/issuetype.png",
                "name": "[System] Service request" if issue.is_request else "Task",
                "subtask": False,
                "avatarId": 10315,
            },
            "project": self.project(issue.project),
            "summary": issue.summary,
            "description": self.words(issue.description),
            "status": self.status(issue.status),
            "statuscategorychangedate": self.stamp(issue.status_changed),
            "priority": {
                "self": self.link(f"priority/{PRIORITIES[issue.priority]}"),
                "iconUrl": f"{self._base()}/images/icons/priorities/{issue.priority.lower()}.svg",
                "name": issue.priority,
                "id": PRIORITIES[issue.priority],
            },
            "resolution": {"self": self.link("resolution/10000"), **RESOLUTION} if done else None,
            "resolutiondate": self.stamp(issue.resolved) if issue.resolved else None,
            "labels": list(issue.labels),
            "assignee": self.person(issue.assignee, email=email),
            "reporter": self.person(issue.reporter, email=email),
            "creator": self.person(issue.creator, email=email),
            "created": self.stamp(issue.created),
            "updated": self.stamp(issue.updated),
            "components": [],
            "fixVersions": [],
            "attachment": [],
            "issuelinks": [],
            "subtasks": [],
            "duedate": None,
            "environment": None,
            "security": None,
            "watches": {"watchCount": 1, "isWatching": False},
            **self._custom_fields(issue),
        }

    def _custom_fields(self, issue: Issue) -> Json:
        request = {"requestType": {"id": "12", "name": issue.request_type}}
        organization = [{"id": "1", "name": issue.organization}] if issue.organization else []
        shown: Json = dict.fromkeys(FIELDS)
        shown[REQUEST_TYPE] = request if issue.is_request else None
        shown[ORGANIZATIONS] = organization
        shown[SATISFACTION] = {"rating": issue.feedback.rating} if issue.feedback else None
        slas = issue.slas if self._jira.shows_slas else ()
        return shown | {SLA_FIELDS[sla.name]: self.sla(sla) for sla in slas} | issue.custom

    def comments_within(self, issue: Issue) -> Json:
        """The comments that an issue shows by itself: not all of them, and how many there are."""
        some = issue.comments[-self._jira.embedded :]
        shown = [self.comment(issue, one) for one in some]
        for one in () if self._jira.embeds_public else shown:
            del one["jsdPublic"]
        total, most = len(issue.comments), self._jira.embedded
        return {"comments": shown, "maxResults": most, "total": total, "startAt": 0}

    def comment(self, issue: Issue, comment: Comment) -> Json:
        """A comment of the platform API and of webhooks."""
        author = self.person(comment.author)
        return {
            "self": self.link(f"issue/{issue.id}/comment/{comment.id}"),
            "id": comment.id,
            "author": author,
            "body": self.words(comment.text),
            "updateAuthor": author,
            "created": self.stamp(comment.created),
            "updated": self.stamp(comment.created),
            "jsdPublic": comment.public,
        }

    def history(self, history: History) -> Json:
        """An entry of the changelog."""
        return {
            "id": history.id,
            "author": self.person(history.author),
            "created": self.stamp(history.created),
            "items": list(history.items),
        }

    def webhook(self, webhook: Webhook) -> Json:
        """An admin webhook; the secret is never told."""
        user = webhook.created_by
        return {
            "name": webhook.name,
            "url": webhook.url,
            "excludeBody": False,
            "filters": {"issue-related-events-section": webhook.jql} if webhook.jql else {},
            "events": list(webhook.events),
            "enabled": True,
            "self": f"{self._base()}/rest/webhooks/1.0/webhook/{webhook.id}",
            "lastUpdatedUser": user.account_id if user else None,
            "lastUpdatedDisplayName": user.name if user else None,
            "lastUpdated": millis(webhook.created),
            "isSigned": webhook.secret is not None,
        }

    # -- the service desk API --

    def desk_comment(self, issue: Issue, comment: Comment) -> Json:
        """A comment of the service desk API."""
        path = f"/rest/servicedeskapi/request/{issue.id}/comment/{comment.id}"
        return {
            "id": comment.id,
            "body": comment.text,
            "public": comment.public,
            "author": self.person(comment.author),
            "created": self.date(comment.created),
            "_links": {"self": f"{self._base()}{path}"},
        }

    def sla(self, sla: Sla) -> Json:
        """An SLA with its completed cycles and the one that runs, which may be none.

        Source: developer.atlassian.com/cloud/jira/service-desk/rest (request, SLA information)
        """
        done = [self._cycle(one, sla.goal) for one in sla.cycles if one.stop is not None]
        shown: Json = {"id": sla.id, "name": sla.name, "completedCycles": done}
        if sla.running is not None:
            paused = sla.running.paused_since is not None
            more = {"paused": paused, "withinCalendarHours": True}
            shown["ongoingCycle"] = self._cycle(sla.running, sla.goal) | more
        return shown

    def _cycle(self, cycle: Cycle, goal: timedelta) -> Json:
        now = self._jira.now()
        elapsed = cycle.elapsed(now)
        shown: Json = {"startTime": self.date(cycle.start)}
        if cycle.stop is not None:
            shown["stopTime"] = self.date(cycle.stop)
        if cycle.paused_since is None:
            shown["breachTime"] = self.date(cycle.start + cycle.paused + goal)
        return shown | {
            "breached": elapsed > goal,
            "goalDuration": _duration(goal),
            "elapsedTime": _duration(elapsed),
            "remainingTime": _duration(goal - elapsed),
        }

    def date(self, at: datetime) -> Json:
        """A time as the service desk API tells it."""
        local = at.astimezone(ZoneInfo(self._jira.zone))
        return {
            "iso8601": f"{local:%Y-%m-%dT%H:%M:%S%z}",
            "jira": self.stamp(at),
            "friendly": f"{local:%d/%b/%y} {local:%I:%M %p}".replace(" 0", " "),
            "epochMillis": millis(at),
        }

    def stamp(self, at: datetime) -> str:
        """A time as the platform API tells it: milliseconds, and an offset without a colon."""
        local = at.astimezone(ZoneInfo(self._jira.zone))
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"


def automation_format(issue: Any) -> Any:
    """An issue as automation rules send it: the same, but ids are numbers.

    Source: support.atlassian.com/cloud-automation (web request, "issue data, automation format")
    """
    if isinstance(issue, dict):
        return {
            key: int(value)
            if key == "id" and isinstance(value, str) and value.isdigit()
            else automation_format(value)
            for key, value in issue.items()
        }
    return [automation_format(one) for one in issue] if isinstance(issue, list) else issue


def chosen(fields: Json, wanted: Iterable[str]) -> Json:
    """The fields that are asked for; `*all` and `*navigable` are all, `-name` leaves one out."""
    names = [name.strip() for name in wanted if name.strip()]
    left_out = {name[1:] for name in names if name.startswith("-")}
    everything = {"*all", "*navigable"} & set(names) or len(left_out) == len(names)
    return {
        name: value
        for name, value in fields.items()
        if name not in left_out and (everything or name in names)
    }


def document(text: str) -> Json:
    """Plain text in the Atlassian Document Format: one paragraph for each line."""
    return {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []}
            for line in text.split("\n")
        ],
    }


def text_of(node: Any) -> str:
    """The words of a document, one line for each block."""
    if not isinstance(node, dict):
        return ""
    if node.get("type") == "hardBreak":
        return "\n"
    if node.get("type") in {"text", "mention", "emoji", "inlineCard"}:
        attributes = node.get("attrs") or {}
        return str(node.get("text") or attributes.get("text") or attributes.get("url") or "")
    inside = [text_of(one) for one in node.get("content") or ()]
    return ("" if node.get("type") in {"paragraph", "heading", "codeBlock"} else "\n").join(inside)


def millis(at: datetime) -> int:
    """Milliseconds since 1970, cut off as in every time that Jira writes."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _duration(span: timedelta) -> Json:
    whole = span // timedelta(milliseconds=1)
    hours, minutes = divmod(abs(whole) // 60_000, 60)
    sign = "-" if whole < 0 else ""
    return {"millis": whole, "friendly": f"{sign}{hours}h {minutes}m"}
