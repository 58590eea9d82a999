"""Every address of the pages, for every role: a new page is walked to, whether its author thought of it or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from werkzeug.routing import IntegerConverter, Rule

from bridge.domain.viewing import Role
from bridge.web import create_app
from bridge.web.pages.navigation import PLACES
from tests.flow.conftest import Opens
from tests.flow.loop_desk import LoopOffice, loop_office
from tests.flow.visitors import Visitor, visitor

OWN = {
    "pages.signin.use",
    "pages.signin.out",
    "pages.signin.end",
    "pages.signin.everywhere",
}
"""What everybody may do: it is about themselves alone."""

BELOW = {Role.MANAGER: (Role.VIEWER,), Role.ADMIN: (Role.VIEWER, Role.MANAGER)}


class Walk(NamedTuple):
    """Who walks, and an alert that all of them see."""

    office: LoopOffice
    people: dict[Role, Visitor]
    rules: list[Rule]

    def path(self, rule: Rule) -> str:
        """An address of that rule's; where it speaks of an alert, one that is there."""
        given: dict[str, object] = {
            name: 1 if isinstance(rule._converters.get(name), IntegerConverter) else "1"
            for name in rule.arguments
        }
        given |= {"ref": self.office.alert.ref, "what": "note"}
        built = rule.build({n: given[n] for n in rule.arguments}, append_unknown=False)
        assert built is not None
        return built[1]


@pytest.fixture
def walk(open_office: Opens) -> Walk:
    office = loop_office(open_office)
    office.rated()
    bridge = office.world.bridge
    app = create_app(bridge)
    people = {
        role: visitor(bridge, f"{role.value}@example.com", role, ["Billing"], app=app)
        for role in Role
    }
    rules = [one for one in app.url_map.iter_rules() if one.endpoint.startswith("pages.")]
    return Walk(office, people, [one for one in rules if one.endpoint != "pages.nowhere"])


def role_of(endpoint: str) -> Role:
    """For whom the navigation has a page of /admin; what it doesn't know is for admins."""
    blueprint = endpoint.rpartition(".")[0]
    places = [part for place in PLACES for part in place.parts]
    return next(
        (one.role for one in places if one.endpoint.rpartition(".")[0] == blueprint), Role.ADMIN
    )


def admin_pages(walk: Walk) -> Iterator[tuple[Rule, Role]]:
    for rule in walk.rules:
        if rule.rule.startswith("/admin"):
            yield rule, role_of(rule.endpoint)


def test_nobody_sees_a_page_of_admins_who_is_none(walk: Walk) -> None:
    open_ = []
    for rule, needed in admin_pages(walk):
        for role in BELOW.get(needed, ()) if "GET" in (rule.methods or ()) else ():
            answer = walk.people[role].get(walk.path(rule))
            if answer.status_code != 403:
                open_.append((rule.rule, role.value, answer.status_code))
    assert open_ == []


def test_admins_do(walk: Walk) -> None:
    for rule, _ in admin_pages(walk):
        if "GET" in (rule.methods or ()):
            answer = walk.people[Role.ADMIN].get(walk.path(rule))
            assert answer.status_code != 403, rule.rule
            assert answer.status_code < 500, rule.rule


def test_nobody_changes_anything_there_who_is_no_admin(walk: Walk) -> None:
    open_ = []
    for rule, _ in admin_pages(walk):
        for role in (Role.VIEWER, Role.MANAGER) if "POST" in (rule.methods or ()) else ():
            answer = walk.people[role].post(walk.path(rule))
            if answer.status_code != 403:
                open_.append((rule.rule, role.value, answer.status_code))
    assert open_ == []


def test_who_may_look_sends_no_form_but_about_themselves(walk: Walk) -> None:
    open_ = []
    for rule in walk.rules:
        if "POST" in (rule.methods or ()) and rule.endpoint not in OWN:
            answer = walk.people[Role.VIEWER].post(walk.path(rule))
            if answer.status_code != 403:
                open_.append((rule.rule, answer.status_code))
    assert open_ == []


def test_the_walk_comes_by_everything(walk: Walk) -> None:
    paths = {rule.rule for rule in walk.rules}
    assert {"/admin/users", "/inbox", "/alerts/<ref>/<what>", "/account"} <= paths
    assert {rule.endpoint for rule in walk.rules} >= OWN


def test_managers_see_no_way_to_what_they_may_not_open(walk: Walk) -> None:
    for role in (Role.VIEWER, Role.MANAGER):
        page = walk.people[role].get("/inbox").text
        for rule, needed in admin_pages(walk):
            if needed is Role.ADMIN and not rule.arguments:
                assert f'href="{rule.rule}"' not in page
