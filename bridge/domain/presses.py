"""What people do about an alert. Every step has who, when, and from where; a refused one says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec.structs import replace

from bridge.domain.alerts import Change, Step, meet
from bridge.domain.model import (
    Alert,
    AlertState,
    AnyEvent,
    Coaching,
    Member,
    Party,
    Press,
    Pressed,
    Promise,
    Replied,
)

Done = tuple[Alert, Change]
"""The alert after, and what was done; a string in its place says why it is refused."""


def press(alert: Alert, pressed: Pressed) -> tuple[Alert, tuple[Step, ...]]:
    """The alert after what somebody did, and the steps of it; one refused step where it can't be done.

    Two who do the same at once give one result: the second is told who was first.
    """
    outcome = _ACTS[pressed.action](alert, pressed)
    if isinstance(outcome, str):
        return alert, (_step(Change.REFUSED, pressed, words=outcome, reply=pressed.reply),)
    after, change = outcome
    if not after.live:
        after = _close(after, pressed.at)
    people = after.people[len(alert.people) :] if change is Change.JOINED else pressed.people
    steps = [_step(change, pressed, words=_said(after, pressed), people=people)]
    if after.closed_at and not alert.closed_at:
        steps.append(_step(Change.CLOSED, pressed))
    return replace(after, changed_at=max(pressed.at, alert.changed_at)), tuple(steps)


def replied(alert: Alert, event: Replied, who: Member) -> tuple[Alert, tuple[Step, ...]]:
    """A public reply by an agent, after the alert opened, is the contact with the customer."""
    late = not alert.live or alert.contacted_at or event.at <= alert.opened_at
    if late or not answers_customer(event):
        return alert, ()
    # Whoever answers has not taken the alert: it is the manager's still, if it is nobody's.
    taken = replace(_taken(alert, event.at, who), owner=alert.owner)
    after = _contacted(taken, event.at, who)
    step = Step(change=Change.CONTACTED, at=event.at, who=who, via="ticket", words="a public reply")
    return replace(after, changed_at=max(event.at, alert.changed_at)), (step,)


def answers_customer(event: AnyEvent) -> bool:
    """Whether an event is an agent's word to the customer."""
    return isinstance(event, Replied) and event.public and event.by is Party.AGENT


def finished(alert: Alert, what: str) -> bool:
    """Whether nobody has to do this about the alert any more: "acknowledge", "contact", "resolve" or "close"."""
    match what:
        case "acknowledge":
            return not alert.waits
        case "contact":
            return alert.contacted_at is not None or not alert.live
        case "resolve":
            return not alert.live
        case _:
            return alert.closed_at is not None


def offered(alert: Alert) -> tuple[Press, ...]:
    """What can be done about the alert as it stands, the likeliest first."""
    if alert.live:
        first = (Press.ACKNOWLEDGE,) if alert.waits else ()
        later = (Press.SNOOZE, Press.ASSIGN, Press.ADD, Press.NOTE, Press.USELESS)
        return (*first, Press.CONTACT, Press.RESOLVE, *later)
    report = (Press.RESOLVE,) if _incomplete(alert) else ()
    coach = (Press.COACH,) if alert.coaching is Coaching.NEEDED else ()
    return (*report, *coach, Press.REOPEN, Press.NOTE, Press.USEFUL, Press.USELESS)


_SAID_SO = "You said so already: thank you."


# --- the acts: each gives the alert after, or why not


def _acknowledge(alert: Alert, pressed: Pressed) -> Done | str:
    if not alert.live:
        return _over(alert)
    if not alert.waits and alert.owner:
        if _one(alert.owner, pressed.who):
            return "You have it already."
        return f"{alert.owner} has it already{_since(alert.acknowledged_at)}."
    return _taken(alert, pressed.at, pressed.who), Change.ACKNOWLEDGED


