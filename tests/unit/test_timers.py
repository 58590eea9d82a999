"""When timers ring, what has rung, and what still stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from bridge.domain.clocks import clocks, deadlines, due, overdue, reached, ring, rung, standing
from bridge.domain.goals import Goal
from bridge.domain.hours import Hours
from bridge.domain.judge import Policy
from bridge.domain.model import AnyEvent, Clock, Deadline, Due, Ticket
from bridge.domain.ticket import fold_all
from tests.stories import (
    NINE_TO_FIVE,
    ROUND_THE_CLOCK,
    agent_answered,
    at,
    became,
    customer_wrote,
    opened,
    promising,
    rang,
    ranked,
    ticket,
)

HOUR = timedelta(hours=1)
OPENED = opened("09:00")


def resolving(hours: float = 4, **more: Any) -> Policy:
    targets = {"": hours * HOUR} | {k: more.pop(k) * HOUR for k in ("low", "urgent") if k in more}
    goal = Goal(name="resolution", targets=targets, **more)
    return promising(goal, hours=ROUND_THE_CLOCK)


class Life:
    """A ticket's events, and its timers: set when something happens, and again when one of them rings."""

    def __init__(self, policy: Policy, *events: AnyEvent) -> None:
        self.policy = policy
        self.events: list[AnyEvent] = []
        self.set: tuple[Deadline, ...] = ()
        self.happens(*events)

    @property
    def ticket(self) -> Ticket:
        return ticket(*self.events)

    @property
    def clock(self) -> Clock:
        [running] = clocks(self.ticket, self.policy)
        return running

    def timers(self, now: str) -> tuple[Deadline, ...]:
        return deadlines(self.ticket, (self.clock,), self.policy.hours, at(now))

    def happens(self, *events: AnyEvent) -> None:
        self.events += events
        made = self.ticket
        self.set = deadlines(made, (self.clock,), self.policy.hours, made.as_of[0])

    def to(self, now: str, **more: Any) -> list[str]:
        """What rings up to `now`, which is when somebody looks at last, as "warn 11:00"."""
        heard: list[str] = []
        while ripe := [timer for timer in self.set if timer.due_at <= at(now)]:
            assert len(heard) < 20, "rings for ever"
            self.events += [due("zendesk:1", timer, **more) for timer in ripe]
            heard += [f"{timer.stage} {timer.due_at:%H:%M}" for timer in ripe]
            self.set = self.timers(now)
        return heard

    def stands(self, now: str) -> str:
        found = standing(self.ticket, self.clock, at(now))
        return found[0] if found else ""


def ahead(life: Life, now: str) -> list[tuple[str, str]]:
    return [(timer.stage, f"{timer.due_at:%a %H:%M}") for timer in life.timers(now)]


# --- ringing -------------------------------------------------------------------------------------


def test_a_stage_stands_once_its_timer_has_rung_and_not_before() -> None:
    life = Life(resolving(warn=(0.5,)), OPENED)
    assert reached(life.clock, at("11:00")) == life.clock.stages[0]
    assert life.stands("11:00") == ""
    assert life.to("11:00") == ["warn 11:00"]
    assert life.stands("11:00") == "warn"
    assert life.stands("13:00") == "warn", "the breach has not rung"
    assert life.to("13:00") == ["breach 13:00"]
    assert life.stands("13:00") == "breach"


def test_several_warnings_ring_one_after_the_other() -> None:
    life = Life(resolving(8, warn=(3 * HOUR, 2 * HOUR, HOUR)), OPENED)
    assert ahead(life, "09:00") == [
        ("warn1", "Mon 14:00"),
        ("warn2", "Mon 15:00"),
        ("warn3", "Mon 16:00"),
        ("breach", "Mon 17:00"),
    ]
    life.to("15:00")
    assert (life.stands("15:30"), len(life.timers("15:30"))) == ("warn2", 2)


def test_a_timer_whose_time_has_come_is_there_until_it_rings() -> None:
    life = Life(resolving(warn=(0.5,)), OPENED)
    [late, later] = life.timers("12:00")
    assert late == Deadline("resolution", "warn", at("11:00"), at("09:00"), 2 * HOUR)
    assert later == Deadline("resolution", "breach", at("13:00"), at("09:00"), 4 * HOUR)


