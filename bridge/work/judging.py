"""Events into tickets, tickets into alerts.

Tickets that have waiting events are claimed, row by row, so that several workers never split or reorder
one; each is folded, judged, and what became of its alert is planned, all or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.alerts import Step, acknowledge, reconcile, retell
from bridge.domain.clocks import clocks, deadlines, overdue
from bridge.domain.judge import Policy, judge
from bridge.domain.model import (
    Alert,
    AnyEvent,
    Deadline,
    Due,
    Pressed,
    Read,
    Severity,
    Team,
    Ticket,
)
from bridge.domain.routing import TICKET, Plan, plan
from bridge.domain.ticket import fold, fold_all, late
from bridge.store import alerts, deliveries, inbox, tickets
from bridge.work.bridge import Bridge, team_named
from bridge.work.faults import Fault, guarded
from bridge.work.queue import READ, ask, wake_deliveries

BATCH = 500

log = structlog.get_logger()


class _Outcome(Struct, frozen=True):
    """What judging a ticket came to, ready to be stored."""

    ticket: Ticket
    timers: tuple[Deadline, ...]
    told: dict[str, Severity]
    alert: Alert | None
    steps: tuple[Step, ...]
    silent: tuple[Due, ...] = ()


def judge_tickets(bridge: Bridge) -> int:
    """Fold and judge tickets that have waiting events; how many could be claimed."""
    with bridge.engine.begin() as connection:
        subjects = tickets.unjudged(connection, BATCH)
        if not subjects:
            return 0
        claimed = tickets.claim(connection, subjects)
        if claimed:
            _judge_claimed(bridge, connection, claimed)
        return len(claimed)


def judge_again(bridge: Bridge, after: str) -> str:
    """Judge the next tickets in the order of their names, though nothing happened; the last one, "" at the end.

    Their timers are set anew and their live alerts kept current. None opens: that takes an event.
    """
    with bridge.engine.begin() as connection:
        subjects = tickets.following(connection, after, BATCH)
        if claimed := tickets.claim(connection, subjects):
            _judge_claimed(bridge, connection, claimed, idle=True)
    return subjects[-1] if subjects else ""


def _judge_claimed(
    bridge: Bridge,
    connection: Connection,
    claimed: Sequence[tickets.Claimed],
    *,
    idle: bool = False,
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
        if not news and not idle:
            continue
        stored = tickets.history(connection, claim.id) if _refolds(claim.ticket, news) else None
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
    silent = [tickets.arrive(e, now) for _, o in outcomes for e in o.silent]
    tickets.add_events(connection, silent, judged=True)
    _read_unknown(bridge, connection, [o.ticket for _, o in outcomes])
    _set_timers(connection, outcomes)
    _tell(bridge, connection, [outcome for _, outcome in outcomes], known_teams)


def _refolds(ticket: Ticket | None, news: Sequence[AnyEvent]) -> bool:
    """Whether the ticket is folded anew from all that is stored of it.

    So it is for an event that belongs before what is folded, after its history was read, and where an earlier version
    folded it, which knew less.
    """
    if any(late(ticket, event) or isinstance(event, Read) for event in news):
        return True
    return ticket is not None and ticket.known_at is None and ticket.desk != "answer"


def _read_unknown(bridge: Bridge, connection: Connection, judged: Sequence[Ticket]) -> None:
    """Have tickets read whose beginning nobody told: till then no clock runs on them."""
    unknown = [t.id for t in judged if t.live and not t.whole and t.desk in bridge.settings.desks]
    ask(connection, READ, unknown, bridge.now())


def _judge(
    policy: Policy,
    claim: tickets.Claimed,
    news: Sequence[AnyEvent],
    stored: Sequence[AnyEvent] | None,
    live: Alert | None,
    *,
    now: datetime,
) -> _Outcome:
    no_steps: tuple[Step, ...] = ()
    # A timer that has rung is due, also where this machine's clock is behind the one that rang it.
    now = max([now, *(e.at for e in news if isinstance(e, Due))])
    statuses = policy.statuses_of(claim.id)
    ticket = claim.ticket
    if stored is not None:
        ticket = fold_all(stored, statuses)
    else:
        for event in news:
            ticket = fold(ticket, event, statuses)
    if ticket is None:
        raise ValueError("a ticket without events")
    quiet = live is None and any(isinstance(e, Read) and e.quiet for e in news)
    silent: tuple[Due, ...] = ()
    if quiet:
        silent = overdue(ticket, clocks(ticket, policy), now)
        for event in silent:
            ticket = fold(ticket, event, statuses)
    judgement = judge(ticket, policy, now)
    alert, steps = live, no_steps
    for event in news:
        if isinstance(event, Pressed):
            alert, taken = acknowledge(alert, event)
            steps += taken
    if live is not None or (judgement.findings and news and not quiet):
        alert, changed = reconcile(alert, ticket, judgement.findings, claim.told, now)
        steps += changed
    heard = alert is not None or quiet
    told = retell(claim.told, judgement.findings) if heard else claim.told
    timers = deadlines(ticket, judgement.clocks, policy.hours_of(ticket), now)
    return _Outcome(ticket, timers, told, alert, steps, silent)


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
        team = team_named(alert.team, known_teams)
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
    return team_named(name, known)
