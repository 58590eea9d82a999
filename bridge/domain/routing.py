"""Plan deliveries: who is told what, now, and why. Pure decisions; each names its reason."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from bridge.domain.alerts import Change, Step
from bridge.domain.model import Action, Alert, Category, Delivery, Severity, Team, Ticket

SLACK = "slack"
TICKET = "ticket"
MEDIUMS = (SLACK, TICKET)

Routes = Mapping[Severity, tuple[str, ...]]
"""The mediums by severity: any of "slack" and "ticket"."""

DEFAULT_ROUTES: Routes = {
    Severity.INFO: (TICKET,),
    Severity.WARNING: (TICKET, SLACK),
    Severity.HIGH: (TICKET, SLACK),
    Severity.CRITICAL: (TICKET, SLACK),
}


class Plan(Struct, frozen=True):
    """What deciding needs to know besides the alert.

    `desk` is the desk that the subject is a ticket of, "" for none. `posted`: the mediums that carry a
    message of this alert already (or are about to).
    """

    team: Team
    routes: Routes
    desk: str
    posted: frozenset[str] = frozenset()


def plan(
    alert: Alert, ticket: Ticket, steps: tuple[Step, ...], facts: Plan
) -> tuple[Delivery, ...]:
    """The deliveries for what became of the alert, in the order they are to be sent."""
    if not steps:
        return ()
    return (*_on_ticket(alert, ticket, steps, facts), *_in_slack(alert, steps, facts))


def tag(rule: str) -> str:
    """The tag on a ticket for a rule's finding. Contains no space, so that it is a Jira label too."""
    return f"alert_{rule}"


def _goes_to(medium: str, alert: Alert, facts: Plan) -> bool:
    """By its severity, or because it is there already: what was told is kept current to the end."""
    return medium in facts.posted or medium in facts.routes.get(alert.severity, ())


def _on_ticket(
    alert: Alert, ticket: Ticket, steps: tuple[Step, ...], facts: Plan
) -> tuple[Delivery, ...]:
    if not facts.desk or not _goes_to(TICKET, alert, facts):
        return ()
    held = ""
    if ticket.gone:
        held = f"the ticket was {ticket.gone}"
    elif ticket.category is Category.CLOSED:
        held = "the ticket is closed and cannot be written to"

    def deliver(action: Action, why: str, tags: tuple[str, ...] = ()) -> Delivery:
        return Delivery(
            channel=facts.desk, action=action, to=ticket.key, why=why, held=held, tags=tags
        )

    changes = {step.change for step in steps}
    standing = tuple(sorted({tag(r.finding.rule) for r in alert.standing}))
    if Change.ENDED in changes:
        used = tuple(sorted({tag(r.finding.rule) for r in alert.reasons}))
        return (deliver(Action.UNTAG, "it has ended", used),) if TICKET in facts.posted else ()
    if TICKET not in facts.posted:
        return (
            deliver(Action.TAG, "a new alert", standing),
            deliver(Action.NOTE, "a new alert"),
        )
    added = tuple(
        sorted({tag(s.finding.rule) for s in steps if s.finding and s.change is Change.ADDED})
    )
    return (deliver(Action.TAG, "a further reason", added),) if added else ()


def _in_slack(alert: Alert, steps: tuple[Step, ...], facts: Plan) -> tuple[Delivery, ...]:
    if not _goes_to(SLACK, alert, facts):
        return ()
    to = facts.team.slack_channel
    held = "" if to else f"team {facts.team.name!r} has no Slack channel"

    def deliver(action: Action, why: str, text: str = "") -> Delivery:
        return Delivery(channel=SLACK, action=action, to=to, why=why, held=held, text=text)

    changes = {step.change for step in steps}
    if SLACK not in facts.posted:
        if Change.ENDED in changes:
            return ()
        return (deliver(Action.POST, "a new alert"),)
    told = [deliver(Action.EDIT, "kept current")]
    if Change.ENDED in changes:
        told.append(deliver(Action.REPLY, "it has ended", f"Resolved itself: {alert.ended}."))
    if Change.ACKNOWLEDGED in changes:
        words = f"Acknowledged by {alert.acknowledged_by}: no more reminders."
        told.append(deliver(Action.REPLY, "somebody has it in hand", words))
    raised = Change.RAISED in changes
    for step in steps:
        if step.finding is None:
            continue
        if step.change is Change.RAISED:
            words = f"Now {alert.severity.name.lower()}: {step.finding.headline}"
            told.append(deliver(Action.BROADCAST, "the severity was raised", words))
        elif step.change is Change.REMINDED:
            words = f"Still open: {step.finding.headline}"
            told.append(deliver(Action.BROADCAST, "a reminder", words))
        elif step.change is Change.ADDED and not raised:
            words = f"A further reason: {step.finding.headline}"
            told.append(deliver(Action.REPLY, "a further reason", words))
        elif step.change is Change.NEARED and not raised:
            told.append(deliver(Action.REPLY, "nearer to the breach", step.finding.headline))
    return tuple(told)
