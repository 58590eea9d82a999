"""The provider of OpenID Connect: it gives nothing out that was not asked for rightly."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from bridge.sandbox import Oidc, Sandbox

NOW = datetime(2031, 3, 11, 9, 0, tzinfo=UTC)
BACK = "http://127.0.0.1:1/back"
VERIFIER = "verifier-" * 6
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
SECRET = "secret"


@pytest.fixture
def oidc() -> Iterator[Oidc]:
    with Sandbox(lambda: NOW) as sandbox:
        sandbox.oidc.add_client("app", SECRET, BACK)
        sandbox.oidc.add_account("ana@example.com", "Ana Sol")
        yield sandbox.oidc


def ask(oidc: Oidc, **said: str) -> requests.Response:
    query = {
        "client_id": "app",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid email",
        "state": "s",
        "nonce": "n",
        "code_challenge": CHALLENGE.decode(),
        "code_challenge_method": "S256",
    }
    return requests.get(
        f"{oidc.issuer}/authorize", {**query, **said}, allow_redirects=False, timeout=5
    )


def back(answer: requests.Response) -> dict[str, str]:
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def exchange(oidc: Oidc, code: str, **said: Any) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    auth = said.pop("auth", ("app", SECRET))
    return requests.post(f"{oidc.issuer}/token", {**form, **said}, auth=auth, timeout=5)


def test_it_says_of_itself_where_everything_is(oidc: Oidc) -> None:
    said = requests.get(f"{oidc.issuer}/.well-known/openid-configuration", timeout=5).json()
    assert said["issuer"] == oidc.issuer
    assert requests.get(said["jwks_uri"], timeout=5).json()["keys"][0].keys() >= {"kid", "n", "e"}
    assert "d" not in requests.get(said["jwks_uri"], timeout=5).json()["keys"][0]


def test_a_code_is_good_once(oidc: Oidc) -> None:
    said = back(ask(oidc))
    assert (said["state"], said["iss"]) == ("s", oidc.issuer)
    token = exchange(oidc, said["code"]).json()
    assert token["token_type"] == "Bearer"
    assert exchange(oidc, said["code"]).json()["error"] == "invalid_grant"
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    told = requests.get(f"{oidc.issuer}/userinfo", headers=bearer, timeout=5).json()
    assert told["email"] == "ana@example.com"
    assert "name" not in told, "the profile was not asked for"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"code_verifier": "another"}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:1/other"}, "invalid_grant"),
        ({"code": "guess"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"auth": ("app", "wrong")}, "invalid_client"),
    ],
)
def test_what_does_not_fit_gets_no_token(oidc: Oidc, said: dict[str, Any], error: str) -> None:
    code = back(ask(oidc))["code"]
    answer = exchange(oidc, **{"code": code, **said})
    assert answer.json()["error"] == error
    assert answer.status_code in (400, 401)


def test_nobody_is_sent_to_an_address_that_is_not_registered(oidc: Oidc) -> None:
    assert ask(oidc, redirect_uri="http://127.0.0.1:1/other").status_code == 400
    assert ask(oidc, client_id="other").status_code == 400


def test_without_a_challenge_there_is_no_code(oidc: Oidc) -> None:
    assert back(ask(oidc, code_challenge=""))["error"] == "invalid_request"
    assert back(ask(oidc, code_challenge_method="plain"))["error"] == "invalid_request"


def test_who_is_to_choose_is_asked(oidc: Oidc) -> None:
    ben = oidc.add_account("ben@example.com", "Ben Ito")
    oidc.chosen = None
    page = ask(oidc)
    assert "Ana Sol (ana@example.com)" in page.text
    assert f"account={ben.sub}" in page.text
    assert "code" in back(ask(oidc, account=ben.sub))


def test_the_token_is_asked_for_by_who_has_one(oidc: Oidc) -> None:
    assert requests.get(f"{oidc.issuer}/userinfo", timeout=5).status_code == 401
