"""What people do about an alert comes in by the front door, as an event of its ticket."""

from __future__ import annotations

from bridge.domain.model import Alert, AlertState, ConfigError, Party, Press, Pressed
from bridge.store import alerts, tickets
from bridge.work.bridge import Bridge
from bridge.work.queue import DRAIN, wake


def press(bridge: Bridge, ref: str, action: Press, who: str) -> Alert:
    """Have the alert with this reference acknowledged, by the name of `who`; the alert as it was.

    Once is enough: a second press changes nothing. Raises ConfigError for an alert that is unknown or over.
    """
    now = bridge.now()
    with bridge.engine.begin() as connection:
        alert = alerts.named(connection, ref.upper())
        if alert is None:
            raise ConfigError(
                f"no alert {ref!r}: the reference stands in each message, AB-1A2B3C4D"
            )
        if alert.state is not AlertState.OPEN:
            raise ConfigError(f"alert {alert.ref} is over: {alert.ended}")
        event = Pressed(
            id=f"pressed:{alert.ref}:{action.value}",
            subject=alert.subject,
            at=now,
            by=Party.AGENT,
            alert=alert.ref,
            action=action,
            who=who,
        )
        tickets.add_events(connection, [tickets.arrive(event, now)])
        wake(connection, DRAIN)
    return alert
