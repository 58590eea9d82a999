"""Closing the loop: what is planned when an alert opens, and what comes of every event about it."""

from __future__ import annotations

from msgspec.structs import replace

from bridge.domain.alerts import Change, reconcile
from bridge.domain.loop import MONTH, begin, follow, hasten
from bridge.domain.model import AlertState, Member, Press, Relation, Severity, Team
from bridge.domain.people import Absence, Roster
from bridge.domain.promises import Targets
from bridge.domain.timers import timers
from tests.casework import (
    ALL,
    ANA,
    BEN,
    DAY,
    EMEA,
    HOUR,
    LOOP,
    MINUTE,
    MONA,
    acknowledged,
    alert,
    changes,
    checked,
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
from tests.stories import at, became, opened, ticket

CRITICAL, HIGH, WARNING = Severity.CRITICAL, Severity.HIGH, Severity.WARNING

# --- when it opens


def test_everything_is_planned_when_it_opens() -> None:
    case = begin(plain(), LOOP, at("09:00"))
    assert [(rise.who.name, rise.at) for rise in case.ladder] == [
        ("Mona", at("09:30")),
        ("Dana", at("11:00")),
    ]
    assert case.nag == HOUR
    due = {goal: promise.due_at - at("09:00") for goal, promise in case.promises.items()}
    assert due == {
        "acknowledge": 30 * MINUTE,
        "contact": DAY,
        "resolve": 4 * DAY,
        "close": 7 * DAY,
    }


def test_later_edits_of_the_ladder_change_nothing_that_was_planned() -> None:
    other = replace(LOOP, ladder=replace(LOOP.ladder, steps=(), nag=None), targets=Targets())
    case = take(alert(), pressed("09:10", Press.NOTE, words="Hm"), loop=other)
    assert (case.ladder, case.nag, case.promises) == (
        alert().ladder,
        alert().nag,
        alert().promises,
    )


def test_who_is_to_act_has_it_or_manages_the_team_or_stands_in() -> None:
    assert LOOP.responsible(alert(), at("10:00")) == MONA
    assert LOOP.responsible(take(alert(), acknowledged("09:10")), at("10:00")) == ANA
    off = Absence(member="ana", deputy="ben", starts_at=at("09:00"), ends_at=at("tue 09:00"))
    away = replace(LOOP, roster=Roster((ALL, EMEA), (ANA, BEN), (off,)))
    assert away.responsible(take(alert(), acknowledged("09:10")), at("10:00")) == BEN
    assert away.responsible(take(alert(), acknowledged("09:10")), at("tue 09:00")) == ANA
    nobody = replace(LOOP, team=Team(name="Alone"))
    assert nobody.responsible(alert(), at("10:00")) == Member()


# --- when it gets graver


def test_a_graver_alert_is_promised_a_sooner_contact() -> None:
    case = replace(take(alert(), acknowledged("09:10")), severity=CRITICAL)
    hastened = hasten(case, LOOP, at("10:00"))
    assert hastened.promises["contact"].due_at == at("11:00")
    assert {g: p for g, p in hastened.promises.items() if g != "contact"} == {
        g: p for g, p in case.promises.items() if g != "contact"
    }


def test_a_contact_promised_for_sooner_is_near_and_missed_anew() -> None:
    case = take(alert(), acknowledged("09:10"), elapsed("tue 03:00", "contact:near"))
    case = take(case, elapsed("tue 09:00", "contact:missed"), elapsed("thu 09:00", "resolve:near"))
    late = hasten(replace(case, severity=CRITICAL), LOOP, at("thu 10:00"))
    assert late == replace(case, severity=CRITICAL)  # it was due long ago: no later
    case = take(alert(), acknowledged("09:10"), elapsed("tue 03:00", "contact:near"))
    soon = hasten(replace(case, severity=CRITICAL), LOOP, at("tue 04:00"))
    assert soon.rung == ()
    assert timers(soon)["contact:near"] == at("tue 04:45")
    assert timers(soon)["contact:missed"] == at("tue 05:00")


def test_what_else_has_rung_stays_rung() -> None:
    case = take(alert(), elapsed("09:30", "rise:0"))
    assert hasten(replace(case, severity=CRITICAL), LOOP, at("09:40")).rung == ("rise:0",)


def test_a_contact_that_was_made_is_not_hastened() -> None:
    case = replace(take(alert(), contacted("09:10")), severity=CRITICAL)
    assert hasten(case, LOOP, at("10:00")) == case


def test_a_first_promise_comes_with_the_severity_that_has_one() -> None:
    case = alert(finding(severity=WARNING))
    assert "contact" not in case.promises
    graver = hasten(replace(case, severity=HIGH), LOOP, at("10:00"))
    assert graver.promises["contact"].due_at == at("tue 10:00")


# --- opened again


def test_goals_begin_anew_when_somebody_opens_it_again() -> None:
    case = take(alert(), contacted("09:10"), resolved("10:00"), reopened("wed 10:00", BEN))
    assert case.promises["contact"].due_at == at("thu 10:00")
    assert {promise.met_at for promise in case.promises.values()} == {None}
    assert {name.partition(":")[0] for name in timers(case)} == {"contact", "resolve"}


def test_of_two_alerts_of_a_case_one_stays_over() -> None:
    over = take(alert(), resolved("10:00"))
    after, [step] = follow(over, reopened("11:00", BEN), LOOP, other="AB-2")
    assert after == over
    assert (step.change, step.who, step.reply) == (Change.REFUSED, BEN, "C1/U0BEN")
    assert step.words == "Another alert of the same case is open: AB-2."


def test_another_alert_keeps_nobody_from_anything_else() -> None:
    over = take(alert(), merely_resolved("10:00"))
    _, steps = follow(over, resolved("11:00"), LOOP, other="AB-2")
    assert changes(steps) == [Change.COMPLETED, Change.CLOSED]


def test_nobody_but_people_ends_what_was_opened_again() -> None:
    solved = ticket(opened("08:00"), became("12:00", "solved"))
    over = take(alert(), resolved("10:00"))
    for event in (reopened("tue 10:00"), heard("tue 10:00", better=False)):
        again = take(over, event)
        after, steps = reconcile(again, solved, [], {}, at("tue 10:00"))
        assert after is not None
        assert after.live
        assert changes(steps) == [Change.EASED]
        assert reconcile(after, solved, [], {}, at("tue 11:00")) == (after, ())
        assert take(after, resolved("tue 12:00")).closed_at == at("tue 12:00")


# --- questions after the end


def test_the_customer_is_asked_whom_somebody_did_something_for() -> None:
    case = take(alert(), resolved("10:00"))
    assert case.ask_at == at("tue 10:00")
    looks = {months: when - at("10:00") for months, when in case.checks.items()}
    assert looks == {"3": 3 * MONTH, "6": 6 * MONTH, "12": 12 * MONTH}


def test_nobody_is_asked_unless_the_team_wants_it() -> None:
    silent = replace(LOOP, team=replace(EMEA, follow_up=""))
    assert take(alert(), resolved("10:00"), loop=silent).ask_at is None
    never = replace(LOOP, ask_after=None)
    assert take(alert(), resolved("10:00"), loop=never).ask_at is None
    assert take(alert(), resolved("10:00"), loop=never).checks


def test_nobody_looks_what_became_of_somebody_unknown() -> None:
    case = take(alert(customer=""), resolved("10:00"))
    assert (case.checks, case.ask_at) == ({}, at("tue 10:00"))


def test_what_ended_by_itself_asks_nothing() -> None:
    ended, _ = reconcile(alert(), ticket(opened("08:00")), [], {}, at("10:00"))
    assert ended is not None
    assert (ended.ask_at, ended.checks) == (None, {})


def test_a_completed_report_does_not_ask_again() -> None:
    asked = take(alert(), merely_resolved("10:00"), elapsed("tue 10:00", "ask"))
    assert take(asked, resolved("tue 11:00")).ask_at is None


# --- what the customer answers


def test_a_customer_who_was_helped_leaves_it_closed() -> None:
    case, [step] = last(
        alert(), resolved("10:00"), heard("tue 12:00", better=True, words="Thanks!")
    )
    assert (case.better, case.better_words, case.live) == (True, "Thanks!", False)
    assert (step.change, step.words) == (Change.HEARD, "it was put right: Thanks!")
    assert case.changed_at == at("tue 12:00")


def test_a_customer_who_was_not_helped_opens_it_again() -> None:
    case, steps = last(alert(), resolved("10:00"), heard("tue 12:00", better=False))
    assert changes(steps) == [Change.HEARD, Change.REOPENED]
    assert [step.words for step in steps] == [
        "it was not put right",
        "the customer says that it was not put right",
    ]
    assert {(step.via, str(step.who)) for step in steps} == {("customer", "")}
    assert (case.state, case.better, case.reopened) == (AlertState.OPEN, False, 1)
    assert (case.owner, case.acknowledged_at) == (ANA, None)
    assert [rise.at for rise in case.ladder] == [at("tue 12:30"), at("tue 14:00")]
    assert case.promises["contact"].due_at == at("wed 12:00")


def test_the_answer_to_what_is_open_is_kept() -> None:
    case, steps = last(alert(), snoozed("09:10", "15:00"), heard("09:20", better=False))
    assert changes(steps) == [Change.HEARD]
    assert (case.better, case.reopened, case.snoozed_until) == (False, 0, at("15:00"))


def test_where_another_alert_is_open_the_answer_opens_none() -> None:
    over = take(alert(), resolved("10:00"))
    case, steps = follow(over, heard("tue 12:00", better=False), LOOP, other="AB-2")
    assert (changes(steps), case.live, case.better) == ([Change.HEARD], False, False)


# --- what became of them


def test_what_became_of_the_customer_joins_the_alert() -> None:
    told = checked("fri 10:00", 3, Relation.STAYED, why="2 tickets since")
    case, [step] = last(alert(), resolved("10:00"), told)
    assert case.relations == {"3": Relation.STAYED}
    assert (step.change, step.words) == (Change.CHECKED, "after 3 months: stayed: 2 tickets since")
    case, [step] = last(case, checked("fri 11:00", 6, Relation.LEFT, who=ANA))
    assert case.relations == {"3": Relation.STAYED, "6": Relation.LEFT}
    assert (step.who, step.words) == (ANA, "after 6 months: left")
    assert take(case, checked("fri 12:00", 6, Relation.AT_RISK)).relations["6"] is Relation.AT_RISK
