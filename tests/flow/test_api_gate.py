"""Nobody gets round the door: no key, a bad one, the wrong scope, role or team; too many, too large, not JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from bridge.domain.viewing import Role
from bridge.store import keys, users
from bridge.store.keys import Scope
from bridge.web import create_app
from bridge.web.api import ENDPOINTS
from bridge.web.api.endpoints import Endpoint
from bridge.web.pages.signin.sessions import COOKIE
from bridge.work.bridge import Bridge
from tests.flow.conftest import Office, Opens
from tests.flow.programs import EVERYTHING, Program, program


@pytest.fixture
def app(office: Office) -> Flask:
    return create_app(office.world.bridge)


@pytest.fixture
def ref(office: Office) -> str:
    ticket = office.open()
    office.answer(ticket)
    office.rate(ticket, score=1)
    return office.alerts()[0].ref


def place(endpoint: Endpoint, office: Office, ref: str) -> str:
    """Where an operation is done to something that there is."""
    alert = office.alerts()[0]
    desk, _, key = alert.subject.partition(":")
    parts = {"ref": ref, "desk": desk, "key": key, "name": "Billing"}
    return endpoint.at.format(**parts, id=office.deliveries()[0].id)


BODIES = {
    "snooze_alert": {"until": "2031-03-12T09:00:00Z"},
    "assign_alert": {"to": "ben@example.com"},
    "add_alert": {"people": ["ben@example.com"]},
    "note_alert": {"words": "Seen."},
    "say_alert": {"words": "Seen."},
}


def asked(office: Office, ref: str, one: Program) -> Iterator[tuple[Endpoint, int]]:
    """What a program is answered by every operation."""
    for endpoint in ENDPOINTS:
        given = {} if endpoint.body is None else {"json": BODIES.get(endpoint.called, {})}
        answer = one.ask(endpoint.method, place(endpoint, office, ref), **given)
        assert answer.status_code < 500
        yield endpoint, answer.status_code


def test_without_a_good_key_there_is_nothing(office: Office, app: Flask, ref: str) -> None:
    bridge = office.world.bridge
    expired = program(bridge, lasts=timedelta(hours=1), app=app)
    revoked = program(bridge, app=app)
    assert revoked.key
    with bridge.engine.begin() as connection:
        keys.revoke(connection, revoked.key.id, bridge.now())
    office.later(hours=1)
    strangers = (
        Program(app),
        Program(app, "ab_" + "x" * 43),
        Program(app, "secret"),
        expired,
        revoked,
    )
    for one in strangers:
        for endpoint, status in asked(office, ref, one):
            assert (endpoint.called, status) == (endpoint.called, 401)
    answer = Program(app).get("/me")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="alert-bridge"'
    assert 'error="invalid_token"' in expired.get("/me").headers["WWW-Authenticate"]


def test_no_cookie_lets_anybody_in(office: Office, app: Flask) -> None:
    bridge = office.world.bridge
    one = Program(app)
    with bridge.engine.begin() as connection:
        user = users.save(connection, "ada@example.com", Role.ADMIN, bridge.now())
        token = users.begin(connection, user.id, bridge.now(), timedelta(days=1), via="test")
    one.client.set_cookie(COOKIE, token)
    assert one.client.get("/inbox").status_code == 200
    answer = one.get("/me")
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_without_its_scope_an_operation_is_closed(office: Office, app: Flask, ref: str) -> None:
    bridge = office.world.bridge
    for scope in Scope:
        others = [other for other in EVERYTHING if other is not scope]
        one = program(bridge, scopes=others, app=app)
        for endpoint in ENDPOINTS:
            if endpoint.scope is scope:
                answer = one.ask(endpoint.method, place(endpoint, office, ref))
                assert (endpoint.called, answer.status_code) == (endpoint.called, 403)


def test_every_operation_but_me_has_a_scope_and_what_changes_has_one_to_write() -> None:
    for endpoint in ENDPOINTS:
        if endpoint.called == "get_me":
            continue
        assert endpoint.scope is not None
        assert endpoint.scope.value.endswith(":write" if endpoint.changes else ":read")
        assert endpoint.role.rank or not endpoint.changes


def test_a_viewer_changes_nothing(office: Office, app: Flask, ref: str) -> None:
    looks = program(office.world.bridge, Role.VIEWER, ["*"], app=app)
    for endpoint, status in asked(office, ref, looks):
        wanted = {403} if endpoint.role is not Role.VIEWER else {200}
        assert (endpoint.called, {status}) == (endpoint.called, wanted)
    assert office.alerts()[0].waits


def test_a_manager_of_another_team_finds_nothing(office: Office, app: Flask, ref: str) -> None:
    other = program(office.world.bridge, Role.MANAGER, ["Support"], app=app)
    lists = {"list_alerts", "list_alerts_of_ticket", "list_deliveries"}
    for endpoint, status in asked(office, ref, other):
        if endpoint.called in lists:
            listed = other.read(place(endpoint, office, ref))
            assert (endpoint.called, listed["items"]) == (endpoint.called, [])
        elif endpoint.role is Role.ADMIN:
            assert (endpoint.called, status) == (endpoint.called, 403)
        elif endpoint.called not in ("list_teams", "get_metrics", "get_me"):
            assert (endpoint.called, status) == (endpoint.called, 404)
    assert other.read("/metrics")["live"]["total"] == 0
    assert other.read("/metrics")["response"]["opened"] == 0
    office.settle()
    assert office.alerts()[0].waits


def test_me_says_what_a_key_may(office: Office) -> None:
    one = program(
        office.world.bridge, Role.MANAGER, ["Billing"], scopes=[Scope.ALERTS_READ], name="Wall"
    )
    told = one.read("/me")
    assert (told["name"], told["role"], told["teams"]) == ("Wall", "manager", ["Billing"])
    assert told["scopes"] == ["alerts:read"]
    assert one.token.startswith(told["hint"])
    assert one.token not in one.get("/me").text


def test_a_key_has_so_many_requests_a_minute(open_office: Opens) -> None:
    office = open_office(lambda text: text + "\n[api]\ncalls_per_minute = 3\n")
    one, other = program(office.world.bridge), program(office.world.bridge)
    left = [one.get("/me").headers["RateLimit"] for _ in range(3)]
    assert [told.split(";")[1] for told in left] == ["r=2", "r=1", "r=0"]
    refused = one.get("/me")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "20"
    assert refused.headers["RateLimit-Policy"] == '"key";q=3;w=60'
    assert other.get("/me").status_code == 200
    office.later(seconds=20)
    assert one.get("/me").status_code == 200
    assert one.get("/me").status_code == 429


def test_when_a_key_was_last_used_is_kept_to_the_minute(office: Office) -> None:
    bridge = office.world.bridge
    one = program(bridge)
    assert one.key

    def used() -> object:
        with bridge.engine.begin() as connection:
            found = keys.find(connection, one.key.id)
        assert found
        return found.used_at

    assert used() is None
    one.get("/me")
    first = used()
    assert first == office.now
    office.later(seconds=30)
    one.get("/me")
    assert used() == first
    office.later(seconds=30)
    one.get("/me")
    assert used() == office.now


def test_a_key_is_kept_as_its_hash_alone(office: Office) -> None:
    one = program(office.world.bridge)
    with office.world.bridge.engine.begin() as connection:
        row = str(connection.exec_driver_sql("SELECT * FROM api_keys").one())
    assert one.token not in row
    assert keys.digest(one.token) in row


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/alerts/AB-1/actions/dance", 404, "not-found"),
        ("DELETE", "/alerts", 405, "no-method"),
        ("GET", "/alerts?colour=red", 400, "invalid"),
        ("GET", "/alerts?limit=0", 400, "invalid"),
        ("GET", "/alerts?limit=many", 400, "invalid"),
        ("GET", "/alerts?limit=1&limit=2", 400, "invalid"),
        ("GET", "/alerts?text=%00", 400, "invalid"),
        ("GET", "/alerts?since=yesterday", 400, "invalid"),
        ("GET", "/alerts?since=0001-01-01T00:00:00%2B14:00", 400, "invalid"),
        ("GET", "/alerts/AB%00", 400, "invalid"),
        ("GET", "/teams/%00", 400, "invalid"),
    ],
)
def test_what_can_not_be_is_a_problem(
    office: Office, method: str, path: str, status: int, slug: str
) -> None:
    answer = program(office.world.bridge).ask(method, path)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["type"] == f"/api/problems/{slug}"
    assert answer.json["status"] == status
    assert answer.json["fix"]
    assert status != 405 or answer.headers["Allow"] == "GET, HEAD"


def test_bodies_are_json_of_a_fair_size(office: Office, ref: str) -> None:
    one = program(office.world.bridge)
    path = f"/alerts/{ref}/actions/note"
    form = one.ask("POST", path, data={"words": "Hello"})
    assert (form.status_code, form.json["type"]) == (415, "/api/problems/no-json")
    large = one.ask("POST", path, json={"words": "x" * 70_000})
    assert (large.status_code, large.json["type"]) == (413, "/api/problems/too-large")
    for broken in (b"{", b"[]", b"\xff", b'{"words": "\\ud800"}'):
        answer = one.ask("POST", path, data=broken, content_type="application/json")
        assert (broken, answer.status_code) == (broken, 400)


def test_a_database_that_is_away_is_told_as_that(office: Office) -> None:
    away = Bridge(office.world.bridge.settings, "postgresql://127.0.0.1:1/nothing")
    answer = Program(create_app(away), "ab_" + "x" * 43).get("/me")
    assert (answer.status_code, answer.json["type"]) == (503, "/api/problems/away")
    assert answer.headers["Retry-After"] == "5"
    away.close()


def test_a_fault_of_ours_is_told_without_its_words(office: Office) -> None:
    one = program(office.world.bridge)
    with office.world.bridge.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE api_rates RENAME TO gone")
    answer = one.get("/me")
    assert (answer.status_code, answer.json["type"]) == (500, "/api/problems/fault")
    assert "api_rates" not in answer.text
