"""`alerts/{ref}/actions/…`: what can be done about an alert."""

from __future__ import annotations

from collections.abc import Callable

from bridge.domain.model import Press
from bridge.domain.model.errors import ConfigError
from bridge.domain.viewing import Role
from bridge.store import people
from bridge.store.keys import Scope
from bridge.web.api.alert_shapes import AlertWhole
from bridge.web.api.alerts import OfAlert, told
from bridge.web.api.endpoints import Answer, Call, Endpoint, Once
from bridge.web.api.presses import ACTS, PATHS, Act, pressed
from bridge.web.api.problems import Kind, Problem
from bridge.web.api.repeats import once
from bridge.work.acting import Forbidden, act, seen


def _doing(press: Press, action: Act) -> Callable[[Call], Answer]:
    def does(call: Call) -> Answer:
        bridge, ref = call.bridge, call.path.ref
        alert = seen(bridge, call.viewer, ref)
        if not call.viewer.acts_on(alert):
            raise Forbidden(f"{alert.ref}: you may look at it, and not act on it")
        return once(call, lambda: _done(call, press))

    does.__doc__ = f"{action.means}\n\nThe answer is the alert as it will be in a moment."
    return does


def _done(call: Call, press: Press) -> Answer:
    bridge, now = call.bridge, call.bridge.now()
    with bridge.engine.begin() as connection:
        roster = people.roster(connection, since=now)
    said = pressed(call.body, roster, bridge.settings.loop.causes, now)
    try:
        alert = act(bridge, call.viewer, call.path.ref, press, "api", **said)
    except ConfigError as refused:
        raise Problem(Kind.REFUSED, str(refused)) from None
    with bridge.engine.begin() as connection:
        return Answer(body=told(call, connection, alert))


ENDPOINTS = tuple(
    Endpoint(
        method="POST",
        at=f"/alerts/{{ref}}/actions/{PATHS[press]}",
        name=f"{PATHS[press].replace('-', '_')}_alert",
        does=_doing(press, action),
        scope=Scope.ALERTS_WRITE,
        role=Role.MANAGER,
        path=OfAlert,
        body=action.body,
        headers=Once,
        answer=AlertWhole,
        problems=(Kind.REFUSED,),
    )
    for press, action in ACTS.items()
)
