"""An account that is known, with a year of figures behind it; and a distribution: for pages that show them."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import sin

from bridge.domain.accounts import Change, Stakeholder
from bridge.domain.metrics import part
from bridge.domain.model import Measured, Member, Party
from bridge.store import accounts, tickets
from bridge.work.bridge import Bridge
from bridge.work.drain import drain

ACME = Change(
    key="acme",
    name="Acme",
    tier="gold",
    owner=Member(name="Olga Owner", email="olga@example.com"),
    stakeholders=(Stakeholder(role="sales", who=Member(name="Sam Sales")),),
    domains=("acme.example",),
    organisations=("zendesk:17",),
)


def measured(bridge: Bridge) -> None:
    """Fifty-two quiet weeks of Acme, and ten of the topics of tickets."""
    now = bridge.now()
    figures = [
        _figure("account:acme", "logins", now - timedelta(weeks=51 - n), 300 + round(40 * sin(n)))
        for n in range(52)
    ]
    figures += [
        _figure(
            "metric:topic", part("topic", name), now - timedelta(weeks=9 - n), 20 + n % 3 + more
        )
        for n in range(10)
        for more, name in enumerate(("login", "invoice", "delivery"))
    ]
    with bridge.engine.begin() as connection:
        accounts.apply(connection, [ACME], now)
        tickets.add_events(connection, [tickets.arrive(one, now) for one in figures])
    drain(bridge)


def _figure(subject: str, metric: str, at: datetime, value: float) -> Measured:
    return Measured(
        id=f"test:{subject}:{metric}:{at}",
        subject=subject,
        at=at,
        by=Party.SYSTEM,
        metric=metric,
        value=value,
    )
