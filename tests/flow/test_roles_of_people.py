"""Mona owns the alert, Clara is on it, Otto leads another team: who sees it, and who may do something about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from bridge.domain.model import Member, Press, Team
from bridge.domain.viewing import Role
from bridge.store import alerts, people, teams
from tests.flow.conftest import Opens
from tests.flow.loop_desk import LoopOffice, loop_office
from tests.flow.visitors import Visitor, visitor

CLARA = Member(name="Clara Roy", email="clara@example.com")


@pytest.fixture
def office(open_office: Opens) -> LoopOffice:
    """A case of Billing's, which is Mona's; Clara was asked to help. Operations is Otto's."""
    found = loop_office(open_office)
    with found.world.bridge.engine.begin() as connection:
        known = [replace(team, manager_email="") for team in teams.all_teams(connection)]
        members = people.roster(connection).members
        otto = next(one for one in members if one.key == "otto")
        people.save_members(connection, [replace(otto, email="otto@example.com")])
        mona = Member(key="mona", name="Mona Berg", email="mona@example.com")
        nils = Member(key="nils", name="Nils Holm", email="nils@example.com")
        people.save_members(connection, [mona, nils])
        named = {"Billing": "mona", "Support": "nils"}
        teams.save(connection, [replace(team, manager=named[team.name]) for team in known])
        teams.save(connection, [Team(name="Operations", manager="otto")])
    found.rated()
    found.press(Press.ASSIGN, people=(found.member("mona"),))
    found.press(Press.ADD, people=(CLARA,))
    assert found.alert.owner.email == "mona@example.com"
    return found


def signed_in(office: LoopOffice, name: str, role: Role = Role.MANAGER, *own: str) -> Visitor:
    return visitor(office.world.bridge, f"{name}@example.com", role, own, name=name.title())


def page(office: LoopOffice) -> str:
    return f"/alerts/{office.alert.ref}"


def noted(office: LoopOffice, who: Visitor, ref: str = "") -> tuple[int, bool]:
    """They write a note; how they are answered, and whether it stands in a story then."""
    path = f"/alerts/{ref}" if ref else page(office)
    status = who.post(f"{path}/note", {"words": "They were called."}).status_code
    office.later(seconds=4)
    with office.world.bridge.engine.begin() as connection:
        steps = [alerts.told_of(connection, alert.number) for alert in office.alerts()]
    return status, "They were called." in str(steps)


def test_who_owns_it_sees_it_and_acts(office: LoopOffice) -> None:
    mona = signed_in(office, "mona")
    assert office.alert.ref in mona.get("/inbox").text
    shown = mona.get(page(office))
    assert (shown.status_code, f"{page(office)}/note" in shown.text) == (200, True)
    assert noted(office, mona) == (303, True)


def test_who_leads_the_team_above_sees_it_too(office: LoopOffice) -> None:
    assert signed_in(office, "nils").get(page(office)).status_code == 200


def test_who_is_on_it_sees_it_and_nothing_else_of_the_team(office: LoopOffice) -> None:
    first = office.alert
    office.rated(who="Omar")
    [other] = [alert for alert in office.alerts() if alert.ref != first.ref]
    clara = signed_in(office, "clara")
    listed = clara.get("/inbox").text
    assert (first.ref in listed, other.ref in listed) == (True, False)
    assert clara.get(f"/alerts/{first.ref}").status_code == 200
    assert clara.get(f"/alerts/{other.ref}").status_code == 404
    assert noted(office, clara, other.ref) == (404, False)
    assert noted(office, clara, first.ref) == (303, True)


def test_who_leads_another_team_sees_nothing_of_it(office: LoopOffice) -> None:
    otto = signed_in(office, "otto")
    before = office.alert
    for path in (page(office), f"{page(office).lower()}"):
        answer = otto.get(path)
        assert answer.status_code == 404
        assert "Anna" not in answer.text
    for path in ("/inbox", "/inbox?state=all", "/inbox?text=Anna", "/inbox?team=Billing"):
        listed = otto.get(path).text
        assert before.ref not in listed
        assert "Where is my refund?" not in listed
    ticket = before.subject.partition(":")[2]
    assert before.ref not in otto.get("/alerts", query_string={"ticket": ticket}).text
    assert noted(office, otto) == (404, False)
    otto.post("/inbox/bulk", {"act": "acknowledge", "ref": before.ref})
    office.later(seconds=4)
    assert office.alert == before


def test_who_stands_in_sees_the_team_for_as_long(office: LoopOffice) -> None:
    olaf = signed_in(office, "olaf")
    assert olaf.get(page(office)).status_code == 404
    office.away("mona", "olaf", office.now + timedelta(seconds=90))
    assert olaf.get(page(office)).status_code == 200
    assert noted(office, olaf) == (303, True)
    office.later(seconds=90)
    assert olaf.get("/inbox").status_code == 200, "they are still signed in"
    assert olaf.get(page(office)).status_code == 404


def test_who_may_look_does_not_act(office: LoopOffice) -> None:
    vera = signed_in(office, "vera", Role.VIEWER, "Billing")
    answer = vera.get(page(office))
    assert answer.status_code == 200
    assert f"{page(office)}/note" not in answer.text
    assert noted(office, vera) == (403, False)


def test_an_admin_sees_and_does_all(office: LoopOffice) -> None:
    ada = signed_in(office, "ada", Role.ADMIN)
    assert ada.get(page(office)).status_code == 200
    assert ada.get("/admin/users").status_code == 200


def test_a_manager_sets_nothing_up(office: LoopOffice) -> None:
    mona = signed_in(office, "mona")
    assert mona.get("/admin/users").status_code == 403
    page = mona.get("/inbox").text
    assert not any(f"/admin/{area}" in page for area in ("users", "teams", "keys", "audit"))


def test_another_role_counts_from_the_next_click(office: LoopOffice) -> None:
    mona = signed_in(office, "mona")
    signed_in(office, "mona", Role.VIEWER, "Billing")
    assert mona.get(page(office)).status_code == 200
    assert noted(office, mona) == (403, False)
