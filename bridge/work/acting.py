"""What somebody at a page, or a program, does about an alert: only what is theirs to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.alerts import Change
from bridge.domain.model import (
    Action,
    Alert,
    BridgeError,
    ConfigError,
    Delivery,
    Party,
    Press,
    Pressed,
    Relation,
)
from bridge.domain.presses import press as pressed_on
from bridge.domain.routing import SLACK
from bridge.domain.viewing import Viewer
from bridge.store import alerts, deliveries, presses
from bridge.work import relations
from bridge.work.bridge import Bridge
from bridge.work.press import press
from bridge.work.queue import wake_deliveries


class Unseen(BridgeError):
    """There is no such alert, or it is none of theirs to see: they can't tell which."""


class Forbidden(BridgeError):
    """They may see the alert, and not act on it."""


class Result(Struct, frozen=True, kw_only=True):
    """What came of one of several: `refused` is why it was not done, "" if it was."""

    ref: str
    refused: str = ""


def seen(bridge: Bridge, viewer: Viewer, ref: str) -> Alert:
    """The alert with this reference. Raises Unseen."""
    if "\x00" in ref:
        raise Unseen(f"no alert {ref!r}")
    with bridge.engine.begin() as connection:
        alert = alerts.named(connection, ref.upper())
    if alert is None or not viewer.sees(alert):
        raise Unseen(f"no alert {ref!r}")
    return alert


def foreseen(connection: Connection, found: Sequence[Alert]) -> list[Alert]:
    """The alerts as they will be in a moment: with what people did that has come in and is not judged yet."""
    waiting = presses.under_way(connection, [alert.subject for alert in found])
    after = []
    for alert in found:
        for event in waiting.get(alert.ref, ()):
            alert = replace(pressed_on(alert, event)[0], number=alert.number)  # noqa: PLW2901
        after.append(alert)
    return after


def act(
    bridge: Bridge, viewer: Viewer, ref: str, action: Press, via: str = "page", **said: Any
) -> Alert:
    """Have it done; the alert as it will be. `said` are further members of `Pressed`.

    Raises Unseen and Forbidden, and ConfigError with the reason where the alert's state doesn't allow it.
    """
    alert = allowed(bridge, viewer, ref)
    with bridge.engine.begin() as connection:
        [soon] = foreseen(connection, [alert])
    # What somebody did a moment ago and is not judged yet counts: two clicks are told apart by who was first.
    after = _judged(
        soon,
        Pressed(
            id="",
            subject=alert.subject,
            at=bridge.now(),
            by=Party.AGENT,
            alert=alert.ref,
            action=action,
            who=viewer.who,
            via=via,
            **said,
        ),
    )
    press(bridge, alert.ref, action, viewer.who, via, **said)
    if action is Press.SAY:
        _said(bridge, alert, viewer, str(said.get("words", "")))
    return after


def _judged(alert: Alert, pressed: Pressed) -> Alert:
    """The alert after it. Raises ConfigError where it is refused."""
    after, steps = pressed_on(alert, pressed)
    if steps[0].change is Change.REFUSED:
        raise ConfigError(f"{alert.ref}: {steps[0].words}")
    return replace(after, number=alert.number)


def act_on_all(
    bridge: Bridge,
    viewer: Viewer,
    refs: Iterable[str],
    action: Press,
    say: Callable[[Alert], Mapping[str, Any]] = lambda _: {},
) -> list[Result]:
    """Have the same done about several alerts, each for itself; what came of each, in their order.

    `say` gives the further members of `Pressed` for each.
    """
    results = []
    for ref in dict.fromkeys(refs):
        try:
            alert = allowed(bridge, viewer, ref)
            act(bridge, viewer, ref, action, **say(alert))
        except BridgeError as error:
            results.append(Result(ref=ref, refused=str(error).removeprefix(f"{ref.upper()}: ")))
        else:
            results.append(Result(ref=ref))
    return results


def relate(bridge: Bridge, viewer: Viewer, ref: str, months: int, told: Relation) -> Alert:
    """Keep what they say became of the customer. Raises Unseen, Forbidden, and ConfigError with the reason."""
    alert = allowed(bridge, viewer, ref)
    return relations.say(bridge, alert.ref, months, told, viewer.who)


def allowed(bridge: Bridge, viewer: Viewer, ref: str) -> Alert:
    """The alert, if they may act on it. Raises Unseen and Forbidden."""
    alert = seen(bridge, viewer, ref)
    if not viewer.acts_on(alert):
        raise Forbidden(f"{alert.ref}: you may look at it, and not act on it")
    return alert


def _said(bridge: Bridge, alert: Alert, viewer: Viewer, words: str) -> None:
    """A message to the others on it stands in the alert's thread, as if they had written it there."""
    with bridge.engine.begin() as connection:
        posted = deliveries.posted(connection, alert.number, SLACK)
        if posted is None:
            return
        reply = Delivery(
            channel=SLACK,
            action=Action.REPLY,
            to=posted.to,
            why="message",
            text=f"{viewer.who}: {words.strip()}",
        )
        wake_deliveries(
            connection, deliveries.add(connection, [(alert.number, reply)], bridge.now())
        )
