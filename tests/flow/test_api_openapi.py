"""The document says what is served, all of it, and can be read without anything from elsewhere."""

from __future__ import annotations

import re

import msgspec
import pytest
from openapi_spec_validator import validate

from bridge.store.keys import Scope
from bridge.web import create_app
from bridge.web.api import ENDPOINTS
from bridge.web.api.document import document
from bridge.web.api.endpoints import ROOT
from bridge.web.api.problems import Kind
from tests.flow.conftest import Office
from tests.flow.programs import Program
from tests.pages import ROOT as PROJECT
from tests.pages import rows, section, text

PAGE = text("docs/api.md")


@pytest.fixture
def anybody(office: Office) -> Program:
    return Program(create_app(office.world.bridge))


def test_the_document_is_valid() -> None:
    validate(msgspec.json.decode(msgspec.json.encode(document(ENDPOINTS))))


def test_the_document_is_public_and_may_be_kept(anybody: Program) -> None:
    answer = anybody.client.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.json["openapi"].startswith("3.1")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    again = anybody.client.get(
        "/api/openapi.json", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


def test_everything_that_is_served_is_in_it(office: Office) -> None:
    app = create_app(office.world.bridge)
    served = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(ROOT)))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(ROOT)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    told = {
        (method.upper(), path)
        for path, operations in document(ENDPOINTS)["paths"].items()
        for method in operations
    }
    assert served == told


def test_every_field_that_needs_words_has_some() -> None:
    for operations in document(ENDPOINTS)["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            for parameter in operation["parameters"]:
                assert parameter["description"], parameter


def test_the_page_to_read_it_loads_nothing_from_elsewhere(anybody: Program) -> None:
    answer = anybody.client.get("/api/docs")
    assert answer.status_code == 200
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    for address in re.findall(r'(?:src|href)="([^"]+)"', answer.text):
        assert address.startswith("/")
        assert anybody.client.get(address).status_code == 200


def test_every_kind_of_problem_leads_to_what_to_do(anybody: Program) -> None:
    for kind in Kind:
        page = anybody.client.get(kind.address)
        assert page.status_code == 200
        assert kind.title in page.text
    assert anybody.client.get("/api/problems/none").status_code == 404


# --- the page in docs/


def test_every_operation_is_documented_with_its_scope_and_role() -> None:
    told = rows(section(PAGE, "## Operations"))
    assert set(told) == {f"{endpoint.method} {endpoint.at}" for endpoint in ENDPOINTS}
    for endpoint in ENDPOINTS:
        scope, role = told[f"{endpoint.method} {endpoint.at}"][:2]
        assert scope == (f"`{endpoint.scope.value}`" if endpoint.scope else "any key")
        assert role == endpoint.role.value


def test_every_parameter_is_documented() -> None:
    told = section(PAGE, "## Operations")
    for endpoint in ENDPOINTS:
        for name in (*endpoint.query.__struct_fields__, *endpoint.path.__struct_fields__):
            assert f"`{name}`" in told or f"{{{name}}}" in told, (endpoint.at, name)


def test_every_member_of_an_actions_body_is_documented() -> None:
    told = rows(section(PAGE, "## What actions take"))
    for endpoint in ENDPOINTS:
        if "/actions/" in endpoint.at and endpoint.body is not None:
            words = " ".join(told[endpoint.at.rpartition("/")[2]])
            assert all(f"`{name}`" in words for name in endpoint.body.__struct_fields__)


def test_every_kind_of_problem_is_documented() -> None:
    told = rows(section(PAGE, "## Problems"))
    assert {name: int(cells[0]) for name, cells in told.items()} == {
        kind.slug: kind.status for kind in Kind
    }


def test_every_scope_is_documented() -> None:
    assert set(rows(section(PAGE, "## Keys"))) == {scope.value for scope in Scope}
    assert (PROJECT / "docs" / "api.md").exists()
