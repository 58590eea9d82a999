"""An admin's map of teams: who is responsible for what, and where they hear of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from bridge.domain.hush import Mute
from bridge.domain.model import Team
from bridge.domain.viewing import Role
from bridge.store import audit, mutes, teams, users
from tests.flow.conftest import START, Office, Opens, written
from tests.flow.visitors import Visitor, visitor


@pytest.fixture
def ada(office: Office) -> Visitor:
    return visitor(office.world.bridge, "ada@example.com", Role.ADMIN, name="Ada Lind")


def known(office: Office) -> dict[str, Team]:
    with office.world.bridge.engine.begin() as connection:
        return {team.name: team for team in teams.all_teams(connection)}


def form(team: Team, **other: str) -> dict[str, str]:
    """What a browser would send of the form of a team."""
    from msgspec.structs import asdict

    from bridge.web.pages.admin.teams_edit import stamp

    values = {name: value for name, value in asdict(team).items() if name != "groups"}
    return {**values, "groups": " ".join(team.groups), "seen": stamp(team), "person": ""} | other


def noted(office: Office) -> list[audit.Entry]:
    with office.world.bridge.engine.begin() as connection:
        return audit.listing(connection)


def test_the_tree_shows_each_team_with_its_manager_and_channel(
    office: Office, ada: Visitor
) -> None:
    page = ada.get("/admin/teams").text
    assert "Mona Berg" in page
    assert "alerts-billing" in page
    assert "Bot is in it" in page


def test_only_admins_may_see_teams_and_people(office: Office) -> None:
    for role in (Role.VIEWER, Role.MANAGER):
        somebody = visitor(office.world.bridge, f"{role.value}@example.com", role, ["*"])
        for path in ("/admin/teams", "/admin/teams/new", "/admin/people", "/admin/teams/export"):
            assert (path, somebody.get(path).status_code) == (path, 403)
        for path in ("/admin/teams/map", "/admin/teams/test", "/admin/people/new"):
            assert (path, somebody.post(path).status_code) == (path, 403)


def test_a_group_that_is_nobodys_is_mapped_by_one_click_and_its_next_ticket_is_theirs(
    office: Office, ada: Visitor
) -> None:
    office.groups["Refunds"] = office.desk.add_group("Refunds")
    office.open(group="Refunds")
    page = ada.get("/admin/teams").text
    group = f"zendesk:{office.groups['Refunds']}"
    assert group in page
    assert "Refunds" in page
    answer = ada.post("/admin/teams/map", {"group": group, "team": "Billing"})
    assert answer.status_code == 303
    assert group in known(office)["Billing"].groups
    assert f'value="{group}"' not in ada.get("/admin/teams").text
    ticket = office.open(group="Refunds")
    office.later(hours=3, minutes=30)
    assert any(str(ticket) in written(post) for post in office.posts("Billing"))
    entry = noted(office)[0]
    assert (entry.what, entry.object, entry.after) == ("group mapped", f"group:{group}", "Billing")


def test_a_team_is_added_and_what_is_wrong_is_told_at_its_field_and_kept(
    office: Office, ada: Visitor
) -> None:
    wrong = {"name": "Refunds", "manager_phone": "030 1234", "parent": "Billing", "groups": "17"}
    answer = ada.post("/admin/teams/new", wrong)
    assert answer.status_code == 400
    assert "is no phone number with its country" in answer.text
    assert "is no group" in answer.text
    assert 'value="030 1234"' in answer.text
    assert "Refunds" not in known(office)
    right = wrong | {"manager_phone": "+49 30 123456", "groups": "zendesk:77"}
    assert ada.post("/admin/teams/new", right).status_code == 303
    team = known(office)["Refunds"]
    assert (team.parent, team.manager_phone, team.groups) == (
        "Billing",
        "+4930123456",
        ("zendesk:77",),
    )
    assert noted(office)[0].what == "team added"


def test_a_change_is_kept_in_the_audit_log_with_what_was_before(
    office: Office, ada: Visitor
) -> None:
    before = known(office)["Billing"]
    ada.post("/admin/teams/edit?team=Billing", form(before, manager="Mia Berg"))
    entry = noted(office)[0]
    assert (entry.who, entry.via, entry.what) == ("ada@example.com", "page", "team changed")
    assert (entry.before["manager"], entry.after["manager"]) == ("Mona Berg", "Mia Berg")


def test_who_saves_over_somebody_elses_change_is_told_first(office: Office, ada: Visitor) -> None:
    before = known(office)["Billing"]
    with office.world.bridge.engine.begin() as connection:
        teams.save(connection, [replace(before, manager="Nora Berg")])
    answer = ada.post("/admin/teams/edit?team=Billing", form(before, digest="08:00"))
    assert answer.status_code == 400
    assert "Somebody has changed this team" in answer.text
    assert known(office)["Billing"].manager == "Nora Berg"


def test_no_team_is_below_itself(office: Office, ada: Visitor) -> None:
    billing, support = known(office)["Billing"], known(office)["Support"]
    ada.post("/admin/teams/edit?team=Billing", form(billing, parent="Support"))
    answer = ada.post("/admin/teams/edit?team=Support", form(support, parent="Billing"))
    assert answer.status_code == 400
    assert "is below this team itself" in answer.text


def test_a_new_name_is_carried_everywhere(office: Office, ada: Visitor) -> None:
    bridge = office.world.bridge
    office.open()
    office.later(hours=3, minutes=30)
    (alert,) = office.alerts()
    assert alert.team == "Billing"
    with bridge.engine.begin() as connection:
        users.save(connection, "vera@example.com", Role.VIEWER, START, teams=["Billing"])
        mute = Mute(
            team="Billing",
            reason="stocktaking",
            by="Ada",
            starts_at=office.now,
            ends_at=office.now + timedelta(hours=1),
        )
        mutes.add(connection, mute)
        teams.save(connection, [Team(name="Refunds", parent="Billing")])
    answer = ada.post(
        "/admin/teams/edit?team=Billing", form(known(office)["Billing"], name="Money")
    )
    assert answer.status_code == 303
    (alert,) = office.alerts()
    assert alert.team == "Money"
    assert known(office)["Refunds"].parent == "Money"
    assert "Billing" not in known(office)
    with bridge.engine.begin() as connection:
        vera = users.by_email(connection, "vera@example.com")
        assert vera is not None
        assert vera.teams == ("Money",)
        assert [one.team for one in mutes.current(connection, office.now)] == ["Money"]
    assert noted(office)[0].what == "team renamed"


def test_a_team_that_the_file_names_keeps_its_name_and_is_not_removed(
    office: Office, ada: Visitor
) -> None:
    support = known(office)["Support"]
    answer = ada.post("/admin/teams/edit?team=Support", form(support, name="Help"))
    assert answer.status_code == 400
    assert "default_team" in answer.text
    ada.post("/admin/teams/remove", {"team": "Support"})
    assert "Support" in known(office)


def test_what_becomes_of_live_alerts_is_told_before_a_team_is_removed(
    office: Office, ada: Visitor
) -> None:
    office.open()
    office.later(hours=3, minutes=30)
    with office.world.bridge.engine.begin() as connection:
        teams.save(connection, [Team(name="Refunds", parent="Billing")])
    page = ada.get("/admin/teams/remove?team=Billing").text
    assert "One alert is live" in page
    assert "move to the top" in page
    assert ada.post("/admin/teams/remove", {"team": "Billing"}).status_code == 303
    assert "Billing" not in known(office)
    assert known(office)["Refunds"].parent == ""
    assert office.alerts()[0].live


def test_a_changed_calendar_moves_the_timers_of_what_is_under_way(open_office: Opens) -> None:
    closed = '\n[calendars.afternoon]\nzone = "UTC"\nweek = { mon-sun = "13:00-18:00" }\n\n[digest]'
    office = open_office(lambda text: text.replace("\n[digest]", closed))
    ada = visitor(office.world.bridge, "ada@example.com", Role.ADMIN)
    ada.post("/admin/teams/edit?team=Billing", form(known(office)["Billing"], digest="off"))
    office.open()
    office.settle()
    page = ada.get("/admin/teams/edit?team=Billing").text
    assert "13:00–18:00" in page
    ada.post("/admin/teams/edit?team=Billing", form(known(office)["Billing"], calendar="afternoon"))
    office.settle()
    office.later(hours=3, minutes=30)
    assert office.posts() == []
    office.later(hours=3, minutes=45)
    (post,) = office.posts()
    assert "First answer due" in written(post)


def test_a_test_ping_arrives_in_the_teams_channel_and_its_result_is_shown(
    office: Office, ada: Visitor
) -> None:
    answer = ada.post("/admin/teams/test", {"team": "Billing"})
    assert answer.status_code == 303
    (post,) = office.posts("Billing")
    assert "TEST" in written(post)
    page = ada.get(answer.headers["Location"]).text
    assert "Arrived" in page
    assert office.slack.permalink(post) in page
    office.later(seconds=5)
    assert "The test has arrived" in ada.get(answer.headers["Location"]).text


def test_a_team_page_says_what_its_names_mean_and_who_stands_in(
    office: Office, ada: Visitor
) -> None:
    with office.world.bridge.engine.begin() as connection:
        for team in known(office).values():
            address = f"{team.manager.split()[0].lower()}@example.com"
            teams.save(connection, [replace(team, manager_email=address)])
    ada.post(
        "/admin/people/away",
        {"member": "Mona Berg", "deputy": "Nils Holm", "end": "2031-03-20", "begin": ""},
    )
    page = ada.get("/admin/teams/team?team=Billing").text
    assert "Nils Holm stands in" in page
    assert "round the clock" in page
    assert "Called by name" in page
    assert ada.get("/admin/teams/team?team=Nobody").status_code == 404
