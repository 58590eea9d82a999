"""The changelogs of many issues at once, as the Jira stand-in gives them.

Source: developer.atlassian.com/cloud/jira/platform/rest/v3, POST changelog/bulkfetch: all changes of all issues in the
order of time, cut into pages, and each page sorted into its issues.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import g

from bridge.sandbox.jira import Jira
from bridge.sandbox.jira_gate import body_of
from bridge.sandbox.jira_pages import offset, token
from bridge.sandbox.jira_records import History, Issue, Refused
from bridge.sandbox.jira_shapes import Shapes, millis
from bridge.sandbox.wire import Json

_MOST_ISSUES = 1000
_MOST_FIELDS = 10
_MOST_CHANGES = 10_000


def bulk(jira: Jira, shapes: Shapes) -> Callable[[], Json]:
    """The view for one version of the API. Issues that the caller may not see are left out."""

    def view() -> Json:
        if not jira.bulk_changelogs:
            raise Refused.because(404, "No such resource.")
        asked = body_of()
        names = [str(one) for one in asked.get("issueIdsOrKeys") or ()]
        fields = {str(one) for one in asked.get("fieldIds") or ()}
        if not 0 < len(names) <= _MOST_ISSUES or len(fields) > _MOST_FIELDS:
            raise Refused.because(400, "Between 1 and 1000 issues, and up to 10 fields.")
        size = int(asked.get("maxResults") or 1000)
        if not 0 < size <= _MOST_CHANGES:
            raise Refused.because(400, "maxResults must be between 1 and 10000.")
        found = _changes(jira, names, fields)
        start = offset("log", asked.get("nextPageToken"))
        over = start + size >= len(found)
        return {
            "issueChangeLogs": _sorted_into_issues(found[start : start + size], shapes),
            "nextPageToken": None if over else token("log", start + size),
        }

    return view


def _changes(jira: Jira, names: list[str], fields: set[str]) -> list[tuple[Issue, History]]:
    ids = dict.fromkeys(jira.issue_ids.get(name.upper(), "") for name in names)
    if "BROWSE_PROJECTS" not in g.permissions:
        return []
    found = [
        (jira.issues[one], history)
        for one in ids
        if one and not jira.issues[one].deleted
        for history in jira.issues[one].changelog
        if not fields or fields & {item["fieldId"] for item in history.items}
    ]
    return sorted(found, key=lambda pair: (pair[1].created, int(pair[0].id), int(pair[1].id)))


def _sorted_into_issues(changes: list[tuple[Issue, History]], shapes: Shapes) -> list[Json]:
    """The document shows times as whole numbers; that they are milliseconds is unconfirmed."""
    logs: dict[str, list[Json]] = {}
    for issue, history in changes:
        shown = shapes.history(history) | {"created": millis(history.created)}
        logs.setdefault(issue.id, []).append(shown)
    return [{"issueId": issue, "changeHistories": histories} for issue, histories in logs.items()]
