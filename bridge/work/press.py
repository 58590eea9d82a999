"""What people do about an alert comes in by the front door, as an event of its ticket."""

from __future__ import annotations

from secrets import token_hex

from msgspec.structs import replace

from bridge.domain.alerts import Change
from bridge.domain.model import Alert, ConfigError, Member, Party, Press, Pressed
from bridge.domain.presses import press as pressed_on
from bridge.store import alerts, tickets
from bridge.work.bridge import Bridge
from bridge.work.queue import DRAIN, wake


def press(
    bridge: Bridge, ref: str, action: Press, who: Member, via: str = "command line", **said: object
) -> Alert:
    """Have something done about the alert with this reference; the alert as it will be.

    `said` are further members of `Pressed`. Raises ConfigError where it is refused, with the reason.
    """
    now = bridge.now()
    with bridge.engine.begin() as connection:
        alert = find(bridge, ref)
        event = Pressed(
            id=f"pressed:{alert.ref}:{action.value}:{token_hex(8)}",
            subject=alert.subject,
            at=now,
            by=Party.AGENT,
            alert=alert.ref,
            action=action,
            who=who,
            via=via,
            **said,  # type: ignore[arg-type]
        )
        after, steps = pressed_on(alert, event)
        if steps[0].change is Change.REFUSED:
            raise ConfigError(f"{alert.ref}: {steps[0].words}")
        tickets.add_events(connection, [tickets.arrive(event, now)])
        wake(connection, DRAIN)
    return replace(after, number=alert.number)


def find(bridge: Bridge, ref: str) -> Alert:
    """The alert with this reference. Raises ConfigError if there is none."""
    with bridge.engine.begin() as connection:
        alert = alerts.named(connection, ref.upper())
    if alert is None:
        raise ConfigError(f"no alert {ref!r}: the reference stands in each message, AB-1A2B3C4D")
    return alert
