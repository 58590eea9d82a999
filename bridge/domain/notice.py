"""What is told of an alert's change to the programs of others. Pure.

Only what is no person's own: no customer, no words, no name, but where `words` are handed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bridge.domain.alerts import Change, Step
from bridge.domain.model import Alert

TYPES: dict[Change, str] = {
    Change.OPENED: "alert.opened",
    Change.ADDED: "alert.updated",
    Change.UPDATED: "alert.updated",
    Change.NEARED: "alert.updated",
    Change.EASED: "alert.updated",
    Change.REMINDED: "alert.updated",
    Change.RAISED: "alert.raised",
    Change.ACKNOWLEDGED: "alert.acknowledged",
    Change.ASSIGNED: "alert.assigned",
    Change.JOINED: "alert.people_added",
    Change.SNOOZED: "alert.snoozed",
    Change.WOKEN: "alert.woken",
    Change.ATTEMPTED: "alert.contact_attempted",
    Change.CONTACTED: "alert.contacted",
    Change.ENDED: "alert.resolved",
    Change.RESOLVED: "alert.resolved",
    Change.COMPLETED: "alert.report_completed",
    Change.COACHED: "alert.coached",
    Change.CLOSED: "alert.closed",
    Change.REOPENED: "alert.reopened",
    Change.NOTED: "alert.noted",
    Change.USEFUL: "alert.useful",
    Change.USELESS: "alert.not_useful",
    Change.ESCALATED: "alert.escalated",
    Change.NAGGED: "alert.not_taken",
    Change.NEAR: "alert.goal_near",
    Change.MISSED: "alert.goal_missed",
    Change.ASKED: "alert.customer_asked",
    Change.HEARD: "alert.customer_answered",
    Change.CHECKED: "alert.relation_known",
}
"""What each change is called. What is between people alone, or concerns nobody outside, has no name."""

KINDS = tuple(dict.fromkeys(TYPES.values()))
TEST = "endpoint.test"
"""The type of a webhook that somebody sends to see whether it arrives."""


def told(steps: Sequence[Step]) -> list[tuple[str, Step]]:
    """The changes that are told, each kind once, with the last step of it, in their order."""
    found: dict[str, Step] = {}
    for step in steps:
        if kind := TYPES.get(step.change):
            found[kind] = step
    return list(found.items())


def body(kind: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    """A webhook's body as Standard Webhooks has it: type, timestamp, data."""
    return {"type": kind, "timestamp": _moment(at), "data": data}


def data(
    alert: Alert, step: Step, links: dict[str, str], words: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The alert as it is after a step. `words` is what is told of people and by them, where that is wanted."""
    return {
        "alert": {
            "ref": alert.ref,
            "subject": alert.subject,
            "severity": alert.severity.name.lower(),
            "state": alert.state.value,
            "team": alert.team,
            "owned": bool(alert.owner),
            "opened_at": _moment(alert.opened_at),
            "changed_at": _moment(alert.changed_at),
            "acknowledged_at": _moment(alert.acknowledged_at),
            "contacted_at": _moment(alert.contacted_at),
            "resolved_at": _moment(alert.ended_at),
            "closed_at": _moment(alert.closed_at),
            "snoozed_until": _moment(alert.snoozed_until),
            "outcome": alert.outcome.value if alert.outcome else None,
            "cause": alert.cause or None,
            "reopened": alert.reopened,
            "rules": [_rule(reason) for reason in alert.reasons],
            "goals": {
                name: {"due_at": _moment(goal.due_at), "met_at": _moment(goal.met_at)}
                for name, goal in alert.promises.items()
            },
            "links": links,
            **(words or {}),
        },
        "change": {
            "what": step.change.value,
            "at": _moment(step.at),
            "via": step.via or None,
            "goal": step.goal or None,
        },
    }


def _rule(reason: Any) -> dict[str, Any]:
    return {
        "rule": reason.finding.rule,
        "severity": reason.finding.severity.name.lower(),
        "since": _moment(reason.added_at),
        "gone_at": _moment(reason.gone_at),
    }


def _moment(at: datetime | None) -> str | None:
    """In UTC, as RFC 3339 writes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
