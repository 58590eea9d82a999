"""Jira's own service levels as clocks: what runs, what is paused, what has stopped, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.domain.model import VendorClock
from connectors.desks.jsm_clocks import SLA_GOALS, clocks

TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
EIGHT_HOURS = {"millis": 28_800_000, "friendly": "8h"}


def moment(at: datetime) -> dict[str, Any]:
    millis = int(at.timestamp() * 1000)
    return {"iso8601": at.isoformat(), "friendly": "Today 10:00 AM", "epochMillis": millis}


def level(name: str = "Time to resolution", **cycle: Any) -> dict[str, Any]:
    return {"id": "1", "name": name, "completedCycles": [], "ongoingCycle": cycle}


def clock(**cycle: Any) -> VendorClock:
    told = clocks([level(**cycle)])
    assert told
    return told[0]


def test_a_clock_that_runs() -> None:
    told = clock(
        startTime=moment(TEN),
        breachTime=moment(TEN + timedelta(hours=8)),
        breached=False,
        paused=False,
        withinCalendarHours=True,
        goalDuration=EIGHT_HOURS,
        elapsedTime={"millis": 1_800_000},
        remainingTime={"millis": 27_000_000},
    )
    assert told == VendorClock(
        name="Time to resolution",
        breach_at=TEN + timedelta(hours=8),
        started_at=TEN,
        target=timedelta(hours=8),
        elapsed=timedelta(minutes=30),
    )


def test_a_clock_that_is_paused_breaches_at_no_time_that_means_something() -> None:
    told = clock(paused=True, breachTime=moment(TEN), elapsedTime={"millis": 60_000})
    assert (told.paused, told.breach_at, told.elapsed) == (True, None, timedelta(minutes=1))


def test_a_clock_that_was_missed_says_when_and_has_used_more_than_there_was() -> None:
    told = clock(
        breached=True,
        breachTime=moment(TEN),
        goalDuration=EIGHT_HOURS,
        elapsedTime={"millis": 29_000_000},
        remainingTime={"millis": -200_000},
    )
    assert told.breach_at == TEN
    assert told.target
    assert told.elapsed
    assert told.elapsed > told.target


def test_outside_of_the_calendars_hours_it_breaches_all_the_same() -> None:
    assert clock(withinCalendarHours=False, breachTime=moment(TEN)).breach_at == TEN


@pytest.mark.parametrize(
    "told",
    [
        {"epochMillis": 1772445600000},
        {"iso8601": "2026-03-02T05:00:00-0500"},
        {"jira": "2026-03-02T11:00:00.000+0100"},
        {"epochMillis": "soon", "iso8601": "2026-03-02T10:00:00Z"},
    ],
)
def test_a_moment_in_whichever_form_it_is_told(told: dict[str, Any]) -> None:
    assert clock(breachTime=told).breach_at == TEN


@pytest.mark.parametrize(
    "odd", [None, 5, "x", [], {}, {"friendly": "Today"}, {"millis": "8h"}, {"millis": True}]
)
def test_times_and_spans_of_another_shape_are_unknown(odd: Any) -> None:
    cycle = dict.fromkeys(("startTime", "breachTime", "goalDuration", "elapsedTime"), odd)
    assert clock(**cycle) == VendorClock(name="Time to resolution")


@pytest.mark.parametrize("millis", [10**13, -(10**300), 1e308])
def test_a_span_of_centuries_is_none(millis: float) -> None:
    assert clock(goalDuration={"millis": millis}).target is None


def test_what_has_stopped_is_no_clock() -> None:
    done = {"name": "Time to first response", "completedCycles": [{"breached": True}]}
    assert clocks([done]) == ()
    assert clocks([done | {"completedCycles": []}]) == ()
    assert clocks([done | {"ongoingCycle": 5}]) == ()
    running = clocks([done, level(paused=True)])
    assert running is not None
    assert [one.name for one in running] == ["Time to resolution"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "x",
        [level()],
        {},
        {"name": "Time to resolution"},
        {"name": "Time to resolution", "ongoingCycle": 5},
        {"name": 5, "ongoingCycle": {}},
        {"ongoingCycle": {}},
    ],
)
def test_where_no_service_level_is_told_nothing_is_known_of_them(value: Any) -> None:
    assert clocks([value]) is None


def test_clocks_come_by_name_whatever_their_fields_are_called() -> None:
    told = [level("b"), level("a"), level("")]
    assert [one.name for one in clocks(told) or ()] == ["a", "b"]
    assert clocks(told) == clocks(told[::-1])


def test_sizes_are_bounded() -> None:
    many = clocks([level(f"{n:03} {'x' * 500}") for n in range(100)])
    assert many is not None
    assert len(many) == 20
    assert all(len(one.name) <= 200 for one in many)


def test_the_goals_of_a_new_project_are_ours() -> None:
    assert set(SLA_GOALS.values()) == {"first_response", "resolution"}
    assert all(name == name.lower() for name in SLA_GOALS)
