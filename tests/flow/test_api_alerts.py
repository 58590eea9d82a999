"""Programs read what a person of their role and teams would see, page by page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.model import Press
from bridge.domain.viewing import Role
from tests.flow.conftest import Office, Opens
from tests.flow.loop_desk import LoopOffice, loop_office
from tests.flow.programs import Program, program


@pytest.fixture
def loop(open_office: Opens) -> LoopOffice:
    return loop_office(open_office)


@pytest.fixture
def reports(office: Office) -> Program:
    return program(office.world.bridge)


def low(office: Office, group: str = "Billing", score: int = 2) -> str:
    """A ticket that was rated badly; its alert's reference."""
    ticket = office.open(group=group)
    office.answer(ticket)
    office.rate(ticket, score=score, words="Nobody helps me.")
    return next(one.ref for one in office.alerts() if one.subject == f"zendesk:{ticket}")


def refs(page: Any) -> list[str]:
    return [one["ref"] for one in page["items"]]


def test_a_list_has_what_is_live_the_most_urgent_first(office: Office, reports: Program) -> None:
    high, critical = low(office, score=2), low(office, score=1)
    page = reports.read("/alerts")
    assert refs(page) == [critical, high]
    first = page["items"][0]
    assert first["severity"] == "critical"
    assert first["team"] == "Billing"
    assert first["rules"] == ["low_score"]
    assert first["title"] == "Where is my refund?"
    assert page["next"] is None


def test_pages_follow_each_other_and_leave_nothing_out(office: Office, reports: Program) -> None:
    made = {low(office) for _ in range(5)}
    found, cursor = [], ""
    for _ in range(3):
        page = reports.read(f"/alerts?limit=2&cursor={cursor}")
        found += refs(page)
        cursor = page["next"]
    assert cursor is None
    assert len(found) == 5
    assert set(found) == made


def test_a_cursor_holds_for_its_own_list_alone(office: Office, reports: Program) -> None:
    for _ in range(2):
        low(office)
    cursor = reports.read("/alerts?limit=1")["next"]
    for path in (f"/alerts?state=all&cursor={cursor}", f"/deliveries?cursor={cursor}"):
        answer = reports.get(path)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "cursor")
    for forged in ("x", "AAAA", cursor[:-3]):
        assert reports.get(f"/alerts?cursor={forged}").status_code == 400


def test_filters_narrow_a_list(office: Office, reports: Program) -> None:
    billing, support = low(office), low(office, group="Support", score=1)
    assert refs(reports.read("/alerts?team=Support")) == [support]
    assert refs(reports.read("/alerts?severity=high")) == [billing]
    assert refs(reports.read("/alerts?state=resolved")) == []
    assert set(refs(reports.read("/alerts?owner=nobody"))) == {billing, support}
    assert refs(reports.read("/alerts?text=nothing%20like%20it")) == []
    office.later(minutes=1)
    start = office.now.isoformat().replace("+", "%2B")
    assert refs(reports.read(f"/alerts?since={start}")) == []
    assert set(refs(reports.read(f"/alerts?until={start}"))) == {billing, support}


def test_an_alert_is_told_as_a_whole(loop: LoopOffice) -> None:
    loop.rated(score=1)
    reports = program(loop.world.bridge)
    told = reports.read(f"/alerts/{loop.alert.ref}")
    assert told["reasons"][0]["rule"] == "low_score"
    assert told["reasons"][0]["words"] == "Nobody helps me."
    assert told["customer"]["name"] == "Anna Weber"
    assert {goal["name"] for goal in told["goals"]} >= {"contact"}
    assert "acknowledge" in told["actions"]
    assert "not-useful" in told["actions"]
    assert told["next"]["who"]
    assert reports.client.get(told["links"]["story"]).status_code == 401
    assert reports.get(told["links"]["story"].removeprefix("/api/v1")).status_code == 200


def test_the_story_says_who_did_what_from_where(loop: LoopOffice) -> None:
    loop.rated(score=1)
    loop.press(Press.ACKNOWLEDGE)
    steps = program(loop.world.bridge).read(f"/alerts/{loop.alert.ref}/story")["items"]
    assert steps[0]["what"] == "opened"
    done = next(step for step in steps if step["what"] == "acknowledged")
    assert (done["who"], done["via"]) == ("Mona Berg", "command line")


