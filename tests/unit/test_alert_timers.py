"""What happens to an alert by itself, and what takes it away again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bridge.domain.alerts import Change, Step, reconcile
from bridge.domain.loop import follow, hasten
from bridge.domain.model import (
    AboutAlert,
    Alert,
    Coaching,
    Elapsed,
    Outcome,
    Press,
    Pressed,
    Promise,
    Severity,
)
from bridge.domain.presses import replied
from bridge.domain.timers import elapse, timers, upcoming
from tests.casework import (
    ANA,
    BEN,
    DANA,
    DAY,
    HOUR,
    LOOP,
    MINUTE,
    MONA,
    acknowledged,
    alert,
    changes,
    contacted,
    elapsed,
    finding,
    heard,
    last,
    merely_resolved,
    plain,
    pressed,
    reopened,
    resolved,
    snoozed,
    take,
)
from tests.stories import agent_answered, at, opened, ticket

CASE = ticket(opened("08:00"))
NOTHING_PROMISED = replace(LOOP, targets=type(LOOP.targets)())

# --- what is planned


def test_an_alert_that_nobody_has_is_told_further_and_further_up() -> None:
    planned = timers(alert(loop=NOTHING_PROMISED))
    assert planned == {"rise:0": at("09:30"), "rise:1": at("11:00"), "nag:0": at("12:00")}


def test_its_goals_come_near_and_are_missed() -> None:
    planned = timers(take(alert(), acknowledged("09:10")))
    assert planned == {
        "contact:near": at("tue 03:00"),
        "contact:missed": at("tue 09:00"),
        "resolve:near": at("thu 09:00"),
        "resolve:missed": at("fri 09:00"),
    }
    waits = timers(alert())
    assert waits["acknowledge:near"] == at("09:22") + MINUTE / 2
    assert waits["acknowledge:missed"] == at("09:30")


def test_a_goal_without_a_warning_or_with_one_too_late_is_missed_alone() -> None:
    due = at("12:00")
    for promise in (Promise(due_at=due), Promise(due_at=due, warn_at=due)):
        case = plain(promises={"contact": promise})
        assert timers(case) == {"contact:missed": due}


def test_closing_is_late_only_once_it_is_resolved() -> None:
    assert "close:missed" not in timers(alert())
    planned = timers(take(alert(), merely_resolved("10:00")))
    assert planned["close:missed"] == at("09:00") + 7 * DAY
    assert {name.partition(":")[0] for name in planned} == {"close", "check", "ask"}


def test_what_became_of_the_customer_is_asked_after_the_end() -> None:
    planned = timers(take(alert(), resolved("10:00")))
    assert list(planned) == ["ask", "check:3", "check:6", "check:12"]
    assert planned["ask"] == at("tue 10:00")


def test_an_alert_with_nothing_planned_rings_nothing() -> None:
    assert timers(plain()) == {}


def test_without_a_ladder_the_reminders_begin_with_the_alert() -> None:
    assert timers(plain(nag=HOUR)) == {"nag:0": at("10:00")}


# --- what takes it away


@pytest.mark.parametrize(
    "event",
    [
        acknowledged("09:10"),
        contacted("09:10"),
        contacted("09:10", reached=False),
        pressed("09:10", Press.ASSIGN, ANA, people=(ANA,)),
        resolved("09:10"),
    ],
    ids=["acknowledge", "contact", "try", "take", "resolve"],
)
def test_who_takes_it_stops_the_ladder_and_the_reminders(event: Pressed) -> None:
    names = {name.partition(":")[0] for name in timers(take(alert(), event))}
    assert not names & {"rise", "nag", "acknowledge"}


def test_a_reply_to_the_customer_stops_them_too() -> None:
    case, _ = replied(alert(), agent_answered("09:10"), BEN)
    assert {name.partition(":")[0] for name in timers(case)} == {"resolve"}


def test_who_is_given_it_is_still_waited_for() -> None:
    given = take(alert(), pressed("09:10", Press.ASSIGN, ANA, people=(BEN,)))
    assert timers(given) == timers(alert())


def test_a_snooze_takes_away_all_timers_but_its_own() -> None:
    case = take(alert(), contacted("09:10"), snoozed("09:20", "15:00"))
    assert timers(case) == {"snooze": at("15:00")}


def test_what_ends_by_itself_rings_nothing_more() -> None:
    ended, _ = reconcile(alert(), CASE, [], {}, at("10:00"))
    assert ended is not None
    assert timers(ended) == {}


# --- what comes of it


def test_a_step_of_the_ladder_is_told_once() -> None:
    case, [step] = last(alert(), elapsed("09:30", "rise:0"))
    assert (step.change, step.at) == (Change.ESCALATED, at("09:30"))
    assert step.rise is not None
    assert (step.rise.who.name, step.rise.role) == ("Mona", "manager of EMEA")
    assert case.rung == ("rise:0",)
    assert follow(case, elapsed("09:31", "rise:0"), LOOP) == (case, ())


def test_reminders_go_on_until_somebody_takes_it() -> None:
    case, [step] = last(alert(), elapsed("12:00", "nag:0"))
    assert step.change is Change.NAGGED
    assert timers(case)["nag:1"] == at("13:00")
    case, [step] = last(case, elapsed("13:02", "nag:1"))
    assert timers(case)["nag:2"] == at("14:00")
    assert follow(case, elapsed("13:03", "nag:1"), LOOP) == (case, ())


def test_reminders_that_were_missed_are_not_made_up_for() -> None:
    case, steps = last(alert(), elapsed("16:30", "nag:0"))
    assert changes(steps) == [Change.NAGGED]
    planned = timers(case)
    assert [planned[name] for name in planned if name.startswith("nag")] == [at("17:00")]


def test_after_a_day_reminders_come_once_a_day() -> None:
    case, _ = last(alert(), elapsed("wed 12:00", "nag:0"))
    begins = case.ladder[-1].at
    day = timedelta(days=1)
    assert timers(case)["nag:1"] - begins in (2 * day, 3 * day)
    assert timers(case)["nag:1"] > at("wed 12:00")


def test_a_goal_is_near_and_then_missed() -> None:
    near = elapsed("tue 03:00", "contact:near")
    case, [step] = last(alert(), acknowledged("09:10"), near)
    assert (step.change, step.goal) == (Change.NEAR, "contact")
    assert case.state.value == "acknowledged"
    case, [step] = last(case, elapsed("tue 09:00", "contact:missed"))
    assert (step.change, step.goal) == (Change.MISSED, "contact")
    assert {name.partition(":")[0] for name in timers(case)} == {"resolve"}


def test_after_the_snooze_all_goes_on() -> None:
    before = take(alert(), acknowledged("09:10"))
    case, [step] = last(before, snoozed("09:20", "15:00"), elapsed("15:00", "snooze"))
    assert (step.change, case.snoozed_until) == (Change.WOKEN, None)
    assert timers(case) == timers(before)
    again = take(case, snoozed("15:10", "16:00"))
    assert timers(again) == {"snooze": at("16:00")}


def test_the_question_is_asked_once() -> None:
    case, [step] = last(alert(), resolved("10:00"), elapsed("tue 10:00", "ask"))
    assert (step.change, case.ask_at) == (Change.ASKED, None)
    assert "ask" not in timers(case)


def test_each_look_is_taken_once() -> None:
    over = take(alert(), resolved("10:00"))
    case, [step] = last(over, elapsed(over.checks["3"], "check:3"))
    assert (step.change, step.words) == (Change.DUE_A_LOOK, "3")
    assert [name for name in timers(case) if name.startswith("check")] == ["check:6", "check:12"]


@pytest.mark.parametrize(
    ("case", "event"),
    [
        (alert(), elapsed("09:29", "rise:0")),
        (alert(), elapsed("09:30", "rise:7")),
        (alert(), elapsed("09:30", "nonsense")),
        (alert(), elapsed("12:00", "snooze")),
        (alert(), elapsed("12:00", "ask")),
        (take(alert(), acknowledged("09:10")), elapsed("09:30", "rise:0")),
        (take(alert(), acknowledged("09:10")), elapsed("12:00", "nag:0")),
        (take(alert(), contacted("09:10")), elapsed("tue 09:00", "contact:missed")),
        (take(alert(), snoozed("09:10", "fri 15:00")), elapsed("thu 09:00", "resolve:near")),
        (take(alert(), snoozed("09:10", "15:00")), elapsed("14:59", "snooze")),
        (take(alert(), merely_resolved("10:00")), elapsed("fri 09:00", "resolve:missed")),
        (take(alert(), resolved("10:00")), elapsed(at("09:00") + 7 * DAY, "close:missed")),
        (take(alert(), resolved("10:00"), reopened("11:00")), elapsed("tue 10:00", "ask")),
    ],
    ids=[
        "early",
        "a step there is not",
        "a name there is not",
        "no snooze",
        "no question",
        "taken",
        "taken, reminder",
        "contacted",
        "snoozed",
        "snoozed for longer",
        "resolved",
        "closed",
        "opened again",
    ],
)
def test_a_timer_without_sense_does_nothing(case: Alert, event: Elapsed) -> None:
    assert elapse(case, event) == (case, ())


# --- who is next


def test_who_is_told_next_is_shown() -> None:
    case = alert()
    assert upcoming(case) == ("Mona (manager of EMEA)", at("09:30"))
    case = take(case, elapsed("09:30", "rise:0"))
    assert upcoming(case) == ("Dana (manager of All)", at("11:00"))
    assert upcoming(take(case, elapsed("11:00", "rise:1"))) is None
    assert upcoming(take(case, acknowledged("10:00"))) is None


@pytest.mark.parametrize(
    ("who", "role", "named"),
    [
        (MONA, "", "Mona"),
        (MONA, "Mona", "Mona"),
        (replace(DANA, name="", key="", email="", slack=""), "on duty", "on duty"),
    ],
)
def test_nobody_is_named_twice(who: Any, role: str, named: str) -> None:
    first = replace(alert().ladder[0], who=who, role=role)
    assert upcoming(plain(ladder=(first,))) == (named, at("09:30"))


# --- laws

_people = st.sampled_from([ANA, BEN, MONA])
_presses = st.builds(
    lambda action, who, people, until, report, reached: {
        "action": action,
        "who": who,
        "people": people,
        "until": until,
        "words": "told",
        "reached": reached,
        **report,
    },
    st.sampled_from(Press),
    _people,
    st.lists(_people, max_size=2).map(tuple),
    st.none() | st.integers(0, 200).map(lambda hours: at("09:00") + hours * HOUR),
    st.fixed_dictionaries(
        {
            "outcome": st.none() | st.sampled_from(Outcome),
            "cause": st.sampled_from(["", "tone"]),
            "coaching": st.none() | st.sampled_from(Coaching),
        }
    ),
    st.booleans(),
)
_happens = (
    _presses
    | st.sampled_from(["reply", "better", "worse", "gone", "back", "graver"])
    | st.integers(0, 12)  # that timer of those that run
    | st.sampled_from(["rise:0", "nag:0", "nag:1", "snooze", "ask", "check:3", "contact:missed"])
)
_days = st.lists(st.tuples(st.integers(0, 3000), _happens), max_size=25)


def happen(case: Alert, now: datetime, what: Any) -> tuple[Alert, tuple[Step, ...]]:
    """The alert after something happened at that moment: what it is, see `_happens`."""
    match what:
        case "reply":
            return replied(case, replace(agent_answered("09:00"), at=now), BEN)
        case "gone" | "back" | "graver":
            return judged(case, now, what) if case.live else (case, ())
        case "better" | "worse":
            event: AboutAlert = heard(now, better=what == "better")
        case int():
            planned = [*timers(case).items(), ("snooze", now)]
            name, due = planned[what % len(planned)]
            event = elapsed(max(now, due), name)
        case str():
            event = elapsed(now, what)
        case _:
            event = pressed(now, **what)
    return follow(case, event, LOOP)


def judged(case: Alert, now: datetime, what: str) -> tuple[Alert, tuple[Step, ...]]:
    grave = Severity.CRITICAL if what == "graver" else Severity.HIGH
    found = [] if what == "gone" else [finding(severity=grave)]
    after, steps = reconcile(case, CASE, found, {}, now)
    assert after is not None
    raised = Change.RAISED in changes(steps)
    return (hasten(after, LOOP, now) if raised else after), steps


def makes_sense(case: Alert) -> None:
    names = {name.partition(":")[0] for name in timers(case)}
    assert not names & {"rise", "nag"} or case.waits
    assert not names & {"ask", "check", "close"} or not case.live
    if case.live:
        assert case.waits or case.owner or case.contacted_at  # by an answer on the ticket
        assert case.waits == (case.acknowledged_at is None)
        assert (case.state.value == "contacted") == (case.contacted_at is not None)
        assert (case.ended_at, case.closed_at, case.ended) == (None, None, "")
        if case.snoozed_until:
            assert list(timers(case)) == ["snooze"]
    else:
        assert case.ended_at is not None
        assert case.ended
        assert case.snoozed_until is None
        assert case.closed_at is not None or case.resolved_by
        assert case.closed_at is None or case.coaching is not Coaching.NEEDED
        assert names <= {"ask", "check", "close"}


@settings(deadline=None)
@given(_days)
def test_whatever_people_and_time_do_an_alert_makes_sense(day: list[tuple[int, Any]]) -> None:
    case, now, told = alert(), at("09:00"), set[tuple[int, str]]()
    makes_sense(case)
    for minutes, what in day:
        now = max(now, case.changed_at) + minutes * MINUTE
        before = case
        case, steps = happen(before, now, what)
        makes_sense(case)
        assert case.changed_at >= before.changed_at
        assert case.reopened >= before.reopened
        if not steps or Change.REFUSED in changes(steps):
            assert case == before
        for step in steps:
            if step.change is not Change.ESCALATED:
                continue
            assert before.acknowledged_at is None
            assert step.rise is not None
            assert (case.reopened, step.rise.who.name) not in told
            told.add((case.reopened, step.rise.who.name))
