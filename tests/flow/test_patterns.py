"""Patterns around one agent are for the manager alone; those around a topic or a cause are for its team."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.domain.model import Alert, Member
from bridge.domain.signals import Signal
from bridge.domain.viewing import Role, Viewer
from bridge.store import cases, signals
from bridge.store.case_filter import Filter
from bridge.store.signals import Given
from bridge.work.patterns import look
from tests.flow.conftest import Office, Opens, written

LIVE = """
[rules.agent_pattern]
shadow = false

[rules.process_pattern]
shadow = false
"""
DELIVERY = "topic:zendesk:tag:delivery"


@pytest.fixture
def office(open_office: Opens) -> Office:
    return open_office(lambda text: text + LIVE)


def answered(
    office: Office, agent: str, low: int, of: int, *, topic: str = "", days_ago: int = 3
) -> None:
    """So many answers about an agent's work, the first of which are low."""
    at = office.now - timedelta(days=days_ago)
    rows = [
        Given(
            signal=Signal(
                kind=kind, about=f"{agent}{topic}{days_ago}:{n}", at=at, agent=f"zendesk:{agent}"
            ),
            subject=f"zendesk:{n}",
            team="Billing",
            topics=(topic,) if topic else (),
        )
        for n in range(of)
        for kind in (("answered", "low") if n < low else ("answered",))
    ]
    with office.world.bridge.engine.begin() as connection:
        signals.add(connection, rows)


def looked(office: Office) -> list[Alert]:
    look(office.world.bridge)
    office.settle()
    return office.alerts()


def seen_by(office: Office, role: Role) -> int:
    viewer = Viewer(who=Member(name="Somebody"), role=role, teams=frozenset({"Billing"}))
    with office.world.bridge.engine.begin() as connection:
        return len(cases.page(connection, viewer, Filter()).cases)


def test_the_manager_alone_hears_of_a_pattern_around_an_agent(office: Office) -> None:
    ben = str(office.people["Ben"])
    answered(office, ben, 16, 24)
    answered(office, str(office.people["Clara"]), 30, 200)
    [alert] = looked(office)
    assert alert.subject == f"agent:zendesk:{ben}"
    assert alert.reasons[0].finding.headline.startswith("16 of 24 answers about the work of ")
    assert alert.team == "Billing"
    assert office.posts() == []
    [direct] = office.deliveries()
    assert (direct.channel, direct.action.value, direct.state) == ("slack", "direct", "sent")
    assert (alert.ladder, alert.promises) == ((), {})


def test_who_only_looks_on_sees_none_of_it(office: Office) -> None:
    answered(office, str(office.people["Ben"]), 16, 24)
    answered(office, str(office.people["Clara"]), 30, 200)
    [alert] = looked(office)
    for role, many in ((Role.VIEWER, 0), (Role.MANAGER, 1)):
        viewer = Viewer(who=Member(name="Eve"), role=role, teams=frozenset({"Billing"}))
        assert viewer.sees(alert) is bool(many)
        assert seen_by(office, role) == many


def test_it_is_over_once_others_are_alike(office: Office) -> None:
    ben = str(office.people["Ben"])
    answered(office, ben, 16, 24, days_ago=25)
    answered(office, str(office.people["Clara"]), 30, 200)
    assert [alert.live for alert in looked(office)] == [True]
    assert look(office.world.bridge) == 0, "once a day"
    office.later(days=6)
    [alert] = looked(office)
    assert (alert.live, alert.ended) == (False, "nothing is wrong any more")


def test_a_topic_with_far_more_low_scores_is_told_to_its_team(office: Office) -> None:
    answered(office, "1", 20, 30, topic=DELIVERY)
    answered(office, "2", 20, 400, topic="topic:zendesk:tag:login")
    found = [alert for alert in looked(office) if alert.subject == DELIVERY]
    assert [a.reasons[0].finding.headline for a in found] == [
        "20 of 30 answers about delivery are low"
    ]
    assert any("Topic delivery" in written(post) for post in office.posts())
