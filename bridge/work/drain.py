"""The heart: deliveries become events, events become tickets, tickets are judged, alerts are told.

Two steps, each a transaction for a whole batch. First deliveries are read into events. Then tickets
that have waiting events are claimed, row by row, so that several workers never split or reorder
one; each is folded, judged, and what became of its alert is planned, all or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    readings = []
    for row in rows:
        reading = guarded(lambda row=row: _read(bridge, row), inbox=row.id)  # type: ignore[misc]
        readings.append(_Read(row, unreadable=reading) if isinstance(reading, Fault) else reading)
    known = tickets.subjects_of(connection, [e.answer.id for r in readings for e in _answers(r)])
    outcomes = [_bound(bridge, connection, r, known, looked=looked) for r in readings]
    tickets.bind(connection, known)
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


def _answers(reading: _Read) -> list[Rated]:
    return [a.event for a in reading.events if isinstance(a.event, Rated)]


def _bound(
    bridge: Bridge, connection: Connection, outcome: _Read, known: dict[str, str], *, looked: bool
) -> _Read:
    """Give survey answers without a ticket the customer's newest ticket, where there is one.

    All parts of one answer go to the same subject: `known` says which, and learns it. A customer whom we
    do not know yet is looked for at the desk, outside this transaction.
    """
    if not _answers(outcome):
        return outcome
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
    known |= bound
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
    notes = {desk: [n for a in found if (n := _note(a.event, desk))] for desk in owners}
    ours = {desk: deliveries.ours(connection, desk, refs) for desk, refs in notes.items() if refs}
    tickets.add_events(connection, [_own(arrived, owners, ours) for arrived in found])


def _own(
    arrived: tickets.Arrived, owners: Mapping[str, set[str]], ours: Mapping[str, set[str]]
) -> tickets.Arrived:
    event = arrived.event
    desk = event.subject.partition(":")[0]
    by_us = event.actor in owners.get(desk, ()) or _note(event, desk) in ours.get(desk, ())
    if not by_us or event.by is Party.BRIDGE:
        return arrived
    return tickets.arrive(replace(event, by=Party.BRIDGE), arrived.received_at, arrived.inbox)


def _note(event: AnyEvent, desk: str) -> str:
    """What an internal note on a ticket of the desk is remembered by, if we wrote it; "" for any other event."""
    if not isinstance(event, Replied) or event.public or not event.ref:
        return ""
    return f"comment:{event.ref}" if event.subject.startswith(f"{desk}:") else ""


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
            came_in = tickets.faulty(connection, numbers, outcome)
            inbox.settle(connection, came_in, inbox.UNREADABLE, outcome)
            continue
        done += numbers
        outcomes.append((claim, outcome))
    tickets.store(connection, [tickets.Judged(o.ticket, o.timers, o.told) for _, o in outcomes])
    tickets.judged(connection, done)
    _set_timers(connection, outcomes)
    _tell(bridge, connection, [outcome for _, outcome in outcomes], known_teams)


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
    bridge: Bridge,
    connection: Connection,
    outcomes: Sequence[_Outcome],
    known_teams: Sequence[Team],
) -> None:
    """Store what became of alerts, and plan who is told."""
    told = [(o, o.alert) for o in outcomes if o.alert is not None and o.steps]
    if not told:
        return
    posted = deliveries.mediums(connection, [alert.number for _, alert in told if alert.number])
    saved = alerts.save(
        connection, [(_named(bridge, alert, o, known_teams), o.steps) for o, alert in told]
    )
    planned = []
    for (outcome, _), alert in zip(told, saved, strict=True):
        team = next((t for t in known_teams if t.name == alert.team), Team(name=alert.team))
        desk = outcome.ticket.desk if outcome.ticket.desk in bridge.settings.desks else ""
        mediums = posted.get(alert.number, ())
        facts = Plan(
            team,
            bridge.routes(team),
            desk,
            frozenset(TICKET if medium == desk else medium for medium in mediums),
        )
        planned += [(alert.number, d) for d in plan(alert, outcome.ticket, outcome.steps, facts)]
        log.info(
            "alert",
            alert=alert.number,
            subject=alert.subject,
            steps=[s.change.value for s in outcome.steps],
            severity=alert.severity.name,
        )
    wake_deliveries(connection, deliveries.add(connection, planned, bridge.now()))


def _named(bridge: Bridge, alert: Alert, outcome: _Outcome, known_teams: Sequence[Team]) -> Alert:
    """The alert with its reference and its team, which it keeps for life."""
    if alert.number:
        return alert
    team = team_of(bridge, outcome.ticket, known_teams)
    return replace(alert, ref=f"AB-{token_hex(4).upper()}", team=team.name)


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
