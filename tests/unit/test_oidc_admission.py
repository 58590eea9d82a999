"""Who comes in of those whom a provider vouches for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.domain.viewing import Role
from bridge.settings import parse
from bridge.settings.login import LoginSection
from bridge.store.users import User
from bridge.web.pages.signin.admission import Admission, address, admit

MINE = {"email": "mona@example.com", "email_verified": True, "name": "Mona Berg"}


def section(more: str = "") -> LoginSection:
    head = 'issuer = "https://sso.example.com"\nclient_id = "bridge"\nclient_secret = ""\n'
    return parse(f"[login.acme]\n{head}{more}", {}).login["acme"]


def user(role: Role = Role.MANAGER, **more: Any) -> User:
    at = datetime(2031, 3, 11, tzinfo=UTC)
    given: dict[str, Any] = {"name": "Mona B.", "teams": ("Billing",), "disabled": False}
    return User(
        id=1, email="mona@example.com", role=role, created_at=at, seen_at=None, **{**given, **more}
    )


# --- the address


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({}, "mona@example.com"),
        ({"email": " Mona@Example.COM "}, "mona@example.com"),
        ({"email_verified": False}, ""),
        ({"email_verified": None}, ""),
        ({"email_verified": "true"}, ""),
        ({"email": None}, ""),
        ({"email": ["mona@example.com"]}, ""),
        ({"email": "mona@example.com@example.org"}, ""),
        ({"email": "mona@ex\u0430mple.com"}, ""),  # a letter that only looks like ours
        ({"email_verified": None, "xms_edov": True}, "mona@example.com"),
        ({"email_verified": None, "xms_edov": "1"}, "mona@example.com"),
        ({"email_verified": None, "xms_edov": False}, ""),
        ({"email_verified": False, "xms_edov": True}, ""),
    ],
)
def test_an_address_counts_only_if_the_provider_vouches_for_it(
    claims: dict[str, Any], found: str
) -> None:
    assert address(section(), {**MINE, **claims}) == found


def test_where_addresses_are_trusted_a_no_is_still_a_no() -> None:
    trusting = section('trust_email = true\ndomains = ["example.com"]\n')
    assert address(trusting, {"email": "mona@example.com"}) == "mona@example.com"
    assert address(trusting, {**MINE, "email_verified": False}) == ""
    assert admit(trusting, {"email": "mona@example.org"}, user()) == "elsewhere"


# --- who comes in


def test_who_is_listed_comes_in_as_what_they_are() -> None:
    assert admit(section(), MINE, user()) == Admission(
        email="mona@example.com", name="Mona B.", role=Role.MANAGER, teams=("Billing",)
    )


def test_a_name_is_learned_where_there_is_none() -> None:
    found = admit(section(), MINE, user(name=""))
    assert isinstance(found, Admission)
    assert found.name == "Mona Berg"


def test_who_is_not_listed_stays_out_unless_newcomers_have_a_role() -> None:
    assert admit(section(), MINE, None) == "unknown"
    open_ = section('domains = "example.com"\nrole = "viewer"\nteams = "*"\n')
    assert admit(open_, MINE, None) == Admission(
        email="mona@example.com", name="Mona Berg", role=Role.VIEWER, teams=("*",)
    )


def test_who_is_disabled_stays_out_whatever_the_provider_says() -> None:
    grouped = section('groups = "groups"\nroles = { owners = "admin" }\n')
    claims = {**MINE, "groups": ["owners"]}
    assert admit(grouped, claims, user(disabled=True)) == "unknown"


@pytest.mark.parametrize(
    ("said", "role"),
    [
        (["leads", "owners"], Role.ADMIN),
        (["leads"], Role.MANAGER),
        ("owners", Role.ADMIN),
        (["staff"], None),
        ([{"owners": 1}], None),
        (None, None),
    ],
)
def test_groups_decide_where_they_are_configured(said: object, role: Role | None) -> None:
    grouped = section('groups = "groups"\nroles = { leads = "manager", owners = "admin" }\n')
    for known in (None, user(Role.ADMIN)):
        found = admit(grouped, {**MINE, "groups": said}, known)
        assert (found.role if isinstance(found, Admission) else None) is role


def test_who_is_in_no_group_has_the_role_of_newcomers() -> None:
    grouped = section(
        'groups = "groups"\nroles = { owners = "admin" }\nrole = "viewer"\ndomains = "example.com"\n'
    )
    found = admit(grouped, MINE, user(Role.ADMIN))
    assert isinstance(found, Admission)
    assert found.role is Role.VIEWER
