"""Admins make keys on a page or from the command line; each is shown once, and can be revoked."""

from __future__ import annotations

import json
import re

import pytest

from bridge.domain.viewing import Role
from bridge.store import audit, keys
from bridge.store.keys import Scope
from bridge.web import create_app
from tests.flow.conftest import Command, Office
from tests.flow.programs import Program
from tests.flow.visitors import Visitor, visitor

FORM = {
    "name": "Wall display",
    "role": "viewer",
    "scopes": ["alerts:read", "metrics:read"],
    "teams": ["Billing"],
    "days": "90",
}


@pytest.fixture
def ada(office: Office) -> Visitor:
    return visitor(office.world.bridge, "ada@example.com", Role.ADMIN, name="Ada Moss")


def shown(text: str) -> str:
    found = re.search(r"ab_[\w-]{43}", text)
    assert found, "no key is shown"
    return found[0]


def asks(office: Office, token: str) -> Program:
    return Program(create_app(office.world.bridge), token)


def noted(office: Office) -> list[tuple[str, str, str, str]]:
    with office.world.bridge.engine.begin() as connection:
        return [(one.who, one.via, one.what, one.object) for one in audit.listing(connection)]


def test_before_there_is_a_key_the_page_says_what_to_do(ada: Visitor) -> None:
    page = ada.get("/admin/keys").text
    assert "No program has a key" in page
    assert 'href="/admin/keys/new"' in page
    assert 'href="/api/docs"' in page


def test_a_key_is_made_shown_once_and_used(office: Office, ada: Visitor) -> None:
    answer = ada.post("/admin/keys/new", FORM)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    token = shown(answer.text)
    told = asks(office, token).read("/me")
    assert (told["name"], told["role"], told["teams"]) == ("Wall display", "viewer", ["Billing"])
    assert told["scopes"] == ["alerts:read", "metrics:read"]
    page = ada.get("/admin/keys").text
    assert token not in page
    assert token[:8] in page
    assert noted(office) == [("ada@example.com", "page", "key added", "key:Wall display")]
    with office.world.bridge.engine.begin() as connection:
        assert token not in str(audit.listing(connection))


def test_a_revoked_key_gets_no_answers(office: Office, ada: Visitor) -> None:
    token = shown(ada.post("/admin/keys/new", FORM).text)
    one = asks(office, token)
    assert one.get("/me").status_code == 200
    answer = ada.post("/admin/keys/1/revoke")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/keys")
    assert one.get("/me").status_code == 401
    page = ada.get("/admin/keys").text
    assert "Revoked" in page
    assert "Revoke for good" not in page
    ada.post("/admin/keys/1/revoke")
    assert [what for _, _, what, _ in noted(office)] == ["key revoked", "key added"]
    assert ada.post("/admin/keys/77/revoke").status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, "Say what uses it"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"scopes": []}, "Choose at least one"),
        ({"teams": []}, "Choose whose alerts it sees"),
        ({"scopes": ["alerts:write"]}, "takes the role Manager"),
        ({"scopes": ["sources:read"]}, "takes the role Admin"),
        ({"role": "owner"}, "Not a valid choice"),
        ({"days": "7000"}, "Not a valid choice"),
    ],
)
def test_a_key_that_would_be_of_no_use_is_not_made(
    office: Office, ada: Visitor, change: dict[str, object], words: str
) -> None:
    answer = ada.post("/admin/keys/new", {**FORM, **change})
    assert answer.status_code == 400
    assert words in answer.text
    assert 'value="metrics:read"' in answer.text
    assert noted(office) == []


def test_keys_are_for_admins(office: Office) -> None:
    mona = visitor(office.world.bridge, "mona@example.com", Role.MANAGER)
    assert mona.get("/admin/keys").status_code == 403
    assert mona.post("/admin/keys/new", FORM).status_code == 403


def test_many_keys_are_listed_a_page_at_a_time(office: Office, ada: Visitor) -> None:
    bridge = office.world.bridge
    with bridge.engine.begin() as connection:
        for number in range(53):
            keys.create(
                connection,
                f"Program {number}",
                bridge.now(),
                role=Role.VIEWER,
                scopes=[Scope.ALERTS_READ],
            )
    page = ada.get("/admin/keys").text
    assert "Program 52" in page
    assert "Program 2<" not in page
    [older] = re.findall(r'href="(/admin/keys\?before=\d+)"', page)
    assert "Program 2<" in ada.get(older).text


def test_the_command_line_makes_lists_and_revokes(office: Office, command: Command) -> None:
    made = json.loads(
        command(
            office,
            *("keys", "create", "Sync", "--role", "admin", "--days", "3650", "--json"),
            *("--scope", "teams:read", "--scope", "teams:write"),
        )
    )
    one = asks(office, made["key"])
    assert {team["name"] for team in one.read("/teams")["items"]} == {"Billing", "Support"}
    listed = command(office, "keys", "list")
    assert "Sync" in listed
    assert made["key"] not in listed
    assert json.loads(command(office, "keys", "list", "--json"))[0]["state"] == "good"
    assert "gets no answers any more" in command(office, "keys", "revoke", str(made["id"]))
    assert one.get("/teams").status_code == 401
    assert "no key 1" in command(office, "keys", "revoke", "1", code=1)
    assert [what for _, _, what, _ in noted(office)] == ["key revoked", "key added"]
    assert {via for _, via, _, _ in noted(office)} == {"command line"}


def test_the_command_line_wants_teams_that_there_are(office: Office, command: Command) -> None:
    needed = ("keys", "create", "Wall", "--scope", "alerts:read", "--days", "0")
    assert 'or "*" for all' in command(office, *needed, code=2)
    assert "no team is called" in command(office, *needed, "--team", "Biling", code=2)
    token = shown(command(office, *needed, "--team", "*"))
    assert asks(office, token).read("/me")["teams"] is None
