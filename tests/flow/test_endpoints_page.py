"""An admin lets other programs hear of alerts, sees what came of it, and everything is in the audit log."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bridge.domain.viewing import Role
from bridge.store import audit, endpoints, notices
from bridge.work.signing import secrets_of
from tests.flow.conftest import Command, Office, Opens
from tests.flow.notices_ear import ALLOWED, Ear, listening
from tests.flow.visitors import Visitor, visitor


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as ear:
        yield ear


@pytest.fixture
def office(open_office: Opens) -> Office:
    return open_office(lambda text: text + ALLOWED)


@pytest.fixture
def ada(office: Office) -> Visitor:
    return visitor(office.world.bridge, "ada@example.com", Role.ADMIN)


def added(ada: Visitor, ear: Ear, **form: object) -> str:
    """An endpoint is added; its page's address."""
    answer = ada.post("/admin/endpoints/new", {"url": ear.url, **form})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def audited(office: Office) -> list[str]:
    """Oldest first."""
    with office.world.bridge.engine.begin() as connection:
        return [f"{one.what}, {one.object}" for one in audit.listing(connection)[::-1]]


def test_only_an_admin_sees_the_page(office: Office) -> None:
    mona = visitor(office.world.bridge, "mona@example.com", Role.MANAGER)
    for path in ("/admin/endpoints", "/admin/endpoints/new", "/admin/endpoints/1"):
        assert mona.get(path).status_code == 403


def test_without_endpoints_the_page_says_what_to_do(ada: Visitor) -> None:
    page = ada.get("/admin/endpoints").text
    assert "Nobody is called yet" in page
    assert 'href="/admin/endpoints/new"' in page


def test_an_endpoint_is_added_and_hears_of_the_next_alert(
    office: Office, ada: Visitor, ear: Ear
) -> None:
    place = added(ada, ear, words="The wallboard", changes=["alert.opened"], teams=["Billing"])
    office.rate(office.open(), score=1)
    assert ear.types == ["alert.opened"]
    page = ada.get(place).text
    assert "The wallboard" in page
    assert office.alerts()[0].ref in page
    assert "An alert opens" in page
    assert "Sent" in page
    (secret,) = re.findall(r"whsec_[\w+/=]+", page)
    assert ear.heard[0].signed_by(secret)
    assert ear.url in ada.get("/admin/endpoints").text


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://user:pass@example.com/", "no user, password or #"),
        ("http://example.com.:99/", "port 99 is not called"),
        ("https://192.168.1.1/", "leads into a private network"),
        ("ftp://example.com/", "has to begin with https://"),
        ("", "Enter the address to call."),
    ],
)
def test_an_address_that_cannot_be_called_is_refused_and_what_was_typed_stays(
    ada: Visitor, url: str, said: str
) -> None:
    answer = ada.post("/admin/endpoints/new", {"url": url, "words": "The wallboard"})
    assert answer.status_code == 400
    assert said in answer.text
    assert 'value="The wallboard"' in answer.text
    assert f'value="{url}"' in answer.text


def test_a_test_says_what_the_program_answered(ada: Visitor, ear: Ear) -> None:
    place = added(ada, ear)
    assert "it answered 204" in ada.post(f"{place}/test", follow_redirects=True).text
    assert ear.types == ["endpoint.test"]
    ear.answers = [(500, "out of order")]
    page = ada.post(f"{place}/test", follow_redirects=True).text
    assert "The test failed: it answered 500: out of order." in page


def test_what_failed_is_sent_again_at_a_press(office: Office, ada: Visitor, ear: Ear) -> None:
    place = added(ada, ear)
    ear.answers = [(410, "")]
    office.rate(office.open(), score=1)
    page = ada.get(place).text
    assert "1 call failed for good." in page
    assert "Disabled" in page
    ada.post(f"{place}/enable")
    assert "1 webhook is sent again." in ada.post(f"{place}/retry", follow_redirects=True).text
    office.settle()
    assert ear.types == ["alert.opened"] * 2
    assert len({one.id for one in ear.heard}) == 1


def test_older_calls_are_a_page_away(office: Office, ada: Visitor, ear: Ear) -> None:
    place = added(ada, ear)
    office.rate(office.open(), score=1)
    number = office.alerts()[0].number
    with office.world.bridge.engine.begin() as connection:
        body = {"type": "alert.noted", "timestamp": "", "data": {}}
        notices.add(connection, [(1, number, "alert.noted", body)] * 30, office.now)
    page = ada.get(place).text
    assert page.count("A note is added</td>") == 25
    (older,) = re.findall(r'href="([^"]+before=\d+)"', page)
    assert ada.get(older.replace("&amp;", "&")).text.count("A note is added</td>") == 5


def test_every_change_is_in_the_audit_log_and_no_secret(
    office: Office, ada: Visitor, ear: Ear
) -> None:
    place = added(ada, ear)
    with office.world.bridge.engine.begin() as connection:
        (endpoint,) = endpoints.listing(connection)
    ada.post(place, {"words": "The wallboard", "teams": ["Support"]})
    for deed in ("rotate", "disable", "enable", "remove"):
        assert ada.post(f"{place}/{deed}").status_code == 303
    assert ada.get(place).status_code == 404
    assert audited(office) == [
        f"{what}, endpoint:{endpoint.id}"
        for what in (
            "endpoint added",
            "endpoint changed",
            "endpoint given a new secret",
            "endpoint disabled",
            "endpoint enabled",
            "endpoint removed",
        )
    ]
    with office.world.bridge.engine.begin() as connection:
        said = str(audit.listing(connection))
    assert "whsec_" not in said
    assert endpoint.salt not in said
    assert "'teams': ['Support']" in said


# --- the same from the command line


def test_the_command_line_does_the_same(office: Office, ear: Ear, command: Command) -> None:
    policy = ("--team", "Billing", "--change", "alert.opened", "--note", "wallboard")
    secret = command(office, "endpoints", "add", ear.url, *policy).splitlines()[-1]
    office.rate(office.open(), score=1)
    assert ear.heard[0].signed_by(secret)
    assert "wallboard" in command(office, "endpoints", "list")
    assert "204" in command(office, "endpoints", "test", "1")
    assert "alert.opened" in command(office, "notices", "list", "--state", "sent")
    assert command(office, "endpoints", "rotate", "1").strip() != secret
    with office.world.bridge.engine.begin() as connection:
        endpoint = endpoints.find(connection, 1)
    assert endpoint is not None
    assert endpoint.rotated_at is not None
    office.world.bridge.now = lambda: endpoint.rotated_at  # commands go by the real clock
    assert secrets_of(office.world.bridge, endpoint)[1] == secret
    office.world.bridge.now = office.world.clock
    command(office, "endpoints", "disable", "1")
    command(office, "endpoints", "enable", "1")
    assert "0 will be sent again" in command(office, "notices", "retry", "--endpoint", "1", code=1)
    ear.usual = (500, "")
    assert "500" in command(office, "endpoints", "test", "1", code=1)
    command(office, "endpoints", "remove", "1")
    assert "there is no endpoint 1" in command(office, "endpoints", "test", "1", code=1)
    assert len(audited(office)) == 5


def test_the_command_line_refuses_what_cannot_be_called(office: Office, command: Command) -> None:
    assert "private network" in command(office, "endpoints", "add", "https://10.0.0.1/", code=1)
    url = "https://example.com/"
    assert "there is no team" in command(office, "endpoints", "add", url, "--team", "X", code=1)
    assert "is no change" in command(office, "endpoints", "add", url, "--change", "X", code=1)
