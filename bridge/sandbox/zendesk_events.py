"""A save of a ticket as the export of ticket events tells it: an audit in another shape.

Sources: developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports
(comment_events) and what readers of the export expect: one child for each event of the audit, with
the audit's numbers, the field's name as a member, and `event_type`. Unconfirmed: numbers for the ids
of people and groups where audits have texts, `custom_ticket_fields`, how a rating is told, and that
`metadata` is what the audit calls `custom`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bridge.sandbox.wire import Json

_VIA = {
    "web": "Web form",
    "email": "Mail",
    "api": "Web service",
    "rule": "Rule",
    "chat": "Chat",
    "voice": "Voicemail",
}


def ticket_event(audit: Json, *, with_comments: bool) -> Json:
    """An audit as an event of the export; what was said only when asked for."""
    channel = audit["via"]["channel"]
    via = _VIA.get(channel, channel.capitalize())
    return {
        "child_events": [_child(event, audit, via, with_comments) for event in audit["events"]],
        "id": audit["id"],
        "ticket_id": audit["ticket_id"],
        "timestamp": int(datetime.fromisoformat(audit["created_at"]).timestamp()),
        "created_at": audit["created_at"],
        "updater_id": audit["author_id"],
        "via": via,
        "system": audit["metadata"]["system"],
        "metadata": audit["metadata"]["custom"],
        "event_type": "Audit",
    }


def _child(event: Json, audit: Json, via: str, with_comments: bool) -> Json:
    kind = event["type"]
    about: Json = {"id": event["id"], "via": via, "via_reference_id": None}
    if kind == "Comment":
        if with_comments:
            full = {"via": audit["via"], "via_reference_id": None, **event}
            return full | {"created_at": audit["created_at"], "event_type": kind}
        return about | {
            "comment_present": True,
            "comment_public": event["public"],
            "event_type": kind,
        }
    if "field_name" not in event:
        said = {name: value for name, value in event.items() if name not in {"id", "type"}}
        return about | said | {"event_type": kind}
    name, value = event["field_name"], event["value"]
    if name.isdigit():
        about["custom_ticket_fields"] = {name: value}
    else:
        about[name] = _number(name, value)
    if kind == "Change":
        previous = event["previous_value"]
        about["previous_value"] = _number(name, previous)
        if name == "tags":
            about["added_tags"] = [tag for tag in value if tag not in previous]
            about["removed_tags"] = [tag for tag in previous if tag not in value]
    return about | {"event_type": kind}


def _number(name: str, value: Any) -> Any:
    return int(value) if name.endswith("_id") and value is not None else value
