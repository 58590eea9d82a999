"""The list of alerts and its counts are what one would find by looking at each alert alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, text

from benchmarks.pages import crowd
from bridge.domain.model import Alert, Member, Severity
from bridge.domain.viewing import Role, Viewer
from bridge.settings import parse
from bridge.store import alerts, cases
from bridge.store.cases import Filter
from bridge.work.bridge import Bridge

NOW = datetime(2031, 3, 11, 9, 0, tzinfo=UTC)
MANY = 300

ADMIN = Viewer(who=Member(email="ada@example.com"), role=Role.ADMIN, teams=None)
SEVEN = Viewer(
    who=Member(email="manager9@example.com"), role=Role.MANAGER, teams=frozenset({"Team 7"})
)
"""Of one team, and the owner of alerts of another."""
NOBODYS = Viewer(who=Member(), role=Role.VIEWER, teams=frozenset())


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    bridge = Bridge(parse("", {}), url, lambda: NOW)
    crowd(bridge, MANY, NOW)
    with bridge.engine.begin() as connection:
        yield connection
    bridge.close()


def every(connection: Connection, viewer: Viewer) -> list[Alert]:
    return [alert for alert in alerts.listing(connection, 1000) if viewer.sees(alert)]


def listed(connection: Connection, viewer: Viewer, wanted: Filter, limit: int) -> list[str]:
    """The references of all pages."""
    found: list[str] = []
    page = cases.page(connection, viewer, wanted, limit=limit)
    while True:
        found += [case.alert.ref for case in page.cases]
        if page.after is None:
            return found
        page = cases.page(connection, viewer, wanted, limit=limit, after=page.after)


@pytest.mark.parametrize("viewer", [ADMIN, SEVEN, NOBODYS])
def test_the_list_is_what_a_viewer_may_see(connection: Connection, viewer: Viewer) -> None:
    expected = {alert.ref for alert in every(connection, viewer)}
    for state in ("live", ""):
        found = listed(connection, viewer, Filter(state=state), 7)
        assert len(found) == len(set(found))
        assert set(found) == expected


def test_the_gravest_come_first_then_what_is_due_first(connection: Connection) -> None:
    page = cases.page(connection, ADMIN, Filter(), limit=MANY)
    order = [(-case.alert.severity, case.due_at, case.alert.number) for case in page.cases]
    assert order == sorted(order, key=lambda one: (one[0], one[1] or NOW, one[2]))
    assert all(case.title and case.customer.name for case in page.cases)


@pytest.mark.parametrize("viewer", [ADMIN, SEVEN])
def test_counts_are_what_one_would_count(connection: Connection, viewer: Viewer) -> None:
    wanted = Filter(severity=Severity.HIGH, owner="nobody")
    counts = cases.counts(connection, viewer, wanted, NOW)
    seen = every(connection, viewer)
    high = [a for a in seen if a.severity is Severity.HIGH]
    unowned = [a for a in seen if not a.owner]
    both = [a for a in high if not a.owner]
    assert counts.total == len(both)
    assert counts.everybody == len(high)
    assert counts.unowned == len(both)
    assert counts.severity == Counter(int(a.severity) for a in unowned)
    assert counts.team == Counter(a.team for a in both)
    assert counts.state == Counter(a.state.value for a in both)
    assert counts.rule == Counter(
        rule for a in both for rule in {r.finding.rule for r in a.reasons}
    )
    assert counts.owner == Counter(a.owner.email for a in high if a.owner)
    assert counts.mine == sum(a.owner.same(viewer.who) for a in high)


def test_a_list_of_live_alerts_is_read_from_its_index(connection: Connection) -> None:
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    plan = connection.execute(
        text("""
            EXPLAIN SELECT number FROM alerts WHERE state <> 'resolved'
            ORDER BY severity DESC, due_at, number LIMIT 50
        """)
    ).scalars()
    words = "\n".join(plan)
    assert "alerts_urgent" in words
    assert "Sort" not in words
