"""Thin updates are counted for whoever wrote them, in the period and the teams that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, insert

from bridge.domain.model import Ticket
from bridge.domain.people import Roster
from bridge.insight.choice import Choice
from bridge.insight.coaching import coaching
from bridge.insight.periods import period
from bridge.settings import parse
from bridge.store import tickets
from bridge.store.figures.associates import Written, written
from bridge.store.figures.scope import Scope
from bridge.store.schema import signals
from tests.figured import DAY, NOW

ALL = Scope(since=NOW - 30 * DAY, until=NOW)
BILLING = replace(
    ALL,
    teams=frozenset({"Billing"}),
    groups=frozenset({"zendesk:1"}),
    mapped=frozenset({"zendesk:1", "zendesk:2"}),
)
SAID = (  # on which ticket, by whom, how many days ago, score, gravest lack
    ("zendesk:11", "zendesk:ben", 1, 0.2, "no_next_step"),
    ("zendesk:11", "zendesk:ben", 2, 0.3, "near_copy"),
    ("zendesk:12", "zendesk:ben", 3, 0.1, "near_copy"),
    ("zendesk:12", "zendesk:ben", 4, 0.85, "no_time"),
    ("zendesk:12", "zendesk:ben", 40, 0.0, "unanswered"),
    ("zendesk:12", "zendesk:eva", 5, 1.0, ""),
    ("zendesk:12", "zendesk:eva", 6, 0.4, "no_time"),
    ("zendesk:12", "", 6, 0.4, "no_time"),
    ("test:1", "zendesk:eva", 6, 0.4, "no_time"),
)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as made:
        fill(made)
        yield made


def fill(connection: Connection) -> None:
    cases = [
        Ticket(
            id=subject, as_of=(NOW, 0, subject), opened_at=NOW - 50 * DAY, team=team, agent=agent
        )
        for subject, team, agent in (("zendesk:11", "1", "ben"), ("zendesk:12", "2", "eva"))
    ]
    tickets.claim(connection, [case.id for case in cases])
    tickets.store(connection, [tickets.Judged(case, (), {}) for case in cases])
    connection.execute(insert(signals), list(rows(SAID)))
    answered = {"kind": "answered", "about": "a", "value": 0.0, "note": ""}
    first, *_ = rows(SAID)
    connection.execute(insert(signals), {**first, **answered})


def rows(said: Sequence[tuple[str, str, int, float, str]]) -> Iterator[dict[str, object]]:
    for number, (subject, agent, days, score, lack) in enumerate(said):
        yield {
            "at": NOW - timedelta(days=days),
            "kind": "update",
            "subject": subject,
            "about": f"{subject}:{number}",
            "agent": agent,
            "value": score,
            "note": lack,
        }


def test_thin_ones_are_counted_of_all_that_somebody_wrote(connection: Connection) -> None:
    assert written(connection, ALL) == [
        Written(agent="zendesk:ben", judged=4, thin=3, lack="near_copy"),
        Written(agent="zendesk:eva", judged=2, thin=1, lack="no_time"),
    ]


def test_of_teams_only_what_was_written_on_their_tickets(connection: Connection) -> None:
    [ben] = written(connection, BILLING)
    assert (ben.agent, ben.judged, ben.thin) == ("zendesk:ben", 2, 2)
    assert ben.lack == "near_copy", "of equally many the first by name"


def test_of_one_employee(connection: Connection) -> None:
    [eva] = written(connection, replace(ALL, agent="zendesk:eva"))
    assert eva.judged == 2


def test_where_none_is_thin_nothing_is_lacking(connection: Connection) -> None:
    found = written(connection, replace(ALL, since=NOW - 5.5 * DAY, agent="zendesk:eva"))
    assert found == [Written(agent="zendesk:eva", judged=1, thin=0, lack="")]


def test_several_bring_somebody_onto_the_list_and_one_does_not(connection: Connection) -> None:
    choice = Choice(
        period=period("30d", NOW, ZoneInfo("UTC")), roster=Roster(), settings=parse("", {})
    )
    table = coaching(connection, choice).associates
    assert table.column("agent") == ["zendesk:ben"]
    assert table.column("alerts") == [0]
    assert table.column("updates_judged") == [4]
    assert table.column("updates_thin") == [3]
    assert table.column("thin_mostly") == ["near_copy"]
