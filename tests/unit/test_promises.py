"""By when an alert is to be acknowledged, its customer contacted, and the case resolved and closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from bridge.domain.hours import Hours, parse_week
from bridge.domain.model import Promise, Severity
from bridge.domain.promises import Targets, promise, tighten
from bridge.settings import parse

FRIDAY = datetime(2026, 7, 3, 16, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OFFICE = Hours(ZoneInfo("UTC"), parse_week({"mon-fri": "09:00-17:00"}))
TARGETS = Targets(
    acknowledge=30 * MINUTE,
    contact={Severity.HIGH: 24 * HOUR, Severity.CRITICAL: HOUR},
    resolve=4 * DAY,
    close=7 * DAY,
    warn=0.75,
)


def promised(severity: Severity = Severity.HIGH, **changes: object) -> dict[str, Promise]:
    return promise(replace(TARGETS, **changes), severity, OFFICE, FRIDAY)


def tightened(
    before: dict[str, Promise], severity: Severity, after: timedelta, targets: Targets = TARGETS
) -> dict[str, Promise]:
    return tighten(before, targets, severity, OFFICE, FRIDAY + after)


def test_everything_has_its_time() -> None:
    assert {name: one.due_at - FRIDAY for name, one in promised().items()} == {
        "acknowledge": 30 * MINUTE,
        "contact": DAY,
        "resolve": 4 * DAY,
        "close": 7 * DAY,
    }


def test_the_graver_the_sooner_the_customer_is_contacted() -> None:
    assert promised(Severity.CRITICAL)["contact"].due_at == FRIDAY + HOUR


def test_what_has_no_target_is_not_promised() -> None:
    assert set(promised(Severity.WARNING, acknowledge=None, close=None)) == {"resolve"}
    assert promise(Targets(), Severity.CRITICAL, OFFICE, FRIDAY) == {}


@pytest.mark.parametrize(
    ("warn", "near"),
    [
        (0.75, 45 * MINUTE),
        (15 * MINUTE, 45 * MINUTE),
        (0.5, 30 * MINUTE),
        (HOUR, None),
        (2 * HOUR, None),
        (None, None),
    ],
)
def test_it_is_near_at_a_share_or_a_time_before(
    warn: float | timedelta | None, near: timedelta | None
) -> None:
    contact = promised(Severity.CRITICAL, warn=warn)["contact"]
    assert contact.warn_at == (FRIDAY + near if near else None)
    assert contact.due_at == FRIDAY + HOUR


def test_working_hours_pass_only_while_the_team_works() -> None:
    contact = promised(hours="working", contact={Severity.HIGH: 2 * HOUR})["contact"]
    assert contact.due_at == FRIDAY.replace(day=6, hour=10)
    assert contact.warn_at == FRIDAY.replace(day=6, hour=9, minute=30)


def test_by_default_practice_is_promised() -> None:
    targets = parse("", {}).loop.targets
    for severity in Severity:
        times = promise(targets, severity, OFFICE, FRIDAY)
        assert times["contact"].due_at - FRIDAY == (HOUR if severity is Severity.CRITICAL else DAY)
        assert times["resolve"].due_at - FRIDAY == 4 * DAY


# --- a severity that is raised


def test_a_raised_severity_makes_the_contact_due_sooner_from_then_on() -> None:
    before = promised()
    after = tightened(before, Severity.CRITICAL, 3 * HOUR)
    assert after["contact"].due_at == FRIDAY + 4 * HOUR
    assert after["contact"].warn_at == FRIDAY + 3 * HOUR + 45 * MINUTE
    assert {**after, "contact": None} == {**before, "contact": None}


def test_it_never_becomes_later() -> None:
    before = promised()
    assert tightened(before, Severity.CRITICAL, 23 * HOUR) == before
    assert tightened(before, Severity.CRITICAL, 30 * HOUR) == before
    assert (
        tightened(promised(Severity.CRITICAL), Severity.HIGH, timedelta())["contact"]
        == (promised(Severity.CRITICAL)["contact"])
    )


def test_what_was_met_stays_met() -> None:
    before = promised()
    before["contact"] = replace(before["contact"], met_at=FRIDAY + HOUR)
    assert tightened(before, Severity.CRITICAL, 2 * HOUR) == before


def test_what_only_the_graver_are_promised_is_promised_from_then_on() -> None:
    before = promised(Severity.WARNING)
    assert "contact" not in before
    assert tightened(before, Severity.CRITICAL, HOUR)["contact"].due_at == FRIDAY + 2 * HOUR


def test_a_severity_without_a_target_changes_nothing() -> None:
    assert tightened(promised(), Severity.WARNING, timedelta()) == promised()


def test_what_was_promised_stays_whatever_is_configured_later() -> None:
    before = promised()
    stricter = replace(TARGETS, acknowledge=MINUTE, resolve=HOUR, close=None)
    after = tightened(before, Severity.CRITICAL, timedelta(), stricter)
    assert {name for name in before if after[name] != before[name]} == {"contact"}


def test_what_is_given_is_not_changed() -> None:
    before = promised()
    tightened(before, Severity.CRITICAL, timedelta())
    assert before == promised()
