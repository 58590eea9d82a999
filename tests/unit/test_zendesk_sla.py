"""Zendesk's own clocks, and the names of facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.domain.goals import GOALS
from bridge.domain.model import VendorClock
from connectors.desks import zendesk_sla
from connectors.desks.zendesk import Zendesk
from connectors.desks.zendesk_facts import change_id, gone_id, second_of_save, tags_value
from connectors.desks.zendesk_sla import clocks

BREACH = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)


def metric(**more: Any) -> dict[str, Any]:
    return {
        "metric": "next_reply_time",
        "stage": "active",
        "breach_at": "2026-11-21T11:00:00Z",
        "minutes": 59,
    } | more


def test_a_clock_runs_until_its_breach() -> None:
    assert clocks({"policy_metrics": [metric()]}) == (
        VendorClock(name="next_reply_time", breach_at=BREACH),
    )


def test_a_breach_may_be_told_in_another_zone() -> None:
    (clock,) = clocks({"policy_metrics": [metric(breach_at="2026-11-21T12:00:00+01:00")]}) or ()
    assert (clock.breach_at, clock.breach_at and clock.breach_at.tzinfo) == (BREACH, UTC)


@pytest.mark.parametrize("more", [{"stage": "paused"}, {"breach_at": None}])
def test_a_clock_that_waits_has_no_moment(more: dict[str, Any]) -> None:
    found = clocks({"policy_metrics": [metric(**more)]})
    assert found == (VendorClock(name="next_reply_time", paused=True),)


@pytest.mark.parametrize(
    "odd",
    [
        metric(stage="achieved"),
        metric(stage="fulfilled"),
        metric(stage=None),
        metric(stage={}),
        metric(metric=""),
        metric(metric=7),
        metric(breach_at="soon"),
        metric(breach_at="2026-11-21T11:00:00"),
        metric(breach_at=1795258800),
        {},
        None,
        "next_reply_time",
    ],
)
def test_what_is_over_or_looks_otherwise_is_left_out(odd: object) -> None:
    found = clocks({"policy_metrics": [odd, metric()]})
    assert found == (VendorClock(name="next_reply_time", breach_at=BREACH),)


@pytest.mark.parametrize("slas", [None, [], {}, "x", {"policy_metrics": None}])
def test_a_ticket_that_does_not_say_has_unknown_clocks(slas: object) -> None:
    assert clocks(slas) is None


def test_a_ticket_without_targets_has_no_clocks() -> None:
    assert clocks({"policy_metrics": []}) == ()


def test_every_metric_is_a_goal_of_ours() -> None:
    assert set(zendesk_sla.GOALS.values()) <= set(GOALS)
    assert Zendesk.sla_goals == zendesk_sla.GOALS


# -- one fact, one id --


@pytest.mark.parametrize(
    ("after", "second"),
    [
        (timedelta(0), 0),
        (timedelta(milliseconds=999), 0),
        (timedelta(milliseconds=1999), 0),
        (timedelta(seconds=2), 2),
        (timedelta(minutes=-1), -60),
    ],
)
def test_the_second_of_a_save_is_that_of_the_ticket_unless_it_was_updated_since(
    after: timedelta, second: int
) -> None:
    base = int(BREACH.timestamp())
    assert second_of_save(BREACH + after, BREACH) == base + second
    assert second_of_save(BREACH + timedelta(seconds=0.9)) == base


def test_ids_name_the_fact() -> None:
    assert change_id("zendesk", "agent", "12", "", 7) == "zendesk:agent:12::7"
    assert gone_id("zendesk", "12", "merged", 7) == "zendesk:gone:12:merged:7"
    assert tags_value(["a", "b"], ["c"]) == tags_value(("b", "a"), ("c",))
    assert tags_value(["a"], ["b"]) != tags_value(["b"], ["a"])
