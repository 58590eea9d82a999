"""The goals of the loop: by when an alert is to be acknowledged, its customer contacted, and the case closed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from bridge.domain.goals import Lead
from bridge.domain.hours import Hours
from bridge.domain.ladders import CLOCK, WORKING
from bridge.domain.model import Promise, Severity

ACKNOWLEDGE = "acknowledge"
CONTACT = "contact"
RESOLVE = "resolve"
CLOSE = "close"

_ZERO = timedelta()


class Targets(Struct, frozen=True, kw_only=True):
    """What is promised of every alert; None, or a severity that `contact` leaves out, for no promise.

    `warn` is when it is near: at a share of the target (0 to 1), or so long before the end; None for never. `hours` is
    what the targets are counted in: "clock", or "working" for the team's own hours.
    """

    acknowledge: timedelta | None = None
    contact: Mapping[Severity, timedelta] = {}
    resolve: timedelta | None = None
    close: timedelta | None = None
    warn: Lead | None = None
    hours: str = CLOCK


def promise(targets: Targets, severity: Severity, hours: Hours, at: datetime) -> dict[str, Promise]:
    """What is promised of an alert of that severity from `at` on; `hours` are the team's.

    Raises ValueError where so much working time never comes.
    """
    lengths = {
        ACKNOWLEDGE: targets.acknowledge,
        CONTACT: targets.contact.get(severity),
        RESOLVE: targets.resolve,
        CLOSE: targets.close,
    }
    return {
        name: _promise(length, targets, hours, at)
        for name, length in lengths.items()
        if length is not None
    }


def tighten(
    promises: Mapping[str, Promise],
    targets: Targets,
    severity: Severity,
    hours: Hours,
    at: datetime,
) -> dict[str, Promise]:
    """The promises once the severity was raised at `at`: the customer may have to be contacted sooner, never later.

    What was promised when the alert opened stays otherwise, and so does what was met. Raises ValueError as `promise`.
    """
    length = targets.contact.get(severity)
    if length is None:
        return dict(promises)
    before, now = promises.get(CONTACT), _promise(length, targets, hours, at)
    if before and (before.met_at or before.due_at <= now.due_at):
        return dict(promises)
    return {**promises, CONTACT: now}


def _promise(length: timedelta, targets: Targets, hours: Hours, at: datetime) -> Promise:
    def after(time: timedelta) -> datetime:
        return hours.add(at, time) if targets.hours == WORKING else at + time

    warn = targets.warn
    if warn is None:
        return Promise(due_at=after(length))
    need = length - warn if isinstance(warn, timedelta) else length * warn
    # A warning that would come at the start, or before, says nothing.
    return Promise(due_at=after(length), warn_at=after(need) if _ZERO < need < length else None)