def _contact(alert: Alert, pressed: Pressed) -> Done | str:
    if not alert.live:
        return _over(alert)
    taken = replace(_taken(alert, pressed.at, pressed.who), snoozed_until=None)
    if not pressed.reached:
        return replace(taken, attempts=taken.attempts + 1), Change.ATTEMPTED
    return _contacted(taken, pressed.at, pressed.who), Change.CONTACTED


def _resolve(alert: Alert, pressed: Pressed) -> Done | str:
    if not alert.live:
        if not _incomplete(alert) or (pressed.outcome is None and not pressed.cause):
            return _over(alert)
        return _reported(alert, pressed), Change.COMPLETED
    taken = _reported(_taken(alert, pressed.at, pressed.who), pressed)
    how = f": {pressed.outcome.value}" if pressed.outcome else ""
    resolved = replace(
        meet(taken, pressed.at, "resolve"),
        state=AlertState.RESOLVED,
        snoozed_until=None,
        ended_at=pressed.at,
        ended=f"resolved by {pressed.who}{how}",
        resolved_by=str(pressed.who),
    )
    return resolved, Change.RESOLVED


def _reopen(alert: Alert, pressed: Pressed) -> Done | str:
    if alert.live:
        return "It is open."
    return replace(
        again(alert, pressed.at),
        state=AlertState.ACKNOWLEDGED,
        owner=pressed.who,
        acknowledged_at=pressed.at,
        acknowledged_by=str(pressed.who),
    ), Change.REOPENED


def _snooze(alert: Alert, pressed: Pressed) -> Done | str:
    if not alert.live:
        return _over(alert)
    if pressed.until is None or pressed.until <= pressed.at:
        return "Say until when: a time in the future."
    taken = _taken(alert, pressed.at, pressed.who)
    return replace(taken, snoozed_until=pressed.until), Change.SNOOZED


def _assign(alert: Alert, pressed: Pressed) -> Done | str:
    if not alert.live:
        return _over(alert)
    if len(pressed.people) != 1:
        return "Say to whom: one person."
    owner = pressed.people[0]
    mine = _one(owner, pressed.who)
    if _one(alert.owner, owner) and not (mine and alert.waits):
        return f"{owner} has it already."
    after = _taken(alert, pressed.at, owner) if mine else alert
    return replace(after, owner=owner), Change.ASSIGNED


def _add(alert: Alert, pressed: Pressed) -> Done | str:
    people = alert.people
    for person in pressed.people:
        if not any(_one(person, known) for known in people):
            people = (*people, person)
    if people == alert.people:
        return "They are on it already." if pressed.people else "Say who."
    return replace(alert, people=people), Change.JOINED


def _note(alert: Alert, pressed: Pressed) -> Done | str:
    if not pressed.words.strip():
        return "The note is empty."
    return alert, Change.SAID if pressed.action is Press.SAY else Change.NOTED


def _coach(alert: Alert, _: Pressed) -> Done | str:
    if alert.coaching is not Coaching.NEEDED:
        return "No coaching is open on it."
    return replace(alert, coaching=Coaching.DONE), Change.COACHED


def _useful(alert: Alert, pressed: Pressed) -> Done | str:
    who = str(pressed.who)
    if who in alert.useful:
        return _SAID_SO
    useless = tuple(name for name in alert.useless if name != who)
    return replace(alert, useful=(*alert.useful, who), useless=useless), Change.USEFUL


def _useless(alert: Alert, pressed: Pressed) -> Done | str:
    who = str(pressed.who)
    if who in alert.useless:
        return _SAID_SO
    useful = tuple(name for name in alert.useful if name != who)
    return replace(alert, useful=useful, useless=(*alert.useless, who)), Change.USELESS


_ACTS: Mapping[Press, Callable[[Alert, Pressed], Done | str]] = {
    Press.ACKNOWLEDGE: _acknowledge,
    Press.CONTACT: _contact,
    Press.RESOLVE: _resolve,
    Press.REOPEN: _reopen,
    Press.SNOOZE: _snooze,
    Press.ASSIGN: _assign,
    Press.ADD: _add,
    Press.NOTE: _note,
    Press.SAY: _note,
    Press.COACH: _coach,
    Press.USEFUL: _useful,
    Press.USELESS: _useless,
}


