"""The heart: deliveries become events, events become tickets, tickets are judged, alerts are told.

Two steps, each a transaction for a whole batch. First deliveries are read into events. Then tickets
that have waiting events are claimed, row by row, so that several workers never split or reorder
one; each is folded, judged, and what became of its alert is planned, all or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from time import monotonic

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.alerts import Step, reconcile, retell
from bridge.domain.goals import deadlines
from bridge.domain.judge import Policy, judge
from bridge.domain.model import (
    Alert,
    AnyEvent,
    Contact,
    Deadline,
    Finding,
    Party,
    Rated,
    Replied,
    Severity,
    Team,
    Ticket,
    Touched,
    Unreadable,
)
from bridge.domain.routing import TICKET, Plan, plan
from bridge.domain.ticket import fold, fold_all, late
from bridge.store import alerts, deliveries, inbox, teams, tickets
from bridge.work.bridge import Bridge
from bridge.work.faults import Fault, guarded
from bridge.work.queue import DRAIN, MATCH, READ, wake, wake_deliveries
from connectors import Incoming

READ_BATCH = 500
JUDGE_BATCH = 500
PATIENCE = 5.0  # seconds of work before another job gets its turn
MATCH_WITHIN = timedelta(days=14)

log = structlog.get_logger()


def drain(bridge: Bridge) -> None:
    """Work off all that waits."""
    until = monotonic() + PATIENCE
    while True:
        done = read_deliveries(bridge) + judge_tickets(bridge)
        if not done:
            return
        if monotonic() > until:
            with bridge.engine.begin() as connection:
                wake(connection, DRAIN)
            return


# --- deliveries into events


class _Read(Struct, frozen=True):
    """A delivery's outcome: its events, or the reason why there are none, or that it looks for its ticket."""

    row: inbox.Kept
    events: tuple[tickets.Arrived, ...] = ()
    unreadable: str = ""
    matching: bool = False


def read_deliveries(bridge: Bridge) -> int:
    """Read waiting deliveries into events; how many there were."""
    with bridge.engine.begin() as connection:
        rows = inbox.take(connection, READ_BATCH)
        if rows:
            read_rows(bridge, connection, rows)
        return len(rows)


def read_rows(
    bridge: Bridge, connection: Connection, rows: Sequence[inbox.Kept], *, looked: bool = False
) -> None:
    """Store what deliveries say. `looked`: their customers have been looked for at the desk already."""
    owners = deliveries.our_users(connection)
    outcomes = []
    for row in rows:
        outcome = guarded(lambda row=row: _read(bridge, row), inbox=row.id)  # type: ignore[misc]
        if isinstance(outcome, Fault):
            outcome = _Read(row, unreadable=outcome)
        outcomes.append(_bound(bridge, connection, outcome, looked=looked))
    found = [event for outcome in outcomes for event in outcome.events if not outcome.matching]
    store_events(connection, found, owners)
    inbox.settle(
        connection,
        [o.row.id for o in outcomes if not o.unreadable and not o.matching],
        inbox.READ,
    )
    for arrived in found:
        _read_from_desk(bridge, connection, arrived.event, owners)
    for outcome in outcomes:
        if outcome.unreadable:
            inbox.settle(connection, [outcome.row.id], inbox.UNREADABLE, outcome.unreadable)
        elif outcome.matching:
            inbox.settle(connection, [outcome.row.id], inbox.MATCHING)
            wake(connection, MATCH, f"{MATCH}:{outcome.row.id}", inbox=outcome.row.id)


def _read(bridge: Bridge, row: inbox.Kept) -> _Read:
    setting = bridge.settings.sources.get(row.source)
    if setting is None:
        return _Read(row, unreadable=f"no source {row.source!r} is configured any more")
    incoming = Incoming(
        method=row.method,
        url=row.url,
        headers=row.headers,
        body=row.body,
        received_at=row.received_at,
    )
    try:
        events = tuple(
            tickets.arrive(event, row.received_at, row.id)
            for event in setting.source.read(incoming)
        )
    except Unreadable as error:
        return _Read(row, unreadable=str(error))
    return _Read(row, events)


