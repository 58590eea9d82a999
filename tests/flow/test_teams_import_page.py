"""Teams from a table: what would change is shown first, and carried out only as it was shown."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from bridge.domain.model import Team
from bridge.domain.viewing import Role
from bridge.store import audit, teams
from tests.flow.conftest import Command, Office
from tests.flow.visitors import Visitor, visitor

TABLE = "name,manager,digest\nBilling,Mia Berg,08:00\nRefunds,,off\n"


@pytest.fixture
def ada(office: Office) -> Visitor:
    return visitor(office.world.bridge, "ada@example.com", Role.ADMIN)


def known(office: Office) -> dict[str, Team]:
    with office.world.bridge.engine.begin() as connection:
        return {team.name: team for team in teams.all_teams(connection)}


def noted(office: Office) -> list[audit.Entry]:
    with office.world.bridge.engine.begin() as connection:
        return audit.listing(connection)


def confirmed(page: str, text: str) -> dict[str, str]:
    """What the button below a preview sends."""
    state = re.search(r'name="state" value="([0-9a-f]+)"', page)
    assert state, "there is nothing to confirm"
    return {"state": state[1], "text": text}


def test_what_would_change_is_shown_field_by_field_and_then_carried_out(
    office: Office, ada: Visitor
) -> None:
    page = ada.post("/admin/teams/import", {"text": TABLE}).text
    assert "1 added, 1 changed, 0 removed" in page
    assert "<del>Mona Berg</del>" in page
    assert "<ins>Mia Berg</ins>" in page
    assert known(office)["Billing"].manager == "Mona Berg"
    answer = ada.post("/admin/teams/import/confirm", confirmed(page, TABLE))
    assert answer.status_code == 303
    assert known(office)["Billing"].manager == "Mia Berg"
    assert known(office)["Billing"].slack_channel
    assert known(office)["Refunds"].digest == "off"
    assert {(one.what, one.object) for one in noted(office)} == {
        ("team changed", "team:Billing"),
        ("team added", "team:Refunds"),
    }


def test_a_file_with_a_mistake_in_line_7_is_refused_as_a_whole(
    office: Office, ada: Visitor
) -> None:
    before = known(office)
    rows = "".join(f"Team {n},\n" for n in range(2, 7))
    file = (io.BytesIO(f"name,manager_phone\n{rows}Team 7,030 1234\n".encode()), "teams.csv")
    answer = ada.post("/admin/teams/import", {"file": file}, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert "line 7, manager_phone" in answer.text
    assert "Team 7,030 1234" in answer.text
    assert known(office) == before


def test_a_preview_is_void_once_somebody_else_has_changed_a_team(
    office: Office, ada: Visitor
) -> None:
    form = confirmed(ada.post("/admin/teams/import", {"text": TABLE}).text, TABLE)
    with office.world.bridge.engine.begin() as connection:
        teams.save(connection, [replace(known(office)["Billing"], manager="Nora Berg")])
    answer = ada.post("/admin/teams/import/confirm", form)
    assert answer.status_code == 409
    assert "have changed since you looked" in answer.text
    assert "<del>Nora Berg</del>" in answer.text
    assert known(office)["Billing"].manager == "Nora Berg"
    again = ada.post("/admin/teams/import/confirm", confirmed(answer.text, TABLE))
    assert again.status_code == 303
    assert known(office)["Billing"].manager == "Mia Berg"


def test_what_is_not_in_the_file_is_removed_only_where_that_is_wanted(
    office: Office, ada: Visitor
) -> None:
    table = "name\nSupport\n"
    assert "Nothing to change" in ada.post("/admin/teams/import", {"text": table}).text
    page = ada.post("/admin/teams/import", {"text": table, "prune": "1"}).text
    ada.post("/admin/teams/import/confirm", confirmed(page, table) | {"prune": "1"})
    assert set(known(office)) == {"Support"}


def test_what_goes_out_comes_in_again_without_a_change(office: Office, ada: Visitor) -> None:
    for form in ("csv", "toml"):
        told = ada.get(f"/admin/teams/export?format={form}")
        assert told.headers["Content-Disposition"] == f'attachment; filename="teams.{form}"'
        assert "Nothing to change" in ada.post("/admin/teams/import", {"text": told.text}).text


def test_toml_is_looked_at_as_closely(office: Office, ada: Visitor) -> None:
    text = '[teams.Billing]\ncalendar = "ofice"\nmanager_phone = "12"\n'
    answer = ada.post("/admin/teams/import", {"text": text})
    assert answer.status_code == 400
    assert "teams.Billing.calendar" in answer.text
    assert "teams.Billing.manager_phone" in answer.text
    assert ada.post("/admin/teams/import", {"text": "[teams"}).status_code == 400
    assert ada.post("/admin/teams/import", {"text": " "}).status_code == 400


def test_the_command_line_takes_tables_and_leaves_word_of_it(
    office: Office, command: Command, tmp_path: Path
) -> None:
    path = tmp_path / "teams.csv"
    path.write_text(TABLE, "utf-8")
    dry = json.loads(command(office, "teams", "import", str(path), "--dry-run", "--json"))
    assert dry["written"] is False
    assert dry["changes"][0]["fields"]["manager"] == {"before": "Mona Berg", "after": "Mia Berg"}
    assert "Refunds" not in known(office)
    told = command(office, "teams", "import", str(path))
    assert "change Billing\n         manager: 'Mona Berg' -> 'Mia Berg'" in told
    assert {one.via for one in noted(office)} == {"command line"}
    assert noted(office)[-1].before["manager"] == "Mona Berg"
    assert command(office, "teams", "export", "--format", "csv").startswith("name,parent,")
    path.write_text("name,digest\nRefunds,8am\n", "utf-8")
    refused = command(office, "teams", "import", str(path), code=1)
    assert "1 mistake, nothing was written" in refused
    assert "line 2, digest: '8am' is no hour of the day" in refused
    listed = json.loads(
        command(office, "teams", "import", str(path), "--json", code=1).splitlines()[0]
    )
    assert listed["mistakes"][0]["line"] == 2