def test_a_ring_says_which_clock_rang_and_how() -> None:
    timer = Deadline("resolution", "warn", at("11:00"), at("09:00"), 2 * HOUR)
    assert due("zendesk:1", timer, late="was down", confirmed=False, quiet=True) == Due(
        id="due:zendesk:1:resolution:warn:2026-03-02T11:00:00+00:00",
        subject="zendesk:1",
        at=at("11:00"),
        goal="resolution",
        stage="warn",
        started_at=at("09:00"),
        need=2 * HOUR,
        late="was down",
        confirmed=False,
        quiet=True,
    )


def test_how_late_and_how_sure_it_was_is_kept() -> None:
    life = Life(resolving(), OPENED)
    life.to("13:00", late="due 13:00, the bridge was down", confirmed=False)
    last = rung(life.ticket, life.clock)
    assert last is not None
    assert (last.late, last.confirmed) == ("due 13:00, the bridge was down", False)


def test_the_order_in_which_rings_are_stored_does_not_matter() -> None:
    rings = [
        rang("13:00", "resolution", stage, started_at=at("09:00"), need=need * HOUR, seq=0)
        for stage, need in (("warn1", 1), ("warn2", 2), ("breach", 4), ("nag1", 5))
    ]
    for order in permutations(rings):
        events = [replace(event, id=f"d{n}") for n, event in enumerate(order)]
        assert ticket(OPENED, *events).rung["resolution"].stage == "nag1"


def test_a_clock_that_began_anew_has_not_rung() -> None:
    goal = Goal(name="next_reply", targets={"": HOUR})
    policy = promising(goal, hours=ROUND_THE_CLOCK)
    life = Life(policy, OPENED, agent_answered("09:10"), customer_wrote("10:00"))
    assert life.to("11:00") == ["breach 11:00"]
    life.happens(agent_answered("11:30"), customer_wrote("12:00"))
    assert (rung(life.ticket, life.clock), life.stands("12:30")) == (None, "")
    assert life.to("13:00") == ["breach 13:00"]


def test_a_pause_leaves_what_has_rung_as_it_is() -> None:
    life = Life(resolving(warn=(0.5,)), OPENED)
    life.to("11:30")
    life.happens(became("12:00", "pending"))
    assert (life.stands("16:00"), life.timers("16:00")) == ("warn", ())
    life.happens(became("16:00", "open"))
    assert ahead(life, "16:00") == [("breach", "Mon 17:00")]


# --- reminders -----------------------------------------------------------------------------------


def test_after_the_breach_a_reminder_comes_again_and_again() -> None:
    life = Life(resolving(nag=2 * HOUR), OPENED)
    assert life.to("18:00") == ["breach 13:00", "nag2 17:00"], "of those missed, the last only"
    assert life.stands("18:00") == "nag2"
    assert life.to("19:00") == ["nag3 19:00"]
    assert ahead(life, "19:00") == [("nag4", "Mon 21:00")]


def test_no_reminder_before_the_breach_and_none_without_a_word() -> None:
    life = Life(resolving(warn=(0.5,), nag=HOUR), OPENED)
    life.to("11:00")
    assert [stage for stage, _ in ahead(life, "11:00")] == ["breach"]
    plain = Life(resolving(), OPENED)
    plain.to("13:00")
    assert plain.timers("20:00") == ()


def test_reminders_count_working_time() -> None:
    goal = Goal(name="resolution", targets={"": 4 * HOUR}, nag=5 * HOUR)
    life = Life(promising(goal, hours=NINE_TO_FIVE), OPENED)
    life.to("13:00")
    assert ahead(life, "13:00") == [("nag1", "Tue 10:00")]
    life.happens(became("15:00", "pending"))
    assert life.timers("15:00") == ()
    life.happens(became("tue 12:00", "open"))
    assert ahead(life, "tue 12:00") == [("nag1", "Tue 15:00")]


def test_after_a_breach_that_rang_late_the_next_reminder_is_one_to_come() -> None:
    life = Life(resolving(nag=HOUR), OPENED)
    assert life.to("16:30", late="not known before") == ["breach 13:00"]
    assert ahead(life, "16:30") == [("nag4", "Mon 17:00")]


# --- quiet ---------------------------------------------------------------------------------------


def test_what_rang_quietly_is_told_to_nobody_and_nobody_is_reminded() -> None:
    life = Life(resolving(nag=HOUR), OPENED)
    life.to("13:00", quiet=True)
    assert (life.stands("20:00"), life.timers("20:00")) == ("", ())


