"""Our own inbox as a history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text

from bridge.domain.goals import BREACH, WARN
from bridge.domain.hours import Hours
from bridge.domain.judge import Policy
from bridge.domain.model import (
    Answer,
    AnyEvent,
    Due,
    Measured,
    Opened,
    Party,
    Rated,
    Replied,
    Seen,
    StatusChanged,
)
from bridge.insight.backtest.case import Case, Found
from bridge.insight.backtest.inbox import inbox_cases
from bridge.store import tickets
from bridge.work.whatif import Busy
from tests.backtest.histories import BEGAN, after

POLICY = Policy(rules=(), goals=(), hours=Hours(zone=ZoneInfo("UTC")))
OMAR = Seen(requester="omar", organisation="acme", priority="high")


def event(kind: type, subject: str, at: datetime, **told: object) -> AnyEvent:
    name = f"{subject}:{kind.__name__}:{at.isoformat()}"
    made: AnyEvent = kind(id=name, subject=subject, at=at, **told)
    return made


def keep(engine: Engine, subject: str, events: Sequence[AnyEvent]) -> None:
    """What was heard of a ticket, and the ticket."""
    with engine.begin() as connection:
        tickets.add_events(connection, [tickets.arrive(one, one.at) for one in events], judged=True)
        connection.execute(
            text("""
                INSERT INTO tickets (id, state, updated_at) VALUES (:id, '{}', :at)
                ON CONFLICT (id) DO UPDATE SET updated_at = EXCLUDED.updated_at
            """),
            {"id": subject, "at": events[-1].at},
        )


@pytest.fixture
def inbox(engine: Engine) -> Engine:
    """Three tickets of one customer, the first of which went badly in every way; and a topic."""
    first, second, third, topic = "zendesk:1", "zendesk:2", "zendesk:3", "topic:delivery"
    keep(
        engine,
        first,
        [
            event(Opened, first, after(), by=Party.CUSTOMER, seen=OMAR),
            event(Due, first, after(hours=1), goal="first_response", stage=WARN),
            event(Due, first, after(hours=2), goal="first_response", stage=BREACH),
            event(Replied, first, after(hours=3), by=Party.AGENT, public=True),
            event(StatusChanged, first, after(hours=4), status="solved"),
            event(StatusChanged, first, after(hours=5), status="open"),
            event(StatusChanged, first, after(hours=9), status="closed"),
            event(Rated, first, after(hours=10), answer=Answer(id="a", score=0.0)),
        ],
    )
    keep(
        engine,
        second,
        [
            event(Opened, second, after(hours=20), by=Party.CUSTOMER, seen=OMAR),
            event(StatusChanged, second, after(hours=21), status="solved"),
        ],
    )
    keep(engine, third, [event(Opened, third, after(hours=30), by=Party.CUSTOMER, seen=OMAR)])
    keep(engine, topic, [event(Measured, topic, after(hours=30), metric="complaints", value=3)])
    return engine


def read(engine: Engine) -> tuple[dict[str, Case], Found, list[tuple[int, int]]]:
    found, far = Found(), []
    with engine.begin() as connection:
        told = inbox_cases(
            connection, POLICY, BEGAN, tell=lambda *now: far.append(now), found=found
        )
        return {case.id: case for case in told}, found, far


def test_tickets_come_with_what_came_of_them(inbox: Engine) -> None:
    cases, found, far = read(inbox)
    assert sorted(cases) == ["zendesk:1", "zendesk:2", "zendesk:3"]
    bad = cases["zendesk:1"]
    assert {name: (one.bad, one.at) for name, one in bad.outcomes.items()} == {
        "low score": (True, after(hours=10)),
        "reopened": (True, after(hours=5)),
        "breached": (True, after(hours=2)),
        "slow": (False, None),
    }
    assert (bad.opened_at, bad.resolved_at, bad.closed_at) == (after(), *[after(hours=9)] * 2)
    assert not any(isinstance(one, Due) for one in bad.events)  # they ring again by themselves
    assert list(bad.events) == sorted(bad.events, key=lambda one: one.order)
    fine, open_ = cases["zendesk:2"], cases["zendesk:3"]
    assert [fine.outcomes[name].bad for name in ("low score", "reopened", "breached")] == [
        None,
        False,
        False,
    ]
    assert open_.closed_at is None
    assert open_.outcomes["reopened"].bad is None
    assert (open_.requester, open_.account, open_.facts) == ("omar", "acme", {"priority": "high"})
    assert open_.contacts == (after(), after(hours=20))
    assert (found.cases, found.still_open, found.until) == (3, 1, after(hours=30))
    assert far == sorted(far)


def test_it_is_looked_at_by_one_at_a_time(inbox: Engine) -> None:
    with inbox.begin() as connection:
        assert next(inbox_cases(connection, POLICY, BEGAN)).id == "zendesk:3"
        with inbox.begin() as other, pytest.raises(Busy):
            next(inbox_cases(other, POLICY, BEGAN))


def test_an_empty_inbox_is_an_empty_history(engine: Engine) -> None:
    cases, found, _ = read(engine)
    assert (cases, found.cases, found.until) == ({}, 0, None)
