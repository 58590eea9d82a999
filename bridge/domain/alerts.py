"""The life of an alert: opened by a finding, kept current, ended. Pure; refuses nonsense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.goals import BREACH, NAG
from bridge.domain.model import Alert, AlertState, Finding, Pressed, Reason, Severity, Ticket


class Change(Enum):
    """What became of an alert. Routes turn it into deliveries; the story keeps it."""

    OPENED = "opened"
    ADDED = "reason added"
    UPDATED = "reason updated"
    NEARED = "nearer to the breach"
    REMINDED = "still not put right"
    RAISED = "severity raised"
    ACKNOWLEDGED = "acknowledged"
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
    in_hand = live.acknowledged_at is not None
    reasons, steps = _update(live.reasons, now_found, now, in_hand=in_hand)
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


def acknowledge(live: Alert | None, pressed: Pressed) -> tuple[Alert | None, tuple[Step, ...]]:
    """The alert as somebody's who has it in hand; the same one and no step if it is over, or somebody's already."""
    if live is None or live.ref != pressed.alert or live.acknowledged_at is not None:
        return live, ()
    taken = replace(
        live,
        acknowledged_at=pressed.at,
        acknowledged_by=pressed.who,
        changed_at=max(pressed.at, live.changed_at),
    )
    return taken, (Step(Change.ACKNOWLEDGED),)


def _update(
    reasons: tuple[Reason, ...],
    found: Mapping[tuple[str, str], Finding],
    now: datetime,
    *,
    in_hand: bool,
) -> tuple[tuple[Reason, ...], tuple[Step, ...]]:
    after: list[Reason] = []
    steps: list[Step] = []
    left = dict(found)
    for reason in reasons:
        old, new = reason.finding, left.pop(reason.finding.key, None)
        if new is None and reason.gone_at is None:
            after.append(replace(reason, gone_at=now))
            steps.append(Step(Change.EASED, old))
        elif new is None or (reason.gone_at is None and _nothing_new(old, new, in_hand=in_hand)):
            after.append(reason)
        else:
            after.append(Reason(finding=new, added_at=reason.added_at))
            back = reason.gone_at is not None
            steps.append(Step(Change.ADDED if back else _changed(old, new), new))
    for new in left.values():
        after.append(Reason(finding=new, added_at=now))
        steps.append(Step(Change.ADDED, new))
    return tuple(after), tuple(steps)


def _changed(old: Finding, new: Finding) -> Change:
    """What a change of a finding that stood already is: a clock's next stage is news, the rest is kept current."""
    if new.since != old.since or new.stage == old.stage:
        return Change.UPDATED
    if new.stage.startswith(NAG):
        return Change.REMINDED
    forward = (new.stage == BREACH or new.stage > old.stage) and old.stage != BREACH
    return Change.NEARED if forward and not old.stage.startswith(NAG) else Change.UPDATED


def _nothing_new(old: Finding, new: Finding, *, in_hand: bool) -> bool:
    """Nothing worth telling lies between them: the passing of time is not, nor a reminder of what is in hand."""
    if in_hand and _changed(old, new) is Change.REMINDED:
        return True
    return (old.severity, old.occurrence, old.level) == (new.severity, new.occurrence, new.level)


def _why(ticket: Ticket) -> str:
    if ticket.gone:
        return f"the ticket was {ticket.gone}"
    if not ticket.category.live:
        return f"the ticket is {ticket.category.value}"
    return "nothing is wrong any more"