def test_after_a_quiet_stage_the_next_one_rings_aloud() -> None:
    life = Life(resolving(warn=(0.5, 0.75), nag=HOUR), OPENED)
    life.to("11:00", quiet=True)
    assert life.stands("11:30") == ""
    assert life.to("12:00") == ["warn2 12:00"]
    assert life.stands("12:00") == "warn2"
    assert life.to("14:00") == ["breach 13:00", "nag1 14:00"]


def test_what_was_wrong_already_is_rung_quietly_at_the_highest_stage() -> None:
    policy = resolving(warn=(0.25, 0.5))
    case = ticket(OPENED)
    running = clocks(case, policy)
    assert overdue(case, running, at("09:59")) == ()
    [found] = overdue(case, running, at("12:00"))
    assert (found.stage, found.at, found.need) == ("warn2", at("11:00"), 2 * HOUR)
    assert found.quiet
    after = ticket(OPENED, found)
    assert overdue(after, clocks(after, policy), at("12:30")) == ()
    [found] = overdue(after, clocks(after, policy), at("13:00"))
    assert found.stage == "breach"


def test_on_a_paused_clock_what_was_wrong_already_is_rung_quietly_too() -> None:
    case = ticket(OPENED, became("14:00", "pending"))
    [found] = overdue(case, clocks(case, resolving()), at("15:00"))
    assert (found.stage, found.at) == ("breach", at("15:00"))


def test_no_quiet_ring_lies_before_what_is_known_already() -> None:
    case = ticket(OPENED, ranked("12:30", "low"))
    [found] = overdue(case, clocks(case, resolving(warn=(0.5,))), at("12:45"))
    assert found.at == at("12:30")


def test_ringing_all_that_is_due_is_aloud() -> None:
    case = ticket(OPENED)
    [running] = clocks(case, resolving(warn=(0.5,)))
    after = ring(case, (running,), at("12:00"))
    assert standing(after, running, at("12:00")) == ("warn", after.rung["resolution"])
    assert ring(after, (running,), at("12:30")) == after


# --- another target ------------------------------------------------------------------------------

THREE_WARNINGS = (0.25, 0.5, 0.75)


def test_a_tightened_target_rings_at_once() -> None:
    life = Life(resolving(8, urgent=1, warn=(0.5,)), OPENED)
    assert life.to("11:00") == []
    life.happens(ranked("11:00", "urgent"))
    assert life.to("11:00") == ["warn 09:30", "breach 10:00"]
    assert life.stands("11:00") == "breach"


def test_a_tightened_target_is_breached_although_a_later_warning_has_rung() -> None:
    life = Life(resolving(8, urgent=2, warn=THREE_WARNINGS), OPENED)
    life.to("15:30")
    assert life.stands("15:30") == "warn3"
    life.happens(ranked("15:30", "urgent"))
    assert life.stands("15:30") == "warn3", "until the breach has rung"
    assert life.to("15:30") == ["breach 11:00"]
    assert life.stands("15:30") == "breach"
    assert life.timers("15:30") == ()


def test_what_a_tightened_target_has_reached_is_rung_quietly_where_nobody_is_told() -> None:
    life = Life(resolving(8, urgent=2, warn=THREE_WARNINGS), OPENED)
    life.to("15:30")
    life.happens(ranked("15:30", "urgent"))
    [found] = overdue(life.ticket, (life.clock,), at("15:30"))
    assert found.stage == "breach"


def test_a_relaxed_target_takes_the_stage_back_and_rings_again_later() -> None:
    life = Life(resolving(2, low=8, warn=THREE_WARNINGS), OPENED)
    life.to("11:00")
    assert life.stands("11:00") == "breach"
    life.happens(ranked("11:00", "low"))
    assert life.stands("11:00") == "warn1", "two hours are a quarter of eight"
    assert ahead(life, "11:00") == [
        ("warn2", "Mon 13:00"),
        ("warn3", "Mon 15:00"),
        ("breach", "Mon 17:00"),
    ]
    assert life.to("13:00") == ["warn2 13:00"]
    assert life.stands("13:00") == "warn2"
    assert life.to("17:00") == ["warn3 15:00", "breach 17:00"]
    assert life.stands("17:00") == "breach"


def test_nothing_stands_where_a_relaxed_target_is_far_away() -> None:
    life = Life(resolving(2, low=20, warn=(0.5,)), OPENED)
    life.to("11:00")
    life.happens(ranked("11:00", "low"))
    assert life.stands("11:00") == ""
    assert [stage for stage, _ in ahead(life, "11:00")] == ["warn", "breach"]


