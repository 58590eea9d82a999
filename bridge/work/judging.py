"""Events into tickets, tickets into alerts.

Tickets that have waiting events are claimed, row by row, so that several workers never split or reorder
one; each is folded, judged, and what became of its alert is planned, all or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.alerts import reconcile, retell
from bridge.domain.clocks import clocks, deadlines, overdue
from bridge.domain.forgetting import MARK
from bridge.domain.judge import NOTHING_AROUND, judge
from bridge.domain.model import (
    AboutAlert,
    AnyEvent,
    Deadline,
    Due,
    Finding,
    Read,
    Severity,
    Ticket,
)
from bridge.domain.signals import Signal
from bridge.domain.ticket import fold, fold_all, late
from bridge.store import accounts, inbox, shadows, tickets
from bridge.work.bridge import Bridge
from bridge.work.faults import Fault, guarded
from bridge.work.following import Changed, Facts, Followed, gather
from bridge.work.queue import READ, WHO, ask
from bridge.work.signalling import keep, signalled
from bridge.work.tell import team_of, tell

BATCH = 500


class Outcome(Struct, frozen=True):
    """What judging a ticket came to, ready to be stored. `fresh`: something happened by which an alert may open."""

    ticket: Ticket
    timers: tuple[Deadline, ...]
    told: dict[str, Severity]
    changed: tuple[Changed, ...] = ()
    silent: tuple[Due, ...] = ()
    shadows: tuple[Finding, ...] = ()
    fresh: bool = False
    signals: tuple[Signal, ...] = ()


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


def judge_these(bridge: Bridge, subjects: Sequence[str]) -> None:
    """Judge tickets though nothing happened, because more is known around them. None opens an alert by it."""
    with bridge.engine.begin() as connection:
        if claimed := tickets.claim(connection, subjects):
            _judge_claimed(bridge, connection, claimed, idle=True)


def _judge_claimed(
    bridge: Bridge,
    connection: Connection,
    claimed: Sequence[tickets.Claimed],
    *,
    idle: bool = False,
) -> None:
    subjects = [c.id for c in claimed]
    waiting = tickets.waiting(connection, subjects)
    known = {c.id: c.ticket for c in claimed}
    facts = gather(bridge, connection, subjects, waiting, known)
    outcomes: list[tuple[tickets.Claimed, Outcome]] = []
    done: list[int] = []
    for claim in claimed:
        news = [w.event for w in waiting[claim.id]]
        if not news and not idle:
            continue
        stored = tickets.history(connection, claim.id) if refolds(claim.ticket, news) else None
        outcome = guarded(
            lambda c=claim, n=news, s=stored: judge_one(facts, c, n, s),  # type: ignore[misc]
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
    silent = [tickets.arrive(e, facts.now) for _, o in outcomes for e in o.silent]
    tickets.add_events(connection, silent, judged=True)
    _read_unknown(bridge, connection, [o.ticket for _, o in outcomes])
    if not idle:
        _meet_customers(bridge, connection, facts, [o.ticket for _, o in outcomes])
    _set_timers(connection, outcomes)
    told = [(o.ticket, changed) for _, o in outcomes for changed in o.changed]
    tell(bridge, connection, facts, told)
    keep(bridge, connection, facts, [(o.ticket, o.signals) for _, o in outcomes])
    _keep_shadows(bridge, connection, facts, [outcome for _, outcome in outcomes])


def _keep_shadows(
    bridge: Bridge, connection: Connection, facts: Facts, outcomes: Sequence[Outcome]
) -> None:
    """What nobody is told of, beside what somebody was."""
    if not facts.policy.in_shadow:
        return
    teams = list(facts.roster.teams)
    seen = [
        shadows.Seen(
            subject=one.ticket.id,
            team=team_of(bridge, one.ticket, teams).name if one.shadows else "",
            findings=one.shadows,
            fresh=one.fresh,
        )
        for one in outcomes
    ]
    shadows.keep(connection, seen, facts.now)


def refolds(ticket: Ticket | None, news: Sequence[AnyEvent]) -> bool:
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


def _meet_customers(
    bridge: Bridge, connection: Connection, facts: Facts, judged: Sequence[Ticket]
) -> None:
    """Have customers read whose account is not known, where their e-mail address could tell it."""
    wanted = [
        (t.desk, t.requester)
        for t in judged
        if t.live and t.desk in bridge.settings.desks
        if t.requester and not t.requester.startswith(MARK)
        if not facts.around.get(t.id, NOTHING_AROUND).account
    ]
    ask(connection, WHO, accounts.strangers(connection, wanted), bridge.now())


def judge_one(
    facts: Facts,
    claim: tickets.Claimed,
    news: Sequence[AnyEvent],
    stored: Sequence[AnyEvent] | None,
) -> Outcome:
    """What comes of a ticket by its news, folded from all that is `stored` where that is given. Writes nothing."""
    policy = facts.policy
    # A timer that has rung is due, also where this machine's clock is behind the one that rang it.
    now = max([facts.now, *(e.at for e in news if isinstance(e, Due))])
    statuses = policy.statuses_of(claim.id)
    ticket = claim.ticket
    if stored is not None:
        ticket = fold_all(stored, statuses)
    else:
        for event in news:
            ticket = fold(ticket, event, statuses)
    if ticket is None:
        raise ValueError("a ticket without events")
    known = facts.alerts.get(claim.id, {})
    live = next((alert for alert in known.values() if alert.live), None)
    quiet = live is None and any(isinstance(e, Read) and e.quiet for e in news)
    silent: tuple[Due, ...] = ()
    if quiet:
        silent = overdue(ticket, clocks(ticket, policy), now)
        for event in silent:
            ticket = fold(ticket, event, statuses)
    judgement = judge(ticket, policy, now, facts.around.get(claim.id, NOTHING_AROUND))
    followed = Followed(facts, known)
    for event in news:
        followed.take(event)
    live = followed.live
    fresh = bool(news) and not quiet and _news(news)
    if live is not None or (judgement.findings and fresh):
        alert, steps = reconcile(live, ticket, judgement.findings, claim.told, now)
        if alert is not None and steps:
            followed.change(alert, steps)
    heard = followed.live is not None or bool(followed.changed) or quiet
    told = retell(claim.told, judgement.findings) if heard else claim.told
    timers = deadlines(ticket, judgement.clocks, policy.hours_of(ticket), now)
    changed = followed.changes()
    signals = signalled(facts, claim.ticket, ticket, changed)
    return Outcome(ticket, timers, told, changed, silent, judgement.shadows, fresh, signals)


def _news(news: Sequence[AnyEvent]) -> bool:
    """Whether anything happened to the ticket itself: only then an alert may open."""
    return any(not isinstance(event, AboutAlert) for event in news)


def _set_timers(
    connection: Connection, outcomes: Sequence[tuple[tickets.Claimed, Outcome]]
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
