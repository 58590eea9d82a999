"""What judged tickets add to figures of many, written beside them: the batch of each second counts it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from bridge.domain.judge import Rule
from bridge.domain.model import Ticket
from bridge.domain.rules.low_score import LowScore
from bridge.domain.signals import Signal, signals_of, topics
from bridge.store import signals
from bridge.store.signals import Given
from bridge.work.bridge import Bridge
from bridge.work.following import Changed, Facts
from bridge.work.tell import team_of

_LOW = LowScore()


def signalled(
    facts: Facts, before: Ticket | None, after: Ticket, changed: Iterable[Changed]
) -> tuple[Signal, ...]:
    """What came of a ticket between two judgements. Writes nothing."""
    policy = facts.policy
    alerts = [(one.after, one.steps) for one in changed]
    found = signals_of(
        before,
        after,
        alerts,
        low=low_score(policy.rules),
        words=policy.words,
        zone=policy.hours_of(after).zone,
    )
    return tuple(found)


def keep(
    bridge: Bridge,
    connection: Connection,
    facts: Facts,
    given: Sequence[tuple[Ticket, tuple[Signal, ...]]],
) -> None:
    """Write signals, each with all that it counts for as its ticket is now."""
    teams = list(facts.roster.teams)
    rows: list[Given] = []
    for ticket, found in given:
        if not found:
            continue
        team = team_of(bridge, ticket, teams).name
        around = facts.around.get(ticket.id)
        account = around.account if around else ""
        counted = topics(ticket, bridge.settings.topics.made_of, team, account)
        rows += [Given(signal=one, subject=ticket.id, team=team, topics=counted) for one in found]
    signals.add(connection, rows)


def low_score(rules: Iterable[Rule]) -> LowScore:
    """Which scores are low: as the rule has it, with its defaults where it is switched off."""
    return next((rule for rule in rules if isinstance(rule, LowScore)), _LOW)
