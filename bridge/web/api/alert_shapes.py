"""What is told of an alert: in a list, as a whole, and its story."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from bridge.domain.alerts import Step
from bridge.domain.model import (
    Alert,
    AlertState,
    Coaching,
    Member,
    Message,
    Outcome,
)
from bridge.domain.redaction import Redaction
from bridge.store.alerts import Told
from bridge.store.cases import Case
from bridge.web.api.endpoints import ROOT
from bridge.web.api.presses import PATHS

Grave = Literal["info", "warning", "high", "critical"]


class Person(Struct, frozen=True, kw_only=True):
    """One of ours, or a program."""

    name: str
    email: str


class Links(Struct, frozen=True, kw_only=True):
    """Where there is more of an alert."""

    self: str
    story: str
    deliveries: str
    page: Annotated[str, Meta(description="The page for people.")]


class AlertLine(Struct, frozen=True, kw_only=True):
    """An alert in a list."""

    ref: Annotated[str, Meta(description="Its reference, as in each message: AB-1A2B3C4D.")]
    state: AlertState
    severity: Grave
    headline: Annotated[str, Meta(description="Its gravest reason.")]
    team: str
    owner: Annotated[Person | None, Meta(description="Who has it; null for nobody.")]
    ticket: Annotated[str, Meta(description="What it is about, as <desk>:<id>.")]
    ticket_name: Annotated[str, Meta(description="What people call the ticket: HELP-12.")]
    title: Annotated[str, Meta(description="The ticket's title.")]
    rules: tuple[str, ...]
    opened_at: datetime
    changed_at: datetime
    due_at: Annotated[datetime | None, Meta(description="When its next goal is due.")]
    snoozed_until: datetime | None
    ended_at: datetime | None
    links: Links


class Fact(Struct, frozen=True, kw_only=True):
    """What a reason rests on."""

    name: str
    value: str


class ReasonTold(Struct, frozen=True, kw_only=True):
    """Why there is an alert."""

    rule: str
    severity: Grave
    headline: str
    facts: tuple[Fact, ...]
    words: Annotated[str, Meta(description="The customer's own.")]
    recording: Annotated[str, Meta(description="A link to the customer's voice.")]
    playbook: Annotated[str, Meta(description="What helps.")]
    fix: Annotated[str, Meta(description="What would put it right.")]
    gone: Annotated[bool, Meta(description="Whether it holds no more.")]


class GoalTold(Struct, frozen=True, kw_only=True):
    """A goal of the loop."""

    name: Annotated[str, Meta(description="acknowledge, contact, resolve or close")]
    due_at: datetime
    warn_at: datetime | None
    met_at: datetime | None
    missed: Annotated[bool, Meta(description="Whether it was not met in time.")]


class CustomerTold(Struct, frozen=True, kw_only=True):
    """Who it is about, as far as is known."""

    name: str
    email: str
    phone: str


class NextTold(Struct, frozen=True, kw_only=True):
    """Who is told next unless somebody takes it."""

    who: str
    at: datetime


class AlertWhole(Struct, frozen=True, kw_only=True):
    """All of an alert."""

    ref: str
    state: AlertState
    severity: Grave
    headline: str
    team: str
    owner: Person | None
    people: Annotated[tuple[Person, ...], Meta(description="Who else is on it.")]
    ticket: str
    ticket_name: str
    title: str
    url: Annotated[str, Meta(description="The ticket in the helpdesk.")]
    customer: CustomerTold
    reasons: tuple[ReasonTold, ...]
    goals: tuple[GoalTold, ...]
    next: NextTold | None
    actions: Annotated[tuple[str, ...], Meta(description="What can be done about it now.")]
    opened_at: datetime
    changed_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    attempts: Annotated[int, Meta(description="To reach the customer, in vain.")]
    contacted_at: datetime | None
    contacted_by: str
    snoozed_until: datetime | None
    ended_at: datetime | None
    ended: Annotated[str, Meta(description="How it came to an end.")]
    resolved_by: Annotated[str, Meta(description='"" where it resolved itself.')]
    outcome: Outcome | None
    cause: str
    done: Annotated[str, Meta(description="What was done.")]
    coaching: Coaching | None
    closed_at: datetime | None
    reopened: Annotated[int, Meta(description="How often it was opened again.")]
    better: Annotated[
        bool | None, Meta(description="What the customer answered: put right or not.")
    ]
    useful: Annotated[int, Meta(description="How many say that it was of use.")]
    not_useful: Annotated[int, Meta(description="How many say that it was of no use.")]
    links: Links


class StoryLine(Struct, frozen=True, kw_only=True):
    """A step of an alert's story."""

    at: datetime
    what: Annotated[str, Meta(description="What became of it: opened, acknowledged, escalated …")]
    who: Annotated[str, Meta(description='Who did it; "" for nobody.')]
    via: Annotated[str, Meta(description="From where: slack, ticket, page, api, command line")]
    words: Annotated[str, Meta(description="What they said.")]
    goal: Annotated[str, Meta(description="The goal it is about.")]
    reason: Annotated[str, Meta(description="The headline of the reason it is about.")]
    people: Annotated[tuple[str, ...], Meta(description="Who was told, assigned or added.")]


