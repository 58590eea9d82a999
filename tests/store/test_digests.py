"""What a digest is made from, what was sent, and who wants none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from bridge.domain.model import Alert, AlertState, Coaching, Finding, Reason, Severity
from bridge.store import alerts, digests

NOW = datetime(2031, 3, 5, 7, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH_AGO = NOW - 30 * DAY
LATE = Finding(rule="late", severity=Severity.HIGH, headline="Late", since=NOW)
OVER: dict[str, Any] = {"state": AlertState.RESOLVED}


def saved(engine: Engine, ref: str, ago: timedelta, team: str = "Billing", **more: Any) -> None:
    at = NOW - ago
    made = Alert(
        subject=f"zendesk:{ref}",
        ref=ref,
        severity=Severity.HIGH,
        opened_at=at,
        changed_at=at,
        reasons=(Reason(finding=LATE, added_at=at),),
        team=team,
        **more,
    )
    with engine.begin() as connection:
        alerts.save(connection, [(made, ())])


def material(engine: Engine, team: str = "Billing") -> list[str]:
    with engine.begin() as connection:
        return [alert.ref for alert in digests.material(connection, team, MONTH_AGO)]


def test_what_is_live_counts_however_old_and_what_is_over_for_a_while(engine: Engine) -> None:
    saved(engine, "live", 400 * DAY)
    saved(engine, "over", 29 * DAY, **OVER)
    saved(engine, "long over", 31 * DAY, **OVER)
    assert material(engine) == ["live", "over"]


@pytest.mark.parametrize(
    ("coaching", "counts"),
    [(Coaching.NEEDED, True), (Coaching.DONE, False), (Coaching.NOT_NEEDED, False), (None, False)],
)
def test_what_calls_for_coaching_counts_until_it_is_given(
    engine: Engine, coaching: Coaching | None, counts: bool
) -> None:
    saved(engine, "old", 400 * DAY, coaching=coaching, **OVER)
    assert bool(material(engine)) == counts


def test_other_teams_alerts_are_theirs(engine: Engine) -> None:
    saved(engine, "ours", DAY)
    saved(engine, "theirs", DAY, team="Support")
    saved(engine, "coached", 40 * DAY, team="Support", coaching=Coaching.NEEDED, **OVER)
    assert material(engine) == ["ours"]
    assert material(engine, "Support") == ["theirs", "coached"]


def test_what_was_sent_is_remembered_by_team_and_medium(engine: Engine) -> None:
    sent = digests.Sent(day="2031-03-05", at=NOW)
    with engine.begin() as connection:
        assert digests.last_sent(connection, "email", "Billing") is None
        digests.keep_sent(connection, "email", "Billing", digests.Sent(at=NOW - DAY))
        digests.keep_sent(connection, "email", "Billing", sent)
    with engine.begin() as connection:
        assert digests.last_sent(connection, "email", "Billing") == sent
        assert digests.last_sent(connection, "slack", "Billing") is None
        assert digests.last_sent(connection, "email", "Support") is None


def test_an_address_is_the_same_in_any_case_and_of_one_team_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        for _ in range(2):
            digests.unsubscribe(connection, "Billing", "Mona@Example.com", NOW)
        assert digests.is_unsubscribed(connection, "Billing", "mona@example.COM")
        assert not digests.is_unsubscribed(connection, "Support", "mona@example.com")
        assert not digests.is_unsubscribed(connection, "Billing", "nils@example.com")


def test_who_has_changed_their_mind_is_told_again(engine: Engine) -> None:
    with engine.begin() as connection:
        digests.unsubscribe(connection, "Billing", "mona@example.com", NOW)
        assert digests.subscribe(connection, "Billing", "MONA@example.com")
        assert not digests.is_unsubscribed(connection, "Billing", "mona@example.com")
        assert not digests.subscribe(connection, "Billing", "mona@example.com")
