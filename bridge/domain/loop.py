"""Closing the loop: what is planned when an alert opens, and what comes of every event about it. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.alerts import Change, Step
from bridge.domain.hours import Hours
from bridge.domain.ladders import Ladder, climb
from bridge.domain.model import (
    AboutAlert,
    Alert,
    Checked,
    Elapsed,
    Heard,
    Member,
    Pressed,
    Severity,
    Team,
)
from bridge.domain.people import Roster
from bridge.domain.presses import again, press
from bridge.domain.promises import Targets, promise, tighten
from bridge.domain.timers import elapse

MONTH = timedelta(days=365.25 / 12)


class Loop(Struct, frozen=True, kw_only=True):
    """How a team's alerts are followed. `hours` are the team's.

    `quiet` are the severities that call nobody, told in the digest or on the ticket only: no ladder, no goals.
    `ask_after` is how long after the end the customer is asked whether it helped, None for never; `check_after` are
    the months after which it is looked what became of them.
    """

    team: Team
    ladder: Ladder
    targets: Targets
    roster: Roster
    hours: Hours
    quiet: frozenset[Severity] = frozenset()
    ask_after: timedelta | None = None
    check_after: tuple[int, ...] = ()

    def responsible(self, alert: Alert, at: datetime) -> Member:
        """Who is to act on the alert at that moment: who has it, else the manager, else who stands in for them."""
        return self.roster.present(alert.owner or self.roster.manager(self.team), at)


def begin(alert: Alert, loop: Loop, at: datetime) -> Alert:
    """The alert with everything that is planned for it from `at` on."""
    if alert.severity in loop.quiet:
        return alert
    return replace(
        alert,
        ladder=climb(loop.ladder, loop.team, loop.roster, loop.hours, alert.owner, at),
        nag=loop.ladder.nag,
        promises=promise(loop.targets, alert.severity, loop.hours, at),
    )


def hasten(alert: Alert, loop: Loop, at: datetime) -> Alert:
    """The alert after its severity was raised: what is promised of a graver one."""
    if not alert.promises and not alert.ladder and alert.waits:
        return begin(alert, loop, at)
    sooner = tighten(alert.promises, loop.targets, alert.severity, loop.hours, at)
    changed = {name for name, p in sooner.items() if p != alert.promises.get(name)}
    rung = tuple(name for name in alert.rung if name.partition(":")[0] not in changed)
    return replace(alert, promises=sooner, rung=rung)


def follow(
    alert: Alert, event: AboutAlert, loop: Loop, *, other: str = ""
) -> tuple[Alert, tuple[Step, ...]]:
    """The alert after an event about it, and what changed.

    `other` is the reference of another live alert of the same subject, "" for none: of two, one stays over.
    """
    match event:
        case Pressed():
            after, steps = press(alert, event)
            reopened = after.live and not alert.live
            if reopened and other:
                why = f"Another alert of the same case is open: {other}."
                return alert, (
                    replace(steps[0], change=Change.REFUSED, words=why, reply=event.reply),
                )
            if reopened:
                after = replace(
                    after, promises=promise(loop.targets, after.severity, loop.hours, event.at)
                )
            if after.resolved_by and alert.live:
                after = _plan_questions(after, loop, event.at)
            return after, steps
        case Elapsed():
            return elapse(alert, event)
        case Heard():
            return _heard(alert, event, loop, other)
        case Checked():
            return _checked(alert, event)


def _plan_questions(alert: Alert, loop: Loop, at: datetime) -> Alert:
    """Whether it helped is asked of those whom somebody did something for, and whose team wants it."""
    checks = {str(months): at + months * MONTH for months in loop.check_after}
    return replace(
        alert,
        ask_at=at + loop.ask_after if loop.ask_after is not None and loop.team.follow_up else None,
        checks=checks if alert.customer else {},
    )


def _heard(alert: Alert, event: Heard, loop: Loop, other: str) -> tuple[Alert, tuple[Step, ...]]:
    """The customer's answer joins the alert; one who was not helped has it opened again."""
    answer = "it was put right" if event.better else "it was not put right"
    step = Step(
        change=Change.HEARD, at=event.at, via="customer", words=_joined(answer, event.words)
    )
    after = replace(
        alert,
        better=event.better,
        better_words=event.words,
        changed_at=max(event.at, alert.changed_at),
    )
    if event.better or alert.live or other:
        return after, (step,)
    opened = begin(again(after, event.at), loop, event.at)
    why = "the customer says that it was not put right"
    return opened, (step, Step(change=Change.REOPENED, at=event.at, via="customer", words=why))


def _checked(alert: Alert, event: Checked) -> tuple[Alert, tuple[Step, ...]]:
    relations = alert.relations | {str(event.months): event.relation}
    after = replace(alert, relations=relations, changed_at=max(event.at, alert.changed_at))
    words = _joined(f"after {event.months} months: {event.relation.value}", event.why)
    step = Step(
        change=Change.CHECKED,
        at=event.at,
        who=event.who,
        via=event.via,
        words=words,
        reply=event.reply,
    )
    return after, (step,)


def _joined(*parts: str) -> str:
    return ": ".join(part for part in parts if part)
