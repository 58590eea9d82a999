"""Links, sessions and attempts: who is in, for how long, and what becomes of who only tries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from bridge.domain.viewing import Role
from bridge.web.pages.signin.sessions import COOKIE, SECURE_COOKIE
from tests.flow.signin_desk import Front, front, sign_in
from tests.flow.visitors import Visitor

HTTPS = "https://alerts.example.com"


@pytest.fixture
def door(database: Callable[..., str]) -> Iterator[Front]:
    with front(database()) as found:
        found.listed("mona@example.com", name="Mona Berg")
        found.oidc.add_account("mona@example.com", "Mona Berg")
        yield found


def token(page: str) -> str:
    """The token of a page's first form."""
    found = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    assert found
    return found


def use(visitor: Visitor, path: str, **given: object) -> TestResponse:
    """Open a link and press its button."""
    form = {"csrf_token": token(visitor.get(path).text)}
    return visitor.client.post(path, data=form, **given)


def inside(visitor: Visitor) -> bool:
    return visitor.get("/account").status_code == 200


# --- links


def test_a_link_lets_in_once(door: Front) -> None:
    path, mona, thief = door.link("mona@example.com"), door.someone(), door.someone()
    mona.get(path)
    mona.get(path)
    answer = use(mona, path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox")
    assert inside(mona)
    again = use(thief, path)
    assert (again.status_code, "has been used already" in again.text) == (403, True)
    assert not inside(thief)


def test_a_link_ends(door: Front) -> None:
    path = door.link("mona@example.com", timedelta(minutes=15))
    door.later(minutes=15)
    assert use(door.someone(), path).status_code == 403


def test_no_token_stands_in_the_database(door: Front) -> None:
    path = door.link("mona@example.com")
    mona = door.someone()
    sign_in(mona)
    cookie = mona.client.get_cookie(COOKIE)
    assert cookie is not None
    [session] = door.sessions("mona@example.com")
    assert cookie.value not in str(session)
    assert len(session.digest) == 64
    assert path.rpartition("/")[2] != session.digest


# --- attempts


def test_too_many_attempts_have_to_wait_and_are_told_how_long(door: Front) -> None:
    good = door.link("mona@example.com", timedelta(days=1))
    mona = door.someone()
    for number in range(10):
        assert use(mona, f"/sign-in/link/guess-{number}").status_code == 403
        door.later(seconds=30)
    answer = use(mona, good)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60
    assert "Too many attempts" in answer.text
    assert mona.get("/sign-in/acme/start").status_code == 429
    assert mona.get("/sign-in").status_code == 200
    door.later(seconds=int(answer.headers["Retry-After"]))
    assert use(mona, good).status_code == 303


def test_others_elsewhere_need_not_wait(door: Front) -> None:
    good = door.link("mona@example.com")
    thief, mona = door.someone(), door.someone()
    for number in range(11):
        last = use(thief, f"/sign-in/link/guess-{number}")
    assert last.status_code == 429
    assert use(mona, good, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 303


def test_one_link_is_not_tried_from_everywhere(door: Front) -> None:
    for number in range(11):
        where = {"REMOTE_ADDR": f"192.0.2.{number}"}
        last = use(door.someone(), "/sign-in/link/guess", environ_base=where)
    assert last.status_code == 429


def test_where_a_request_says_that_it_comes_from_is_not_believed(door: Front) -> None:
    thief = door.someone()
    for number in range(11):
        said = {"X-Forwarded-For": f"192.0.2.{number}"}
        last = use(thief, f"/sign-in/link/guess-{number}", headers=said)
    assert last.status_code == 429


def test_what_our_own_proxy_says_is_believed(door: Front) -> None:
    door.bridge.settings = replace(door.bridge.settings, proxies=1)
    thief = door.someone()
    for number in range(11):
        said = {"X-Forwarded-For": f"203.0.113.9, 192.0.2.{number}"}
        last = use(thief, f"/sign-in/link/guess-{number}", headers=said)
    assert last.status_code == 403
    said = {"X-Forwarded-For": "192.0.2.50"}
    for number in range(11):
        last = use(thief, f"/sign-in/link/again-{number}", headers=said)
    assert last.status_code == 429


def test_who_the_provider_vouches_for_and_nobody_listed_is_counted_too(door: Front) -> None:
    door.oidc.add_account("eve@example.org", "Eve")
    eve = door.someone()
    assert [sign_in(eve).status_code for _ in range(10)] == [403] * 10
    assert eve.get("/sign-in/acme/start").status_code == 429
    assert not any("eve" in key for key in door.tries()), "who it was isn't kept"


def test_who_is_known_and_disabled_and_who_is_unknown_get_one_answer(door: Front) -> None:
    door.listed("nils@example.com", disabled=True)
    pages = []
    for email in ("nils@example.com", "nobody@example.com"):
        door.oidc.add_account(email, "Nils Holm")
        answer = sign_in(door.someone())
        pages.append((answer.status_code, answer.text))
    assert pages[0] == pages[1]


def test_a_false_answer_from_another_site_counts_against_nobody(door: Front) -> None:
    mona = door.someone()
    for _ in range(12):
        assert mona.get("/sign-in/acme/callback?state=x&code=y").status_code == 403
    assert door.tries() == []


# --- sessions


def test_a_session_ends_when_nobody_comes_for_three_days(door: Front) -> None:
    mona = door.someone()
    sign_in(mona)
    for _ in range(4):
        door.later(days=2)
        assert inside(mona)
    door.later(days=3)
    assert not inside(mona)


def test_a_session_ends_after_a_fortnight_in_any_case(door: Front) -> None:
    mona = door.someone()
    sign_in(mona)
    for _ in range(13):
        door.later(days=1)
        assert inside(mona)
    door.later(days=1)
    assert not inside(mona)


def test_signing_in_again_ends_the_session_before(door: Front) -> None:
    mona = door.someone()
    sign_in(mona)
    before = mona.client.get_cookie(COOKIE)
    assert before is not None
    use(mona, door.link("mona@example.com"))
    after = mona.client.get_cookie(COOKIE)
    assert after is not None
    assert after.value != before.value
    [session] = door.sessions("mona@example.com")
    assert session.via == "link"


def test_a_session_that_somebody_planted_is_not_taken_over(door: Front) -> None:
    mona = door.someone()
    mona.client.set_cookie(COOKIE, "planted")
    planted = token(mona.get("/sign-in/link/x").text)
    sign_in(mona)
    held = mona.client.get_cookie(COOKIE)
    assert held is not None
    assert held.value != "planted"
    thief = door.someone()
    thief.client.set_cookie(COOKIE, "planted")
    assert not inside(thief)
    answer = mona.client.post("/sign-out", data={"csrf_token": planted})
    assert answer.status_code == 400, "a form's token from before is no good"


def test_the_account_page_shows_where_and_ends_one_of_them(door: Front) -> None:
    here, there = door.someone(), door.someone()
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    there.client.environ_base["HTTP_USER_AGENT"] = firefox
    sign_in(here)
    door.later(minutes=1)
    sign_in(there)
    page = here.get("/account").text
    assert "Firefox on Linux" in page
    assert page.count("This one") == 1
    other = door.sessions("mona@example.com")[0]
    form = {"csrf_token": token(page)}
    answer = here.client.post(f"/account/sessions/{other.digest}/end", data=form)
    assert answer.headers["Location"] == "/account"
    assert "Signed out there." in here.get("/account").text
    assert (inside(here), inside(there)) == (True, False)


def test_nobody_ends_the_session_of_somebody_else(door: Front) -> None:
    door.listed("nils@example.com")
    mona, nils = door.someone(), door.someone()
    sign_in(mona)
    use(nils, door.link("nils@example.com"))
    [hers] = door.sessions("mona@example.com")
    form = {"csrf_token": token(nils.get("/account").text)}
    answer = nils.client.post(f"/account/sessions/{hers.digest}/end", data=form)
    assert answer.status_code == 404
    assert inside(mona)


def test_signing_out_everywhere_ends_all_and_the_links_too(door: Front) -> None:
    left = door.link("mona@example.com")
    here, there = door.someone(), door.someone()
    sign_in(here)
    sign_in(there)
    form = {"csrf_token": token(here.get("/account").text)}
    answer = here.client.post("/account/sign-out-everywhere", data=form)
    assert answer.headers["Location"] == "/sign-in"
    assert here.client.get_cookie(COOKIE) is None
    assert (inside(here), inside(there)) == (False, False)
    assert use(there, left).status_code == 403


def test_who_is_disabled_is_out_at_once(door: Front) -> None:
    mona = door.someone()
    sign_in(mona)
    door.listed("mona@example.com", Role.MANAGER, disabled=True)
    assert not inside(mona)


# --- cookies, and ways to elsewhere


def test_over_https_the_cookie_is_this_hosts_alone(door: Front) -> None:
    door.public(HTTPS)
    door.oidc.add_client("bridge", "secret-of-the-client")
    mona = door.someone()
    over = {"base_url": HTTPS}
    path = door.link("mona@example.com")
    form = {"csrf_token": token(mona.get(path, **over).text)}
    answer = mona.client.post(path, data=form, headers={"Referer": HTTPS}, **over)
    [cookie] = [
        c for c in answer.headers.getlist("Set-Cookie") if c.startswith(f"{SECURE_COOKIE}=")
    ]
    flags = {part.strip() for part in cookie.split(";")[1:]}
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= flags
    assert not any(flag.startswith("Domain") for flag in flags)
    assert mona.get("/account", **over).status_code == 200
    assert answer.headers["Strict-Transport-Security"]
    form = {"csrf_token": token(mona.get("/account", **over).text)}
    gone = mona.client.post("/sign-out", data=form, headers={"Referer": HTTPS}, **over)
    [cookie] = [c for c in gone.headers.getlist("Set-Cookie") if c.startswith(f"{SECURE_COOKIE}=")]
    assert "Secure" in cookie, "without it browsers ignore what is said of a cookie of this name"


def test_on_this_machine_the_cookie_is_for_us_alone_as_well(door: Front) -> None:
    [cookie] = [
        c for c in sign_in(door.someone()).headers.getlist("Set-Cookie") if c.startswith(COOKIE)
    ]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


@pytest.mark.parametrize(
    "wanted",
    [
        "https://example.org/",
        "//example.org/",
        "/\\example.org/",
        "/\t/example.org",
        "\\\\example.org",
        "javascript:alert(1)",
        "inbox",
    ],
)
def test_nobody_is_led_elsewhere(door: Front, wanted: str) -> None:
    assert sign_in(door.someone(), wanted).headers["Location"] == "/inbox"


def test_where_they_wanted_to_go_survives_the_page_and_the_link(door: Front) -> None:
    mona = door.someone()
    asked = mona.get("/account?tab=1")
    mona.get(asked.headers["Location"])
    assert use(mona, door.link("mona@example.com")).headers["Location"] == "/account?tab=1"