def _bound(bridge: Bridge, connection: Connection, outcome: _Read, *, looked: bool) -> _Read:
    """Give survey answers without a ticket the customer's newest ticket, where there is one.

    All parts of one answer go to the same subject. A customer whom we do not know yet is looked for
    at the desk, outside this transaction.
    """
    strays = [a for a in outcome.events if isinstance(a.event, Rated)]
    if not strays:
        return outcome
    known = tickets.subjects_of(connection, [a.event.answer.id for a in strays])  # type: ignore[union-attr]
    bound: dict[str, str] = {}
    events = []
    for arrived in outcome.events:
        event = arrived.event
        if not isinstance(event, Rated):
            events.append(arrived)
            continue
        subject = known.get(event.answer.id, event.subject)
        if subject.startswith("answer:") and event.answer.id not in known:
            found = _ticket_of(bridge, connection, outcome.row, event.answer.contact)
            if found is None and not looked and _can_look(bridge, outcome.row, event):
                return replace(outcome, matching=True)
            subject = found or subject
        elif not looked and _unheard_of(bridge, connection, subject):
            return replace(outcome, matching=True)
        bound[event.answer.id] = subject
        events.append(
            tickets.arrive(replace(event, subject=subject), arrived.received_at, arrived.inbox)
        )
    tickets.bind(connection, bound)
    return replace(outcome, events=tuple(events))


def _unheard_of(bridge: Bridge, connection: Connection, subject: str) -> bool:
    """Whether an answer's ticket must be read first, for its team to be known."""
    desk = subject.partition(":")[0]
    return desk in bridge.settings.desks and tickets.find(connection, subject) is None


def _read_from_desk(
    bridge: Bridge, connection: Connection, event: AnyEvent, owners: dict[str, set[str]]
) -> None:
    """Have a ticket read of which a source could tell no more than that somebody else changed it."""
    desk = event.subject.partition(":")[0]
    if not isinstance(event, Touched) or not event.read or desk not in bridge.settings.desks:
        return
    if event.actor not in owners.get(desk, ()):
        wake(connection, READ, f"{READ}:{event.subject}", subject=event.subject)


def answers_in(bridge: Bridge, row: inbox.Kept) -> list[Rated]:
    """The survey answers in a delivery."""
    outcome = guarded(lambda: _read(bridge, row), inbox=row.id)
    if isinstance(outcome, Fault):
        return []
    return [a.event for a in outcome.events if isinstance(a.event, Rated)]


def _ticket_of(
    bridge: Bridge, connection: Connection, row: inbox.Kept, contact: Contact
) -> str | None:
    desk = bridge.settings.sources[row.source].source.desk
    people = teams.customers(connection, desk, contact.email, contact.phone)
    since = row.received_at - MATCH_WITHIN
    return tickets.newest_of(connection, [f"{desk}:{p}" for p in people], since) if people else None


def _can_look(bridge: Bridge, row: inbox.Kept, event: Rated) -> bool:
    desk = bridge.settings.sources[row.source].source.desk
    contact = event.answer.contact
    return desk in bridge.settings.desks and bool(contact.email or contact.phone)


def store_events(
    connection: Connection, found: Sequence[tickets.Arrived], owners: dict[str, set[str]]
) -> None:
    """Store events, those that our own writing caused marked as ours."""
    tickets.add_events(connection, [_own(connection, arrived, owners) for arrived in found])


def _own(
    connection: Connection, arrived: tickets.Arrived, owners: dict[str, set[str]]
) -> tickets.Arrived:
    event = arrived.event
    desk = event.subject.partition(":")[0]
    if desk not in owners or event.by is Party.BRIDGE:
        return arrived
    ours = event.actor in owners[desk]
    if not ours and isinstance(event, Replied) and event.ref and not event.public:
        ours = bool(deliveries.ours(connection, desk, [f"comment:{event.ref}"]))
    if not ours:
        return arrived
    return tickets.arrive(replace(event, by=Party.BRIDGE), arrived.received_at, arrived.inbox)


# --- events into tickets, tickets into alerts


class _Outcome(Struct, frozen=True):
    """What judging a ticket came to, ready to be stored."""

    ticket: Ticket
    timers: tuple[Deadline, ...]
    told: dict[str, Severity]
    findings: tuple[Finding, ...]
    alert: Alert | None
    steps: tuple[Step, ...]


def judge_tickets(bridge: Bridge) -> int:
    """Fold and judge tickets that have waiting events; how many could be claimed."""
    with bridge.engine.begin() as connection:
        subjects = tickets.unjudged(connection, JUDGE_BATCH)
        if not subjects:
            return 0
        claimed = tickets.claim(connection, subjects)
        if claimed:
            _judge_claimed(bridge, connection, claimed)
        return len(claimed)


