"""What holds a message back, until when, and in which words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.hours import Hours, parse_week
from bridge.domain.hush import Hold, Mute, held, muting
from bridge.domain.model import Alert, Finding, Reason, Severity
from tests.stories import at

DAYTIME = Hours(ZoneInfo("UTC"), parse_week({"mon-fri": "07:00-22:00"}))
BERLIN = Hours(ZoneInfo("Europe/Berlin"), parse_week({"mon-fri": "07:00-22:00"}))
CRITICAL, WARNING = Severity.CRITICAL, Severity.WARNING


def alert(*rules: str, gone: tuple[str, ...] = (), severity: Severity = WARNING) -> Alert:
    """An alert of Billing for these reasons; those that are `gone` hold no longer."""
    reasons = tuple(
        Reason(
            finding=Finding(rule=rule, severity=severity, headline=rule, since=at("09:00")),
            added_at=at("09:00"),
            gone_at=at("09:30") if rule in gone else None,
        )
        for rule in rules or ("low_score",)
    )
    return Alert(
        subject="zendesk:4711",
        ref="AB-1",
        severity=severity,
        opened_at=at("09:00"),
        changed_at=at("09:00"),
        reasons=reasons,
        team="Billing",
    )


def mute(until: str = "14:00", **more: Any) -> Mute:
    told = {"reason": "known outage", "by": "Ana", "starts_at": at("08:00"), "ends_at": at(until)}
    return Mute(**told | more)


def hold(
    case: Alert, *mutes: Mute, awake: Hours | None = None, now: str = "10:00", **more: Any
) -> Hold | None:
    return held(case, mutes, awake, more.get("unless", CRITICAL), at(now))


# --- what a mute matches


def test_nothing_holds_what_nobody_muted() -> None:
    assert hold(alert()) is None


def test_a_mute_of_everything_holds_everything_and_says_who_and_why() -> None:
    assert hold(alert(), mute()) == Hold("muted until 14:00 by Ana: known outage", at("14:00"))


@pytest.mark.parametrize(
    "named",
    [
        {"team": "Billing"},
        {"rule": "low_score"},
        {"subject": "zendesk:4711"},
        {"team": "Billing", "rule": "low_score", "subject": "zendesk:4711"},
    ],
)
def test_a_mute_holds_what_it_names(named: dict[str, str]) -> None:
    assert hold(alert(), mute(**named)) is not None


@pytest.mark.parametrize(
    "named",
    [
        {"team": "Support"},
        {"rule": "reopened"},
        {"subject": "zendesk:1"},
        {"team": "Billing", "rule": "reopened"},
        {"team": "billing"},
    ],
)
def test_a_mute_of_something_else_holds_nothing(named: dict[str, str]) -> None:
    assert hold(alert(), mute(**named)) is None


def test_an_alert_with_a_further_reason_that_is_not_muted_rings() -> None:
    assert hold(alert("low_score", "reopened"), mute(rule="low_score")) is None


def test_a_reason_that_holds_no_longer_does_not_count() -> None:
    case = alert("low_score", "reopened", gone=("reopened",))
    assert hold(case, mute(rule="low_score")) is not None


def test_of_an_alert_whose_reasons_are_all_gone_each_counts() -> None:
    case = alert("low_score", "reopened", gone=("low_score", "reopened"))
    assert hold(case, mute(rule="low_score")) is None
    assert hold(case, mute(rule="low_score"), mute(rule="reopened")) is not None


def test_when_each_reason_is_muted_it_rings_again_with_the_first_of_them() -> None:
    case = alert("low_score", "reopened")
    both = (mute("14:00", rule="low_score"), mute("12:00", rule="reopened"))
    found = hold(case, *both)
    assert found is not None
    assert found.until == at("12:00")
    assert found.why.count("muted until") == 2


def test_of_two_mutes_of_one_rule_the_longer_one_counts() -> None:
    found = hold(alert(), mute("14:00", rule="low_score"), mute("12:00", rule="low_score"))
    assert found is not None
    assert found.until == at("14:00")


# --- when it runs


@pytest.mark.parametrize(
    ("now", "holds"), [("07:59", False), ("08:00", True), ("13:59", True), ("14:00", False)]
)
def test_a_mute_holds_from_its_beginning_up_to_its_end(now: str, holds: bool) -> None:
    assert (hold(alert(), mute(), now=now) is not None) is holds


def test_of_all_that_hold_the_last_one_wins_and_each_is_said() -> None:
    found = hold(
        alert(),
        mute("23:00"),
        mute("tue 01:00", by="Ben", reason="a test"),
        awake=DAYTIME,
        now="22:30",
    )
    assert found == Hold(
        "muted until 23:00 by Ana: known outage; muted until Tue 03 Mar 01:00 by Ben: a test; "
        "quiet hours until Tue 03 Mar 07:00",
        at("tue 07:00"),
    )


def test_a_mute_that_outlasts_the_night_wins_over_it() -> None:
    found = hold(alert(), mute("tue 12:00"), awake=DAYTIME, now="22:30")
    assert found is not None
    assert found.until == at("tue 12:00")


# --- how grave it is


def test_a_mute_and_a_maintenance_window_hold_critical_alerts_too() -> None:
    case = alert(severity=CRITICAL)
    assert hold(case, mute()) is not None
    window = hold(case, mute(maintenance=True))
    assert window is not None
    assert window.why == "maintenance until 14:00 by Ana: known outage"


def test_quiet_hours_hold_all_but_the_gravest() -> None:
    assert hold(alert(), awake=DAYTIME, now="03:00") == Hold("quiet hours until 07:00", at("07:00"))
    assert hold(alert(severity=CRITICAL), awake=DAYTIME, now="03:00") is None
    high = alert(severity=Severity.HIGH)
    assert hold(high, awake=DAYTIME, now="03:00", unless=Severity.HIGH) is None


def test_by_day_nothing_is_quiet_nor_without_such_hours() -> None:
    assert hold(alert(), awake=DAYTIME, now="10:00") is None
    assert hold(alert(), awake=None, now="03:00") is None


def test_a_weekend_is_quiet_to_its_end() -> None:
    found = hold(alert(), awake=DAYTIME, now="fri 22:00")
    assert found is not None
    assert found.until == at("mon 07:00") + timedelta(days=7)


def test_times_are_told_in_the_teams_zone() -> None:
    found = hold(alert(), mute("23:30"), awake=BERLIN, now="21:30")
    assert found is not None
    assert found.why == (
        "muted until Tue 03 Mar 00:30 by Ana: known outage; quiet hours until Tue 03 Mar 07:00"
    )


# --- which mutes hide an alert


def test_the_mutes_that_hide_an_alert_are_those_that_hold_it() -> None:
    whole, other, ended = mute(id=1), mute(id=2, team="Support"), mute("09:00", id=3)
    partly = mute(id=4, rule="low_score")
    mutes = (whole, other, ended, partly)
    assert muting(alert("low_score", "reopened"), mutes, at("10:00")) == (whole,)
    assert muting(alert("low_score"), mutes, at("10:00")) == (whole, partly)


@pytest.mark.parametrize(("until", "near"), [("14:00", "13:00"), ("09:00", "08:30")])
def test_the_end_is_near_an_hour_before_or_when_half_of_a_short_one_is_over(
    until: str, near: str
) -> None:
    assert mute(until).near == at(near)
