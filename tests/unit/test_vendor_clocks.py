"""The helpdesk's own service levels, beside ours or instead of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.clocks import clocks, deadlines, due, reached, ring, standing, used
from bridge.domain.goals import Goal, Match, SlaPolicy, VendorSlas
from bridge.domain.judge import Policy, judge
from bridge.domain.model import AnyEvent, Clock, Deadline, Ticket, VendorClock
from bridge.domain.rules import rules
from tests.stories import (
    NINE_TO_FIVE,
    ROUND_THE_CLOCK,
    agent_answered,
    at,
    customer_wrote,
    opened,
    promising,
    reported,
    ticket,
)

HOUR = timedelta(hours=1)
NAMES = {
    "first_reply_time": "first_response",
    "next_reply_time": "next_reply",
    "pausable_update_time": "periodic_update",
    "periodic_update_time": "periodic_update",
    "time to resolution": "resolution",
}
FIRST = Goal(name="first_response", targets={"": 4 * HOUR}, warn=(0.5, HOUR), nag=2 * HOUR)
RESOLUTION = Goal(name="resolution", targets={"urgent": 8 * HOUR})


def policy(*goals: Goal, win: bool = True) -> Policy:
    vendors = {"zendesk": VendorSlas(win=win, goals=NAMES)}
    return promising(*goals, hours=NINE_TO_FIVE, vendors=vendors)


def own(name: str = "first_reply_time", breach: str = "", **more: Any) -> VendorClock:
    return VendorClock(name=name, breach_at=at(breach) if breach else None, **more)


def case(*levels: VendorClock, events: tuple[AnyEvent, ...] = ()) -> Ticket:
    return ticket(opened("09:00"), *events, reported("12:00", clocks=levels))


def run(made: Ticket, rules_of: Policy) -> dict[str, Clock]:
    return {clock.goal: clock for clock in clocks(made, rules_of)}


# --- whose counts --------------------------------------------------------------------------------

OURS, THEIRS = at("13:00"), at("15:00")
LEVEL = own(breach="15:00")


def test_off_they_are_not_looked_at() -> None:
    found = run(case(LEVEL), promising(FIRST))
    assert [(c.goal, c.source, c.due[-1]) for c in found.values()] == [("first_response", "", OURS)]


def test_where_they_win_the_helpdesks_clock_counts() -> None:
    found = run(case(LEVEL), policy(FIRST))["first_response"]
    assert (found.source, found.due[-1]) == ("zendesk", THEIRS)


def test_where_they_win_ours_counts_for_what_they_do_not_have() -> None:
    made = case(own("time to resolution", "15:00"))
    found = run(made, policy(FIRST))
    assert {c.goal: c.source for c in found.values()} == {
        "first_response": "",
        "resolution": "zendesk",
    }
    assert run(case(), policy(FIRST))["first_response"].due[-1] == OURS


def test_where_they_lose_ours_counts() -> None:
    found = run(case(LEVEL), policy(FIRST, win=False))["first_response"]
    assert (found.source, found.due[-1]) == ("", OURS)


def test_where_they_lose_theirs_counts_for_what_we_do_not_promise() -> None:
    made = case(own("time to resolution", "15:00"))
    found = run(made, policy(FIRST, RESOLUTION, win=False))
    assert found["resolution"].source == "zendesk", "no target for this priority"
    assert found["first_response"].source == ""


def test_where_they_lose_theirs_does_not_outlive_a_promise_of_ours_that_was_kept() -> None:
    answered = case(LEVEL, events=(agent_answered("11:00"),))
    assert "first_response" not in run(answered, policy(FIRST, win=False))


def test_they_count_on_a_live_ticket_whose_history_is_known_and_on_no_other() -> None:
    unknown = ticket(reported("12:00", clocks=(LEVEL,), opened_at=at("09:00")))
    assert run(unknown, policy(FIRST)) == {}


def test_another_desks_are_not_looked_at() -> None:
    vendors = {"jsm": VendorSlas(win=True, goals=NAMES)}
    found = run(case(LEVEL), promising(FIRST, vendors=vendors))
    assert found["first_response"].source == ""


# --- which goal it is ----------------------------------------------------------------------------


def test_a_name_is_read_in_lower_case() -> None:
    assert "resolution" in run(case(own("Time to Resolution", "15:00")), policy())


def test_one_that_is_no_goal_of_ours_runs_beside_them_under_its_own_name() -> None:
    found = run(case(LEVEL, own("Time to approve", "14:00")), policy(FIRST))
    assert set(found) == {"first_response", "sla:Time to approve"}
    assert found["sla:Time to approve"].due == (at("14:00"),)


@pytest.mark.parametrize("turn", [1, -1])
def test_of_two_that_are_one_goal_the_first_to_breach_counts(turn: int) -> None:
    two = own("periodic_update_time", "15:00"), own("pausable_update_time", "14:00")
    assert run(case(*two[::turn]), policy())["periodic_update"].due == (at("14:00"),)


@pytest.mark.parametrize("turn", [1, -1])
def test_of_two_that_are_one_goal_one_that_runs_goes_before_a_paused_one(turn: int) -> None:
    two = own("periodic_update_time", "15:00"), own("pausable_update_time", paused=True)
    assert run(case(*two[::turn]), policy())["periodic_update"].due == (at("15:00"),)


# --- since when, how far, and when it rings ------------------------------------------------------


def test_the_helpdesk_says_since_when_else_our_goal_does_else_it_is_as_old_as_the_ticket() -> None:
    said = own(breach="15:00", started_at=at("10:00"))
    assert run(case(said), policy(FIRST))["first_response"].started_at == at("10:00")
    wrote = agent_answered("09:30"), customer_wrote("11:00")
    made = case(own("next_reply_time", "15:00"), own("It", "15:00"), events=wrote)
    found = run(made, policy())
    assert found["next_reply"].started_at == at("11:00"), "although we promise nothing"
    assert found["sla:It"].started_at == at("09:00")


def test_without_any_beginning_it_began_at_its_breach_or_is_left_out() -> None:
    made = Ticket(
        id="zendesk:1",
        as_of=(at("12:00"), 0, ""),
        whole=True,
        clocks=(own("A", "15:00"), own("B", paused=True)),
    )
    assert {c.goal: c.started_at for c in clocks(made, policy())} == {"sla:A": at("15:00")}


def test_warnings_come_by_the_wall_clock_for_its_hours_are_not_known() -> None:
    found = run(case(own(breach="tue 10:00", target=4 * HOUR)), policy(FIRST))["first_response"]
    assert [(s.name, d) for s, d in zip(found.stages, found.due, strict=True)] == [
        ("warn1", at("tue 08:00")),
        ("warn2", at("tue 09:00")),
        ("breach", at("tue 10:00")),
    ]


def test_without_a_target_only_times_before_the_breach_are_warned_of() -> None:
    found = run(case(LEVEL), policy(FIRST))["first_response"]
    assert found.target == timedelta()
    assert [(s.name, d) for s, d in zip(found.stages, found.due, strict=True)] == [
        ("warn", at("14:00")),
        ("breach", at("15:00")),
    ]
    assert used(found, NINE_TO_FIVE, at("14:00")) == -HOUR


def test_a_policys_warnings_and_reminders_are_those_of_the_helpdesks_clock_too() -> None:
    goals = {"first_response": Goal(name="first_response", warn=(2 * HOUR,), nag=HOUR)}
    gold = SlaPolicy(name="gold", match=Match(), goals=goals)
    vendors = {"zendesk": VendorSlas(win=True, goals=NAMES)}
    found = run(case(LEVEL), promising(FIRST, policies=(gold,), vendors=vendors))
    assert found["first_response"].due == (at("13:00"), at("15:00"))
    assert found["first_response"].nag == HOUR


PAUSED = [
    own(paused=True),
    own(breach="10:00", paused=True),
    own(),  # runs, but the helpdesk doesn't say to when
    own(paused=True, elapsed=9 * HOUR),
    own(paused=True, target=4 * HOUR, elapsed=HOUR),
]


@pytest.mark.parametrize("level", PAUSED)
def test_a_paused_one_never_has_a_deadline_and_never_rings(level: VendorClock) -> None:
    made = case(level)
    found = clocks(made, policy(FIRST))
    [paused] = found
    assert (paused.due, paused.running_since) == ((), None)
    assert deadlines(made, found, NINE_TO_FIVE, at("fri 12:00")) == ()
    assert reached(paused, at("fri 12:00")) is None
    assert ring(made, found, at("fri 12:00")) == made


def test_a_paused_one_that_says_that_it_was_missed_is_missed() -> None:
    made = case(own(paused=True, target=4 * HOUR, elapsed=5 * HOUR))
    [paused] = clocks(made, policy(FIRST))
    stage = reached(paused, at("12:00"))
    assert stage is not None
    assert stage.name == "breach"
    assert used(paused, NINE_TO_FIVE, at("16:00")) == 5 * HOUR


@pytest.mark.parametrize("target", [None, 4 * HOUR])
def test_a_pause_leaves_what_has_rung_as_it_is_though_it_tells_no_more(
    target: timedelta | None,
) -> None:
    runs = own(breach="15:00", target=target)
    before = reported("12:00", clocks=(runs,))
    made = ticket(opened("09:00"), before)
    [timer, *_] = [t for t in timers(made, "12:00") if t.due_at == at("14:00")]
    rang = due(made.id, timer)
    paused = reported("14:30", clocks=(own(paused=True, target=target),))
    made = ticket(opened("09:00"), before, rang, paused)
    [clock] = clocks(made, policy(FIRST))
    found = standing(made, clock, at("16:00"))
    assert found is not None
    assert found[0] == timer.stage


def timers(made: Ticket, now: str) -> tuple[Deadline, ...]:
    return deadlines(made, clocks(made, policy(FIRST)), NINE_TO_FIVE, at(now))


def test_a_breach_that_was_put_off_is_taken_back_and_rings_again() -> None:
    begun = opened("09:00"), reported("12:00", clocks=(LEVEL,))
    made = ticket(*begun)
    rang = [due(made.id, timer) for timer in timers(made, "15:00")]
    assert [event.stage for event in rang] == ["warn", "breach"]
    later = reported("15:30", clocks=(own(breach="18:00"),))
    made = ticket(*begun, *rang, later)
    [clock] = clocks(made, policy(FIRST))
    assert standing(made, clock, at("15:30")) is None
    ahead = [(t.stage, t.due_at) for t in timers(made, "15:30")]
    assert ahead == [("warn", at("17:00")), ("breach", at("18:00"))]
    made = ticket(*begun, *rang, later, *[due(made.id, t) for t in timers(made, "15:30")])
    found = standing(made, clock, at("18:00"))
    assert found is not None
    assert found[0] == "breach"


def test_a_breach_that_was_brought_forward_is_due_at_once() -> None:
    made = ticket(
        opened("09:00"),
        reported("12:00", clocks=(LEVEL,)),
        reported("12:30", clocks=(own(breach="11:00"),)),
    )
    assert [t.stage for t in timers(made, "12:30")] == ["warn", "breach"]


def test_reminders_follow_the_wall_clock() -> None:
    begun = opened("09:00"), reported("12:00", clocks=(LEVEL,))
    made = ticket(*begun)
    rang = [due(made.id, timer) for timer in timers(made, "15:00")]
    made = ticket(*begun, *rang)
    assert [(t.stage, t.due_at) for t in timers(made, "15:00")] == [("nag1", at("17:00"))]


# --- what is told --------------------------------------------------------------------------------


def told(made: Ticket, now: str, *goals: Goal) -> list[tuple[str, str, dict[str, str]]]:
    every = tuple(rule() for rule in rules().values())
    vendors = {"zendesk": VendorSlas(win=True, goals=NAMES)}
    asked = Policy(rules=every, goals=goals, hours=ROUND_THE_CLOCK, vendors=vendors)
    made = ring(made, clocks(made, asked), at(now))
    found = judge(made, asked, at(now)).findings
    return [(f.rule, f.headline, dict(f.facts)) for f in found]


def test_the_goals_rule_tells_of_the_helpdesks_clock_and_says_whose_it_is() -> None:
    [(rule, words, facts)] = told(case(own(breach="15:00", target=4 * HOUR)), "16:00", FIRST)
    assert (rule, words) == ("first_response", "Waiting 5 h for a first answer; goal 4 h")
    assert facts["Clock"] == "zendesk's own"
    assert facts["Working time used"] == "5 h of 4 h"


def test_of_an_unknown_target_nothing_is_made_up() -> None:
    [(_, soon, _)] = told(case(LEVEL), "14:30", FIRST)
    assert soon == "First answer due in 30 min"
    [(_, late, facts)] = told(case(LEVEL), "16:00", FIRST)
    assert late == "Waiting 7 h for a first answer"
    assert "Working time used" not in facts


def test_what_is_no_goal_of_ours_is_told_by_its_name_each_for_itself() -> None:
    made = case(own("Time {to} approve", "14:00"), own("Time to sign", "15:00"))
    found = told(made, "16:00")
    assert [(rule, words) for rule, words, _ in found] == [
        ("helpdesk_sla", "Time (to) approve: missed after 7 h"),
        ("helpdesk_sla", "Time to sign: missed after 7 h"),
    ]
