"""An alert and what is wrong: opened by a finding, kept current, ended when nothing is wrong any more.

Pure; refuses nonsense. What people and time do to an alert is in `presses` and `timers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.goals import BREACH, NAG
from bridge.domain.model import (
    Alert,
    AlertState,
    Finding,
    Member,
    Reason,
    Rise,
    Severity,
    Ticket,
)


class Change(Enum):
    """What became of an alert. Routes turn it into deliveries; the story keeps it."""

    OPENED = "opened"
    ADDED = "reason added"
    UPDATED = "reason updated"
    NEARED = "nearer to the breach"
    REMINDED = "still not put right"
    RAISED = "severity raised"
    EASED = "reason gone"
    ENDED = "resolved itself"
    # by people
    ACKNOWLEDGED = "acknowledged"
    ATTEMPTED = "tried to reach the customer"
    CONTACTED = "customer contacted"
    RESOLVED = "resolved"
    COMPLETED = "report completed"
    COACHED = "coaching given"
    CLOSED = "closed"
    REOPENED = "reopened"
    SNOOZED = "snoozed"
    ASSIGNED = "assigned"
    JOINED = "people added"
    NOTED = "note"
    SAID = "message"
    USEFUL = "useful"
    USELESS = "not useful"
    REFUSED = "refused"
    OBEYED = "command obeyed"  # a tag that is taken away again
    # by time
    ESCALATED = "escalated"
    NAGGED = "nobody has it yet"
    WOKEN = "snooze over"
    NEAR = "goal near"
    MISSED = "goal missed"
    ASKED = "customer asked"
    DUE_A_LOOK = "looking what became of the customer"
    # by the customer
    HEARD = "customer answered"
    CHECKED = "what became of the customer"


class Step(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change: when, by whom, from where (see `Pressed.via`); with the reason, words, or goal it concerns.

    `was` is the severity before it was raised, `rise` who is told by an escalation, `people` who was assigned or added.
    `reply` is where a refusal is told, or thanks for an answer.
    """

    change: Change
    at: datetime
    finding: Finding | None = None
    who: Member = Member()
    via: str = ""
    words: str = ""
    goal: str = ""
    was: Severity | None = None
    rise: Rise | None = None
    people: tuple[Member, ...] = ()
    reply: str = ""


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
    resolves itself once none of its reasons holds, unless it was opened again: then somebody said that it is not put
    right, and somebody has to say that it is. The new alert has no number, ref, or team yet.
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
        return alert, (Step(change=Change.OPENED, at=now, finding=gravest),)
    if not live.live:
        raise ValueError(f"alert {live.number} is {live.state.value}: only a live one changes")
    in_hand = live.acknowledged_at is not None
    reasons, steps = _update(live.reasons, now_found, now, in_hand=in_hand)
    if not steps:
        return live, ()
    standing = [r.finding.severity for r in reasons if r.gone_at is None]
    alert = replace(live, reasons=reasons, changed_at=now)
    if not standing and (ticket.gone or not alert.reopened):
        ended = replace(
            meet(alert, now, *alert.promises),
            state=AlertState.RESOLVED,
            snoozed_until=None,
            ended_at=now,
            ended=_why(ticket),
            closed_at=now,
        )
        return ended, (*steps, Step(change=Change.ENDED, at=now))
    if max(standing, default=live.severity) > live.severity:
        alert = replace(alert, severity=max(standing))
        gravest = alert.standing[0].finding
        raised = Step(change=Change.RAISED, at=now, finding=gravest, was=live.severity)
        steps = (*steps, raised)
    return alert, steps


def meet(alert: Alert, at: datetime, *names: str) -> Alert:
    """The alert with these of its promises met, as far as they were still open."""
    met = {
        name: replace(promise, met_at=at) if name in names and promise.met_at is None else promise
        for name, promise in alert.promises.items()
    }
    return replace(alert, promises=met)


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
            steps.append(Step(change=Change.EASED, at=now, finding=old))
        elif new is None or (reason.gone_at is None and _nothing_new(old, new, in_hand=in_hand)):
            after.append(reason)
        else:
            after.append(Reason(finding=new, added_at=reason.added_at))
            back = reason.gone_at is not None
            change = Change.ADDED if back else _changed(old, new)
            steps.append(Step(change=change, at=now, finding=new))
    for new in left.values():
        after.append(Reason(finding=new, added_at=now))
        steps.append(Step(change=Change.ADDED, at=now, finding=new))
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
    if in_hand and new.severity <= old.severity and _changed(old, new) is Change.REMINDED:
        return True
    return (old.severity, old.occurrence, old.level) == (new.severity, new.occurrence, new.level)


def _why(ticket: Ticket) -> str:
    if ticket.gone:
        return f"the ticket was {ticket.gone}"
    if not ticket.category.live:
        return f"the ticket is {ticket.category.value}"
    return "nothing is wrong any more"
