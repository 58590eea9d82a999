"""Nobody gets in who isn't signed in, no form is taken without its token, and every page has its headers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.domain.viewing import Role
from bridge.web import create_app
from tests.flow.conftest import Office
from tests.flow.visitors import Visitor, stranger, visitor


@pytest.fixture
def mona(office: Office) -> Visitor:
    return visitor(office.world.bridge, "mona@example.com", Role.MANAGER, name="Mona Berg")


def test_who_is_not_signed_in_is_asked_to_and_comes_back_to_where_they_wanted(
    office: Office,
) -> None:
    answer = stranger(office.world.bridge).get("/inbox?team=Billing")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in?next=/inbox?team%3DBilling"


def test_every_page_asks_for_signing_in_but_those_that_serve_it(office: Office) -> None:
    app = create_app(office.world.bridge)
    nobody = Visitor(app)
    open_ = set()
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("pages.") or "GET" not in (rule.methods or ()):
            continue
        path = rule.build(dict.fromkeys(rule.arguments, "1"), append_unknown=False)
        assert path is not None
        if nobody.get(path[1]).headers.get("Location", "").partition("?")[0] != "/sign-in":
            open_.add(rule.endpoint.removeprefix("pages."))
    assert {name.partition(".")[0] for name in open_} == {"signin"}


def test_a_signed_in_person_sees_the_inbox(mona: Visitor) -> None:
    answer = mona.get("/inbox")
    assert answer.status_code == 200
    assert "Mona Berg" in answer.text


def test_every_answer_says_what_a_browser_must_not_do(mona: Visitor) -> None:
    for path in ("/inbox", "/alerts/nothing"):
        headers = mona.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"


def posts(office: Office) -> Iterator[str]:
    for rule in create_app(office.world.bridge).url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and "POST" in (rule.methods or ()):
            built = rule.build(dict.fromkeys(rule.arguments, "1"), append_unknown=False)
            assert built is not None
            yield built[1]


def test_no_form_is_taken_without_its_token(office: Office) -> None:
    admin = visitor(office.world.bridge, "ada@example.com", Role.ADMIN)
    for path in posts(office):
        answer = admin.client.post(path, data={})
        assert (path, answer.status_code) == (path, 400)
        assert "This form has grown old" in answer.text


def test_a_token_of_somebody_else_is_no_good(office: Office, mona: Visitor) -> None:
    other = visitor(office.world.bridge, "nils@example.com", Role.MANAGER)
    answer = mona.client.post("/sign-out", data={"csrf_token": other.token()})
    assert answer.status_code == 400


def test_who_signs_out_is_out(mona: Visitor) -> None:
    assert mona.post("/sign-out").headers["Location"] == "/sign-in"
    assert mona.get("/inbox").status_code == 302


def test_files_are_kept_for_ever_under_a_name_that_changes_with_them(mona: Visitor) -> None:
    page = mona.get("/inbox").text
    [sheet] = [part for part in page.split('"') if part.endswith("/app.css")]
    answer = mona.get(sheet, headers={"Accept-Encoding": "gzip"})
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"
    old = mona.get("/static/000000000000/app.css")
    assert old.headers["Cache-Control"] == "no-cache"
    assert mona.get("/static/x/passwd").status_code == 404
    assert mona.get("/static/x/..%2f__init__.py").status_code == 404
