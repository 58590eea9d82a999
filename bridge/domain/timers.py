"""What happens to an alert by itself: escalation, reminders, goals that come near, questions after the end.

Like the timers of tickets they are derived from the alert as it stands, so that whatever somebody does takes away
those that have no sense any more. Names: "rise:0" (a step of the ladder), "nag:0", "contact:near", "contact:missed"
(or acknowledge, resolve, close), "snooze", "ask", "check:3" (months).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from bridge.domain.alerts import Change, Step
from bridge.domain.model import Alert, Elapsed
from bridge.domain.presses import finished

NEAR, MISSED = "near", "missed"

A_DAY = timedelta(days=1)
"""After it, reminders of an alert that nobody takes come once a day: by then it is the digest's matter."""


def timers(alert: Alert) -> dict[str, datetime]:
    """What is still to happen to the alert unless somebody acts, by name, and when."""
    return {name: at for name, at in _all(alert) if name not in alert.rung}


def _all(alert: Alert) -> Iterator[tuple[str, datetime]]:
    if alert.live and alert.snoozed_until:
        yield "snooze", alert.snoozed_until
        return
    if alert.waits:
        for number, rise in enumerate(alert.ladder):
            yield f"rise:{number}", rise.at
        if alert.nag:
            yield f"nag:{alert.nags}", _nagged_next(alert, alert.nag)
    for goal, promise in alert.promises.items():
        if promise.met_at is not None or finished(alert, goal):
            continue
        if goal == "close" and alert.live:
            continue  # it is the resolving that is late
        if promise.warn_at and promise.warn_at < promise.due_at:
            yield f"{goal}:{NEAR}", promise.warn_at
        yield f"{goal}:{MISSED}", promise.due_at
    if not alert.live:
        if alert.ask_at:
            yield "ask", alert.ask_at
        for months, at in alert.checks.items():
            yield f"check:{months}", at


def upcoming(alert: Alert) -> tuple[str, datetime] | None:
    """Who is told next unless somebody takes the alert, and when."""
    steps = [(rise, f"rise:{number}") for number, rise in enumerate(alert.ladder) if alert.waits]
    left = [rise for rise, name in steps if name not in alert.rung]
    return (_named(str(left[0].who), left[0].role), left[0].at) if left else None


def _named(name: str, role: str) -> str:
    return f"{name} ({role})" if name and role and role != name else name or role


def elapse(alert: Alert, event: Elapsed) -> tuple[Alert, tuple[Step, ...]]:
    """The alert after a timer ran out; the same and no step where it has no sense any more."""
    due = timers(alert).get(event.timer)
    if due is None or due > event.at:
        return alert, ()
    what, _, rest = event.timer.partition(":")
    if rest == NEAR and alert.promises[what].due_at <= event.at:
        return alert, ()  # it is missed by now, after a snooze or a standstill, and that is said
    after = replace(alert, changed_at=max(event.at, alert.changed_at))
    if what not in ("nag", "snooze", "ask"):
        after = replace(after, rung=(*alert.rung, event.timer))
    step = Step(change=_CHANGES.get(what, Change.MISSED), at=event.at)
    match what:
        case "rise":
            step = replace(step, rise=alert.ladder[int(rest)])
        case "nag":
            after = replace(after, nags=alert.nags + 1, nagged_at=event.at)
        case "snooze":
            after = replace(after, snoozed_until=None)
        case "ask":
            after = replace(after, ask_at=None)
        case "check":
            step = replace(step, words=rest)
        case goal:
            change = Change.NEAR if rest == NEAR else Change.MISSED
            step = replace(step, change=change, goal=goal)
    return after, (step,)


def _nagged_next(alert: Alert, nag: timedelta) -> datetime:
    """When the next reminder is due: the first of its grid after the last one.

    The grid begins when the last of the ladder is told. What was missed while we were down is not made up for.
    """
    begins = alert.ladder[-1].at if alert.ladder else alert.reopened_at or alert.opened_at
    if alert.nagged_at is None:
        return begins + nag
    passed = alert.nagged_at - begins
    apart = nag if passed < A_DAY else max(nag, A_DAY)
    return begins + apart * (passed // apart + 1)


_CHANGES = {
    "rise": Change.ESCALATED,
    "nag": Change.NAGGED,
    "snooze": Change.WOKEN,
    "ask": Change.ASKED,
    "check": Change.DUE_A_LOOK,
}
