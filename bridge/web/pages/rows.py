"""A row of the inbox: what one has to know of an alert to decide whether to open it."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from bridge.domain.model import Alert, AlertState, Severity
from bridge.domain.presses import finished
from bridge.domain.redaction import Redaction
from bridge.store.cases import Case
from bridge.web.pages.wording import GOALS


class Row(Struct, frozen=True, kw_only=True):
    """An alert in the list. `goal` is what is to be done next by `due_at`, `late` how long it has been due."""

    ref: str
    severity: Severity
    state: AlertState
    headline: str
    more: int  # further reasons that stand
    ticket: str
    title: str
    customer: str
    team: str
    owner: str
    goal: str
    due_at: datetime | None
    late: timedelta | None
    opened_at: datetime
    snoozed_until: datetime | None


def row(case: Case, alert: Alert, now: datetime, hide: Redaction) -> Row:
    """The case as it stands; `alert` is its alert as it will be in a moment."""
    customer = hide.contact(case.customer)
    reasons = alert.standing or alert.reasons
    goal, due_at = next_goal(alert)
    desk, _, key = alert.subject.partition(":")
    return Row(
        ref=alert.ref,
        severity=alert.severity,
        state=alert.state,
        headline=reasons[0].finding.headline,
        more=max(0, len(alert.standing) - 1),
        ticket="" if desk == "answer" else case.name or key,
        title=hide.text(case.title),
        customer=customer.name or customer.email,
        team=alert.team,
        owner=str(alert.owner),
        goal=str(GOALS.get(goal, goal)),
        due_at=due_at,
        late=now - due_at if due_at and due_at <= now else None,
        opened_at=alert.opened_at,
        snoozed_until=alert.snoozed_until if alert.live else None,
    )


def next_goal(alert: Alert) -> tuple[str, datetime | None]:
    """The goal of the loop that is due next, and when; "" and None where none is open."""
    open_ = [
        (promise.due_at, name)
        for name, promise in alert.promises.items()
        if not (promise.met_at or finished(alert, name) or (name == "close" and alert.live))
    ]
    due_at, name = min(open_, default=(None, ""))
    return name, due_at
