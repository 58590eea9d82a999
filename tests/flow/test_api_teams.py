"""Admins' programs read and change teams; a change never undoes one that was not seen."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.domain.viewing import Role
from bridge.store import audit
from bridge.store.audit import Entry
from bridge.store.keys import Scope
from tests.flow.conftest import Office
from tests.flow.programs import Program, program


@pytest.fixture
def sync(office: Office) -> Program:
    return program(office.world.bridge, name="Sync")


def read(sync: Program, name: str = "Billing") -> tuple[dict[str, Any], str]:
    """A team without its name, and what it was read as."""
    answer = sync.get(f"/teams/{name}")
    told = dict(answer.json)
    del told["name"]
    return told, answer.headers["ETag"]


def noted(office: Office) -> list[Entry]:
    with office.world.bridge.engine.begin() as connection:
        return audit.listing(connection)


def test_a_part_of_a_team_is_changed_and_noted(office: Office, sync: Program) -> None:
    before, tag = read(sync)
    answer = sync.ask(
        "PATCH", "/teams/Billing", json={"digest": "08:00"}, headers={"If-Match": tag}
    )
    assert answer.status_code == 200
    after, new = read(sync)
    assert after == {**before, "digest": "08:00"}
    assert answer.headers["ETag"] == new != tag
    [entry] = noted(office)
    assert (entry.who, entry.via, entry.what) == ("Sync", "api", "team changed")
    assert entry.object == "team:Billing"
    assert "digest" not in entry.before
    assert entry.after["digest"] == "08:00"


def test_what_somebody_else_changed_is_not_undone(office: Office, sync: Program) -> None:
    _, tag = read(sync)
    sync.ask("PATCH", "/teams/Billing", json={"digest": "08:00"}, headers={"If-Match": tag})
    late = sync.ask("PATCH", "/teams/Billing", json={"digest": "off"}, headers={"If-Match": tag})
    assert (late.status_code, late.json["type"]) == (412, "/api/problems/changed")
    blind = sync.ask("PATCH", "/teams/Billing", json={"digest": "off"})
    assert (blind.status_code, blind.json["type"]) == (428, "/api/problems/no-if-match")
    assert read(sync)[0]["digest"] == "08:00"
    assert len(noted(office)) == 1


def test_a_team_is_added_and_replaced(office: Office, sync: Program) -> None:
    path = "/teams/EMEA%20%2F%20Berlin"
    added = sync.ask("PUT", path, json={"parent": "Support", "manager": "Ana Ruiz"})
    assert (added.status_code, added.json["name"]) == (201, "EMEA / Berlin")
    again = sync.ask("PUT", path, json={"parent": "Billing"})
    assert again.status_code == 428
    tag = added.headers["ETag"]
    replaced = sync.ask("PUT", path, json={"parent": "Billing"}, headers={"If-Match": tag})
    assert (replaced.status_code, replaced.json["manager"]) == (200, "")
    assert [entry.what for entry in noted(office)] == ["team changed", "team added"]


def test_an_unchanged_team_is_not_noted(office: Office, sync: Program) -> None:
    whole, tag = read(sync)
    answer = sync.ask("PUT", "/teams/Billing", json=whole, headers={"If-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] == tag
    assert noted(office) == []


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"calendar": "round-the-clok"}, "calendar", "round-the-clock"),
        ({"parent": "Suport"}, "parent", "Support"),
        ({"parent": "Billing"}, "parent", "below this team itself"),
        ({"digest": "8 o'clock"}, "digest", "08:00"),
        ({"follow_up": "letter"}, "follow_up", "email"),
        ({"slack_channel": "#alerts"}, "slack_channel", "C0123ABCD"),
        ({"manager": 7}, "manager", "name or key"),
        ({"xyz": "red"}, "xyz", "known are"),
    ],
)
def test_what_is_wrong_names_the_field_and_the_way_out(
    office: Office, sync: Program, body: dict[str, Any], field: str, words: str
) -> None:
    _, tag = read(sync)
    answer = sync.ask("PATCH", "/teams/Billing", json=body, headers={"If-Match": tag})
    assert answer.status_code == 400
    [error] = answer.json["errors"]
    assert error["field"] == field
    assert words in f"{error['detail']} {error['fix']}"
    assert noted(office) == []


def test_a_group_is_taken_from_another_team_first(office: Office, sync: Program) -> None:
    group = f"zendesk:{office.groups['Support']}"
    _, tag = read(sync)
    answer = sync.ask(
        "PATCH", "/teams/Billing", json={"groups": [group]}, headers={"If-Match": tag}
    )
    assert answer.status_code == 400
    assert "Support" in answer.json["errors"][0]["detail"]


def test_only_admins_change_teams_and_see_phones(office: Office, sync: Program) -> None:
    bridge = office.world.bridge
    whole, tag = read(sync)
    sync.ask(
        "PATCH",
        "/teams/Billing",
        json={"manager_phone": "+4930123456"},
        headers={"If-Match": tag},
    )
    manager = program(bridge, Role.MANAGER, ["*"])
    assert manager.read("/teams/Billing")["manager_phone"] == ""
    assert sync.read("/teams/Billing")["manager_phone"] == "+4930123456"
    for one in (manager, program(bridge, scopes=[Scope.TEAMS_READ])):
        assert one.ask("PATCH", "/teams/Billing", json={"digest": "off"}).status_code == 403
        assert one.ask("PUT", "/teams/New", json=whole).status_code == 403
    assert program(bridge, Role.VIEWER, ["Support"]).get("/teams/Billing").status_code == 404
