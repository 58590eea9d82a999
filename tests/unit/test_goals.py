"""Which clocks run on a ticket, and when they ring."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.goals import GOALS, Goal, clocks, deadlines, used
from bridge.domain.hours import Hours
from bridge.domain.model import AnyEvent, Category, Clock, Deadline, Party, Ticket
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
    ranked,
    ticket,
)

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)


def goal(name: str, hours: float = 4, **more: object) -> Goal:
    return Goal(name=name, targets={"": hours * HOUR}, **more)  # type: ignore[arg-type]


def clock(promise: Goal, *events: AnyEvent, hours: Hours = NINE_TO_FIVE) -> Clock | None:
    [*running] = clocks(ticket(*events), (promise,), hours)
    assert len(running) < 2
    return running[0] if running else None


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
    "to the end": ("periodic_update", (OPENED, ANSWERED, became("11:00", "solved")), "", ""),
    "from the opening": ("resolution", (OPENED, ANSWERED), "09:00", "13:00"),
    "by whomever": ("resolution", (opened("09:00", by=Party.AGENT),), "09:00", "13:00"),
    "not without an opening": ("resolution", (WROTE,), "", ""),
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


@pytest.mark.parametrize("status", ["pending", "hold"])
@pytest.mark.parametrize("name", GOALS)
def test_a_clock_that_pauses_keeps_what_was_used_and_rings_for_nobody(
    name: str, status: str
) -> None:
    starts = {"periodic_update": "10:00", "next_reply": "11:00"}
    events = (OPENED, ANSWERED, WROTE)[: 1 if name == "first_response" else 3]
    paused = clock(goal(name), *events, became("12:00", status))
    assert paused is not None
    assert paused.running_since is None
    assert paused.elapsed == at("12:00") - at(starts.get(name, "09:00"))
    assert used(paused, NINE_TO_FIVE, at("16:00")) == paused.elapsed
    assert deadlines((paused,), at("12:00")) == ()


def test_what_starts_while_paused_waits_for_the_work_to_go_on() -> None:
    paused = clock(goal("next_reply"), OPENED, ANSWERED, became("10:00", "pending"), WROTE)
    assert paused is not None
    assert (paused.started_at, paused.elapsed, paused.due) == (at("11:00"), timedelta(), ())


def test_a_goal_that_never_pauses() -> None:
    always = goal("resolution", pause=frozenset())
    running = clock(always, OPENED, became("10:00", "pending"))
    assert running is not None
    assert running.due == (at("13:00"),)


def test_a_goal_that_pauses_for_one_category_only() -> None:
    held = goal("resolution", pause=frozenset({Category.HOLD}))
    events = OPENED, became("10:00", "pending"), became("11:00", "hold")
    paused = clock(held, *events)
    assert paused is not None
    assert paused.elapsed == 2 * HOUR


def test_another_priority_is_another_target_and_the_same_clock() -> None:
    promise = Goal(name="resolution", targets={"": 8 * HOUR, "urgent": 4 * HOUR}, warn=(0.25, 0.75))
    events = OPENED, became("10:00", "hold"), became("11:00", "open"), ranked("12:00", "urgent")
    running = clock(promise, *events)
    assert running is not None
    assert (running.started_at, running.target, running.elapsed) == (at("09:00"), 4 * HOUR, HOUR)
    assert running.due == (at("11:00"), at("13:00"), at("14:00"))


def test_a_target_that_is_used_up_already_is_breached_since_the_clock_goes_on() -> None:
    promise = Goal(name="resolution", targets={"": 8 * HOUR, "urgent": HOUR})
    events = OPENED, became("11:00", "hold"), became("12:00", "open"), ranked("12:00", "urgent")
    running = clock(promise, *events)
    assert running is not None
    assert running.due == (at("12:00"),)
    assert running.stage(at("12:00")) == "breach"


def test_the_closest_promise_counts() -> None:
    promise = Goal(
        name="resolution",
        targets={"": 8 * HOUR, "urgent": 4 * HOUR},
        teams={"zendesk:17": {"urgent": 2 * HOUR}, "zendesk:18": {"": HOUR}},
    )

    def target(team: str, priority: str) -> timedelta | None:
        return promise.target(ticket(moved("09:00", team=team), ranked("09:00", priority)))

    assert target("17", "urgent") == 2 * HOUR
    assert target("17", "low") == 8 * HOUR
    assert target("18", "urgent") == HOUR
    assert target("19", "urgent") == 4 * HOUR


def test_no_promise_no_clock() -> None:
    urgent_only = Goal(name="resolution", targets={"urgent": HOUR})
    assert urgent_only.target(ticket(OPENED)) is None
    assert clock(urgent_only, OPENED) is None


def test_stages_are_named_by_how_many_there_are() -> None:
    assert goal("resolution").stages == (("breach", 1.0),)
    assert goal("resolution", warn=(0.75,)).stages == (("warn", 0.75), ("breach", 1.0))
    names = [name for name, _ in goal("resolution", warn=(0.5, 0.75)).stages]
    assert names == ["warn1", "warn2", "breach"]


def test_a_goal_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no goal is called 'speed': there are first_response"):
        clock(goal("speed"), OPENED)


def test_timers_are_set_for_what_is_still_to_come() -> None:
    running = clock(goal("resolution", warn=(0.5, 0.75)), OPENED)
    assert running is not None
    assert deadlines((running,), at("11:00")) == (
        Deadline("resolution", "warn2", at("12:00")),
        Deadline("resolution", "breach", at("13:00")),
    )
    assert deadlines((running,), at("13:00")) == ()


def test_all_goals_run_side_by_side() -> None:
    made = ticket(OPENED, ANSWERED, WROTE)
    names = [c.goal for c in clocks(made, tuple(map(goal, GOALS)), NINE_TO_FIVE)]
    assert names == ["next_reply", "periodic_update", "resolution"]


# --- laws ----------------------------------------------------------------------------------------

minutes = st.integers(1, 12 * 60)
lives = st.lists(
    st.tuples(minutes, st.sampled_from(["open", "pending", "hold", "solved"])), max_size=6
)
promises = st.builds(
    Goal,
    name=st.sampled_from(["resolution", "first_response"]),
    targets=st.fixed_dictionaries({"": st.integers(1, 10**11).map(lambda n: n * MICROSECOND)}),
    warn=st.lists(st.floats(0.01, 0.99), max_size=3, unique=True).map(lambda w: tuple(sorted(w))),
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
    for running in clocks(lived(life), (promise,), hours):
        for (name, share), due in zip(running.stages, running.due, strict=False):
            assert running.running_since is not None
            if running.elapsed >= running.target * share:
                assert due == running.running_since
            else:
                assert used(running, hours, due) == running.target * share
                before = due - MICROSECOND
                assert used(running, hours, before) < running.target * share
                assert running.stage(before) != name
            reached = [n for (n, _), d in zip(running.stages, running.due, strict=True) if d <= due]
            assert running.stage(due) == reached[-1]


@settings(deadline=None)
@given(lives, promises, calendars, minutes)
def test_a_pause_changes_nothing_but_that_time_stands_still(
    life: list[tuple[int, str]], promise: Goal, hours: Hours, later: int
) -> None:
    made = lived(life)
    now = made.as_of[0] + later * MINUTE
    paused = lived([*life, (later, "hold")])
    for running, still in zip(
        clocks(made, (promise,), hours), clocks(paused, (promise,), hours), strict=False
    ):
        assert still.elapsed == used(running, hours, now)
        assert still.stage(now) == still.stage(now + 99 * HOUR) == running.stage(now)


@settings(deadline=None)
@given(lives, promises, calendars)
def test_timers_ring_when_something_changes_and_never_in_the_past(
    life: list[tuple[int, str]], promise: Goal, hours: Hours
) -> None:
    made = lived(life)
    now = made.as_of[0]
    running = clocks(made, (promise,), hours)
    for timer in deadlines(running, now):
        assert timer.due_at > now
        assert running[0].stage(timer.due_at) != running[0].stage(timer.due_at - MICROSECOND)
