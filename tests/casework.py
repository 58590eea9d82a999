"""What people and time do to the alert AB-1 of ticket zendesk:1, in few words; see `tests.stories` for the times."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from bridge.domain.alerts import Change, Step
from bridge.domain.ladders import Ladder
from bridge.domain.ladders import Step as Rung
from bridge.domain.loop import Loop, begin, follow
from bridge.domain.model import (
    AboutAlert,
    Alert,
    Checked,
    Coaching,
    Elapsed,
    Finding,
    Heard,
    Member,
    Outcome,
    Party,
    Press,
    Pressed,
    Reason,
    Relation,
    Severity,
    Team,
)
from bridge.domain.people import Roster
from bridge.domain.promises import Targets
from tests.stories import ROUND_THE_CLOCK, at

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

DANA = Member(key="Dana", name="Dana", email="dana@example.com", slack="U0DANA")
MONA = Member(key="Mona", name="Mona", email="mona@example.com", phone="+4930111", slack="U0MONA")
ANA = Member(key="ana", name="Ana", email="ana@example.com", slack="U0ANA")
BEN = Member(key="ben", name="Ben", email="ben@example.com", slack="U0BEN")

ALL = Team(name="All", manager="Dana", manager_slack="U0DANA", manager_email="dana@example.com")
EMEA = Team(
    name="EMEA",
    parent="All",
    slack_channel="C1",
    manager="Mona",
    manager_slack="U0MONA",
    manager_email="mona@example.com",
    manager_phone="+4930111",
    follow_up="email",
)
"""Mona's team, below Dana's."""

TARGETS = Targets(
    acknowledge=30 * MINUTE,
    contact={Severity.HIGH: DAY, Severity.CRITICAL: HOUR},
    resolve=4 * DAY,
    close=7 * DAY,
    warn=0.75,
)
LOOP = Loop(
    team=EMEA,
    ladder=Ladder(
        name="test",
        steps=(Rung(who="manager", after=30 * MINUTE), Rung(who="manager+1", after=2 * HOUR)),
        nag=HOUR,
    ),
    targets=TARGETS,
    roster=Roster((ALL, EMEA), (ANA, BEN)),
    hours=ROUND_THE_CLOCK,
    ask_after=DAY,
    check_after=(3, 6, 12),
)
"""Mona is told after half an hour, Dana after two hours, and then there is a reminder every hour."""

_numbers = count(1)


def finding(rule: str = "slow", severity: Severity = Severity.HIGH, **more: Any) -> Finding:
    named: dict[str, Any] = {
        "rule": rule,
        "severity": severity,
        "headline": f"It is {rule}",
        "since": at("09:00"),
    }
    return Finding(**named | more)


def plain(*found: Finding, when: str = "09:00", **more: Any) -> Alert:
    """An alert that opened at nine o'clock for these reasons, with nothing planned."""
    told = found or (finding(),)
    named: dict[str, Any] = {
        "subject": "zendesk:1",
        "ref": "AB-1",
        "number": 1,
        "severity": max(f.severity for f in told),
        "opened_at": at(when),
        "changed_at": at(when),
        "reasons": tuple(Reason(finding=f, added_at=at(when)) for f in told),
        "team": "EMEA",
        "customer": "zendesk:77",
    }
    return Alert(**named | more)


def alert(*found: Finding, loop: Loop = LOOP, **more: Any) -> Alert:
    """The same with everything that is planned for it."""
    opened = plain(*found, **more)
    return begin(opened, loop, opened.opened_at)


def _told(when: str | datetime, by: Party) -> dict[str, Any]:
    moment = at(when) if isinstance(when, str) else when
    return {"id": f"about{next(_numbers)}", "subject": "zendesk:1", "at": moment, "by": by}


def pressed(
    when: str | datetime, action: Press, who: Member = ANA, ref: str = "AB-1", **more: Any
) -> Pressed:
    told: dict[str, Any] = {"via": "slack", "reply": f"C1/{who.slack}"} | more
    return Pressed(alert=ref, action=action, who=who, **_told(when, Party.AGENT), **told)


def acknowledged(when: str, who: Member = ANA, **more: Any) -> Pressed:
    return pressed(when, Press.ACKNOWLEDGE, who, **more)


def contacted(when: str, who: Member = ANA, **more: Any) -> Pressed:
    return pressed(when, Press.CONTACT, who, **more)


def snoozed(when: str, until: str, who: Member = ANA, **more: Any) -> Pressed:
    return pressed(when, Press.SNOOZE, who, until=at(until), **more)


def resolved(when: str, who: Member = ANA, **more: Any) -> Pressed:
    """With the whole report, unless told otherwise."""
    report: dict[str, Any] = {
        "outcome": Outcome.RECOVERED,
        "cause": "slow answer",
        "words": "Called and refunded",
        "coaching": Coaching.NOT_NEEDED,
    }
    return pressed(when, Press.RESOLVE, who, **report | more)


def merely_resolved(when: str, who: Member = ANA, **more: Any) -> Pressed:
    """Without a word about how or why."""
    return pressed(when, Press.RESOLVE, who, **more)


def reopened(when: str, who: Member = ANA, **more: Any) -> Pressed:
    return pressed(when, Press.REOPEN, who, **more)


def elapsed(when: str | datetime, timer: str) -> Elapsed:
    return Elapsed(alert="AB-1", timer=timer, **_told(when, Party.BRIDGE))


def heard(when: str | datetime, *, better: bool, words: str = "") -> Heard:
    return Heard(alert="AB-1", better=better, words=words, **_told(when, Party.CUSTOMER))


def checked(when: str | datetime, months: int, relation: Relation, **more: Any) -> Checked:
    told = _told(when, Party.BRIDGE) | more
    return Checked(alert="AB-1", months=months, relation=relation, **told)


def take(case: Alert, *events: AboutAlert, loop: Loop = LOOP) -> Alert:
    """The alert after all of these."""
    for event in events:
        case, _ = follow(case, event, loop)
    return case


def last(case: Alert, *events: AboutAlert, loop: Loop = LOOP) -> tuple[Alert, tuple[Step, ...]]:
    """The alert after all of these, and the steps of the last one."""
    *before, event = events
    return follow(take(case, *before, loop=loop), event, loop)


def changes(steps: tuple[Step, ...]) -> list[Change]:
    return [step.change for step in steps]


def refusal(case: Alert, event: Pressed, loop: Loop = LOOP) -> str:
    """Why it is not done; nothing of the alert changes by it."""
    after, steps = follow(case, event, loop)
    assert after == case
    [step] = steps
    assert (step.change, step.reply) == (Change.REFUSED, event.reply)
    return step.words
