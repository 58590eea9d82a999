"""Providers and sessions are configured right, or it is said in which line they are not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.domain.model import ConfigError
from bridge.domain.viewing import Role
from bridge.settings import parse
from bridge.settings.login import client_id, logins_lack, picture

HEAD = '[login.acme]\nclient_id = "ACME_ID"\nclient_secret = "ACME_SECRET"\n'
GOOD = 'issuer = "https://sso.example.com/realms/acme"\n'


def why(text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        parse(text, {})
    return str(raised.value)


def test_the_address_of_the_discovery_document_names_the_issuer_too() -> None:
    said = 'issuer = "https://accounts.google.com/.well-known/openid-configuration"\n'
    section = parse(HEAD + said, {}).login["acme"]
    assert section.issuer == "https://accounts.google.com"
    assert picture(section) == "google"
    assert section.role is None


def test_the_client_may_stand_in_a_variable() -> None:
    section = parse(HEAD + GOOD, {}).login["acme"]
    assert client_id({"ACME_ID": "4711"}, section) == "4711"
    assert client_id({}, section) == "ACME_ID"


def test_groups_lead_to_roles() -> None:
    said = 'groups = "groups"\nroles = { leads = "manager" }\n'
    section = parse(HEAD + GOOD + said, {}).login["acme"]
    assert section.roles == {"leads": Role.MANAGER}


def test_how_long_somebody_stays_signed_in() -> None:
    usual = parse("", {}).sessions
    assert (usual.lasts, usual.idle) == (timedelta(days=14), timedelta(days=3))
    assert parse('[sessions]\nidle = "8h"\n', {}).sessions.idle == timedelta(hours=8)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + 'issuer = "http://sso.example.com"\n', "bridge.toml:4: login.acme.issuer"),
        (HEAD + 'issuer = "sso.example.com"\n', "is no issuer"),
        (
            HEAD + 'issuer = "https://login.microsoftonline.com/common/v2.0"\n',
            "name yours, by its tenant's id",
        ),
        (HEAD + GOOD + 'role = "viewer"\n', "say from which domains"),
        (HEAD + GOOD + 'role = "boss"\n', "known are: viewer, manager, admin, none"),
        (HEAD + GOOD + "trust_email = true\n", "trust_email needs domains"),
        (HEAD + GOOD + 'groups = "groups"\n', "belong together"),
        (HEAD + GOOD + 'domains = "@example.com"\n', "is no domain"),
        (HEAD + GOOD + 'scope = "email"\n', 'must contain "openid"'),
        (HEAD + GOOD + 'secret = "x"\n', "did you mean 'client_secret'?"),
        ("[login.link]\n" + GOOD, "isn't `link`"),
        ('[login."a/b"]\n' + GOOD, "letters, digits and dashes"),
        ('[sessions]\nidle = "0m"\n', "longer than nothing"),
    ],
)
def test_mistakes_are_told_with_the_way_out(text: str, told: str) -> None:
    assert told in why(text)


def test_what_is_missing_is_found_before_anybody_signs_in() -> None:
    lacks = list(logins_lack(parse(HEAD + GOOD, {})))
    assert [(one.ok, one.fix) for one in lacks] == [
        (False, "set ACME_SECRET, or ACME_SECRET_FILE to a file that holds it")
    ]
    [one] = logins_lack(parse(HEAD + GOOD, {"ACME_SECRET": "s"}))
    assert "PUBLIC_URL/sign-in/acme/callback" in one.fix
    env = {"ACME_SECRET": "s", "PUBLIC_URL": "https://alerts.example.com"}
    assert [one.ok for one in logins_lack(parse(HEAD + GOOD, env))] == [True]
