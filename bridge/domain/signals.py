"""What a judged ticket adds to figures of many: it was opened, rated, rang, was solved, was updated. Pure.

Each is told once, whatever is judged again: it is known by its kind and what it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.alerts import Change, Step
from bridge.domain.metrics import KINDS
from bridge.domain.model import Alert, Answer, Category, Severity, Ticket
from bridge.domain.rules.low_score import LowScore
from bridge.domain.text import Words
from bridge.domain.updates import new_updates

OPENED, ANSWERED, LOW, ALERT = "opened", "answered", "low", "alert"
SOLVED, UPDATE, THIN = "solved", "update", "thin"

LONGEST = 100
"""Characters of a topic's value; tags and names that are longer are cut."""


class Signal(Struct, frozen=True, kw_only=True):
    """Something that counts for its ticket's topics, team and agent.

    `about` tells it from others of its kind. `value` is a score (of an answer, or of an update's quality), in 0..1;
    `note` the gravest that an update lacks. `agent` is who it says something about, "<desk>:<id>".
    """

    kind: str
    about: str
    at: datetime
    value: float | None = None
    note: str = ""
    agent: str = ""


class By(Struct, frozen=True, kw_only=True):
    """What topics are made of: properties of a ticket, tags that begin with one of these, facts with these names."""

    properties: tuple[str, ...] = ("brand", "type")
    tags: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


def topics(ticket: Ticket, by: By, team: str = "", account: str = "") -> tuple[str, ...]:
    """The subjects that a ticket's signals count for: its topics, our team, and its customer's account."""
    if ticket.desk == "answer":
        return tuple(filter(None, (f"topic:answers:{ticket.key.partition(':')[0]}", _team(team))))
    found = [(name, str(getattr(ticket, name))) for name in by.properties]
    found += [("tag", tag) for tag in ticket.tags if by.tags and tag.startswith(by.tags)]
    found += [(name, ticket.facts.get(name, "")) for name in by.facts]
    own = [f"topic:{ticket.desk}:{what}:{value[:LONGEST]}" for what, value in found if value]
    wider = (_team(team), f"account:{account}" if account else "")
    return tuple(dict.fromkeys((*own, *filter(None, wider))))


def name_of(subject: str) -> str:
    """What people call a topic or a team: "Billing", of "topic:zendesk:tag:Billing"."""
    kind, _, rest = subject.partition(":")
    parts = rest.split(":", 2)
    return parts[-1] if kind == "topic" else rest


def family(subject: str) -> str:
    """What a topic is one of: "topic:zendesk:tag" of "topic:zendesk:tag:Billing"; of others, their kind."""
    parts = subject.split(":", 3)
    return ":".join(parts[:3]) if parts[0] == "topic" and len(parts) > 3 else parts[0]


def signals_of(
    before: Ticket | None,
    after: Ticket,
    changed: Iterable[tuple[Alert, tuple[Step, ...]]],
    *,
    low: LowScore,
    words: Words,
    zone: tzinfo = UTC,
) -> Iterator[Signal]:
    """What came of a ticket between two judgements; `changed` are its alerts, with what became of them.

    `low` says which scores are low; `words` and `zone` judge updates: see `bridge.domain.updates`.
    """
    if after.desk in KINDS or after.desk == "test":
        return
    agent = _agent(after, after.agent or after.last_reply_by)
    if after.opened_at is not None and (before is None or before.opened_at is None):
        yield Signal(kind=OPENED, about=after.id, at=after.opened_at, agent=agent)
    known = before.answers if before else ()
    for answer in after.answers:
        if answer not in known and answer.score is not None:
            yield from _answered(after, answer, answer.score, low, agent)
    for alert, steps in changed:
        opened = any(step.change is Change.OPENED for step in steps)
        if opened and alert.severity >= Severity.WARNING:
            about = f"{after.id}@{alert.opened_at.isoformat()}"
            yield Signal(kind=ALERT, about=about, at=alert.opened_at, agent=agent)
    phases = before.phases if before else ()
    for phase in after.phases:
        if phase.category is Category.SOLVED and phase not in phases:
            about = f"{after.id}@{phase.at.isoformat()}"
            yield Signal(kind=SOLVED, about=about, at=phase.at, agent=agent)
    for update in new_updates(before, after, words, zone):
        told = Signal(
            kind=UPDATE,
            about=f"{after.id}:{update.ref}",
            at=update.at,
            value=update.quality.score,
            note=update.quality.note,
            agent=_agent(after, update.actor),
        )
        yield told
        if update.quality.thin:
            yield replace(told, kind=THIN)


def _answered(
    ticket: Ticket, answer: Answer, score: float, low: LowScore, agent: str
) -> Iterator[Signal]:
    about, at = f"{ticket.id}:{answer.id}", answer.at or ticket.as_of[0]
    yield Signal(kind=ANSWERED, about=about, at=at, value=score, agent=agent)
    if score <= low.line(answer):
        yield Signal(kind=LOW, about=about, at=at, value=score, agent=agent)


def _agent(ticket: Ticket, name: str) -> str:
    return f"{ticket.desk}:{name}" if name else ""


def _team(name: str) -> str:
    return f"team:{name}" if name else ""
