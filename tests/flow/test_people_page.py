"""People whom ladders call, who is away, and who stands in; what refers to somebody is told before they go."""

from __future__ import annotations

import pytest

from bridge.domain.model import Member
from bridge.domain.people import Roster
from bridge.domain.viewing import Role
from bridge.store import audit, people, teams
from tests.flow.conftest import Command, Office, Opens
from tests.flow.visitors import Visitor, visitor

ANA = {
    "key": "ana",
    "name": "Ana Lima",
    "email": "ana@example.com",
    "phone": "+49 30 123456",
    "slack": "",
}


@pytest.fixture
def ada(office: Office) -> Visitor:
    return visitor(office.world.bridge, "ada@example.com", Role.ADMIN)


def roster(office: Office) -> Roster:
    with office.world.bridge.engine.begin() as connection:
        return people.roster(connection)


def noted(office: Office) -> list[str]:
    with office.world.bridge.engine.begin() as connection:
        return [one.what for one in audit.listing(connection)][::-1]


def test_somebody_is_added_changed_and_removed(office: Office, ada: Visitor) -> None:
    assert ada.post("/admin/people/new", ANA).status_code == 303
    [ana] = roster(office).members
    assert ana == Member(key="ana", name="Ana Lima", email="ana@example.com", phone="+4930123456")
    assert "Ana Lima" in ada.get("/admin/people").text
    ada.post("/admin/people/person?person=ana", ANA | {"name": "Ana Lopes"})
    assert roster(office).members[0].name == "Ana Lopes"
    ada.post("/admin/people/remove", {"person": "ana"})
    assert roster(office).members == ()
    assert noted(office) == ["person added", "person changed", "person removed"]


def test_what_is_wrong_is_told_and_what_was_typed_is_kept(office: Office, ada: Visitor) -> None:
    answer = ada.post("/admin/people/new", ANA | {"key": "manager", "email": "ana at home"})
    assert answer.status_code == 400
    assert "means something else to a ladder" in answer.text
    assert 'value="ana at home"' in answer.text
    ada.post("/admin/people/new", ANA)
    again = ada.post("/admin/people/new", ANA | {"key": "Ana"})
    assert "Somebody has this key already" in again.text


def test_who_is_away_is_stood_in_for_until_they_are_back(office: Office, ada: Visitor) -> None:
    form = {
        "member": "Mona Berg",
        "deputy": "Nils Holm",
        "begin": "2031-03-11",
        "end": "2031-03-14",
    }
    assert ada.post("/admin/people/away", form).status_code == 303
    page = ada.get("/admin/people").text
    assert "Away now" in page
    assert "Nils Holm stands in" in page
    [absence] = roster(office).absences
    assert f"{absence.ends_at:%Y-%m-%d %H:%M}" == "2031-03-15 00:00"
    with office.world.bridge.engine.begin() as connection:
        [(number, _)] = people.all_absences(connection)
    ada.post(f"/admin/people/back/{number}")
    assert "Nobody is away" in ada.get("/admin/people").text
    assert noted(office) == ["absence added", "absence ended"]


def test_what_the_command_line_does_is_noted_as_well(office: Office, command: Command) -> None:
    command(office, "people", "away", "Mona Berg", "--to", "2031-03-14")
    command(office, "people", "back", "Mona Berg")
    assert noted(office) == ["absence added", "absence ended"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"end": "soon"}, "soon is no date"),
        ({"end": "2031-03-01"}, "over before it begins"),
        ({"end": ""}, "Say when they are back"),
        ({"deputy": "Mona Berg"}, "Nobody stands in for themselves"),
    ],
)
def test_an_absence_that_cannot_be_is_refused(
    office: Office, ada: Visitor, other: dict[str, str], words: str
) -> None:
    form = {"member": "Mona Berg", "deputy": "", "begin": "", "end": "2031-03-14"} | other
    answer = ada.post("/admin/people/away", form)
    assert answer.status_code == 400
    assert words in answer.text
    assert roster(office).absences == ()


def test_what_refers_to_somebody_is_told_before_they_are_removed(open_office: Opens) -> None:
    step = '[ladders.default]\nsteps = [{ who = "ana", after = "1h" }]'
    office = open_office(lambda text: text.replace("[ladders.default]\nsteps = []", step))
    ada = visitor(office.world.bridge, "ada@example.com", Role.ADMIN)
    ada.post("/admin/people/new", ANA)
    ada.post("/admin/people/new", {"key": "ben", "name": "Ben Ito"})
    form = {"member": "ben", "deputy": "ana", "begin": "", "end": "2031-03-14"}
    ada.post("/admin/people/away", form)
    page = ada.get("/admin/people/remove?person=ana").text
    assert "The ladder default of bridge.toml tells them" in page
    assert "They stand in for Ben Ito" in page
    refused = ada.post("/admin/people/person?person=ana", ANA | {"key": "anna"})
    assert "Change the file first, or keep the key" in refused.text
    ada.post("/admin/people/remove", {"person": "ana"})
    assert [one.deputy for one in roster(office).absences] == [""]


def test_a_new_key_is_carried_to_absences_and_teams(office: Office, ada: Visitor) -> None:
    ada.post("/admin/people/new", ANA)
    with office.world.bridge.engine.begin() as connection:
        [billing, _] = teams.all_teams(connection)
    fields = {"name": "Billing", "person": "ana", "groups": " ".join(billing.groups)}
    from bridge.web.pages.admin.teams_edit import stamp

    fields |= {
        "manager": billing.manager,
        "manager_slack": billing.manager_slack,
        "seen": stamp(billing),
    }
    assert ada.post("/admin/teams/edit?team=Billing", fields).status_code == 303
    ada.post(
        "/admin/people/away", {"member": "ana", "deputy": "", "begin": "", "end": "2031-03-14"}
    )
    ada.post("/admin/people/person?person=ana", ANA | {"key": "anna"})
    found = roster(office)
    team = next(one for one in found.teams if one.name == "Billing")
    assert (team.manager, team.manager_slack) == ("anna", "")
    assert found.manager(team).email == "ana@example.com"
    assert [one.member for one in found.absences] == ["anna"]


def test_a_long_list_is_shown_by_pages(office: Office, ada: Visitor) -> None:
    with office.world.bridge.engine.begin() as connection:
        people.save_members(
            connection, [Member(key=f"p{n:03}", name=f"Person {n}") for n in range(60)]
        )
    first = ada.get("/admin/people").text
    assert "Person 49" in first
    assert "Person 50" not in first
    assert "Person 59" in ada.get("/admin/people?after=p049").text
