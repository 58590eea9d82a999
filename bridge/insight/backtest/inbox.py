"""Our own inbox as a history: every ticket that we heard of, as the cases of a file are."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.goals import BREACH
from bridge.domain.judge import Policy
from bridge.domain.model import AboutAlert, AnyEvent, Due, Ticket
from bridge.domain.ticket import fold_all
from bridge.insight.backtest.case import LAST_CONTACTS, Case, Found, Tell
from bridge.insight.backtest.life import Life
from bridge.insight.backtest.outcomes import Outcomes, Yardstick, slow_from
from bridge.insight.backtest.sections import OutcomeSection
from bridge.insight.backtest.times import micros, moments
from bridge.store import whatif
from bridge.work.whatif import Busy

BATCH = 200

OUTCOMES: Mapping[str, OutcomeSection] = {
    "low score": OutcomeSection(kind="score", at_most=0.4),
    "reopened": OutcomeSection(kind="reopened"),
    "breached": OutcomeSection(kind="breached"),
    "slow": OutcomeSection(kind="slowest"),
}
"""What counts as having gone badly unless somebody says otherwise. Scores are on the scale 0..1."""


def inbox_cases(
    connection: Connection,
    policy: Policy,
    since: datetime,
    *,
    outcomes: Mapping[str, OutcomeSection] = OUTCOMES,
    tell: Tell | None = None,
    found: Found | None = None,
) -> Iterator[Case]:
    """Tickets on which something happened since a time, each with its whole past; `tell` counts tickets, twice over.

    It must be the first that is asked in a transaction, which from then on sees one moment of the past. `outcomes` of
    the kind "column" or "deadline" are never known. Raises Busy where somebody looks at the past already.
    """
    if not whatif.alone(connection):
        raise Busy("the past is being looked at already: try again in a moment")
    met = Found() if found is None else found
    moment = moments()
    durations: array[int] = array("q")
    contacts: dict[str, array[int]] = {}
    until = 0
    total = whatif.many(connection, since)
    for number, (ticket, events) in enumerate(_tickets(connection, policy, since), 1):
        life = life_of(ticket, events)
        met.cases += 1
        met.rows += len(events)
        met.still_open += ticket.live
        until = max(until, micros(events[-1].at))
        if life.solved is not None:
            durations.append(life.solved - life.opened)
        if ticket.requester:
            contacts.setdefault(ticket.requester, array("q")).append(life.opened)
        if met.began is None or moment[life.opened] < met.began:
            met.began = moment[life.opened]
        if tell is not None:
            tell(number, 2 * total)
    met.until = moment[until] if met.cases else None
    for requester, openings in contacts.items():
        contacts[requester] = array("q", sorted(openings))
    slow = {}
    for name, asked in outcomes.items():
        border = slow_from(durations, asked.share) if asked.kind == "slowest" else None
        if border is not None:
            slow[name] = border
    low = {name: asked.at_most for name, asked in outcomes.items() if asked.at_most is not None}
    reckoned = Outcomes(outcomes, Yardstick(until, slow), low)
    for number, (ticket, events) in enumerate(_tickets(connection, policy, since), 1):
        life = life_of(ticket, events)
        before = contacts.get(ticket.requester, array("q"))
        place = bisect_left(before, life.opened)
        told = tuple(event for event in events if not isinstance(event, Due))
        met.kinds.update(type(event).__name__ for event in told)
        yield Case(
            id=ticket.id,
            opened_at=moment[life.opened],
            events=told,
            outcomes=reckoned.of(life, None),
            resolved_at=None if life.solved is None else moment[life.solved],
            closed_at=None if life.ended is None else moment[life.ended],
            requester=ticket.requester,
            account=ticket.organisation,
            contacts=tuple(moment[at] for at in before[max(place - LAST_CONTACTS, 0) : place]),
            facts={"priority": ticket.priority} if ticket.priority else {},
        )
        if tell is not None:
            tell(total + number, 2 * total)


def life_of(ticket: Ticket, events: list[AnyEvent]) -> Life:
    """What became of a ticket; it went on from its first event where nobody told when it was opened."""
    life = Life(opened=micros(ticket.opened_at or events[0].at))
    for phase in ticket.phases:
        life.become(micros(phase.at), phase.category)
    life.scores = [
        (micros(answer.at), answer.score)
        for answer in ticket.answers
        if answer.score is not None and answer.at is not None
    ]
    breaches = [event.at for event in events if isinstance(event, Due) and event.stage == BREACH]
    life.breached = micros(min(breaches)) if breaches else None
    return life


def _tickets(
    connection: Connection, policy: Policy, since: datetime
) -> Iterator[tuple[Ticket, list[AnyEvent]]]:
    """Each ticket with its events in the order in which they are folded, each once; what is no ticket is left out."""
    last = None
    while some := whatif.touched(connection, since, last, BATCH):
        subjects = [one.subject for one in some]
        for subject, history in whatif.heard(connection, subjects).items():
            by_id = {
                heard.event.id: heard.event
                for heard in history
                if not isinstance(heard.event, AboutAlert)
            }
            events: list[AnyEvent] = sorted(by_id.values(), key=lambda event: event.order)
            ticket = fold_all(events, policy.statuses_of(subject))
            if ticket is not None and not ticket.measures:
                yield ticket, events
        last = some[-1]
