"""Which clocks run on a ticket, and how far they are. When their timers ring: test_timers.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.clocks import begins, clocks, deadlines, reached, ring, standing, used
from bridge.domain.goals import GOALS, PAUSES, Goal
from bridge.domain.hours import Hours, parse_week
from bridge.domain.model import AnyEvent, Category, Clock, Party, Ticket, Touched
from tests.stories import (
    NINE_TO_FIVE,
    ROUND_THE_CLOCK,
    agent_answered,
    agent_noted,
    at,
    became,
    customer_wrote,
    gone,
    moved,
    opened,
    promising,
    ranked,
    read,
    reported,
    ticket,
)

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)


def goal(name: str, hours: float = 4, **more: Any) -> Goal:
    return Goal(name=name, targets={"": hours * HOUR}, **more)


def clock(promise: Goal, *events: AnyEvent, hours: Hours = NINE_TO_FIVE) -> Clock | None:
    [*running] = clocks(ticket(*events), promising(promise, hours=hours))
    assert len(running) < 2
    return running[0] if running else None


def sure(promise: Goal, *events: AnyEvent, hours: Hours = NINE_TO_FIVE) -> Clock:
    running = clock(promise, *events, hours=hours)
    assert running is not None
    return running


OPENED = opened("09:00")
ANSWERED = agent_answered("10:00")
WROTE = customer_wrote("11:00")

STORIES: dict[str, tuple[str, tuple[AnyEvent, ...], str, str]] = {
    # what happened: the goal, the events, since when the clock runs ("" for no clock), when it breaches
    "the customer opens it": ("first_response", (OPENED,), "09:00", "13:00"),
    "and writes again": ("first_response", (OPENED, customer_wrote("10:00")), "09:00", "13:00"),
    "an internal note": ("first_response", (OPENED, agent_noted("10:00")), "09:00", "13:00"),
    "a robot answers": (
        "first_response",
        (OPENED, agent_answered("10:00", by=Party.SYSTEM)),
        "09:00",
        "13:00",
    ),
    "an agent answers": ("first_response", (OPENED, ANSWERED), "", ""),
    "and the customer again": ("first_response", (OPENED, ANSWERED, WROTE), "", ""),
    "an agent opens it": ("first_response", (opened("09:00", by=Party.AGENT),), "", ""),
    "and the customer writes": (
        "first_response",
        (opened("09:00", by=Party.AGENT), WROTE),
        "11:00",
        "15:00",
    ),
    "opened in the evening": ("first_response", (opened("16:00"),), "16:00", "tue 12:00"),
    "opened in the night": ("first_response", (opened("22:00"),), "22:00", "tue 13:00"),
    "opened on Friday evening": (
        "first_response",
        (opened("fri 16:30"),),
        "fri 16:30",
        "mon+ 12:30",
    ),
    "solved in silence": ("first_response", (OPENED, became("10:00", "solved")), "", ""),
    "deleted": ("first_response", (OPENED, gone("10:00")), "", ""),
    "deleted and restored": (
        "first_response",
        (OPENED, gone("10:00"), gone("11:00", back=True)),
        "09:00",
        "13:00",
    ),
    "nothing before the first answer": ("next_reply", (OPENED,), "", ""),
    "answered": ("next_reply", (OPENED, ANSWERED), "", ""),
    "the customer writes": ("next_reply", (OPENED, ANSWERED, WROTE), "11:00", "15:00"),
    "twice": ("next_reply", (OPENED, ANSWERED, WROTE, customer_wrote("12:00")), "11:00", "15:00"),
    "and is answered": ("next_reply", (OPENED, ANSWERED, WROTE, agent_answered("12:00")), "", ""),
    "reopens by writing": (
        "next_reply",
        (OPENED, ANSWERED, became("10:30", "solved"), WROTE, became("11:00", "open")),
        "11:00",
        "15:00",
    ),
    "no update is owed before the first": ("periodic_update", (OPENED,), "", ""),
    "from each answer": ("periodic_update", (OPENED, ANSWERED), "10:00", "14:00"),
    "whoever wrote since": ("periodic_update", (OPENED, ANSWERED, WROTE), "10:00", "14:00"),
    "anew": ("periodic_update", (OPENED, ANSWERED, agent_answered("12:00")), "12:00", "16:00"),
    "anew after a reopening": (
        "periodic_update",
        (OPENED, ANSWERED, became("11:00", "solved"), became("tue 10:00", "open")),
        "tue 10:00",
        "tue 14:00",
    ),
    "and from the answer to that": (
        "periodic_update",
        (
            OPENED,
            ANSWERED,
            became("11:00", "solved"),
            became("tue 10:00", "open"),
            agent_answered("tue 11:00"),
        ),
        "tue 11:00",
        "tue 15:00",
    ),
    "to the end": ("periodic_update", (OPENED, ANSWERED, became("11:00", "solved")), "", ""),
    "from the opening": ("resolution", (OPENED, ANSWERED), "09:00", "13:00"),
    "by whomever": ("resolution", (opened("09:00", by=Party.AGENT),), "09:00", "13:00"),
    "not without a beginning": ("resolution", (WROTE,), "", ""),
    "until it is solved": ("resolution", (OPENED, became("10:00", "solved")), "", ""),
    "it goes on on hold's end": (
        "resolution",
        (OPENED, became("10:00", "hold"), became("12:00", "open")),
        "12:00",
        "15:00",
    ),
    "also over a night": (
        "resolution",
        (OPENED, became("10:00", "pending"), became("tue 08:00", "open")),
        "tue 08:00",
        "tue 12:00",
    ),
    "when reopened it goes on": (
        "resolution",
        (OPENED, became("10:00", "solved"), became("tue 09:00", "open")),
        "tue 09:00",
        "tue 12:00",
    ),
    "the customer waits on hold too": (
        "requester_wait",
        (OPENED, became("10:00", "hold"), became("11:00", "pending"), became("12:00", "open")),
        "12:00",
        "14:00",
    ),
    "agents don't work on hold": (
        "agent_work",
        (OPENED, became("10:00", "hold"), became("11:00", "pending"), became("12:00", "open")),
        "12:00",
        "15:00",
    ),
    "a first answer is owed while pending": (
        "first_response",
        (OPENED, became("10:00", "pending")),
        "09:00",
        "13:00",
    ),
    "an hour from each span": (
        "resolution",
        (
            OPENED,
            became("10:00", "pending"),
            became("11:00", "open"),
            became("12:00", "hold"),
            became("13:00", "pending"),
            became("14:00", "open"),
        ),
        "14:00",
        "16:00",
    ),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_a_clock_starts_stops_and_goes_on(
    story: tuple[str, tuple[AnyEvent, ...], str, str],
) -> None:
    name, events, since, breach = story
    running = clock(goal(name), *events)
    if not since:
        assert running is None
        return
    assert running is not None
    assert running.running_since == at(since)
    due = at(breach.replace("mon+", "mon")) + timedelta(weeks=breach.startswith("mon+"))
    assert running.due == (due,)


def test_all_goals_run_side_by_side() -> None:
    made = ticket(OPENED, ANSWERED, WROTE)
    names = [c.goal for c in clocks(made, promising(*map(goal, GOALS)))]
    assert names == [name for name in GOALS if name != "first_response"]


def test_a_goal_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no goal is called 'speed'"):
        begins("speed", ticket(OPENED))


# --- pauses --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["pending", "hold"])
@pytest.mark.parametrize("name", GOALS)
def test_a_clock_that_pauses_keeps_what_was_used_and_rings_for_nobody(
    name: str, status: str
) -> None:
    starts = {"periodic_update": "10:00", "next_reply": "11:00"}
    events = (OPENED, ANSWERED, WROTE)[: 1 if name == "first_response" else 3]
    case = ticket(*events, became("12:00", status))
    both = goal(name, pause=frozenset({Category.PENDING, Category.HOLD}))
    [paused] = clocks(case, promising(both))
    assert paused.running_since is None
    assert paused.elapsed == at("12:00") - at(starts.get(name, "09:00"))
    assert used(paused, NINE_TO_FIVE, at("16:00")) == paused.elapsed
    assert deadlines(case, (paused,), NINE_TO_FIVE, at("12:00")) == ()


@pytest.mark.parametrize("status", [Category.PENDING, Category.HOLD])
@pytest.mark.parametrize("name", GOALS)
def test_without_a_word_a_clock_pauses_as_its_goal_does(name: str, status: Category) -> None:
    events = (OPENED, ANSWERED, WROTE)[: 1 if name == "first_response" else 3]
    running = sure(goal(name), *events, became("12:00", status.value))
    assert (running.running_since is None) == (status in PAUSES[name])


def test_what_starts_while_paused_waits_for_the_work_to_go_on() -> None:
    promise = goal("next_reply", pause=frozenset({Category.PENDING}))
    paused = sure(promise, OPENED, ANSWERED, became("10:00", "pending"), WROTE)
    assert (paused.started_at, paused.elapsed, paused.due) == (at("11:00"), timedelta(), ())


def test_a_goal_that_never_pauses() -> None:
    always = goal("resolution", pause=frozenset())
    assert sure(always, OPENED, became("10:00", "pending")).due == (at("13:00"),)


def test_a_goal_that_pauses_for_one_category_only() -> None:
    held = goal("resolution", pause=frozenset({Category.HOLD}))
    paused = sure(held, OPENED, became("10:00", "pending"), became("11:00", "hold"))
    assert paused.elapsed == 2 * HOUR


# --- another target ------------------------------------------------------------------------------


def test_another_priority_is_another_target_and_the_same_clock() -> None:
    promise = Goal(name="resolution", targets={"": 8 * HOUR, "urgent": 4 * HOUR}, warn=(0.25, 0.75))
    events = OPENED, became("10:00", "hold"), became("11:00", "open"), ranked("12:00", "urgent")
    running = sure(promise, *events)
    assert (running.started_at, running.target, running.elapsed) == (at("09:00"), 4 * HOUR, HOUR)
    assert running.due == (at("11:00"), at("13:00"), at("14:00"))


def test_a_target_that_is_used_up_already_is_breached_since_the_clock_goes_on() -> None:
    promise = Goal(name="resolution", targets={"": 8 * HOUR, "urgent": HOUR})
    events = OPENED, became("11:00", "hold"), became("12:00", "open"), ranked("12:00", "urgent")
    running = sure(promise, *events)
    assert running.due == (at("12:00"),)
    found = reached(running, at("12:00"))
    assert found is not None
    assert found.name == "breach"


def test_no_promise_no_clock() -> None:
    assert clock(Goal(name="resolution", targets={"urgent": HOUR}), OPENED) is None


# --- another team --------------------------------------------------------------------------------

HERE = NINE_TO_FIVE
THERE = Hours(HERE.zone, parse_week({"mon-fri": "17:00-23:00"}))  # begins when they go home here


def handed_over(*events: AnyEvent) -> tuple[Clock, Ticket]:
    case = ticket(*events)
    calendars = {"zendesk:1": HERE, "zendesk:2": THERE}
    [running] = clocks(case, promising(goal("resolution"), calendars=calendars))
    return running, case


def test_what_went_before_is_counted_by_the_hours_of_those_who_had_it() -> None:
    running, _ = handed_over(
        opened("15:00"), moved("15:00", team="1"), moved("16:30", team="2"), became("16:30", "open")
    )
    assert (running.elapsed, running.running_since) == (1.5 * HOUR, at("16:30"))
    assert running.due == (at("19:30"),)  # opens there at five: two and a half hours are left


def test_a_ticket_that_follows_the_sun_is_worked_on_all_day() -> None:
    there_and_back = (
        opened("15:00"),
        moved("15:00", team="1"),
        moved("17:00", team="2"),
        moved("18:00", team="1"),
    )
    running, _ = handed_over(*there_and_back)
    assert running.elapsed == 3 * HOUR
    assert running.due == (at("tue 10:00"),)


def test_a_night_at_the_team_that_sleeps_counts_for_nothing() -> None:
    running, _ = handed_over(
        opened("16:00"), moved("16:00", team="1"), moved("tue 09:00", team="2")
    )
    assert running.elapsed == HOUR
    assert running.due == (at("tue 20:00"),)


def test_a_pause_over_a_handover_counts_for_neither() -> None:
    running, _ = handed_over(
        opened("15:00"),
        moved("15:00", team="1"),
        became("16:00", "pending"),
        moved("17:00", team="2"),
        became("18:00", "open"),
    )
    assert (running.elapsed, running.running_since) == (HOUR, at("18:00"))
    assert running.due == (at("21:00"),)


def test_a_span_that_ended_lies_with_the_teams_of_its_own_time() -> None:
    running, _ = handed_over(
        opened("15:00"),
        moved("15:00", team="1"),
        moved("17:00", team="2"),
        became("18:00", "pending"),
        moved("19:00", team="1"),
        became("tue 09:00", "open"),
    )
    assert running.elapsed == 3 * HOUR
    assert running.due == (at("tue 10:00"),)


def test_the_first_team_had_it_from_the_beginning() -> None:
    running, _ = handed_over(opened("18:00"), moved("19:00", team="2"))
    assert (running.elapsed, running.due) == (HOUR, (at("22:00"),))
    running, _ = handed_over(opened("18:00"), reported("19:00", team="2"))
    assert (running.elapsed, running.running_since) == (timedelta(), at("18:00"))


def test_a_team_may_have_other_targets_and_the_time_used_is_kept() -> None:
    promise = goal("resolution", 8, teams={"zendesk:2": {"": 3 * HOUR}})
    before, after = OPENED, moved("11:00", team="2")
    running = sure(promise, before, after)
    assert (running.started_at, running.target, running.due) == (
        at("09:00"),
        3 * HOUR,
        (at("12:00"),),
    )


# --- what is not known ---------------------------------------------------------------------------


def test_no_clock_runs_on_a_ticket_whose_history_is_unknown() -> None:
    heard = Touched(id="t", subject="zendesk:1", at=at("10:00"))
    seen = reported("10:00", opened_at=at("09:00"), status="open")
    for events in ((heard,), (seen,), (WROTE, ANSWERED, WROTE)):
        assert clocks(ticket(*events), promising(*map(goal, GOALS))) == ()


def test_once_its_history_was_read_they_run() -> None:
    seen = reported("10:00", opened_at=at("09:00"), status="open")
    case = ticket(seen, customer_wrote("10:30"), read("11:00"))
    names = [c.goal for c in clocks(case, promising(*map(goal, GOALS)))]
    assert names == ["first_response", "requester_wait", "agent_work", "resolution"]


# --- laws ----------------------------------------------------------------------------------------

minutes = st.integers(1, 12 * 60)
lives = st.lists(
    st.tuples(minutes, st.sampled_from(["open", "pending", "hold", "solved"])), max_size=6
)
promises = st.builds(
    Goal,
    name=st.sampled_from(["resolution", "first_response", "requester_wait"]),
    targets=st.fixed_dictionaries({"": st.integers(1, 10**11).map(lambda n: n * MICROSECOND)}),
    warn=st.lists(
        st.floats(0.01, 0.99) | st.integers(1, 10**11).map(lambda n: n * MICROSECOND), max_size=3
    ).map(tuple),
)
calendars = st.sampled_from([NINE_TO_FIVE, ROUND_THE_CLOCK])


def lived(life: list[tuple[int, str]]) -> Ticket:
    when = at("09:00")
    events: list[AnyEvent] = [opened("09:00")]
    for n, (later, status) in enumerate(life):
        when += later * MINUTE
        events.append(became("09:00", status, id=f"s{n}", at=when))
    return ticket(*events)


@settings(deadline=None)
@given(lives, promises, calendars)
def test_stages_are_reached_at_their_due_and_not_a_microsecond_before(
    life: list[tuple[int, str]], promise: Goal, hours: Hours
) -> None:
    for running in clocks(lived(life), promising(promise, hours=hours)):
        for stage, due in zip(running.stages, running.due, strict=False):
            if running.elapsed >= stage.need:
                assert due == running.running_since
            else:
                assert used(running, hours, due) == stage.need
                before = due - MICROSECOND
                assert used(running, hours, before) < stage.need
                assert reached(running, before) != stage
            passed = [s for s, d in zip(running.stages, running.due, strict=True) if d <= due]
            assert reached(running, due) == passed[-1]


@settings(deadline=None)
@given(lives, promises, calendars, minutes)
def test_a_pause_changes_nothing_but_that_time_stands_still(
    life: list[tuple[int, str]], promise: Goal, hours: Hours, later: int
) -> None:
    made, policy = lived(life), promising(promise, hours=hours)
    now = made.as_of[0] + later * MINUTE
    paused = lived([*life, (later, "pending")])
    for running, still in zip(clocks(made, policy), clocks(paused, policy), strict=False):
        assert used(still, hours, now) == used(running, hours, now)
        assert reached(still, now) == reached(running, now)
        if Category.PENDING in promise.still:
            assert reached(still, now + 99 * HOUR) == reached(running, now)


@settings(deadline=None)
@given(lives, promises, calendars, minutes)
def test_when_all_has_rung_what_is_reached_stands_and_the_rest_is_still_to_come(
    life: list[tuple[int, str]], promise: Goal, hours: Hours, later: int
) -> None:
    made, policy = lived(life), promising(promise, hours=hours)
    now = made.as_of[0] + later * MINUTE
    running = clocks(made, policy)
    made = ring(made, running, now)
    for one in running:
        stage, stands = reached(one, now), standing(made, one, now)
        assert (stands and stands[0]) == (stage and stage.name)
        ahead = deadlines(made, running, hours, now)
        assert [d.stage for d in ahead] == [
            s.name for s, d in zip(one.stages, one.due, strict=False) if d > now
        ]
