"""An admin says who may sign in, as what, and for which teams; all of it stands in the audit log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridge.domain.model import Team
from bridge.domain.viewing import Role
from bridge.store import teams, users
from tests.flow.signin_desk import Front, front
from tests.flow.visitors import Visitor, visitor


@pytest.fixture
def door(database: Callable[..., str]) -> Iterator[Front]:
    with front(database()) as found:
        with found.bridge.engine.begin() as connection:
            teams.save(connection, [Team(name="Billing"), Team(name="Delivery")])
        yield found


@pytest.fixture
def ada(door: Front) -> Visitor:
    return visitor(door.bridge, "ada@example.com", Role.ADMIN, name="Ada Lund")


def path(door: Front, email: str) -> str:
    user = door.known(email)
    assert user is not None
    return f"/admin/users/{user.id}"


def test_everybody_is_listed_with_role_and_teams(door: Front, ada: Visitor) -> None:
    door.listed("mona@example.com", Role.MANAGER, name="Mona Berg", teams=["Billing"])
    door.listed("nils@example.com", Role.VIEWER, disabled=True)
    page = ada.get("/admin/users").text
    for words in ("Mona Berg", "mona@example.com", "Manager", "Billing", "May not sign in"):
        assert words in page


def test_somebody_is_added_with_teams(door: Front, ada: Visitor) -> None:
    form = {
        "email": " Vera@Example.com ",
        "name": "Vera Lind",
        "role": "viewer",
        "teams": ["Billing", "Delivery"],
    }
    answer = ada.post("/admin/users/new", form)
    assert answer.status_code == 303
    assert "Vera Lind may sign in from now on." in ada.get(answer.headers["Location"]).text
    vera = door.known("vera@example.com")
    assert vera is not None
    assert (vera.role, vera.teams, vera.name) == (
        Role.VIEWER,
        ("Billing", "Delivery"),
        "Vera Lind",
    )
    [entry] = door.audit()
    assert (entry.who, entry.via, entry.what) == ("ada@example.com", "page", "user added")
    assert entry.after["teams"] == ["Billing", "Delivery"]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"email": ""}, "Give the address"),
        ({"email": "vera"}, "Write it as name@example.com."),
        ({"email": "ADA@example.com"}, "listed already"),
        ({"email": "vera@example.com", "role": "boss"}, "Not a valid choice"),
        ({"email": "vera@example.com", "teams": ["Nowhere"]}, "is not a valid choice"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_what_was_typed_stays(
    door: Front, ada: Visitor, form: dict[str, object], told: str
) -> None:
    answer = ada.post("/admin/users/new", {"name": "Vera Lind", "role": "viewer", **form})
    assert answer.status_code == 400
    assert told in answer.text.replace("&#39;", "'")
    assert 'value="Vera Lind"' in answer.text
    assert door.known("vera@example.com") is None
    assert door.audit() == []


def test_what_somebody_may_do_is_changed_with_before_and_after(door: Front, ada: Visitor) -> None:
    door.listed("mona@example.com", Role.MANAGER, name="Mona Berg", teams=["Billing"])
    page = path(door, "mona@example.com")
    assert re.search(r'value="Billing"\s+checked', ada.get(page).text)
    form = {"name": "Mona Berg", "role": "viewer", "every": "y"}
    assert ada.post(page, form).headers["Location"] == page
    mona = door.known("mona@example.com")
    assert mona is not None
    assert (mona.role, mona.teams) == (Role.VIEWER, ("*",))
    [entry] = door.audit()
    assert (entry.before["role"], entry.after["role"]) == ("manager", "viewer")
    ada.post(page, form)
    assert len(door.audit()) == 1, "what changes nothing is no change"


def test_who_is_disabled_is_signed_out_at_once(door: Front, ada: Visitor) -> None:
    mona = visitor(door.bridge, "mona@example.com", Role.MANAGER, name="Mona Berg")
    assert mona.get("/account").status_code == 200
    form = {"name": "Mona Berg", "role": "manager", "disabled": "y"}
    ada.post(path(door, "mona@example.com"), form)
    assert mona.get("/account").status_code == 302
    assert "They may not sign in for now." in ada.get(path(door, "mona@example.com")).text


def test_who_is_removed_is_signed_out_at_once(door: Front, ada: Visitor) -> None:
    mona = visitor(door.bridge, "mona@example.com", Role.MANAGER, name="Mona Berg")
    answer = ada.post(f"{path(door, 'mona@example.com')}/remove")
    assert answer.headers["Location"] == "/admin/users"
    assert mona.get("/account").status_code == 302
    assert door.known("mona@example.com") is None
    assert door.audit()[0].what == "user removed"


def test_the_last_admin_stays_one(door: Front, ada: Visitor) -> None:
    page = path(door, "ada@example.com")
    for form in ({"role": "viewer"}, {"role": "admin", "disabled": "y"}):
        answer = ada.post(page, {"name": "Ada Lund", **form})
        assert answer.status_code == 400
        assert "This is the last admin" in answer.text
    ada.post(f"{page}/remove")
    assert "This is the last admin" in ada.get(page).text
    assert door.audit() == []
    door.listed("anton@example.com", Role.ADMIN)
    assert ada.post(page, {"name": "Ada Lund", "role": "viewer"}).status_code == 303
    assert ada.get("/admin/users").status_code == 403


def test_two_admins_can_not_demote_each_other_at_one_moment(door: Front) -> None:
    numbers = [door.listed(f"{name}@example.com", Role.ADMIN).id for name in ("ada", "anton")]

    def demote(number: int) -> bool:
        try:
            with door.bridge.engine.begin() as connection:
                users.change(connection, number, name="", role=Role.VIEWER, teams=[])
        except users.LastAdmin:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, numbers)) == [False, True]


def test_a_link_is_shown_once_and_lets_in(door: Front, ada: Visitor) -> None:
    door.listed("mona@example.com", Role.MANAGER, name="Mona Berg")
    answer = ada.post(f"{path(door, 'mona@example.com')}/link", {"minutes": "60"})
    [link] = re.findall(r"http://localhost(/sign-in/link/[\w-]+)", answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    mona = door.someone()
    found = re.search(r'name="csrf_token" value="([^"]+)"', mona.get(link).text)
    assert found is not None
    assert mona.client.post(link, data={"csrf_token": found[1]}).status_code == 303
    assert "Mona Berg" in mona.get("/account").text
    [entry] = door.audit()
    assert entry.what == "login link made"
    assert link.rpartition("/")[2] not in str(entry)


def test_a_link_lasts_no_longer_than_is_offered(door: Front, ada: Visitor) -> None:
    door.listed("mona@example.com")
    for minutes in ("999999", "", "-1"):
        answer = ada.post(f"{path(door, 'mona@example.com')}/link", {"minutes": minutes})
        assert answer.status_code == 400
    assert door.audit() == []


def test_somebody_is_signed_out_everywhere(door: Front, ada: Visitor) -> None:
    mona = visitor(door.bridge, "mona@example.com", Role.MANAGER)
    page = path(door, "mona@example.com")
    answer = ada.post(f"{page}/sign-out")
    assert answer.headers["Location"] == page
    assert "Signed out of 1 browser." in ada.get(page).text
    assert mona.get("/account").status_code == 302
    assert door.audit()[0].before == {"sessions": 1}


def test_the_list_is_paged_and_searched(door: Front, ada: Visitor) -> None:
    for number in range(60):
        door.listed(f"p{number:02}@example.com", Role.VIEWER, name=f"Person {number}")
    first = ada.get("/admin/users").text
    assert ("p48@example.com" in first, "p49@example.com" in first) == (True, False)
    [further] = re.findall(r'href="(/admin/users\?after=[^"]+)"', first)
    second = ada.get(further).text
    assert ("p48@example.com" in second, "p59@example.com" in second) == (False, True)
    found = ada.get("/admin/users?text=person+7").text
    assert ("p07@example.com" in found, "p17@example.com" in found) == (True, False)
    assert "Nobody is called so" in ada.get("/admin/users?text=%25zz").text


def test_nobody_there_is_told_so(ada: Visitor) -> None:
    assert ada.get("/admin/users/4711").status_code == 404
    assert ada.post("/admin/users/4711/remove").status_code == 404