def test_a_tickets_alerts_are_found_by_the_ticket(office: Office, reports: Program) -> None:
    ref = low(office)
    number = office.alerts()[0].subject.partition(":")[2]
    assert refs(reports.read(f"/tickets/zendesk:{number}/alerts")) == [ref]
    assert refs(reports.read("/tickets/zendesk:999999/alerts")) == []


def test_what_has_not_changed_is_not_sent_again(office: Office, reports: Program) -> None:
    ref = low(office)
    for path in ("/alerts", f"/alerts/{ref}", f"/alerts/{ref}/story", "/teams", "/teams/Billing"):
        first = reports.get(path)
        again = reports.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (path, again.status_code, again.data) == (path, 304, b"")
    known = reports.get(f"/alerts/{ref}").headers["ETag"]
    reports.act(ref, "acknowledge")
    office.settle()
    assert reports.get(f"/alerts/{ref}", headers={"If-None-Match": known}).status_code == 200


def test_a_key_sees_its_teams_alone(office: Office) -> None:
    mine, other = low(office), low(office, group="Support")
    billing = program(office.world.bridge, Role.MANAGER, ["Billing"])
    assert refs(billing.read("/alerts?state=all")) == [mine]
    assert billing.get(f"/alerts/{mine}").status_code == 200
    for path in (f"/alerts/{other}", f"/alerts/{other}/story", f"/alerts/{other}/deliveries"):
        answer = billing.get(path)
        assert (path, answer.status_code) == (path, 404)
        assert "Support" not in answer.text
    number = office.alerts()[1].subject.partition(":")[2]
    assert refs(billing.read(f"/tickets/zendesk:{number}/alerts")) == []
    assert {one["alert"] for one in billing.read("/deliveries")["items"]} == {mine}
    assert [one["name"] for one in billing.read("/teams")["items"]] == ["Billing"]
    assert billing.read("/metrics")["live"]["team"] == {"Billing": 1}


def test_a_key_of_a_team_sees_those_below_it(loop: LoopOffice) -> None:
    loop.rated(score=1)
    above = program(loop.world.bridge, Role.VIEWER, ["Support"])
    assert refs(above.read("/alerts")) == [loop.alert.ref]
    assert program(loop.world.bridge, Role.VIEWER, ["*"]).read("/me")["teams"] is None


def test_what_is_hidden_of_customers_is_hidden_here_too(open_office: Opens) -> None:
    office = open_office(lambda text: text + "\n[redact]\nwords = true\nnames = true\n")
    ref = low(office)
    reports = program(office.world.bridge)
    for path in ("/alerts", f"/alerts/{ref}", f"/alerts/{ref}/story", "/deliveries"):
        text = reports.get(path).text
        assert all(word not in text for word in ("Nobody helps", "refund", "Anna", "example.org"))


def test_the_figures_are_those_of_the_alerts(loop: LoopOffice) -> None:
    loop.rated(score=1)
    loop.later(minutes=10)
    loop.press(Press.ACKNOWLEDGE)
    figures = program(loop.world.bridge).read("/metrics?days=7")
    assert figures["live"]["severity"] == {"critical": 1}
    assert figures["live"]["state"] == {"acknowledged": 1}
    goals = {goal["name"]: goal for goal in figures["response"]["goals"]}
    assert figures["response"]["opened"] == 1
    taken = loop.alert.acknowledged_at
    assert taken is not None
    took = taken - loop.alert.opened_at
    assert goals["acknowledge"]["median_seconds"] == round(took / timedelta(seconds=1))
    assert figures["queues"]["unreadable"] == 0
    assert program(loop.world.bridge, Role.VIEWER, ["*"]).read("/metrics")["queues"] is None


def test_sources_say_when_they_were_last_heard_of(office: Office, reports: Program) -> None:
    low(office)
    told = {one["name"]: one for one in reports.read("/sources")["sources"]}
    assert told["zendesk"]["path"] == "/hooks/zendesk"
    assert told["zendesk"]["signed"] is True
    assert told["zendesk"]["day"] > 0
    assert told["survey"]["last_at"] is None
