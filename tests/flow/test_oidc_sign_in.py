"""People sign in with the account they have at work, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bridge.domain.viewing import Role
from bridge.sandbox import Fault
from bridge.web.pages.signin.sessions import COOKIE
from tests.flow.signin_desk import Front, Opens, asked, consent, front, leave, sign_in

NEWCOMERS = 'domains = ["example.com"]\nrole = "viewer"'
GROUPS = 'groups = "groups"\nroles = { leads = "manager", owners = "admin" }'


def down(*_call: str) -> Fault:
    return Fault.status(503)


def hung_up(*_call: str) -> Fault:
    return Fault.reset_before()


def up(*_call: str) -> None:
    """All goes well."""


@pytest.fixture
def opens(database: Callable[..., str]) -> Iterator[Opens]:
    with ExitStack() as stack:
        yield lambda more="": stack.enter_context(front(database(), more))


@pytest.fixture
def door(opens: Opens) -> Front:
    """Mona is listed, and has an account; Nils has an account alone."""
    found = opens()
    found.listed("mona@example.com", name="Mona Berg")
    found.oidc.add_account("nils@example.com", "Nils Holm")
    found.oidc.add_account("mona@example.com", "Mona Berg")
    return found


# --- who comes in


def test_who_is_listed_signs_in_and_comes_to_where_they_wanted(door: Front) -> None:
    mona = door.someone()
    answer = sign_in(mona, "/account")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert "Mona Berg" in mona.get("/account").text
    [session] = door.sessions("mona@example.com")
    assert session.via == "acme"


def test_the_page_has_a_button_for_each_provider(door: Front) -> None:
    page = door.someone().get("/sign-in").text
    assert "Sign in with Acme" in page
    assert "/sign-in/acme/start" in page


def test_the_request_carries_state_nonce_and_a_challenge_never_the_verifier(door: Front) -> None:
    there = leave(door.someone())
    said = asked(there)
    assert said["response_type"] == "code"
    assert said["scope"] == "openid email profile"
    assert said["code_challenge_method"] == "S256"
    assert len({said["state"], said["nonce"], said["code_challenge"]}) == 3
    assert min(map(len, (said["state"], said["nonce"], said["code_challenge"]))) >= 30
    assert "verifier" not in there
    assert asked(leave(door.someone()))["state"] != said["state"]


def test_who_is_not_listed_is_told_so_kindly(door: Front) -> None:
    door.oidc.add_account("eve@example.org", "Eve")
    with capture_logs() as logs:
        answer = sign_in(door.someone())
    assert answer.status_code == 403
    assert "You are not on the list" in answer.text
    assert logs == [
        {"event": "not signed in", "log_level": "warning", "by": "acme", "why": "unknown"}
    ]


def test_who_is_disabled_is_told_the_same_as_who_is_unknown(door: Front) -> None:
    door.listed("mona@example.com", disabled=True)
    assert "You are not on the list" in sign_in(door.someone()).text


def test_newcomers_of_our_own_domain_come_in_where_they_may(opens: Opens) -> None:
    door = opens(NEWCOMERS)
    door.oidc.add_account("Vera@Example.com", "Vera Lind")
    assert sign_in(door.someone()).status_code == 303
    vera = door.known("vera@example.com")
    assert vera is not None
    assert (vera.role, vera.name, vera.teams) == (Role.VIEWER, "Vera Lind", ())
    [entry] = door.audit()
    assert (entry.what, entry.object, entry.via) == (
        "user added",
        "user:vera@example.com",
        "sign-in by acme",
    )


def test_another_domain_does_not_even_if_it_ends_in_ours(opens: Opens) -> None:
    door = opens(NEWCOMERS)
    for address in ("eve@notexample.com", "eve@example.com.example.org"):
        door.oidc.add_account(address, "Eve")
        answer = sign_in(door.someone())
        assert answer.status_code == 403
        assert "Only addresses of your organisation" in answer.text
    assert door.known("eve@notexample.com") is None


@pytest.mark.parametrize("verified", [False, None, "false", 1])
def test_an_address_that_is_not_verified_is_nobodys(door: Front, verified: bool | None) -> None:
    door.oidc.add_account("mona@example.com", "Not Mona", verified=verified)
    answer = sign_in(door.someone())
    assert answer.status_code == 403
    assert "not confirmed there" in answer.text
    assert door.sessions("mona@example.com") == []


# --- groups


def test_groups_decide_on_the_role_each_time(opens: Opens) -> None:
    door = opens(GROUPS)
    lena = door.oidc.add_account("lena@example.com", "Lena Voss", groups=["staff", "leads"])
    for groups, role in ((["leads"], Role.MANAGER), (["owners", "leads"], Role.ADMIN)):
        lena.claims["groups"] = groups
        assert sign_in(door.someone()).status_code == 303
        found = door.known("lena@example.com")
        assert found is not None
        assert found.role is role
    lena.claims["groups"] = ["staff"]
    assert sign_in(door.someone()).status_code == 403
    assert [entry.what for entry in door.audit()] == ["user changed", "user added"]


def test_what_the_token_leaves_out_is_asked_for(opens: Opens) -> None:
    door = opens(GROUPS)
    door.oidc.bare = True
    door.oidc.add_account("lena@example.com", "Lena Voss", groups="leads")
    assert sign_in(door.someone()).status_code == 303


# --- what goes wrong


@pytest.mark.parametrize(
    "mistake", ["nonce", "no nonce", "expired", "audience", "issuer", "key", "unsigned"]
)
def test_a_token_that_is_no_good_lets_nobody_in(door: Front, mistake: str) -> None:
    door.oidc.wrong = {mistake}
    mona = door.someone()
    with capture_logs() as logs:
        answer = sign_in(mona)
    assert answer.status_code == 403
    assert "can't be trusted" in answer.text
    assert mona.get("/account").status_code == 302
    assert all("." not in str(one["why"]) for one in logs), "no token stands in the log"


def test_who_refuses_there_may_try_again(door: Front) -> None:
    door.oidc.denies = True
    answer = sign_in(door.someone())
    assert (answer.status_code, "not let through there" in answer.text) == (403, True)
    assert "/sign-in/acme/start" in answer.text


def test_an_answer_to_somebody_elses_question_is_none(door: Front) -> None:
    theirs = consent(leave(door.someone()))
    mona = door.someone()
    assert mona.get(theirs).status_code == 403
    leave(mona)
    assert mona.get(theirs).status_code == 403
    assert door.sessions("mona@example.com") == []


def test_an_answer_counts_once(door: Front) -> None:
    mona = door.someone()
    back = consent(leave(mona))
    assert mona.get(back).status_code == 303
    assert door.someone().get(back).status_code == 403
    assert mona.get(back).status_code == 403


def test_who_stays_away_too_long_begins_again(door: Front) -> None:
    mona = door.someone()
    back = consent(leave(mona))
    door.later(minutes=11)
    answer = mona.get(back)
    assert (answer.status_code, "took too long" in answer.text) == (403, True)


def test_a_provider_that_is_away_does_not_break_the_page(door: Front) -> None:
    door.sandbox.faults = down
    someone = door.someone()
    assert someone.get("/sign-in").status_code == 200
    answer = someone.get("/sign-in/acme/start")
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    door.sandbox.faults = up
    assert someone.get("/sign-in/acme/start").status_code == 503, "it is left alone for a moment"
    door.later(seconds=16)
    assert someone.get("/sign-in/acme/start").status_code == 302


def test_a_provider_that_hangs_up_in_between_is_told_as_away(door: Front) -> None:
    mona = door.someone()
    back = consent(leave(mona))
    door.sandbox.faults = hung_up
    assert mona.get(back).status_code == 503


def test_a_provider_that_speaks_for_another_is_not_believed(door: Front) -> None:
    door.oidc.issuer = "https://issuer.example.com"
    assert door.someone().get("/sign-in/acme/start").status_code == 503


def test_new_keys_of_the_provider_are_learned(door: Front) -> None:
    mona = door.someone()
    assert sign_in(mona).status_code == 303
    door.oidc.new_key()
    mona.client.delete_cookie(COOKIE)
    assert sign_in(mona).status_code == 303


def test_a_provider_that_there_is_not_is_nothing(door: Front) -> None:
    assert door.someone().get("/sign-in/other/start").status_code == 404
    assert door.someone().get("/sign-in/other/callback").status_code == 404


def test_a_secret_that_is_missing_is_told_in_the_log_and_kindly_on_the_page(door: Front) -> None:
    door.bridge.settings = replace(door.bridge.settings, env={})
    with capture_logs() as logs:
        answer = door.someone().get("/sign-in/acme/start")
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)
    assert "set ACME_SECRET" in str(logs)