# --- parts


def again(alert: Alert, at: datetime) -> Alert:
    """A resolved alert that is live again, with nothing done about it yet."""
    promises = {
        name: Promise(due_at=p.due_at, warn_at=p.warn_at) for name, p in alert.promises.items()
    }
    return replace(
        alert,
        state=AlertState.OPEN,
        reopened=alert.reopened + 1,
        reopened_at=at,
        promises=promises,
        rung=(),
        nags=0,
        nagged_at=None,
        snoozed_until=None,
        acknowledged_at=None,
        acknowledged_by="",
        contacted_at=None,
        contacted_by="",
        ended_at=None,
        ended="",
        resolved_by="",
        outcome=None,
        coaching=None,
        closed_at=None,
        ask_at=None,
        checks={},
    )


def _taken(alert: Alert, at: datetime, who: Member) -> Alert:
    """Somebody's who acts on it, if it was nobody's."""
    if not alert.waits:
        return alert if alert.owner else replace(alert, owner=who)
    return replace(
        meet(alert, at, "acknowledge"),
        state=AlertState.ACKNOWLEDGED,
        owner=who or alert.owner,
        acknowledged_at=at,
        acknowledged_by=str(who),
    )


def _contacted(alert: Alert, at: datetime, who: Member) -> Alert:
    return replace(
        meet(alert, at, "contact"),
        state=AlertState.CONTACTED,
        snoozed_until=None,
        contacted_at=alert.contacted_at or at,
        contacted_by=alert.contacted_by or str(who),
    )


def _reported(alert: Alert, pressed: Pressed) -> Alert:
    """With what the report says of how it came out; what it leaves open stays."""
    return replace(
        alert,
        outcome=pressed.outcome or alert.outcome,
        cause=pressed.cause or alert.cause,
        done=pressed.words or alert.done,
        coaching=pressed.coaching or alert.coaching,
    )


def _incomplete(alert: Alert) -> bool:
    """Resolved by somebody, without saying how or why."""
    return bool(alert.resolved_by) and (alert.outcome is None or not alert.cause)


def _close(alert: Alert, at: datetime) -> Alert:
    """Closed for good once the cause is written down and no coaching is open."""
    if alert.closed_at or _incomplete(alert) or alert.coaching is Coaching.NEEDED:
        return alert
    return replace(meet(alert, at, "close"), closed_at=at)


def _one(a: Member, b: Member) -> bool:
    """Whether both are one, also where nothing but a name is known of them."""
    return a == b or a.same(b)


def _over(alert: Alert) -> str:
    return f"It is over{_since(alert.ended_at)}: {alert.ended}."


def _since(at: datetime | None) -> str:
    return f" since {at:%Y-%m-%d %H:%M} UTC" if at else ""


def _said(alert: Alert, pressed: Pressed) -> str:
    """What the story keeps of it in words."""
    parts = [pressed.words]
    match pressed.action:
        case Press.CONTACT:
            parts = [f"by {pressed.how}" if pressed.how else "", pressed.words]
        case Press.RESOLVE:
            outcome = alert.outcome.value if alert.outcome else ""
            cause = f"cause: {alert.cause}" if alert.cause else ""
            coaching = f"coaching {alert.coaching.value}" if alert.coaching else ""
            parts = [outcome, cause, pressed.words, coaching]
        case Press.SNOOZE:
            parts = [f"until {pressed.until:%Y-%m-%d %H:%M} UTC", pressed.words]
    return "; ".join(part for part in parts if part)


def _step(
    change: Change,
    pressed: Pressed,
    *,
    words: str = "",
    reply: str = "",
    people: tuple[Member, ...] = (),
) -> Step:
    return Step(
        change=change,
        at=pressed.at,
        who=pressed.who,
        via=pressed.via,
        words=words,
        reply=reply,
        people=people,
    )