def test_a_target_relaxed_after_reminders_and_tightened_again_is_breached_as_before() -> None:
    life = Life(resolving(2, low=8, nag=HOUR), OPENED)
    life.to("12:30")
    life.happens(ranked("12:30", "low"))
    assert life.stands("12:30") == ""
    life.happens(ranked("12:40", ""))
    assert life.stands("12:40") == "nag1"
    assert ahead(life, "12:40") == [("nag2", "Mon 13:00")]


def test_reminders_begin_anew_after_a_relaxed_targets_breach() -> None:
    life = Life(resolving(2, low=6, nag=HOUR), OPENED)
    life.to("14:30")
    assert life.stands("14:30") == "nag3"
    life.happens(ranked("14:30", "low"))
    assert life.to("16:00") == ["breach 15:00", "nag1 16:00"]
    assert life.stands("16:00") == "nag1"


def test_a_longer_pause_that_is_learnt_of_late_puts_the_breach_off() -> None:
    life = Life(resolving(warn=(0.5,)), OPENED)
    life.to("13:00", confirmed=False)
    life.happens(became("10:00", "pending"), became("12:30", "open"))
    assert (life.stands("13:00"), life.timers("13:00")[-1].due_at) == ("", at("15:30"))
    assert life.to("15:30") == ["warn 13:30", "breach 15:30"]
    last = rung(life.ticket, life.clock)
    assert last is not None
    assert (life.stands("15:30"), last.confirmed) == ("breach", True)


# --- earlier versions ----------------------------------------------------------------------------

OLD = {"started_at": None, "need": None}


def test_a_ring_that_an_earlier_version_stored_still_counts() -> None:
    policy = resolving(warn=(0.5,))
    warned = Life(policy, OPENED, rang("11:00", "resolution", "warn", **OLD))
    assert (warned.stands("11:30"), ahead(warned, "11:30")) == ("warn", [("breach", "Mon 13:00")])
    assert warned.to("13:00") == ["breach 13:00"]
    assert warned.stands("13:00") == "breach"
    warned.happens(rang("13:00", "resolution", "breach", **OLD))
    assert (warned.stands("13:30"), warned.timers("13:30")) == ("breach", ())


def test_of_several_that_an_earlier_version_stored_the_last_counts() -> None:
    rings = [
        rang(when, "resolution", s, **OLD) for when, s in (("11:00", "warn"), ("13:00", "breach"))
    ]
    life = Life(resolving(warn=(0.5,)), OPENED, *rings)
    assert (life.stands("14:00"), life.timers("14:00")) == ("breach", ())


def test_a_ring_of_an_earlier_version_is_not_one_of_a_clock_that_began_later() -> None:
    policy = promising(Goal(name="next_reply", targets={"": HOUR}), hours=ROUND_THE_CLOCK)
    told = rang("10:30", "next_reply", "breach", **OLD)
    waits = agent_answered("09:10"), customer_wrote("09:30"), told, agent_answered("11:00")
    life = Life(policy, OPENED, *waits, customer_wrote("12:00"))
    assert (life.stands("13:00"), life.to("13:00")) == ("", ["breach 13:00"])


def test_a_stage_of_an_earlier_version_that_is_called_otherwise_now_rings_anew() -> None:
    policy = resolving(warn=(0.5, 0.75))
    life = Life(policy, OPENED, rang("11:00", "resolution", "warn", **OLD))
    assert life.stands("11:00") == ""
    assert life.to("11:00") == ["warn1 11:00"]


@pytest.mark.parametrize("hours", [NINE_TO_FIVE, ROUND_THE_CLOCK])
def test_stored_and_folded_again_the_same_has_rung(hours: Hours) -> None:
    goal = Goal(name="resolution", targets={"": 5 * HOUR, "urgent": HOUR}, warn=(0.5,), nag=HOUR)
    life = Life(promising(goal, hours=hours), OPENED)
    moments: list[tuple[str, list[AnyEvent]]] = [
        ("11:30", []),
        ("12:00", [became("12:00", "hold")]),
        ("14:00", [became("14:00", "open"), ranked("14:00", "urgent")]),
        ("16:30", []),
    ]
    for now, events in moments:
        life.happens(*events)
        life.to(now)
    for order in (life.events, reversed(life.events)):
        assert fold_all(order) == life.ticket
    found: datetime = life.ticket.rung["resolution"].due_at
    assert found == at("16:00")