def _judge_claimed(
    bridge: Bridge, connection: Connection, claimed: Sequence[tickets.Claimed]
) -> None:
    subjects = [c.id for c in claimed]
    waiting = tickets.waiting(connection, subjects)
    live = alerts.live(connection, subjects)
    known_teams = bridge.teams(connection)
    policy = bridge.policy(known_teams)
    now = bridge.now()
    outcomes: list[tuple[tickets.Claimed, _Outcome]] = []
    done: list[int] = []
    for claim in claimed:
        news = [w.event for w in waiting[claim.id]]
        if not news:
            continue
        stored = (
            tickets.history(connection, claim.id)
            if any(late(claim.ticket, e) for e in news)
            else None
        )
        outcome = guarded(
            lambda c=claim, n=news, s=stored: _judge(policy, c, n, s, live.get(c.id), now=now),  # type: ignore[misc]
            subject=claim.id,
        )
        numbers = [w.id for w in waiting[claim.id]]
        if isinstance(outcome, Fault):
            tickets.judged(connection, numbers, fault=outcome)
            continue
        done += numbers
        outcomes.append((claim, outcome))
    tickets.store(connection, [tickets.Judged(o.ticket, o.timers, o.told) for _, o in outcomes])
    tickets.judged(connection, done)
    _set_timers(connection, outcomes)
    for _, outcome in outcomes:
        if outcome.alert is not None and outcome.steps:
            _tell(bridge, connection, outcome, known_teams)


def _judge(
    policy: Policy,
    claim: tickets.Claimed,
    news: Iterable[AnyEvent],
    stored: Sequence[AnyEvent] | None,
    live: Alert | None,
    *,
    now: datetime,
) -> _Outcome:
    no_steps: tuple[Step, ...] = ()
    statuses = policy.statuses_of(claim.id)
    ticket = claim.ticket
    if stored is not None:
        ticket = fold_all(stored, statuses)
    else:
        for event in news:
            ticket = fold(ticket, event, statuses)
    if ticket is None:
        raise ValueError("a ticket without events")
    judgement = judge(ticket, policy, now)
    alert, steps = live, no_steps
    if judgement.findings or live is not None:
        alert, steps = reconcile(live, ticket, judgement.findings, claim.told, now)
    told = retell(claim.told, judgement.findings) if alert is not None else claim.told
    return _Outcome(
        ticket, deadlines(judgement.clocks, now), told, judgement.findings, alert, steps
    )


def _set_timers(
    connection: Connection, outcomes: Sequence[tuple[tickets.Claimed, _Outcome]]
) -> None:
    gone, new = [], []
    for claim, outcome in outcomes:
        if claim.timers == outcome.timers:
            continue
        before, after = set(claim.timers), set(outcome.timers)
        kept = {(timer.goal, timer.stage) for timer in after}
        gone += [(claim.id, t) for t in before - after if (t.goal, t.stage) not in kept]
        new += [(claim.id, t) for t in after - before]
    tickets.set_timers(connection, gone, new)


def _tell(
    bridge: Bridge, connection: Connection, outcome: _Outcome, known_teams: Sequence[Team]
) -> None:
    """Store the alert and plan who is told."""
    alert, ticket = outcome.alert, outcome.ticket
    if alert is None:
        return
    posted: set[str] = set()
    if alert.number:
        posted = deliveries.mediums(connection, alert.number)
    else:
        team = team_of(bridge, ticket, known_teams)
        alert = replace(alert, ref=f"AB-{token_hex(4).upper()}", team=team.name)
    team = next((t for t in known_teams if t.name == alert.team), Team(name=alert.team))
    desk = ticket.desk if ticket.desk in bridge.settings.desks else ""
    alert = alerts.save(connection, alert, outcome.steps)
    facts = Plan(
        team,
        bridge.routes(team),
        desk,
        frozenset(TICKET if medium == desk else medium for medium in posted),
    )
    planned = plan(alert, ticket, outcome.steps, facts)
    ids = deliveries.add(connection, alert.number, planned, bridge.now())
    wake_deliveries(connection, ids)
    log.info(
        "alert",
        alert=alert.number,
        subject=alert.subject,
        steps=[s.change.value for s in outcome.steps],
        severity=alert.severity.name,
    )


def team_of(bridge: Bridge, ticket: Ticket, known: Sequence[Team]) -> Team:
    """The team responsible: of the ticket's group, or of the source an answer came from, or the default."""
    group = f"{ticket.desk}:{ticket.team}"
    name = bridge.settings.default_team
    if ticket.desk == "answer":
        setting = bridge.settings.sources.get(ticket.key.partition(":")[0])
        name = (setting and setting.team) or name
    else:
        name = next((t.name for t in known if group in t.groups), name)
    return next((t for t in known if t.name == name), Team(name=name))
