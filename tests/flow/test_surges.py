"""Something bigger: one incident alert gathers those of single cases, grows quietly, and closes itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.domain.model import Alert
from bridge.domain.windows import hour_of
from bridge.store import signals
from bridge.work.counting import review
from tests.flow.conftest import Office, Opens, written

TEAM = "team:Billing"


@pytest.fixture
def office(open_office: Opens) -> Office:
    """Billing, which has had a case an hour for eight weeks."""
    office = open_office()
    now = hour_of(office.now)
    past = {(TEAM, "opened", now - timedelta(hours=n)): (1.0, 0.0) for n in range(1, 24 * 7 * 8)}
    with office.world.bridge.engine.begin() as connection:
        signals.count(connection, past)
    return office


def incident(office: Office) -> Alert:
    [found] = [alert for alert in office.alerts() if alert.subject == TEAM]
    return found


def pass_hours(office: Office, hours: int) -> None:
    """The clock looks at what surges each minute; here, each hour."""
    for _ in range(hours):
        office.later(hours=1)
        review(office.world.bridge)
        office.settle()


def test_a_surge_rings_once_names_its_cases_and_closes_itself(office: Office) -> None:
    first = [office.open(about=f"Charged twice ({n})") for n in range(9)]
    alert = incident(office)
    [reason] = alert.reasons
    assert reason.finding.rule == "surge"
    assert reason.finding.headline.endswith("new cases for Billing in an hour; usually 1")
    [post] = office.posts()
    assert "Team Billing" in written(post)
    told = len(office.posts()) + len(office.broadcasts())
    more = [office.open(about=f"Charged twice ({n})") for n in range(9, 30)]
    [post] = office.posts()
    assert len(office.posts()) + len(office.broadcasts()) == told, "it grows quietly"
    grown = incident(office).reasons[0].finding
    assert grown.since == reason.finding.since
    assert str(more[-2]) in dict(grown.facts)["Newest"]
    assert len(dict(grown.facts)["Newest"].split(", ")) == 10
    assert first[0] not in dict(grown.facts)["Newest"].split(", ")
    pass_hours(office, 2)
    assert incident(office).live
    pass_hours(office, 1)
    over = incident(office)
    assert (over.live, over.ended) == (False, "nothing is wrong any more")


def test_single_alerts_are_part_of_the_incident_and_told_when_it_is_over(office: Office) -> None:
    cases = [office.open(about=f"Charged twice ({n})") for n in range(12)]
    ref = incident(office).ref
    office.rate(cases[0], score=2)
    office.rate(cases[1], score=2)
    held = [row for row in office.deliveries("post") if row.state == "waiting"]
    assert {row.reason for row in held} == {f"held back: part of incident {ref}"}
    assert len(office.posts()) == 1
    assert office.notes(cases[0]), "the agent sees it all the same"
    office.rate(cases[2], score=1)
    assert len(office.posts()) == 2, "the gravest ring all the same"
    pass_hours(office, 4)
    assert not incident(office).live
    assert len(office.posts()) > 2
    assert not [row for row in office.deliveries("post") if "part of" in row.reason]
