"""The life of an alert."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bridge.domain.alerts import Change, Step, Told, fresh, meet, reconcile, retell, token
from bridge.domain.model import Alert, AlertState, Finding, Promise, Severity, Ticket
from tests.stories import at, became, gone, opened, ticket

WARNING, HIGH, CRITICAL = Severity.WARNING, Severity.HIGH, Severity.CRITICAL
CASE = ticket(opened("09:00"))


def finding(rule: str = "slow", severity: Severity = WARNING, **more: str) -> Finding:
    return Finding(rule=rule, severity=severity, headline=rule, since=at("09:00"), **more)  # type: ignore[arg-type]


def after(
    live: Alert | None, *found: Finding, told: Told | None = None, case: Ticket = CASE
) -> tuple[Alert, list[Change]]:
    alert, steps = reconcile(live, case, found, told or {}, at("10:00"))
    assert alert is not None
    return alert, [step.change for step in steps]


def alert_with(*found: Finding) -> Alert:
    alert, changes = after(None, *found)
    assert changes == [Change.OPENED]
    return alert


SLOW, RUDE = finding("slow"), finding("rude")

# --- opening -------------------------------------------------------------------------------------


def test_nothing_wrong_nothing_told() -> None:
    assert reconcile(None, CASE, (), {}, at("10:00")) == (None, ())


def test_the_first_finding_opens_one_alert_with_all_that_is_wrong() -> None:
    grave = finding("rude", HIGH)
    alert, steps = reconcile(None, CASE, [SLOW, grave], {}, at("10:00"))
    assert alert is not None
    assert (alert.subject, alert.state, alert.severity) == ("zendesk:1", AlertState.OPEN, HIGH)
    assert [r.finding for r in alert.reasons] == [SLOW, grave]
    assert [r.finding for r in alert.standing] == [grave, SLOW]
    assert steps == (Step(change=Change.OPENED, at=at("10:00"), finding=grave),)


def test_what_was_told_does_not_open_again_unless_it_is_graver() -> None:
    told = retell({}, [SLOW])
    assert reconcile(None, CASE, [SLOW], told, at("10:00")) == (None, ())
    graver = finding("slow", HIGH)
    assert fresh(graver, told)
    assert after(None, graver, told=told)[1] == [Change.OPENED]


def test_another_time_or_another_thing_is_news() -> None:
    told = retell({}, [SLOW])
    assert fresh(finding("slow", occurrence="2"), told)
    assert fresh(finding("slow", about="answer 2"), told)
    assert fresh(RUDE, told)


def test_one_piece_of_news_brings_along_what_was_told() -> None:
    alert, changes = after(None, SLOW, RUDE, told=retell({}, [SLOW]))
    assert changes == [Change.OPENED]
    assert {r.finding for r in alert.reasons} == {SLOW, RUDE}


def test_what_is_told_keeps_the_gravest() -> None:
    told = retell(retell({}, [finding("slow", HIGH)]), [SLOW, RUDE])
    assert told == {token(SLOW): HIGH, token(RUDE): WARNING}


# --- changing ------------------------------------------------------------------------------------


def test_the_same_again_is_no_news() -> None:
    live = alert_with(SLOW)
    assert reconcile(live, CASE, [SLOW], {}, at("11:00")) == (live, ())


def test_time_that_passes_is_no_news() -> None:
    live = alert_with(SLOW)
    later = replace(SLOW, headline="slow for 2 h", facts=(("Since", "09:00"),))
    assert after(live, later) == (live, [])


@pytest.mark.parametrize("news", [finding(level="breach"), finding(occurrence="2")])
def test_a_new_level_or_occurrence_is_an_update(news: Finding) -> None:
    live = alert_with(SLOW)
    alert, changes = after(live, news)
    assert changes == [Change.UPDATED]
    assert [r.finding for r in alert.reasons] == [news]
    assert alert.reasons[0].added_at == live.reasons[0].added_at


def test_a_further_finding_adds_a_reason_to_the_alert_there_is() -> None:
    alert, changes = after(alert_with(SLOW), SLOW, RUDE)
    assert changes == [Change.ADDED]
    assert [r.finding for r in alert.reasons] == [SLOW, RUDE]


def test_a_graver_finding_raises_it() -> None:
    live = alert_with(SLOW)
    alert, steps = reconcile(live, CASE, [finding("slow", HIGH)], {}, at("10:00"))
    assert alert is not None
    assert alert.severity is HIGH
    assert [s.change for s in steps] == [Change.UPDATED, Change.RAISED]
    alert, steps = reconcile(live, CASE, [SLOW, finding("rude", CRITICAL)], {}, at("10:00"))
    assert alert is not None
    assert alert.severity is CRITICAL
    rude = finding("rude", CRITICAL)
    assert steps[-1] == Step(change=Change.RAISED, at=at("10:00"), finding=rude, was=WARNING)


def staged(stage: str, **more: Any) -> Finding:
    return finding("slow", stage=stage, level=stage, **more)


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        ("warn", "breach", Change.NEARED),
        ("warn1", "warn2", Change.NEARED),
        ("warn2", "breach", Change.NEARED),
        ("breach", "nag1", Change.REMINDED),
        ("nag1", "nag2", Change.REMINDED),
        ("warn1", "nag1", Change.REMINDED),
        ("warn2", "warn1", Change.UPDATED),
        ("breach", "warn2", Change.UPDATED),
        ("nag2", "breach", Change.UPDATED),
        ("nag2", "warn1", Change.UPDATED),
    ],
)
def test_a_clocks_next_stage_is_news_and_an_earlier_one_only_kept_current(
    before: str, now: str, change: Change
) -> None:
    alert, changes = after(alert_with(staged(before)), staged(now))
    assert changes == [change]
    assert [r.finding.stage for r in alert.reasons] == [now]


def test_the_next_stage_by_another_target_is_news_too() -> None:
    old, new = staged("warn", occurrence="8 h"), staged("breach", occurrence="1 h")
    assert after(alert_with(old), new)[1] == [Change.NEARED]


def test_a_stage_of_a_clock_that_began_anew_is_kept_current() -> None:
    new = replace(staged("breach"), since=at("09:30"), occurrence="2")
    assert after(alert_with(staged("warn")), new)[1] == [Change.UPDATED]


def test_a_breach_that_is_graver_is_nearer_and_raises_the_severity() -> None:
    breach = replace(staged("breach"), severity=HIGH)
    assert after(alert_with(staged("warn")), breach)[1] == [Change.NEARED, Change.RAISED]


def test_a_stage_that_comes_after_its_reason_had_gone_is_a_reason_again() -> None:
    eased, _ = after(alert_with(staged("breach"), RUDE), RUDE)
    assert after(eased, staged("nag1"), RUDE)[1] == [Change.ADDED]


def test_it_stays_as_grave_as_it_was() -> None:
    alert, changes = after(alert_with(finding("slow", HIGH)), SLOW)
    assert (alert.severity, changes) == (HIGH, [Change.UPDATED])


def test_a_reason_goes_and_comes_back_with_its_first_time() -> None:
    live = alert_with(SLOW, RUDE)
    eased, changes = after(live, RUDE)
    assert changes == [Change.EASED]
    assert [r.gone_at for r in eased.reasons] == [at("10:00"), None]
    assert after(eased, RUDE) == (eased, [])
    back, changes = after(eased, SLOW, RUDE)
    assert changes == [Change.ADDED]
    assert back.reasons == live.reasons


# --- ending --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (CASE, "nothing is wrong any more"),
        (ticket(became("09:00", "solved")), "the ticket is solved"),
        (ticket(gone("09:00", into="17")), "the ticket was merged into 17"),
    ],
)
def test_without_a_reason_it_resolves_itself_and_says_why(case: Ticket, why: str) -> None:
    alert, changes = after(alert_with(SLOW, RUDE), case=case)
    assert changes == [Change.EASED, Change.EASED, Change.ENDED]
    assert (alert.state, alert.ended, alert.ended_at) == (AlertState.RESOLVED, why, at("10:00"))
    assert alert.standing == ()


def test_an_alert_that_has_ended_is_left_alone() -> None:
    ended, _ = after(alert_with(SLOW))
    with pytest.raises(ValueError, match="alert 0 is resolved: only a live one changes"):
        reconcile(ended, CASE, [SLOW], {}, at("11:00"))


def test_its_end_meets_what_was_promised_and_leaves_nothing_to_do() -> None:
    met, due = Promise(due_at=at("11:00"), met_at=at("09:30")), Promise(due_at=at("12:00"))
    live = replace(alert_with(SLOW), promises={"acknowledge": met, "contact": due})
    ended, _ = after(replace(live, snoozed_until=at("15:00")))
    assert ended.promises == {"acknowledge": met, "contact": replace(due, met_at=at("10:00"))}
    assert (ended.closed_at, ended.snoozed_until, ended.resolved_by) == (at("10:00"), None, "")


def test_what_is_in_hand_ends_by_itself_too() -> None:
    taken = replace(alert_with(SLOW), state=AlertState.CONTACTED, acknowledged_at=at("09:30"))
    assert after(taken)[1] == [Change.EASED, Change.ENDED]


def test_only_named_promises_are_met_and_only_once() -> None:
    promises = {name: Promise(due_at=at("12:00")) for name in ("contact", "close")}
    live = replace(alert_with(SLOW), promises=promises)
    once = meet(live, at("10:30"), "contact", "resolve")
    assert {name: p.met_at for name, p in once.promises.items()} == {
        "contact": at("10:30"),
        "close": None,
    }
    assert meet(once, at("11:00"), "contact") == once


# --- in hand, and opened again -------------------------------------------------------------------


def test_nobody_is_reminded_of_what_is_in_hand_unless_it_is_graver() -> None:
    taken = replace(alert_with(staged("nag1")), acknowledged_at=at("09:30"))
    assert after(taken, staged("nag2")) == (taken, [])
    graver = replace(staged("nag2"), severity=HIGH)
    assert after(taken, graver)[1] == [Change.REMINDED, Change.RAISED]


def test_a_reason_that_is_back_is_told_though_it_is_in_hand() -> None:
    eased, _ = after(alert_with(staged("nag1"), RUDE), RUDE)
    taken = replace(eased, acknowledged_at=at("09:30"))
    assert after(taken, staged("nag2"), RUDE)[1] == [Change.ADDED]


def test_what_was_opened_again_does_not_end_by_itself() -> None:
    again = replace(alert_with(SLOW), reopened=1)
    eased, changes = after(again, case=ticket(became("09:00", "solved")))
    assert (eased.state, changes) == (AlertState.OPEN, [Change.EASED])
    assert after(eased) == (eased, [])
    assert after(eased, SLOW)[1] == [Change.ADDED]


def test_what_was_opened_again_ends_with_its_ticket() -> None:
    again = replace(alert_with(SLOW), reopened=1)
    ended, changes = after(again, case=ticket(gone("09:00", why="spam")))
    assert (ended.ended, changes[-1]) == ("the ticket was spam", Change.ENDED)


# --- laws ----------------------------------------------------------------------------------------

findings = st.builds(
    finding,
    rule=st.sampled_from(["slow", "rude", "lost"]),
    severity=st.sampled_from(Severity),
    occurrence=st.sampled_from("12"),
    level=st.sampled_from(["warn1", "breach", "nag1", "nag2"]),
    stage=st.just(""),
).map(lambda f: replace(f, stage=f.level))
days = st.lists(st.lists(findings, max_size=3, unique_by=lambda f: f.key), max_size=10)


@settings(deadline=None)
@given(days)
def test_whatever_comes_an_alert_makes_sense(day: list[list[Finding]]) -> None:
    live: Alert | None = None
    told: dict[str, Severity] = {}
    now = at("09:00")
    for found in day:
        now += timedelta(minutes=1)
        before = live
        alert, steps = reconcile(before, CASE, found, told, now)
        assert (steps == ()) == (alert == before)
        assert reconcile(before, CASE, found, told, now) == (alert, steps)
        told = retell(told, found)
        assert reconcile(None, CASE, found, told, now) == (None, ())
        if before is None and alert is None:
            continue
        assert alert is not None
        assert alert.severity >= (before.severity if before else Severity.INFO)
        assert (alert.state is AlertState.OPEN) == bool(alert.standing)
        keys = [r.finding.key for r in alert.reasons]
        assert len(keys) == len(set(keys))
        standing = {r.finding.key for r in alert.standing}
        assert standing == {f.key for f in found}
        raised = before is not None and alert.severity > before.severity
        assert raised == (Change.RAISED in {s.change for s in steps})
        live = alert if alert.standing else None
        if live:
            assert reconcile(live, CASE, found, told, now) == (live, ())
