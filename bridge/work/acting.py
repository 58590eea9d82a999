"""What somebody at a page, or a program, does about an alert: only what is theirs to do."""

from __future__ import annotations

from typing import Any

from bridge.domain.model import Alert, BridgeError, Press
from bridge.domain.viewing import Viewer
from bridge.store import alerts
from bridge.work.bridge import Bridge
from bridge.work.press import press


class Unseen(BridgeError):
    """There is no such alert, or it is none of theirs to see: they can't tell which."""


class Forbidden(BridgeError):
    """They may see the alert, and not act on it."""


def seen(bridge: Bridge, viewer: Viewer, ref: str) -> Alert:
    """The alert with this reference. Raises Unseen."""
    with bridge.engine.begin() as connection:
        alert = alerts.named(connection, ref.upper())
    if alert is None or not viewer.sees(alert):
        raise Unseen(f"no alert {ref!r}")
    return alert


def act(
    bridge: Bridge, viewer: Viewer, ref: str, action: Press, via: str = "page", **said: Any
) -> Alert:
    """Have it done; the alert as it will be. `said` are further members of `Pressed`.

    Raises Unseen and Forbidden, and ConfigError with the reason where the alert's state doesn't allow it.
    """
    alert = seen(bridge, viewer, ref)
    if not viewer.acts_on(alert):
        raise Forbidden(f"{alert.ref}: you may look at it, and not act on it")
    return press(bridge, alert.ref, action, viewer.who, via, **said)
