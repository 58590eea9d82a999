"""What a Jira site tells the world: signed admin webhooks, and web requests of automation rules."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bridge.sandbox.courier import Attempt, Shipment
from bridge.sandbox.jira_jql import parse
from bridge.sandbox.jira_records import Comment, History, Issue, Rule, Webhook
from bridge.sandbox.jira_shapes import Shapes, automation_format, millis
from bridge.sandbox.wire import Ids, Json

if TYPE_CHECKING:
    from bridge.sandbox.jira import Jira

_SPACING = timedelta(minutes=5)  # between attempts; the vendor says only: up to 30 minutes late
_TEMPORARY = {408, 409, 425, 429}


class Herald:
    """Announces what happened to an issue; to be called with the site's lock held.

    Bodies have the shape of version 2 of the API: descriptions and comments are strings.
    """

    def __init__(self, jira: Jira, ids: Ids) -> None:
        self._jira = jira
        self._ids = ids
        self._shapes = Shapes(jira)

    def issue(
        self, event: str, kind: str | None, issue: Issue, who: str, history: History | None = None
    ) -> None:
        """An issue was created, updated or deleted; only an update tells of a changelog."""
        body: Json = {"timestamp": millis(self._jira.now()), "webhookEvent": event}
        if kind:
            body["issue_event_type_name"] = kind
        body |= {"user": self._shapes.person(who), "issue": self._shapes.issue(issue)}
        del body["issue"]["expand"]
        if history:
            body["changelog"] = {"id": history.id, "items": list(history.items)}
        self._tell(event, issue, body)

    def comment(self, issue: Issue, comment: Comment) -> None:
        """A comment was written: there is no user beside its author, and little of the issue."""
        body = {
            "timestamp": millis(self._jira.now()),
            "webhookEvent": "comment_created",
            "comment": self._shapes.comment(issue, comment),
            "issue": self._shapes.issue_of_comment(issue),
        }
        self._tell("comment_created", issue, body)

    def automate(self, happenings: set[str], issue: Issue) -> None:
        """Run the automation rules that hear one of these happenings."""
        for rule in self._jira.rules:
            heard = sorted(happenings & rule.happenings)
            if heard:
                self._request(rule, issue, heard)

    def _tell(self, event: str, issue: Issue, body: Json) -> None:
        for webhook in list(self._jira.webhooks.values()):
            if event in webhook.events and parse(webhook.jql, self._jira.asking()).matches(issue):
                self._deliver(webhook, event, issue, _encoded(body))

    def _deliver(self, webhook: Webhook, event: str, issue: Issue, body: bytes) -> None:
        identifier = self._ids.uuid()
        numbers = itertools.count()

        def headers(content: bytes, _at: datetime) -> Mapping[str, str]:
            told = {
                "User-Agent": "Atlassian HTTP Client",
                "Content-Type": "application/json; charset=UTF-8",
                "X-Atlassian-Webhook-Identifier": identifier,
                "X-Atlassian-Webhook-Flow": "Primary",
            }
            retries = next(numbers)
            if retries:
                told["X-Atlassian-Webhook-Retry"] = str(retries)
            signature = webhook.sign(content)
            return told | ({"X-Hub-Signature": signature} if signature else {})

        self._jira.courier.send(
            Shipment(
                vendor=self._jira.name,
                lane=f"{self._jira.name}:{webhook.id}:{issue.id}",
                key=identifier,
                url=webhook.url,
                body=body,
                sign=headers,
                retry=next_attempt,
                label=f"{event.removeprefix('jira:')} {issue.key}",
            )
        )

    def _request(self, rule: Rule, issue: Issue, heard: list[str]) -> None:
        shown = automation_format(self._shapes.issue(issue))
        histories = {"startAt": 0, "maxResults": 0, "total": 0, "histories": None}
        body = {name: shown[name] for name in ("self", "id", "key")}
        body |= {"changelog": histories, "fields": shown["fields"]}
        headers = {"Content-Type": "application/json", rule.header: rule.secret}
        self._jira.courier.send(
            Shipment(
                vendor=self._jira.name,
                lane=f"{self._jira.name}:{rule.id}:{issue.id}",
                key=self._ids.uuid(),
                url=rule.url,
                body=_encoded(body),
                sign=lambda _content, _at: headers,
                retry=never,
                label=f"rule, {' and '.join(heard)} {issue.key}",
            )
        )


def next_attempt(attempt: Attempt) -> timedelta | None:
    """Jira's rule for webhooks that were not taken: up to five more attempts.

    408, 409, 425, 429, 5xx and no answer at all are tried again; any other answer loses the webhook.
    Source: developer.atlassian.com/cloud/jira/platform/webhooks (retry policy)
    """
    status = attempt.status
    passing = status is None or status in _TEMPORARY or status >= 500
    return _SPACING if passing and attempt.number <= 5 else None


def never(_attempt: Attempt) -> timedelta | None:
    """Automation's rule: a web request is made once.

    Source: developer.atlassian.com/cloud/jira/platform/jira-service-desk-webhooks
    """
    return None


def _encoded(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
