"""`bridge login` and `bridge users`: the first admin, and everybody after."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

from bridge.cli import main
from bridge.domain.model import Team
from bridge.domain.viewing import Role
from bridge.store import teams
from tests.flow.signin_desk import Front, front, sign_in

Run = Callable[..., str]


@pytest.fixture
def door(database: Callable[..., str]) -> Iterator[Front]:
    with front(database()) as found:
        with found.bridge.engine.begin() as connection:
            teams.save(connection, [Team(name="Billing"), Team(name="Delivery")])
        yield found


@pytest.fixture
def run(door: Front, tmp_path: Path) -> Run:
    """Runs `bridge …` on that database; what it printed."""
    config = tmp_path / "bridge.toml"
    config.write_text("", "utf-8")

    def command(*arguments: str, code: int = 0, **env: str) -> str:
        given = {"DATABASE_URL": door.bridge.url, "BRIDGE_CONFIG": str(config), "COLUMNS": "200"}
        result = CliRunner().invoke(main, arguments, env={**given, **env})
        structlog.reset_defaults()
        assert result.exit_code == code, result.output
        return result.output

    return command


def test_the_first_admin_comes_in_by_a_link_and_only_once(door: Front, run: Run) -> None:
    told = run("login", "Ada@Example.com", "--role", "admin").split()
    link = told[0]
    assert link.startswith("http://localhost:8000/sign-in/link/")
    path = link.removeprefix("http://localhost:8000")
    ada = door.someone()
    assert "This link works once" in ada.get(path).text
    token = ada.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    # The command's clock is the real one, ours is years ahead.
    user = door.known("ada@example.com")
    assert user is not None
    assert (user.role, user.name) == (Role.ADMIN, "")
    answer = ada.client.post(path, data={"csrf_token": token})
    assert answer.status_code == 403, "its time is over by now"


def test_the_link_leads_to_where_we_are_called(run: Run) -> None:
    told = run("login", "ada@example.com", "--json", PUBLIC_URL="https://alerts.example.com")
    said = json.loads(told)
    assert said["link"].startswith("https://alerts.example.com/sign-in/link/")
    assert (said["role"], said["teams"]) == ("viewer", [])


def test_who_is_known_keeps_their_role_unless_another_is_said(door: Front, run: Run) -> None:
    door.listed("mona@example.com", Role.MANAGER, name="Mona Berg", teams=["Billing"])
    run("login", "mona@example.com")
    mona = door.known("mona@example.com")
    assert mona is not None
    assert (mona.role, mona.name, mona.teams) == (Role.MANAGER, "Mona Berg", ("Billing",))
    run("login", "mona@example.com", "--role", "admin", "--team", "Delivery")
    mona = door.known("mona@example.com")
    assert mona is not None
    assert (mona.role, mona.name, mona.teams) == (Role.ADMIN, "Mona Berg", ("Delivery",))


def test_what_was_done_stands_in_the_audit_log_and_no_link(door: Front, run: Run) -> None:
    link = json.loads(run("login", "ada@example.com", "--role", "admin", "--json"))["link"]
    run("users", "add", "vera@example.com", "--team", "Billing", "--name", "Vera Lind")
    run("users", "change", "vera@example.com", "--role", "manager")
    run("users", "sign-out", "vera@example.com")
    run("users", "remove", "vera@example.com")
    told = door.audit()
    assert [entry.what for entry in told][::-1] == [
        "user added",
        "login link made",
        "user added",
        "user changed",
        "user signed out",
        "user removed",
    ]
    assert {entry.via for entry in told} == {"command line"}
    assert (told[2].before["role"], told[2].after["role"]) == ("viewer", "manager")
    assert link.rpartition("/")[2] not in str(told)


def test_everybody_is_listed(door: Front, run: Run) -> None:
    door.listed("mona@example.com", Role.MANAGER, name="Mona Berg", teams=["Billing"])
    [mona] = json.loads(run("users", "list", "--json"))
    assert (mona["email"], mona["role"], mona["teams"]) == (
        "mona@example.com",
        "manager",
        ["Billing"],
    )
    assert "never" in run("users", "list")


def test_who_is_disabled_is_signed_out_and_gets_no_link(door: Front, run: Run) -> None:
    door.listed("mona@example.com")
    door.oidc.add_account("mona@example.com", "Mona Berg")
    mona = door.someone()
    sign_in(mona)
    assert mona.get("/account").status_code == 200
    run("users", "change", "mona@example.com", "--disable")
    assert mona.get("/account").status_code == 302
    assert "users change mona@example.com --enable" in run("login", "mona@example.com", code=1)
    run("users", "change", "mona@example.com", "--enable")
    assert mona.get("/account").status_code == 302
    run("login", "mona@example.com")


def test_the_last_admin_stays(door: Front, run: Run) -> None:
    door.listed("ada@example.com", Role.ADMIN)
    for words in (("remove",), ("change", "--role", "viewer"), ("change", "--disable")):
        assert "the last admin" in run("users", *words, "ada@example.com", code=1)
    door.listed("anton@example.com", Role.ADMIN)
    run("users", "remove", "ada@example.com")
    assert door.known("ada@example.com") is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("login", "ada"), "is no e-mail address"),
        (("login", "ada@example.com", "--team", "Biling"), "did you mean 'Billing'?"),
        (("login", "ada@example.com", "--role", "boss"), "'viewer', 'manager', 'admin'"),
        (("users", "change", "mina@example.com"), "did you mean mona@example.com?"),
        (("users", "change", "mona@example.com", "--enable", "--disable"), "not both"),
    ],
)
def test_mistakes_are_told_with_the_way_out(
    door: Front, run: Run, words: tuple[str, ...], told: str
) -> None:
    door.listed("mona@example.com")
    assert told in run(*words, code=2)
    assert door.known("ada@example.com") is None


def test_who_is_listed_already_is_not_added_again(door: Front, run: Run) -> None:
    door.listed("mona@example.com", Role.MANAGER)
    assert "listed already" in run("users", "add", "mona@example.com", "--role", "admin", code=1)
    mona = door.known("mona@example.com")
    assert mona is not None
    assert mona.role is Role.MANAGER
