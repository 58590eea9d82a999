"""The life of an alert: opened by a finding, kept current, ended. Pure; refuses nonsense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.model import Alert, AlertState, Finding, Reason, Severity, Ticket


class Change(Enum):
    """What became of an alert. Routes turn it into deliveries; the story keeps it."""

    OPENED = "opened"
    ADDED = "reason added"
    UPDATED = "reason updated"
    RAISED = "severity raised"
    EASED = "reason gone"
    ENDED = "resolved itself"


class Step(Struct, frozen=True):
    """One change, with the reason it concerns."""

    change: Change
    finding: Finding | None = None


Told = Mapping[str, Severity]
"""What was told about a subject in all its alerts: `token(finding)` to the gravest severity told."""


def token(finding: Finding) -> str:
    """What makes a finding the same as one told before."""
    return f"{finding.rule}|{finding.about}|{finding.occurrence}"


def fresh(finding: Finding, told: Told) -> bool:
    """Whether a finding is worth opening an alert: never told, or graver now."""
    return finding.severity > told.get(token(finding), 0)


def retell(told: Told, findings: Iterable[Finding]) -> dict[str, Severity]:
    """`told` with these findings."""
    after = dict(told)
    for finding in findings:
        key = token(finding)
        after[key] = max(finding.severity, after.get(key, finding.severity))
    return after


def reconcile(
    live: Alert | None, ticket: Ticket, findings: Iterable[Finding], told: Told, now: datetime
) -> tuple[Alert | None, tuple[Step, ...]]:
    """Bring a subject's live alert in line with what is wrong now: the alert after, and what changed.

    Without a live alert, one opens if a finding is fresh; it then carries all findings. An alert
    resolves itself once none of its reasons holds. The new alert has no number, ref, or team yet.
    Nothing new gives the same alert and no step. Raises `ValueError` for an alert that has ended.
    """
    now_found = {f.key: f for f in findings}
    if live is None:
        if not any(fresh(f, told) for f in now_found.values()):
            return None, ()
        reasons = tuple(Reason(finding=f, added_at=now) for f in now_found.values())
        gravest = max(reasons, key=lambda r: r.finding.severity).finding
        alert = Alert(
            subject=ticket.id,
            ref="",
            severity=gravest.severity,
            opened_at=now,
            changed_at=now,
            reasons=reasons,
        )
        return alert, (Step(Change.OPENED, gravest),)
    if live.state is not AlertState.OPEN:
        raise ValueError(f"alert {live.number} is {live.state.value}: only a live one changes")
    reasons, steps = _update(live.reasons, now_found, now)
    if not steps:
        return live, ()
    standing = [r.finding.severity for r in reasons if r.gone_at is None]
    alert = replace(live, reasons=reasons, changed_at=now)
    if not standing:
        ended = replace(alert, state=AlertState.RESOLVED, ended_at=now, ended=_why(ticket))
        return ended, (*steps, Step(Change.ENDED))
    if max(standing) > live.severity:
        alert = replace(alert, severity=max(standing))
        steps = (*steps, Step(Change.RAISED, alert.standing[0].finding))
    return alert, steps


def _update(
    reasons: tuple[Reason, ...], found: Mapping[tuple[str, str], Finding], now: datetime
) -> tuple[tuple[Reason, ...], tuple[Step, ...]]:
    after: list[Reason] = []
    steps: list[Step] = []
    left = dict(found)
    for reason in reasons:
        old, new = reason.finding, left.pop(reason.finding.key, None)
        if new is None and reason.gone_at is None:
            after.append(replace(reason, gone_at=now))
            steps.append(Step(Change.EASED, old))
        elif new is None or (reason.gone_at is None and _same(old, new)):
            after.append(reason)
        else:
            after.append(Reason(finding=new, added_at=reason.added_at))
            back = reason.gone_at is not None
            steps.append(Step(Change.ADDED if back else Change.UPDATED, new))
    for new in left.values():
        after.append(Reason(finding=new, added_at=now))
        steps.append(Step(Change.ADDED, new))
    return tuple(after), tuple(steps)


def _same(old: Finding, new: Finding) -> bool:
    """Nothing worth telling lies between them: the passing of time alone is not."""
    return (old.severity, old.occurrence, old.level) == (new.severity, new.occurrence, new.level)


def _why(ticket: Ticket) -> str:
    if ticket.gone:
        return f"the ticket was {ticket.gone}"
    if not ticket.category.live:
        return f"the ticket is {ticket.category.value}"
    return "nothing is wrong any more"
