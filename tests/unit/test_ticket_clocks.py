"""What a ticket remembers for its clocks: whether it is known, who had it when, and what has rung."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from bridge.domain.model import (
    AnyEvent,
    Category,
    Due,
    Party,
    Rung,
    Seen,
    Shift,
    VendorClock,
)
from bridge.domain.ticket import fold
from tests.stories import (
    agent_noted,
    at,
    became,
    customer_wrote,
    moved,
    opened,
    rang,
    rated,
    read,
    reported,
    ticket,
)


def test_a_ticket_is_whole_once_its_beginning_or_its_history_is_known() -> None:
    assert not ticket(reported("10:00", opened_at=at("09:00")), customer_wrote("10:00")).whole
    assert ticket(opened("09:00")).whole
    assert ticket(opened("09:00", by=Party.AGENT)).whole
    assert ticket(reported("10:00", opened_at=at("09:00")), read("11:00")).whole


def test_what_the_desk_showed_when_it_was_read_is_true_whatever_we_heard() -> None:
    made = ticket(became("09:00", "open"), read("10:00", seen=Seen(status="pending", team="T2")))
    assert (made.category, made.team) == (Category.PENDING, "T2")


def test_how_far_we_know_it_is_what_its_desk_told_of() -> None:
    known = opened("09:00"), agent_noted("10:00")
    ours = rang("11:00", "resolution", "breach"), rated("12:00", score=0.0)
    assert ticket(*known, *ours).known_at == at("10:00")
    assert ticket(*ours).known_at is None
    assert ticket(*known, *ours, read("13:00")).known_at == at("13:00")


def test_who_had_it_when_is_kept() -> None:
    made = ticket(
        opened("09:00", seen=Seen(team="T1")),
        moved("10:00", team="T1", agent="A1"),
        moved("11:00", team="T2"),
        moved("12:00", team=""),
        moved("13:00", team="T2"),
    )
    assert made.shifts == (
        Shift(at("09:00"), "T1"),
        Shift(at("11:00"), "T2"),
        Shift(at("12:00"), ""),
        Shift(at("13:00"), "T2"),
    )


def test_a_team_first_heard_of_in_a_report_had_it_from_the_beginning() -> None:
    first = opened("09:00")
    assert ticket(first, reported("10:00", team="T1")).shifts == (Shift(at("09:00"), "T1"),)
    assert ticket(first, moved("10:00", team="T1")).shifts == (Shift(at("10:00"), "T1"),)
    assert ticket(reported("10:00", team="T1")).shifts == (Shift(at("10:00"), "T1"),)


def test_the_helpdesks_own_clocks_are_those_last_seen() -> None:
    one, other = VendorClock(name="One"), VendorClock(name="Other", paused=True)
    seen = reported("10:00", clocks=(one, other))
    assert ticket(seen, reported("11:00", title="New")).clocks == (one, other)
    assert ticket(seen, reported("11:00", clocks=(one,))).clocks == (one,)
    assert ticket(seen, reported("11:00", clocks=())).clocks == ()


HOUR = timedelta(hours=1)


def rung(*events: AnyEvent) -> str:
    return ticket(opened("09:00"), *events).rung["resolution"].stage


def test_a_timer_that_rings_is_remembered_by_goal_and_changes_nothing_else() -> None:
    before = ticket(opened("09:00"))
    ring = rang(
        "10:00", "resolution", "warn", started_at=at("09:00"), need=HOUR, late="so", confirmed=False
    )
    after = fold(before, ring)
    assert after.rung == {
        "resolution": Rung(
            stage="warn",
            due_at=at("10:00"),
            started_at=at("09:00"),
            need=HOUR,
            late="so",
            confirmed=False,
        )
    }
    assert replace(after, as_of=before.as_of, rung={}) == before
    other = fold(after, rang("11:00", "first_response", "breach"))
    assert set(other.rung) == {"resolution", "first_response"}


def test_how_far_the_timers_have_rung_only_grows() -> None:
    def ring(stage: str, need: float, when: str = "12:00") -> Due:
        return rang(when, "resolution", stage, started_at=at("09:00"), need=need * HOUR)

    assert rung(ring("warn1", 1), ring("warn2", 2)) == "warn2"
    assert rung(ring("warn2", 2), ring("warn1", 1)) == "warn2"
    assert rung(ring("breach", 1), ring("warn1", 3)) == "breach", "of a target that was tightened"
    assert rung(ring("warn1", 3), ring("breach", 1)) == "breach"
    assert rung(ring("breach", 0), ring("nag1", 1)) == "nag1"
    assert rung(ring("nag1", 1), ring("breach", 0)) == "nag1"


def test_of_a_stage_that_rang_twice_the_last_time_counts() -> None:
    unsure = rang(
        "12:00", "resolution", "breach", started_at=at("09:00"), need=HOUR, confirmed=False
    )
    sure = rang("13:00", "resolution", "breach", started_at=at("09:00"), need=HOUR)
    assert ticket(unsure, sure).rung["resolution"].confirmed


def test_a_clock_that_began_anew_rings_anew() -> None:
    first = rang("12:00", "resolution", "breach", started_at=at("09:00"), need=HOUR)
    again = rang("15:00", "resolution", "warn1", started_at=at("14:00"), need=HOUR / 2)
    assert rung(first, again) == "warn1"


def test_what_earlier_versions_stored_counts_until_more_is_known() -> None:
    old_warning, old_breach = (
        rang("11:00", "resolution", "warn"),
        rang("13:00", "resolution", "breach"),
    )
    assert rung(old_warning, old_breach) == "breach"
    new = rang("10:00", "resolution", "warn2", started_at=at("09:00"), need=HOUR)
    assert rung(new, old_warning) == "warn2"
    assert rung(old_warning, replace(new, at=at("12:00"))) == "warn2"