class Story(Struct, frozen=True, kw_only=True):
    """What became of an alert, from the beginning."""

    items: tuple[StoryLine, ...]


def line(case: Case, hide: Redaction) -> AlertLine:
    """An alert in a list."""
    alert = case.alert
    reason = next(iter((*alert.standing, *alert.reasons)))
    return AlertLine(
        ref=alert.ref,
        state=alert.state,
        severity=grave(alert.severity),
        headline=reason.finding.headline,
        team=alert.team,
        owner=person(alert.owner),
        ticket=alert.subject,
        ticket_name=case.name,
        title=hide.text(case.title),
        rules=tuple(sorted({one.finding.rule for one in alert.reasons})),
        opened_at=alert.opened_at,
        changed_at=alert.changed_at,
        due_at=case.due_at,
        snoozed_until=alert.snoozed_until,
        ended_at=alert.ended_at,
        links=links(alert),
    )


def whole(alert: Alert, told: Message, name: str, now: datetime) -> AlertWhole:
    """All of an alert, of which what is hidden is hidden; reasons and customer are those of its message."""
    return AlertWhole(
        ref=alert.ref,
        state=alert.state,
        severity=grave(alert.severity),
        headline=told.headline,
        team=alert.team,
        owner=person(alert.owner),
        people=tuple(one for one in map(person, alert.people) if one),
        ticket=alert.subject,
        ticket_name=name,
        title=told.title,
        url=told.url,
        customer=CustomerTold(
            name=told.customer.name, email=told.customer.email, phone=told.customer.phone
        ),
        reasons=tuple(
            ReasonTold(
                rule=one.rule,
                severity=grave(one.severity),
                headline=one.headline,
                facts=tuple(Fact(name=name, value=value) for name, value in one.facts),
                words=one.words,
                recording=one.recording,
                playbook=one.playbook,
                fix=one.fix,
                gone=one.gone,
            )
            for one in told.lines
        ),
        goals=tuple(
            GoalTold(
                name=name,
                due_at=one.due_at,
                warn_at=one.warn_at,
                met_at=one.met_at,
                missed=(one.met_at or now) > one.due_at,
            )
            for name, one in alert.promises.items()
        ),
        next=NextTold(who=told.next[0], at=told.next[1]) if told.next else None,
        actions=tuple(PATHS[press] for press in told.offers if press in PATHS),
        opened_at=alert.opened_at,
        changed_at=alert.changed_at,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
        attempts=alert.attempts,
        contacted_at=alert.contacted_at,
        contacted_by=alert.contacted_by,
        snoozed_until=alert.snoozed_until,
        ended_at=alert.ended_at,
        ended=alert.ended,
        resolved_by=alert.resolved_by,
        outcome=alert.outcome,
        cause=alert.cause,
        done=alert.done,
        coaching=alert.coaching,
        closed_at=alert.closed_at,
        reopened=alert.reopened,
        better=alert.better,
        useful=len(alert.useful),
        not_useful=len(alert.useless),
        links=links(alert),
    )


def story_line(told: Told, hide: Redaction) -> StoryLine:
    """A step of the story."""
    step: Step = hide.step(told.step)
    rise = (str(step.rise.who),) if step.rise else ()
    return StoryLine(
        at=told.at,
        what=step.change.value,
        who=str(step.who),
        via=step.via,
        words=step.words,
        goal=step.goal,
        reason=step.finding.headline if step.finding else "",
        people=(*map(str, step.people), *rise),
    )


def links(alert: Alert) -> Links:
    """Where there is more of it."""
    at = f"{ROOT}/alerts/{alert.ref}"
    return Links(
        self=at,
        story=f"{at}/story",
        deliveries=f"{at}/deliveries",
        page=f"/alerts/{alert.ref}",
    )


def person(one: Member) -> Person | None:
    """One of ours; None for nobody."""
    return Person(name=str(one), email=one.email) if one else None


def grave(severity: object) -> Grave:
    """A severity by its name."""
    name: Grave = severity.name.lower()  # type: ignore[attr-defined]
    return name
