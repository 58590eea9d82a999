"""What changes in an issue: reading the body of an edit, checking values, wording the changelog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bridge.sandbox.jira_records import PRIORITIES, Issue, Refused
from bridge.sandbox.jira_shapes import text_of
from bridge.sandbox.wire import Json

_UNKNOWN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."


def edits_of(issue: Issue, body: Json, version: int) -> tuple[Json, list[str]]:
    """The changes that the body of PUT issue asks for, and comments to be added with them.

    A comment added so can be read by the customer: whether Jira heeds its `properties` there is
    unconfirmed, and the stand-in takes the worse case. Raises Refused (400).
    """
    fields: Json = body.get("fields") or {}
    update: Json = body.get("update") or {}
    for name in fields.keys() & update.keys():
        raise Refused.field(name, f"Field '{name}' cannot be in both 'fields' and 'update'.")
    comments = [one.get("add") or {} for one in update.get("comment") or ()]
    changes: Json = {}
    custom: Json = {}
    for name, value in fields.items():
        if name.startswith("customfield_"):
            custom[name] = value
        else:
            changes |= _set(name, value, version)
    for name, operations in update.items():
        if name == "labels":
            changes["labels"] = _labels(issue.labels, operations)
        elif name != "comment":
            for operation in operations:
                changes |= _set(name, operation.get("set"), version)
    if custom:
        changes["custom"] = issue.custom | custom
    return changes, [_text(one.get("body"), version) for one in comments]


def _set(name: str, value: Any, version: int) -> Json:
    if name == "labels":
        return {"labels": value or []}
    if name == "summary":
        return {"summary": value}
    if name == "description":
        return {"description": _text(value, version)}
    if name == "priority":
        given = value if isinstance(value, dict) else {}
        by_id = {number: priority for priority, number in PRIORITIES.items()}
        return {"priority": given.get("name") or by_id.get(str(given.get("id"))) or str(value)}
    if name == "assignee":
        given = value if isinstance(value, dict) else {}
        return {"assignee": given.get("accountId") or given.get("id")}
    raise Refused.field(name, _UNKNOWN.format(name))


def _labels(labels: tuple[str, ...], operations: list[Json]) -> list[str]:
    """Labels after these operations; adding what is there and removing what is not are no errors."""
    changed = list(labels)
    for operation in operations:
        for verb, value in operation.items():
            if verb == "set":
                changed = list(value)
            elif verb == "add":
                changed.append(value)
            elif verb == "remove":
                changed = [one for one in changed if one != value]
            else:
                raise Refused.field("labels", f"'{verb}' is not an operation on labels.")
    return changed


def _text(value: Any, version: int) -> str:
    """Rich text as words. Version 3 takes documents only, version 2 strings only."""
    if value is None:
        return ""
    if not isinstance(value, dict if version == 3 else str):
        raise Refused.field("description", "Operation value must be an Atlassian Document.")
    return text_of(value) if version == 3 else str(value)


def checked(changes: Mapping[str, Any], users: Mapping[str, Any]) -> Json:
    """The changes in the form that an issue keeps. Raises Refused (400) for what Jira refuses."""
    wanted = dict(changes)
    if "labels" in wanted:
        for label in wanted["labels"]:
            if not isinstance(label, str) or not label or any(one.isspace() for one in label):
                why = f"The label '{label}' contains spaces which is invalid."
                raise Refused.field("labels", why)
        wanted["labels"] = tuple(sorted(set(wanted["labels"])))
    if "priority" in wanted and wanted["priority"] not in PRIORITIES:
        raise Refused.field("priority", f"Priority name '{wanted['priority']}' is not valid")
    if wanted.get("assignee") is not None and wanted["assignee"] not in users:
        raise Refused.field("assignee", f"User '{wanted['assignee']}' does not exist.")
    if "summary" in wanted and not str(wanted["summary"] or "").strip():
        raise Refused.field("summary", "You must specify a summary of the issue.")
    return wanted


def item(name: str, old: Any, new: Any, user_name: Callable[[str], str]) -> Json:
    """One changed field as the changelog has it: ids in `from` and `to`, names beside them."""
    describe: dict[str, Callable[[Any], tuple[str | None, str | None]]] = {
        "status": lambda status: (status.id, status.name),
        "project": lambda project: (project.id, project.name),
        "resolution": lambda value: (value and value["id"], value and value["name"]),
        "priority": lambda priority: (PRIORITIES[priority], priority),
        "assignee": lambda user: (user, user and user_name(user)),
        "labels": lambda labels: (None, " ".join(labels)),
    }
    tell = describe.get(name, lambda value: (None, None if value is None else str(value)))
    (start, start_name), (end, end_name) = tell(old), tell(new)
    return {
        "field": "Key" if name == "key" else name,
        "fieldtype": "jira",
        "fieldId": "issuekey" if name == "key" else name,
        "from": start,
        "fromString": start_name,
        "to": end,
        "toString": end_name,
    }
